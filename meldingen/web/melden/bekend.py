"""Is it one of these? What is open near the place, of the same kind, without words or persons (KLANTREIS rule 11)."""

from dataclasses import dataclass
from datetime import datetime

from ...domain.deadlines import local_day
from ...domain.errors import InvalidInput
from ...domain.intake import parse_location
from ...domain.workflow import BIJ_PARTIJ, INGEPLAND, NIEUW
from ...store.category import Category
from ...store.photo import open_photos_of
from ...store.worklists import open_nearby
from ..taal import _
from .form import Form

NEAR_M = 75
"""Unless the category says how far it reaches: a fallen tree is seen from further away than a tile."""
MOST_NEAR = 5


@dataclass(frozen=True)
class Near:
    """An open problem near the place, and how long ago it was told. photo: one that anybody may see.

    metres, lon, lat: to about ten metres, so that nobody reads a front door from it.
    """

    opdracht_id: int
    category_name: str
    metres: int
    age: str
    status: str
    melders: int
    lon: float
    lat: float
    photo: str


def near_form(form: Form) -> list[Near]:
    """The open public problems near the pin of this form, of the chosen main category, nearest first.

    None without a kind, or without a place that is more exact than a buurt.
    """
    chosen = form.chosen
    if chosen is None or not form.values["lon"]:
        return []
    try:
        here = parse_location(float(form.values["lon"]), float(form.values["lat"]))
    except (ValueError, InvalidInput):
        return []
    session, scope, now = form.here.session, form.here.public_scope, form.here.now
    radius_m = max(NEAR_M, chosen.join_radius_m or 0)
    rows = open_nearby(session, here.lon, here.lat, radius_m=radius_m, scope=scope, limit=4 * MOST_NEAR)
    rows = [row for row in rows if _main(row.category) == _main(chosen)][:MOST_NEAR]
    photos = open_photos_of(session, [row.opdracht.id for row in rows], scope=scope) if rows else {}
    return [
        Near(
            row.opdracht.id,
            row.category.name,
            max(10, int(round(row.metres, -1))),
            age_words(row.opdracht.received_at, now),
            status_words(row.opdracht.status),
            row.melders,
            row.lon,
            row.lat,
            photos.get(row.opdracht.id, ""),
        )
        for row in rows
    ]


def must_ask(form: Form) -> bool:
    """Whether there is something to ask that was not asked for this place and kind."""
    return form.values["nabij_van"] != form.whereabouts() and bool(near_form(form))


def age_words(since: datetime, now: datetime) -> str:
    """How long ago: "vandaag", "gisteren", "3 dagen geleden", "2 weken geleden"."""
    days = (local_day(now) - local_day(since)).days
    if days <= 0:
        return _("vandaag gemeld")
    if days == 1:
        return _("gisteren gemeld")
    if days < 14:
        return _("%(n)s dagen geleden gemeld", n=days)
    return _("%(n)s weken geleden gemeld", n=days // 7)


def status_words(status: str) -> str:
    """How the work stands, for somebody who did not report it."""
    if status == NIEUW:
        return _("nog niet opgepakt")
    if status == INGEPLAND:
        return _("ingepland")
    return _("bij een andere partij") if status == BIJ_PARTIJ else _("in behandeling")


def _main(category: Category) -> int:
    return category.parent_id or category.id

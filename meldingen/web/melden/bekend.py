"""Is it one of these? What is open near the place, of the same kind, without words or persons (KLANTREIS rule 11)."""

from dataclasses import dataclass
from datetime import datetime

from ...auth import Visit
from ...domain.errors import InvalidInput
from ...domain.intake import parse_location
from ...store.category import Category
from ...store.worklists import open_nearby
from .form import Form

NEAR_M = 75
MOST_NEAR = 5


@dataclass(frozen=True)
class Near:
    """An open problem near the place."""

    opdracht_id: int
    category_name: str
    metres: int
    since: datetime
    status: str
    melders: int


def near_form(form: Form) -> list[Near]:
    """The open public problems near the pin of this form, of the chosen main category; none without a kind or a pin."""
    chosen = form.chosen
    if chosen is None or not form.values["lon"]:
        return []
    try:
        location = parse_location(float(form.values["lon"]), float(form.values["lat"]))
    except (ValueError, InvalidInput):
        return []
    return near_here(form.here, location.lon, location.lat, chosen)


def near_here(here: Visit, lon: float, lat: float, chosen: Category) -> list[Near]:
    """The open public problems near a place, those of the chosen main category only, nearest first."""
    rows = open_nearby(here.session, lon, lat, radius_m=NEAR_M, scope=here.public_scope, limit=4 * MOST_NEAR)
    found = [
        Near(
            row.opdracht.id,
            row.category.name,
            max(1, round(row.metres)),
            row.opdracht.received_at,
            row.opdracht.status,
            row.melders,
        )
        for row in rows
        if _main(row.category) == _main(chosen)
    ]
    return found[:MOST_NEAR]


def must_ask(form: Form) -> bool:
    """Whether there is something to ask that was not asked for this place and kind."""
    return form.values["nabij_van"] != form.whereabouts() and bool(near_form(form))


def _main(category: Category) -> int:
    return category.parent_id or category.id

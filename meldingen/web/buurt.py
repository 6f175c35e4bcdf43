"""/in-de-buurt: what was reported in public space near you, on a map and as a list, for anybody.

No words of melders, no persons, and no kind that is never public (KLANTREIS rule 11). Without JavaScript there is the
list, by buurt. What is public, and how exact: store/public_map.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.deadlines import local_day
from ..domain.errors import InvalidInput
from ..domain.intake import parse_location
from ..domain.privacy import is_public_category
from ..domain.suppression import SMALLEST, is_small
from ..domain.workflow import OPEN, OPGELOST
from ..flow.places import find_addresses
from ..flow.standing import PUBLIC_WORDS
from ..store.category import Category, categories_of
from ..store.gemeente import gemeente_by_id
from ..store.outline import Spot, bounds_of, spots_of
from ..store.public_map import Around, PublicWork, count_per_buurt, public_work
from .layout import Sender, page_sender
from .taal import _, translate

pages = Blueprint("buurt", __name__)

MOST = 300
PAGE = 50
CLOSED_FOR = timedelta(days=30)
KEPT_S = 60
LONGEST = 100


@dataclass(frozen=True)
class Wanted:
    """What was asked for, as it can be asked again. found: the address that was taken for what was typed."""

    around: Around
    address: str = ""
    found: str = ""
    error: str = ""

    def query(self, **more: Any) -> str:
        """It as the query of an address."""
        place = {"lon": self.around.lon, "lat": self.around.lat} if self.around.lon is not None else {}
        told = {"gemeente": request.args.get("gemeente"), "buurt": self.around.buurt_code,
                "soort": self.around.category_slug, **place, **more}  # fmt: skip
        return urlencode({name: value for name, value in told.items() if value not in (None, "")})


@pages.get("/in-de-buurt")
@enter("iedereen")
def lijst() -> ResponseReturnValue:
    """The page: what to look for, the map, the list, and how much there is per buurt."""
    here, sender = visit(), page_sender()
    if sender is None:
        return render_template("kies_gemeente.html", path="/in-de-buurt")
    wanted = _wanted(here, sender)
    rows = _rows(here, sender, wanted)
    pages_of, page = max(1, -(-len(rows) // PAGE)), request.args.get("pagina", 1, type=int)
    page = min(max(1, page), pages_of)
    spots = spots_of(here.session, scope=[sender.id])
    return render_template(
        "in_de_buurt.html",
        wanted=wanted,
        rows=rows[(page - 1) * PAGE : page * PAGE],
        count=len(rows),
        most=MOST,
        page=page,
        pages_of=pages_of,
        page_link=lambda number: f"/in-de-buurt?{wanted.query(pagina=number)}#lijst",
        words=_standing_words,
        age=_age_words,
        away=_away_words,
        is_open=_is_open,
        mark=_mark,
        report=lambda row: _report_link(sender, row),
        spots=[("", [(spot.code, spot.name) for spot in spots])],
        kinds=_public_kinds(categories_of(here.session, scope=[sender.id])),
        buurten=_buurt_lines(here, sender, spots),
        smallest=SMALLEST,
        searches=here.adapters.geocoder.searches,
        tiles=here.settings.map_tiles_url,
        bounds=",".join(f"{side:.5f}" for side in bounds_of(here.session, scope=[sender.id]) or ()),
        sender_slug=sender.slug,
    )


@pages.get("/in-de-buurt.geojson")
@enter("iedereen")
def kaart() -> Response:
    """The same as points of a map, with the words of each in the reader's language."""
    here, sender = visit(), page_sender()
    rows = _rows(here, sender, _wanted(here, sender)) if sender else []
    answer = jsonify(
        type="FeatureCollection",
        features=[
            {
                "type": "Feature",
                "geometry": {"type": "Point", "coordinates": [round(row.lon, 4), round(row.lat, 4)]},
                "properties": {
                    "id": row.id,
                    "soort": translate(row.category_name),
                    "stand": f"{_standing_words(row)}, {_age_words(row)}",
                    "teken": _mark(row),
                },
            }
            for row in rows
        ],
    )
    answer.mimetype = "application/geo+json"
    answer.cache_control.private = True
    answer.cache_control.max_age = KEPT_S
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _wanted(here: Visit, sender: Sender) -> Wanted:
    """What the address of the page asks for; what it cannot mean is left out, with a word about why."""
    asked = request.args
    kind = asked.get("soort", "")[:LONGEST].replace("\x00", "")
    buurt = asked.get("buurt", "")[:LONGEST].replace("\x00", "")
    typed = " ".join(asked.get("adres", "").replace("\x00", " ").split())[:LONGEST]
    if typed:
        return _at_address(here, sender, typed, kind)
    if not asked.get("lon") and not asked.get("lat"):
        return Wanted(Around(kind, buurt))
    try:
        place = parse_location(float(asked.get("lon", "")), float(asked.get("lat", "")))
    except (ValueError, InvalidInput):
        return Wanted(Around(kind, buurt), error=_("Deze plek kennen wij niet. Kies een buurt."))
    return Wanted(Around(kind, lon=round(place.lon, 4), lat=round(place.lat, 4)))


def _at_address(here: Visit, sender: Sender, typed: str, kind: str) -> Wanted:
    code = gemeente_by_id(here.session, sender.id).code
    found = find_addresses(here.adapters.geocoder, typed, codes=[code])
    if found is None:
        sorry = _("Wij kunnen nu geen adressen zoeken. Kies een buurt.")
        return Wanted(Around(kind), typed, error=sorry)
    if not found:
        return Wanted(Around(kind), typed, error=_("Dit adres vinden wij niet in deze gemeente. Kies een buurt."))
    first = found[0]
    return Wanted(Around(kind, lon=round(first.lon, 4), lat=round(first.lat, 4)), typed, found=first.text)


def _rows(here: Visit, sender: Sender, wanted: Wanted) -> Sequence[PublicWork]:
    since = here.now - CLOSED_FOR
    return public_work(here.session, wanted.around, closed_since=since, scope=[sender.id], limit=MOST)


def _buurt_lines(here: Visit, sender: Sender, spots: Sequence[Spot]) -> list[tuple[Spot, int, int | None]]:
    """Per buurt with anything: how much is shown, and how much of another kind; None when that is few."""
    counts = {
        one.code: one for one in count_per_buurt(here.session, closed_since=here.now - CLOSED_FOR, scope=[sender.id])
    }
    return [
        (spot, one.shown, None if is_small(one.other) else one.other)
        for spot in spots
        if (one := counts.get(spot.code)) is not None
    ]


def _public_kinds(categories: Sequence[Category]) -> list[tuple[str, str]]:
    """The main categories that have anything public."""
    slugs = {one.id: one.slug for one in categories}

    def shown(one: Category) -> bool:
        return is_public_category(one.slug, slugs.get(one.parent_id or 0), public=one.public)

    public = {one.parent_id or one.id for one in categories if shown(one)}
    return [(one.slug, one.name) for one in categories if one.parent_id is None and one.id in public]


def _is_open(row: PublicWork) -> bool:
    return row.status in OPEN


def _mark(row: PublicWork) -> str:
    """What kind of mark it gets: `open`, `opgelost` or `anders`; the words say the same."""
    if _is_open(row):
        return "open"
    return OPGELOST if row.outcome == OPGELOST else "anders"


def _standing_words(row: PublicWork) -> str:
    return translate(PUBLIC_WORDS[row.outcome or row.status])


def _age_words(row: PublicWork) -> str:
    """When it was reported, or closed, as people say it."""
    at = row.closed_at if row.closed_at is not None and not _is_open(row) else row.received_at
    days = (local_day(visit().now) - local_day(at)).days
    if days <= 0:
        return _("vandaag")
    return _("gisteren") if days == 1 else _("%(n)s dagen geleden", n=days)


def _away_words(row: PublicWork) -> str:
    """How far it is from the place asked for, to ten metres."""
    if row.metres is None:
        return ""
    metres = max(10, round(row.metres, -1))
    return _("ongeveer %(n)s meter verderop", n=int(metres))


def _report_link(sender: Sender, row: PublicWork) -> str:
    """The form, filled in as far as this tells: "dit heb ik ook"."""
    told = {"gemeente": sender.slug, "categorie": row.category_slug, "zelfde_als": row.id,
            "lon": f"{row.lon:.4f}", "lat": f"{row.lat:.4f}"}  # fmt: skip
    return f"/melden?{urlencode(told)}"

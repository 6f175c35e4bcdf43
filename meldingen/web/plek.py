"""What the form of /melden asks while it is filled in: where a pin is, what is known nearby, which questions belong.

Small pieces of HTML and JSON for formulier.js; without JavaScript the form shows the same one step later.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import ANONYMOUS
from ..domain.errors import DomainError, InvalidInput
from ..domain.intake import Location, parse_location
from ..flow.places import Placed, address_at, place_melding
from ..store.category import Category, category_by_slug
from ..store.outline import outlines_of
from ..store.worklists import open_nearby
from .layout import Sender, page_sender

pages = Blueprint("plek", __name__)

NEAR_M = 75
MOST_NEAR = 5
OUTLINES_KEPT_S = 3600


@dataclass(frozen=True)
class Near:
    """An open problem near the place, without words or persons."""

    opdracht_id: int
    category_name: str
    metres: int
    since: datetime
    melders: int


def near_here(here: Visit, location: Location | None, chosen: Category | None) -> list[Near]:
    """The open public problems near an exact place, those of the chosen main category only."""
    if location is None or location.source not in ("pin", "gps", "foto"):
        return []
    rows = open_nearby(
        here.session, location.lon, location.lat, radius_m=NEAR_M, scope=here.public_scope, limit=4 * MOST_NEAR
    )
    found = [
        Near(row.opdracht.id, row.category.name, max(1, round(row.metres)), row.opdracht.received_at, row.melders)
        for row in rows
        if chosen is None or _main(row.category) == _main(chosen)
    ]
    return found[:MOST_NEAR]


def _main(category: Category) -> int:
    return category.parent_id or category.id


@pages.get("/gebieden.geojson")
@enter("iedereen")
def gebieden() -> Response:
    """Borders, wijken and buurten to draw on the map: of the page's gemeente, else of all we serve."""
    here, sender = visit(), page_sender()
    answer = jsonify(outlines_of(here.session, scope=[sender.id] if sender else here.public_scope))
    answer.mimetype = "application/geo+json"
    answer.cache_control.public = True
    answer.cache_control.max_age = OUTLINES_KEPT_S
    answer.add_etag()
    answer.make_conditional(request)
    return answer


@pages.get("/melden/plek")
@enter("iedereen")
def plek() -> Response:
    """Where a pin is, in words: `woorden` for the live region, `fout` when we do not take meldingen there.

    adres: the nearest address, when a geocoder is configured; the form keeps it, so that intake asks nobody.
    """
    here = visit()
    try:
        location = _asked_place()
        address = address_at(here.adapters.geocoder, location.lon, location.lat)
        placed = _placed(here, location)
    except DomainError as error:
        return jsonify(woorden="", fout=error.detail, adres="")
    if placed.referred_to:
        return jsonify(woorden="", fout=referral(placed), adres="")
    area = placed.buurt or placed.wijk
    name = f"{area.name}, gemeente {placed.gemeente.name}" if area else f"gemeente {placed.gemeente.name}"
    words = f"bij {address} ({name})" if address else name
    return jsonify(woorden=words, fout="", adres=address, lon=location.lon, lat=location.lat)


@pages.get("/melden/nabij")
@enter("iedereen")
def nabij() -> ResponseReturnValue:
    """What is known near a pin, as a question: is it one of these? Empty when there is nothing."""
    here = visit()
    try:
        location = _asked_place()
        placed = _placed(here, location)
    except DomainError:
        return ""
    slug = request.args.get("categorie", "")
    chosen = category_by_slug(here.session, slug, scope=[placed.gemeente.id]) if slug and "\x00" not in slug else None
    near = near_here(here, location, chosen)
    return render_template("deel/nabij.html", near=near, value=request.args.get("zelfde_als", "")) if near else ""


@pages.get("/melden/vragen")
@enter("iedereen")
def vragen() -> ResponseReturnValue:
    """What a category says and asks when it is chosen; empty when it has nothing to say or ask."""
    chosen = asked_category(visit(), page_sender())
    return render_template("deel/gekozen.html", chosen=chosen, answers={}, errors={}) if chosen else ""


def asked_category(here: Visit, sender: Sender | None) -> Category | None:
    """The category in the address, of this gemeente."""
    slug = request.args.get("categorie", "")
    scope = [sender.id] if sender else []
    return category_by_slug(here.session, slug, scope=scope) if slug and "\x00" not in slug else None


def referral(placed: Placed) -> str:
    """The sentence for a place that belongs to a neighbour we do not serve."""
    return (
        f"Deze plek ligt in {placed.referred_to}. Die gaat hierover. "
        "U kunt toch melden: dan leggen wij het vast en wijzen wij u de weg."
    )


def _asked_place() -> Location:
    try:
        lon, lat = float(request.args.get("lon", "")), float(request.args.get("lat", ""))
    except ValueError as error:
        raise InvalidInput.of("plaats", "geen_getal", "Kies de plaats opnieuw.") from error
    return parse_location(lon, lat)


def _placed(here: Visit, location: Location) -> Placed:
    sender = page_sender()
    return place_melding(here.session, location, sender.slug if sender else None, actor=ANONYMOUS)

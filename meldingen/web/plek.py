"""What the map of a form asks while it is used: where a pin is, and which outlines to draw.

Small pieces of JSON for static/js/melden/plek.js and kcc.js; without JavaScript nobody needs them.
"""

from flask import Blueprint, Response, jsonify, request

from ..auth import Visit, enter, visit
from ..domain.actor import ANONYMOUS
from ..domain.errors import DomainError, InvalidInput
from ..domain.intake import Location, parse_location
from ..flow.places import Placed, address_at, place_melding
from ..store.outline import outlines_of
from .layout import page_sender

pages = Blueprint("plek", __name__)

OUTLINES_KEPT_S = 3600


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

"""What the map and the search field of a form ask while they are used: where is this, what is around it, what is meant.

Small pieces of JSON and HTML for static/js/melden/plek.js; without JavaScript the step itself shows the
same (melden/plek.py). The browser asks only us: addresses are looked up by the server.
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, jsonify, render_template, request
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, installation, visit
from ..db import transaction
from ..domain.actor import ANONYMOUS
from ..domain.address import LONGEST, search_words
from ..domain.errors import DomainError, InvalidInput, TooMany
from ..domain.intake import Location, parse_location
from ..domain.objects import code_in, object_words
from ..domain.sentence import say
from ..flow.objects import kin_of
from ..flow.places import Placed, address_at, find_addresses, place_melding, suggest_addresses
from ..limits import count_search
from ..store.category import categories_of
from ..store.gemeente import served_gemeenten
from ..store.outline import outlines_of
from ..store.public_object import ObjectRow, objects_beginning, objects_near
from ..store.worklists import open_nearby
from .layout import page_sender
from .taal import _, translate

pages = Blueprint("plek", __name__)

OUTLINES_KEPT_S = 3600
AROUND_M = 40
MOST_AROUND = 5
KNOWN_M = 150
MOST_KNOWN = 8
MOST_NUMBERS = 4


@dataclass(frozen=True)
class Found:
    """A place that may be meant, to choose from a list. source: `adres`, or `object` with its name in `thing`."""

    text: str
    lon: float
    lat: float
    source: str
    thing: str = ""

    @property
    def value(self) -> str:
        """As a radio button carries it; read back by `read_found`."""
        return f"{self.lon:.6f};{self.lat:.6f};{self.source};{self.thing};{self.text}"


@dataclass(frozen=True)
class Known:
    """An open problem near a place, without words or persons."""

    category_name: str
    metres: int
    since: datetime
    lon: float
    lat: float


def read_found(written: str) -> Found | None:
    """What was chosen from a list; None for anything else. The place itself is judged later, as any place."""
    parts = written.split(";", 4)
    try:
        lon, lat = float(parts[0]), float(parts[1])
        return Found(parts[4], lon, lat, parts[2] if parts[2] in ("adres", "object") else "adres", parts[3])
    except (ValueError, IndexError):
        return None


def find_places(here: Visit, typed: str, *, gemeente: str = "", typing: bool = False) -> list[Found] | None:
    """What somebody means by these words: a thing by its number, an address, a street. `gemeente`: a slug, or all.

    None: nothing was found and nobody could be asked now (LOC-01). typing: there may be more to come.
    """
    with transaction(installation().engine) as session:  # a short one: no connection waits for the geocoder
        served = {row.id: row.code for row in served_gemeenten(session) if gemeente in ("", row.slug)}
        code = code_in(typed[:LONGEST])
        rows = objects_beginning(session, code, scope=served, limit=MOST_NUMBERS) if code else []
        things = [_thing(row) for row in rows if len(code) > 2 or row.object.code.upper() == code.upper()]
    ask = suggest_addresses if typing else find_addresses
    try:
        count_search()
        addresses = ask(here.adapters.geocoder, search_words(typed), codes=served.values())
    except TooMany:
        addresses = None
    if addresses is None and not things:
        return None
    return things + [Found(one.text, one.lon, one.lat, "adres") for one in addresses or ()]


def _thing(row: ObjectRow) -> Found:
    one = row.object
    words = object_words(one.kind, one.code, one.name)
    return Found(words[:1].upper() + words[1:], row.lon, row.lat, "object", f"{one.kind}:{one.code}")


def things_around(here: Visit, lon: float, lat: float, *, category: str, gemeente_id: int) -> list[ObjectRow]:
    """The things with a number close to a place; with a category only what goes with it."""
    scope = [gemeente_id]
    kin = kin_of(categories_of(here.session, scope=scope), category) if category else None
    return list(
        objects_near(
            here.session, lon, lat, radius_m=AROUND_M, category_slugs=kin or None, scope=scope, limit=MOST_AROUND
        )
    )


def known_around(here: Visit, lon: float, lat: float) -> list[Known]:
    """The open public problems near a place, nearest first, of every kind."""
    rows = open_nearby(here.session, lon, lat, radius_m=KNOWN_M, scope=here.public_scope, limit=MOST_KNOWN)
    return [
        Known(row.category.name, max(1, round(row.metres)), row.opdracht.received_at, row.lon, row.lat) for row in rows
    ]


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
    """Where a pin is, in words: `woorden` for the live region, `fout` when we do not take meldingen there (LOC-03).

    adres: the nearest address, when a geocoder is configured; the form keeps it, so that intake asks nobody.
    """
    here = visit()
    try:
        location = _asked_place()
        address = _nearest_address(here, location)
        placed = place_of(here, location)
    except DomainError as error:
        return jsonify(woorden="", fout=translate(error.detail), adres="")
    if placed.referred_to:
        return jsonify(woorden="", fout=referral(placed), adres="")
    return jsonify(woorden=place_words(placed, address), fout="", adres=address, lon=location.lon, lat=location.lat)


@pages.get("/melden/adressen")
@enter("iedereen")
def adressen() -> Response:
    """What somebody may mean who is typing; `weg`: nobody can tell now, so choose the place in another way."""
    found = find_places(visit(), request.args.get("zoek", ""), gemeente=request.args.get("gemeente", ""), typing=True)
    shown = [
        {"tekst": one.text, "lon": one.lon, "lat": one.lat, "bron": one.source, "object": one.thing}
        for one in found or ()
    ]
    return jsonify(gevonden=shown, weg=found is None)


@pages.get("/melden/objecten")
@enter("iedereen")
def objecten() -> ResponseReturnValue:
    """The things with a number around a pin, as a question; empty when there are none."""
    here = visit()
    try:
        location = _asked_place()
        placed = place_of(here, location)
    except DomainError:
        return ""
    category = request.args.get("categorie", "").replace("\x00", "")
    things = things_around(here, location.lon, location.lat, category=category, gemeente_id=placed.gemeente.id)
    chosen = request.args.get("object", "")
    return render_template("melden/objecten.html", things=things, chosen=chosen) if things else ""


@pages.get("/melden/nabij")
@enter("iedereen")
def nabij() -> ResponseReturnValue:
    """The open problems around a pin, as a list (A11Y-04); empty when there are none."""
    try:
        location = _asked_place()
    except DomainError:
        return ""
    known = known_around(visit(), location.lon, location.lat)
    return render_template("melden/nabij.html", known=known) if known else ""


def place_words(placed: Placed, address: str) -> str:
    """A place as people say it: its address when there is one, the buurt or wijk, and the gemeente."""
    area, gemeente = placed.buurt or placed.wijk, placed.gemeente.name
    name = _("%(buurt)s, gemeente %(gemeente)s", buurt=area.name, gemeente=gemeente) if area else ""
    name = name or _("gemeente %(gemeente)s", gemeente=gemeente)
    return _("bij %(adres)s (%(waar)s)", adres=address, waar=name) if address else name


def made_words(placed: Placed, address: str) -> str:
    """Where a photo was taken, for a sentence: "bij Breelaan 12 (…)", "in Noord, gemeente Duinstede"."""
    words = place_words(placed, address)
    return words if address else _("in %(waar)s", waar=words)


def referral(placed: Placed) -> str:
    """The sentence for a place that belongs to a neighbour we do not serve."""
    return _(
        "Deze plek ligt in %(gemeente)s. Die gaat hierover. U kunt toch melden: dan leggen wij het vast en wijzen wij "
        "u de weg.",
        gemeente=placed.referred_to,
    )


def place_of(here: Visit, location: Location) -> Placed:
    """Whose place it is, for this page's gemeente. Raises InvalidInput."""
    sender = page_sender()
    return place_melding(here.session, location, sender.slug if sender else None, actor=ANONYMOUS)


def _nearest_address(here: Visit, location: Location) -> str:
    """The address at a place; none for who asks so often that others would wait for it."""
    try:
        count_search()
    except TooMany:
        return ""
    return address_at(here.adapters.geocoder, location.lon, location.lat)


def _asked_place() -> Location:
    try:
        lon, lat = float(request.args.get("lon", "")), float(request.args.get("lat", ""))
    except ValueError as error:
        raise InvalidInput.of("plaats", "geen_getal", say("Kies de plaats opnieuw.")) from error
    return parse_location(lon, lat)

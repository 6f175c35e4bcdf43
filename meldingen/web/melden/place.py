"""The place part of step `waar` as the server plays it: what was searched, chosen or taken off, and what to show.

All of it works without JavaScript; plek.js does the same at once. A photo only proposes its place, never chooses it.
"""

import math
from dataclasses import dataclass
from typing import Any

from flask import request

from ...domain.errors import DomainError
from ...domain.intake import parse_location
from ...domain.objects import object_words, read_ref
from ...flow.objects import linked_object
from ...flow.places import address_at
from ...store.public_object import has_objects
from ..plek import find_places, known_around, made_words, place_of, place_words, read_found, things_around
from .form import Form

CHOICE = ("lon", "lat", "bron", "nauwkeurigheid", "object", "adres")
FAR_FROM_PHOTO_M = 50


@dataclass(frozen=True)
class PhotoPlace:
    """Where a photo says it was taken, in words; only within our gemeenten."""

    lon: float
    lat: float
    words: str


def act_on_place(form: Form) -> str | None:
    """Takes over what was chosen in this part of the page. Not None: stay on this step; "ja": show what was found."""
    sent, values = request.form, form.values
    if found := read_found(sent.get("gevonden", "")):
        _choose(form, found.lon, found.lat, found.source, thing=found.thing)
        values["adres"] = found.text if found.source == "adres" else ""
    if "ding" in sent:
        _choose_thing(form, sent["ding"])
    action = sent.get("actie", "")
    if action == "plek_weg":
        values.update(dict.fromkeys((*CHOICE, "zoek", "buurt"), ""))
        return ""
    if action == "foto_plek" and (place := photo_place(form)):
        _choose(form, place.lon, place.lat, "foto")
        return ""
    nothing_chosen = not (values["lon"] or values["lat"] or values["buurt"])
    if nothing_chosen and not values["zoek"].strip() and form.here.adapters.geocoder.searches:
        values["zoek"], values["adres"] = values["adres"], ""
    if values["zoek"].strip() and (action == "zoek_adres" or (nothing_chosen and "gezocht" not in sent)):
        return "ja"
    return None


def place_facts(form: Form) -> dict[str, Any]:
    """What the place part shows: results of a search, the chosen place in words, and what is around it."""
    here, values = form.here, form.values
    searched = "gezocht" in request.args and bool(values["zoek"].strip())
    several = request.args.get("gemeente", "")
    facts: dict[str, Any] = {
        "searches": here.adapters.geocoder.searches or has_objects(here.session, scope=[form.sender.id]),
        "searched": searched,
        "found": find_places(here, values["zoek"], gemeente=several) if searched else None,
        "chosen_words": "",
        "things": [],
        "known": [],
        "photo_place": photo_place(form),
    }
    try:
        location = parse_location(float(values["lon"]), float(values["lat"]))
        placed = place_of(here, location)
    except (ValueError, DomainError):
        return facts
    named = read_ref(values["object"])
    thing = object_words(named.kind, named.code) if named else ""
    facts["chosen_words"] = ", ".join(filter(None, (thing, place_words(placed, values["adres"]))))
    facts["things"] = things_around(
        here, location.lon, location.lat, category=values["categorie"], gemeente_id=placed.gemeente.id
    )
    facts["known"] = known_around(here, location.lon, location.lat)
    return facts


def photo_place(form: Form) -> PhotoPlace | None:
    """The place of the first photo that names one of ours and is not the chosen one already."""
    for photo in form.photos:
        if not photo.gps:
            continue
        try:
            place = parse_location(*photo.gps, source="foto")
            if _is_chosen(form, place.lon, place.lat):
                continue
            address = address_at(form.here.adapters.geocoder, place.lon, place.lat)
            placed = place_of(form.here, place)
        except DomainError:
            continue  # a camera with a wrong idea of where it is
        if not placed.referred_to:
            return PhotoPlace(place.lon, place.lat, made_words(placed, address))
    return None


def _is_chosen(form: Form, lon: float, lat: float) -> bool:
    try:
        east = (float(form.values["lon"]) - lon) * math.cos(math.radians(lat))
        return math.hypot(east, float(form.values["lat"]) - lat) * 111_320 < FAR_FROM_PHOTO_M
    except ValueError:
        return False


def _choose(form: Form, lon: float, lat: float, source: str, *, thing: str = "") -> None:
    form.values.update(dict.fromkeys(CHOICE, ""))
    form.values.update(lon=f"{lon:.6f}", lat=f"{lat:.6f}", bron=source, object=thing, buurt="")


def _choose_thing(form: Form, written: str) -> None:
    """One of the things around the place, or none of them."""
    if written == form.values["object"]:
        return
    row = linked_object(form.here.session, written, scope=[form.sender.id]) if written else None
    if row is None:
        form.values["object"] = ""
    else:
        address = form.values["adres"]
        _choose(form, row.lon, row.lat, "object", thing=written)
        form.values["adres"] = address

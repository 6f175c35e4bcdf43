"""What is in the form of a melding: reading it, checking it, and handing it over as a NewMelding. Knows no pages.

Every mistake is gathered under the name of its field in the form, so that all are shown at once (KLANTREIS rule 14).
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from ..domain.contact import Contact, parse_contact
from ..domain.errors import DomainError, FieldError
from ..domain.intake import (
    MAX_ACCURACY_M,
    MAX_ADDRESS,
    Answer,
    Location,
    NewMelding,
    Source,
    check_answers,
    parse_location,
)
from ..domain.sentence import say
from ..domain.text import clean_text, whole_number
from ..store.category import Category
from ..store.outline import Spot
from .drafts import Draft

T = TypeVar("T")

FIELDS = (
    "gemeente", "lon", "lat", "bron", "adres", "buurt", "toelichting", "omschrijving", "categorie", "gevaar", "naam",
    "email", "telefoon", "voorkeur", "alleen_gereed", "ook_nacht", "postadres", "zelfde_als", "vragen_van",
    "vragen_versie", "nabij_van", "object", "zoek", "nauwkeurigheid", "gevaar_gevraagd", "voorgesteld", "versie",
    "fotos_volgen",
)  # fmt: skip
ANSWER = "antwoord_"
DEVICE = ("versie", "fotos_volgen", "gemeente")
"""What the script of the form tells of the device: how often it changed there, and how many photos are only there."""
HONEYPOT = "onderwerp"
"""A field that people do not see and machines fill in (SEC-08: no puzzle)."""

NO_PLACE = say("Zeg waar het is: zoek een adres, zet de speld op de kaart, of kies de buurt.")
ADDRESS_ALONE = say("Kies ook de buurt, of zet de speld op de kaart. Dan weten wij waar dit adres is.")
_SOURCES: dict[str, Source] = {"gps": "gps", "adres": "adres", "foto": "foto", "object": "object"}
_OURS = {
    "locatieToelichting": "toelichting",
    "contact": "naam",
    "kanaal": "formulier",
    "fotosVolgen": "foto",
    "zelfdeAls": "zelfde_als",
}


@dataclass
class Filled:
    """The form as it was sent: texts by field name, answers by question id, and what is wrong by field name."""

    values: dict[str, str]
    answers: dict[str, list[str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, form: MultiDict[str, str]) -> "Filled":
        """Takes the known fields out of a form; others are passed over, as a browser extension may add some."""
        answers = {
            name.removeprefix(ANSWER): form.getlist(name) for name in form if name.startswith(ANSWER) and len(name) < 99
        }
        return cls({name: form.get(name, "") for name in FIELDS}, answers)

    def refuse(self, error: DomainError) -> None:
        """Notes a refusal at the fields it names, or at the form as a whole; the first word on a field stands."""
        for one in error.fields or (FieldError("formulier", error.code, error.detail),):
            self.errors.setdefault(form_name(one.field), one.detail)

    def attempt(self, check: Callable[[], T], otherwise: T) -> T:
        """The outcome of a check, or `otherwise` with its errors noted."""
        try:
            return check()
        except DomainError as error:
            self.refuse(error)
            return otherwise


def form_name(name: str) -> str:
    """The name in our form of a field as the domain names it."""
    head, _, rest = name.partition(".")
    if head == "antwoorden" and rest:
        return ANSWER + rest
    if head == "contact" and rest:
        return rest
    if head in ("locatie", "gemeente"):
        return "plaats"
    return _OURS.get(head, head)


def read_location(filled: Filled, spots: Sequence[Spot]) -> Location | None:
    """The place: the chosen spot, else the middle of the chosen buurt. A photo only proposes its place."""
    values = filled.values
    note = filled.attempt(lambda: clean_text(values["toelichting"], field="toelichting"), "")
    address = filled.attempt(lambda: clean_text(values["adres"], field="adres", max_length=MAX_ADDRESS), "")
    if values["lon"] or values["lat"]:
        source = _SOURCES.get(values["bron"], "pin")
        lon, lat = _number(values["lon"]), _number(values["lat"])
        found = filled.attempt(
            lambda: parse_location(lon, lat, source=source, note=note, address=address, field="plaats"), None
        )
        return replace(found, accuracy_m=_accuracy(values["nauwkeurigheid"])) if found and source == "gps" else found
    spot = next((s for s in spots if s.code == values["buurt"]), None)
    if spot is not None:
        written = f"{address}, {spot.name}" if address else spot.name
        return Location(spot.lon, spot.lat, "buurt", note, written[:MAX_ADDRESS])
    filled.errors["plaats"] = ADDRESS_ALONE if address else NO_PLACE
    return None


def _accuracy(written: str) -> int | None:
    """How far off a device says it may be, in metres; None for anything it cannot have said."""
    return whole_number(written, MAX_ACCURACY_M) or None


def read_melding(
    filled: Filled, *, spots: Sequence[Spot], chosen: Category | None, photos: Sequence[Draft], gemeente_slug: str
) -> NewMelding | None:
    """The melding in the form; None when something is wrong, told in `filled.errors`, in the order of the page."""
    location = read_location(filled, spots)
    values = filled.values
    description = filled.attempt(lambda: clean_text(values["omschrijving"], field="omschrijving"), "")
    if not description and not photos and "omschrijving" not in filled.errors:
        filled.errors["omschrijving"] = "Vertel wat u ziet, of stuur een foto mee."
    answers: dict[str, Answer] = {}
    if chosen is not None:
        answers = filled.attempt(lambda: check_answers(chosen.questions, raw_answers(filled, chosen)), answers)
    contact = filled.attempt(lambda: read_contact(values), None)
    if filled.errors:
        return None
    return NewMelding(
        location=location,
        description=description,
        category_slug=chosen.slug if chosen else None,
        answers=answers,
        danger=values["gevaar"] == "ja",
        danger_denied=values["gevaar"] == "nee",
        contact=contact,
        intake_channel="e_formulier",
        gemeente_slug=gemeente_slug,
        same_as=values["zelfde_als"] if values["zelfde_als"].isdigit() else None,
    )


def read_contact(values: Mapping[str, str]) -> Contact | None:
    """The contact in the form, or None when all of it is empty."""
    return parse_contact(
        name=values["naam"],
        email=values["email"],
        phone=values["telefoon"],
        preference=values["voorkeur"] or None,
        only_when_done=values["alleen_gereed"] == "ja",
        night_too=values["ook_nacht"] == "ja",
        postal_address=values["postadres"],
        prefix="",
    )


def body_hash(new: NewMelding, photos: Sequence[Draft]) -> bytes:
    """What makes two sendings the same: the parsed fields and each photo's sha256 (KLANTREIS rule 3)."""
    place, contact = new.location, new.contact
    facts = [
        [place.lon, place.lat, place.source, place.note, place.address] if place else None,
        [new.description, new.category_slug, dict(new.answers), new.danger, new.gemeente_slug, new.same_as],
        [contact.name, contact.email, contact.phone.e164 if contact.phone else "", contact.preference,
         contact.only_when_done, contact.night_too, contact.postal_address] if contact else None,
        sorted(photo.sha256.hex() for photo in photos),
        *([str(new.object)] if new.object else []),
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).digest()


def raw_answers(filled: Filled, chosen: Category) -> dict[str, Any]:
    """The answers to the questions of this category; those to an earlier choice are left behind."""
    raw: dict[str, Any] = {}
    for question in chosen.questions:
        given = filled.answers.get(question["id"], [])
        raw[question["id"]] = given if question["type"] == "meerkeuze" else (given[0] if given else "")
    return raw


def _number(written: str) -> float | str:
    try:
        return float(written)
    except ValueError:
        return written

"""What any door hands over to make a melding, and every check that needs no database.

A place and one of text or photo are all that is required (KLANTREIS step 1). Which gemeente a place lies in, and
whether a slug exists, is for flow/intake.py. Refusals name the field as the caller wrote it.
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

from .contact import Contact
from .errors import FieldError, InvalidInput, gathered
from .objects import ObjectRef
from .sentence import say
from .text import clean_text, is_empty

INTAKE_CHANNELS: Final = (
    "app",
    "e_formulier",
    "telefoon",
    "balie",
    "e_mail",
    "post",
    "social_media",
    "eigen_waarneming",
    "partner",
)
SOURCES: Final = ("pin", "adres", "gps", "foto", "kcc", "buurt", "object")
EXACT: Final = ("pin", "adres", "gps", "foto", "object")
"""Sources that point at the spot itself; a buurt is somewhere in it."""
MAX_PHOTOS: Final = 5
MAX_ADDRESS: Final = 200
MAX_ACCURACY_M: Final = 100_000
"""Farther off than this a device knows nothing."""

Source = Literal["pin", "adres", "gps", "foto", "kcc", "buurt", "object"]
Answer = str | int | float | list[str]


@dataclass(frozen=True)
class Location:
    """A place in WGS 84, longitude first. source: how it was given. note: "achter de kerk". address: as given.

    accuracy_m: how far off a device says it may be; None when nobody said.
    """

    lon: float
    lat: float
    source: Source = "pin"
    note: str = ""
    address: str = ""
    accuracy_m: int | None = None


@dataclass(frozen=True, kw_only=True)
class NewMelding:
    """One melding as a door hands it over, already parsed.

    location None: only when a photo or `object` may tell the place. object: the thing with a number it is about.
    photos_expected: how many follow later (`fotosVolgen`). join_opdracht_id: staff put it with this open opdracht.
    same_as: the public id of the opdracht the melder pointed at with "dit heb ik ook". body_hash: parsed fields plus
    each file's sha256 (KLANTREIS rule 3). questions_version: in which the answers were asked; None: as they are now.
    danger_denied: the melder was asked whether it is dangerous now, and said no; then his words suspect nothing.
    """

    location: Location | None
    intake_channel: str
    description: str = ""
    category_slug: str | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    danger: bool = False
    danger_denied: bool = False
    contact: Contact | None = None
    partner_name: str | None = None
    photos_expected: int = 0
    gemeente_slug: str | None = None
    join_opdracht_id: int | None = None
    idempotency_key: str | None = None
    body_hash: bytes | None = None
    same_as: str | None = None
    kcc_note: str = ""
    object: ObjectRef | None = None
    questions_version: int | None = None


# The Netherlands in degrees, without the islands in the Caribbean.
LON_RANGE: Final = (3.0, 7.4)
LAT_RANGE: Final = (50.6, 53.8)

# Where maps put a pin when nobody did: search engines, geocoders, country lists, the origin of the RD grid.
_DEFAULT_PINS: Final = (
    (5.291266, 52.132633),
    (5.2913, 52.1326),
    (5.3, 52.1),
    (5.75, 52.5),
    (5.75, 52.25),
    (5.6343227, 52.2434979),
    (5.53460738161551, 52.2379891),
    (5.7480821, 52.5001698),
    (5.38720621, 52.1551744),
    (5.387206, 52.155172),
)
_METRE: Final = 1e-5


def parse_location(
    lon: object,
    lat: object,
    *,
    source: Source = "pin",
    note: str = "",
    address: str = "",
    field: str = "locatie.coordinates",
) -> Location:
    """A place from two numbers, longitude first, in seven decimals (a centimetre).

    Raises InvalidInput naming `field`: no numbers, NaN or infinite, 0/0, swapped axes, RD instead of degrees, the
    middle of the country, or outside the Netherlands (KLANTREIS rule 6).
    """
    x, y = _number(lon), _number(lat)
    if x is None or y is None:
        raise InvalidInput.of(
            field,
            "geen_coordinaten",
            "Geef de plaats als twee getallen: eerst de lengte, dan de breedte, zoals [4.70, 52.67].",
        )
    if not (math.isfinite(x) and math.isfinite(y)):
        raise InvalidInput.of(field, "geen_eindig_getal", "De lengte en de breedte moeten gewone getallen zijn.")
    if x == 0 and y == 0:
        raise InvalidInput.of(
            field, "nulpunt", say("De plaats ontbreekt: lengte en breedte zijn allebei 0. Kies de plaats opnieuw.")
        )
    if not _in_netherlands(x, y):
        raise _not_here(x, y, field)
    if any(abs(x - pin_x) < _METRE and abs(y - pin_y) < _METRE for pin_x, pin_y in _DEFAULT_PINS):
        raise InvalidInput.of(
            field,
            "midden_van_het_land",
            say("Dit is het midden van Nederland, waar een kaart begint. Kies de plaats van uw melding."),
        )
    return Location(
        round(x, 7),
        round(y, 7),
        source,
        clean_text(note, field="locatieToelichting"),
        clean_text(address, field="adres", max_length=MAX_ADDRESS),
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:  # an integer of hundreds of digits
        return math.inf


def _in_netherlands(lon: float, lat: float) -> bool:
    return LON_RANGE[0] <= lon <= LON_RANGE[1] and LAT_RANGE[0] <= lat <= LAT_RANGE[1]


def _not_here(lon: float, lat: float, field: str) -> InvalidInput:
    if _in_netherlands(lat, lon):
        return InvalidInput.of(
            field,
            "assen_verwisseld",
            "U heeft lengte en breedte verwisseld. Geef eerst de lengte (3 tot 7), dan de breedte (50 tot 54).",
        )
    if 0 < lon < 300_000 and 300_000 < lat < 630_000:
        return InvalidInput.of(
            field,
            "rd_coordinaten",
            "Dit zijn coördinaten van het RD-stelsel. Geef lengte en breedte in graden (WGS 84).",
        )
    if abs(lon) > 180 or abs(lat) > 90:
        return InvalidInput.of(
            field, "geen_plaats_op_aarde", "Deze plaats bestaat niet. Geef lengte en breedte in graden (WGS 84)."
        )
    return InvalidInput.of(
        field, "buiten_nederland", say("Deze plaats ligt niet in Nederland. Kies de plaats van uw melding opnieuw.")
    )


def check_complete(new: NewMelding, photos: int) -> None:
    """Raises InvalidInput, with every gap at once, when there is no place, or neither text nor photo.

    photos: how many came along and could be read as a file; photos that follow later count as well. Without a
    place a photo that came along may still tell it: then the flow decides (KLANTREIS rule 9).
    """
    errors = []
    if new.location is None and not photos:
        errors.append(
            FieldError(
                "locatie", "plaats_ontbreekt", say("Zeg waar het is: kies een plek op de kaart of geef een adres.")
            )
        )
    if not new.description and not photos and not new.photos_expected:
        errors.append(
            FieldError("omschrijving", "tekst_of_foto_ontbreekt", say("Vertel wat u ziet, of stuur een foto mee."))
        )
    if not 0 <= new.photos_expected <= MAX_PHOTOS:
        errors.append(FieldError("fotosVolgen", "aantal_fotos", f"U kunt 0 tot {MAX_PHOTOS} foto's sturen."))
    if new.intake_channel not in INTAKE_CHANNELS:
        errors.append(FieldError("kanaal", "onbekend_kanaal", "Dit kanaal kennen wij niet."))
    if errors:
        raise InvalidInput.gather(errors)


MAX_UNKNOWN_NAMED: Final = 10
MAX_NUMBER: Final = 1_000_000_000
_YES_NO: Final = {"ja": "ja", "nee": "nee", True: "ja", False: "nee"}


def check_answers(questions: Sequence[Mapping[str, Any]], answers: object) -> dict[str, Answer]:
    """The answers to a category's extra questions, cleaned; unanswered ones are left out.

    questions: {id, label, type, options, required}; type tekst, getal, janee, keuze or meerkeuze. `janee` comes
    out as "ja" or "nee", a number as int or float, a `meerkeuze` as a list in the order of the options. Raises
    InvalidInput with everything wrong at once as `antwoorden.<id>`; an unknown id is named, its value never.
    """
    if answers is None:
        answers = {}
    if not isinstance(answers, Mapping):
        raise InvalidInput.of("antwoorden", "geen_antwoorden", "Geef de antwoorden als namen met een waarde.")
    known = {question["id"]: question for question in questions}
    unknown = [name for name in answers if name not in known][:MAX_UNKNOWN_NAMED]
    errors = [
        FieldError(f"antwoorden.{_safe_name(name)}", "onbekend_veld", say("Deze vraag hoort niet bij deze categorie."))
        for name in unknown
    ]
    cleaned: dict[str, Answer] = {}
    for name, question in known.items():
        value = answers.get(name)
        where = f"antwoorden.{name}"
        found: Answer = ""
        if not is_empty(value) and value != []:
            before = len(errors)
            found = gathered(errors, partial(_answer, question, value, where), found)
            if len(errors) > before:
                continue
        if found not in ("", []):
            cleaned[name] = found
        elif question.get("required"):
            errors.append(
                FieldError(
                    where, "antwoord_ontbreekt", say("Beantwoord ook deze vraag: %(vraag)s", vraag=question["label"])
                )
            )
    if errors:
        raise InvalidInput.gather(errors)
    return cleaned


def _safe_name(name: object) -> str:
    """An unknown name as it may be repeated: short, and without what breaks a log or a JSON answer."""
    return re.sub(r"[^\w.\- ]", "?", str(name)[:60], flags=re.ASCII)


def _answer(question: Mapping[str, Any], value: object, field: str) -> Answer:
    kind, options = question["type"], list(question.get("options") or ())
    if kind == "tekst":
        return clean_text(value, field=field)  # type: ignore[arg-type]
    if kind == "getal":
        return _answer_number(value, field)
    if kind == "janee":
        key = value.strip().lower() if isinstance(value, str) else value
        if isinstance(key, str | bool) and key in _YES_NO:
            return _YES_NO[key]
        raise InvalidInput.of(field, "geen_ja_of_nee", say("Kies ja of nee."))
    chosen: list[Any] = value if kind == "meerkeuze" and isinstance(value, list) else [value]
    if any(not isinstance(one, str) or one not in options for one in chosen):
        raise InvalidInput.of(field, "onbekende_keuze", say("Kies uit: %(keuzes)s.", keuzes=", ".join(options)))
    return [option for option in options if option in chosen] if kind == "meerkeuze" else chosen[0]


def _answer_number(value: object, field: str) -> int | float:
    number = _number(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,12}(?:[.,][0-9]{1,6})?\s*", value, flags=re.ASCII):
        number = float(value.replace(",", "."))
    if number is None or not math.isfinite(number):
        raise InvalidInput.of(field, "geen_getal", say("Vul een getal in, bijvoorbeeld 3."))
    if abs(number) > MAX_NUMBER:
        raise InvalidInput.of(field, "getal_te_groot", say("Dit getal is te groot."))
    return int(number) if number.is_integer() else number


def danger_answered(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Answer]) -> bool:
    """Whether an answer, as check_answers gives it, is one that means danger (a question's `danger_answer`)."""
    return any(
        question["danger_answer"] in (found if isinstance(found, list) else [found])
        for question in questions
        if question.get("danger_answer") and (found := answers.get(question["id"])) is not None
    )

"""What any door hands over to make a melding, and every check that needs no database.

A place and one of text or photo are all that is required (KLANTREIS step 1). Which gemeente a place lies in, and
whether a slug exists, is for flow/intake.py. Refusals name the field as the caller wrote it.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal, TypeVar

from email_validator import EmailNotValidError, validate_email

from .errors import FieldError, InvalidInput
from .phone import Phone, parse_phone
from .text import clean_text

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
PREFERENCES: Final = ("email", "sms", "bellen", "brief")
ENVELOPE_LINES: Final = 6
SOURCES: Final = ("pin", "adres", "gps", "foto", "kcc")
MAX_PHOTOS: Final = 5
MAX_NAME: Final = 100
MAX_ADDRESS: Final = 200

Source = Literal["pin", "adres", "gps", "foto", "kcc"]
Preference = Literal["email", "sms", "bellen", "brief"]
Answer = str | int | float | list[str]
T = TypeVar("T")


@dataclass(frozen=True)
class Location:
    """A place in WGS 84, longitude first. source: how it was given. note: "achter de kerk". address: as given."""

    lon: float
    lat: float
    source: Source = "pin"
    note: str = ""
    address: str = ""


@dataclass(frozen=True)
class Contact:
    """How the melder can be reached; every part may be empty. only_when_done: "alleen als het klaar is".

    night_too: SMS and push also in quiet hours. postal_address: the lines on an envelope, for who has nothing digital.
    """

    name: str = ""
    email: str = ""
    phone: Phone | None = None
    preference: Preference | None = None
    only_when_done: bool = False
    night_too: bool = False
    postal_address: str = ""


@dataclass(frozen=True, kw_only=True)
class NewMelding:
    """One melding as a door hands it over, already parsed.

    location None: only when a photo may tell the place. photos_expected: how many follow later (`fotosVolgen`).
    join_opdracht_id: staff put it with this open opdracht. same_as: the public id of the opdracht the melder
    pointed at with "dit heb ik ook". body_hash: parsed fields plus each file's sha256 (KLANTREIS rule 3).
    """

    location: Location | None
    intake_channel: str
    description: str = ""
    category_slug: str | None = None
    answers: Mapping[str, Answer] = field(default_factory=dict)
    danger: bool = False
    contact: Contact | None = None
    partner_name: str | None = None
    photos_expected: int = 0
    gemeente_slug: str | None = None
    join_opdracht_id: int | None = None
    idempotency_key: str | None = None
    body_hash: bytes | None = None
    same_as: str | None = None
    kcc_note: str = ""


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
            field, "nulpunt", "De plaats ontbreekt: lengte en breedte zijn allebei 0. Kies de plaats opnieuw."
        )
    if not _in_netherlands(x, y):
        raise _not_here(x, y, field)
    if any(abs(x - pin_x) < _METRE and abs(y - pin_y) < _METRE for pin_x, pin_y in _DEFAULT_PINS):
        raise InvalidInput.of(
            field,
            "midden_van_het_land",
            "Dit is het midden van Nederland, waar een kaart begint. Kies de plaats van uw melding.",
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
        field, "buiten_nederland", "Deze plaats ligt niet in Nederland. Kies de plaats van uw melding opnieuw."
    )


def check_complete(new: NewMelding, photos: int) -> None:
    """Raises InvalidInput, with every gap at once, when there is no place, or neither text nor photo.

    photos: how many came along and could be read as a file; photos that follow later count as well. Without a
    place a photo that came along may still tell it: then the flow decides (KLANTREIS rule 9).
    """
    errors = []
    if new.location is None and not photos:
        errors.append(
            FieldError("locatie", "plaats_ontbreekt", "Zeg waar het is: kies een plek op de kaart of geef een adres.")
        )
    if not new.description and not photos and not new.photos_expected:
        errors.append(
            FieldError("omschrijving", "tekst_of_foto_ontbreekt", "Vertel wat u ziet, of stuur een foto mee.")
        )
    if not 0 <= new.photos_expected <= MAX_PHOTOS:
        errors.append(FieldError("fotosVolgen", "aantal_fotos", f"U kunt 0 tot {MAX_PHOTOS} foto's sturen."))
    if new.intake_channel not in INTAKE_CHANNELS:
        errors.append(FieldError("kanaal", "onbekend_kanaal", "Dit kanaal kennen wij niet."))
    if errors:
        raise InvalidInput.gather(errors)


def check_email(value: object, field: str) -> str:
    """An e-mail address in the form we keep and send to: trimmed, domain in lower case and in ASCII.

    No look-up of the domain: intake never waits for the network. Raises InvalidInput naming `field`.
    """
    written = value.strip(" \t\r\n\u00a0") if isinstance(value, str) else ""
    try:
        found = validate_email(written[:320], check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidInput.of(
            field, "email_onjuist", "Dit e-mailadres klopt niet. Een voorbeeld van een goed adres: naam@voorbeeld.nl."
        ) from error
    return found.ascii_email or found.normalized


def parse_contact(
    *,
    name: object = "",
    email: object = "",
    phone: object = "",
    preference: object = None,
    only_when_done: bool = False,
    night_too: bool = False,
    postal_address: object = "",
    prefix: str = "contact.",
) -> Contact | None:
    """The contact as written in a form or request, or None when no name, e-mail, phone or postal address was given.

    Raises InvalidInput with all field errors at once: `contact.naam`, `.email`, `.telefoon`, `.voorkeur`,
    `.postadres`. A preference that cannot work with what was given is told, not dropped: else he waits in vain.
    """
    given = [value for value in (name, email, phone, postal_address) if not _is_empty(value)]
    errors: list[FieldError] = []
    contact = Contact(
        name=_gathered(errors, lambda: _name(name, f"{prefix}naam"), ""),
        email=_gathered(errors, lambda: check_email(email, f"{prefix}email"), "") if not _is_empty(email) else "",
        phone=_gathered(errors, lambda: _phone(phone, f"{prefix}telefoon"), None),
        preference=_gathered(errors, lambda: _preference(preference, f"{prefix}voorkeur"), None),
        only_when_done=only_when_done is True,
        night_too=night_too is True,
        postal_address=_gathered(errors, lambda: _postal_address(postal_address, f"{prefix}postadres"), ""),
    )
    if given and not errors:
        errors.extend(_preference_errors(contact, f"{prefix}voorkeur"))
    if errors:
        raise InvalidInput.gather(errors)
    return contact if contact.name or contact.email or contact.phone or contact.postal_address else None


def _gathered(errors: list[FieldError], check: Callable[[], T], empty: T) -> T:
    try:
        return check()
    except InvalidInput as refused:
        errors.extend(refused.fields)
        return empty


def _is_empty(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _name(value: object, field: str) -> str:
    return "" if value is None else clean_text(value, field=field, max_length=MAX_NAME)  # type: ignore[arg-type]


def _phone(value: object, field: str) -> Phone | None:
    return None if _is_empty(value) else parse_phone(value, field=field)  # type: ignore[arg-type]


def _postal_address(value: object, field: str) -> str:
    """At most six lines, one per line of the envelope."""
    written = "" if value is None else clean_text(value, field=field, max_length=MAX_ADDRESS)  # type: ignore[arg-type]
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    if len(lines) > ENVELOPE_LINES:
        raise InvalidInput.of(field, "te_lang", f"Op een envelop passen {ENVELOPE_LINES} regels.")
    return "\n".join(lines)


def _preference(value: object, field: str) -> Preference | None:
    if _is_empty(value):
        return None
    if value not in PREFERENCES:
        raise InvalidInput.of(field, "voorkeur_onbekend", "Kies e-mail, sms, bellen of brief.")
    return value


def _preference_errors(contact: Contact, field: str) -> list[FieldError]:
    if contact.preference == "email" and not contact.email:
        return [FieldError(field, "voorkeur_zonder_email", "U kiest e-mail. Geef dan ook uw e-mailadres.")]
    if contact.preference == "bellen" and contact.phone is None:
        return [FieldError(field, "voorkeur_zonder_telefoon", "U kiest bellen. Geef dan ook uw telefoonnummer.")]
    if contact.preference == "sms" and (contact.phone is None or not contact.phone.is_mobile):
        return [FieldError(field, "voorkeur_zonder_mobiel", "U kiest sms. Geef dan ook uw mobiele nummer.")]
    if contact.preference == "brief" and not contact.postal_address:
        return [FieldError(field, "voorkeur_zonder_postadres", "U kiest een brief. Geef dan ook een postadres.")]
    return []


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
        FieldError(f"antwoorden.{_safe_name(name)}", "onbekend_veld", "Deze vraag hoort niet bij deze categorie.")
        for name in unknown
    ]
    cleaned: dict[str, Answer] = {}
    for name, question in known.items():
        value = answers.get(name)
        where = f"antwoorden.{name}"
        found: Answer = ""
        if not _is_empty(value) and value != []:
            before = len(errors)
            found = _gathered(errors, partial(_answer, question, value, where), found)
            if len(errors) > before:
                continue
        if found not in ("", []):
            cleaned[name] = found
        elif question.get("required"):
            errors.append(FieldError(where, "antwoord_ontbreekt", f"Beantwoord ook deze vraag: {question['label']}"))
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
        raise InvalidInput.of(field, "geen_ja_of_nee", "Kies ja of nee.")
    chosen: list[Any] = value if kind == "meerkeuze" and isinstance(value, list) else [value]
    if any(not isinstance(one, str) or one not in options for one in chosen):
        raise InvalidInput.of(field, "onbekende_keuze", f"Kies uit: {', '.join(options)}.")
    return [option for option in options if option in chosen] if kind == "meerkeuze" else chosen[0]


def _answer_number(value: object, field: str) -> int | float:
    number = _number(value)
    if isinstance(value, str) and re.fullmatch(r"\s*-?[0-9]{1,12}(?:[.,][0-9]{1,6})?\s*", value, flags=re.ASCII):
        number = float(value.replace(",", "."))
    if number is None or not math.isfinite(number):
        raise InvalidInput.of(field, "geen_getal", "Vul een getal in, bijvoorbeeld 3.")
    if abs(number) > MAX_NUMBER:
        raise InvalidInput.of(field, "getal_te_groot", "Dit getal is te groot.")
    return int(number) if number.is_integer() else number


def danger_answered(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, Answer]) -> bool:
    """Whether an answer, as check_answers gives it, is one that means danger (a question's `danger_answer`)."""
    return any(
        question["danger_answer"] in (found if isinstance(found, list) else [found])
        for question in questions
        if question.get("danger_answer") and (found := answers.get(question["id"])) is not None
    )

"""What a text of a bericht must be before it may be kept: refused at saving, so never missing at sending.

How easily it reads is a hint, never a refusal: readability.py.
"""

from collections.abc import Iterable
from typing import Final

from .errors import FieldError, InvalidInput
from .merge_fields import FIELDS, example_values, fields_for, required_for
from .notices import Channel
from .sms import sms_segments, to_gsm7
from .text import clean_text
from .wording import Wording, as_text, fill, fill_line, loose_signs, slots

LONGEST: Final = {"onderwerp": 150, "kop": 100, "tekst": 4000}
SIGN_NAMES: Final = {"{": "accolade {", "}": "accolade }", "[": "haak [", "]": "haak ]"}
WITH_SUBJECT: Final = (Channel.EMAIL, Channel.PUSH, Channel.BRIEF)


def check_wording(kind: str, channel: str, wording: Wording, *, sender: str) -> Wording:
    """The text as it may be kept, cleaned. sender: name and number as they close an SMS.

    Raises InvalidInput with every fault at once, at `onderwerp`, `kop` or `tekst`: an unknown field, a required one
    that is missing or could fall away, a brace or bracket that stands alone, an SMS of which no form fits one message.
    """
    faults: list[FieldError] = []
    clean = {
        name: _clean(name, text, faults)
        for name, text in (("onderwerp", wording.subject), ("kop", wording.heading), ("tekst", wording.body))
        if name in parts_of(channel)
    }
    known = {field.name for field in fields_for(kind, channel)}
    for name, text in clean.items():
        faults += _field_faults(name, text, known)
        if name != "tekst" and "\n" in text:
            faults.append(FieldError(name, "meer_regels", "Schrijf dit op één regel."))
    named = {slot.name for slot in slots(clean.get("onderwerp", ""))}
    if channel == Channel.EMAIL and "nummer" in known - named:
        faults.append(
            FieldError("onderwerp", "veld_mist", "Zet {nummer} in het onderwerp. Zo vindt de melder het terug.")
        )
    body = clean["tekst"]
    if body:
        faults += _missing(kind, channel, body)
        if channel == Channel.SMS and not faults:
            faults += _too_long_sms(kind, body, sender)
    if faults:
        raise InvalidInput.gather(faults)
    return Wording(body=body, subject=clean.get("onderwerp", ""), heading=clean.get("kop", ""))


def parts_of(channel: str) -> tuple[str, ...]:
    """The parts that a text of this channel has."""
    if channel == Channel.EMAIL:
        return ("onderwerp", "kop", "tekst")
    return ("onderwerp", "tekst") if channel in WITH_SUBJECT else ("tekst",)


def _clean(name: str, text: str, faults: list[FieldError]) -> str:
    try:
        clean = clean_text(text, field=name, max_length=LONGEST[name])
    except InvalidInput as error:
        faults += error.fields
        return ""
    if not clean:
        faults.append(FieldError(name, "leeg", "Vul dit in. Leeg kan niet."))
    return clean


def _field_faults(name: str, text: str, known: set[str]) -> Iterable[FieldError]:
    sign = loose_signs(text)
    if sign:
        words = (
            f"Er staat een losse {SIGN_NAMES[sign]}. Schrijf een veld als {{wat}} en een knop als [Bekijk] {{link}}."
        )
        yield FieldError(name, "los_teken", words)
    unknown = dict.fromkeys(slot.name for slot in slots(text) if slot.name not in known)
    for one in unknown:
        can = ", ".join(f"{{{field}}}" for field in sorted(known))
        yield FieldError(name, "onbekend_veld", f"Het veld {{{one}}} kan hier niet. Wel: {can}.")


def _missing(kind: str, channel: str, body: str) -> Iterable[FieldError]:
    """Required fields that are not there, or that could fall away with another field in their sentence."""
    forms = [form for form in (body.split("\n") if channel == Channel.SMS else [body]) if form.strip()]
    where = "in elke regel van deze sms" if channel == Channel.SMS else "in deze tekst"
    examples = example_values(kind, channel)
    for field in sorted(required_for(kind, channel)):
        least = {name: value for name, value in examples.items() if name == field or not FIELDS[name].may_be_empty}
        if any(field not in {slot.name for slot in slots(form)} for form in forms):
            yield FieldError("tekst", "veld_mist", f"Zet het veld {{{field}}} {where}. Zonder dat mist de lezer iets.")
        elif any(least[field] not in as_text(fill(form, least)) for form in forms):
            words = f"Geef {{{field}}} een eigen zin. Nu valt het weg als een ander veld in die zin leeg is."
            yield FieldError("tekst", "veld_valt_weg", words)


def _too_long_sms(kind: str, body: str, sender: str) -> Iterable[FieldError]:
    """With example values at least one form is one message; a longer sentence of the team is shortened at sending."""
    values = example_values(kind, Channel.SMS)
    sizes = [sms_segments(to_gsm7(f"{fill_line(form, values)} {sender}")) for form in body.split("\n") if form.strip()]
    if min(size.count for size in sizes) > 1:
        most = min(size.units for size in sizes)
        room = 160 if sizes[-1].encoding == "GSM-7" else 70
        yield FieldError(
            "tekst",
            "te_lang",
            f"Deze sms is te lang. De kortste regel heeft {most} tekens, met onze naam erbij. Er passen er {room} in.",
        )

"""Phone numbers: read as Dutch people write them, kept as E.164, and shown. Sending: adapters/sms.py."""

import re
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from .errors import InvalidInput
from .sentence import say

MAX_WRITTEN: Final = 50

_MOBILE: Final = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
# Numbers that are not a person's: paid lines we would pay for, company menus, the short ones of gemeenten.
_NOT_A_PERSON: Final = (
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
)


@dataclass(frozen=True)
class Phone:
    """A number we can call. e164: "+31612345678". is_mobile: it gets SMS; a landline does not (rule 8)."""

    e164: str
    is_mobile: bool


def parse_phone(value: str, *, field: str) -> Phone:
    """A number in any Dutch or international notation: "06-12 34 56 78", "(072) 888 00 00", "0031…", "+49 …".

    Raises InvalidInput naming `field`, with a sentence that says how to mend it.
    """
    written = value.strip() if isinstance(value, str) else ""
    if not written or len(written) > MAX_WRITTEN or re.search(r"[^\W\d_]|[\x00-\x1f]", written):
        raise _refused(field)
    try:
        number = phonenumbers.parse(written, "NL")
    except NumberParseException as error:
        raise _refused(field) from error
    if number.extension:
        raise InvalidInput.of(
            field, "toestelnummer", say("Geef een telefoonnummer zonder toestelnummer of doorkiescode.")
        )
    kind = phonenumbers.number_type(number)
    if kind in _NOT_A_PERSON:
        raise InvalidInput.of(
            field,
            "geen_eigen_nummer",
            say("Op dit nummer kunnen wij u niet bellen. Geef uw mobiele of vaste nummer."),
        )
    if not phonenumbers.is_valid_number(number):
        raise _refused(field)
    return Phone(phonenumbers.format_number(number, PhoneNumberFormat.E164), kind in _MOBILE)


def _refused(field: str) -> InvalidInput:
    return InvalidInput.of(
        field,
        "telefoon_onjuist",
        say("Dit telefoonnummer klopt niet. Een Nederlands nummer heeft 10 cijfers, bijvoorbeeld 06 12 34 56 78."),
    )


def show_phone(e164: str) -> str:
    """A stored number as people here read it: "06 12 34 56 78", "072 888 0000", "+49 30 901820"."""
    number = phonenumbers.parse(e164, None)
    if number.country_code != 31:
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    shown = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    mobile = re.fullmatch(r"06 (\d\d)(\d\d)(\d\d)(\d\d)", shown)
    return " ".join(("06", *mobile.groups())) if mobile else shown

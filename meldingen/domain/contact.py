"""How a melder can be reached: what any door hands over of it, and every check that needs no database.

All of it is optional (KLANTREIS step 1). What is kept of it: store/contact.py. Which channel it gives: notices.py.
"""

from dataclasses import dataclass
from typing import Final, Literal

from email_validator import EmailNotValidError, validate_email

from .errors import FieldError, InvalidInput, gathered
from .phone import Phone, parse_phone
from .sentence import say
from .text import clean_text, is_empty

PREFERENCES: Final = ("email", "sms", "bellen", "brief")
ENVELOPE_LINES: Final = 6
MAX_NAME: Final = 100
MAX_POSTAL: Final = 200

Preference = Literal["email", "sms", "bellen", "brief"]


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


def check_email(value: object, field: str) -> str:
    """An e-mail address in the form we keep and send to: trimmed, domain in lower case and in ASCII.

    No look-up of the domain: intake never waits for the network. Raises InvalidInput naming `field`.
    """
    written = value.strip(" \t\r\n\u00a0") if isinstance(value, str) else ""
    try:
        found = validate_email(written[:320], check_deliverability=False, allow_smtputf8=False, strict=True)
    except (EmailNotValidError, UnicodeError) as error:
        raise InvalidInput.of(
            field,
            "email_onjuist",
            say("Dit e-mailadres klopt niet. Een voorbeeld van een goed adres: naam@voorbeeld.nl."),
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
    given = [value for value in (name, email, phone, postal_address) if not is_empty(value)]
    errors: list[FieldError] = []
    contact = Contact(
        name=gathered(errors, lambda: _name(name, f"{prefix}naam"), ""),
        email=gathered(errors, lambda: check_email(email, f"{prefix}email"), "") if not is_empty(email) else "",
        phone=gathered(errors, lambda: _phone(phone, f"{prefix}telefoon"), None),
        preference=gathered(errors, lambda: _preference(preference, f"{prefix}voorkeur"), None),
        only_when_done=only_when_done is True,
        night_too=night_too is True,
        postal_address=gathered(errors, lambda: _postal_address(postal_address, f"{prefix}postadres"), ""),
    )
    if given and not errors:
        errors.extend(_preference_errors(contact, f"{prefix}voorkeur"))
    if errors:
        raise InvalidInput.gather(errors)
    return contact if contact.name or contact.email or contact.phone or contact.postal_address else None


def _name(value: object, field: str) -> str:
    return "" if value is None else clean_text(value, field=field, max_length=MAX_NAME)  # type: ignore[arg-type]


def _phone(value: object, field: str) -> Phone | None:
    return None if is_empty(value) else parse_phone(value, field=field)  # type: ignore[arg-type]


def _postal_address(value: object, field: str) -> str:
    """At most six lines, one per line of the envelope."""
    written = "" if value is None else clean_text(value, field=field, max_length=MAX_POSTAL)  # type: ignore[arg-type]
    lines = [line.strip() for line in written.splitlines() if line.strip()]
    if len(lines) > ENVELOPE_LINES:
        raise InvalidInput.of(field, "te_lang", f"Op een envelop passen {ENVELOPE_LINES} regels.")
    return "\n".join(lines)


def _preference(value: object, field: str) -> Preference | None:
    if is_empty(value):
        return None
    if value not in PREFERENCES:
        raise InvalidInput.of(field, "voorkeur_onbekend", say("Kies e-mail, sms, bellen of brief."))
    return value


def _preference_errors(contact: Contact, field: str) -> list[FieldError]:
    if contact.preference == "email" and not contact.email:
        return [FieldError(field, "voorkeur_zonder_email", say("U kiest e-mail. Geef dan ook uw e-mailadres."))]
    if contact.preference == "bellen" and contact.phone is None:
        return [FieldError(field, "voorkeur_zonder_telefoon", say("U kiest bellen. Geef dan ook uw telefoonnummer."))]
    if contact.preference == "sms" and (contact.phone is None or not contact.phone.is_mobile):
        return [FieldError(field, "voorkeur_zonder_mobiel", say("U kiest sms. Geef dan ook uw mobiele nummer."))]
    if contact.preference == "brief" and not contact.postal_address:
        return [FieldError(field, "voorkeur_zonder_postadres", say("U kiest een brief. Geef dan ook een postadres."))]
    return []

"""Which stored fields are about a person and which term ends them; which words name a person; what is never public.

Tests compare the table with the models and walk it. How long each term is: retention.py. Not who may look:
domain/actor.py (SEES_CONTACT).
"""

import re
from calendar import monthrange
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal, NamedTuple

from .errors import Gone
from .retention import Term

Then = Literal["leegmaken", "verwijderen"]
Fixed = Literal["upload", "account", "open", "dag"]
"""Terms of their own: an upload (14 days), an account (5 years after its end, by hand), a request (when finished)."""


class PersonalField(NamedTuple):
    """One column that may hold something about a person, the term that ends it, and whether the column or row goes."""

    table: str
    column: str
    term: Term | Fixed
    then: Then = "leegmaken"


def _fields(table: str, term: Term | Fixed, then: Then, *columns: str) -> list[PersonalField]:
    return [PersonalField(table, column, term, then) for column in columns]


PERSONAL_FIELDS: Final = (
    *_fields("contact", Term.CONTACT, "verwijderen", "name", "email", "phone", "postal_address", "preference"),
    *_fields("push_subscription", Term.CONTACT, "verwijderen", "endpoint", "p256dh", "auth"),
    *_fields("delivery", Term.CONTACT, "leegmaken", "address"),
    *_fields("delivery", Term.MESSAGE, "leegmaken", "subject", "text", "html", "provider_id", "reason"),
    *_fields("delivery_step", Term.MESSAGE, "leegmaken", "provider_id", "reason"),
    *_fields("terugbelnotitie", Term.CALLBACK, "leegmaken", "words", "result"),
    *_fields("call_attempt", Term.CALLBACK, "leegmaken", "words"),
    *_fields("task", Term.TASK, "leegmaken", "words", "result"),
    *_fields("incoming_mail", Term.MAIL, "leegmaken", "sender", "subject", "text", "raw_key"),
    *_fields("photo", "upload", "leegmaken", "upload_key"),
    *_fields("photo", Term.PHOTO, "verwijderen", "small_key", "large_key", "sha256"),
    *_fields("melding", Term.MELDING, "verwijderen", "description", "answers", "location", "location_note", "address"),
    *_fields("opdracht", Term.MELDING, "verwijderen", "location", "location_note", "address"),
    *_fields("note", Term.MELDING, "verwijderen", "text"),
    *_fields("closure", Term.MELDING, "verwijderen", "sentence", "partner"),
    *_fields("melding_opdracht", Term.MELDING, "verwijderen", "reason"),
    *_fields("contact_view", Term.MELDING, "verwijderen", "account_id", "words"),
    *_fields("privacy_request", "open", "leegmaken", "melding_ids"),
    *_fields("concept", "dag", "verwijderen", "key", "filled", "photos"),
    *_fields("access_code", "dag", "verwijderen", "address", "address_hash"),
    *_fields("account", "account", "leegmaken", "name", "username", "email", "phone", "totp_secret"),
)

HARMLESS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        table: frozenset(columns.split())
        for table, columns in {
            "melding": "number status location_source wijk_code buurt_code flags intake_channel partner_name "
            "referred_to frozen_reason object_kind object_code desk abuse",
            "opdracht": "status urgency wijk_code buurt_code routing_reason outcome",
            "closure": "outcome reason",
            "melding_opdracht": "how made_by ended_by",
            "note": "kind made_by",
            "notice": "kind ended",
            "delivery": "channel status reference",
            "delivery_step": "status",
            "terugbelnotitie": "kind reason status",
            "call_attempt": "outcome",
            "bulk": "action facts status",
            "bulk_item": "result words",
            "task": "role kind key status",
            "incoming_mail": "sha256 kind",
            "photo": "public_id kind status reason",
            "contact_view": "context",
            "verdict": "asked via",
            "access_code": "channel",
            "journal": "kind actor facts",
            "webhook_call": "number type reason",
            "privacy_request": "kind status found_by checked_how reason proof",
            "tombstone": "number category reason batch",
        }.items()
    }
)
"""The other columns with words in tables that hang from a melding: codes, ids and words of our own. A house test asks
that each column is in one of the two lists."""

NEVER_PUBLIC_MAIN: Final = frozenset({"overlast"})
"""Main categories about persons and neighbours, whole."""

NEVER_PUBLIC: Final = frozenset(
    {
        "drugs-of-drank",
        "gevaarlijk-afval",
        "lichthinder-in-huis",
        "minicontainer-niet-geleegd",
        "naalden-of-spuiten",
        "overlast-van-personen",
        "ratten",
        "riool-bij-woning",
    }
)
"""Sub categories about persons, drugs, homes and neighbours in other main categories."""

LIMITED: Final = "beperkt"
"""The flag of a melding whose use is limited (AVG art. 18): no berichten, never public, and teams do not read it."""

BLACKED_OUT: Final = "▒▒▒"
SHORTEST_PART = 4
"""Letters of a part of a name that is blacked out by itself: "Jansen" is, "de" is not."""


def is_public_category(slug: str, main_slug: str | None, *, public: bool) -> bool:
    """Whether meldingen of this category may be on a public map or list (KLANTREIS rule 11).

    public: the gemeente's own choice; it may keep more private, never make public what is about persons.
    """
    return public and not is_about_persons(slug, main_slug)


def is_about_persons(slug: str, main_slug: str | None) -> bool:
    """Whether a category is about persons, drugs, homes or neighbours, whatever its flag says."""
    return main_slug in NEVER_PUBLIC_MAIN or slug in NEVER_PUBLIC_MAIN | NEVER_PUBLIC


def black_out(text: str, *, names: Collection[str], emails: Collection[str], phones: Collection[str]) -> str:
    """A text of somebody else without this person: his names, their longer parts, addresses and numbers.

    phones: E.164, found in any Dutch notation. For what others wrote and must keep, such as a note on shared work.
    """
    for email in filter(None, emails):
        text = re.sub(re.escape(email), BLACKED_OUT, text, flags=re.IGNORECASE)
    for phone in filter(None, phones):
        digits = phone.removeprefix("+31") if phone.startswith("+31") else phone.lstrip("+")
        gap = r"[\s().\-]*"
        text = re.sub(rf"(?:(?:\+|00){gap}31{gap}(?:\(0\))?|0)?{gap.join(digits)}(?!\d)", BLACKED_OUT, text)
    for part in sorted(set(_name_parts(names)), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(part)}(?!\w)", BLACKED_OUT, text, flags=re.IGNORECASE)
    return text


def _name_parts(names: Iterable[str]) -> Iterable[str]:
    for name in filter(None, (" ".join(one.split()) for one in names)):
        yield name
        yield from (part for part in re.split(r"[\s.,]+", name) if len(part) >= SHORTEST_PART)


def answer_before(asked_at: datetime) -> datetime:
    """A month after somebody asked about his data, or the last day of that month (AVG art. 12 lid 3)."""
    year, month = (asked_at.year + 1, 1) if asked_at.month == 12 else (asked_at.year, asked_at.month + 1)
    return asked_at.replace(year=year, month=month, day=min(asked_at.day, monthrange(year, month)[1]))


def check_not_erased(erased_at: datetime | None) -> None:
    """Raises Gone when the person of a melding was erased: nothing about him comes in again, and nothing goes out."""
    if erased_at is not None:
        raise Gone(
            "niet_meer_beschikbaar",
            "Deze melding is niet meer beschikbaar. De gegevens zijn gewist, zoals was gevraagd.",
        )

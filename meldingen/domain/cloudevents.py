"""What a partner is told of an event: a CloudEvent in the profile NL GOV 1.1, poor in information on purpose.

No personal data: a number, what happened, and where to read more. Which events, and nothing about sending them.
"""

from datetime import UTC, datetime
from typing import Any, Final

TYPES: Final = {
    "ontvangen": "melding-ontvangen",
    "doorverwezen": "melding-doorverwezen",
    "toegewezen": "melding-toegewezen",
    "opgepakt": "melding-in-behandeling",
    "ingepland": "melding-ingepland",
    "vraag_gesteld": "melding-vraag-gesteld",
    "nieuwe_datum": "melding-nieuwe-datum",
    "afgehandeld": "melding-afgehandeld",
    "teruggedraaid": "melding-in-behandeling",
    "heropend": "melding-heropend",
    "blijft_gesloten": "melding-blijft-gesloten",
    "ingetrokken": "melding-ingetrokken",
}
"""Kind of event in the journal → the type that a partner may ask for."""


def cloud_event(
    *, event_id: int, number: str, name: str, at: datetime, gemeente_slug: str, source: str, public_url: str
) -> dict[str, Any]:
    """The event in structured mode. name: one of TYPES' values. source: a urn:nld:oin, or our own address.

    The id is the same at every resend, so that a receiver can tell a double. subject: the meldingnummer, ten digits.
    """
    return {
        "specversion": "1.0",
        "id": f"{event_id}-{number}",
        "source": source,
        "type": f"nl.{gemeente_slug}.mor.{name}.v1",
        "subject": number,
        "time": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "dataref": f"{public_url}/api/v1/meldingen/{number}",
        "datacontenttype": "application/json",
        "data": {"nummer": number, "gebeurtenis": name},
    }

"""The signed links of an external party, and its open opdrachten as a mail lists them. When: party_mail.py."""

from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from ..domain import deadlines, tokens
from ..domain.notices import date_words
from ..domain.text import mask_personal
from ..settings import Settings
from ..store import party
from ..store.journal import Event
from ..store.team import Team

MOST_LINES: Final = 50
"""What a mail tells of; the rest is behind its link."""
NEW: Final = "NIEUW: "


def link_for(settings: Settings, to: Team, opdracht_id: int | None) -> str:
    """The signed address of one opdracht, or of all that is open for this party."""
    keys, generation = settings.secret_keys, to.link_generation
    token = (
        tokens.party_token(keys, to.id, generation)
        if opdracht_id is None
        else tokens.party_work_token(keys, opdracht_id, to.id, generation)
    )
    return f"{settings.public_url}/partij/{token}"


def list_of_work(session: Session, event: Event, to: Team, *, now: datetime) -> str:
    """What is open for a party, a line each: what, where, until when; what this mail is about is marked as new."""
    new, today = event.facts.get("opdracht_ids", ()), deadlines.local_day(now)
    rows = party.open_work(session, to.id, limit=MOST_LINES, scope=[to.gemeente_id])
    lines = []
    for row in rows:
        place = mask_personal(row.opdracht.address) or "zie de kaart"
        due = date_words(deadlines.last_day_of(row.opdracht.due_at), today)
        mark = NEW if row.opdracht.id in new else ""
        lines.append(f"- {mark}{row.category.name}, {place}. Uiterlijk {due}")
    return "\n".join(lines)

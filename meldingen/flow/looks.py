"""Looking at a melder's data: for a reason, and written down who looked, when and why (KLANTREIS rule 11).

Which roles may look: domain/actor.py (SEES_CONTACT); each door asks that, and for the reason, before it calls this.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..domain.errors import InvalidInput
from ..domain.text import clean_text
from ..store import contact
from ..store.contact import Contact
from ..store.melding import Melding

REASONS: Final[Mapping[str, str]] = {
    "beller": "Beller aan de lijn",
    "terugbelnotitie": "Terugbellen",
    "team": "Vraag van team",
    "privacy": "Privacyverzoek",
}
"""The ready reasons, by the code that the log keeps."""
OTHERWISE: Final = "anders"
LONGEST_REASON: Final = 100


def look(
    session: Session, about: Melding, context: str, words: str = "", *, actor: Actor, now: datetime
) -> Contact | None:
    """The melder's data, and the log of this look; None when he left none. words: of OTHERWISE, why."""
    known = contact.contact_of(session, about.id, scope=[about.gemeente_id])
    if known is not None and actor.account_id is not None:
        contact.log_view(
            session,
            gemeente_id=about.gemeente_id,
            melding_id=about.id,
            account_id=actor.account_id,
            context=context,
            words=words,
            now=now,
        )
    return known


def own_reason(words: str, field: str) -> str:
    """The reason in somebody's own words. Raises InvalidInput naming `field` without any."""
    words = clean_text(words, field=field, max_length=LONGEST_REASON)
    if not words:
        raise InvalidInput.of(field, "leeg", "Schrijf op waarom u de gegevens wilt zien.")
    return words

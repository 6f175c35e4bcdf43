"""Marking what a melder wrote as abuse or a threat, and taking that back. The opdracht goes on, the melder may melden.

What others read then: domain/abuse.py.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.abuse import BEDREIGING, WORDS
from ..domain.actor import COORDINATOR, SEES_CONTACT, STAFF_ON_OPDRACHTEN, Actor
from ..domain.errors import InvalidInput
from ..store import journal, task
from ..store.melding import Melding, lock_meldingen

THREAT_TASK = "bedreiging"


def mark_abuse(session: Session, melding: Melding, abuse: str, *, actor: Actor, now: datetime) -> None:
    """Hides what the melder wrote. A threat is at once on the list of the coordinator. The same again changes nothing.

    Raises Forbidden for who does not work with meldingen here, or for who would make a threat less; InvalidInput.
    """
    actor.require_role(melding.gemeente_id, *STAFF_ON_OPDRACHTEN)
    if abuse not in WORDS:
        raise InvalidInput.of("grof", "leeg", "Kies of de tekst grof is, of een bedreiging.")
    melding = lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])[0]
    if melding.abuse == abuse:
        return
    if melding.abuse == BEDREIGING:
        actor.require_role(melding.gemeente_id, COORDINATOR)
    _set(session, melding, abuse, actor=actor, now=now)
    if abuse == BEDREIGING:
        task.put(
            session,
            THREAT_TASK,
            gemeente_id=melding.gemeente_id,
            role=COORDINATOR,
            words="In deze melding staat een bedreiging. Lees de tekst, en beslis of er aangifte komt. "
            "Het team ziet de tekst niet. Het werk gaat door.",
            now=now,
            due_at=now,
            melding_id=melding.id,
        )


def clear_abuse(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """The text was no abuse after all: everybody reads it again. Only the coordinator says so of a threat.

    Raises Forbidden.
    """
    melding = lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])[0]
    needed = (COORDINATOR,) if melding.abuse == BEDREIGING else SEES_CONTACT
    actor.require_role(melding.gemeente_id, *needed)
    if melding.abuse:
        _set(session, melding, "", actor=actor, now=now)


def _set(session: Session, melding: Melding, abuse: str, *, actor: Actor, now: datetime) -> None:
    if melding.abuse == BEDREIGING:
        task.drop_open(session, [melding.id], kind=THREAT_TASK, now=now, scope=[melding.gemeente_id])
    facts = {"abuse": abuse, "before": melding.abuse}
    melding.abuse = abuse
    journal.record(
        session,
        "grof_gemarkeerd",
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=now,
        melding_id=melding.id,
        facts=facts,
    )

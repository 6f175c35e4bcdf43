"""Words at an opdracht: one row each, which upkeep can empty. What they are about: those who keep them say."""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..store.journal import Note
from ..store.opdracht import Opdracht


def keep_note(session: Session, opdracht: Opdracht, kind: str, text: str, *, actor: Actor, now: datetime) -> Note:
    """Words at an opdracht, as its own row; the journal only says that they came."""
    note = Note(
        gemeente_id=opdracht.gemeente_id,
        opdracht_id=opdracht.id,
        kind=kind,
        text=text,
        made_by=actor.label,
        account_id=actor.account_id,
        at=now,
    )
    session.add(note)
    session.flush()
    return note

"""What becomes of a question to a melder: answered, or the melder left. Asking it: work.py.

Only the melder who was asked can end the wait; what another melder adds is no answer.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..domain.deadlines import local_day
from ..domain.workflow import INGEPLAND, NIEUW, OPGEPAKT, WACHT_OP_MELDER
from ..store import journal
from ..store.melding import Melding
from ..store.opdracht import Opdracht
from .status import set_opdracht_status


def let_go(session: Session, opdracht: Opdracht, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """Ends the wait of a locked opdracht for this melder, if it waits for him: he answered, or will not any more."""
    asked = question_of(session, opdracht)
    if asked is not None and asked.facts["melding_id"] == melding.id:
        go_on(session, opdracht, "beantwoord", actor=actor, now=now)


def question_of(session: Session, opdracht: Opdracht) -> journal.Event | None:
    """The question a locked opdracht waits for, as its event; None when it does not wait."""
    if opdracht.status != WACHT_OP_MELDER:
        return None
    past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    return next((event for event in reversed(past) if event.kind == "vraag_gesteld"), None)


def go_on(session: Session, opdracht: Opdracht, kind: str, *, actor: Actor, now: datetime) -> None:
    """Puts a waiting opdracht back where it was: on its day when that is still to come, else taken up, else new."""
    planned = opdracht.planned_on is not None and opdracht.planned_on >= local_day(now)
    before = INGEPLAND if planned else OPGEPAKT if opdracht.taken_up_at else NIEUW
    set_opdracht_status(session, opdracht, before, now=now)
    opdracht.version += 1
    journal.record(
        session,
        kind,
        gemeente_id=opdracht.gemeente_id,
        actor=actor,
        now=now,
        opdracht_id=opdracht.id,
        facts={"status": opdracht.status, "version": opdracht.version},
    )

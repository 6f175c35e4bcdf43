"""Steps of a tablet that came too late: what they said is kept, and a person decides what becomes of it.

Who did it decides on the tablet, or a coordinator does on the list of tasks; either ends the item. Which steps are
refused is the business of status.py.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import STAFF_ON_OPDRACHTEN, Actor
from ..domain.errors import DomainError, Forbidden, NotFound
from ..domain.workflow import move_named
from ..store import journal, task
from ..store.opdracht import Opdracht, opdracht_by_id
from .notes import keep_note
from .tasks import ask_coordinator

OTHERS_NOW = ("ander_team", "andere_ogen")
"""Refusals because the work went to other people, while somebody was at it without coverage."""
DECISIONS = {
    "opnieuw": "Wie het deed, probeerde het opnieuw.",
    "notitie": "Wie het deed, liet het bij een notitie.",
    "laten": "Wie het deed, liet het zitten.",
}
"""What became of a refused step on the tablet, in words for the coordinator."""


def was_theirs(session: Session, opdracht: Opdracht, refusal: DomainError, actor: Actor) -> bool:
    """Whether what this actor did is worth keeping: the opdracht changed, or went from his team to others. Not when it
    never was his to do."""
    if not isinstance(refusal, Forbidden):
        return True
    if refusal.code not in OTHERS_NOW:
        return False
    past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    return any({e.facts.get("team_id"), e.facts.get("from_team_id")} & actor.team_ids for e in past)


def keep_refused(
    session: Session,
    opdracht: Opdracht,
    action: str,
    said: str,
    refusal: DomainError,
    operation_id: str | None,
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Keeps the words of a refused step as a note, and puts it on the coordinator's list; the same step only once."""
    words = move_named(action).words.lower()
    text = said or f"Niet uitgevoerd: {words}."
    known = journal.notes_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    if not any(n.kind == "weigering" and n.text == text and n.made_by == actor.label for n in known):
        note = keep_note(session, opdracht, "weigering", text, actor=actor, now=now)
        journal.record(
            session,
            "geweigerd",
            gemeente_id=opdracht.gemeente_id,
            actor=actor,
            now=now,
            opdracht_id=opdracht.id,
            facts={"action": action, "note_id": note.id, "status": opdracht.status},
        )
    told = f"Zonder bereik gedaan, niet uitgevoerd: {words}. {refusal.detail}"
    ask_coordinator(session, task.TABLET_CONFLICT, opdracht, told, key=_key(opdracht.id, operation_id or text), now=now)


def decide_refused(
    session: Session, opdracht_id: int, operation_id: str, decision: str, *, actor: Actor, now: datetime
) -> None:
    """Who did it decided on the tablet: one of DECISIONS. The item on the coordinator's list is done; none is fine.

    Raises NotFound, Forbidden without a role on opdrachten.
    """
    opdracht = opdracht_by_id(session, opdracht_id, scope=actor.scope)
    if opdracht is None:
        raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")
    actor.require_role(opdracht.gemeente_id, *STAFF_ON_OPDRACHTEN)
    task.finish_keyed(
        session,
        _key(opdracht_id, operation_id),
        result=DECISIONS[decision],
        account_id=actor.account_id,
        now=now,
        scope=[opdracht.gemeente_id],
    )


def _key(opdracht_id: int, operation_id: str) -> str:
    return f"{task.TABLET_CONFLICT}:{opdracht_id}:{operation_id}"

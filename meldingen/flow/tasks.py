"""Work items of a desk: who may do one, finishing it with a sentence, and asking the coordinator about an opdracht.

When there is something to ask: each its own flow. What an item asks for (phoning, opening again) is a step of its own;
the door does both in one transaction.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.actor import COORDINATOR, KCC, Actor
from ..domain.errors import Conflict, InvalidInput, NotFound, PreconditionRequired, Stale
from ..domain.text import clean_text
from ..store import gemeente, journal, task
from ..store.opdracht import Opdracht
from ..store.task import KLAAR, OPEN, Task, Whose

DESKS = (KCC, COORDINATOR)


def whose(actor: Actor) -> Whose:
    """The items of the roles this medewerker holds, per gemeente."""
    return Whose({role: actor.gemeenten_with(role) for role in DESKS if actor.gemeenten_with(role)})


def minded_by(actor: Actor) -> Whose:
    """Every item a coordinator must see done, also those of the KCC; of who coordinates nowhere: his own."""
    coordinates = actor.gemeenten_with(COORDINATOR)
    return Whose({role: actor.gemeenten_with(role) | coordinates for role in DESKS})


def ask_coordinator(
    session: Session,
    kind: str,
    opdracht: Opdracht,
    words: str,
    *,
    key: str,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    """Asks something about an opdracht, once per key. due_at: default the end of the next werkdag."""
    scope = [opdracht.gemeente_id]
    task.put(
        session,
        kind,
        gemeente_id=opdracht.gemeente_id,
        role=COORDINATOR,
        words=words,
        now=now,
        due_at=due_at or deadlines.due_at(now, 1, gemeente.closing_days(session, scope=scope)),
        key=key,
        opdracht_id=opdracht.id,
    )


def finish_task(
    session: Session, task_id: int, words: str, *, version: int | None, actor: Actor, now: datetime
) -> Task:
    """Ends an item with what was done about it. version: the one that was seen.

    Raises NotFound, Forbidden, InvalidInput without words, PreconditionRequired, Stale when a colleague was first,
    Conflict when it is finished.
    """
    row = lock_own(session, task_id, actor=actor)
    words = clean_text(words, field="tekst")
    if not words:
        raise InvalidInput.of("tekst", "leeg", "Schrijf op wat u heeft gedaan.")
    if version is None:
        raise PreconditionRequired("versie_ontbreekt", "Noem de versie die u zag, in If-Match.")
    if row.version != version:
        raise Stale("versie_verouderd", "Een collega was u voor. Bekijk de taak opnieuw.")
    if row.status != OPEN:
        raise Conflict("al_klaar", "Deze taak is al klaar.")
    row.version += 1
    row.status, row.result = KLAAR, words
    row.finished_at, row.finished_by = now, actor.account_id
    journal.record(
        session,
        "taak_klaar",
        gemeente_id=row.gemeente_id,
        actor=actor,
        now=now,
        melding_id=row.melding_id,
        opdracht_id=row.opdracht_id,
        facts={"task_id": row.id, "kind": row.kind},
    )
    return row


def lock_own(session: Session, task_id: int, *, actor: Actor) -> Task:
    """The locked item, for who holds its role or coordinates. Raises NotFound, Forbidden."""
    row = task.lock_task(session, task_id, scope=actor.scope)
    if row is None:
        raise NotFound("taak_onbekend", "Deze taak kunnen wij niet vinden.")
    actor.require_role(row.gemeente_id, row.role, COORDINATOR)
    return row

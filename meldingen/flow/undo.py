"""Undoing a closing, within the time the gemeente gives for it: everything as it was, and no melder hears of it.

Each bericht about the closing waits as long (closure.py). The melding's lock decides between a worker that begins to
send one and a person who undoes it: either the bericht ends, or the undoing is refused.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import COORDINATOR, Actor
from ..domain.delivery import BEZORGD, NIET_BEZORGD, VERZONDEN
from ..domain.errors import Conflict, Forbidden
from ..domain.workflow import AFGEHANDELD, UNDOES
from ..store import ending, journal, task
from ..store.journal import Event
from ..store.melding import Melding
from ..store.notice import Delivery, Notice, deliveries_of, notices_of
from ..store.opdracht import Closure, Opdracht, opdrachten_of
from . import chain
from .before import WITHDRAWAL_ASKED, put_back
from .status import Basis, Done, begin_move, derive_statuses, finish_move, keep_note

UNDONE = "ongedaan"


def undo_closing(session: Session, opdracht_id: int, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """Puts a closed opdracht back as it was (`terugdraaiingen`). Photos stay; the sentence stays as a note.

    Raises Forbidden for anybody but who closed it and a coordinator, Conflict when the time is up, a melder was told
    already or opened it again, and what begin_move raises.
    """
    opened = begin_move(session, UNDOES, opdracht_id, basis=basis, actor=actor, now=now)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    closing = _closing_of(session, opdracht)
    closure = session.get_one(Closure, closing.facts["closure_id"])
    if actor.account_id != closure.closed_by and not actor.has_role(opdracht.gemeente_id, COORDINATOR):
        raise Forbidden("niet_van_u", "Alleen wie dit afhandelde, of de coördinator, kan het ongedaan maken.")
    meldingen = opened.of(session, opdracht)
    _end_berichten(session, opdracht, closing, meldingen, now=now)
    facts = {"closure_id": closure.id, "event_id": closing.id}
    if closure.sentence:
        facts["note_id"] = keep_note(session, opdracht, "notitie", closure.sentence, actor=actor, now=now).id
    before = closing.facts["before"]
    finish_move(session, opened, opdracht, "teruggedraaid", actor=actor, now=now, facts=facts, to=before["status"])
    put_back(opdracht, before)
    opdracht.undo_until = None
    session.delete(closure)
    session.flush()
    task.reopen_of_opdracht(
        session, opdracht.id, dropped_at=datetime.fromisoformat(before["at"]), scope=[opdracht.gemeente_id]
    )
    derive_statuses(session, opened.meldingen.values(), now=now)
    for melding in meldingen:
        if melding.id in before["asked"] and WITHDRAWAL_ASKED not in melding.flags:
            melding.flags = [*melding.flags, WITHDRAWAL_ASKED]
    return Done(opdracht, overtaken=opened.overtaken)


def _closing_of(session: Session, opdracht: Opdracht) -> Event:
    """The event of its last closing; a closed opdracht has one."""
    past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    return [event for event in past if event.kind == "afgehandeld"][-1]


def _end_berichten(
    session: Session, opdracht: Opdracht, closing: Event, meldingen: Sequence[Melding], *, now: datetime
) -> None:
    """Ends what these locked meldingen would hear of this closing, and of an end that is none without it.

    Raises Conflict before it changes anything when one of their melders was told, or opened it again.
    """
    scope, ids = [opdracht.gemeente_id], [m.id for m in meldingen]
    linked = opdrachten_of(session, ids, scope=scope) if ids else {}
    if any(o.reopened_from_id == opdracht.id for found in linked.values() for o in found):
        raise Conflict("al_heropend", "De melder heeft de melding zelf al heropend. Ongedaan maken kan niet meer.")
    ended = {m.id: ending.last_end(session, m.id, scope=scope) for m in meldingen if m.status == AFGEHANDELD}
    undone = {closing.id, *(row.event_id for row in ended.values() if row is not None)}
    owed = [n for n in notices_of(session, ids, scope=scope) if n.event_id in undone and not n.ended] if ids else []
    if _told(session, owed, scope=scope):
        raise Conflict("al_verteld", "Een melder heeft al bericht gekregen. Ongedaan maken kan niet meer.")
    for notice in owed:
        chain.end_notice(session, notice, UNDONE, now=now)
    for row in ended.values():
        if row is not None and row.reopened_at is None:
            session.delete(row)


def _told(session: Session, owed: Sequence[Notice], *, scope: Collection[int]) -> bool:
    """Whether any of these berichten may have left."""
    made = deliveries_of(session, [notice.id for notice in owed], scope=scope) if owed else []
    return any(_may_have_left(session, delivery) for delivery in made)


def _may_have_left(session: Session, delivery: Delivery) -> bool:
    if delivery.status in (VERZONDEN, BEZORGD):
        return True
    if delivery.status == NIET_BEZORGD:
        return delivery.attempts > 0
    return not chain.sent_nothing(session, delivery)

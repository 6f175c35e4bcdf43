"""What becomes of a question to a melder: answered, repeated, given up, or the melder left. Asking it: work.py.

Only the melder who was asked can end the wait; what another melder adds is no answer.
"""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain.actor import SYSTEM, Actor
from ..domain.deadlines import local_day, pause_ends_at, reminder_at
from ..domain.workflow import INGEPLAND, NIEUW, OPGEPAKT, WACHT_OP_MELDER
from ..store import gemeente, journal
from ..store.melding import Melding
from ..store.opdracht import Opdracht, waiting_ids
from . import notices
from .apart import each_apart
from .status import derive_statuses, lock_work, set_opdracht_status


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


def mind_questions(engine: sa.Engine, *, now: datetime) -> None:
    """Repeats every question that had no answer in three werkdagen, and waits no longer than five (KLANTREIS Terms).

    Safe to do twice, late, or by two at once: each opdracht in a transaction of its own, looked at again when locked.
    """
    with transaction(engine) as session:
        scope = gemeente.served_ids(session)
        waiting = waiting_ids(session, scope=scope)
    each_apart(engine, "questions", waiting, lambda session, number: _mind(session, number, scope=scope, now=now))


def _mind(session: Session, opdracht_id: int, *, scope: Collection[int], now: datetime) -> None:
    work = lock_work(session, [opdracht_id], scope=scope)
    opdracht = work.opdrachten[opdracht_id]
    asked = question_of(session, opdracht)
    if asked is None or opdracht.paused_at is None:
        return
    closing = gemeente.closing_days(session, scope=[opdracht.gemeente_id])
    if now >= pause_ends_at(opdracht.paused_at, closing):
        go_on(session, opdracht, "niet_beantwoord", actor=SYSTEM, now=now)
        derive_statuses(session, work.meldingen.values(), now=now)
    elif now >= reminder_at(opdracht.paused_at, closing) and not _reminded(session, opdracht, asked):
        event = journal.record(
            session,
            "herinnerd",
            gemeente_id=opdracht.gemeente_id,
            actor=SYSTEM,
            now=now,
            opdracht_id=opdracht.id,
            facts={"note_id": asked.facts["note_id"], "melding_id": asked.facts["melding_id"]},
        )
        told = [m for m in work.meldingen.values() if m.id == asked.facts["melding_id"]]
        notices.announce(session, "vraag", event, told, now=now)


def _reminded(session: Session, opdracht: Opdracht, asked: journal.Event) -> bool:
    past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    return any(event.kind == "herinnerd" and event.id > asked.id for event in past)

"""Retention: what has had its term goes, every night, in small batches of which each is a transaction of its own.

Safe to do twice, late, or by two at once: a batch asks again what is due among the rows it has locked. Meldingen and
photos wait until the archivaris confirmed the terms (flow/terms.py); contact data and the words of berichten do not:
the AVG asks that of us whatever the archive says, and the record stays. What a claim or bezwaar freezes is left alone.
"""

import math
import secrets
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain.retention import CONFIRMED_ONLY, Term
from ..store import category, destruction, erasure, outbox, task
from ..store.destruction import ByCategory, Due
from ..store.gemeente import served_ids
from ..store.melding import Melding, lock_meldingen
from ..store.opdracht import lock_opdrachten, opdracht_ids_of
from . import erasure as erasing
from . import restore, terms

log = structlog.get_logger()

BATCH = 100
EXPIRED = "termijn"
GOODBYE = timedelta(days=30)
"""So long before contact data of an open melding go, the KCC is asked to tell the melder."""


@dataclass
class Batch:
    """The rows of one transaction, and what it leaves to be done after the commit. name: of the whole run."""

    session: Session
    gemeente_id: int
    ids: Sequence[int]
    term: Term
    name: str
    now: datetime
    files: list[str] = field(default_factory=list)
    lines: list[restore.Line] = field(default_factory=list)

    @property
    def scope(self) -> list[int]:
        """The one gemeente of this batch."""
        return [self.gemeente_id]


def _contacts(batch: Batch) -> None:
    for melding in lock_meldingen(batch.session, batch.ids, scope=batch.scope):
        if melding.frozen_at is None:
            erasing.forget_person(batch.session, melding, EXPIRED, now=batch.now)


def _messages(batch: Batch) -> None:
    erasure.empty_deliveries(batch.session, batch.ids, scope=batch.scope)


def _callbacks(batch: Batch) -> None:
    destruction.empty_callbacks(batch.session, batch.ids, scope=batch.scope)


def _tasks(batch: Batch) -> None:
    destruction.empty_tasks(batch.session, batch.ids, scope=batch.scope)


def _mails(batch: Batch) -> None:
    batch.files += erasure.empty_mail(batch.session, batch.ids, scope=batch.scope)


def _photos(batch: Batch) -> None:
    batch.files += erasure.take_photos(batch.session, photo_ids=batch.ids, scope=batch.scope)


def _meldingen(batch: Batch) -> None:
    stones, files = destruction.destroy_meldingen(
        batch.session, batch.ids, reason=batch.term.value, batch=batch.name, now=batch.now, scope=batch.scope
    )
    batch.files += files
    batch.lines += [restore.tombstone_line(stone) for stone in stones]


class Sweep(NamedTuple):
    """One term: which rows are due, and what is done with a batch of them."""

    term: Term
    due: Due
    work: Callable[[Batch], None]


SWEEPS = (
    Sweep(Term.CONTACT, destruction.due_contacts, _contacts),
    Sweep(Term.MESSAGE, destruction.due_messages, _messages),
    Sweep(Term.CALLBACK, destruction.due_callbacks, _callbacks),
    Sweep(Term.TASK, destruction.due_tasks, _tasks),
    Sweep(Term.MAIL, destruction.due_mails, _mails),
    Sweep(Term.PHOTO, destruction.due_photos, _photos),
    Sweep(Term.WITHDRAWN, destruction.due_withdrawn, _meldingen),
    Sweep(Term.MELDING, destruction.due_meldingen, _meldingen),
)


class Tidied(NamedTuple):
    """What a run did: rows per term. finished: False when its time was up; the next run goes on where it stopped."""

    rows: dict[Term, int]
    finished: bool


def tidy(
    engine: sa.Engine, *, now: datetime, scope: Collection[int] | None = None, budget_s: float = math.inf
) -> Tidied:
    """Ends everything that has had its term in the served gemeenten (or `scope`), for about budget_s seconds.

    What only the archivaris can let go waits for that, per gemeente; the others do not wait for it.
    """
    total = dict.fromkeys(Term, 0)
    ends_at = time.monotonic() + budget_s
    with transaction(engine) as session:
        gemeenten = sorted(served_ids(session) if scope is None else scope)
    for gemeente_id in gemeenten:
        with transaction(engine) as session:
            days = terms.by_category(session, gemeente_id)
            confirmed = terms.is_confirmed(session, gemeente_id)
            _say_goodbye(session, gemeente_id, days, now)
        run = f"{now:%Y%m%d}-{secrets.token_hex(4)}"
        for sweep in SWEEPS:
            if confirmed or sweep.term not in CONFIRMED_ONLY:
                total[sweep.term] += _sweep(engine, sweep, gemeente_id, days, run, now, ends_at=ends_at)
    log.info("retention_done", **{term.value: count for term, count in total.items() if count})
    return Tidied(total, finished=time.monotonic() < ends_at)


def _say_goodbye(session: Session, gemeente_id: int, days: ByCategory, now: datetime) -> None:
    """Who will not hear the end, because his data go while the work is open, is on somebody's list a month before."""
    going = destruction.due_contacts(days, now + GOODBYE, [gemeente_id]).subquery()
    still_open = sa.select(Melding).where(
        Melding.gemeente_id == gemeente_id, Melding.id.in_(sa.select(going.c.id)), destruction.ENDED_AT.is_(None)
    )
    for melding in session.scalars(still_open.order_by(Melding.id)):
        task.put(
            session,
            task.CONTACT_GOES,
            gemeente_id=gemeente_id,
            role="kcc",
            words="De melding is nog open, maar de gegevens van de melder gaan over een maand weg. Vertel hem hoe het "
            "staat. Wil hij het einde horen? Laat hem dan opnieuw melden, of volgen met zijn nummer en code.",
            now=now,
            due_at=now + GOODBYE,
            key=f"{task.CONTACT_GOES}:{melding.id}",
            melding_id=melding.id,
        )


def _sweep(
    engine: sa.Engine, sweep: Sweep, gemeente_id: int, days: ByCategory, run: str, now: datetime, *, ends_at: float
) -> int:
    """One term of one gemeente, batch by batch, upwards by id, so that it ends whatever happens meanwhile."""
    count, last = 0, 0
    while time.monotonic() < ends_at:
        with transaction(engine) as session:
            due = sweep.due(days, now, [gemeente_id]).subquery()
            found = session.scalars(sa.select(due.c.id).where(due.c.id > last).order_by(due.c.id).limit(BATCH)).all()
            if not found:
                break
            last = found[-1]
            ids = _still_due(session, sweep, gemeente_id, days, found, now)
            batch = Batch(session, gemeente_id, ids, sweep.term, run, now)
            if ids:
                sweep.work(batch)
            if batch.files or batch.lines:
                _promise_the_rest(batch)
        count += len(ids)
    return count


def _still_due(
    session: Session, sweep: Sweep, gemeente_id: int, days: ByCategory, ids: Sequence[int], now: datetime
) -> Sequence[int]:
    """Those that are still due under the lock. Whole meldingen: first their work, then themselves (HUIS Locks)."""
    if sweep.work is _meldingen:
        lock_opdrachten(session, opdracht_ids_of(session, ids, scope=[gemeente_id]), scope=[gemeente_id])
    if sweep.work in (_meldingen, _contacts):
        lock_meldingen(session, ids, scope=[gemeente_id])
    due = sweep.due(days, now, [gemeente_id]).subquery()
    return session.scalars(sa.select(due.c.id).where(due.c.id.in_(ids)).order_by(due.c.id)).all()


def _promise_the_rest(batch: Batch) -> None:
    """Files go and the list outside the database grows after the commit, by a row of this same transaction."""
    outbox.put(
        batch.session,
        outbox.Topic.UPKEEP,
        {
            "task": "after_erasure",
            "gemeente_id": batch.gemeente_id,
            "files": sorted(set(batch.files)),
            "lines": batch.lines,
        },
        gemeente_id=batch.gemeente_id,
        now=batch.now,
        urgency=outbox.Urgency.LATER,
    )


class Preview(NamedTuple):
    """What the next run would do for one gemeente, category and term. waits: for the word of the archivaris."""

    gemeente_id: int
    category: str
    term: Term
    rows: int
    oldest: datetime
    waits: bool


def preview(session: Session, *, scope: Collection[int], now: datetime) -> list[Preview]:
    """The dry run: what is due now, per gemeente, term and category, with the oldest. Changes nothing."""
    found = []
    for gemeente_id in sorted(scope):
        days = terms.by_category(session, gemeente_id)
        confirmed = terms.is_confirmed(session, gemeente_id)
        names = {one.id: one.name for one in category.all_categories_of(session, scope=[gemeente_id])}
        for sweep in SWEEPS:
            due = sweep.due(days, now, [gemeente_id]).subquery()
            query = sa.select(due.c.category_id, sa.func.count(), sa.func.min(due.c.since)).group_by(due.c.category_id)
            found += [
                Preview(
                    gemeente_id,
                    names.get(category_id, "Zonder categorie"),
                    sweep.term,
                    rows,
                    oldest,
                    waits=sweep.term in CONFIRMED_ONLY and not confirmed,
                )
                for category_id, rows, oldest in session.execute(query)
            ]
    return sorted(found, key=lambda one: (one.gemeente_id, list(Term).index(one.term), one.category))

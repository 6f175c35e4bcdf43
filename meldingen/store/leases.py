"""Who works on which row of the outbox: leasing, and the five ways in which a lease ends. The table: outbox.py.

One rule covers first delivery, retry, a dead relay, a dead worker and a wiped Redis: not done and due → lease again.
A lease is a token on the row. Who no longer holds the token of a row changes nothing: every function that ends a
lease asks for it and says whether it was still held. Leases are counted by the database's own clock; `due_at` by
business time, which is the parameter `now`.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import by_driver
from .outbox import OutboxEntry, Topic, Urgency
from .turns import Head, Turns, heads, take

WORKER_DIED = "De werker stopte telkens tijdens dit werk."


@dataclass(frozen=True)
class Terms:
    """How one topic is leased: how many rows together at first, for how long, and how many tries in all."""

    lot: int
    lease_s: float
    tries: int


@dataclass(frozen=True)
class Lot:
    """What one lease covers: rows of one topic and one line. It travels through the queue as these ids and no more."""

    lease: UUID
    topic: Topic
    urgent: bool
    ids: tuple[int, ...]


@dataclass(frozen=True)
class Leased:
    """One row in the hands of a worker. last_try: after a failure of this attempt it is parked."""

    id: int
    lease: UUID
    topic: str
    gemeente_id: int | None
    payload: Mapping[str, Any]
    attempts: int
    request_id: str
    last_try: bool


def lease(
    session: Session,
    lines: Collection[tuple[Topic, bool]],
    *,
    terms: Mapping[Topic, Terms],
    now: datetime,
    turns: Turns | None = None,
) -> Lot | None:
    """Leases the most urgent due row of these lines (topic, urgent), with others like it; None when nothing is due.

    turns: whose turn it is among what is equally urgent; without it the oldest goes first. A lot has as many rows of
    each gemeente that waits for the same. A row that was tried before goes alone. A row that used all its tries, its
    workers having died, is parked here. Each lease counts as an attempt. Commit before telling anybody.
    """
    turns = turns or Turns()
    waiting = heads(session, lines, now=now)
    for head in turns.in_order(waiting):
        agreed = terms[head.topic]
        alone = head.attempts > 0 or agreed.lot == 1
        same = {h.home for h in waiting if (h.topic, h.urgency) == (head.topic, head.urgency) and h.attempts == 0}
        homes, most = ({head.home}, 1) if alone else (same, agreed.lot)
        rows = take(session, head.topic, head.urgency, homes, most=most, alone=alone, now=now)
        while rows and rows[0].attempts >= agreed.tries:
            _end(session, [rows[0].id], rows[0].lease, parked_at=now, reason=rows[0].reason or WORKER_DIED)
            rows = take(session, head.topic, head.urgency, homes, most=most, alone=alone, now=now)
        if rows:
            turns.note(head.topic, {row.home for row in rows})
            return _lease_rows(session, head, [row.id for row in rows], agreed)
    return None


def _lease_rows(session: Session, head: Head, ids: list[int], agreed: Terms) -> Lot:
    token = uuid4()
    session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id.in_(ids))
        .values(lease=token, lease_until=_until(agreed.lease_s), attempts=OutboxEntry.attempts + 1)
        .execution_options(synchronize_session=False)
    )
    return Lot(token, head.topic, head.urgency < Urgency.NORMAL, tuple(ids))


_FINISH = """
    UPDATE outbox SET lease = NULL, lease_until = NULL, done_at = %(now)s, reason = ''
    WHERE id = ANY((SELECT CAST(%(ids)s AS bigint[]))::bigint[]) AND lease = %(token)s
    AND done_at IS NULL AND parked_at IS NULL RETURNING id
"""
"""`_end` for the one way in which nearly every lease ends: built once, and by a plan that is kept (see closing.py)."""


def renew(session: Session, ids: Sequence[int], token: UUID, *, terms: Terms) -> list[Leased]:
    """Takes over the rows that still carry `token`, under a new one and for a whole lease; most urgent first.

    The new token makes a second delivery of the same job find nothing. Rows that were leased anew, finished or parked
    in the meantime are left out. A lease that ran out unnoticed is still good.
    """
    taken = session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id.in_(ids), OutboxEntry.lease == token, _unfinished())
        .values(lease=uuid4(), lease_until=_until(terms.lease_s))
        .returning(
            OutboxEntry.id,
            OutboxEntry.lease,
            OutboxEntry.topic,
            OutboxEntry.gemeente_id,
            OutboxEntry.payload,
            OutboxEntry.attempts,
            OutboxEntry.request_id,
        )
        .execution_options(synchronize_session=False)
    ).all()
    place = {entry_id: index for index, entry_id in enumerate(ids)}
    held = [Leased(**r._mapping, last_try=r.attempts >= terms.tries) for r in taken]
    return sorted(held, key=lambda entry: place[entry.id])


def finish(session: Session, entry: Leased, *, now: datetime) -> bool:
    """The work is done. False: the lease was lost, so somebody else does it; roll back what must happen once."""
    return finish_lot(session, [entry], now=now)


def finish_lot(session: Session, entries: Sequence[Leased], *, now: datetime) -> bool:
    """The same for rows of one lease together. False: the lease of any of them was lost."""
    asked = {"ids": [entry.id for entry in entries], "token": entries[0].lease, "now": now}
    return len(by_driver(session, _FINISH, asked)) == len(entries)


def postpone(session: Session, entry: Leased, *, due_at: datetime, reason: str) -> bool:
    """It failed and is tried again at `due_at`. reason: for operators, no personal data."""
    return _end(session, [entry.id], entry.lease, due_at=due_at, reason=reason)


def park(session: Session, entry: Leased, *, now: datetime, reason: str) -> bool:
    """It is given up until a person says "again". reason: for operators, no personal data."""
    return _end(session, [entry.id], entry.lease, parked_at=now, reason=reason)


def hold(session: Session, entry: Leased, *, due_at: datetime) -> bool:
    """Its moment has not come (quiet hours): not before `due_at`. This was no attempt."""
    return _end(session, [entry.id], entry.lease, due_at=due_at, attempts=OutboxEntry.attempts - 1)


def give_back(session: Session, ids: Sequence[int], token: UUID) -> bool:
    """These rows were leased and not tried: at once free for others. This was no attempt."""
    return _end(session, ids, token, attempts=OutboxEntry.attempts - 1)


def pull_forward(session: Session, *, since: datetime, until: datetime) -> int:
    """Makes due at `since` what is due after it and not after `until`; how many rows. For time that went back: all of
    it was due already. What has to wait for its own reasons (quiet hours) says so again when it is tried."""
    moved = session.execute(
        sa.update(OutboxEntry)
        .where(_unfinished(), OutboxEntry.due_at > since, OutboxEntry.due_at <= until)
        .values(due_at=since)
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(moved)


def again(session: Session, entry_id: int, *, now: datetime) -> bool:
    """A person wants a parked row tried anew, from its first attempt. False when it is not parked (any more)."""
    changed = session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, OutboxEntry.parked_at.is_not(None), OutboxEntry.done_at.is_(None))
        .values(parked_at=None, attempts=0, due_at=now, lease=None, lease_until=None)
        .returning(OutboxEntry.id)
    ).all()
    session.info["outbox"] = session.info.get("outbox") or bool(changed)
    return bool(changed)


def _until(lease_s: float) -> sa.ColumnElement[datetime]:
    return sa.func.now() + sa.cast(timedelta(seconds=lease_s), sa.Interval)


def _unfinished() -> sa.ColumnElement[bool]:
    return sa.and_(OutboxEntry.done_at.is_(None), OutboxEntry.parked_at.is_(None))


def _end(session: Session, ids: Sequence[int], token: UUID | None, **values: Any) -> bool:
    """Ends a lease with `values`; whether `token` was still the lease of every one of these rows."""
    ended = session.execute(
        sa.update(OutboxEntry)
        .where(OutboxEntry.id.in_(ids), OutboxEntry.lease == token, _unfinished())
        .values(lease=None, lease_until=None, **values)
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    ).all()
    return len(ended) == len(ids)

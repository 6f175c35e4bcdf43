"""Work that was given up, with what it is about, for the people who must look. The rows themselves: outbox.py."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .melding import Melding
from .notice import Delivery, Notice
from .outbox import OutboxEntry, Topic
from .photo import Photo
from .team import Team


@dataclass(frozen=True)
class DeadLetter:
    """One parked row. kind: of the bericht; task: of upkeep. number "": it is about no melding (any more)."""

    id: int
    gemeente_id: int | None
    topic: str
    created_at: datetime
    parked_at: datetime
    attempts: int
    reason: str
    kind: str
    task: str
    number: str
    team: str


def count_dead_letters(session: Session, *, scope: Collection[int], loose: bool) -> int:
    """How many there are in these gemeenten; loose: also what belongs to the installation as a whole."""
    return session.scalar(sa.select(sa.func.count()).select_from(OutboxEntry).where(_of(scope, loose))) or 0


def list_dead_letters(session: Session, *, scope: Collection[int], loose: bool, limit: int) -> Sequence[DeadLetter]:
    """The parked rows, oldest first, with what each is about."""
    entry = OutboxEntry

    def about(table: Any, column: Any, key: str) -> sa.ColumnElement[bool]:
        there = sa.cast(entry.payload[key].astext, sa.BigInteger)
        return sa.and_(column == there, table.gemeente_id == entry.gemeente_id)

    notice_id = sa.func.coalesce(sa.cast(entry.payload["notice_id"].astext, sa.BigInteger), Delivery.notice_id)
    melding_id = sa.func.coalesce(
        sa.cast(entry.payload["melding_id"].astext, sa.BigInteger), Notice.melding_id, Photo.melding_id
    )
    query = (
        sa.select(
            entry.id,
            entry.gemeente_id,
            entry.topic,
            entry.created_at,
            entry.parked_at,
            entry.attempts,
            entry.reason,
            sa.func.coalesce(Notice.kind, ""),
            sa.func.coalesce(entry.payload["task"].astext, ""),
            sa.func.coalesce(Melding.number, ""),
            sa.func.coalesce(Team.name, ""),
        )
        .outerjoin(Delivery, about(Delivery, Delivery.id, "delivery_id"))
        .outerjoin(Notice, sa.and_(Notice.id == notice_id, Notice.gemeente_id == entry.gemeente_id))
        .outerjoin(Photo, about(Photo, Photo.id, "photo_id"))
        .outerjoin(Melding, sa.and_(Melding.id == melding_id, Melding.gemeente_id == entry.gemeente_id))
        .outerjoin(Team, sa.and_(Team.id == Notice.team_id, Team.gemeente_id == entry.gemeente_id))
        .where(_of(scope, loose))
        .order_by(entry.parked_at, entry.id)
        .limit(limit)
    )
    return [DeadLetter(*row) for row in session.execute(query)]


def lock_dead_letter(session: Session, entry_id: int, *, scope: Collection[int], loose: bool) -> OutboxEntry | None:
    """One parked row in scope, locked and read afresh; None when somebody was first."""
    query = sa.select(OutboxEntry).where(OutboxEntry.id == entry_id, _of(scope, loose)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def finish_by_hand(session: Session, entry: OutboxEntry, *, now: datetime, scope: Collection[int]) -> None:
    """Ends a locked parked row: nobody does this work any more."""
    assert entry.gemeente_id is None or entry.gemeente_id in scope, "locked in scope"
    entry.done_at = now
    session.flush()


def is_about_bericht(entry: OutboxEntry) -> bool:
    """Whether this row sends a bericht."""
    return entry.topic == Topic.NOTICE.value


def _of(scope: Collection[int], loose: bool) -> sa.ColumnElement[bool]:
    mine = OutboxEntry.gemeente_id.in_(scope)
    whose = sa.or_(mine, OutboxEntry.gemeente_id.is_(None)) if loose else mine
    return sa.and_(OutboxEntry.parked_at.is_not(None), OutboxEntry.done_at.is_(None), whose)

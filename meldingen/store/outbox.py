"""The outbox: every promise to the outside as a row in the transaction that made it. Redis is transport; this is truth.

Here the table, putting a row, and looking. Who works on a row, and how that ends: leases.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Id, Moment


class Topic(StrEnum):
    """What is to be done; each has one handler in workers/jobs.py."""

    ROUTE = "toewijzen"
    PHOTO = "foto"
    NOTICE = "bericht"
    RECEIPT = "ontvangstbewijs"
    WEBHOOK = "webhook"
    UPKEEP = "onderhoud"


class Urgency:
    """Lower goes first."""

    SPOED = 0
    NORMAL = 50
    PHOTO = 60
    LATER = 90


class OutboxEntry(Base):
    """One thing to do. payload: ids only. key: unique when given, so that two clocks do no harm.

    order_key: of one melding only the oldest unfinished row can be leased. lease: the token of who holds it.
    parked_at: after the last try; visible to people with its reason and an "again" button.
    """

    __tablename__ = "outbox"

    id: Mapped[Id]
    gemeente_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("gemeente.id"))
    topic: Mapped[str] = mapped_column(sa.Text)
    urgency: Mapped[int] = mapped_column(sa.SmallInteger)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    request_id: Mapped[str] = mapped_column(sa.Text, server_default="")
    key: Mapped[str | None] = mapped_column(sa.Text, unique=True)
    order_key: Mapped[str | None] = mapped_column(sa.Text)
    due_at: Mapped[Moment]
    created_at: Mapped[Moment]
    attempts: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    lease: Mapped[UUID | None]
    lease_until: Mapped[Moment | None]
    done_at: Mapped[Moment | None]
    parked_at: Mapped[Moment | None]
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")

    __table_args__ = (
        sa.Index(
            "ix_outbox_line",  # whose turn it is: turns.py
            "topic",
            "urgency",
            sa.text("coalesce(gemeente_id, 0)"),
            "due_at",
            "id",
            postgresql_where=sa.text("done_at IS NULL AND parked_at IS NULL"),
        ),
        sa.Index(
            "ix_outbox_order_key",
            "order_key",
            "id",
            postgresql_where=sa.text("done_at IS NULL AND order_key IS NOT NULL"),
        ),
        sa.Index(
            "ix_outbox_parked",
            "parked_at",
            postgresql_where=sa.text("parked_at IS NOT NULL AND done_at IS NULL"),
        ),
        sa.Index("ix_outbox_done_at", "done_at", postgresql_where=sa.text("done_at IS NOT NULL")),
    )


def put(
    session: Session,
    topic: Topic,
    payload: Mapping[str, Any],
    *,
    gemeente_id: int | None,
    now: datetime,
    due_at: datetime | None = None,
    urgency: int = Urgency.NORMAL,
    key: str | None = None,
    order_key: str | None = None,
    request_id: str = "",
) -> None:
    """Adds one row to the caller's transaction and nothing else. A `key` that is there already changes nothing.

    request_id: default that of the request or job whose transaction this is.
    """
    session.execute(
        insert(OutboxEntry)
        .values(
            gemeente_id=gemeente_id,
            topic=topic.value,
            urgency=urgency,
            payload=dict(payload),
            request_id=request_id or session.info.get("request_id", ""),
            key=key,
            order_key=order_key,
            due_at=due_at or now,
            created_at=now,
        )
        .on_conflict_do_nothing(index_elements=["key"])
    )
    session.info["outbox"] = True  # the door wakes the relay after its commit


def is_waiting(session: Session, topic: Topic, order_key: str) -> bool:
    """Whether some work of this topic is neither done nor given up for this order key."""
    query = sa.select(OutboxEntry.id).where(
        OutboxEntry.order_key == order_key,
        OutboxEntry.topic == topic.value,
        OutboxEntry.done_at.is_(None),
        OutboxEntry.parked_at.is_(None),
    )
    return session.scalar(query.limit(1)) is not None


def due_notices(session: Session, melding_id: int, *, now: datetime) -> set[int]:
    """The ids of the notices about a melding that may be sent now, or are being sent."""
    query = sa.select(OutboxEntry.payload["notice_id"].as_integer()).where(
        OutboxEntry.order_key == f"melding:{melding_id}",
        OutboxEntry.topic == Topic.NOTICE.value,
        OutboxEntry.done_at.is_(None),
        OutboxEntry.parked_at.is_(None),
        OutboxEntry.due_at <= now,
    )
    return set(session.scalars(query))


def parked_entries(session: Session) -> Sequence[OutboxEntry]:
    """What was given up, oldest first, for people to see."""
    query = sa.select(OutboxEntry).where(OutboxEntry.parked_at.is_not(None), OutboxEntry.done_at.is_(None))
    return session.scalars(query.order_by(OutboxEntry.parked_at, OutboxEntry.id)).all()


@dataclass(frozen=True)
class Backlog:
    """How one topic stands: rows to do (due or not), of which due, of which parked, and the age of the oldest due."""

    topic: str
    waiting: int
    due: int
    parked: int
    oldest_due_s: float


def backlog(session: Session, *, now: datetime) -> Sequence[Backlog]:
    """What is unfinished, per topic by name; topics without are left out."""
    entry = OutboxEntry
    parked = entry.parked_at.is_not(None)
    due = sa.and_(entry.parked_at.is_(None), entry.due_at <= now)
    query = (
        sa.select(
            entry.topic,
            sa.func.count().filter(~parked).label("waiting"),
            sa.func.count().filter(due).label("due"),
            sa.func.count().filter(parked).label("parked"),
            sa.func.min(entry.due_at).filter(due).label("oldest"),
        )
        .where(entry.done_at.is_(None))
        .group_by(entry.topic)
        .order_by(entry.topic)
    )
    return [
        Backlog(r.topic, r.waiting, r.due, r.parked, max(0.0, (now - r.oldest).total_seconds()) if r.oldest else 0.0)
        for r in session.execute(query)
    ]

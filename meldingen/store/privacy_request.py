"""Requests of people about their own data, and the proof of what was done, which holds no personal data."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, one_of, own

KINDS = ("inzage", "correctie", "verwijdering", "beperking")
OPEN, GECONTROLEERD, UITGEVOERD, AFGEWEZEN = "open", "gecontroleerd", "uitgevoerd", "afgewezen"


class PrivacyRequest(OfGemeente, Base):
    """One request. melding_ids: what it is about, empty when it is finished. found_by: `email`, `telefoon`, `nummer`.

    checked_how: how the KCC made sure who asks: `email`, `sms`, `balie`. The code that was sent is not stored: it
    follows from the row and code_number (domain/tokens.py). due_at: a month after asked_at (AVG art. 12).
    proof: what was done, in counts, codes and hashes.
    """

    __tablename__ = "privacy_request"

    kind: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text, server_default=OPEN)
    melding_ids: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.BigInteger), server_default="{}")
    found_by: Mapped[str] = mapped_column(sa.Text, server_default="")
    asked_at: Mapped[Moment]
    due_at: Mapped[Moment]
    made_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    code_number: Mapped[int] = mapped_column(server_default="0")
    code_sent_at: Mapped[Moment | None]
    code_tries: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    checked_how: Mapped[str] = mapped_column(sa.Text, server_default="")
    checked_at: Mapped[Moment | None]
    checked_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    finished_at: Mapped[Moment | None]
    finished_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    proof: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))

    __table_args__ = own(
        one_of("kind", KINDS),
        one_of("status", (OPEN, GECONTROLEERD, UITGEVOERD, AFGEWEZEN)),
        sa.Index("ix_privacy_request_due_at", "gemeente_id", "due_at"),
    )


def open_requests(session: Session, *, scope: Collection[int]) -> Sequence[PrivacyRequest]:
    """What is still to be answered, what is late first."""
    query = sa.select(PrivacyRequest).where(
        PrivacyRequest.gemeente_id.in_(scope), PrivacyRequest.status.in_((OPEN, GECONTROLEERD))
    )
    return session.scalars(query.order_by(PrivacyRequest.due_at, PrivacyRequest.id)).all()


def finished_requests(session: Session, *, scope: Collection[int], limit: int = 50) -> Sequence[PrivacyRequest]:
    """What was answered, the newest first."""
    query = sa.select(PrivacyRequest).where(
        PrivacyRequest.gemeente_id.in_(scope), PrivacyRequest.status.in_((UITGEVOERD, AFGEWEZEN))
    )
    return session.scalars(query.order_by(PrivacyRequest.finished_at.desc()).limit(limit)).all()


def request_by_id(session: Session, request_id: int, *, scope: Collection[int]) -> PrivacyRequest | None:
    """One request in scope."""
    return session.scalar(
        sa.select(PrivacyRequest).where(PrivacyRequest.id == request_id, PrivacyRequest.gemeente_id.in_(scope))
    )


def lock_request(session: Session, request_id: int, *, scope: Collection[int]) -> PrivacyRequest | None:
    """Locks one request and reads it afresh."""
    mine = sa.and_(PrivacyRequest.id == request_id, PrivacyRequest.gemeente_id.in_(scope))
    query = sa.select(PrivacyRequest).where(mine).with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)

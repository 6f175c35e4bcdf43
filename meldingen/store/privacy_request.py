"""Requests of people about their own data, and the proof of what was done, which holds no personal data."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, one_of, own

KINDS = ("inzage", "correctie", "verwijdering", "beperking")
OPEN, GECONTROLEERD, UITGEVOERD, AFGEWEZEN = "open", "gecontroleerd", "uitgevoerd", "afgewezen"


class PrivacyRequest(OfGemeente, Base):
    """One request. melding_ids: what it is about. checked_how: how the KCC made sure who asks, as a code.

    due_at: a month after asked_at (AVG art. 12). proof: what was done, in counts, codes and hashes.
    """

    __tablename__ = "privacy_request"

    kind: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text, server_default=OPEN)
    melding_ids: Mapped[list[int]] = mapped_column(sa.ARRAY(sa.BigInteger), server_default="{}")
    asked_at: Mapped[Moment]
    due_at: Mapped[Moment]
    made_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
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

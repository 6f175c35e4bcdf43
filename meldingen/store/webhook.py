"""Partners that want to hear of events at their own address, and what they were sent."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, Ref, own, refers


class Webhook(OfGemeente, Base):
    """One address of a partner. kinds: the types of event it asked for. secret: for the HMAC over each message."""

    __tablename__ = "webhook"

    name: Mapped[str] = mapped_column(sa.Text)
    url: Mapped[str] = mapped_column(sa.Text)
    secret: Mapped[str] = mapped_column(sa.Text)
    kinds: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{}")
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    created_at: Mapped[Moment]

    __table_args__ = own(sa.UniqueConstraint("gemeente_id", "name"))


class WebhookCall(OfGemeente, Base):
    """One event to one address, once; sent_at empty: not taken yet. maybe_double: sent again after silence."""

    __tablename__ = "webhook_call"

    webhook_id: Mapped[Ref]
    event_id: Mapped[Ref]
    attempts: Mapped[int] = mapped_column(server_default="0")
    maybe_double: Mapped[bool] = mapped_column(server_default=sa.false())
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    created_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]

    __table_args__ = own(
        refers("webhook_id", "webhook", ondelete="CASCADE"),
        sa.UniqueConstraint("webhook_id", "event_id"),
    )

"""Where a melder's device wants its push messages: at most one subscription per melding, the newest."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .melding import Melding
from .table import Moment, OfGemeente, Ref, own, refers


class PushSubscription(OfGemeente, Base):
    """One device (RFC 8030, 8291). endpoint: an https address at the browser's push service; p256dh, auth: its keys.

    refused_at: the push service said it is gone (404 or 410).
    """

    __tablename__ = "push_subscription"

    melding_id: Mapped[Ref]
    endpoint: Mapped[str] = mapped_column(sa.Text)
    p256dh: Mapped[str] = mapped_column(sa.Text)
    auth: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[Moment]
    refused_at: Mapped[Moment | None]

    __table_args__ = own(
        sa.UniqueConstraint("gemeente_id", "melding_id"),
        refers("melding_id", "melding", ondelete="CASCADE"),
    )

    @property
    def address(self) -> str:
        """The device in one line, as a delivery copies it: endpoint and the two keys, with a space between."""
        return f"{self.endpoint} {self.p256dh} {self.auth}"


def subscription_of(session: Session, melding_id: int, *, scope: Collection[int]) -> PushSubscription | None:
    """The device of a melding's melder, refused or not."""
    query = sa.select(PushSubscription).where(PushSubscription.melding_id == melding_id)
    mine = query.where(PushSubscription.gemeente_id.in_(scope))
    return session.scalar(mine.execution_options(populate_existing=True))


def keep_subscription(
    session: Session, melding: Melding, *, endpoint: str, p256dh: str, auth: str, now: datetime
) -> None:
    """Writes the device of a melding's melder, in the place of an earlier one."""
    facts = {"endpoint": endpoint, "p256dh": p256dh, "auth": auth, "created_at": now, "refused_at": None}
    session.execute(
        insert(PushSubscription)
        .values(gemeente_id=melding.gemeente_id, melding_id=melding.id, **facts)
        .on_conflict_do_update(index_elements=["gemeente_id", "melding_id"], set_=facts)
    )


def subscriptions_of(
    session: Session, melding_ids: Collection[int], *, scope: Collection[int]
) -> dict[int, PushSubscription]:
    """The devices of the melders of several meldingen, by melding id, refused or not."""
    query = sa.select(PushSubscription).where(
        PushSubscription.melding_id.in_(melding_ids), PushSubscription.gemeente_id.in_(scope)
    )
    return {device.melding_id: device for device in session.scalars(query)}


def delete_subscription(session: Session, melding_id: int, *, scope: Collection[int]) -> None:
    """Forgets the device of a melding's melder."""
    mine = sa.and_(PushSubscription.melding_id == melding_id, PushSubscription.gemeente_id.in_(scope))
    session.execute(sa.delete(PushSubscription).where(mine))

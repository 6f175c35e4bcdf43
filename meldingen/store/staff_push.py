"""The devices on which a medewerker takes push messages. What goes there: flow/alarm.py; a melder's: store/push.py."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Id, Moment


class StaffPush(Base):
    """One device (RFC 8030, 8291) of a medewerker, who belongs to no gemeente. A device that is gone has no row."""

    __tablename__ = "staff_push"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id", ondelete="CASCADE"))
    endpoint: Mapped[str] = mapped_column(sa.Text)
    p256dh: Mapped[str] = mapped_column(sa.Text)
    auth: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[Moment]

    __table_args__ = (sa.UniqueConstraint("account_id", "endpoint"),)

    @property
    def address(self) -> str:
        """The device in one line, as a delivery copies it: endpoint and the two keys, with a space between."""
        return f"{self.endpoint} {self.p256dh} {self.auth}"


def devices_of(session: Session, account_ids: Collection[int]) -> Sequence[StaffPush]:
    """The devices of these medewerkers, oldest first."""
    query = sa.select(StaffPush).where(StaffPush.account_id.in_(account_ids))
    return session.scalars(query.order_by(StaffPush.id)).all()


def device_by_id(session: Session, device_id: int) -> StaffPush | None:
    """One device, if it still is there."""
    return session.get(StaffPush, device_id)


def keep_device(session: Session, account_id: int, *, endpoint: str, p256dh: str, auth: str, now: datetime) -> None:
    """Writes a device of a medewerker; the same device again gets its new keys."""
    keys = {"p256dh": p256dh, "auth": auth, "created_at": now}
    session.execute(
        insert(StaffPush)
        .values(account_id=account_id, endpoint=endpoint, **keys)
        .on_conflict_do_update(index_elements=["account_id", "endpoint"], set_=keys)
    )


def delete_device(session: Session, account_id: int, endpoint: str) -> None:
    """Forgets one device of a medewerker."""
    mine = sa.and_(StaffPush.account_id == account_id, StaffPush.endpoint == endpoint)
    session.execute(sa.delete(StaffPush).where(mine))


def delete_device_by_id(session: Session, device_id: int, address: str) -> None:
    """Forgets a device that its push service does not know any more; not one that gave new keys since."""
    device = session.get(StaffPush, device_id)
    if device is not None and device.address == address:
        session.delete(device)
        session.flush()

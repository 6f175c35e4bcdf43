"""One-time codes with which a melder opens his meldingen on another device. The code itself is derived, not stored."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .contact import Contact
from .melding import Melding
from .table import Moment, OfGemeente, one_of, own

EMAIL: Final = "email"
SMS: Final = "sms"


class AccessCode(OfGemeente, Base):
    """One code that was asked for. address: where it goes, emptied when it was used or nobody is known by it;
    address_hash finds it again (domain/tokens.py). channel: `email` or `sms`. used_at: it opens nothing more."""

    __tablename__ = "access_code"

    address_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    address: Mapped[str] = mapped_column(sa.Text, server_default="")
    channel: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[Moment]
    tries: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    used_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = own(
        one_of("channel", (EMAIL, SMS)),
        sa.Index("ix_access_code_address_hash", "gemeente_id", "address_hash", "made_at"),
        sa.Index("ix_access_code_made_at", "made_at"),
    )


def count_codes(session: Session, prints: Collection[bytes], since: datetime, *, scope: Collection[int]) -> int:
    """How many codes were asked for this address since a moment."""
    query = sa.select(sa.func.count()).select_from(AccessCode).where(_asked(prints, since, scope))
    return int(session.execute(query).scalar_one())


def lock_newest_code(
    session: Session, prints: Collection[bytes], since: datetime, *, scope: Collection[int]
) -> AccessCode | None:
    """Locks the last code that was asked for this address since a moment."""
    query = sa.select(AccessCode).where(_asked(prints, since, scope)).order_by(AccessCode.id.desc()).limit(1)
    return session.scalar(query.with_for_update())


def lock_code(session: Session, code_id: int, *, scope: Collection[int]) -> AccessCode | None:
    """Locks one code and reads it afresh."""
    mine = sa.and_(AccessCode.id == code_id, AccessCode.gemeente_id.in_(scope))
    query = sa.select(AccessCode).where(mine).with_for_update().execution_options(populate_existing=True)
    return session.scalar(query)


def code_by_id(session: Session, code_id: int, *, scope: Collection[int]) -> AccessCode | None:
    """One code in scope."""
    return session.scalar(sa.select(AccessCode).where(AccessCode.id == code_id, AccessCode.gemeente_id.in_(scope)))


def meldingen_at(
    session: Session, channel: str, address: str, since: datetime, *, limit: int, scope: Collection[int]
) -> Sequence[Melding]:
    """The newest meldingen received since a moment whose melder has this e-mail address (lower case) or phone."""
    same = sa.func.lower(Contact.email) == address if channel == EMAIL else Contact.phone == address
    query = (
        sa.select(Melding)
        .join(Contact, sa.and_(Contact.melding_id == Melding.id, Contact.gemeente_id == Melding.gemeente_id))
        .where(Melding.gemeente_id.in_(scope), Melding.erased_at.is_(None), Melding.received_at >= since, same)
        .where((Contact.email if channel == EMAIL else Contact.phone) != "")
    )
    return session.scalars(query.order_by(Melding.received_at.desc(), Melding.id.desc()).limit(limit)).all()


def _asked(prints: Collection[bytes], since: datetime, scope: Collection[int]) -> sa.ColumnElement[bool]:
    return sa.and_(AccessCode.gemeente_id.in_(scope), AccessCode.address_hash.in_(prints), AccessCode.made_at >= since)

"""One-time codes with which a melder opens his meldingen on another device. The code itself is derived, not stored."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, one_of, own


class AccessCode(OfGemeente, Base):
    """One code that was asked for. address: where it goes, emptied once sent; address_hash finds it again (keyed hash,
    domain/tokens.py). channel: `email` or `sms`. used_at: it opened something, and opens nothing more."""

    __tablename__ = "access_code"

    address_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    address: Mapped[str] = mapped_column(sa.Text, server_default="")
    channel: Mapped[str] = mapped_column(sa.Text)
    made_at: Mapped[Moment]
    tries: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    used_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))

    __table_args__ = own(
        one_of("channel", ("email", "sms")),
        sa.Index("ix_access_code_address_hash", "gemeente_id", "address_hash", "made_at"),
        sa.Index("ix_access_code_made_at", "made_at"),
    )

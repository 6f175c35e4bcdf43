"""The one row that moves business time in local mode; `db.business_now` reads it."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base


class Clock(Base):
    """Seconds added to machine time; always one row, zero outside local mode."""

    __tablename__ = "klok"

    single: Mapped[bool] = mapped_column(primary_key=True, server_default=sa.true())
    offset_s: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")

    __table_args__ = (sa.CheckConstraint("single", name="single"),)

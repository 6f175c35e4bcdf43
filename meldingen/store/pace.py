"""How fast each provider may be fed: one row per channel, of the whole installation."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Moment


class Pace(Base):
    """free_at: the moment (business time) from which this channel has room again."""

    __tablename__ = "pace"

    channel: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    free_at: Mapped[Moment]

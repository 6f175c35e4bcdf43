"""How fast each provider may be fed: one row per channel, of the whole installation."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Moment

MINUTE = timedelta(minutes=1)
SAVED_UP = timedelta(seconds=10)
"""So much of its pace a channel may catch up after a lull: a few messages at once do not wait for each other."""


class Pace(Base):
    """free_at: the moment (business time) from which this channel has room again."""

    __tablename__ = "pace"

    channel: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    free_at: Mapped[Moment]


def take_slot(session: Session, channel: str, *, per_minute: int, now: datetime) -> datetime:
    """The moment at which one message may go, taken for good: in the past when it may go now.

    One statement (GCRA, the leaky bucket as a meter); others on this channel wait until the caller commits.
    """
    step = MINUTE / per_minute
    earliest = sa.func.greatest(Pace.free_at, now - SAVED_UP)
    taken = (
        insert(Pace)
        .values(channel=channel, free_at=now - SAVED_UP + step)
        .on_conflict_do_update(index_elements=["channel"], set_={"free_at": earliest + step})
        .returning(Pace.free_at)
    )
    return session.scalars(taken).one() - step


def rest_until(session: Session, channel: str, moment: datetime) -> None:
    """The provider asks us to stay away: whoever comes next gets a slot after that."""
    asked = insert(Pace).values(channel=channel, free_at=moment)
    later = sa.func.greatest(Pace.free_at, asked.excluded.free_at)
    session.execute(asked.on_conflict_do_update(index_elements=["channel"], set_={"free_at": later}))

"""How fast each provider may be fed, by the whole installation, and whose turn it is among the gemeenten.

A bericht first waits in the line of its own gemeente, which moves as fast as its share allows; then it passes the gate
of the provider, which counts for all. So 20,000 berichten of one gemeente do not stand before one of another.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Moment

MINUTE = timedelta(minutes=1)
SAVED_UP = timedelta(seconds=10)
"""So much of its pace a channel may catch up after a lull: a few messages at once do not wait for each other."""
LEEWAY = timedelta(seconds=2)
"""So much too soon the gate still opens: who wakes up a moment early need not go back in line."""
GATE = 0


class Pace(Base):
    """free_at: the moment (business time) from which there is room again. home: the gemeente in whose line; 0 (GATE):
    the provider itself."""

    __tablename__ = "pace"

    channel: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    home: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    free_at: Mapped[Moment]


def take_slot(session: Session, channel: str, *, home: int, per_minute: int, now: datetime) -> datetime:
    """The moment of one message in the line of this gemeente, taken for good: in the past when it may go now.

    One statement (GCRA, the leaky bucket as a meter). The more gemeenten have a line, the slower each of them moves;
    others in this line wait until the caller commits.
    """
    others = sa.select(sa.func.count()).where(
        Pace.channel == channel, Pace.home.not_in((GATE, home)), Pace.free_at > now
    )
    seconds = MINUTE.total_seconds() / per_minute * (1 + others.scalar_subquery())
    step = sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds, type_=sa.Interval())
    earliest = sa.func.greatest(Pace.free_at, now - SAVED_UP)
    taken = (
        insert(Pace)
        .values(channel=channel, home=home, free_at=sa.literal(now - SAVED_UP, Pace.free_at.type) + step)
        .on_conflict_do_update(index_elements=["channel", "home"], set_={"free_at": earliest + step})
        .returning(Pace.free_at - step)
    )
    return session.scalars(taken).one()


def pass_gate(
    session: Session, channel: str, *, per_minute: int, now: datetime, urgent: bool = False
) -> datetime | None:
    """Counts one message that goes now and gives None; or the moment from which there is room. Urgent always goes."""
    step = MINUTE / per_minute
    counted = (
        insert(Pace)
        .values(channel=channel, home=GATE, free_at=now - SAVED_UP + step)
        .on_conflict_do_update(
            index_elements=["channel", "home"],
            set_={"free_at": sa.func.greatest(Pace.free_at, now - SAVED_UP) + step},
            where=sa.or_(sa.literal(urgent), Pace.free_at <= now + LEEWAY),
        )
        .returning(Pace.free_at)
    )
    if session.scalars(counted).first() is not None:
        return None
    return session.scalars(sa.select(Pace.free_at).where(Pace.channel == channel, Pace.home == GATE)).one()


def rest_until(session: Session, channel: str, moment: datetime) -> None:
    """The provider asks us to stay away: the gate opens after that."""
    asked = insert(Pace).values(channel=channel, home=GATE, free_at=moment)
    later = sa.func.greatest(Pace.free_at, asked.excluded.free_at)
    session.execute(asked.on_conflict_do_update(index_elements=["channel", "home"], set_={"free_at": later}))

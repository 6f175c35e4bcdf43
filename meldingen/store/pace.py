"""How fast each provider may be fed, by the whole installation, and whose turn it is among the gemeenten.

A bericht first waits in the line of its own gemeente, which moves as fast as its share allows; then it passes the gate
of the provider, which counts for all. So 20,000 berichten of one gemeente do not stand before one of another.
"""

from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base, by_driver
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


_IN_LINE = f"""
    WITH mine AS (
        SELECT CAST(%(step)s AS interval) * (1 + count(*)) AS step FROM pace
        WHERE channel = %(channel)s AND home NOT IN ({GATE}, %(home)s) AND free_at > %(now)s
    ), line AS (
        INSERT INTO pace AS line (channel, home, free_at)
        SELECT %(channel)s, %(home)s, CAST(%(saved_up)s AS timestamptz) + step FROM mine
        ON CONFLICT (channel, home) DO UPDATE
        SET free_at = greatest(line.free_at, %(saved_up)s) + (SELECT step FROM mine)
        RETURNING free_at - (SELECT step FROM mine) AS slot
    )"""  # noqa: S608  our own number
_THROUGH = """
    INSERT INTO pace AS gate (channel, home, free_at)
    SELECT %(channel)s, {GATE}, CAST(%(saved_up)s AS timestamptz) + %(step)s {of}
    ON CONFLICT (channel, home) DO UPDATE SET free_at = greatest(gate.free_at, %(saved_up)s) + %(step)s
    WHERE {opens} OR gate.free_at <= %(soon)s
    RETURNING free_at"""
_SLOT = f"{_IN_LINE} SELECT slot FROM line"  # noqa: S608  our own words
_PASSED = _THROUGH.format(GATE=GATE, of="", opens="CAST(%(urgent)s AS boolean)")
_TURN = f"""
    {_IN_LINE}, gate AS ({_THROUGH.format(GATE=GATE, of="FROM line WHERE slot <= %(now)s", opens="FALSE")})
    SELECT slot, EXISTS (SELECT FROM gate) FROM line
"""  # noqa: S608  our own words


def take_slot(session: Session, channel: str, *, home: int, per_minute: int, now: datetime) -> datetime:
    """The moment of one message in the line of this gemeente, taken for good: in the past when it may go now.

    One statement (GCRA, the leaky bucket as a meter). The more gemeenten have a line, the slower each of them moves;
    others in this line wait until the caller commits.
    """
    ((slot,),) = by_driver(session, _SLOT, {**_facts(channel, per_minute, now), "home": home})
    return cast(datetime, slot)


def take_turn(session: Session, channel: str, *, home: int, per_minute: int, now: datetime) -> tuple[datetime, bool]:
    """`take_slot`, and whether its moment had come and it passed the gate: in one statement, for nearly all."""
    ((slot, passed),) = by_driver(session, _TURN, {**_facts(channel, per_minute, now), "home": home})
    return slot, passed


def pass_gate(
    session: Session, channel: str, *, per_minute: int, now: datetime, urgent: bool = False
) -> datetime | None:
    """Counts one message that goes now and gives None; or the moment from which there is room. Urgent always goes."""
    if by_driver(session, _PASSED, {**_facts(channel, per_minute, now), "urgent": urgent}):
        return None
    return session.scalars(sa.select(Pace.free_at).where(Pace.channel == channel, Pace.home == GATE)).one()


def _facts(channel: str, per_minute: int, now: datetime) -> dict[str, Any]:
    moments = {"now": now, "saved_up": now - SAVED_UP, "soon": now + LEEWAY}
    return {"channel": channel, "step": MINUTE / per_minute, **moments}


def rest_until(session: Session, channel: str, moment: datetime) -> None:
    """The provider asks us to stay away: the gate opens after that."""
    asked = insert(Pace).values(channel=channel, home=GATE, free_at=moment)
    later = sa.func.greatest(Pace.free_at, asked.excluded.free_at)
    session.execute(asked.on_conflict_do_update(index_elements=["channel", "home"], set_={"free_at": later}))

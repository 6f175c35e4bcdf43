"""Which open opdrachten the clock must look at: those whose term runs out, and those whose melders wait for a promise.

What is done with each is decided again under its lock (flow/delay.py, flow/spoed.py).
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from ..domain.workflow import BIJ_PARTIJ, NIEUW, OPEN
from .category import Category
from .journal import Event
from .melding import Melding
from .opdracht import Link, Opdracht
from .task import SAFE_LATE, Task
from .team import Team

DATE_GIVEN = ("uitgesteld", "automatisch_uitgesteld", "op_tijd", "ingepland")
"""Events after which the question for a date begins afresh."""


class Running(NamedTuple):
    """An open opdracht, the earliest promise of the melders who wait for it, and when its date was last given."""

    opdracht: Opdracht
    promised_on: date | None
    given: Event | None


def running_out(session: Session, *, now: datetime, before: date, scope: Collection[int]) -> Sequence[Running]:
    """The open opdrachten of which half the term has passed unasked, or with a melder promised a day before `before`.

    In two queries, however many there are.
    """
    promised = sa.func.min(Melding.promised_on)
    still_waits = sa.and_(
        Melding.id == Link.melding_id,
        Melding.gemeente_id == Link.gemeente_id,
        Melding.withdrawn_at.is_(None),
        Melding.referred_to == "",
    )
    half_way = sa.and_(
        Opdracht.warned_due_at.is_distinct_from(Opdracht.due_at),
        Opdracht.due_at - sa.literal(now) <= sa.literal(now) - Opdracht.received_at,
    )
    query = (
        sa.select(Opdracht, promised)
        .outerjoin(
            Link,
            sa.and_(Link.opdracht_id == Opdracht.id, Link.gemeente_id == Opdracht.gemeente_id, Link.until_at.is_(None)),
        )
        .outerjoin(Melding, still_waits)
        .where(Opdracht.gemeente_id.in_(scope), Opdracht.status.in_(OPEN))
        .group_by(Opdracht.id)
        .having(sa.or_(half_way, promised < before))
        .order_by(Opdracht.id)
    )
    rows = session.execute(query).all()
    ids = sa.literal([row[0].id for row in rows], sa.ARRAY(sa.BigInteger))  # one value: a statement takes 65,535
    asked = sa.func.unnest(ids).table_valued("id").render_derived()
    last = (  # of each by itself: for all at once PostgreSQL reads the whole journal of a gemeente
        sa.select(Event)
        .where(Event.opdracht_id == asked.c.id, Event.gemeente_id.in_(scope), Event.kind.in_(DATE_GIVEN))
        .order_by(Event.id.desc())
        .limit(1)
        .correlate(asked)
        .lateral()
    )
    found = session.scalars(sa.select(aliased(Event, last)).select_from(asked.join(last, sa.true())))
    given = {event.opdracht_id: event for event in found}
    return [Running(opdracht, day, given.get(opdracht.id)) for opdracht, day in rows]


def last_date_given(session: Session, opdracht_id: int, *, scope: Collection[int]) -> Event | None:
    """The last time a date was given for this opdracht, or confirmed."""
    query = (
        sa.select(Event)
        .where(Event.opdracht_id == opdracht_id, Event.gemeente_id.in_(scope), Event.kind.in_(DATE_GIVEN))
        .order_by(Event.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def unaccepted(session: Session, *, scope: Collection[int]) -> Sequence[Opdracht]:
    """The opdrachten with spoed that nobody took up, oldest first."""
    query = sa.select(Opdracht).where(
        Opdracht.gemeente_id.in_(scope),
        Opdracht.status.in_((NIEUW, BIJ_PARTIJ)),
        Opdracht.urgency == "spoed",
        Opdracht.taken_up_at.is_(None),
    )
    return session.scalars(query.order_by(Opdracht.id)).all()


class OpenSpoed(NamedTuple):
    """An open opdracht with spoed: what it is, whose, and the numbers of its meldingen."""

    opdracht: Opdracht
    category: Category
    team: Team
    numbers: list[str]


def open_spoed(session: Session, *, scope: Collection[int]) -> Sequence[OpenSpoed]:
    """Every open opdracht with spoed, the newest first; in two queries."""
    query = (
        sa.select(Opdracht, Category, Team)
        .join(Category, sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id))
        .join(Team, sa.and_(Team.id == Opdracht.team_id, Team.gemeente_id == Opdracht.gemeente_id))
        .where(Opdracht.gemeente_id.in_(scope), Opdracht.status.in_(OPEN), Opdracht.urgency == "spoed")
        .order_by(Opdracht.received_at.desc(), Opdracht.id.desc())
    )
    rows = [OpenSpoed(row[0], row[1], row[2], []) for row in session.execute(query)]
    by_id = {row.opdracht.id: row for row in rows}
    linked = (
        sa.select(Link.opdracht_id, Melding.number)
        .join(Melding, sa.and_(Melding.id == Link.melding_id, Melding.gemeente_id == Link.gemeente_id))
        .where(Link.opdracht_id.in_(by_id), Link.gemeente_id.in_(scope), Link.until_at.is_(None))
        .order_by(Melding.id)
    )
    for opdracht_id, number in session.execute(linked):
        by_id[opdracht_id].numbers.append(number)
    return rows


def to_mind_for_spoed(session: Session, *, scope: Collection[int]) -> Sequence[int]:
    """The open opdrachten with spoed that nobody took up, or that the coordinator does not mind yet for being late."""
    minded = sa.exists().where(
        Task.opdracht_id == Opdracht.id, Task.gemeente_id == Opdracht.gemeente_id, Task.kind == SAFE_LATE
    )
    query = sa.select(Opdracht.id).where(
        Opdracht.gemeente_id.in_(scope),
        Opdracht.status.in_(OPEN),
        Opdracht.urgency == "spoed",
        sa.or_(Opdracht.taken_up_at.is_(None), ~minded),
    )
    return session.scalars(query.order_by(Opdracht.id)).all()

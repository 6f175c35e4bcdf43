"""Open work that is one problem: opdrachten of one kind that lie close together, for the coordinator in a storm.

A read side: changes nothing. Joining them: flow/bulk.py; telling their melders: flow/storm.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session

from ..domain.workflow import OPEN
from .melding import Melding
from .opdracht import Link, Opdracht
from .workfilter import IS_OPEN
from .worklists import Sees, melders_now

RD = 28992
"""The Dutch grid: its unit is the metre, so that a distance is one."""
LEAST = 3
"""Meldingen from which it is a group."""
MOST = 50


@dataclass(frozen=True)
class Cluster:
    """Open opdrachten of one category within reach of each other. lon, lat: their middle."""

    gemeente_id: int
    category_id: int
    opdracht_ids: tuple[int, ...]
    meldingen: int
    newest_at: datetime
    lon: float
    lat: float


def clusters(
    session: Session, sees: Sees, *, since: datetime, metres: int, scope: Collection[int]
) -> Sequence[Cluster]:
    """The groups of open opdrachten received since a moment, each within `metres` of the next; most meldingen first.

    Two queries, however many there are; the groups with LEAST meldingen or more, the first MOST.
    """
    group = sa.func.ST_ClusterDBSCAN(sa.func.ST_Transform(Opdracht.location, RD), metres, 1).over(
        partition_by=[Opdracht.gemeente_id, Opdracht.category_id]
    )
    melders = melders_now()
    one = (
        sa.select(
            Opdracht.id,
            Opdracht.gemeente_id,
            Opdracht.category_id,
            Opdracht.received_at,
            Opdracht.location,
            group.label("group"),
            melders.label("melders"),
        )
        .where(
            Opdracht.gemeente_id.in_(set(scope) & sees.whole),
            IS_OPEN,
            Opdracht.received_at >= since,
        )
        .subquery()
    )
    middle = sa.func.ST_Centroid(sa.func.ST_Collect(one.c.location))
    total = sa.func.sum(one.c.melders)
    query = (
        sa.select(
            one.c.gemeente_id,
            one.c.category_id,
            sa.func.array_agg(aggregate_order_by(one.c.id, one.c.id)),
            total,
            sa.func.max(one.c.received_at),
            sa.func.ST_X(middle),
            sa.func.ST_Y(middle),
        )
        .group_by(one.c.gemeente_id, one.c.category_id, one.c.group)
        .having(total >= LEAST)
        .order_by(total.desc(), sa.func.max(one.c.received_at).desc())
        .limit(MOST)
    )
    return [
        Cluster(row[0], row[1], tuple(row[2]), int(row[3]), row[4], row[5], row[6]) for row in session.execute(query)
    ]


def waiting_of(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Melding]:
    """The meldingen on these opdrachten whose melder waits now, by id; never a withdrawn or referred one."""
    linked = sa.select(Link.melding_id).join(
        Opdracht, sa.and_(Opdracht.id == Link.opdracht_id, Opdracht.gemeente_id == Link.gemeente_id)
    )
    mine = linked.where(Link.opdracht_id.in_(opdracht_ids), Link.until_at.is_(None), Opdracht.status.in_(OPEN))
    query = sa.select(Melding).where(
        Melding.id.in_(mine), Melding.gemeente_id.in_(scope), Melding.withdrawn_at.is_(None), Melding.referred_to == ""
    )
    return session.scalars(query.order_by(Melding.id)).all()

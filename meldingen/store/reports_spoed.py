"""When spoed rang first, when it was accepted and when the place was safe: one row per opdracht, for the figures."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from .journal import Event
from .notice import Notice
from .opdracht import Opdracht


class Rung(NamedTuple):
    """One opdracht that was rung for. None: that has not happened. A closing without veiliggesteld counts as safe."""

    first_at: datetime
    accepted_at: datetime | None
    safe_at: datetime | None


def rung_between(session: Session, since: datetime, until: datetime, *, scope: Collection[int]) -> Sequence[Rung]:
    """The opdrachten whose first alarm was in this stretch of time, in one query."""
    first = (
        sa.select(Event.opdracht_id, sa.func.min(Event.at).label("at"))
        .join(Notice, sa.and_(Notice.event_id == Event.id, Notice.gemeente_id == Event.gemeente_id))
        .where(Notice.kind == "alarm", Event.gemeente_id.in_(scope), Event.opdracht_id.is_not(None))
        .group_by(Event.opdracht_id)
        .subquery()
    )
    taken = aliased(Event)
    accepted = (
        sa.select(sa.func.min(taken.at))
        .where(
            taken.opdracht_id == first.c.opdracht_id,
            taken.gemeente_id.in_(scope),
            taken.kind == "opgepakt",
            taken.at >= first.c.at,
        )
        .scalar_subquery()
    )
    query = (
        sa.select(first.c.at, accepted, sa.func.coalesce(Opdracht.safe_at, Opdracht.closed_at))
        .join(Opdracht, Opdracht.id == first.c.opdracht_id)
        .where(Opdracht.gemeente_id.in_(scope), first.c.at >= since, first.c.at < until)
        .order_by(first.c.at)
    )
    return [Rung(row[0], row[1], row[2]) for row in session.execute(query)]

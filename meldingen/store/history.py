"""What a melding went through: its links, every closing of its opdrachten, and the teams that had them. Read only."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .opdracht import Closure, Link
from .team import Team


def links_of(session: Session, melding_id: int, *, scope: Collection[int]) -> Sequence[Link]:
    """Every link a melding has or had, oldest first."""
    query = sa.select(Link).where(Link.melding_id == melding_id, Link.gemeente_id.in_(scope))
    return session.scalars(query.order_by(Link.id)).all()


def closings_of(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Closure]:
    """Every closing of these opdrachten, oldest first; a reopened problem has several."""
    query = sa.select(Closure).where(Closure.opdracht_id.in_(opdracht_ids), Closure.gemeente_id.in_(scope))
    return session.scalars(query.order_by(Closure.id)).all()


def teams_ever(session: Session, *, scope: Collection[int]) -> dict[int, Team]:
    """Every team of the gemeenten in scope by id, also those that no longer exist: history names them."""
    return {team.id: team for team in session.scalars(sa.select(Team).where(Team.gemeente_id.in_(scope)))}

"""The meldingen whose melder waits, by the category of the work on them: who may be told in a storm."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.workflow import OPEN
from .melding import Melding
from .opdracht import Link, Opdracht


def waiting_after(
    session: Session, after_id: int, category_ids: Collection[int], *, limit: int, scope: Collection[int]
) -> Sequence[Melding]:
    """The next meldingen with open work of these categories, by id; never a withdrawn or referred one."""
    query = sa.select(Melding).where(_waits(category_ids, scope), Melding.id > after_id)
    return session.scalars(query.order_by(Melding.id).limit(limit)).all()


def count_waiting(session: Session, category_ids: Collection[int], *, scope: Collection[int]) -> int:
    """How many there are."""
    return int(session.execute(sa.select(sa.func.count(Melding.id)).where(_waits(category_ids, scope))).scalar_one())


def _waits(category_ids: Collection[int], scope: Collection[int]) -> sa.ColumnElement[bool]:
    work = (
        sa.select(Link.id)
        .join(Opdracht, sa.and_(Opdracht.id == Link.opdracht_id, Opdracht.gemeente_id == Link.gemeente_id))
        .where(
            Link.melding_id == Melding.id,
            Link.gemeente_id == Melding.gemeente_id,
            Link.until_at.is_(None),
            Opdracht.status.in_(OPEN),
            Opdracht.category_id.in_(category_ids),
        )
    )
    return sa.and_(
        Melding.gemeente_id.in_(scope), Melding.withdrawn_at.is_(None), Melding.referred_to == "", work.exists()
    )

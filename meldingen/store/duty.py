"""Who has piketdienst when: the roster of a team. What an alarm does with it is in flow/alarm.py, filling it in
flow/roster.py.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .account import Account
from .table import Moment, OfGemeente, Ref, own, refers


class Duty(OfGemeente, Base):
    """One stretch of duty of one medewerker for a team. place: 1 is called first, then 2.

    swap_asked_at: its holder asks a colleague to take it over; first_account_id: whose it was before any swap.
    """

    __tablename__ = "duty"

    team_id: Mapped[Ref]
    account_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    from_at: Mapped[Moment]
    until_at: Mapped[Moment]
    place: Mapped[int] = mapped_column(sa.SmallInteger, server_default="1")
    swap_asked_at: Mapped[Moment | None]
    first_account_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))

    __table_args__ = own(
        refers("team_id", "team"),
        sa.CheckConstraint("until_at > from_at", name="until_at"),
        sa.Index("ix_duty_team_id", "team_id", "until_at"),
        sa.Index("ix_duty_account_id", "account_id", "until_at"),
    )


class OnDuty(NamedTuple):
    """A stretch of duty and who has it."""

    duty: Duty
    account: Account


def duties_between(
    session: Session,
    since: datetime,
    until: datetime,
    *,
    team_ids: Collection[int] | None = None,
    scope: Collection[int],
) -> Sequence[OnDuty]:
    """The duties that touch this stretch of time, first to begin first, then by place. team_ids: of these teams only.

    Of an account that was put out of use too: a gap must be seen by those who fill the roster.
    """
    query = (
        sa.select(Duty, Account)
        .join(Account, Account.id == Duty.account_id)
        .where(Duty.gemeente_id.in_(scope), Duty.from_at < until, Duty.until_at > since)
        .order_by(Duty.from_at, Duty.place, Duty.id)
    )
    if team_ids is not None:
        query = query.where(Duty.team_id.in_(team_ids))
    return [OnDuty(row[0], row[1]) for row in session.execute(query)]


def on_duty(session: Session, team_ids: Collection[int], at: datetime, *, scope: Collection[int]) -> Sequence[OnDuty]:
    """Who has duty for these teams at this moment and still works here, place 1 first."""
    query = (
        sa.select(Duty, Account)
        .join(Account, Account.id == Duty.account_id)
        .where(
            Duty.team_id.in_(team_ids),
            Duty.gemeente_id.in_(scope),
            Duty.from_at <= at,
            Duty.until_at > at,
            Account.active,
        )
        .order_by(Duty.place, Duty.id)
    )
    return [OnDuty(row[0], row[1]) for row in session.execute(query)]


def lock_duty(session: Session, duty_id: int, *, scope: Collection[int]) -> Duty | None:
    """Locks one duty and reads it afresh."""
    query = sa.select(Duty).where(Duty.id == duty_id, Duty.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def last_until(session: Session, team_ids: Collection[int], *, scope: Collection[int]) -> dict[int, datetime]:
    """Until when the roster of each of these teams is filled; a team without any duty is not in it."""
    query = sa.select(Duty.team_id, sa.func.max(Duty.until_at)).where(
        Duty.team_id.in_(team_ids), Duty.gemeente_id.in_(scope)
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(Duty.team_id))}

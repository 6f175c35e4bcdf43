"""Who has piketdienst when: the roster of a team. What an alarm does with it: flow/spoed.py."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
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

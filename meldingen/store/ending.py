"""The end of a melding: one row each time that it became afgehandeld, with the facts the figures count.

Written at that moment and never changed but for a reopening, so a figure over a past month stays what it was: whatever
happens to the melding, its term, the closing days or its person later. It holds nothing about a person and outlives the
melding (no foreign key), as the figures do.
"""

from collections.abc import Collection
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, Ref, one_of, refers

BEREIKBAAR = "bereikbaar"
ANONIEM = "anoniem"
WIL_GEEN_BERICHT = "wil_geen_bericht"
GEEN_KANAAL = "geen_kanaal"
GEWIST = "gewist"
REACHES = (BEREIKBAAR, ANONIEM, WIL_GEEN_BERICHT, GEEN_KANAAL, GEWIST)


class Ending(OfGemeente, Base):
    """One end. event_id: the closing that was the last one. kind: what its melder hears, as a NoticeKind.

    month: first day of the month (Amsterdam) of `at`, the moment we heard of it. closed_at: when the work was done, by
    the team's device. reach: whether the melder could be told, REACHES. werkdagen: from receipt to closed_at. in_term:
    within the melding's own term, of what was spoed counted from when it was safe (its hours: reports_spoed.py);
    in_term_paused: with the term moved on by questions to the melder; in_term_party: by the time at external parties
    too (None: of before that was kept). party_days: werkdagen that such parties had it. partner: an external party did
    it or has it now. reopened_at: when this end turned out to be none.
    """

    __tablename__ = "ending"

    melding_id: Mapped[Ref]
    event_id: Mapped[Ref]
    kind: Mapped[str] = mapped_column(sa.Text)
    month: Mapped[date]
    at: Mapped[Moment]
    received_at: Mapped[Moment]
    closed_at: Mapped[Moment]
    category_id: Mapped[Ref | None]
    wijk_code: Mapped[str | None] = mapped_column(sa.Text)
    team_id: Mapped[Ref]
    intake_channel: Mapped[str] = mapped_column(sa.Text)
    partner_name: Mapped[str] = mapped_column(sa.Text, server_default="")
    reach: Mapped[str] = mapped_column(sa.Text)
    spoed: Mapped[bool]
    partner: Mapped[bool]
    werkdagen: Mapped[int]
    in_term: Mapped[bool]
    in_term_paused: Mapped[bool]
    in_term_party: Mapped[bool | None]
    party_days: Mapped[int] = mapped_column(server_default="0")
    reopened_at: Mapped[Moment | None]

    __table_args__ = (
        refers("category_id", "category"),
        refers("team_id", "team"),
        one_of("reach", REACHES),
        sa.UniqueConstraint("gemeente_id", "melding_id", "event_id"),
        sa.Index("ix_ending_month", "gemeente_id", "month"),
        sa.Index(
            "ix_ending_reopened", "gemeente_id", "reopened_at", postgresql_where=sa.text("reopened_at IS NOT NULL")
        ),
    )


def mark_reopened(session: Session, melding_id: int, *, now: datetime, scope: Collection[int]) -> None:
    """The last end of this melding did not hold."""
    session.execute(
        sa.update(Ending)
        .where(Ending.melding_id == melding_id, Ending.gemeente_id.in_(scope), Ending.reopened_at.is_(None))
        .values(reopened_at=now)
    )


def last_end(session: Session, melding_id: int, *, scope: Collection[int]) -> Ending | None:
    """The last end of this melding, whether it held or not."""
    query = sa.select(Ending).where(Ending.melding_id == melding_id, Ending.gemeente_id.in_(scope))
    return session.scalar(query.order_by(Ending.id.desc()).limit(1))

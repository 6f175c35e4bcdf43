"""Terugbelnotities: promises to phone someone, with a deadline and an outcome."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .melding import Melding
from .table import Moment, OfGemeente, Ref, one_of, own, refers

OPEN = "open"
GESPROKEN = "gesproken"
VERVALLEN = "vervallen"


class Callback(OfGemeente, Base):
    """One promise to phone the melder of a melding. words: what to tell. due_at: 2 werkdagen (KLANTREIS norms).
    owner_id: who will phone, when somebody took it.

    notice_id: the bericht it stands for, empty when made by hand.
    reason: `geen_email_of_mobiel`, `bel_mij`, `niet_bezorgd`, `met_de_hand`.
    """

    __tablename__ = "terugbelnotitie"

    melding_id: Mapped[Ref]
    notice_id: Mapped[Ref | None]
    kind: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text, server_default=OPEN)
    attempts: Mapped[int] = mapped_column(server_default="0")
    version: Mapped[int] = mapped_column(server_default="1")
    result: Mapped[str] = mapped_column(sa.Text, server_default="")
    created_at: Mapped[Moment]
    due_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    finished_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    owner_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))

    __table_args__ = own(
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("notice_id", "notice", ondelete="CASCADE"),
        one_of("status", (OPEN, GESPROKEN, VERVALLEN)),
        sa.Index(
            "uq_terugbelnotitie_notice",
            "notice_id",
            unique=True,
            postgresql_where=sa.text("notice_id IS NOT NULL"),
        ),
        sa.Index("ix_terugbelnotitie_open", "gemeente_id", "due_at", postgresql_where=sa.text("status = 'open'")),
        sa.Index("ix_terugbelnotitie_melding_id", "melding_id"),
    )


class CallAttempt(OfGemeente, Base):
    """One time that somebody phoned, with what came of it: `gesproken` or `niet_bereikt`."""

    __tablename__ = "call_attempt"

    terugbelnotitie_id: Mapped[Ref]
    at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    outcome: Mapped[str] = mapped_column(sa.Text)
    words: Mapped[str] = mapped_column(sa.Text, server_default="")

    __table_args__ = own(
        refers("terugbelnotitie_id", "terugbelnotitie", ondelete="CASCADE"),
        one_of("outcome", ("gesproken", "niet_bereikt")),
        sa.Index("ix_call_attempt_terugbelnotitie_id", "terugbelnotitie_id"),
    )


def open_callbacks(session: Session, *, scope: Collection[int]) -> Sequence[Callback]:
    """The open terugbelnotities in scope, the most pressing first."""
    query = sa.select(Callback).where(Callback.gemeente_id.in_(scope), Callback.status == OPEN)
    return session.scalars(query.order_by(Callback.due_at, Callback.id)).all()


def open_with_melding(session: Session, *, scope: Collection[int]) -> Sequence[tuple[Callback, Melding]]:
    """The open terugbelnotities in scope with the melding of each, the most pressing first."""
    query = (
        sa.select(Callback, Melding)
        .join(Melding, sa.and_(Melding.id == Callback.melding_id, Melding.gemeente_id == Callback.gemeente_id))
        .where(Callback.gemeente_id.in_(scope), Callback.status == OPEN)
        .order_by(Callback.due_at, Callback.id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def callbacks_of(session: Session, melding_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Callback]:
    """The terugbelnotities of these meldingen, oldest first."""
    query = sa.select(Callback).where(Callback.melding_id.in_(melding_ids), Callback.gemeente_id.in_(scope))
    return session.scalars(query.order_by(Callback.id)).all()


def count_callbacks(session: Session, *, now: datetime, scope: Collection[int]) -> tuple[int, int]:
    """How many terugbelnotities are open, and how many of those are too late."""
    late = sa.func.count().filter(Callback.due_at <= now)
    query = sa.select(sa.func.count(), late).where(Callback.gemeente_id.in_(scope), Callback.status == OPEN)
    waiting, too_late = session.execute(query).one()
    return waiting, too_late


def attempts_of(
    session: Session, callback_ids: Collection[int], *, scope: Collection[int]
) -> dict[int, list[CallAttempt]]:
    """Each time that somebody phoned for these, oldest first, by terugbelnotitie."""
    query = sa.select(CallAttempt).where(
        CallAttempt.terugbelnotitie_id.in_(callback_ids), CallAttempt.gemeente_id.in_(scope)
    )
    found: dict[int, list[CallAttempt]] = {number: [] for number in callback_ids}
    for one in session.scalars(query.order_by(CallAttempt.id)):
        found[one.terugbelnotitie_id].append(one)
    return found


def lock_callback(session: Session, callback_id: int, *, scope: Collection[int]) -> Callback | None:
    """Locks one terugbelnotitie and reads it afresh."""
    query = sa.select(Callback).where(Callback.id == callback_id, Callback.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def callback_by_id(session: Session, callback_id: int, *, scope: Collection[int]) -> Callback | None:
    """One terugbelnotitie in scope."""
    return session.scalar(sa.select(Callback).where(Callback.id == callback_id, Callback.gemeente_id.in_(scope)))


def drop_open(
    session: Session,
    melding_ids: Collection[int],
    *,
    kinds: Collection[str] | None = None,
    now: datetime,
    scope: Collection[int],
) -> None:
    """Nobody phones about these meldingen any more; kinds: only not about this."""
    mine = sa.and_(Callback.melding_id.in_(melding_ids), Callback.gemeente_id.in_(scope), Callback.status == OPEN)
    session.execute(
        sa.update(Callback)
        .where(mine, sa.true() if kinds is None else Callback.kind.in_(kinds))
        .values(status=VERVALLEN, finished_at=now, version=Callback.version + 1)
    )

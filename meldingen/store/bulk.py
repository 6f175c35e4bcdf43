"""One action on many opdrachten at once: planned, undone before it begins, or done, with what came of each.

What an action does: flow/bulk.py.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .account import Account
from .category import Category
from .notice import Notice
from .opdracht import Opdracht
from .table import Facts, Moment, OfGemeente, Ref, one_of, own, refers

PLANNED, BUSY, DONE, UNDONE = "gepland", "bezig", "klaar", "ongedaan"
DONE_ITEM = "gedaan"
"""The result of an opdracht with which it went well."""


class Bulk(OfGemeente, Base):
    """What a coordinator asked for. facts: codes and ids that the action needs. due_at: it can be undone until then."""

    __tablename__ = "bulk"

    account_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    action: Mapped[str] = mapped_column(sa.Text)
    facts: Mapped[Facts] = mapped_column(server_default=sa.text("'{}'::jsonb"))
    status: Mapped[str] = mapped_column(sa.Text, server_default=PLANNED)
    created_at: Mapped[Moment]
    due_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]

    __table_args__ = own(one_of("status", (PLANNED, BUSY, DONE, UNDONE)))


class BulkItem(OfGemeente, Base):
    """One opdracht of it, as it was when chosen. result: DONE_ITEM or the code of a refusal; words: why, for people."""

    __tablename__ = "bulk_item"

    bulk_id: Mapped[Ref]
    opdracht_id: Mapped[Ref]
    version: Mapped[int]
    result: Mapped[str] = mapped_column(sa.Text, server_default="")
    words: Mapped[str] = mapped_column(sa.Text, server_default="")

    __table_args__ = own(
        refers("bulk_id", "bulk", ondelete="CASCADE"),
        refers("opdracht_id", "opdracht", ondelete="CASCADE"),
        sa.UniqueConstraint("bulk_id", "opdracht_id"),
        sa.Index("ix_bulk_item_opdracht_id", "opdracht_id"),
    )


class ItemRow(NamedTuple):
    """One opdracht of a bulk action, with what the page shows of it."""

    item: BulkItem
    opdracht: Opdracht
    category: Category


def bulk_by_id(session: Session, bulk_id: int, *, scope: Collection[int]) -> Bulk | None:
    """One bulk action in scope."""
    return session.scalar(sa.select(Bulk).where(Bulk.id == bulk_id, Bulk.gemeente_id.in_(scope)))


class RecentBulk(NamedTuple):
    """One bulk action, who asked for it, over how many opdrachten, and how many of those could not be done."""

    bulk: Bulk
    who: str
    size: int
    refused: int


def recent_bulks(session: Session, limit: int, *, scope: Collection[int]) -> Sequence[RecentBulk]:
    """The latest bulk actions in scope, newest first, whatever came of them; in one query."""
    query = (
        sa.select(
            Bulk,
            Account.name,
            sa.func.count(BulkItem.id),
            sa.func.count().filter(BulkItem.result.not_in(("", DONE_ITEM))),
        )
        .join(Account, Account.id == Bulk.account_id)
        .outerjoin(BulkItem, sa.and_(BulkItem.bulk_id == Bulk.id, BulkItem.gemeente_id == Bulk.gemeente_id))
        .where(Bulk.gemeente_id.in_(scope))
        .group_by(Bulk.id, Account.name)
        .order_by(Bulk.created_at.desc(), Bulk.id.desc())
        .limit(limit)
    )
    return [RecentBulk(*row) for row in session.execute(query)]


def lock_bulk(session: Session, bulk_id: int, *, scope: Collection[int]) -> Bulk | None:
    """Locks one bulk action and reads it afresh: undoing and beginning wait for each other."""
    query = sa.select(Bulk).where(Bulk.id == bulk_id, Bulk.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def lock_item(session: Session, item_id: int, *, scope: Collection[int]) -> BulkItem | None:
    """Locks one opdracht of it: who comes second sees what came of it."""
    query = sa.select(BulkItem).where(BulkItem.id == item_id, BulkItem.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def waiting_ids(session: Session, bulk_id: int, *, scope: Collection[int]) -> Sequence[int]:
    """The items of which nothing came yet, in their order."""
    query = sa.select(BulkItem.id).where(
        BulkItem.bulk_id == bulk_id, BulkItem.gemeente_id.in_(scope), BulkItem.result == ""
    )
    return session.scalars(query.order_by(BulkItem.id)).all()


def items_of(session: Session, bulk_id: int, *, scope: Collection[int]) -> Sequence[ItemRow]:
    """All its opdrachten, in the order in which they are done; in one query."""
    query = (
        sa.select(BulkItem, Opdracht, Category)
        .join(Opdracht, sa.and_(Opdracht.id == BulkItem.opdracht_id, Opdracht.gemeente_id == BulkItem.gemeente_id))
        .join(Category, sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id))
        .where(BulkItem.bulk_id == bulk_id, BulkItem.gemeente_id.in_(scope))
        .order_by(BulkItem.id)
    )
    return [ItemRow(*row) for row in session.execute(query)]


def told_at(session: Session, melding_ids: Collection[int], at: datetime, *, scope: Collection[int]) -> set[int]:
    """Which of these meldingen are owed a bericht about something of exactly this moment."""
    query = sa.select(Notice.melding_id).where(
        Notice.melding_id.in_(melding_ids), Notice.gemeente_id.in_(scope), Notice.at == at, Notice.ended == ""
    )
    return {number for number in session.scalars(query) if number is not None}

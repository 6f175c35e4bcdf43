"""One action on many opdrachten at once: planned, undone before it begins, or done, with what came of each.

What an action does: flow/bulk.py.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Facts, Moment, OfGemeente, Ref, one_of, own, refers

PLANNED, BUSY, DONE, UNDONE = "gepland", "bezig", "klaar", "ongedaan"


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
    """One opdracht of it, as it was when chosen. result: `gedaan` or the code of a refusal; words: why, for people."""

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

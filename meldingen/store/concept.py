"""A form that was not sent yet: what was filled in, so that nothing typed is lost. Not for meldingen."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from ..domain.errors import Conflict
from .table import Facts, Moment, OfGemeente, own

TRIES = 5
"""Each lost race means that somebody else sent or swept it between our two questions."""


class Concept(OfGemeente, Base):
    """One form half filled in. key: 128 random bits, known to one browser only; it also is the idempotency key of the
    melding it becomes. filled: texts and answers by field name; photos: signed references (web/drafts.py).
    account_id: the KCC medewerker who fills it in for a caller; empty for a melder's own."""

    __tablename__ = "concept"

    key: Mapped[str] = mapped_column(sa.Text, unique=True)
    filled: Mapped[Facts] = mapped_column(server_default=sa.text("'{}'::jsonb"))
    photos: Mapped[list[Any]] = mapped_column(JSONB, server_default=sa.text("'[]'::jsonb"))
    changed_at: Mapped[Moment]
    account_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))

    __table_args__ = own(
        sa.Index("ix_concept_changed_at", "changed_at"),
        sa.Index("ix_concept_account_id", "account_id", postgresql_where=sa.text("account_id IS NOT NULL")),
    )


def concept_by_key(session: Session, key: str, *, scope: Collection[int], lock: bool = False) -> Concept | None:
    """The concept of this browser, or None when it was sent, swept or never there. lock: read after the wait."""
    query = sa.select(Concept).where(Concept.key == key, Concept.gemeente_id.in_(scope))
    # Without populate_existing a row that this session read before the lock would keep its old values, and saving it
    # would undo what the request before us wrote.
    return session.scalar(query.with_for_update().execution_options(populate_existing=True) if lock else query)


def hold_concept(session: Session, key: str, *, gemeente_id: int, scope: Collection[int], now: datetime) -> Concept:
    """The concept under this key, locked; made when it is not there.

    Two at the same moment: the second waits, and begins an empty one when the first took it away.
    """
    row = insert(Concept).values(gemeente_id=gemeente_id, key=key, changed_at=now)
    for _ in range(TRIES):
        session.execute(row.on_conflict_do_nothing(index_elements=["key"]))
        found = concept_by_key(session, key, scope=scope, lock=True)
        if found is not None:
            return found
    raise Conflict("formulier_bezet", "Dit formulier wordt op dit moment verstuurd. Probeer het nog een keer.")


def concept_of(session: Session, concept_id: int, account_id: int, *, scope: Collection[int]) -> Concept | None:
    """The concept with this id when this medewerker began it; None for a melder's, or a colleague's."""
    mine = Concept.id == concept_id, Concept.account_id == account_id
    return session.scalar(sa.select(Concept).where(*mine, Concept.gemeente_id.in_(scope)))


def concepts_of_account(
    session: Session, account_id: int, *, since: datetime, scope: Collection[int]
) -> Sequence[Concept]:
    """What this medewerker began since then and did not send, the newest first."""
    mine = Concept.account_id == account_id, Concept.changed_at > since, Concept.gemeente_id.in_(scope)
    return session.scalars(sa.select(Concept).where(*mine).order_by(Concept.changed_at.desc(), Concept.id.desc())).all()


def sweep_concepts(session: Session, before: datetime, *, scope: Collection[int]) -> int:
    """Removes the concepts that nobody touched since; how many went."""
    old = sa.delete(Concept).where(Concept.changed_at < before, Concept.gemeente_id.in_(scope))
    return len(session.scalars(old.returning(Concept.id)).all())

"""What the tables share: column types, the two key shapes of HUIS "from the first migration", and a row by its id."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, make_transient_to_detached, mapped_column
from sqlalchemy.orm.util import identity_key

Id = Annotated[int, mapped_column(sa.BigInteger, sa.Identity(always=False), primary_key=True)]
GemeenteId = Annotated[int, mapped_column(sa.BigInteger, sa.ForeignKey("gemeente.id"), nullable=False)]
Ref = Annotated[int, mapped_column(sa.BigInteger)]
Moment = Annotated[datetime, mapped_column(sa.DateTime(timezone=True))]
Facts = Annotated[dict[str, Any], mapped_column(JSONB)]


class OfGemeente:
    """A row of one gemeente. Others refer to it by (gemeente_id, id), so nothing leaks between gemeenten."""

    id: Mapped[Id]
    gemeente_id: Mapped[GemeenteId]


Row = TypeVar("Row", bound=OfGemeente)


def row_by_id(session: Session, table: type[Row], row_id: int, *, scope: Collection[int]) -> Row | None:
    """One row in scope. What this session has in hand already is not asked for again: a transaction that looks at the
    same row in several steps reads it once."""
    found = session.get(table, row_id)
    return found if found is not None and found.gemeente_id in scope else None


AnyRow = TypeVar("AnyRow")


def as_read(table: type[AnyRow], columns: Mapping[str, Any]) -> AnyRow:
    """A row of which these columns were asked of the driver itself, of no session: to look at and to reckon with.

    What is set on it nobody writes but who made it; a column that was not asked raises.
    """
    row = table()
    row.__dict__.update(columns)
    make_transient_to_detached(row)
    return row


def written_elsewhere(session: Session, table: type[OfGemeente], ids: Iterable[int]) -> None:
    """Has this session read these rows again where it holds them: a statement of the driver changed them."""
    if not session.identity_map:
        return
    for row_id in ids:
        held = session.identity_map.get(identity_key(table, row_id))
        if held is not None:
            session.expire(held)


def own(*extra: sa.schema.SchemaItem) -> tuple[sa.schema.SchemaItem, ...]:
    """Table arguments of a row of one gemeente: the composite key others refer to, and `extra`.

    Not for rows that none refers to and that come in great numbers: a key that is never read is work on every write.
    """
    return (sa.UniqueConstraint("gemeente_id", "id"), *extra)


def refers(column: str, table: str, **options: Any) -> sa.ForeignKeyConstraint:
    """A composite foreign key to another table of the same gemeente."""
    return sa.ForeignKeyConstraint(["gemeente_id", column], [f"{table}.gemeente_id", f"{table}.id"], **options)


def one_of(column: str, values: tuple[str, ...]) -> sa.CheckConstraint:
    """Text plus a check: a closed list of Dutch values without a database enum."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)

"""Lists as columns: what one statement asks of several tables, in the place of a statement for each.

For a page that shows everything about one thing, where each trip to the database costs more than what it brings. Not
for lists without an end: each is held whole.
"""

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by

Row = TypeVar("Row", bound=tuple[Any, ...])
Reader = Callable[[str], date]


def listed(shape: type[Row], of: type[Any], *where: sa.ColumnElement[bool]) -> sa.ScalarSelect[list[Row]]:
    """The rows of a table, oldest first, as one column: a list of `shape`, empty when there are none.

    shape: a NamedTuple; its fields are the columns that are read.
    """
    names: tuple[str, ...] = getattr(shape, "_fields", ())
    columns = [getattr(of, name) for name in names]
    read = _Listed(shape, tuple(_reader(column.type) for column in columns))
    in_order = aggregate_order_by(sa.func.json_build_array(*columns), of.id)
    return sa.select(sa.func.json_agg(in_order, type_=read)).where(*where).scalar_subquery()


def readers_of(statement: sa.Select[Any]) -> tuple[Callable[[Any], list[Any]], ...]:
    """How each column of a statement made of `listed` is read, for who asks the driver itself."""
    return tuple(column.type.rows for column in statement.selected_columns if isinstance(column.type, _Listed))


def _reader(kind: sa.types.TypeEngine[Any]) -> Reader | None:
    """How to read what JSON has no word for, and so brings as text."""
    if isinstance(kind, sa.DateTime):
        return datetime.fromisoformat
    return date.fromisoformat if isinstance(kind, sa.Date) else None


class _Listed(sa.types.TypeDecorator[list[Any]]):
    """JSON arrays of arrays as rows. readers: per field, None for what JSON says as it is."""

    impl = JSON
    cache_ok = True

    def __init__(self, shape: type[Any], readers: tuple[Reader | None, ...]) -> None:
        super().__init__()
        self.shape = shape
        self.readers = readers
        self._to_read = [(n, read) for n, read in enumerate(readers) if read is not None]

    def process_result_value(self, value: list[list[Any]] | None, _dialect: sa.Dialect) -> list[Any]:
        """The rows, for who asks by SQLAlchemy."""
        return self.rows(value)

    def rows(self, value: list[list[Any]] | None) -> list[Any]:
        """The rows, with days and moments read."""
        for row in value or ():
            for n, read in self._to_read:
                if row[n] is not None:
                    row[n] = read(row[n])
        return [self.shape._make(row) for row in value or ()]

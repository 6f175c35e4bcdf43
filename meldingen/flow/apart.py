"""Periodic work on many rows, each in a transaction of its own: one bad row never holds up the others.

What a row asks for is its own flow's (delay.py, spoed.py, questions.py). Only for work that comes back by itself: a row
that failed is told in the log and gets its next turn with the next moment.
"""

from collections.abc import Callable, Iterable

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import Session

from ..db import retry_deadlock, transaction
from ..domain.errors import DomainError

log = structlog.get_logger()

OF_THE_ROW = ("40001", "40P01", "55P03", "57014")
"""Clashes with another transaction, and waits that were cut off: the database itself is there."""
_BUGS = (DomainError, SQLAlchemyError, LookupError, ValueError, TypeError, AttributeError, AssertionError)


def each_apart(engine: sa.Engine, what: str, ids: Iterable[int], work: Callable[[Session, int], None]) -> None:
    """Does `work` for each id, again after a deadlock; a row that fails is logged without its words, and passed over.

    what: the name of this work in the log. Raises OperationalError when the database is away: then nothing goes.
    """
    for number in ids:

        def once(number: int = number) -> None:
            with transaction(engine) as session:
                work(session, number)

        try:
            retry_deadlock(once)
        except _BUGS as error:
            if isinstance(error, OperationalError) and getattr(error.orig, "sqlstate", None) not in OF_THE_ROW:
                raise
            log.error("row_failed", work=what, row=number, error=type(error).__name__)

"""What melders said of us beside their answer about the end, counted per month of that answer. Read only.

Which small numbers are hidden: flow/verdict_report.py. Whether it was solved: reports_work.py.
"""

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.cijfers import Term
from .reports_work import month_of
from .verdict import Verdict


class VerdictCounts(NamedTuple):
    """One gemeente and month. asked_enough: who said whether he heard enough of us; enough: who did. mark_sum: of all
    marks together."""

    gemeente_id: int
    month: date
    answers: int
    asked_enough: int
    enough: int
    marks: int
    mark_sum: int


def count_verdicts(session: Session, term: Term, *, scope: Collection[int]) -> Sequence[VerdictCounts]:
    """The counts of these months that have any answer, oldest first."""
    month = month_of(Verdict.at).label("month")
    query = (
        sa.select(
            Verdict.gemeente_id,
            month,
            sa.func.count(),
            sa.func.count(Verdict.enough),
            sa.func.count().filter(Verdict.enough.is_(True)),
            sa.func.count(Verdict.mark),
            sa.func.sum(Verdict.mark),
        )
        .where(Verdict.gemeente_id.in_(scope), Verdict.at >= term.begins_at, Verdict.at < term.ends_at)
        .group_by(Verdict.gemeente_id, month)
        .order_by(month, Verdict.gemeente_id)
    )
    return [VerdictCounts(*row[:-1], mark_sum=row[-1] or 0) for row in session.execute(query)]

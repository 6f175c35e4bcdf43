"""Hoorden melders genoeg van ons, and what mark do they give: per month, with small numbers hidden (KPI-12).

Only months as a whole are shown, and no total of them, so one hidden number never follows from the others.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from ..domain.cijfers import Term
from ..domain.suppression import ENOUGH_TO_BLUR, is_small
from ..store.reports_verdicts import VerdictCounts, count_verdicts


@dataclass(frozen=True)
class Opinion:
    """One gemeente and month as people may see it. None: nobody said, or it is in `hidden` (the names of the fields).

    answers: about the end. enough: whole percents of who said it. mark: the mean, to one decimal.
    """

    gemeente_id: int
    month: date
    answers: int | None
    enough: int | None
    mark: float | None
    hidden: Collection[str] = ()


def opinions(session: Session, term: Term, *, scope: Collection[int]) -> Sequence[Opinion]:
    """The months in which anybody answered, oldest first."""
    return [shown_of(counts) for counts in count_verdicts(session, term, scope=scope)]


def shown_of(counts: VerdictCounts) -> Opinion:
    """What may be shown of these counts: no number that is made of fewer than five people, nor one that tells it."""
    hidden = {
        "answers": is_small(counts.answers),
        "enough": _tells(counts.enough, counts.asked_enough),
        "mark": is_small(counts.marks),
    }
    share = (200 * counts.enough + counts.asked_enough) // (2 * counts.asked_enough) if counts.asked_enough else None
    return Opinion(
        counts.gemeente_id,
        counts.month,
        None if hidden["answers"] else counts.answers,
        None if hidden["enough"] else share,
        None if hidden["mark"] or not counts.marks else round(counts.mark_sum / counts.marks, 1),
        frozenset(name for name, is_hidden in hidden.items() if is_hidden),
    )


def _tells(part: int, whole: int) -> bool:
    """Whether a rounded share gives a small count away."""
    return is_small(whole) or (whole < ENOUGH_TO_BLUR and (is_small(part) or is_small(whole - part)))

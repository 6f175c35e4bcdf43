"""The figures of spoed: accepted and safe in time, by the times of the gemeente as they are now. Reads only."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy.orm import Session

from ..domain.cijfers import Term
from ..domain.spoed import SpoedTimes, spoed_times
from ..store.gemeente import gemeente_by_id
from ..store.reports_spoed import rung_between


@dataclass(frozen=True)
class Clocked:
    """One promise on the clock. counted: whose time has come or that was done; in_time: of those; middle: the median in
    minutes of what was done. None: nothing to count."""

    counted: int
    in_time: int
    middle: int | None

    @property
    def share(self) -> int | None:
        """A whole percentage."""
        return (200 * self.in_time + self.counted) // (2 * self.counted) if self.counted else None


@dataclass(frozen=True)
class SpoedFigures:
    """Opdrachten that were rung for in a period; how many were accepted and safe, and how soon."""

    count: int
    accepted: Clocked
    safe: Clocked
    times: SpoedTimes


def spoed_figures(session: Session, gemeente_id: int, term: Term, *, now: datetime) -> SpoedFigures:
    """Of one gemeente over these months, by the moment of the first alarm. What still runs within its time is not
    counted yet; what was never accepted but made safe counts as accepted then."""
    rows = rung_between(session, term.begins_at, term.ends_at, scope=[gemeente_id])
    times = spoed_times(gemeente_by_id(session, gemeente_id).policy)
    accepted = ((row.first_at, min(filter(None, (row.accepted_at, row.safe_at)), default=None)) for row in rows)
    safe = ((row.first_at, row.safe_at) for row in rows)
    return SpoedFigures(len(rows), _clock(accepted, times.accept, now), _clock(safe, times.safe, now), times)


def _clock(rows: Iterable[tuple[datetime, datetime | None]], allowed: timedelta, now: datetime) -> Clocked:
    counted = in_time = 0
    took = []
    for first, done in rows:
        if done is not None:
            took.append((done - first) // timedelta(minutes=1))
        if done is not None or now - first > allowed:
            counted += 1
            in_time += done is not None and done - first <= allowed
    return Clocked(counted, in_time, round(median(took)) if took else None)

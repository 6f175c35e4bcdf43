"""Duty rosters: stretches of duty that come back each so many weeks, and the hours nobody has duty.

Outside the office hours, on holidays and on closing days somebody must be there (KLANTREIS step 4); an hour without is
a gap. Who is called in which turn: spoed.py.
"""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from typing import Any, Final, NamedTuple

import holidays

from .deadlines import NO_DAYS, at_local, local_day, office_hours, start_of

LONGEST: Final = timedelta(days=14)
"""Of one stretch: longer is a mistake in a date."""
MOST_STRETCHES: Final = 60
MOST_PLACES: Final = 5
AHEAD_DAYS: Final = 14
"""How far ahead gaps are looked for."""
A_DAY: Final = timedelta(hours=24)
A_WEEK: Final = timedelta(days=7)
"""How soon a gap is told to who watches the installation, and to the coordinator."""


class Stretch(NamedTuple):
    """From one moment until another, in UTC; `until_at` itself is not in it."""

    from_at: datetime
    until_at: datetime


def stretches(
    first: date, opens: time, last: date, closes: time, *, until: date | None = None, every_weeks: int = 1
) -> list[Stretch]:
    """The stretch from `first` at `opens` to `last` at `closes` on Amsterdam's clock, and the same each `every_weeks`
    weeks as long as it begins on or before `until`.

    A stretch keeps its hours on the clock when summer time begins or ends. Raises ValueError when it ends before it
    begins, is longer than LONGEST, or comes back more than MOST_STRETCHES times.
    """
    found = [Stretch(at_local(first, opens), at_local(last, closes))]
    if found[0].until_at <= found[0].from_at:
        raise ValueError("eindigt")
    if found[0].until_at - found[0].from_at > LONGEST:
        raise ValueError("te_lang")
    step = timedelta(weeks=max(1, every_weeks))
    begin = first + step
    while until is not None and begin <= until:
        found.append(Stretch(at_local(begin, opens), at_local(last + (begin - first), closes)))
        begin += step
        if len(found) > MOST_STRETCHES:
            raise ValueError("te_vaak")
    return found


def gaps(
    covered: Sequence[Stretch],
    since: datetime,
    until: datetime,
    hours: Mapping[str, Any] | None,
    closing_days: AbstractSet[date] = NO_DAYS,
) -> list[Stretch]:
    """The stretches between these moments in which the office is closed and nobody has duty, first one first."""
    moments = {since, until}
    moments |= {moment for one in covered for moment in one if since < moment < until}
    day = local_day(since)
    policy = hours or {}
    clocks = [time.fromisoformat(policy[name]) for name in ("from", "until") if name in policy] or [
        time(7, 30),
        time(16, 30),
    ]
    while start_of(day) < until:
        turning = [start_of(day), *(at_local(day, clock) for clock in clocks)]
        moments |= {moment for moment in turning if since < moment < until}
        day += timedelta(days=1)
    order = sorted(moments)
    found: list[Stretch] = []
    for begin, end in pairwise(order):
        held = any(one.from_at <= begin and one.until_at >= end for one in covered)
        if held or office_hours(begin, hours, closing_days):
            continue
        if found and found[-1].until_at == begin:
            found[-1] = Stretch(found[-1].from_at, end)
        else:
            found.append(Stretch(begin, end))
    return found


def holiday_names(first: date, last: date) -> dict[date, str]:
    """The national holidays between two days, both included, by name; Goede Vrijdag is a werkdag of a gemeente."""
    calendar = holidays.country_holidays("NL", years=range(first.year, last.year + 1), language="nl")
    return {
        day: name for day, name in sorted(calendar.items()) if first <= day <= last and name.lower() != "goede vrijdag"
    }

"""When a team is asked for a new date, when the system names one itself, and which (KLANTREIS step 6).

No promised date passes in silence: the question comes at 80 % of the term, an answer is wanted by noon on the last
werkdag, and without one the melder hears a date of the system. Not the doing of it: flow/delay.py. No I/O.
"""

import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final

from .deadlines import (
    NO_DAYS,
    add_werkdagen,
    at_local,
    end_of,
    is_werkdag,
    last_day_of,
    local_day,
    next_werkdag,
    warn_at,
)
from .workflow import INGEPLAND, OPEN, WACHT_OP_MELDER

ANSWER_BY: Final = time(12)
KEEP_BY: Final = time(17)
"""How long a team that said "wij halen het", or planned the work for that day, may go on before the system speaks."""
MOST_AUTOMATIC: Final = 2
"""Dates the system names in a row; then a person must write."""
SHARE: Final = 0.5
LEAST_DAYS: Final = 2
"""How far a date of the system lies: half the term of the category, at least two werkdagen."""
FAR_AHEAD_DAYS: Final = 366


class Step(Enum):
    """What the clock does about one opdracht now."""

    NOTHING = "niets"
    ASK = "vragen"
    DELAY = "uitstellen"
    LET_WRITE = "laten schrijven"


@dataclass(frozen=True)
class Term:
    """What there is to know of an open opdracht.

    since: when its present date was named: its receipt, or when somebody last gave a date. promised_on: the earliest
    promise of its melders, None when nobody waits. warned_due_at: for which due moment the team was asked. kept_on:
    for which day the team said "wij halen het".
    """

    status: str
    since: datetime
    due_at: datetime
    promised_on: date | None
    warned_due_at: datetime | None = None
    kept_on: date | None = None
    planned_on: date | None = None
    automatic_delays: int = 0

    @property
    def asked_for(self) -> datetime:
        """The due moment to ask about: its own, or the promise of its melders when its own was asked about."""
        own_was_asked = self.warned_due_at is not None and self.warned_due_at >= self.due_at
        return max(self.due_at, end_of(self.promised_on)) if self.promised_on and own_was_asked else self.due_at

    @property
    def counted_from(self) -> datetime:
        """From when the 80 % is counted: since its date was named, or since its own due moment when that is past."""
        return min(self.since, self.due_at - timedelta(days=1)) if self.asked_for == self.due_at else self.due_at

    def is_held(self, day: date, today: date) -> bool:
        """Whether the team has this day in hand: it said so, or planned the work for today or later, up to that day."""
        planned = self.status == INGEPLAND and self.planned_on is not None and today <= self.planned_on <= day
        return self.kept_on == day or planned


def next_step(term: Term, now: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> Step:
    """What is to be done now. Once done it is not said again; a clock that was down does it at its next tick.

    A term that a question pauses is not asked about, yet its promise does not pass in silence either.
    """
    if term.status not in OPEN:
        return Step.NOTHING
    paused = term.status == WACHT_OP_MELDER
    if term.promised_on is not None and now >= speaks_at(term, now, closing_days):
        if term.automatic_delays >= MOST_AUTOMATIC and not paused:
            return Step.LET_WRITE
        return Step.DELAY
    due = term.asked_for
    if paused or term.warned_due_at == due or term.is_held(last_day_of(due), local_day(now)):
        return Step.NOTHING
    return Step.ASK if now >= warn_at(term.counted_from, due, closing_days) else Step.NOTHING


def speaks_at(term: Term, now: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> datetime:
    """When the system names a date itself: at noon on the last werkdag of the promise, later when the team has it in
    hand."""
    assert term.promised_on is not None, "without a promise nobody is to be told"
    held = term.is_held(term.promised_on, local_day(now))
    return at_local(last_werkdag(term.promised_on, closing_days), KEEP_BY if held else ANSWER_BY)


def last_werkdag(day: date, closing_days: AbstractSet[date] = NO_DAYS) -> date:
    """This day, or the last werkdag before it."""
    while not is_werkdag(day, closing_days):
        day -= timedelta(days=1)
    return day


def automatic_date(
    now: datetime,
    promised_on: date,
    term_days: int,
    closing_days: AbstractSet[date] = NO_DAYS,
    *,
    policy: Mapping[str, Any] | None = None,
) -> date:
    """The date the system names, counted from the promise, or from today when that has passed.

    policy: the gemeente's own {"share": 0.5, "least_days": 2}.
    """
    own = policy or {}
    days = max(int(own.get("least_days", LEAST_DAYS)), math.ceil(term_days * float(own.get("share", SHARE))))
    return add_werkdagen(max(local_day(now), promised_on), days, closing_days)


def first_date(now: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> date:
    """The earliest new date that a person may name."""
    return next_werkdag(local_day(now), closing_days)

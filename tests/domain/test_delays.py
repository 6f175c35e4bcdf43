"""When a team is asked, and when the system speaks itself: a table of cases (KLANTREIS step 6).

Tuesday 14 April 2026 is an ordinary day; Koningsdag is Monday the 27th.
"""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from meldingen.domain.deadlines import AMSTERDAM, end_of
from meldingen.domain.delays import Step, Term, automatic_date, first_date, last_werkdag, next_step

FRIDAY, TUESDAY = date(2026, 4, 24), date(2026, 4, 28)
A_WEEK = Term("nieuw", datetime(2026, 4, 17, 7, tzinfo=UTC), end_of(FRIDAY), FRIDAY)
"""Five werkdagen: received on Friday the 17th, promised for Friday the 24th."""
ASKED = replace(A_WEEK, warned_due_at=A_WEEK.due_at)


def at(day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 4, day, hour, minute, tzinfo=AMSTERDAM)


@pytest.mark.parametrize(
    ("case", "term", "now", "step"),
    [
        ("half way nothing", A_WEEK, at(22, 12), Step.NOTHING),
        ("the morning of the day with the 80 %", A_WEEK, at(24, 8), Step.ASK),
        ("just before it", A_WEEK, at(24, 7, 59), Step.NOTHING),
        ("asked once", ASKED, at(24, 11, 59), Step.NOTHING),
        ("no answer at noon", ASKED, at(24, 12), Step.DELAY),
        ("a clock that was down over noon", ASKED, at(24, 23, 50), Step.DELAY),
        ("a clock that was down over midnight", ASKED, at(25, 3), Step.DELAY),
        ("never asked, and noon already", A_WEEK, at(24, 12), Step.DELAY),
        ("two dates of the system: a person writes", replace(ASKED, automatic_delays=2), at(24, 12), Step.LET_WRITE),
        ("the team keeps it: silence until five", replace(ASKED, kept_on=FRIDAY), at(24, 16, 59), Step.NOTHING),
        ("and then the system speaks", replace(ASKED, kept_on=FRIDAY), at(24, 17), Step.DELAY),
        ("kept another day", replace(ASKED, kept_on=date(2026, 4, 17)), at(24, 12), Step.DELAY),
        ("planned in time is an answer", replace(A_WEEK, status="ingepland", planned_on=FRIDAY), at(24, 9),
         Step.NOTHING),
        ("planned for a day that passed", replace(A_WEEK, status="ingepland", planned_on=date(2026, 4, 22)), at(24, 9),
         Step.ASK),
        ("planned, not done at five", replace(ASKED, status="ingepland", planned_on=FRIDAY), at(24, 17), Step.DELAY),
        ("a paused term is not asked about", replace(A_WEEK, status="wacht_op_melder"), at(24, 9), Step.NOTHING),
        ("but does not pass in silence", replace(A_WEEK, status="wacht_op_melder"), at(24, 12), Step.DELAY),
        ("also after two dates", replace(A_WEEK, status="wacht_op_melder", automatic_delays=2), at(24, 12), Step.DELAY),
        ("with a party", replace(A_WEEK, status="bij_partij"), at(24, 8), Step.ASK),
        ("closed", replace(A_WEEK, status="gereed"), at(24, 12), Step.NOTHING),
        ("nobody waits", replace(ASKED, promised_on=None), at(24, 12), Step.NOTHING),
        ("nobody waits, the team is asked", replace(A_WEEK, promised_on=None), at(24, 8), Step.ASK),
        ("its own term passed, the promise is later", replace(ASKED, promised_on=TUESDAY), at(24, 12), Step.NOTHING),
        ("then the promise is asked about", replace(ASKED, promised_on=TUESDAY), at(28, 8), Step.ASK),
        ("a promise on Sunday: Friday is its last werkdag", replace(ASKED, promised_on=date(2026, 4, 26)), at(24, 12),
         Step.DELAY),
        ("a promise on Koningsdag: the Friday before", replace(ASKED, promised_on=date(2026, 4, 27)), at(24, 12),
         Step.DELAY),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_the_clock_does(case: str, term: Term, now: datetime, step: Step) -> None:
    assert next_step(term, now) is step


@pytest.mark.parametrize(
    ("now", "promised", "term_days", "policy", "found"),
    [
        (at(24, 12), FRIDAY, 1, None, date(2026, 4, 29)),  # at least two, and Koningsdag is none
        (at(24, 12), FRIDAY, 5, None, date(2026, 4, 30)),
        (at(24, 12), FRIDAY, 10, {"share": 0.2}, date(2026, 4, 29)),
        (at(24, 12), FRIDAY, 1, {"least_days": 1}, TUESDAY),
        (at(29, 3), FRIDAY, 1, None, date(2026, 5, 1)),  # told late: counted from today
    ],
)
def test_how_far_the_system_looks(
    now: datetime, promised: date, term_days: int, policy: dict[str, float] | None, found: date
) -> None:
    assert automatic_date(now, promised, term_days, policy=policy) == found


def test_days() -> None:
    closed = frozenset([FRIDAY])
    assert last_werkdag(date(2026, 4, 26)) == FRIDAY and last_werkdag(FRIDAY, closed) == date(2026, 4, 23)
    assert first_date(at(24, 9)) == TUESDAY

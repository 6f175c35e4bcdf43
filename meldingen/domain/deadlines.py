"""Terms in werkdagen, office hours and promises, as KLANTREIS "Terms" says. Not for quiet hours: notices.py.

Days are days in Europe/Amsterdam; moments come in aware and go out in UTC. "The end of a day" is the midnight
after it, an instant that itself is too late. `closing_days`: the gemeente's own, on top of the holidays.
"""

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

import holidays.countries  # all of it now and shared by what is forked, instead of by each at its first date

AMSTERDAM: Final = ZoneInfo("Europe/Amsterdam")
NO_DAYS: Final[frozenset[date]] = frozenset()

CALLBACK_DAYS: Final = 2
"""A terugbelnotitie is phoned within this many werkdagen (KLANTREIS norms)."""
REMINDER_DAYS: Final = 3
"""A question to the melder is repeated after this many werkdagen."""
PAUSE_DAYS: Final = 5
"""A question pauses the term for at most this many werkdagen."""
WARN_SHARE: Final = 0.8

_DAY: Final = timedelta(days=1)
_MORNING: Final = time(8)


@lru_cache(maxsize=64)
def national_holidays(year: int) -> frozenset[date]:
    """The days of this year on which the Netherlands is closed.

    By PyPI `holidays`, which moves Koningsdag off a Sunday and gives Bevrijdingsdag in lustrum years only.
    Goede Vrijdag is in its list, but is an ordinary werkdag at a gemeente.
    """
    calendar = holidays.country_holidays("NL", years=year, language="nl")
    return frozenset(day for day, name in calendar.items() if name.lower() != "goede vrijdag")


def local_day(moment: datetime) -> date:
    """The day in Amsterdam on which this moment falls."""
    return moment.astimezone(AMSTERDAM).date()


def end_of(day: date) -> datetime:
    """The midnight after this day in Amsterdam, in UTC: what is due on the day is due before it."""
    return start_of(day + _DAY)


def start_of(day: date) -> datetime:
    """The midnight at which this day begins in Amsterdam, in UTC."""
    return at_local(day, time(0))


def at_local(day: date, clock: time) -> datetime:
    """This time of the clock on this day in Amsterdam, in UTC."""
    return datetime.combine(day, clock, AMSTERDAM).astimezone(UTC)


def last_day_of(due_at: datetime) -> date:
    """The day that ends at this instant: the date to tell people for a `due_at`."""
    return local_day(due_at - timedelta(microseconds=1))


def is_werkdag(day: date, closing_days: AbstractSet[date] = NO_DAYS) -> bool:
    """Monday to Friday, no national holiday, no closing day of the gemeente."""
    return day.weekday() < 5 and day not in closing_days and day not in national_holidays(day.year)


def next_werkdag(day: date, closing_days: AbstractSet[date] = NO_DAYS) -> date:
    """The first werkdag after this day."""
    return add_werkdagen(day, 1, closing_days)


def add_werkdagen(day: date, count: int, closing_days: AbstractSet[date] = NO_DAYS) -> date:
    """The day `count` (0 or more) werkdagen after this one; 0 is the day itself."""
    while count > 0:
        day += _DAY
        if is_werkdag(day, closing_days):
            count -= 1
    return day


def count_werkdagen(after: date, until: date, closing_days: AbstractSet[date] = NO_DAYS) -> int:
    """How many werkdagen there are after the one day, up to and with the other; 0 when it is not later."""
    days = range(1, max(0, (until - after).days) + 1)
    return sum(is_werkdag(after + timedelta(days=n), closing_days) for n in days)


def promised_on(received_at: datetime, term_days: int, closing_days: AbstractSet[date] = NO_DAYS) -> date:
    """The last day of the term: what we promise a melder.

    The day of receipt is not counted; a receipt in a weekend, on a holiday or a closing day is a receipt on
    the next werkdag. term_days: werkdagen, 1 or more; else ValueError.
    """
    if term_days < 1:
        raise ValueError(f"a term of {term_days} werkdagen")
    received_on = local_day(received_at)
    if not is_werkdag(received_on, closing_days):
        received_on = next_werkdag(received_on, closing_days)
    return add_werkdagen(received_on, term_days, closing_days)


def due_at(received_at: datetime, term_days: int, closing_days: AbstractSet[date] = NO_DAYS) -> datetime:
    """The instant at which the term has passed: the end of the promised day, in UTC."""
    return end_of(promised_on(received_at, term_days, closing_days))


def promise_after_change(
    first_received_at: datetime,
    term_days: int,
    now: datetime,
    closing_days: AbstractSet[date] = NO_DAYS,
) -> date:
    """The promise after a change of category: from the first receipt, never before the next werkdag."""
    promise = promised_on(first_received_at, term_days, closing_days)
    return max(promise, next_werkdag(local_day(now), closing_days))


def shift_due(due: datetime, paused_days: int, closing_days: AbstractSet[date] = NO_DAYS) -> datetime:
    """A due moment moved on by a pause of so many werkdagen."""
    return end_of(add_werkdagen(last_day_of(due), paused_days, closing_days))


def paused_days(asked_at: datetime, ended_at: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> int:
    """How many werkdagen a question held up the term: those after the question, at most five."""
    return min(PAUSE_DAYS, count_werkdagen(local_day(asked_at), local_day(ended_at), closing_days))


def reminder_at(asked_at: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> datetime:
    """When a question without answer is repeated: in the morning after three werkdagen, in UTC."""
    return at_local(add_werkdagen(local_day(asked_at), REMINDER_DAYS, closing_days), time(9))


def pause_ends_at(asked_at: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> datetime:
    """When a question without answer no longer pauses the term: at the end of the fifth werkdag, in UTC."""
    return end_of(add_werkdagen(local_day(asked_at), PAUSE_DAYS, closing_days))


def warn_at(received_at: datetime, due: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> datetime:
    """When the team is asked for a date and a reason: at 80 % of the term, in UTC.

    In the morning of the werkdag in which the 80 % falls, so that a whole day is left to tell the melder.
    """
    received_on, last_day = local_day(received_at), last_day_of(due)
    term_days = count_werkdagen(received_on, last_day, closing_days)
    whole_days = int(term_days * WARN_SHARE)
    day = add_werkdagen(received_on, whole_days + 1, closing_days)
    return max(received_at.astimezone(UTC), at_local(min(day, last_day), _MORNING))


def terugbel_due_at(now: datetime, closing_days: AbstractSet[date] = NO_DAYS) -> datetime:
    """Before when a terugbelnotitie made now is to be phoned, in UTC."""
    return due_at(now, CALLBACK_DAYS, closing_days)


OFFICE_HOURS: Final[Mapping[str, Any]] = {"days": [0, 1, 2, 3, 4], "from": "07:30", "until": "16:30"}


def office_hours(
    now: datetime, hours: Mapping[str, Any] | None = None, closing_days: AbstractSet[date] = NO_DAYS
) -> bool:
    """Whether the teams are at work: else it is the piket's time.

    hours: the gemeente's policy, {"days": [0..6, Monday first], "from": "07:30", "until": "16:30"}; `until`
    itself is too late. Never on a holiday or closing day, whatever `days` says.
    """
    policy = hours or OFFICE_HOURS
    local = now.astimezone(AMSTERDAM)
    if local.weekday() not in policy["days"] or local.date() in closing_days:
        return False
    if local.date() in national_holidays(local.year):
        return False
    opens, closes = time.fromisoformat(policy["from"]), time.fromisoformat(policy["until"])
    return opens <= local.time() < closes


_WEEK: Final = ("ma", "di", "wo", "do", "vr", "za", "zo")
_HOURS: Final = re.compile(r"(ma|di|wo|do|vr|za|zo)(?:-(ma|di|wo|do|vr|za|zo))? (\d\d?[:.]\d\d)-(\d\d?[:.]\d\d)")


def read_office_hours(words: str) -> dict[str, Any]:
    """Office hours as beheer types them, "ma-vr 07:30-16:30", in the shape of policy. Raises ValueError."""
    found = _HOURS.fullmatch(words.strip().lower())
    if found is None:
        raise ValueError(words)
    first, last = _WEEK.index(found[1]), _WEEK.index(found[2] or found[1])
    opens, closes = (time.fromisoformat(found[at].replace(".", ":").zfill(5)) for at in (3, 4))
    if first > last or opens >= closes:
        raise ValueError(words)
    return {"days": list(range(first, last + 1)), "from": f"{opens:%H:%M}", "until": f"{closes:%H:%M}"}


def office_hours_words(hours: Mapping[str, Any] | None) -> str:
    """The same, the other way round; days that do not follow on each other are named one by one."""
    policy = hours or OFFICE_HOURS
    days = policy["days"]
    follows = days == list(range(days[0], days[-1] + 1)) and len(days) > 1
    named = f"{_WEEK[days[0]]}-{_WEEK[days[-1]]}" if follows else " ".join(_WEEK[day] for day in days)
    return f"{named} {policy['from']}-{policy['until']}"

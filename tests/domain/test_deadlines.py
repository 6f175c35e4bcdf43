"""Terms and promises in werkdagen (KLANTREIS "Terms"), in Amsterdam's days and UTC's moments."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meldingen.domain import deadlines
from meldingen.domain.deadlines import (
    AMSTERDAM,
    at_local,
    count_werkdagen,
    due_at,
    end_of,
    is_werkdag,
    last_day_of,
    next_werkdag,
    office_hours,
    pause_ends_at,
    paused_days,
    promise_after_change,
    promised_on,
    reminder_at,
    shift_due,
    terugbel_due_at,
    warn_at,
)


def local(text: str) -> datetime:
    """A moment written on Amsterdam's clock, in UTC as the product keeps it."""
    return datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).astimezone(UTC)


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "werkdag"),
    [
        ("2026-04-14", True),
        ("2026-04-18", False),  # Saturday
        ("2026-04-19", False),  # Sunday
        ("2026-01-01", False),  # Nieuwjaarsdag
        ("2026-04-03", True),  # Goede Vrijdag is no official holiday
        ("2026-04-05", False),  # Pasen
        ("2026-04-06", False),
        ("2026-04-27", False),  # Koningsdag
        ("2025-04-26", False),  # Koningsdag on Saturday, since the 27th was a Sunday
        ("2025-04-28", True),
        ("2031-04-26", False),
        ("2026-05-05", True),  # Bevrijdingsdag outside a lustrum
        ("2025-05-05", False),  # Bevrijdingsdag in a lustrum
        ("2026-05-14", False),  # Hemelvaart
        ("2026-05-15", True),
        ("2026-05-25", False),  # Tweede pinksterdag
        ("2026-12-24", True),
        ("2026-12-25", False),
        ("2026-12-26", False),
        ("2026-12-31", True),
    ],
)
def test_werkdagen(text: str, werkdag: bool) -> None:
    assert is_werkdag(day(text)) is werkdag


def test_a_closing_day_of_the_gemeente_is_no_werkdag() -> None:
    bridge = frozenset({day("2026-05-15")})
    assert not is_werkdag(day("2026-05-15"), bridge)
    assert next_werkdag(day("2026-05-13"), bridge) == day("2026-05-18")
    assert next_werkdag(day("2026-05-13")) == day("2026-05-15")


@pytest.mark.parametrize(
    ("received", "term_days", "promised"),
    [
        ("2026-04-14T08:47", 1, "2026-04-15"),
        ("2026-04-14T00:00", 1, "2026-04-15"),
        ("2026-04-14T23:59:59", 1, "2026-04-15"),
        ("2026-04-15T00:00", 1, "2026-04-16"),
        ("2026-04-14T08:47", 5, "2026-04-21"),
        ("2026-04-17T16:00", 1, "2026-04-20"),  # Friday → Monday
        ("2026-04-18T10:00", 1, "2026-04-21"),  # Saturday counts as received on Monday
        ("2026-04-19T23:59:59", 1, "2026-04-21"),
        ("2026-04-20T00:00", 1, "2026-04-21"),
        ("2026-04-02T12:00", 1, "2026-04-03"),  # Goede Vrijdag is a werkdag
        ("2026-04-03T12:00", 1, "2026-04-07"),  # over Easter
        ("2026-04-03T12:00", 3, "2026-04-09"),
        ("2026-04-06T12:00", 1, "2026-04-08"),  # received on Tweede paasdag
        ("2026-04-24T12:00", 1, "2026-04-28"),  # over Koningsdag on a Monday
        ("2025-04-25T12:00", 1, "2025-04-28"),  # Koningsdag on Saturday
        ("2025-05-02T12:00", 2, "2025-05-07"),  # over Bevrijdingsdag in a lustrum year
        ("2026-05-13T12:00", 2, "2026-05-18"),  # over Hemelvaart
        ("2026-05-22T12:00", 1, "2026-05-26"),  # over Pinksteren
        ("2026-12-24T12:00", 1, "2026-12-28"),  # over Christmas on Friday and Saturday
        ("2026-12-31T23:59:59", 1, "2027-01-04"),  # over New Year and a weekend
        ("2027-01-01T00:00", 1, "2027-01-05"),
        ("2026-03-27T12:00", 1, "2026-03-30"),  # over the start of summer time
        ("2026-10-23T12:00", 1, "2026-10-26"),  # over its end
        ("2026-04-14T08:47", 260, "2027-04-21"),
    ],
)
def test_promises(received: str, term_days: int, promised: str) -> None:
    assert promised_on(local(received), term_days) == day(promised)
    due = due_at(local(received), term_days)
    assert due == at_local(day(promised) + timedelta(days=1), time(0))
    assert last_day_of(due) == day(promised)


def test_closing_days_move_the_promise_and_the_receipt() -> None:
    bridge = frozenset({day("2026-05-15")})
    assert promised_on(local("2026-05-13T12:00"), 1, bridge) == day("2026-05-18")
    assert promised_on(local("2026-05-15T12:00"), 1, bridge) == day("2026-05-19")


@pytest.mark.parametrize("term_days", [0, -1])
def test_a_term_is_at_least_one_day(term_days: int) -> None:
    with pytest.raises(ValueError, match="term"):
        promised_on(local("2026-04-14T08:47"), term_days)


@pytest.mark.parametrize(
    ("of_day", "utc"),
    [
        ("2026-01-05", "2026-01-05T23:00"),  # winter
        ("2026-07-06", "2026-07-06T22:00"),  # summer
        ("2026-03-28", "2026-03-28T23:00"),  # the day before summer time begins
        ("2026-03-29", "2026-03-29T22:00"),  # a day of 23 hours
        ("2026-10-24", "2026-10-24T22:00"),
        ("2026-10-25", "2026-10-25T23:00"),  # a day of 25 hours
        ("2026-12-31", "2026-12-31T23:00"),
    ],
)
def test_the_end_of_a_day_in_utc(of_day: str, utc: str) -> None:
    assert end_of(day(of_day)) == datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert end_of(day(of_day)).tzinfo is UTC


@pytest.mark.parametrize("hour", ["2026-10-25T00:30+00:00", "2026-10-25T01:30+00:00"])
def test_both_hours_of_half_past_two_are_the_same_day(hour: str) -> None:
    assert promised_on(datetime.fromisoformat(hour), 1) == day("2026-10-27")


def test_the_utc_day_does_not_count() -> None:
    """At 23:30 UTC in summer it is already tomorrow in Amsterdam."""
    assert promised_on(datetime(2026, 7, 6, 21, 59, tzinfo=UTC), 1) == day("2026-07-07")
    assert promised_on(datetime(2026, 7, 6, 22, 0, tzinfo=UTC), 1) == day("2026-07-08")


@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),
    st.integers(1, 30),
    st.frozensets(st.dates(date(2024, 1, 1), date(2032, 12, 31)), max_size=5),
)
def test_a_promise_is_a_later_werkdag_with_the_whole_term_before_it(
    received: datetime, term_days: int, closing: frozenset[date]
) -> None:
    promised = promised_on(received, term_days, closing)
    on = deadlines.local_day(received)
    assert is_werkdag(promised, closing)
    between = count_werkdagen(on, promised, closing)
    assert between == (term_days if is_werkdag(on, closing) else term_days + 1)
    assert promised_on(received + timedelta(hours=7), term_days, closing) >= promised
    assert received < warn_at(received, end_of(promised), closing) < end_of(promised)


@pytest.mark.parametrize(
    ("received", "term_days", "now", "promised"),
    [
        ("2026-04-14T08:47", 10, "2026-04-15T12:00", "2026-04-29"),  # Koningsdag lies between
        ("2026-04-14T08:47", 2, "2026-04-24T12:00", "2026-04-28"),  # long past: the next werkdag
        ("2026-04-14T08:47", 1, "2026-04-15T12:00", "2026-04-16"),  # due today: the next werkdag
        ("2026-04-14T08:47", 1, "2026-04-18T12:00", "2026-04-20"),
        ("2026-04-14T08:47", 3, "2026-04-14T09:00", "2026-04-17"),
    ],
)
def test_a_promise_after_a_change(received: str, term_days: int, now: str, promised: str) -> None:
    assert promise_after_change(local(received), term_days, local(now)) == day(promised)


@pytest.mark.parametrize(
    ("asked", "ended", "days"),
    [
        ("2026-04-14T10:00", "2026-04-14T15:00", 0),
        ("2026-04-14T10:00", "2026-04-15T09:00", 1),
        ("2026-04-17T10:00", "2026-04-19T10:00", 0),  # asked on Friday, answered on Sunday
        ("2026-04-17T10:00", "2026-04-20T10:00", 1),
        ("2026-04-14T10:00", "2026-04-21T00:00", 5),
        ("2026-04-14T10:00", "2026-06-01T10:00", 5),  # at most five
        ("2026-04-14T10:00", "2026-04-13T10:00", 0),
    ],
)
def test_paused_days(asked: str, ended: str, days: int) -> None:
    assert paused_days(local(asked), local(ended)) == days


def test_a_pause_moves_the_end_of_the_term() -> None:
    due = due_at(local("2026-04-14T08:47"), 5)
    assert last_day_of(due) == day("2026-04-21")
    assert shift_due(due, 0) == due
    assert last_day_of(shift_due(due, 3)) == day("2026-04-24")
    assert last_day_of(shift_due(due, 4)) == day("2026-04-28")  # over the weekend and Koningsdag
    days = paused_days(local("2026-04-15T09:00"), local("2026-04-17T09:00"))
    assert last_day_of(shift_due(due, days)) == day("2026-04-23")


def test_a_question_is_repeated_after_three_werkdagen_and_pauses_for_five() -> None:
    asked = local("2026-04-22T15:00")
    assert reminder_at(asked) == local("2026-04-28T09:00")  # over the weekend and Koningsdag
    assert pause_ends_at(asked) == end_of(day("2026-04-30"))


@pytest.mark.parametrize(
    ("term_days", "warned"),
    [
        (1, "2026-04-15T08:00"),
        (2, "2026-04-16T08:00"),
        (3, "2026-04-17T08:00"),
        (5, "2026-04-21T08:00"),
        (10, "2026-04-28T08:00"),
        (20, "2026-05-08T08:00"),
    ],
)
def test_the_team_is_warned_at_eighty_percent_in_the_morning(term_days: int, warned: str) -> None:
    received = local("2026-04-14T08:47")
    due = due_at(received, term_days)
    assert warn_at(received, due) == local(warned)


def test_a_warning_never_comes_before_the_receipt() -> None:
    received = local("2026-04-14T18:00")
    assert warn_at(received, end_of(day("2026-04-14"))) == received


@pytest.mark.parametrize(
    ("now", "due_on"),
    [
        ("2026-04-14T16:59", "2026-04-16"),
        ("2026-04-24T12:00", "2026-04-29"),
        ("2026-04-25T12:00", "2026-04-30"),
    ],
)
def test_a_terugbelnotitie_is_due_in_two_werkdagen(now: str, due_on: str) -> None:
    assert last_day_of(terugbel_due_at(local(now))) == day(due_on)


@pytest.mark.parametrize(
    ("now", "at_work"),
    [
        ("2026-04-14T07:29:59", False),
        ("2026-04-14T07:30", True),
        ("2026-04-14T16:29:59", True),
        ("2026-04-14T16:30", False),
        ("2026-04-18T10:00", False),  # Saturday
        ("2026-04-27T10:00", False),  # Koningsdag
        ("2026-05-15T10:00", False),  # closing day
        ("2026-03-30T07:30", True),  # first summer morning
    ],
)
def test_office_hours(now: str, at_work: bool) -> None:
    hours = {"days": [0, 1, 2, 3, 4], "from": "07:30", "until": "16:30"}
    assert office_hours(local(now), hours, frozenset({day("2026-05-15")})) is at_work


def test_office_hours_by_default_and_on_a_saturday_that_is_worked() -> None:
    assert office_hours(local("2026-04-14T08:00"))
    assert not office_hours(local("2026-04-14T17:00"))
    assert office_hours(local("2026-04-18T10:00"), {"days": [5], "from": "09:00", "until": "12:00"})

"""The list of figures hangs together, and days and months are counted as people count them."""

from datetime import UTC, date, datetime, time

import pytest

from meldingen.domain.cijfers import (
    COUNTS,
    FIGURES,
    Term,
    in_term,
    last_months,
    lead_werkdagen,
    next_month,
)
from meldingen.domain.deadlines import at_local


def test_every_figure_says_what_it_is() -> None:
    assert len({f.code for f in FIGURES}) == len({f.name for f in FIGURES}) == len(FIGURES)
    for figure in FIGURES:
        assert figure.definition.endswith((".", "%.", "?")) and len(figure.definition) > 20, figure.code
        assert all(figure.of) == (figure.unit == "aandeel")
        assert set(figure.of) - {""} <= set(COUNTS)


@pytest.mark.parametrize(
    ("received", "closed", "days"),
    [
        ("2026-04-14T08:47", "2026-04-14T17:00", 0),
        ("2026-04-14T08:47", "2026-04-15T00:30", 1),
        ("2026-04-17T23:00", "2026-04-20T09:00", 1),  # Friday to Monday
        ("2026-04-18T12:00", "2026-04-20T09:00", 0),  # received on Saturday counts as Monday
        ("2026-04-24T09:00", "2026-04-28T09:00", 1),  # Koningsdag on Monday the 27th
        ("2026-04-14T09:00", "2026-04-11T09:00", 0),
    ],
)
def test_werkdagen_to_closing(received: str, closed: str, days: int) -> None:
    assert lead_werkdagen(moment(received), moment(closed)) == days


def test_closing_days_are_no_werkdagen() -> None:
    closed = frozenset({date(2026, 4, 15)})
    assert lead_werkdagen(moment("2026-04-14T09:00"), moment("2026-04-16T09:00"), closed) == 1


@pytest.mark.parametrize(
    ("closed", "paused", "expected"),
    [
        ("2026-04-15T23:59", 0, True),
        ("2026-04-16T00:00", 0, False),
        ("2026-04-16T00:00", 1, True),
        ("2026-04-17T00:00", 1, False),
    ],
)
def test_in_term_ends_at_midnight_after_its_last_werkdag(closed: str, paused: int, expected: bool) -> None:
    assert in_term(moment("2026-04-14T08:47"), moment(closed), 1, paused) is expected


def test_months() -> None:
    assert next_month(date(2026, 12, 1)) == date(2027, 1, 1)
    year = last_months(date(2026, 4, 14))
    assert year == Term(date(2025, 5, 1), date(2026, 4, 1)) and len(year.months) == 12
    assert last_months(date(2026, 12, 31)) == Term(date(2026, 1, 1), date(2026, 12, 1))
    assert year.year_before == Term(date(2024, 5, 1), date(2025, 4, 1))
    march = Term(date(2026, 3, 1), date(2026, 3, 1))
    assert march.begins_at == datetime(2026, 2, 28, 23, tzinfo=UTC), "winter"
    assert march.ends_at == datetime(2026, 3, 31, 22, tzinfo=UTC), "summer"


def moment(words: str) -> datetime:
    day, clock = words.split("T")
    return at_local(date.fromisoformat(day), time.fromisoformat(clock))

"""Setting the clock as people write it."""

from datetime import UTC, datetime

import pytest

from meldingen.domain.clock import check_clock, offset_of

MACHINE = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HOUR, DAY = 3600, 86400


@pytest.mark.parametrize(
    ("text", "before", "after"),
    [
        ("+3h", 0, 3 * HOUR),
        ("+3u", 0, 3 * HOUR),
        ("+30m", 60, 1860),
        ("-2d", 0, -2 * DAY),
        ("-2D", 3 * HOUR, 3 * HOUR - 2 * DAY),
        ("echt", 12345, 0),
        (" Echt ", 12345, 0),
        ("2026-11-21T13:00", 999, 0),  # winter time: 12.00 UTC
        ("2026-11-21T12:00Z", 999, 0),
        ("2026-11-22T13:00:30", 0, DAY + 30),
        ("2026-04-14T08:47", 0, int((datetime(2026, 4, 14, 6, 47, tzinfo=UTC) - MACHINE).total_seconds())),
        ("2026-11-20", 0, -DAY - 13 * HOUR),
    ],
)
def test_a_clock_is_shifted_or_set(text: str, before: int, after: int) -> None:
    assert offset_of(text, machine_now=MACHINE, offset_s=before) == after
    assert check_clock(text) == text


@pytest.mark.parametrize("text", ["3h", "+3", "+h", "morgen", "2026-13-01T00:00", "+3h; drop table", "+99999d"])
def test_what_is_no_clock_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match=r"schrijf bijvoorbeeld|twintig jaar"):
        offset_of(text, machine_now=MACHINE, offset_s=0)


def test_no_clock_is_a_setting_too() -> None:
    assert check_clock("") == ""
    with pytest.raises(ValueError, match="schrijf bijvoorbeeld"):
        check_clock("straks")

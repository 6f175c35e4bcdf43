"""The meldingnummer: made, checked, shown, read aloud."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meldingen.domain.errors import InvalidInput
from meldingen.domain.numbers import (
    DAMM,
    damm_digit,
    make_number,
    parse_number,
    read_aloud,
    show_number,
    spell_digits,
)

NUMBERS = st.builds(make_number, st.integers(2000, 2099), st.integers(1, 9_999_999))


def test_the_table_is_a_totally_antisymmetric_quasigroup() -> None:
    digits = range(10)
    for row in digits:
        assert sorted(DAMM[row]) == list(digits)
        assert sorted(DAMM[other][row] for other in digits) == list(digits)
        assert DAMM[row][row] == 0
        for x in digits:
            for y in digits:
                if x != y:
                    assert DAMM[DAMM[row][x]][y] != DAMM[DAMM[row][y]][x]


@pytest.mark.parametrize(("digits", "check"), [("572", 4), ("0", 0), ("", 0), ("43881234567", 9)])
def test_known_check_digits(digits: str, check: int) -> None:
    assert damm_digit(digits) == check


@pytest.mark.parametrize(
    ("year", "sequence", "number"),
    [(2026, 1, "2600000014"), (2026, 123, "2600001232"), (2099, 9_999_999, "9999999990")],
)
def test_numbers_that_stay_what_they_are(year: int, sequence: int, number: str) -> None:
    """A change here would break every number that was ever given out."""
    assert make_number(year, sequence) == number


@pytest.mark.parametrize(("year", "sequence"), [(1999, 1), (2100, 1), (2026, 0), (2026, 10_000_000), (2026, -1)])
def test_what_does_not_fit_is_not_made(year: int, sequence: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        make_number(year, sequence)


@given(NUMBERS)
def test_a_number_survives_every_way_of_writing_it(number: str) -> None:
    shown = show_number(number)
    for written in (number, shown, f" {shown}\n", shown.replace(" ", "-"), shown.replace(" ", ".")):
        assert parse_number(written) == number


def test_every_single_wrong_digit_is_caught() -> None:
    number = make_number(2026, 4_081_297)
    for at in range(10):
        for digit in "0123456789":
            wrong = number[:at] + digit + number[at + 1 :]
            if wrong != number:
                with pytest.raises(InvalidInput):
                    parse_number(wrong)


@given(NUMBERS)
def test_every_swap_of_neighbours_is_caught(number: str) -> None:
    for at in range(9):
        swapped = number[:at] + number[at + 1] + number[at] + number[at + 2 :]
        if swapped != number:
            with pytest.raises(InvalidInput) as refused:
                parse_number(swapped)
            assert refused.value.code == "meldingnummer_onjuist"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "26",
        "26000000140",
        "26 0000 00l3",
        "26 0000 0014; DROP",
        "x" * 10,
        "-" * 500,
        "26\x000000013",
        "²²²²²²²²²²",
    ],
)
def test_what_is_no_number_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        parse_number(text)
    assert refused.value.fields[0].field == "nummer"
    assert "26 0000 1234" in refused.value.detail


@pytest.mark.parametrize("value", [None, 2600000014, ["2600000014"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_number(value)  # type: ignore[arg-type]


def test_digits_of_another_script_are_read() -> None:
    assert parse_number("２６ ００００ ００１４") == "2600000014"


def test_reading_aloud() -> None:
    assert read_aloud("2600001232") == "twee zes, nul nul nul nul, één twee drie twee"
    assert spell_digits("06 12 a 3") == "nul zes, één twee, drie"

"""The meldingnummer: ten digits that can be typed, read aloud and checked. Not the secret follow token.

YY, a sequence of seven digits and a Damm check digit, which catches every single wrong digit and every swap
of two neighbours (H. M. Damm, "Total anti-symmetrische Quasigruppen", 2004). Shown as `26 0000 1234`.
"""

import re
from typing import Final

from .errors import InvalidInput
from .sentence import say

LENGTH: Final = 10
MAX_SEQUENCE: Final = 9_999_999

DAMM: Final = (
    (0, 3, 1, 7, 5, 9, 8, 6, 4, 2),
    (7, 0, 9, 2, 1, 5, 4, 8, 6, 3),
    (4, 2, 0, 6, 8, 7, 1, 3, 5, 9),
    (1, 7, 5, 0, 9, 8, 3, 4, 2, 6),
    (6, 1, 2, 3, 0, 4, 5, 9, 7, 8),
    (3, 6, 7, 4, 2, 0, 9, 5, 8, 1),
    (5, 8, 6, 9, 7, 2, 0, 1, 3, 4),
    (8, 9, 4, 5, 3, 6, 2, 0, 1, 7),
    (9, 4, 3, 8, 6, 1, 7, 2, 0, 5),
    (2, 5, 8, 1, 4, 3, 6, 7, 9, 0),
)

DIGIT_WORDS: Final = ("nul", "één", "twee", "drie", "vier", "vijf", "zes", "zeven", "acht", "negen")

_LAYOUT = re.compile(r"[\s.\-–—/#]+")


def damm_digit(digits: str) -> int:
    """The check digit of a row of ASCII digits; 0 for a row that ends in its own check digit."""
    interim = 0
    for digit in digits:
        interim = DAMM[interim][int(digit)]
    return interim


def make_number(year: int, sequence: int) -> str:
    """The number of one melding. year: of receipt, 2000-2099. sequence: 1 to 9,999,999; else ValueError."""
    if not 2000 <= year <= 2099:
        raise ValueError(f"year {year} does not fit in two digits")
    if not 1 <= sequence <= MAX_SEQUENCE:
        raise ValueError(f"sequence {sequence} does not fit in seven digits")
    body = f"{year % 100:02d}{sequence:07d}"
    return f"{body}{damm_digit(body)}"


def parse_number(text: str, *, field: str = "nummer") -> str:
    """The ten digits of a number as people write it: with spaces, dots, dashes, or another script's digits.

    Raises InvalidInput naming `field`: not ten digits, or a check digit that does not fit.
    """
    compact = _LAYOUT.sub("", text) if isinstance(text, str) and len(text) <= 100 else ""
    if len(compact) != LENGTH or not compact.isdecimal():
        raise InvalidInput.of(
            field, "meldingnummer_lengte", say("Een meldingnummer heeft 10 cijfers, bijvoorbeeld 26 0000 1234.")
        )
    digits = "".join(str(int(char)) for char in compact)
    if damm_digit(digits) != 0:
        raise InvalidInput.of(
            field,
            "meldingnummer_onjuist",
            say("Dit meldingnummer klopt niet. Kijk of alle cijfers goed staan en in de goede volgorde."),
        )
    return digits


def near_numbers(text: str) -> tuple[str, ...]:
    """The numbers that somebody may mean who wrote a wrong one: one digit wrong, missing or too many, or two
    neighbours swapped. Empty for a number that is right, and for what is no number of nine to eleven digits.
    """
    compact = _LAYOUT.sub("", text) if len(text) <= 100 else ""
    if not (compact.isdecimal() and compact.isascii() and abs(len(compact) - LENGTH) <= 1):
        return ()
    if len(compact) == LENGTH and damm_digit(compact) == 0:
        return ()
    spots = range(len(compact) + 1)
    if len(compact) < LENGTH:
        tried = {f"{compact[:at]}{digit}{compact[at:]}" for at in spots for digit in "0123456789"}
    elif len(compact) > LENGTH:
        tried = {compact[:at] + compact[at + 1 :] for at in spots[:-1]}
    else:
        tried = {f"{compact[:at]}{digit}{compact[at + 1 :]}" for at in spots[:-1] for digit in "0123456789"}
        tried |= {compact[:at] + compact[at + 1] + compact[at] + compact[at + 2 :] for at in spots[:-2]}
    return tuple(sorted(number for number in tried if damm_digit(number) == 0))


def show_number(number: str) -> str:
    """A stored number as people read it: `26 0000 1234`."""
    return f"{number[:2]} {number[2:6]} {number[6:]}"


def read_aloud(number: str) -> str:
    """A stored number in words, digit by digit, with a pause at each group: "twee zes, nul nul …"."""
    return spell_digits(show_number(number))


def spell_digits(groups: str) -> str:
    """Digits in groups apart, as words: "06 12" → "nul zes, één twee". Other characters are left out."""
    return ", ".join(
        " ".join(DIGIT_WORDS[int(char)] for char in group if char.isdecimal())
        for group in groups.split()
        if any(char.isdecimal() for char in group)
    )

"""Text that people write: one way to clean and count it, and what to hide before others read it.

Not for our own words: those are in notices.py and the templates. Nothing here cuts a text (KLANTREIS rule 7).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from .errors import InvalidInput
from .sentence import say

MAX_LENGTH: Final = 500
MASK: Final = "▒▒▒"

_LINE_ENDS = re.compile(r"\r\n?")
# Refused: C0 controls but tab and newline, and the two code points that XML cannot carry.
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_NFC_SHRINK: Final = 4
"""No character decomposes into more than four (a test counts): over four times the limit stays over it."""


def clean_text(value: str, *, field: str, max_length: int = MAX_LENGTH) -> str:
    """The text as we keep it: NFC, line ends as LF, trimmed; '' when there is nothing to see in it.

    max_length: Unicode code points, counted after cleaning. Raises InvalidInput naming `field` for what is
    not text, for NUL and other control characters, for lone surrogates, and for a text that is too long.
    """
    if not isinstance(value, str):
        raise InvalidInput.of(field, "geen_tekst", say("Hier hoort tekst."))
    if "\x00" in value:
        raise InvalidInput.of(
            field, "nul_teken", say("In deze tekst staat een teken dat niet mag (NUL). Typ de tekst opnieuw.")
        )
    if _SURROGATE.search(value):
        raise InvalidInput.of(
            field, "half_teken", say("In deze tekst staat een half teken. Typ de tekst opnieuw, zonder emoji.")
        )
    text = _LINE_ENDS.sub("\n", value)
    if _CONTROL.search(text):
        raise InvalidInput.of(
            field, "stuurteken", say("In deze tekst staat een onzichtbaar teken. Typ de tekst opnieuw.")
        )
    text = text.strip()
    # Sorting endless runs of accents takes quadratic time, so what cannot fit is refused before it.
    if len(text) > _NFC_SHRINK * max_length:
        raise InvalidInput.of(
            field, "te_lang", say("Deze tekst is te lang. Er passen %(meest)s tekens in.", meest=max_length)
        )
    text = unicodedata.normalize("NFC", text).strip()
    if not _has_something_to_see(text):
        return ""
    if len(text) > max_length:
        raise InvalidInput.of(
            field,
            "te_lang",
            say(
                "Deze tekst heeft %(n)s tekens. Er passen er %(meest)s in. Maak de tekst %(te_veel)s korter.",
                n=len(text),
                meest=max_length,
                te_veel=_characters(len(text) - max_length),
            ),
        )
    return text


def whole_number(written: str, most: int = 10**18 - 1) -> int | None:
    """The whole number in plain ASCII digits that a form or link holds, 0 to `most`; None for anything else."""
    number = int(written) if written.isascii() and written.isdigit() and len(written) <= len(str(most)) else most + 1
    return number if number <= most else None


def _has_something_to_see(text: str) -> bool:
    return any(unicodedata.category(char) not in ("Cf", "Cc", "Zs", "Zl", "Zp") for char in text)


def _characters(count: int) -> str:
    return say("1 teken") if count == 1 else say("%(n)s tekens", n=count)


def looks_like_bsn(text: str) -> bool:
    """Whether something in the text looks like a burgerservicenummer: nine digits that pass the elfproef.

    Dots, spaces and dashes between groups are allowed; longer numbers and phone numbers are not meant.
    """
    return next(iter(_find_bsn(text)), None) is not None


class _Span(NamedTuple):
    start: int
    end: int


# A run of digits with single separators: as a whole it is one number, or a few numbers in a row.
_DIGIT_RUN = re.compile(r"(?<![\d+])\+?\d(?:[ .\-\u00a0]?\d)*")
_SEPARATORS = re.compile(r"[ .\-\u00a0]")
_BSN_WEIGHTS: Final = (9, 8, 7, 6, 5, 4, 3, 2, -1)


def _find_bsn(text: str) -> Iterable[_Span]:
    for run in _DIGIT_RUN.finditer(text):
        written = run.group()
        if written.startswith("+") or text[: run.start()].endswith(("0)", "0) ")):
            continue  # a phone number in international notation: +31 (0)6 …
        groups = _SEPARATORS.split(written)
        sizes = {len(group) for group in groups}
        digits = "".join(groups)
        if len(digits) == 9 and (min(sizes) > 1 or sizes == {1}):
            # Groups of two or more, or all apart: "12-04-2026 8 uur" is a date and an hour.
            if _passes_elfproef(digits):
                yield _Span(*run.span())
        elif not digits.startswith("0"):
            start = run.start()
            for group in groups:
                if len(group) == 9 and _passes_elfproef(group):
                    yield _Span(start, start + 9)
                start += len(group) + 1


def _passes_elfproef(digits: str) -> bool:
    values = [int(digit) for digit in digits]
    total = sum(weight * value for weight, value in zip(_BSN_WEIGHTS, values, strict=True))
    return total % 11 == 0 and any(values)


_EMAIL = re.compile(r"(?<![\w.+\-'])[\w.+\-']{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63})+")

# Dutch numbers of ten digits in any grouping, and international ones with + or 00.
_PHONE = re.compile(
    r"(?<![\d+])(?:\(?0[ .\-()/\u00a0]{0,3}[1-9](?:[ .\-()/\u00a0]{0,3}\d){8}"
    r"|(?:\+|00)(?:[ .\-()/\u00a0]{0,3}\d){9,15})(?!\d)"
)


_IBAN_LENGTHS: Final = {
    "AT": 20, "BE": 16, "BG": 22, "CH": 21, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "EE": 20, "ES": 24,
    "FI": 18, "FR": 27, "GB": 22, "GR": 27, "HR": 21, "HU": 28, "IE": 22, "IT": 27, "LT": 20, "LU": 20,
    "LV": 21, "MT": 31, "NL": 18, "NO": 15, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "SI": 19, "SK": 24,
}  # fmt: skip
_IBAN_START = re.compile(r"(?<![A-Za-z0-9])([A-Za-z]{2})[0-9]{2}(?=[ .\-]?[A-Za-z0-9])")


def _find_ibans(text: str) -> Iterable[_Span]:
    for start in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(start.group(1).upper())
        if length is None:
            continue
        compact, end = "", start.start()
        for char in text[start.start() : start.start() + 2 * length]:
            if len(compact) == length:
                break
            end += 1
            if char.isascii() and char.isalnum():
                compact += char.upper()
            elif char not in " .-":
                break
        if len(compact) == length and _passes_mod_97(compact):
            yield _Span(start.start(), end)


def _passes_mod_97(iban: str) -> bool:
    turned = iban[4:] + iban[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1


# The RDW sidecodes 1 to 14, as groups of letters (X) and digits (9).
SIDECODES: Final = (
    "XX-99-99", "99-99-XX", "99-XX-99", "XX-99-XX", "XX-XX-99", "99-XX-XX", "99-XXX-9", "9-XXX-99",
    "XX-999-X", "X-999-XX", "XXX-99-X", "X-99-XXX", "9-XX-999", "999-XX-9",
)  # fmt: skip


def _kenteken(codes: Iterable[str], letter: str, between: str) -> str:
    groups = (code.replace("-", between).replace("9", r"\d").replace("X", letter) for code in codes)
    return "(?:" + "|".join(groups) + ")"


# With dashes any case; with spaces only capitals ("12 om 30" is a time); written together never the first
# two, because "1861AB" is a postcode and "AB1234" a lamp post.
_KENTEKEN = re.compile(
    r"(?<![\w-])(?:"
    + "|".join(
        (
            _kenteken(SIDECODES, "[A-Za-z]", "-"),
            _kenteken(SIDECODES, "[A-Z]", " "),
            _kenteken(SIDECODES[2:], "[A-Z]", ""),
            _kenteken(SIDECODES[2:], "[a-z]", ""),
        )
    )
    + r")(?![\w-])"
)

# Short on purpose, and whole words only: eikels fall from trees, lamps flikkeren, and a boom can have kanker.
_ABUSE = re.compile(
    r"\b(?:kanker|tering|tyfus|kut|pokke)(?:lijer|lijder|hoer|wijf|zooi|mongool|hond|gemeente|ambtenaar)(?:s|en)?\b"
    r"|\b(?:klootzak(?:ken)?|hoer(?:en(?:zoon|jong))?|kut|lul(?:len)?|hufters?|mongolen|mongool|debiel(?:en)?|idioten"
    r"|idioot|trut(?:ten)?|slet(?:ten)?|sukkels?|godverdomme|tyfus|rotzakken|rotzak|fuck(?:ing)?)\b",
    re.IGNORECASE,
)


def has_abuse(text: str) -> bool:
    """Whether there is a word of abuse in the text."""
    return _ABUSE.search(text) is not None


def _spans(pattern: re.Pattern[str]) -> Callable[[str], Iterable[_Span]]:
    return lambda text: (_Span(*match.span()) for match in pattern.finditer(text))


_FINDERS: Final[tuple[tuple[str, Callable[[str], Iterable[_Span]]], ...]] = (
    (say("e-mailadres"), _spans(_EMAIL)),
    (say("rekeningnummer"), _find_ibans),
    (say("bsn"), _find_bsn),
    (say("telefoonnummer"), _spans(_PHONE)),
    (say("kenteken"), _spans(_KENTEKEN)),
    ("scheldwoord", _spans(_ABUSE)),
)


def personal_kinds(text: str) -> tuple[str, ...]:
    """What to warn a writer of: `e-mailadres`, `rekeningnummer`, `bsn`, `telefoonnummer`, `kenteken`.

    Abuse is masked for others but the writer is not lectured about it.
    """
    return tuple(kind for kind, find in _FINDERS if kind != "scheldwoord" and next(iter(find(text)), None) is not None)


def mask_personal(text: str) -> str:
    """The text as an external party may read it: addresses, numbers, kentekens and abuse replaced by `▒▒▒`.

    What is hidden is decided on the text as written, so that one mask never makes or breaks another.
    Names cannot be recognised and stay.
    """
    hidden = sorted(span for _, find in _FINDERS for span in find(text))
    parts, at = [], 0
    for span in hidden:
        if span.end <= at:
            continue
        if span.start >= at:
            parts += [text[at : span.start], MASK]
        at = span.end
    return "".join(parts) + text[at:]


def is_empty(value: object) -> bool:
    """Whether a field was left open: absent, or nothing but blanks."""
    return value is None or (isinstance(value, str) and not value.strip())

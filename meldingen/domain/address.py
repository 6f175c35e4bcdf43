"""What people type to find an address, made fit to search with. Knows no geocoder and no map."""

import re
import unicodedata
from typing import Final

SHORTEST: Final = 3
"""Fewer letters say nothing: every street matches."""
LONGEST: Final = 100
_POSTCODE: Final = re.compile(r"\b([1-9][0-9]{3}) ?([a-z]{2})(?![a-z]) ?", re.IGNORECASE | re.ASCII)
_OPERATORS: Final = re.compile(r"\b(AND|OR|NOT|TO)\b")


_CORNER: Final = r"(?:hoek|kruising|kruispunt|splitsing)"
_STREET: Final = re.compile(
    r"\b\w*(?:straat|weg|laan|plein|dijk|pad|hof|kade|singel|gracht|plantsoen|steeg|dreef|ring|markt|brink|wal)\b",
    re.IGNORECASE,
)
_BETWEEN: Final = re.compile(rf"\s*(?:/|&|,|\b(?:en|met|{_CORNER})\b)\s*", re.IGNORECASE)


def split_corner(typed: str) -> tuple[str, str] | None:
    """The two streets of a corner as people say it: "hoek Kerkstraat Molenweg", "Kerkstraat hoek Molenweg", "op de
    kruising van de Dorpsstraat en het Plein"; None for anything else."""
    said = " ".join(typed[:LONGEST].split())
    if not re.search(rf"\b{_CORNER}\b", said, re.IGNORECASE):
        return None
    said = re.sub(rf"^(?:op )?(?:de )?{_CORNER} (?:van )?", "", said, flags=re.IGNORECASE)
    parts = [part for part in _BETWEEN.split(said) if part]
    if len(parts) == 1 and (first := _STREET.search(parts[0])) and parts[0][first.end() :].strip():
        parts = [parts[0][: first.end()], parts[0][first.end() :].strip()]
    streets = [re.sub(r"^(?:de|het) ", "", part, flags=re.IGNORECASE) for part in parts]
    return (streets[0], streets[1]) if len(streets) == 2 else None


def search_words(typed: str) -> str:
    """The words to search for, or "" when there are too few: one space between them, a postcode as `1861GE`.

    Only letters, digits, apostrophe, full stop and hyphen are kept: the rest has a meaning of its own in a search
    server, and in no Dutch address. Two ways of typing the same thing give the same words, so that a cache knows them.
    """
    plain = unicodedata.normalize("NFC", typed[: 4 * LONGEST]).replace("’", "'")
    kept = "".join(c if c.isalnum() or c in "'.-" else " " for c in plain)
    kept = _OPERATORS.sub(lambda found: found[0].lower(), kept)
    words = " ".join(word for part in kept.split() if (word := part.strip("-").lstrip(".")))
    words = _POSTCODE.sub(lambda found: f"{found[1]}{found[2].upper()} ", words)[:LONGEST].strip()
    return words if sum(c.isalnum() for c in words) >= SHORTEST else ""

"""What people type to find an address, made fit to search with. Knows no geocoder and no map."""

import re
import unicodedata
from typing import Final

SHORTEST: Final = 3
"""Fewer letters say nothing: every street matches."""
LONGEST: Final = 100
_POSTCODE: Final = re.compile(r"\b([1-9][0-9]{3}) ?([a-z]{2})(?![a-z]) ?", re.IGNORECASE | re.ASCII)
_OPERATORS: Final = re.compile(r"\b(AND|OR|NOT|TO)\b")


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

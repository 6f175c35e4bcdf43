"""Dutch sentences that remember how they were made, so that a door can say them in the language of its reader.

A `Sentence` is its Dutch self everywhere: in a bericht, in the API, in a log. Only web/taal.py looks behind it. What
the words become in another language is not known here: that is in meldingen/taal/.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any


class Sentence(str):
    """A sentence in Dutch, with the `msgid` it has in the catalogue and the named `values` that were filled in."""

    msgid: str
    values: Mapping[str, Any]

    def __new__(cls, msgid: str, values: Mapping[str, Any]) -> "Sentence":
        """msgid: with `%(name)s` for each value, and `%%` for a percent sign."""
        said = super().__new__(cls, msgid % values)
        said.msgid, said.values = msgid, values
        return said

    def __deepcopy__(self, _memo: object) -> "Sentence":
        """Itself: nothing in it changes. Without this a copy would be made of the words alone, which cannot be."""
        return self


class Day(str):
    """A day as a Dutch sentence names it, with the day itself: `on`, and whether its year is told."""

    on: date
    with_year: bool

    def __new__(cls, words: str, on: date, *, with_year: bool) -> "Day":
        """words: the day in Dutch."""
        said = super().__new__(cls, words)
        said.on, said.with_year = on, with_year
        return said

    def __deepcopy__(self, _memo: object) -> "Day":
        """Itself, as a Sentence does."""
        return self


def say(msgid: str, /, **values: Any) -> Sentence:
    """A sentence for residents. The first argument is literal, so that the catalogue can find it; a value may be a
    `Sentence` or a `Day` itself, and is then said in the reader's language too."""
    return Sentence(msgid, values)


def say_together(*parts: str) -> str:
    """Sentences one after the other; empty ones are left out."""
    told = {f"deel{n}": part for n, part in enumerate(filter(None, parts), start=1)}
    return Sentence(" ".join(f"%({name})s" for name in told), told)

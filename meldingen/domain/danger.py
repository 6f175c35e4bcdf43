"""Words of danger in what somebody wrote: what makes a form ask "Is het nu gevaarlijk?", and what alarms by itself.

Words know no sentence: they only make us ask or look. Who decides is a person, but for the gemeente's own short list
where nobody can be asked (KLANTREIS step 4). Which words there are: defaults/danger_words.toml and the gemeente.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Final

from .errors import FieldError, InvalidInput

SUSPECTED: Final = "gevaar_vermoed"
"""Flag of a melding whose words sound dangerous while nobody could be asked."""
BY_WORDS: Final = "gevaar_uit_woorden"
"""Flag of a melding that alarmed by the gemeente's short list, and not because somebody said so."""

MOST_WORDS: Final = 400
LONGEST: Final = 60
MOST_IN_ONE: Final = 5

_WORD: Final = r"\*?[a-z0-9]{2,}\*?|[a-z0-9]"
_BETWEEN: Final = 3
"""Words that may stand between two of one phrase: "draden hangen er los bij" holds `draden los`."""

_NEGATIONS: Final = frozenset(["geen", "niet", "nooit", "niks", "niemand", "nergens", "zonder", "no", "not", "never"])
_NO_NEGATION: Final = frozenset(["alleen", "enkel", "slechts", "normaal", "te", "only"])
"""After these "niet" denies nothing: "niet alleen lelijk", "niet normaal", "niet te doen"."""
_TURNS: Final = frozenset(
    ["maar", "want", "dus", "of", "en", "omdat", "dat", "die", "als", "wel", "toch", "but", "or", "and"]
)
"""Where a new thought begins: what was denied before it says nothing of what follows."""
_REACH: Final = 3


@dataclass(frozen=True)
class DangerWords:
    """The two lists of a gemeente, and the sayings that are never meant so ("uit de brand").

    One entry is a word or a few in this order, with at most three others between them; `*` before or after a word
    stands for any letters. A saying is taken word for word.
    """

    asking: tuple[str, ...]
    alarming: tuple[str, ...]
    harmless: tuple[str, ...] = ()


@dataclass(frozen=True)
class Heard:
    """The entries that a text holds and does not deny, and the words it says them with."""

    asking: tuple[str, ...] = ()
    alarming: tuple[str, ...] = ()
    said: tuple[str, ...] = ()

    @property
    def suspected(self) -> bool:
        """Whether to ask, or to look."""
        return bool(self.asking or self.alarming)


def hear(text: str, words: DangerWords) -> Heard:
    """The words of danger in a text; "geen gevaar" and "niet gevaarlijk" hold none, "gevaarlijk druk" does.

    Asking once too often costs a tap, so what is in doubt is heard; the short list is written to be beyond doubt.
    """
    said = _plain(text)
    for saying in words.harmless:
        said = said.replace(f" {saying} ", " | ")
    asking, alarming = _held(said, words.asking), _held(said, words.alarming)
    return Heard(tuple(asking), tuple(alarming), tuple(dict.fromkeys([*alarming.values(), *asking.values()])))


def check_words(written: str, *, field: str) -> tuple[str, ...]:
    """A list as beheer types it, one entry per line or comma: cleaned, without doubles, in the order written.

    Raises InvalidInput naming `field` and the first entry that cannot be used, or when there are too many.
    """
    kept: dict[str, None] = {}
    for entry in re.split(r"[\n,;]", written):
        if not entry.strip():
            continue
        clean = " ".join(re.sub(r"[^a-z0-9* ]", " ", _fold(entry)).split())
        parts = clean.split()
        whole = all(re.fullmatch(_WORD, part) for part in parts)
        if not parts or not whole or len(clean) > LONGEST or len(parts) > MOST_IN_ONE:
            raise InvalidInput.gather([FieldError(field, "woord_onjuist", _told(entry))])
        kept[clean] = None
    if len(kept) > MOST_WORDS:
        raise InvalidInput.of(field, "te_veel_woorden", f"Er passen {MOST_WORDS} woorden in deze lijst.")
    return tuple(kept)


def _told(entry: str) -> str:
    shown = " ".join(entry.split())[:40]
    return (
        f"Deze regel kunnen wij niet gebruiken: {shown}. Schrijf één tot {MOST_IN_ONE} woorden van ten minste twee "
        "letters. Een * mag alleen aan het begin of het eind van een woord."
    )


def _held(said: str, entries: tuple[str, ...]) -> dict[str, str]:
    """Per entry that is said and not denied the words that say it."""
    if not _any_of(entries).search(said):
        return {}
    return {
        entry: match.group()
        for entry, pattern in zip(entries, _patterns(entries), strict=True)
        for match in pattern.finditer(said)
        if not _denied(said[: match.start()])
    }


def _denied(before: str) -> bool:
    """Whether the last words of this thought deny what follows them."""
    thought: list[str] = []
    for word in reversed(before.split()[-_REACH:]):
        if word == "|" or word in _TURNS:
            break
        thought.insert(0, word)
    return any(word in _NEGATIONS and after not in _NO_NEGATION for word, after in pairwise([*thought, ""]))


def _plain(text: str) -> str:
    """Small letters without accents, one space between words, `|` where a sentence or part of it ends."""
    parts = re.split(r"[.,;:!?()\n]+", _fold(text))
    return " | ".join(" ".join(re.findall(r"[^\W_]+", part)) for part in parts).join((" ", " "))


def _fold(text: str) -> str:
    if text.isascii():
        return text.casefold()
    spread = unicodedata.normalize("NFKD", text.casefold())
    return "".join(char for char in spread if not unicodedata.combining(char))


@lru_cache(maxsize=64)
def _patterns(entries: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(_between_spaces(_expression(entry.split()))) for entry in entries)


@lru_cache(maxsize=64)
def _any_of(entries: tuple[str, ...]) -> re.Pattern[str]:
    """One look for all entries: nearly every melding holds none. The space is asked for first and once, so that the
    middle of a word is passed by without trying the entries."""
    return re.compile(_between_spaces("|".join(_expression(entry.split()) for entry in entries) or "(?!)"))


def _expression(words: Sequence[str]) -> str:
    between = rf"(?: [^ |]+){{0,{_BETWEEN}}} "
    spelled = (re.escape(word.strip("*")) for word in words)
    parts = [
        ("[^ |]*" if word.startswith("*") else "") + letters + ("[^ |]*" if word.endswith("*") else "")
        for word, letters in zip(words, spelled, strict=True)
    ]
    return between.join(parts)


def _between_spaces(expression: str) -> str:
    return f"(?<= )(?:{expression})(?= )"

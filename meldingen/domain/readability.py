"""How easily a Dutch text reads, as hints for who writes it (MSG-15, MSG-17, MSG-18). A hint never refuses anything.

No measure proves B1, which is a level of learners; these find what most often makes a text hard. Flesch-Douma is
counted with the syllables of pyphen, as textstat does; a test holds the two together. pyphen reads its patterns at
the first text, not at the start of the process.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from .text import personal_kinds

if TYPE_CHECKING:
    from pyphen import Pyphen

LEAST_DOUMA: Final = 60
LONGEST_SENTENCE: Final = 20
LONGEST_MEAN: Final = 12
_ENOUGH_WORDS: Final = 8
"""Of fewer words the score says nothing: one long word decides it."""

_LINK: Final = re.compile(r"https?://\S+|\S+@\S+")
_SENTENCE_END: Final = re.compile(r"[.?!:]+(?:\s+|$)|\n+")
_WORD: Final = re.compile(r"[^\W_]+(?:[.'’\-][^\W_]+)*")
_INFORMAL: Final = re.compile(r"\b(?:je|jij|jou|jouw|jullie)\b", re.IGNORECASE)
_PERSONAL: Final = {
    "e-mailadres": "een e-mailadres",
    "rekeningnummer": "een rekeningnummer",
    "bsn": "wat op een burgerservicenummer lijkt",
    "telefoonnummer": "een telefoonnummer",
    "kenteken": "een kenteken",
}


@dataclass(frozen=True)
class Hint:
    """One thing that would read better. code: `lange_zin`, `lange_zinnen`, `moeilijk_woord`, `moeilijke_tekst`,
    `je_vorm` or `persoonsgegeven`."""

    code: str
    words: str


def hints_for(text: str, *, hard_words: Mapping[str, str], own: Sequence[str] = ()) -> tuple[Hint, ...]:
    """What could be better in this text, the most serious first; empty when it is fine.

    hard_words: each with what to write instead. own: the gemeente's numbers and addresses, which may be in a text.
    """
    found = [*_personal(text, own)]
    lengths = sentence_lengths(text)
    if lengths and max(lengths) > LONGEST_SENTENCE:
        words = f"Eén zin heeft {max(lengths)} woorden. Maak er twee zinnen van. Hoogstens {LONGEST_SENTENCE} is goed."
        found.append(Hint("lange_zin", words))
    elif len(lengths) > 1 and sum(lengths) / len(lengths) > LONGEST_MEAN:
        mean = round(sum(lengths) / len(lengths))
        words = f"De zinnen zijn lang: gemiddeld {mean} woorden. Hoogstens {LONGEST_MEAN} leest prettig."
        found.append(Hint("lange_zinnen", words))
    for hard, easy in _hard_in(text, hard_words):
        found.append(Hint("moeilijk_woord", f"“{hard}” is een moeilijk woord. Beter is: {easy}."))
    if len(_WORD.findall(text)) >= _ENOUGH_WORDS and douma(text) < LEAST_DOUMA:
        found.append(Hint("moeilijke_tekst", "Deze tekst heeft veel lange woorden. Kan het met kortere?"))
    if informal := _INFORMAL.search(text):
        found.append(Hint("je_vorm", f"Schrijf “u” in plaats van “{informal[0]}”."))
    return tuple(found)


def _personal(text: str, own: Sequence[str]) -> Sequence[Hint]:
    for known in filter(None, own):
        text = text.replace(known, " ").replace(known.replace(" ", ""), " ")
    return [
        Hint("persoonsgegeven", f"Hier staat {_PERSONAL[kind]}. De melder leest dit. Mag dat?")
        for kind in personal_kinds(text)
    ]


def _hard_in(text: str, hard_words: Mapping[str, str]) -> Sequence[tuple[str, str]]:
    """The hard words in a text, in their order there."""
    found = _pattern(tuple(hard_words)).finditer(text) if hard_words else ()
    return [(word, hard_words[word]) for word in dict.fromkeys(match[0].lower() for match in found)]


@cache
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    longest_first = sorted(words, key=len, reverse=True)
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, longest_first)) + r")(?!\w)", re.IGNORECASE)


def sentence_lengths(text: str) -> list[int]:
    """The number of words in each sentence; a line end is a sentence end, an address is no word."""
    parts = _SENTENCE_END.split(_LINK.sub("", text))
    return [len(words) for part in parts if (words := _WORD.findall(part))]


def douma(text: str) -> float:
    """Flesch-Douma: 206.835 - 0.93 x words per sentence - 77 x syllables per word. Higher is easier; 60 is plain."""
    lengths = sentence_lengths(text)
    words = _WORD.findall(_LINK.sub("", text))
    if not words:
        return 206.835
    syllables = sum(len(_patterns().positions(word)) + 1 for word in words)
    return 206.835 - 0.93 * sum(lengths) / len(lengths) - 77 * syllables / len(words)


@cache
def _patterns() -> "Pyphen":
    from pyphen import Pyphen

    return Pyphen(lang="nl_NL")

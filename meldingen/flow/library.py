"""The words we ship: ready sentences for closing, reasons for no solution and for a new date, easier words, and how
people say each category.

Read from defaults/reasons.toml; a closing stores the slug and the sentence as it was chosen, so a changed file
changes no old bericht.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..domain.danger import DangerWords

DEFAULTS = Path(__file__).resolve().parent.parent / "defaults"


@dataclass(frozen=True)
class Reason:
    """Why something was not solved. label: for the team; sentence: for the melder.

    own_sentence: the sentence alone explains nothing, the team has to write one of its own as well.
    """

    slug: str
    label: str
    sentence: str
    own_sentence: bool = False


@cache
def reasons() -> Mapping[str, Reason]:
    """The reasons for niet_opgelost by slug, in the order in which a team sees them."""
    return {found["slug"]: Reason(**found) for found in read_defaults("reasons.toml")["reason"]}


def reason_sentence(slug: str) -> str:
    """What the melder reads for this reason; "" for one we do not know (any more)."""
    found = reasons().get(slug)
    return found.sentence if found else ""


@dataclass(frozen=True)
class DelayReason:
    """Why something comes later. label: for the team; sentence: for the melder. by_system: not for people to choose."""

    slug: str
    label: str
    sentence: str
    by_system: bool = False


@cache
def delay_reasons() -> Mapping[str, DelayReason]:
    """The reasons for a new date by slug, in the order in which a team sees them."""
    return {found["slug"]: DelayReason(**found) for found in read_defaults("reasons.toml")["delay"]}


def delay_sentence(slug: str) -> str:
    """What the melder reads for this reason; "" for one we do not know (any more)."""
    found = delay_reasons().get(slug)
    return found.sentence if found else ""


def closing_sentences(main_category_slug: str) -> Sequence[str]:
    """Ready sentences for "opgelost" in this main category; empty for a category of the gemeente's own."""
    sentences: Mapping[str, Sequence[str]] = _closing()
    return sentences.get(main_category_slug, ())


@cache
def _closing() -> Mapping[str, Sequence[str]]:
    return {slug: tuple(sentences) for slug, sentences in read_defaults("reasons.toml")["closing"].items()}


@cache
def hard_words() -> Mapping[str, str]:
    """Words that few people use, each with what to write instead."""
    words: Mapping[str, str] = read_defaults("hard_words.toml")["words"]
    return words


@cache
def category_words() -> Mapping[str, tuple[Sequence[str], Sequence[str]]]:
    """Per category of ours its synonyms and its example sentences, from which it is proposed."""
    mains = read_defaults("categories.toml")["main"]
    examples: dict[str, Sequence[str]] = {}
    for main in mains:
        examples |= read_defaults(f"examples/{main['slug']}.toml")
    everything = [*mains, *(sub for main in mains for sub in main["sub"])]
    return {one["slug"]: (one["synonyms"], examples.get(one["slug"], ())) for one in everything}


@cache
def category_defaults() -> Mapping[str, Mapping[str, Any]]:
    """Our own categories by slug, with their example sentences as `examples`."""
    mains = read_defaults("categories.toml")["main"]
    words = category_words()
    everything = [*mains, *(sub for main in mains for sub in main["sub"])]
    return {one["slug"]: {**one, "examples": words[one["slug"]][1]} for one in everything}


@cache
def danger_defaults() -> DangerWords:
    """The words of danger a gemeente starts with."""
    return DangerWords(**{name: tuple(entries) for name, entries in read_defaults("danger_words.toml").items()})


def read_defaults(name: str) -> dict[str, Any]:
    """One TOML file of defaults/, by its path there."""
    return tomllib.loads((DEFAULTS / name).read_text(encoding="utf-8"))

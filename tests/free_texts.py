"""The texts of free_texts.toml, and what the words in defaults/ alone teach: for tests and bench/soorten.py."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from meldingen.adapters.learner import Example, learn_weights
from meldingen.domain.proposal import Weights, propose
from meldingen.flow.library import category_words, read_defaults


class FreeText(NamedTuple):
    """What somebody typed. right: one main category, or two where honest people differ."""

    nr: int
    text: str
    about: str
    right: Sequence[str]


@dataclass(frozen=True)
class Asked:
    """One text with what was proposed for it, as main categories."""

    free: FreeText
    proposed: Sequence[str]

    @property
    def first(self) -> bool:
        return bool(self.proposed) and self.proposed[0] in self.free.right

    @property
    def among(self) -> bool:
        return any(main in self.free.right for main in self.proposed)


def free_texts(*, odd: bool) -> list[FreeText]:
    """One half: the odd numbers are for tuning, the even ones are held back."""
    path = Path(__file__).with_name("free_texts.toml")
    rows = [FreeText(**row) for row in tomllib.loads(path.read_text(encoding="utf-8"))["text"]]
    return [row for row in rows if row.nr % 2 == odd]


@cache
def mains() -> Mapping[str, str]:
    """The main category of each sub category in defaults/."""
    tree = read_defaults("categories.toml")["main"]
    return {sub["slug"]: main["slug"] for main in tree for sub in main["sub"]}


@cache
def default_weights() -> Weights:
    """What a new gemeente starts with; learned once per process, in about a second."""
    tree = read_defaults("categories.toml")["main"]
    names = {sub["slug"]: sub["name"] for main in tree for sub in main["sub"]}
    words = category_words()
    found = [Example(text, slug) for slug in names for part in ([names[slug]], *words[slug]) for text in part]
    weights = learn_weights(found)
    assert weights is not None
    return weights


def ask(half: Sequence[FreeText]) -> list[Asked]:
    """What is proposed for each; a text for which nothing is, counts as missed."""
    weights = default_weights()
    return [Asked(free, [mains()[one.slug] for one in propose(weights, free.text, offered=mains())]) for free in half]

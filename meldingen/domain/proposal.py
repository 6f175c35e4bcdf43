"""Which categories a text is probably about: what is seen in a text, and adding up what was learned of it.

Scoring only: a few milliseconds and a few megabytes, in the process that answers. How it is learned, with a library for
statistics, is adapters/learner.py; which texts it learns from is flow/proposals.py. Nothing here chooses for anyone: it
proposes, and says nothing when it is unsure.
"""

import re
import unicodedata
import zlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any, Final, NamedTuple, Self
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

MOST: Final = 3
"""More than three is a list, and there is a list already."""
UNSURE: Final = "ander-probleem"
"""Learned from what says nothing, such as a greeting. It is never proposed: "iets anders" is always there."""
SURE: Final = 0.15
"""Below this chance for the proposals together nothing is proposed. Measured on the tuning half of
tests/free_texts.toml: lower shows lists for greetings, higher silences lists that were right."""
BY_LOT: Final = 2
"""The likeliest must be this many times as likely as by lot: so a gemeente with five categories does not guess."""
TEMPERATURE: Final = 0.11
"""Turns margins into chances. Four-fold cross-validation over defaults/ found 0.109 to 0.118 best."""

_UNSEEN: Final = 0.7
_SHORTEST, _LONGEST = 3, 5
_NO_WORD = re.compile(r"\S*[@\d/\\]\S*")
"""Addresses, numbers, kentekens and links: never looked at, so never learned."""
_WORD = re.compile(r"[a-z]+")


def features(text: str) -> list[str]:
    """What is seen in a text: its words, and the runs of 3 to 5 letters in them, in which a misspelling or a compound
    still looks like the words it was made of. Without case, accents, digits, and anything with a digit or @ in it."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    words = _WORD.findall(_NO_WORD.sub(" ", plain).replace("'", "").replace("\u2019", ""))
    found = [f"={word}" for word in words]
    for word in words:
        marked = f"<{word}>"
        for size in range(_SHORTEST, _LONGEST + 1):
            found += [marked[start : start + size] for start in range(len(marked) - size + 1)]
    return found


def mark_of(feature: str) -> int:
    """The number by which a feature is remembered: weights hold no words."""
    return zlib.crc32(feature.encode())


class Chance(NamedTuple):
    """One category with the chance, from 0 to 1, that the text is about it."""

    slug: str
    chance: float


@dataclass(frozen=True)
class Weights:
    """What was learned. marks: of the known features, ascending; rarity: how much each counts in a text; table: per
    feature and slug how much it says, in steps of `step` per slug; start: what a slug has without any feature."""

    slugs: tuple[str, ...]
    marks: NDArray[np.uint32]
    rarity: NDArray[np.float32]
    table: NDArray[np.int8]
    step: NDArray[np.float32]
    start: NDArray[np.float32]

    @classmethod
    def of(
        cls,
        slugs: Sequence[str],
        known: Sequence[str],
        rarity: NDArray[Any],
        coefficients: NDArray[Any],
        start: NDArray[Any],
    ) -> Self:
        """From coefficients per slug and feature, each rounded to one of 255 steps."""
        marks = np.array([mark_of(feature) for feature in known], dtype=np.uint32)
        order = np.argsort(marks)
        step = np.maximum(np.abs(coefficients).max(axis=1), 1e-9) / 127
        table = np.rint(coefficients / step[:, None]).astype(np.int8)
        return cls(
            slugs=tuple(slugs),
            marks=marks[order],
            rarity=rarity[order].astype(np.float32),
            table=np.ascontiguousarray(table.T[order]),
            step=step.astype(np.float32),
            start=start.astype(np.float32),
        )

    def to_bytes(self) -> bytes:
        """As it is stored."""
        out = BytesIO()
        np.savez_compressed(
            out,
            allow_pickle=False,
            slugs=np.array(self.slugs),
            marks=self.marks,
            rarity=self.rarity,
            table=self.table,
            step=self.step,
            start=self.start,
        )
        return out.getvalue()

    @classmethod
    def from_bytes(cls, stored: bytes) -> Self:
        """As it was stored. Raises ValueError for anything else."""
        try:
            with np.load(BytesIO(stored), allow_pickle=False) as held:
                arrays = {name: held[name] for name in ("marks", "rarity", "table", "step", "start")}
                return cls(slugs=tuple(held["slugs"].tolist()), **arrays)
        except (OSError, KeyError, EOFError, ValueError, BadZipFile) as error:
            raise ValueError("these are no weights") from error

    def chances(self, text: str) -> list[Chance]:
        """Every category, the likeliest first.

        What was never seen counts in the length of the text, nearly as much as the rarest that was: a text of unknown
        words gets near to nothing from the one it shares with us.
        """
        counted = Counter(features(text))
        marks = np.array([mark_of(feature) for feature in counted], dtype=np.uint32)
        often = 1 + np.log(np.array(list(counted.values()), dtype=np.float32))
        at = np.minimum(np.searchsorted(self.marks, marks), len(self.marks) - 1)
        seen = self.marks[at] == marks
        values = often * np.where(seen, self.rarity[at], _UNSEEN * self.rarity.max())
        length = float(np.sqrt(values @ values)) or 1.0
        margins = self.start + (values[seen] / length) @ self.table[at[seen]].astype(np.float32) * self.step
        raised = np.exp((margins - margins.max()) / TEMPERATURE)
        shares = raised / raised.sum()
        return [Chance(self.slugs[i], float(shares[i])) for i in np.argsort(-shares, kind="stable")]


def propose(weights: Weights, text: str, *, offered: Collection[str]) -> list[Chance]:
    """At most three of the offered categories, the likeliest first; none when unsure.

    offered: slugs that can be chosen now; what was learned of another one is passed over.
    """
    if not any(len(word) >= _SHORTEST for word in _WORD.findall(text.casefold())):
        return []
    best = [one for one in weights.chances(text) if one.slug in offered and one.slug != UNSURE][:MOST]
    sure = sum(one.chance for one in best) >= SURE and best[0].chance * len(weights.slugs) >= BY_LOT
    return best if sure else []


class Case(NamedTuple):
    """A text with the category it turned out to be about."""

    text: str
    slug: str


class Score(NamedTuple):
    """How proposals did on a number of cases, as shares from 0 to 1; what nothing was proposed for counts as missed.

    first, among: the right category came first, or was among the three; main_first, main_among: the main category.
    """

    cases: int
    first: float
    among: float
    main_first: float
    main_among: float
    silent: float


def score(weights: Weights, cases: Sequence[Case], *, mains: Mapping[str, str]) -> Score:
    """Proposes for each case and counts. mains: the main category of each slug that is offered."""
    said = [[one.slug for one in propose(weights, case.text, offered=mains)] for case in cases]
    right = [(slugs, case.slug) for slugs, case in zip(said, cases, strict=True)]
    right_main = [([mains[slug] for slug in slugs], mains.get(slug, slug)) for slugs, slug in right]

    def share(hits: Sequence[bool]) -> float:
        return round(sum(hits) / max(1, len(hits)), 4)

    return Score(
        cases=len(cases),
        first=share([slug in slugs[:1] for slugs, slug in right]),
        among=share([slug in slugs for slugs, slug in right]),
        main_first=share([slug in slugs[:1] for slugs, slug in right_main]),
        main_among=share([slug in slugs for slugs, slug in right_main]),
        silent=share([not slugs for slugs in said]),
    )

"""Proposing categories while somebody types, and learning which words belong to which.

Learning starts from the words of the categories (name, synonyms, examples) and goes on with what people made of past
meldingen. It is done anew each time from what is there now, so an erased text is forgotten with the next lesson. Who
learns is the command line or a worker; a process that answers only proposes. Scoring: domain/proposal.py.
"""

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from ..adapters.learner import Example, learn_weights
from ..db import transaction
from ..domain.proposal import Case, Score, Weights, propose, score
from ..domain.text import mask_personal
from ..store import category_model
from ..store.category import categories_of
from ..store.category_model import CategoryModel, Edition, PastCase
from ..store.gemeente import served_ids
from .library import category_words

log = structlog.get_logger()

LATEST_CASES = 10_000
"""Some years of a middling gemeente; learning from them takes about a minute."""
HELD_BACK = 5
"""One in five opdrachten is kept apart to see whether learning helped."""
FEWEST_CASES = 25
"""Held back; with fewer a share says nothing."""
LEARN_AGAIN = timedelta(days=7)


class Proposal(NamedTuple):
    """A category to propose, in the words a melder reads."""

    slug: str
    name: str
    main_slug: str
    main_name: str


@dataclass(frozen=True)
class Material:
    """All that is learned from. words: a fingerprint of the categories and their words."""

    own: Sequence[Example]
    cases: Sequence[PastCase]
    mains: Mapping[str, str]
    words: str


@dataclass(frozen=True)
class Lesson:
    """What came of it. before, after: right on held-back cases without and with the others; None with too few of them.

    with_cases: whether the cases are in the weights; they are not when they made it worse.
    """

    weights: Weights
    own: int
    cases: int
    with_cases: bool
    words: str
    before: Score | None = None
    after: Score | None = None

    def facts(self) -> dict[str, Any]:
        """As it is kept beside the weights."""
        shares = {"voor": self.before, "na": self.after}
        proof = {name: one._asdict() for name, one in shares.items() if one is not None}
        counts = {"zinnen": self.own, "meldingen": self.cases if self.with_cases else 0}
        return {**counts, "woorden": self.words, **({"proef": proof} if proof else {})}


def propose_categories(session: Session, text: str, *, gemeente_id: int) -> list[Proposal]:
    """At most three categories this text is probably about, the likeliest first; none when unsure or before anything
    was learned. Within 20 ms."""
    weights = _weights_of(session, gemeente_id)
    if weights is None:
        return []
    offered = {one.slug: one for one in category_model.choosable(session, scope=[gemeente_id])}
    return [Proposal(*offered[chance.slug]) for chance in propose(weights, text, offered=offered)]


_open: dict[int, tuple[Edition, Weights]] = {}
"""Per gemeente the edition this process holds, so that a melder waits for a look at its number only."""


def _weights_of(session: Session, gemeente_id: int) -> Weights | None:
    latest = category_model.edition(session, scope=[gemeente_id])
    if latest is None:
        return None
    held = _open.get(gemeente_id)
    if held and held[0] == latest:
        return held[1]
    stored = category_model.stored_weights(session, latest.id, scope=[gemeente_id])
    if stored is None:
        return held[1] if held else None
    weights = Weights.from_bytes(stored)
    _open[gemeente_id] = (latest, weights)
    return weights


def material_of(session: Session, gemeente_id: int) -> Material:
    """What there is to learn from. A gemeente that never learned first gets our words where it has none of its own."""
    scope = [gemeente_id]
    if category_model.edition(session, scope=scope) is None:
        _add_missing_words(session, gemeente_id)
    offered = {one.slug: one for one in category_model.choosable(session, scope=scope)}
    own = [
        Example(text, row.slug)
        for row in categories_of(session, scope=scope)
        if row.slug in offered
        for text in (row.name, *row.synonyms, *row.examples)
    ]
    cases = category_model.past_cases(session, limit=LATEST_CASES, scope=scope)
    return Material(
        own=own,
        cases=[case._replace(text=mask_personal(case.text)) for case in cases if case.slug in offered],
        mains={slug: one.main_slug or slug for slug, one in offered.items()},
        words=_fingerprint(own),
    )


def learn(material: Material) -> Lesson | None:
    """Learns, and looks on held-back cases whether the past helps; None with fewer than three categories. Takes seconds
    to a minute and touches no database, so that no transaction waits for it.

    Meldingen of one opdracht are held back together: three about the same fallen tree are no proof for each other.
    """
    before = learn_weights(material.own)
    if before is None:
        return None
    kept = [case for case in material.cases if not _is_held_back(case)]
    held = [Case(case.text, case.slug) for case in material.cases if _is_held_back(case)]
    if len(held) < FEWEST_CASES:
        return Lesson(before, len(material.own), len(material.cases), with_cases=False, words=material.words)
    trial = learn_weights([*material.own, *_examples(kept)])
    assert trial is not None
    scores = [score(weights, held, mains=material.mains) for weights in (before, trial)]
    helps = scores[1].among >= scores[0].among
    final = learn_weights([*material.own, *_examples(material.cases)]) if helps else before
    assert final is not None
    return Lesson(final, len(material.own), len(material.cases), helps, material.words, *scores)


def keep(session: Session, lesson: Lesson, *, gemeente_id: int, now: datetime) -> None:
    """Stores what was learned; every process that proposes uses it from its next proposal on."""
    category_model.forget_model(session, scope=[gemeente_id])
    weights = lesson.weights.to_bytes()
    session.add(CategoryModel(gemeente_id=gemeente_id, made_at=now, weights=weights, facts=lesson.facts()))
    session.flush()


def mind_models(engine: sa.Engine, *, now: datetime) -> None:
    """Learns for a gemeente that never did, whose categories or words changed, or whose last lesson is a week old."""
    with transaction(engine) as session:
        ids = sorted(served_ids(session))
    for gemeente_id in ids:
        with transaction(engine) as session:
            known = category_model.edition(session, scope=[gemeente_id])
            material = material_of(session, gemeente_id)
        fresh = known and now - known.made_at < LEARN_AGAIN and known.facts.get("woorden") == material.words
        lesson = None if fresh else learn(material)
        if lesson is None:
            continue
        with transaction(engine) as session:
            keep(session, lesson, gemeente_id=gemeente_id, now=now)
        log.info("categories_learned", gemeente=gemeente_id, examples=lesson.own, cases=lesson.cases)


def _examples(cases: Sequence[PastCase]) -> list[Example]:
    return [Example(case.text, case.slug, case.writer) for case in cases]


def _is_held_back(case: PastCase) -> bool:
    return zlib.crc32(str(case.opdracht_id).encode()) % HELD_BACK == 0


def _fingerprint(own: Sequence[Example]) -> str:
    return hashlib.sha256(repr(sorted(own)).encode()).hexdigest()[:16]


def _add_missing_words(session: Session, gemeente_id: int) -> None:
    ours = category_words()
    for row in categories_of(session, scope=[gemeente_id]):
        if row.slug in ours and not row.synonyms and not row.examples:
            row.synonyms, row.examples = map(list, ours[row.slug])
    session.flush()

"""Learning which words belong to which category, with scikit-learn: a linear support vector machine on runs of letters.

Only for who learns, the command line and a worker: the library costs some hundred megabytes and is imported when it
is used. Who proposes needs the weights alone (domain/proposal.py).
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from ..domain.proposal import Weights, features

FEWEST_WRITERS = 5
"""What fewer people wrote is not learned: a name, a house, a quarrel. Words of our own and of beheer always are."""
FEWEST_CATEGORIES = 3
"""Between fewer there is nothing to propose."""
_STRICTNESS = 0.5
"""The C of the machine; of 0.1, 0.2, 0.5 and 1 the best on the tuning half of tests/free_texts.toml."""


class Example(NamedTuple):
    """A text with the category it is about. writer: whose words, for counting only; "" for ours and those of beheer."""

    text: str
    slug: str
    writer: str = ""


def learn_weights(examples: Sequence[Example]) -> Weights | None:
    """What these examples teach; None when they are of fewer than three categories."""
    slugs = sorted({example.slug for example in examples})
    if len(slugs) < FEWEST_CATEGORIES:
        return None
    from sklearn.feature_extraction.text import TfidfVectorizer  # here: see the top of this file
    from sklearn.svm import LinearSVC

    seen = TfidfVectorizer(analyzer=features, vocabulary=_worth_knowing(examples), sublinear_tf=True)
    rows = seen.fit_transform([example.text for example in examples])
    machine = LinearSVC(C=_STRICTNESS, random_state=0).fit(rows, [example.slug for example in examples])
    names = seen.get_feature_names_out().tolist()
    return Weights.of(machine.classes_.tolist(), names, seen.idf_, machine.coef_, machine.intercept_)


def _worth_knowing(examples: Sequence[Example]) -> list[str]:
    """The features to learn, in a fixed order, so that the same examples always teach the same."""
    writers: dict[str, set[str]] = defaultdict(set)
    known: set[str] = set()
    for example in examples:
        for feature in set(features(example.text)):
            if not example.writer:
                known.add(feature)
            elif len(writers[feature]) < FEWEST_WRITERS:
                writers[feature].add(example.writer)
    return sorted(known | {feature for feature, by in writers.items() if len(by) >= FEWEST_WRITERS})

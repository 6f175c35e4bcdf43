"""What is learned and what is not. How well: tests/domain/test_free_texts.py."""

import subprocess
import sys

from meldingen.adapters.learner import FEWEST_WRITERS, Example, learn_weights
from meldingen.domain.proposal import features, mark_of

OWN = [
    Example("de lamp brandt niet", "lamp"),
    Example("gat in de weg", "gat"),
    Example("volle bak met afval", "bak"),
]


def known(examples: list[Example], word: str) -> bool:
    weights = learn_weights(examples)
    assert weights is not None
    return mark_of(f"={word}") in weights.marks.tolist()


def test_between_two_there_is_nothing_to_learn() -> None:
    assert learn_weights(OWN[:2]) is None
    assert learn_weights([]) is None


def test_the_same_examples_teach_the_same() -> None:
    first, second = learn_weights(OWN), learn_weights(OWN)
    assert first is not None
    assert second is not None
    assert first.to_bytes() == second.to_bytes()


def test_a_word_of_few_people_is_not_learned() -> None:
    text = "de lamp bij Jansen doet het niet"
    few = [Example(text, "lamp", f"melder-{n}") for n in range(FEWEST_WRITERS - 1)]
    one_often = [Example(text, "lamp", "melder-1") for _ in range(50)]
    assert not known([*OWN, *few, *one_often], "jansen")
    assert known([*OWN, *few, Example(text, "lamp", "melder-9")], "jansen")
    assert known([*OWN, Example(text, "lamp")], "jansen"), "beheer wrote it himself"


def test_no_number_or_address_is_learned() -> None:
    text = "bel 0612345678 of jan@example.nl over AB-12-CD"
    many = [Example(text, "lamp", f"melder-{n}") for n in range(20)]
    weights = learn_weights([*OWN, *many])
    assert weights is not None
    seen = {mark_of(feature) for example in OWN for feature in features(example.text)}
    assert set(weights.marks.tolist()) - seen <= {mark_of(feature) for feature in features("bel of over")}


def test_who_answers_does_not_carry_the_library() -> None:
    look = "import sys, meldingen.app; sys.exit(any(name in sys.modules for name in ('sklearn', 'scipy')))"
    assert subprocess.run([sys.executable, "-c", look], check=False).returncode == 0

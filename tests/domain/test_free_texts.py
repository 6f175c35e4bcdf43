"""Issue "De inwoner": of the half never used for tuning, the right main category is in the first three for 90 %."""

from collections import Counter

from tests.free_texts import ask, free_texts, mains


def test_half_of_300_texts_is_held_back_and_all_are_labelled() -> None:
    odd, even = free_texts(odd=True), free_texts(odd=False)
    assert (len(odd), len(even)) == (150, 150)
    for free in [*odd, *even]:
        assert 1 <= len(free.right) <= 2
        assert set(free.right) <= set(mains().values())
    assert len(Counter(free.text for free in [*odd, *even])) == 300


def test_the_right_main_category_is_among_the_first_three() -> None:
    asked = ask(free_texts(odd=False))
    assert sum(one.among for one in asked) >= 0.90 * len(asked)


def test_no_held_back_text_stands_among_our_own_sentences() -> None:
    from meldingen.flow.library import category_words

    ours = {sentence.casefold() for _, examples in category_words().values() for sentence in examples}
    assert not [free.nr for free in free_texts(odd=False) if free.text.casefold() in ours and len(free.text) > 40]

"""What is seen in a text, and when something is proposed. Learned from our own words: tests/free_texts.py."""

import pytest

from meldingen.domain.proposal import MOST, UNSURE, Case, Weights, features, propose, score
from tests.free_texts import default_weights, mains


class TestFeatures:
    def test_words_and_runs_of_letters(self) -> None:
        assert features("De put") == [
            "=de", "=put", "<de", "de>", "<de>", "<pu", "put", "ut>", "<put", "put>", "<put>",
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("one", "other"),
        [("KAPOT!!", "kapot"), ("café", "cafe"), ("foto’s", "fotos"), ("  los\n\nbord ", "los bord")],
    )
    def test_not_how_it_is_written(self, one: str, other: str) -> None:
        assert features(one) == features(other)

    @pytest.mark.parametrize(
        "text", ["jan@example.nl", "06-12345678", "AB-12-CD", "1861 2", "https://a.example/b", "12a", "", "👍 …"]
    )
    def test_numbers_and_addresses_are_not_looked_at(self, text: str) -> None:
        assert features(text) == []


def ask(text: str) -> list[str]:
    return [one.slug for one in propose(default_weights(), text, offered=mains())]


class TestPropose:
    @pytest.mark.parametrize(
        ("text", "slug"),
        [
            ("lantarenpaal doet t niet", "lantaarnpaal-brandt-niet"),
            ("STRAATLANTAARN KAPOT", "lantaarnpaal-brandt-niet"),
            ("matrassen gedumpd op de stoep", "grofvuil-op-straat"),
            ("overvolle glascontainer", "container-vol"),
            ("de putdekzel ligt los", "putdeksel-los"),
            ("hondepoep", "hondenpoep"),
        ],
    )
    def test_misspelled_joined_and_shouted(self, text: str, slug: str) -> None:
        assert ask(text)[0] == slug

    def test_at_most_three_and_never_the_one_for_nothing(self) -> None:
        for text in ("kapot bankje bij de container", "er ligt iets", "ik wil iets anders melden"):
            found = ask(text)
            assert len(found) <= MOST
            assert UNSURE not in found

    @pytest.mark.parametrize(
        "text",
        ["", "x", "12", "hallo", "ik heb een vraag", "qwzx vrrtg", "lorem ipsum dolor sit amet", "???", "\U0001f6ae"],
    )
    def test_unsure_says_nothing(self, text: str) -> None:
        assert ask(text) == []

    def test_only_what_is_offered(self) -> None:
        text = "de lantaarnpaal doet het niet"
        others = set(mains()) - {"lantaarnpaal-brandt-niet"}
        assert "lantaarnpaal-brandt-niet" not in [one.slug for one in propose(default_weights(), text, offered=others)]
        assert propose(default_weights(), text, offered=()) == []


def test_weights_are_stored_and_come_back() -> None:
    weights = default_weights()
    stored = weights.to_bytes()
    assert len(stored) < 1_000_000
    again = Weights.from_bytes(stored)
    text = "er ligt een tegel los"
    assert again.chances(text) == weights.chances(text)
    assert sum(one.chance for one in again.chances(text)) == pytest.approx(1)
    for other in (b"", b"geen gewichten", stored[:1000]):
        with pytest.raises(ValueError, match="no weights"):
            Weights.from_bytes(other)


def test_a_score_counts_silence_as_missed() -> None:
    cases = [Case("de lantaarnpaal brandt niet", "lantaarnpaal-brandt-niet"), Case("hallo", "hondenpoep")]
    found = score(default_weights(), cases, mains=mains())
    assert found._asdict() == {
        "cases": 2, "first": 0.5, "among": 0.5, "main_first": 0.5, "main_among": 0.5, "silent": 0.5,
    }  # fmt: skip

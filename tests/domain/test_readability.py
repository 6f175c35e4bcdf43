"""Our texts read easily (MSG-18), and the hints for a team's own sentence find what makes one hard."""

import re
import time
import tomllib
from statistics import mean

import pytest

from meldingen.domain.readability import LEAST_DOUMA, douma, hints_for, sentence_lengths
from meldingen.flow.library import DEFAULTS, hard_words, reasons

from .test_default_texts import CASES, SUBS, write

PLAIN = {
    "wat": "een losse tegel",
    "zin": "De tegel ligt weer recht.",
    "reden": "De tegel hoort bij een huis.",
    "storm": "Het is erg druk door de storm.",
}
OWN = ("072 000 00 00", "klachten@gemeente.example.nl")


def as_read(kind: str, channel: str) -> str:
    """A text with everyday values, without the frame that every message has."""
    text = write(kind, channel, **PLAIN).text.split("Met vriendelijke groet")[0].split("Gemeente Bergen")[0]
    return re.sub(r"https?://\S+", "", text.removesuffix(" Bergen (NH) 0720000000"))


@pytest.mark.parametrize(("kind", "channel"), CASES)
def test_every_text_is_easy_to_read(kind: str, channel: str) -> None:
    text = as_read(kind, channel)
    lengths = sentence_lengths(text)
    assert douma(text) >= LEAST_DOUMA
    assert max(lengths) <= 20 and mean(lengths) <= 12
    assert [hint.words for hint in hints_for(text, hard_words=hard_words(), own=OWN)] == []


def test_our_count_is_that_of_textstat() -> None:
    import textstat  # three seconds, which only this test needs

    textstat.set_lang("nl")
    for kind, channel in CASES:
        text = as_read(kind, channel)
        sentences = [part.strip() for part in re.split(r"(?<=[.?!:])\s+|\n+", text) if part.strip()]
        theirs = textstat.flesch_reading_ease(". ".join(sentences))
        assert theirs >= LEAST_DOUMA and abs(theirs - douma(text)) < 10, (kind, channel)


def test_ready_sentences_and_phrases_have_no_hints() -> None:
    closing = tomllib.loads((DEFAULTS / "reasons.toml").read_text(encoding="utf-8"))["closing"]
    ready = [reason.sentence for reason in reasons().values()] + [one for many in closing.values() for one in many]
    ready += [f"U meldde {sub['phrase']}." for sub in SUBS]
    found = [(text, hint) for text in ready for hint in hints_for(text, hard_words=hard_words())]
    assert [(text, hint.words) for text, hint in found if hint.code != "moeilijke_tekst"] == []


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("De lamp brandt weer.", []),
        ("", []),
        ("👍", []),
        ("Naar aanleiding van uw melding hebben wij dit verholpen.", ["moeilijk_woord", "moeilijk_woord"]),
        ("Wij hebben de tegel gelegd en daarna hebben wij ook nog gekeken naar de stoep "
         "die verderop in de straat ligt bij de school.", ["lange_zin"]),
        ("Wij komen morgen in de ochtend bij u langs om naar de boom te kijken. "
         "Daarna laten wij u weten wat wij met de boom in uw straat gaan doen.", ["lange_zinnen"]),
        ("Je tegel ligt weer recht.", ["je_vorm"]),
        ("Bel Jan op 06 12345678 of mail jan@example.nl.", ["persoonsgegeven", "persoonsgegeven"]),
        ("De auto met kenteken 12-ABC-3 is weg.", ["persoonsgegeven"]),
        ("Bel ons op 072 000 00 00.", []),
        ("De wegverbeteringen en rioleringsvoorzieningen en verkeersgeleidingselementen verlopen volgens de planning.",
         ["moeilijke_tekst"]),
    ],
)  # fmt: skip
def test_a_sentence_of_a_team_gets_hints(text: str, codes: list[str]) -> None:
    assert [hint.code for hint in hints_for(text, hard_words=hard_words(), own=OWN)] == codes


def test_there_are_enough_hard_words_and_none_advises_another() -> None:
    words = hard_words()
    assert len(words) >= 200
    assert [easy for easy in words.values() if hints_for(easy, hard_words=words)] == []


def test_the_longest_text_is_no_work() -> None:
    long = "Betreffende de werkzaamheden. " * 130
    began = time.perf_counter()
    hints_for(long, hard_words=hard_words())
    assert time.perf_counter() - began < 1

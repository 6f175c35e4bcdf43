"""What others read of abuse and threats, who may open it, and what is only suggested."""

import pytest

from meldingen.domain.abuse import BEDREIGING, GROF, HIDDEN, WORDS, may_open, sounds_like, words_shown
from meldingen.store.melding import ABUSE


def test_the_codes_are_those_of_the_table() -> None:
    assert set(ABUSE) - {""} == set(WORDS) == set(HIDDEN)


def test_hidden_unless_opened_and_nothing_is_made_up() -> None:
    assert words_shown("Tegel los", "") == "Tegel los"
    assert words_shown("Sukkels!", GROF) == "Deze tekst is verborgen omdat hij grof is."
    assert "coördinator" in words_shown("Ik weet je te vinden", BEDREIGING)
    assert words_shown("Sukkels!", GROF, opened=True) == "Sukkels!" and words_shown("", GROF) == ""


@pytest.mark.parametrize(
    ("abuse", "coordinates", "partner", "may"),
    [
        (GROF, False, False, True),
        (GROF, True, True, False),
        (BEDREIGING, False, False, False),
        (BEDREIGING, True, False, True),
        (BEDREIGING, True, True, False),
        ("", True, False, False),
    ],
)
def test_who_may_open(abuse: str, coordinates: bool, partner: bool, may: bool) -> None:
    assert may_open(abuse, coordinates=coordinates, partner=partner) is may


@pytest.mark.parametrize(
    ("words", "sounds"),
    [
        ("Jullie zijn sukkels, ruim het op", GROF),
        ("Als hij er morgen nog ligt, sla ik je neer. Ik sla je echt neer!", BEDREIGING),
        ("Ik weet waar jullie wonen", BEDREIGING),
        ("De boom slaat tegen mijn raam", ""),
        ("Ik rijd elke dag over die kuil", ""),
        ("Er is een lantaarnpaal kapot", ""),
        ("Wie hier wonen weten dat de lamp stuk is", ""),
        ("Eikels op de stoep, en brand in een prullenbak", ""),
    ],
)
def test_what_a_text_sounds_like_is_only_a_suggestion(words: str, sounds: str) -> None:
    assert sounds_like(words) == sounds

"""Whose turn an alarm is, and the times of a gemeente."""

import pytest

from meldingen.domain.spoed import SpoedTimes, minute_words, spoed_times, turn_of

OURS = SpoedTimes()


@pytest.mark.parametrize(
    ("number", "places", "at_work", "called", "coordinator", "team"),
    [
        (0, [1, 2], False, {1}, False, False),
        (1, [2, 1], False, {1}, False, False),
        (2, [1, 2], False, {2}, False, False),
        (4, [1, 2], False, {1, 2}, True, False),
        (40, [1, 2], False, {1, 2}, True, False),
        (2, [3, 3], False, {3}, True, False),
        (0, [1], True, {1}, False, True),
        (2, [1], True, {1}, True, True),
        (0, [], False, set(), False, True),
        (2, [], True, set(), False, True),
        (3, [], True, set(), True, True),
    ],
)
def test_each_place_has_its_turns_and_then_the_coordinator(
    number: int, places: list[int], at_work: bool, called: set[int], coordinator: bool, team: bool
) -> None:
    turn = turn_of(number, places, OURS, at_work=at_work)
    assert (turn.places, turn.coordinator, turn.team) == (called, coordinator, team)


def test_a_gemeente_chooses_its_own_times_and_keeps_ours_for_the_rest() -> None:
    assert spoed_times({}) == OURS == SpoedTimes(5, 2, 15, 120)
    own = spoed_times({"spoed": {"beurten": 1, "veilig_min": 60}})
    assert own == SpoedTimes(5, 1, 15, 60)
    assert turn_of(1, [1, 2], own, at_work=False).places == {2}


@pytest.mark.parametrize(
    ("minutes", "words"), [(-3, "0 minuten"), (1, "1 minuut"), (4, "4 minuten"), (80, "1 uur 20"), (120, "2 uur")]
)
def test_minutes_as_people_say_them(minutes: int, words: str) -> None:
    assert minute_words(minutes) == words

"""The table of a delivery's states: forward only, and every state can be reached and left as it says."""

from itertools import product

from meldingen.domain.delivery import BEZORGD, DELIVERY_STATUSES, GEPLAND, KLAAR, STEPS, UNFINISHED, may_step

ORDER = {None: 0, "gepland": 1, "klaar": 2, "verzonden": 3, "niet_bezorgd": 4, "bezorgd": 5}


def test_states_only_move_forward() -> None:
    assert [step for step in STEPS if ORDER[step.to] <= ORDER[step.came_from] and step.to != step.came_from] == []


def test_a_try_is_repeated_and_nothing_else_is() -> None:
    assert [step.to for step in STEPS if step.to == step.came_from] == [KLAAR]


def test_what_arrived_stays_so() -> None:
    assert [to for to in DELIVERY_STATUSES if may_step(BEZORGD, to)] == []


def test_every_state_is_reached_and_none_can_be_skipped_into_from_nowhere() -> None:
    assert {step.to for step in STEPS} == set(DELIVERY_STATUSES)
    assert [to for to in DELIVERY_STATUSES if may_step(None, to)] == [GEPLAND]
    assert all(any(may_step(state, to) for to in DELIVERY_STATUSES) for state in UNFINISHED)


def test_only_the_table_allows() -> None:
    listed = {(step.came_from, step.to) for step in STEPS}
    every = product((None, *DELIVERY_STATUSES), DELIVERY_STATUSES)
    assert {pair for pair in every if may_step(*pair)} == listed

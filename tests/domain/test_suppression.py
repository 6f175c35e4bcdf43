"""Small numbers: what is hidden cannot be worked out from what is shown, tried by listing every other answer."""

from itertools import product

import pytest

from meldingen.domain.suppression import hidden_in, hidden_in_both


def rows(*counts: int) -> list[tuple[int, int]]:
    return list(enumerate(counts))


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ((9, 8, 7), set()),
        ((0, 0, 0), set()),
        ((9, 3, 8), {1, 2}),
        ((9, 8, 3), {2, 0}),
        ((3, 4, 9), {0, 1}),
        ((1, 1, 9), {0, 1, 2}),
        ((4, 4, 9), {0, 1, 2}),
        ((4, 0, 9), {0, 2}),
        ((1, 1, 1, 1, 1, 0), {0, 1, 2, 3, 4, 5}),
    ],
)
def test_which_rows_are_hidden(counts: tuple[int, ...], hidden: set[int]) -> None:
    assert hidden_in(rows(*counts)) == hidden


def test_only_hiding_the_total_helps() -> None:
    assert hidden_in(rows(1, 1, 1, 1, 1)) is None
    assert hidden_in(rows(3)) is None


def test_a_hidden_total_hides_every_row_that_has_anything() -> None:
    assert hidden_in(rows(3, 0, 9), total_hidden=True) == {0, 2}


def test_a_group_that_tells_hides_its_own_row_and_not_the_figure_of_all() -> None:
    """Five kinds with one melding each: their hoofdsoort says 5, so it is hidden too, with one other beside it."""
    coarse = [("straat", 5), ("groen", 20), ("afval", 13)]
    fine = {"straat": [(f"s{n}", 1) for n in range(5)], "groen": [("g", 20)], "afval": [("a", 13)]}
    assert hidden_in_both(coarse, fine) == ({"straat", "groen"}, {"s0", "s1", "s2", "s3", "s4", "g"})


def test_with_nothing_beside_it_only_hiding_the_figure_of_all_helps() -> None:
    ones = {"straat": [(f"s{n}", 1) for n in range(5)]}
    assert hidden_in_both([("straat", 5)], ones) is None
    assert hidden_in_both([("straat", 5)], ones, total_hidden=True) == ({"straat"}, {"s" + str(n) for n in range(5)})


def test_a_row_that_counts_less_than_its_group_is_hidden_too() -> None:
    """A share's rest is no less than nothing in each row apart, so rows need not add up."""
    assert hidden_in_both([("a", 0), ("b", 2)], {"a": [("a1", 1)], "b": [("b1", 2)]}, total_hidden=True) == (
        {"a", "b"},
        {"a1", "b1"},
    )


@pytest.mark.parametrize("width", [2, 3, 4])
def test_nobody_can_work_out_a_small_count(width: int) -> None:
    """Who knows the total, what is shown, and this rule itself, has at least two answers for each hidden row."""
    seen: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    most = {2: 60, 3: 30, 4: 15}[width]
    for counts in product(range(most), repeat=width):
        hidden = hidden_in(rows(*counts))
        if hidden is None:
            continue
        shown = tuple("?" if i in hidden else c for i, c in enumerate(counts))
        seen.setdefault((sum(counts), shown), []).append(counts)
    for (total, shown), answers in seen.items():
        if total >= most:
            continue  # larger counts than were listed would be answers too
        for place, cell in enumerate(shown):  # type: ignore[arg-type]
            possible = {answer[place] for answer in answers}
            if cell == "?" and possible & {1, 2, 3, 4}:
                assert len(possible) > 1, (total, shown, answers)

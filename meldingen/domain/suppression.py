"""Small numbers in tables: a count below five is hidden, and so is what would let people work it out (KPI-12).

Rows that add up to a published total are one group. The rule, group by group: hide every count of 1 to 4; as long as
the total gives one away, hide the next row too. All that is hidden looks the same, else the difference would tell.
"""

from collections.abc import Collection, Hashable, Mapping, Sequence
from typing import Final, TypeVar

SMALLEST: Final = 5
"""The smallest count that is shown; 0 is shown too, since nobody is in it."""
ENOUGH_TO_BLUR: Final = 200
"""From this many on, one percent is more than one melding: a rounded share gives no count away."""
Key = TypeVar("Key", bound=Hashable)


def is_small(count: int) -> bool:
    """Whether this count is hidden for itself."""
    return 0 < count < SMALLEST


def hidden_in(
    group: Sequence[tuple[Key, int]], *, total_hidden: bool = False, also: Collection[Key] = ()
) -> set[Key] | None:
    """Which rows of a group are hidden, when the total of the group is published; None: only hiding the total helps.

    group: (key, count) in an order that has nothing to do with the counts. total_hidden: the total is not published
    because it is small or because a level above hides it; then no row that has anything may give it away. also: rows
    that are hidden whatever their count, for what a finer table would tell.
    """
    if total_hidden:
        return {key for key, count in group if count}
    order = [key for key, _ in group]
    counts = dict(group)
    hidden = [key for key in order if is_small(counts[key]) or key in also]
    if not hidden:
        return set()
    last = order.index(hidden[-1])
    others = [key for key in (*order[last + 1 :], *order[:last]) if counts[key] >= SMALLEST and key not in hidden]
    empty = [key for key in order if not counts[key] and key not in hidden]
    for extra in (*others, *empty):
        if _is_safe([counts[key] for key in hidden]):
            break
        hidden.append(extra)
    if _is_safe([counts[key] for key in hidden]):
        return set(hidden)
    return None


def _is_safe(hidden: Sequence[int]) -> bool:
    """Whether their sum, which anybody can work out, leaves more than one answer for each of them."""
    total, rows = sum(hidden), len(hidden)
    if rows < 2 or total < SMALLEST:
        return False
    all_small = all(count < SMALLEST for count in hidden)
    return 0 in hidden or (total > rows and not (all_small and total == (SMALLEST - 1) * rows))


def hidden_in_both(
    coarse: Sequence[tuple[Key, int]],
    fine: Mapping[Key, Sequence[tuple[Key, int]]],
    *,
    total_hidden: bool = False,
) -> tuple[set[Key], set[Key]] | None:
    """Which rows of a table, and of the finer one whose groups add up to its rows, are hidden; None: as in `hidden_in`.

    A row of the coarse table is hidden too when its own group cannot be hidden behind its count.
    """
    telling: set[Key] = set()
    while True:
        above = hidden_in(coarse, total_hidden=total_hidden, also=telling)
        if above is None:
            return None
        above |= telling
        below = {parent: hidden_in(group, total_hidden=parent in above) for parent, group in fine.items()}
        more = {parent for parent, hidden in below.items() if hidden is None}
        if not more:
            return above, {key for hidden in below.values() for key in hidden or ()}
        telling |= more

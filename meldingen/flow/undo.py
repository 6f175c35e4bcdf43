"""Undoing a closing, within the time the gemeente gives for it: everything as it was, and no melder hears of it."""

from ..store.gemeente import Gemeente

UNDO_S = 60
"""How long a closing can be undone where the gemeente did not choose (issue 5)."""


def undo_s_of(gemeente: Gemeente) -> int:
    """How many seconds a closing of this gemeente can be undone; the berichten wait as long. 0: not at all."""
    return int(gemeente.policy.get("undo_s", UNDO_S))

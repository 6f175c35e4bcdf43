"""How an opdracht stood before it was closed, as codes and times in the event of the closing: what undoing puts back.

Used by closure.py, which writes it, and undo.py, which reads it.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from ..store.melding import Melding
from ..store.opdracht import Opdracht

UNDO_S = 60
"""How long a closing can be undone where the gemeente did not choose (issue 5)."""
WITHDRAWAL_ASKED = "intrekking_gevraagd"
MOMENTS = (
    "taken_up_at", "due_at", "paused_at", "warned_due_at", "party_since_at", "party_told_at", "safe_at", "closed_at",
)  # fmt: skip
DAYS = ("planned_on", "party_expected_on")
PLAIN = ("status", "outcome", "taken_up_by", "paused_days", "automatic_delays", "party_days")


def undo_s_of(policy: Mapping[str, Any]) -> int:
    """How many seconds a closing can be undone in a gemeente of this policy; its berichten wait as long. 0: not at
    all."""
    return int(policy.get("undo_s", UNDO_S))


def before_closing(opdracht: Opdracht, meldingen: Iterable[Melding], *, now: datetime) -> dict[str, Any]:
    """Everything that a closing at this moment may change; no words and no persons. Look before changing anything."""
    times = {name: _written(getattr(opdracht, name)) for name in (*MOMENTS, *DAYS)}
    asked = sorted(m.id for m in meldingen if WITHDRAWAL_ASKED in m.flags)
    return {**times, **{name: getattr(opdracht, name) for name in PLAIN}, "asked": asked, "at": now.isoformat()}


def put_back(opdracht: Opdracht, before: Mapping[str, Any]) -> None:
    """Gives a locked opdracht back what it was, but for its status, which is a move."""
    for name in PLAIN[1:]:
        setattr(opdracht, name, before[name])
    for name in MOMENTS:
        setattr(opdracht, name, datetime.fromisoformat(before[name]) if before[name] else None)
    for name in DAYS:
        setattr(opdracht, name, date.fromisoformat(before[name]) if before[name] else None)


def _written(value: date | None) -> str | None:
    return value.isoformat() if value is not None else None

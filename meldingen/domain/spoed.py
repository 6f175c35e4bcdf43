"""Who an alarm calls, and how long spoed may wait: the clock hours of KLANTREIS step 4. Not the calling: flow/alarm.py.

Rings are numbered from 0, the first alarm. Each place of the roster has its turns; then it is the coordinator's, and
everybody who was called hears it as well, until somebody accepts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any, Final

POLICY: Final = "spoed"


@dataclass(frozen=True)
class SpoedTimes:
    """What a gemeente promises when there is danger, in minutes on the clock, weekends included.

    again_min: between two rings. turns: rings for one place of the roster before the next. accept_min: then the melder
    hears "bel ons nu". safe_min: by then the place is safe. Names in policy: MINUTES.
    """

    again_min: int = 5
    turns: int = 2
    accept_min: int = 15
    safe_min: int = 120

    @property
    def again(self) -> timedelta:
        """Between two rings."""
        return timedelta(minutes=self.again_min)

    @property
    def accept(self) -> timedelta:
        """Accepted within this, from the first alarm."""
        return timedelta(minutes=self.accept_min)

    @property
    def safe(self) -> timedelta:
        """Safe within this, from the first alarm."""
        return timedelta(minutes=self.safe_min)


NAMES: Final = {"again_min": "opnieuw_min", "turns": "beurten", "accept_min": "aannemen_min", "safe_min": "veilig_min"}
LIMITS: Final = {"again_min": (1, 60), "turns": (1, 12), "accept_min": (1, 240), "safe_min": (1, 1440)}
"""What beheer may choose, both ends included."""


def spoed_times(policy: Mapping[str, Any]) -> SpoedTimes:
    """The times of a gemeente: its own, and ours (KLANTREIS) for what it did not choose."""
    own = policy.get(POLICY) or {}
    chosen = {field.name: own[NAMES[field.name]] for field in fields(SpoedTimes) if NAMES[field.name] in own}
    return SpoedTimes(**chosen)


@dataclass(frozen=True)
class Turn:
    """Who is called now. places: of the roster. coordinator: nobody took it so far. team: by its own address."""

    places: frozenset[int]
    coordinator: bool
    team: bool


def turn_of(number: int, places: Sequence[int], times: SpoedTimes, *, at_work: bool) -> Turn:
    """Whose turn ring `number` is. places: that somebody holds now; at_work: the office hours of the team.

    In office hours the team hears every ring. A team without roster is called by its address, as a team at work is, and
    its coordinator comes in when the time to accept has passed.
    """
    order = sorted(set(places))
    at = number // times.turns
    if not order:
        return Turn(frozenset(), number * times.again_min >= times.accept_min, team=True)
    if at < len(order):
        return Turn(frozenset({order[at]}), coordinator=False, team=at_work)
    return Turn(frozenset(order), coordinator=True, team=at_work)


def minute_words(minutes: int) -> str:
    """So many minutes as people say it: "4 minuten", "1 uur 20", "2 uur"."""
    hours, left = divmod(max(0, minutes), 60)
    if not hours:
        return "1 minuut" if left == 1 else f"{left} minuten"
    return f"{hours} uur {left}" if left else f"{hours} uur"


def words_to_wait(name: str, phone: str, hours: str, website: str) -> str:
    """What the answering service says to a caller whose melding can wait until the gemeente is there."""
    here = f" Of doe uw melding op {website}." if website else " Of doe uw melding op de website van de gemeente."
    when = f", {hours}" if hours else ""
    return f'Zeg: "Bel gemeente {name} op {phone}{when}.{here}"'

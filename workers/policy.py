"""How patient we are per topic, and which queue carries what. Figures only; leasing is store/leases.py.

The order that keeps a lease from running out under a working job: an adapter's time-out < `job_timeout_s` < `lease_s`.
A lot begins no new row after `budget_s`, so that the last one still has an adapter's time-out to go, and spoed waits a
moment and the row in hand at most. A forked job that ignores its time-out is killed by RQ 60 s after it: also within
the lease.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from meldingen.store.leases import Terms
from meldingen.store.outbox import Topic

SPOED_QUEUE, TEXT_QUEUE, PHOTO_QUEUE, UPKEEP_QUEUE = "spoed", "gewoon", "foto", "onderhoud"
TEXT_QUEUES = (SPOED_QUEUE, TEXT_QUEUE)
"""Short work on rows and messages, for a long-lived worker: in order of urgency."""
HEAVY_QUEUES = (PHOTO_QUEUE, UPKEEP_QUEUE)
"""Work that may take memory, time or its process with it, for a forking worker: in order of urgency."""
LANES = (TEXT_QUEUES, HEAVY_QUEUES)


@dataclass(frozen=True)
class Policy:
    """One topic: how it is leased, how long it may take, how long to wait after a failure."""

    terms: Terms
    job_timeout_s: int
    budget_s: float
    first_wait_s: float
    longest_wait_s: float

    def wait_s(self, attempts: int) -> float:
        """How long to wait after this many attempts: three times longer each time, and not all at one moment."""
        longest = min(self.first_wait_s * 3.0 ** (attempts - 1), self.longest_wait_s)
        return longest * random.uniform(0.7, 1.0)  # noqa: S311  spreads retries, no secret


POLICIES: Mapping[Topic, Policy] = MappingProxyType(
    {
        # About an hour of trying: by then a person has to look why a melding has no team.
        Topic.ROUTE: Policy(Terms(50, 90, 10), job_timeout_s=45, budget_s=1, first_wait_s=2, longest_wait_s=900),
        # About seventeen hours: a mail server that is down for a night costs no bericht.
        Topic.NOTICE: Policy(Terms(20, 90, 24), job_timeout_s=45, budget_s=0.5, first_wait_s=5, longest_wait_s=3600),
        # A provider that is down is asked again without counting; what is left is our own mistake.
        Topic.RECEIPT: Policy(Terms(20, 90, 10), job_timeout_s=45, budget_s=1, first_wait_s=60, longest_wait_s=3600),
        Topic.PHOTO: Policy(Terms(1, 150, 5), job_timeout_s=60, budget_s=60, first_wait_s=10, longest_wait_s=900),
        # About a day of trying; then a person looks, or tells it again later.
        Topic.WEBHOOK: Policy(Terms(1, 600, 30), job_timeout_s=300, budget_s=200, first_wait_s=10, longest_wait_s=3600),
        Topic.UPKEEP: Policy(Terms(1, 600, 5), job_timeout_s=300, budget_s=300, first_wait_s=60, longest_wait_s=3600),
    }
)


def queue_for(topic: Topic, *, urgent: bool) -> str:
    """The queue that carries this topic."""
    if topic is Topic.PHOTO:
        return PHOTO_QUEUE
    if topic is Topic.WEBHOOK or (topic is Topic.UPKEEP and not urgent):
        return UPKEEP_QUEUE  # alarms do not stand in line behind a night's tidying
    return SPOED_QUEUE if urgent else TEXT_QUEUE


def lines_of(queue: str) -> list[tuple[Topic, bool]]:
    """The lines (topic, urgent) that a queue carries."""
    return [(topic, urgent) for topic in Topic for urgent in (True, False) if queue_for(topic, urgent=urgent) == queue]

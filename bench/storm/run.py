"""One storm on an installation that runs: lets it blow, waits until all came to rest, and keeps what was seen."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from tests import photos

from . import ledger, plan
from .ledger import Outcome
from .senders import Crowd
from .teams import Teams

SAMPLE_S, SETTLE_S, LOOK_S = 2.0, 900.0, 0.6
DUE = """
    SELECT topic, count(*) FROM outbox
    WHERE done_at IS NULL AND parked_at IS NULL
    AND due_at <= (SELECT now() + offset_s * interval '1 s' FROM klok) GROUP BY topic
"""


@dataclass(frozen=True)
class Scene:
    """Where it happens. url: the database, for libpq. ports: of the websites. log: what the providers wrote.

    stopping: set when somebody asks the run to end.
    """

    url: str
    ports: Sequence[int]
    log: Path
    password: str
    stopping: threading.Event = field(default_factory=threading.Event)


@dataclass
class Weather:
    """What was seen of one storm. most: the longest line per topic. healed_s: from the last melding to rest."""

    outcome: Outcome = field(default_factory=Outcome)
    most: Counter[str] = field(default_factory=Counter)
    blew_s: float = 0.0
    healed_s: float = 0.0
    late_s: float = 0.0
    closed: int = 0


def blow(
    scene: Scene, *, count: int, seconds: float, seed: int, closes_per_s: float, settle_s: float = SETTLE_S
) -> Weather:
    """Plays the storm of this seed and judges it. settle_s: how long it may take to come to rest afterwards."""
    stop, seen = threading.Event(), Weather()
    crowd = Crowd(scene.ports, plan.arrivals(count, seconds, seed), photos.photo(size=(1600, 1200)), stop)
    teams = Teams(scene.ports[-1], scene.password, per_s=closes_per_s, stop=stop)
    began = time.monotonic()
    try:
        crowd.start()
        teams.start()
        with psycopg.connect(scene.url, autocommit=True) as connection:
            while crowd.busy() and not scene.stopping.is_set():
                _sample(connection, seen.most)
                scene.stopping.wait(SAMPLE_S)
    finally:
        stop.set()
        crowd.end()
        teams.end()
    seen.blew_s, seen.closed = time.monotonic() - began, teams.closed
    _settle(scene, settle_s)
    seen.healed_s = time.monotonic() - began - seen.blew_s
    seen.late_s = ledger.percentile([one.late_s for one in crowd.sent], 0.99)
    seen.outcome = ledger.judge(scene.url, crowd.sent, crowd.photos, scene.log)
    return seen


def _sample(connection: psycopg.Connection, most: Counter[str]) -> None:
    for topic, waiting in connection.execute(DUE):
        most[topic] = max(most[topic], waiting)


def _settle(scene: Scene, settle_s: float) -> None:
    """Until nothing that is due is left; what waits for a later moment by promise, or for people, may wait."""
    until, quiet = time.monotonic() + settle_s, 0
    while quiet < 3 and time.monotonic() < until and not scene.stopping.wait(LOOK_S):
        quiet = 0 if ledger.due(scene.url) else quiet + 1

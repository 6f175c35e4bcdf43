"""The faults of processes, queue, database, providers and clock. Storage: storage.py. Poison: poison.py."""

import contextlib
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

from bench.chaos.disasters import strike
from bench.chaos.ground import QUEUE

from .scene import Fault, Scene

KILLS = 3
AWAY_S = 6.0


def killed(*kinds: str, times: int = KILLS) -> Callable[[Scene], AbstractContextManager[None]]:
    """So many times one of these at a random moment, by turns."""

    @contextlib.contextmanager
    def act(scene: Scene) -> Iterator[None]:
        for turn in range(times):
            time.sleep(scene.dice.uniform(0.2, 1.5))
            _strike_until(scene, kinds[turn % len(kinds)])
        yield

    return act


def _strike_until(scene: Scene, kind: str) -> None:
    """What was hit just before has to be up again to be hit."""
    until = time.monotonic() + 30
    while not strike(scene.ground, kind, scene.dice):
        if time.monotonic() > until:
            scene.notes.append(f"{kind}: er draaide niets meer")
            return
        time.sleep(0.1)


@contextlib.contextmanager
def queue_wiped(scene: Scene) -> Iterator[None]:
    """FLUSHALL, a few times while work is on its way."""
    for _ in range(KILLS):
        time.sleep(scene.dice.uniform(0.2, 1.0))
        scene.ground.flush_queue()
    yield


@contextlib.contextmanager
def queue_gone(scene: Scene) -> Iterator[None]:
    """Nothing answers at its address, and business time goes on for an hour."""
    supervisor = scene.ground.stack.supervisor
    supervisor.pause(QUEUE)
    try:
        scene.clock("+1h")
        yield
    finally:
        supervisor.resume(QUEUE)


@contextlib.contextmanager
def messages_gone(scene: Scene) -> Iterator[None]:
    """Mail and SMS hang up on everybody, for three hours of business time."""
    for provider in ("mail", "sms"):
        scene.mood(provider, "weg")
    try:
        for _ in range(3):
            scene.clock("+1h")
            time.sleep(1)
        yield
    finally:
        for provider in ("mail", "sms"):
            scene.mood(provider, "")


@contextlib.contextmanager
def clock_jumps(scene: Scene) -> Iterator[None]:
    """Three hours ahead, and an hour back."""
    scene.clock("+3h")
    time.sleep(2)
    scene.clock("-1h")
    yield


PROCESSES = (
    Fault(
        "website gedood (kill -9)",
        killed("websiteproces gedood", "website gedood", times=2),
        intake=False,
        alive=False,
        short=True,
    ),
    Fault("relay gedood", killed("relay gedood")),
    Fault("werkers gedood", killed("werker gedood", "alle werkers gedood", times=2), short=True),
    Fault("klok gedood", killed("klok gedood")),
    Fault("wachtrij gewist (FLUSHALL)", queue_wiped),
    Fault("wachtrij een uur weg", queue_gone, down=frozenset({"wachtrij"}), short=True),
    Fault("database herstart (fast)", killed("database herstart"), intake=False),
    Fault("database gecrasht (immediate)", killed("database hard gestopt", times=2), intake=False, short=True),
    Fault("mail en sms uren weg", messages_gone, waits=True),
    Fault("klok verspringt (+3 u, -1 u)", clock_jumps),
)

"""The worker killed around its one call, again and again: per channel and per point, and what the provider received.

Run with `python3 -m meldingen.local db python -m bench.kills 100`, or with DATABASE_URL and REDIS_URL set; each channel
makes and drops a database of its own, and the four go side by side. The scenario is that of tests/workers/kills.py: a
real worker gets SIGKILL before, during and after the call, or while it writes down the outcome, and another one
finishes the work. Counts in the log of the stand-in. Ends with 1 when a message is lost, comes three times, comes twice
where the provider can tell, or comes twice without being counted as possibly double. Ctrl-C ends it after the turn
each channel is at; what was seen by then is counted all the same, also when a channel stops halfway.
"""

import argparse
import os
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import redis

from bench.outbox import own_database
from meldingen import db
from tests import factories
from tests.workers.kills import POINTS, Outcome, Place, notify_place, push_place, smtp_place, stage

PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "e-mail (SMTP)": smtp_place,
    "e-mail (Notify)": lambda: notify_place("email"),
    "sms (Notify)": lambda: notify_place("sms"),
    "push": push_place,
}
COLUMNS = ("pogingen", "één keer", "twee keer", "nul keer", "vaker", "mogelijk dubbel")
_migrating = threading.Lock()
"""Alembic does one at a time."""
WORDS = {0: "nul keer", 1: "één keer", 2: "twee keer"}


def main() -> int:
    """Prints the table; 0 when nothing in it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description="De werker doden rond de ene aanroep.")
    parser.add_argument("times", type=int, nargs="?", default=25, help="hoe vaak per kanaal en punt")
    times, began = parser.parse_args().times, time.monotonic()
    seen: dict[str, list[Outcome]] = {name: [] for name in PLACES}
    enough = threading.Event()
    signal.signal(signal.SIGINT, lambda *_: enough.set())
    with ThreadPoolExecutor(len(PLACES)) as together:  # most of it is waiting
        runs = {name: together.submit(kill_all, name, times, seen[name], enough) for name in PLACES}
    print(f"| kanaal | gedood | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}")
    for name, outcomes in seen.items():
        for point in POINTS:
            counts = count([one for one in outcomes if one.point == point])
            print(f"| {name} | {point} | {' | '.join(str(counts[column]) for column in COLUMNS)} |")
    wrong = [line for name, outcomes in seen.items() for line in mistakes(name, outcomes)]
    wrong += [f"✗ {name} stopte halverwege: {run.exception()!r}" for name, run in runs.items() if run.exception()]
    print(f"\n{sum(map(len, seen.values()))} keer gedood in {time.monotonic() - began:.0f} s.")
    print("\n".join(wrong) or "Niets kwijt, en wat dubbel kwam is geteld.")
    return 1 if wrong else 0


def kill_all(name: str, times: int, seen: list[Outcome], enough: threading.Event) -> None:
    """Every point of one channel, so many times, on a database and a queue of its own; outcomes go into `seen`."""
    with ExitStack() as own:
        with _migrating:
            url = own.enter_context(own_database(os.environ["DATABASE_URL"]))
        queue = own.enter_context(own_queue(os.environ["REDIS_URL"]))
        folder = own.enter_context(tempfile.TemporaryDirectory())
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": queue,
            "SECRET_KEYS": "een-geheim-van-de-proef-dat-lang-genoeg-is",
            "LOKALE_MODUS": "1",
            "FOTO_MAP": folder,
        }
        engine = db.make_engine(url)
        with db.transaction(engine) as session:
            factories.gemeente(session)
        with PLACES[name]() as place, stage(engine, settings, place, Path(folder)) as scene:
            for turn in range(times):
                for point in POINTS:
                    seen.append(scene.kill_at(point))
                if enough.is_set():
                    break
                if turn % 10 == 9:
                    print(f"  {name}: {turn + 1} van {times}", file=sys.stderr, flush=True)
        engine.dispose()


@contextmanager
def own_queue(address: str) -> Iterator[str]:
    """A numbered database of the queue server that nobody else uses, claimed as the tests do; its address."""
    with redis.Redis.from_url(address) as server:
        numbers = reversed(range(1, int(server.config_get("databases")["databases"])))
        number = next(n for n in numbers if server.set(f"testdatabase:{n}", os.getpid(), nx=True, ex=8 * 3600))
        own = urlsplit(address)._replace(path=f"/{number}").geturl()
        with redis.Redis.from_url(own) as mine:
            mine.flushdb()
            yield own
            mine.flushdb()
        server.delete(f"testdatabase:{number}")


def count(seen: list[Outcome]) -> Counter[str]:
    """One row of the table."""
    counts = Counter(WORDS.get(len(one.messages), "vaker") for one in seen)
    counts["pogingen"], counts["mogelijk dubbel"] = len(seen), sum(one.maybe_double for one in seen)
    return counts


def mistakes(name: str, seen: list[Outcome]) -> list[str]:
    """What may not be, each named."""
    found, can_tell = [], "Notify" in name
    for one in seen:
        times = len(one.messages)
        if times == 0 or times > 2 or (times == 2 and (can_tell or not one.maybe_double or not one.same)):
            found.append(f"✗ {name}, gedood {one.point}: {times} keer aangekomen, bij ons {one.status}, {one}")
    return found


if __name__ == "__main__":
    sys.exit(main())

"""The worker killed around its one call, again and again: per channel and per point, and what the provider received.

Run with `python3 -m meldingen.local db python -m bench.kills 100`, or with DATABASE_URL and REDIS_URL set; makes and
drops a database of its own, and wants an empty queue. The scenario is that of tests/workers/kills.py: a real worker
gets SIGKILL before, during and after the call, or while it writes down the outcome, and another one finishes the work.
Counts in the log of the stand-in. Ends with 1 when a message is lost, comes three times, comes twice where the
provider can tell, or comes twice without being counted as possibly double.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

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
WORDS = {0: "nul keer", 1: "één keer", 2: "twee keer"}


def main() -> int:
    """Prints the table as it grows; 0 when nothing in it is wrong."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description="De werker doden rond de ene aanroep.")
    parser.add_argument("times", type=int, nargs="?", default=25, help="hoe vaak per kanaal en punt")
    times = parser.parse_args().times
    print(f"| kanaal | gedood | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}")
    wrong, began = [], time.monotonic()
    with own_database(os.environ["DATABASE_URL"]) as url, tempfile.TemporaryDirectory() as folder:
        settings = {
            "DATABASE_URL": url,
            "REDIS_URL": os.environ["REDIS_URL"],
            "SECRET_KEYS": "een-geheim-van-de-proef-dat-lang-genoeg-is",
            "LOKALE_MODUS": "1",
            "FOTO_MAP": folder,
        }
        engine = db.make_engine(url)
        with db.transaction(engine) as session:
            factories.gemeente(session)
        for name, make in PLACES.items():
            with make() as place, stage(engine, settings, place, Path(folder)) as scene:
                for point in POINTS:
                    seen = [scene.kill_at(point) for _ in range(times)]
                    counts = count(seen)
                    print(f"| {name} | {point} | {' | '.join(str(counts[column]) for column in COLUMNS)} |", flush=True)
                    wrong += mistakes(name, seen, can_tell=place.can_tell)
        engine.dispose()
    print(f"\n{len(PLACES) * len(POINTS) * times} keer gedood in {time.monotonic() - began:.0f} s.")
    print("\n".join(wrong) or "Niets kwijt, en wat dubbel kwam is geteld.")
    return 1 if wrong else 0


def count(seen: list[Outcome]) -> Counter[str]:
    """One row of the table."""
    counts = Counter(WORDS.get(len(one.messages), "vaker") for one in seen)
    counts["pogingen"], counts["mogelijk dubbel"] = len(seen), sum(one.maybe_double for one in seen)
    return counts


def mistakes(name: str, seen: list[Outcome], *, can_tell: bool) -> list[str]:
    """What may not be, each named."""
    found = []
    for one in seen:
        times = len(one.messages)
        if times == 0 or times > 2 or (times == 2 and (can_tell or not one.maybe_double or not one.same)):
            found.append(f"✗ {name}, gedood {one.point}: {times} keer aangekomen, bij ons {one.status}, {one}")
    return found


if __name__ == "__main__":
    sys.exit(main())

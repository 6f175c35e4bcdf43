"""Two tablets with the real queue, the KCC and a melder at once, thousands of random steps; the books must balance.

Run with `python3 -m meldingen.local db python -m bench.door_elkaar 500`, or with DATABASE_URL set; each round makes and
drops a database of its own. The rounds take seeds one after another from `--zaad`, so a round can be played again by
itself. What is played: tests/journeys/door_elkaar.py; what must be true: tests/journeys/kloppend.py. Ends with 1 when
anything is lost, doubled or out of step.
"""

import argparse
import os
import tempfile
import time
from collections import Counter
from pathlib import Path

import sqlalchemy as sa

from bench.outbox import own_database
from tests.journeys.door_elkaar import play
from tests.journeys.kloppend import what_is_wrong


def main() -> int:
    """Prints a line per round and what became of the steps; 0 when all books balance."""
    parser = argparse.ArgumentParser(prog="python -m bench.door_elkaar", description="Vier mensen door elkaar.")
    parser.add_argument("steps", type=int, nargs="?", default=200, help="stappen per persoon en ronde")
    parser.add_argument("--rondes", type=int, default=5)
    parser.add_argument("--zaad", type=int, default=1, help="van de eerste ronde")
    asked = parser.parse_args()
    fates: Counter[tuple[str, str]] = Counter()
    began, wrong = time.monotonic(), 0
    for seed in range(asked.zaad, asked.zaad + asked.rondes):
        with own_database(os.environ["DATABASE_URL"]) as url, tempfile.TemporaryDirectory() as folder:
            played = play(sa.make_url(url), Path(folder), seed=seed, steps=asked.steps)
            mistakes = what_is_wrong(played)
            played.engine.dispose()
        fates.update((step["actie"], step["staat"]) for _, step in played.ledger)
        wrong += len(mistakes)
        print(f"zaad {seed}: {len(played.ledger)} stappen van tablets, {played.made} meldingen, {len(mistakes)} fout")
        print("".join(f"  ✗ {one}\n" for one in mistakes), end="", flush=True)
    states = sorted({state for _, state in fates})
    print(f"\n| stap | {' | '.join(states)} |\n|---|{'---:|' * len(states)}")
    for action in sorted({action for action, _ in fates}):
        print(f"| {action} | {' | '.join(str(fates[action, state]) for state in states)} |")
    print(f"\n{sum(fates.values())} stappen van tablets in {time.monotonic() - began:.0f} s, {wrong} fout.")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())

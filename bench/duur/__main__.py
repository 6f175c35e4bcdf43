"""The command: `python -m bench.duur --minuten 60 --tempo 50`.

Prints start, middle, end, slope per hour and a verdict for everything that must stay flat, what people asked and how
long it took, and how many updates touched no index. Ends with 1 when something was given up or refused by a fault of
ours (5xx); growth is a verdict, not a failure.
"""

import argparse
import os
import sys
import threading
import time

from bench.chaos import ground as place
from bench.chaos.disasters import START
from bench.storm.ledger import percentile
from meldingen.local.console import say

from .health import Health
from .traffic import Traffic

EVERY_S, WARM_UP_S = 30.0, 20.0


def main() -> int:
    """One soak; 0 when nothing broke."""
    parser = argparse.ArgumentParser(prog="python -m bench.duur", description="Lang achter elkaar van alles.")
    parser.add_argument("--minuten", type=float, default=60)
    parser.add_argument("--tempo", type=float, default=50, help="verzoeken per seconde")
    parser.add_argument("--zaad", type=int, default=7)
    asked = parser.parse_args()
    seconds = asked.minuten * 60
    say(f"Duur: {asked.minuten:.0f} min, {asked.tempo:.0f} verzoeken/s, zaad {asked.zaad}, load {os.getloadavg()}")
    with place.opened(0.0, neighbours=True) as ground:
        ground.clock(START)
        health = Health(ground, ground.env["DATABASE_URL"].replace("+psycopg", ""))
        stop = threading.Event()
        traffic = Traffic(ground.port, asked.tempo, seconds, asked.zaad, stop)
        began = time.monotonic()
        try:
            traffic.start()
            stop.wait(min(WARM_UP_S, seconds / 10))  # the first look is at an installation that works
            while traffic.busy() and not ground.stack.supervisor.stopping.is_set():
                health.look()
                stop.wait(min(EVERY_S, seconds / 20))
        finally:
            stop.set()
            traffic.end()
        worked_s = time.monotonic() - began
    place.forget(ground)
    report(health, traffic, worked_s)
    broken = sum(times for (_, status), times in traffic.counts.items() if status == 0 or status >= 500)
    return 1 if broken or health.figures["opgegeven"].values[-1][1] else 0


def report(health: Health, traffic: Traffic, worked_s: float) -> None:
    """The tables a person reads."""
    asked = sum(traffic.counts.values())
    say(f"\n{asked} verzoeken in {worked_s:.0f} s: {asked / worked_s:.1f} per seconde")
    say("\n| gevraagd | aantal | p50 ms | p99 ms | antwoorden |\n|---|---:|---:|---:|---|")
    for kind, took in traffic.took.items():
        statuses = {status: times for (name, status), times in sorted(traffic.counts.items()) if name == kind}
        told = ", ".join(f"{status}: {times}" for status, times in statuses.items())
        quick, slow = (percentile(took, share) * 1000 for share in (0.5, 0.99))
        say(f"| {kind} | {sum(statuses.values())} | {quick:.0f} | {slow:.0f} | {told} |")
    say("\n| wat vlak moet zijn | begin | midden | eind | per uur | |\n|---|---:|---:|---:|---:|---|")
    for figure in health.figures.values():
        say(figure.row())
    say("\n| tabel | bijgewerkt | zonder index (HOT) | keer opgeruimd |\n|---|---:|---:|---:|")
    for table, (updated, hot, vacuumed) in sorted(health.hot.items()):
        say(f"| {table} | {updated} | {hot / max(updated, 1):.0%} | {vacuumed} |")
    growing = [figure.name for figure in health.figures.values() if figure.verdict == "groeit"]
    say(f"\n{'VLAK: niets groeit.' if not growing else 'GROEIT: ' + ', '.join(growing)}")


if __name__ == "__main__":
    sys.exit(main())

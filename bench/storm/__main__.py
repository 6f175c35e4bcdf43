"""The command: `python -m bench.storm --meldingen 30000 --minuten 10 --zaad 7`, with `--dubbel` on two of everything.

Starts an installation of its own, measures the machine, lets it storm, waits for rest and prints waits and ledger.
Ends with 1 when something was lost, doubled or never healed; not when it was slow. The logs stay in `.lokaal/chaos/`.
"""

import argparse
import os
import sys
import time

import psycopg

from bench.chaos import ground as place
from bench.chaos.disasters import START
from bench.terrein import PASSWORD
from meldingen.local.console import say

from . import yardstick
from .ledger import AT_PROVIDER, OTHER, REST, SPOED, percentile
from .run import Scene, Weather, blow

CLOSES_PER_S = 5.0
INTAKE_P99_MS, UNRELATED_S = 50.0, 10.0


def main() -> int:
    """One storm; 0 when the ledger is right."""
    parser = argparse.ArgumentParser(prog="python -m bench.storm", description="Een storm over één gemeente.")
    parser.add_argument("--meldingen", type=int, default=600, help="in de stormgemeente (30000 is de echte proef)")
    parser.add_argument("--minuten", type=float, default=1 / 3, help="hoe lang het stormt")
    parser.add_argument("--zaad", type=int, default=7)
    parser.add_argument("--dubbel", action="store_true", help="twee websites, relays en klokken, vier werkers")
    asked = parser.parse_args()
    times = 2 if asked.dubbel else 1
    say(f"Storm: {asked.meldingen} meldingen in {asked.minuten * 60:.0f} s, zaad {asked.zaad}, load {os.getloadavg()}")
    with place.opened(0.0, sites=times, crews=times, neighbours=True) as ground:
        ground.clock(START)
        url = ground.env["DATABASE_URL"].replace("+psycopg", "")
        insert, hello = yardstick.measure_insert(url), yardstick.measure_hello()
        say("  · gemeten wat de machine kan; het gaat waaien")
        scene = Scene(url, ground.ports, ground.log, PASSWORD, ground.stack.supervisor.stopping)
        cpu = os.times()
        seen = blow(
            scene,
            count=asked.meldingen,
            seconds=asked.minuten * 60,
            seed=asked.zaad,
            closes_per_s=CLOSES_PER_S,
        )
        with psycopg.connect(url) as connection:
            version = connection.info.server_version
    place.forget(ground)
    now = os.times()
    say(f"  · eigen CPU van de proef {now.user + now.system - cpu.user - cpu.system:.0f} s, PostgreSQL {version}")
    report(seen, insert, hello)
    return 1 if seen.outcome.wrong else 0


def report(seen: Weather, insert: list[float], hello: list[float]) -> None:
    """The tables a person reads."""
    took, bare = percentile(seen.outcome.took, 0.99) * 1000, percentile(hello, 0.99) * 1000
    say(f"\nWoei {seen.blew_s:.0f} s, rust na nog {seen.healed_s:.0f} s; {seen.closed} afgehandeld intussen")
    say(f"Langste rij: {', '.join(f'{topic} {most}' for topic, most in seen.most.most_common()) or 'geen'}")
    say("\n| aanname | p50 ms | p99 ms |\n|---|---:|---:|")
    for name, values in (("melding → 201", seen.outcome.took), ("kale website", hello), ("kale INSERT", insert)):
        say(f"| {name} | {percentile(values, 0.5) * 1000:.1f} | {percentile(values, 0.99) * 1000:.1f} |")
    reached = _verdict(took <= INTAKE_P99_MS)
    say(f"p99 {took:.0f} ms, doel ≤ {INTAKE_P99_MS:.0f}: {reached}; {took / max(bare, 0.1):.0f} × de kale website")
    say(f"(een vrije verzender kwam p99 {seen.late_s * 1000:.0f} ms te laat: dat telt mee)")
    say("\n| wachten (s) | spoed p50 / p95 | rest p50 / p95 | andere gemeenten p95 / meest |\n|---|---:|---:|---:|")
    for stage, groups in seen.outcome.waits.items():
        cells = [_pair(groups.get(SPOED), 0.5, 0.95), _pair(groups.get(REST), 0.5, 0.95)]
        say(f"| {stage} | {' | '.join(cells)} | {_pair(groups.get(OTHER), 0.95, 1.0)} |")
    longest = max(seen.outcome.waits.get(AT_PROVIDER, {}).get(OTHER, [0.0]))
    reached = _verdict(longest <= UNRELATED_S)
    say(f"andere gemeenten wachtten hoogstens {longest:.1f} s, doel ≤ {UNRELATED_S:.0f}: {reached}")
    say("\n| telling | |\n|---|---:|")
    for name, number in seen.outcome.counts.items():
        say(f"| {name} | {number} |")
    say(f"\n{'GOED: niets kwijt, niets dubbel.' if not seen.outcome.wrong else 'NIET GOED:'}")
    for line in seen.outcome.wrong[:50]:
        say(f"  ✗ {line}")


def _pair(values: list[float] | None, first: float, second: float) -> str:
    return f"{percentile(values, first):.2f} / {percentile(values, second):.2f}" if values else "–"


def _verdict(right: bool) -> str:
    return "gehaald" if right else "niet gehaald"


if __name__ == "__main__":
    began = time.monotonic()
    code = main()
    say(f"({time.monotonic() - began:.0f} s)")
    sys.exit(code)

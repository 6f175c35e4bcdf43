"""The command: `python -m bench.chaos --closings 10000 --seed 7`.

Starts everything, lets the people work while things fall over, waits until nothing is left to do, and prints the
ledger. Ends with 1 when anything is wrong. What happened stays in `.lokaal/chaos/`: the outcome as JSON, the providers'
log and the logs of the processes; the data go, unless `--keep`.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import sys
import time
from dataclasses import asdict
from typing import Any

from meldingen.local.console import say
from meldingen.store.outbox import Topic

from . import ground as place
from . import ledger
from .disasters import START, Disasters
from .ground import Ground
from .ledger import Outcome
from .lists import look_up, read_lists
from .people import Town

SMALL = 2000
SHORT_LEASE_S = 4.0
"""Of a run below SMALL closings; larger ones have the leases of production."""
TOPICS = tuple(topic.value for topic in (Topic.NOTICE, Topic.ROUTE, Topic.RECEIPT))
SETTLE_S = 900.0


def main() -> int:
    """Runs one chaos run; 0 when the ledger is right."""
    asked = _asked()
    began, cpu = time.monotonic(), os.times()
    lease_s = asked.lease if asked.lease is not None else SHORT_LEASE_S if asked.closings < SMALL else 0.0
    say(f"Chaos: {asked.closings} afhandelingen, zaad {asked.seed}, huur {lease_s or 'zoals in het echt'}")
    with place.opened(lease_s, mail_by_notify=asked.mail == "notify") as ground:
        ground.clock(START)
        town = Town(ground.port, ground.outside["push"], asked.seed, asked.closings, place.PASSWORD)
        disasters = Disasters(ground, town, asked.seed)
        say(f"  · alles draait na {time.monotonic() - began:.0f} s; logboeken: {ground.folder}")
        town.start()
        disasters.start()
        try:
            _watch(ground, town, disasters)
        finally:
            town.stop.set()
            town.end()
            disasters.end()
        worked_s = time.monotonic() - began
        say(f"  · {len(town.book.closings)} afhandelingen na {worked_s:.0f} s; nu uitlopen")
        _settle(ground)
        lists, unseen = read_lists(ground.port, place.PASSWORD), look_up(ground.port, town.book)
        maybe = set(ground.sql("select reference from delivery where maybe_double"))
        lines = [json.loads(line) for line in ground.log.read_text(encoding="utf-8").splitlines()]
    outcome = ledger.judge(lines, town.book, disasters.hits, lists)
    uncounted = outcome.double_refs - maybe
    outcome.wrong += [f"{ref}: dubbel, maar bij ons niet geteld als mogelijk dubbel" for ref in sorted(uncounted)]
    outcome.wrong += unseen
    outcome.wrong += [f"opgegeven: {what}" for what in town.book.lost_patience]
    if disasters.missed():
        outcome.wrong.append(f"{disasters.missed()} rampen kwamen niet")
    facts = _facts(asked, town, disasters, outcome, maybe, time.monotonic() - began, cpu)
    (ground.folder / "uitkomst.json").write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")
    _print(facts, outcome)
    if not asked.keep:
        place.forget(ground)
    return 1 if outcome.wrong else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.chaos", description="Afhandelen terwijl alles omvalt.")
    parser.add_argument("--closings", type=int, default=300, help="hoeveel afhandelingen (300 duurt een minuut)")
    parser.add_argument("--seed", type=int, default=7, help="hetzelfde zaad: dezelfde melders en dezelfde rampen")
    parser.add_argument("--lease", type=float, help="seconden dat een werker werk huurt; 0 is zoals in het echt")
    parser.add_argument("--mail", choices=("smtp", "notify"), default="smtp", help="hoe e-mail gaat")
    parser.add_argument("--keep", action="store_true", help="de database bewaren om na te kijken")
    return parser.parse_args()


def _watch(ground: Ground, town: Town, disasters: Disasters) -> None:
    """Tells how far it is, until everybody is done. Raises KeyboardInterrupt when somebody asks to stop."""
    told = time.monotonic()
    while town.busy():
        if ground.stack.supervisor.stopping.wait(0.5):
            raise KeyboardInterrupt
        if time.monotonic() - told > 15:
            told = time.monotonic()
            book = town.book
            say(
                f"    {len(book.meldingen)} meldingen, {len(book.closings)} afhandelingen, {len(disasters.hits)} rampen"
            )


def _settle(ground: Ground) -> None:
    """Until the outbox is empty; what waits for a later moment gets it by the clock."""
    until, jumps, quiet = time.monotonic() + SETTLE_S, 0, 0
    while quiet < 3:
        if time.monotonic() > until:
            say("  ! niet alles kwam tot rust")
            return
        seen = ground.metrics()
        waiting = sum(seen.get(f'meldingen_outbox_waiting{{topic="{topic}"}}', 1) for topic in TOPICS)
        due = sum(seen.get(f'meldingen_outbox_age_seconds{{topic="{topic}"}}', 1) for topic in TOPICS)
        quiet = quiet + 1 if not waiting else 0
        if waiting and not due and jumps < 60:
            ground.clock("+20m")
            jumps += 1
        time.sleep(0.5)


def _facts(
    asked: argparse.Namespace,
    town: Town,
    disasters: Disasters,
    outcome: Outcome,
    maybe: set[str],
    took_s: float,
    cpu: os.times_result,
) -> dict[str, Any]:
    """The run as JSON."""
    book, now = town.book, os.times()
    waits = sorted(outcome.waits_s)
    counted: dict[str, int] = {}
    for hit in disasters.hits:
        counted[hit.kind] = counted.get(hit.kind, 0) + 1
    return {
        "closings": len(book.closings),
        "seed": asked.seed,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "took_s": round(took_s, 1),
        "cpu_s": round(now.children_user + now.children_system + now.user + now.system - cpu.user - cpu.system, 1),
        "memory_mb": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        "meldingen": len(book.meldingen),
        "withdrawn": sum(1 for made in book.meldingen.values() if made.withdrawn_at),
        "reopened": sum(made.reopened for made in book.meldingen.values()),
        "requests": {name: sum(line.counts[name] for line in town.lines) for name in town.lines[0].counts},
        "offline": sum(closing.offline for closing in book.closings.values()),
        "resent": sum(closing.retries > 0 for closing in book.closings.values()),
        "refused": book.refused,
        "disasters": counted,
        "heard": dict(outcome.counts),
        "messages": dict(sorted(outcome.kinds.items())),
        "wait_median_s": round(statistics.median(waits), 2) if waits else None,
        "wait_p95_s": round(waits[int(len(waits) * 0.95)], 2) if waits else None,
        "maybe_double": len(maybe),
        "doubles": outcome.doubles,
        "wrong": outcome.wrong,
        "hits": [asdict(hit) for hit in disasters.hits],
    }


def _print(facts: dict[str, Any], outcome: Outcome) -> None:
    """The table a person reads."""
    asked, waits = facts["requests"], (facts["wait_median_s"], facts["wait_p95_s"])
    say(f"\n{facts['closings']} afhandelingen over {facts['meldingen']} meldingen in {facts['took_s']:.0f} s")
    say(f"  zonder bereik gedaan {facts['offline']}, opnieuw gestuurd {facts['resent']}")
    say(f"  ingetrokken {facts['withdrawn']}, heropend {facts['reopened']}")
    say(f"  {asked['verzoeken']} verzoeken, waarvan {asked['opnieuw']} nog eens na geen antwoord")
    for title, rows in (("Rampen", facts["disasters"]), ("Wie hoorde het einde", facts["heard"])):
        say(f"\n{title}")
        for name, count in sorted(rows.items(), key=lambda row: -row[1]):
            say(f"  {name:<50} {count:>7}")
    say(f"\nE-mail na de afhandeling: mediaan {waits[0]} s, p95 {waits[1]} s (echte tijd, rampen erbij)")
    say(f"Dubbel aangekomen: {len(outcome.double_refs)}, elk verklaard: {len(outcome.doubles)}; bij ons")
    say(f"geteld als mogelijk dubbel: {facts['maybe_double']}")
    for line in outcome.doubles:
        say(f"  · {line}")
    for line in facts["refused"]:
        say(f"  · geweigerd: {line}")
    say(f"\n{'GOED: niemand kwijt, niets onverklaard.' if not outcome.wrong else 'NIET GOED:'}")
    for line in outcome.wrong:
        say(f"  ✗ {line}")


if __name__ == "__main__":
    sys.exit(main())

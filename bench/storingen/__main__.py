"""The command: `python -m bench.storingen [--alleen naam …] --zaad 7`; `--kort` is what CI runs.

One installation, one fault after the other, a table at the end. Ends with 1 when something is lost, came twice without
our knowing, did not heal by itself, or when the health pages told it wrong; never because something was slow. The
outcome stays in `.lokaal/chaos/storingen.json`, the logs of the processes beside it.
"""

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict

from bench.chaos import ground as place
from meldingen.local.console import say

from .faults import FAULTS
from .scene import Result, Scene

LEASE_S = 6.0
TOLD = 8
COLUMNS = (
    "storing",
    "aangenomen",
    "bewaard",
    "toegewezen",
    "gehoord",
    "dubbel",
    "kwijt",
    "mogelijk dubbel (geteld)",
    "langste weigering",
    "langste antwoord",
    "/gezond noemde",
    "vanzelf hersteld na",
)


def main() -> int:
    """Plays the faults; 0 when the ledger of each is right."""
    asked = _asked()
    chosen = [
        one
        for one in FAULTS
        if (one.short or not asked.kort) and (not asked.alleen or any(word in one.name for word in asked.alleen))
    ]
    if not chosen:
        say(f"Geen storing heet zo. Er zijn: {'; '.join(one.name for one in FAULTS)}.")
        return 2
    began = time.monotonic()
    results: list[Result] = []
    with place.opened(asked.huur, mail_by_notify=False, command="bench.storingen") as ground:
        say(f"  · alles draait na {time.monotonic() - began:.0f} s; logboeken: {ground.folder}")
        scene = Scene(ground, asked.zaad, asked.tempo)
        for fault in chosen:
            results.append(scene.play(fault))
            say(f"  · {fault.name}: {'goed' if not results[-1].wrong else 'NIET GOED'}")
        outcome = {"seed": asked.zaad, "lease_s": asked.huur, "results": [asdict(one) for one in results]}
        (ground.folder / "storingen.json").write_text(
            json.dumps(outcome, ensure_ascii=False, indent=1), encoding="utf-8"
        )
    place.forget(ground)
    _print(results, asked, time.monotonic() - began)
    return 1 if any(one.wrong for one in results) else 0


def _asked() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.storingen", description="Echt stukmaken, en natellen.")
    parser.add_argument(
        "--alleen", nargs="+", metavar="NAAM", help="alleen storingen met een van deze woorden in hun naam"
    )
    parser.add_argument("--zaad", type=int, default=7, help="hetzelfde zaad: dezelfde melders, dezelfde momenten")
    parser.add_argument(
        "--huur", type=float, default=LEASE_S, help="seconden dat een werker werk huurt; 0 = als in het echt"
    )
    parser.add_argument("--tempo", type=float, default=5.0, help="meldingen per seconde")
    parser.add_argument("--kort", action="store_true", help="de korte reeks van de CI")
    return parser.parse_args()


def _print(results: Sequence[Result], asked: argparse.Namespace, took_s: float) -> None:
    """The table a person reads, in Markdown."""
    say(f"\n| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for one in results:
        made = one.ledger
        healed = "niet" if one.healed_s is None else f"{one.healed_s:.1f} s".replace(".", ",")
        if one.business_min:
            healed += f" ({one.business_min} min werktijd)"
        lost = len(made.missing)
        cells = [
            one.name,
            made.accepted,
            made.stored,
            made.routed,
            made.heard,
            len(made.doubles),
            lost,
            made.counted_double,
        ]
        times = [f"{seconds:.1f} s".replace(".", ",") for seconds in (one.refused_s, one.slowest_s)]
        say(f"| {' | '.join(str(cell) for cell in [*cells, *times, ', '.join(one.down) or 'niets', healed])} |")
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    lease = f"huur {asked.huur} s" if asked.huur else "huur als in het echt"
    say(f"\n{len(results)} storingen in {took_s:.0f} s; zaad {asked.zaad}; {lease}; {machine}")
    wrong = [(one.name, line) for one in results for line in one.wrong]
    for name in dict.fromkeys(name for name, _ in wrong):
        lines = [line for of, line in wrong if of == name]
        for line in lines[:TOLD]:
            say(f"  ✗ {name}: {line}")
        if len(lines) > TOLD:
            say(f"  ✗ {name}: en nog {len(lines) - TOLD}; zie storingen.json")
    say("GOED: niets kwijt, niets dubbel, vanzelf hersteld." if not wrong else f"NIET GOED: {len(wrong)} fouten.")


if __name__ == "__main__":
    sys.exit(main())

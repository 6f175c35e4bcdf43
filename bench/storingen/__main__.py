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
from contextlib import ExitStack
from dataclasses import asdict

from bench.chaos import ground as place
from meldingen.local.console import say
from tests.adapters.s3_server import s3_server
from tests.standins.locatieserver import locatieserver

from . import poison, pressure, storage
from .faults import PROCESSES
from .scene import Fault, Outside, Result, Scene

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


FAULTS = (
    *PROCESSES,
    storage.FULL,
    pressure.CROSSED,
    pressure.FULL,
    pressure.SILENT,
    poison.BITING_PHOTOS,
    poison.BITING_MESSAGES,
    poison.BITING_RULES,
    storage.DRIPS,
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
    with ExitStack() as own:
        addresses = own.enter_context(locatieserver())
        near = {"GEOCODER_URL": addresses.url, "FOTO_MAP": str(own.enter_context(storage.small_disk()))}
        s3 = own.enter_context(s3_server())
        for outside, extra in (
            (Outside(addresses), near),
            (Outside(addresses, s3), {**near, **storage.settings_for(s3)}),
        ):
            here = [one for one in chosen if one.needs_s3 == (outside.s3 is not None)]
            if here:
                results += _play(here, outside, extra, asked)
    _print(results, asked, time.monotonic() - began)
    return 1 if any(one.wrong for one in results) else 0


def _play(faults: Sequence[Fault], outside: Outside, extra: dict[str, str], asked: argparse.Namespace) -> list[Result]:
    """One installation and these faults on it, one after the other."""
    began, results = time.monotonic(), []
    with place.opened(asked.huur, mail_by_notify=False, extra=extra, command="bench.storingen") as ground:
        say(f"  · alles draait na {time.monotonic() - began:.0f} s; logboeken: {ground.folder}")
        scene = Scene(ground, outside, asked.zaad, asked.tempo)
        for fault in faults:
            results.append(scene.play(fault))
            say(f"  · {fault.name}: {'goed' if not results[-1].wrong else 'NIET GOED'}")
        outcome = {"seed": asked.zaad, "lease_s": asked.huur, "results": [asdict(one) for one in results]}
        text = json.dumps(outcome, ensure_ascii=False, indent=1)
        (ground.folder / f"storingen{'-s3' if outside.s3 else ''}.json").write_text(text, encoding="utf-8")
    place.forget(ground)
    return results


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
    for one in results:
        for line in one.said:
            say(f"  · {one.name}: {line}")
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

"""`python -m bench.snel [rij …]`: measures and prints. `--markdown` gives the lines for README.

Ends with 1 when a ledger is wrong, never because something was slow.
"""

from __future__ import annotations

import argparse
import sys
import time

from . import baselines, following, house, intake, pictures, reading, servers
from .ground import THREADS, opened
from .table import HEAD, Measure, Plan, Row, Sticks, as_table, dutch, for_readme

ROWS: dict[str, Measure] = {
    "tekst": intake.text,
    "tekst-werkers": intake.text_with_workers,
    "foto": pictures.photos,
    "toewijzen": following.routed,
    "ontvangst": following.receipts,
    "lijst": following.listed,
    "afhandelen": following.closing,
    "melding": reading.melding,
    "volgpagina": reading.volgpagina,
    "teamlijst": reading.team_list,
    "categorieen": reading.categories,
    "plaatje": pictures.picture,
    "geheugen": house.memory,
    "draden": house.server,
    "servers": servers.servers,
}


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.snel", description="Hoe snel Meldingen is, met maatstaven.")
    parser.add_argument("rows", nargs="*", metavar="rij", help=f"welke rijen: {', '.join(ROWS)} (anders alle)")
    parser.add_argument("--seconden", type=float, default=10.0, help="per rij")
    parser.add_argument("--verbindingen", type=int, default=16)
    parser.add_argument("--meldingen", type=int, default=10_000, help="hoeveel oude er al zijn")
    parser.add_argument("--draden", type=int, default=THREADS, help="per proces van de website")
    parser.add_argument("--zaad", type=int, default=6)
    parser.add_argument("--markdown", action="store_true", help="alleen de tabel voor README")
    asked = parser.parse_args()
    unknown = set(asked.rows) - set(ROWS)
    if unknown:
        parser.error(f"onbekende rij: {', '.join(sorted(unknown))}")
    began, found = time.monotonic(), list[Row]()
    with opened(asked.meldingen, asked.draden) as ground:
        sticks, plan = Sticks(ground, asked.seconden / 2), Plan(asked.seconden, asked.verbindingen, asked.zaad)
        for yardstick in (baselines.hello, baselines.pgbench, baselines.psycopg_alone):
            sticks.get(yardstick)
        for name in asked.rows or ROWS:
            print(f"  {name} …", file=sys.stderr, flush=True)
            try:
                found += ROWS[name](ground, plan, sticks)
            except (SystemExit, Exception) as error:  # the other rows still count
                found.append(Row(name, 0, "", wrong=[f"{type(error).__name__}: {error}"[:200]]))
    if asked.markdown:
        print(for_readme(found))
    else:
        report(found, sticks)
        print(f"\n{len(found)} rijen in {time.monotonic() - began:.0f} s.")
    return 1 if any(row.wrong for row in found) else 0


def report(rows: list[Row], sticks: Sticks) -> None:
    """The yardsticks and the rows."""
    shown = [
        [
            stick.name,
            f"{dutch(stick.per_s)}/s",
            f"{stick.ms:.3f}",
            f"{stick.foreign:.0%}",
            "ja" if stick.quiet else "nee",
        ]
        for stick in sticks.all()
    ]
    print(as_table(shown, ("maatstaf", "gemeten", "CPU ms", "anderen", "rustig")), end="\n\n")
    print(as_table([row.cells() for row in rows], HEAD))


if __name__ == "__main__":
    sys.exit(main())

"""Who is on somebody's list at the end of a run, read where a person reads it: terugbelnotities and the team's page.

A melder who could not be told must be here; what no page shows is nobody's work.
"""

import random
import re
import threading
from dataclasses import dataclass
from typing import Any

from bench.terrein import signed_in

from . import plan
from .door import Line
from .people import Book

LOOKS = 100
"""So many anonymous melders look for themselves."""


@dataclass(frozen=True)
class Lists:
    """calls: (nummer, opdracht of the closing) with an open terugbelnotitie. tasks: numbers with an open task of the
    KCC, "melder niet bereikt". unreachable: opdrachten on the coordinator's list "melder niet bereikbaar"."""

    calls: tuple[tuple[str, int], ...] = ()
    tasks: frozenset[str] = frozenset()
    unreachable: frozenset[int] = frozenset()


def read_lists(port: int, password: str) -> Lists:
    """As the KCC and the coordinator see them."""
    desk = Line(port, random.Random(0), threading.Event(), ("kcc", password), drops=0.0)
    notes: list[dict[str, Any]] = desk.ask("GET", "/terugbelnotities").content["terugbelnotities"]
    calls = [(note["nummer"], closing) for note in notes for closing in plan.closings_in(note["tekst"])]
    open_tasks = desk.ask("GET", "/taken").content["taken"]
    tasks = {one["nummer"] for one in open_tasks if one["soort"] == "niet_bereikbaar"}
    return Lists(tuple(calls), frozenset(tasks), frozenset(_unreachable(f"http://127.0.0.1:{port}", password)))


def look_up(port: int, book: Book) -> list[str]:
    """Anonymous melders look for themselves: the closing is at their own page. Returns what is missing, by name."""
    melder = Line(port, random.Random(0), threading.Event(), drops=0.0)
    wrong, looked = [], 0
    for closing in book.closings.values():
        for number in closing.meldingen:
            made = book.meldingen.get(number)
            if made is None or made.who.contact or made.who.device or made.withdrawn_at or looked == LOOKS:
                continue
            looked += 1
            seen = melder.ask("GET", f"/meldingen/{number}", Volg_Token=made.token).content
            if closing.opdracht not in plan.closings_in(" ".join(part["tekst"] for part in seen["opdrachten"])):
                wrong.append(f"{number} (anoniem): leest W{closing.opdracht} niet op zijn eigen pagina")
    return wrong


def _unreachable(address: str, password: str) -> set[int]:
    with signed_in(address, "coordinator", password) as browser:
        found: set[int] = set()
        for page in range(1, 1000):
            shown = browser.get(f"{address}/team?lijst=niet_bereikbaar&bladzijde={page}", timeout=30)
            assert shown.status_code == 200, shown.status_code
            here = {int(number) for number in re.findall(r"/team/opdracht/(\d+)", shown.text)}
            if not here - found:
                return found
            found |= here
        return found

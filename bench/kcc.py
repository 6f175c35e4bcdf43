"""How long a practised agent of the phone desk takes to enter a call, played: real keys in Chromium, no mouse.

Run with `python3 -m meldingen.local db python -m bench.kcc 3`, or with DATABASE_URL set; CHROMIUM says which browser.
It makes and drops a database of its own. Three calls, each so many times:

  nieuw       a known caller, an address, a text, the proposed kind, its question, and reading back
  aansluiten  an unknown caller, an address, and joined to what is open there
  spoed       danger: where, what, a number

Nobody was watched: the pauses below are ours and kept in real time. A caller answers while the agent types, so what is
said is counted where the agent must wait for it. "Zonder de mens" is what is left: server, browser and line.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Page, ViewportSize, sync_playwright

from bench.outbox import own_database
from tests.web.belkamer import known_caller, make_room
from tests.web.browsing import launch, served
from tests.web.conftest import world_on

KEY_S = 0.04
"""Between two keys of who types blind."""
STEP_S = 0.4
"""From one field to the next with the eyes on it."""
ASK_S = 3.0
"""Saying a question and hearing the first words of the answer."""
LOOK_S = 1.0
"""Looking at what the screen shows, and choosing."""
READ_S = 6.0
"""Reading back what was understood before it is stored."""
GOAL_S = 90
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


@dataclass
class Agent:
    """Somebody at the desk. keys: pressed so far; steps: questions asked or things chosen; paused: seconds."""

    page: Page
    keys: int = 0
    steps: int = 0
    paused: float = 0.0

    def pauses(self, seconds: float) -> None:
        """Asks, hears, looks."""
        time.sleep(seconds)
        self.paused += seconds

    def asks(self, words: str = "") -> None:
        """Says a question and types the answer while it comes."""
        self.steps += 1
        self.pauses(ASK_S)
        for key in words:
            self.pauses(KEY_S)
            self.page.keyboard.type(key)
        self.keys += len(words)

    def presses(self, *pressed: str) -> None:
        """Keys of the screen: to another field, or to choose."""
        for one in pressed:
            self.pauses(STEP_S)
            self.page.keyboard.press(one)
            self.keys += 1

    def looks(self, selector: str, words: str) -> None:
        """Waits until the screen shows it, and reads it."""
        self.page.locator(selector, has_text=words).first.wait_for()
        self.steps += 1
        self.pauses(LOOK_S)

    def finds(self, address: str) -> None:
        """The address as it is said, and the first of the list."""
        self.asks(address)
        self.page.locator("#plekken [role=option]").first.wait_for()
        self.presses("ArrowDown", "Enter")
        self.looks("[data-place-words]", "Gekozen plek")

    def stores(self) -> None:
        """Reads it back, and stores it."""
        self.page.locator("[data-stand]", has_text="Lees voor:").wait_for()
        self.steps += 1
        self.pauses(READ_S)
        self.presses("Control+Enter")
        self.page.locator("[data-opgeslagen]").wait_for()

    def tabs_to(self, field: str) -> None:
        """Tab after Tab until the focus is there, as hands do it."""
        while not self.page.locator(field).evaluate("field => field === document.activeElement"):
            self.page.keyboard.press("Tab")
            self.keys += 1
            self.pauses(KEY_S)
        self.pauses(STEP_S)


def ordinary(agent: Agent) -> None:
    """A known caller about something new."""
    agent.asks("n")
    agent.asks("0612345678")
    agent.looks("[data-caller]", "Klopt dit nog?")
    agent.asks()
    agent.presses("Alt+9")
    agent.finds("dorpsstr 12")
    agent.tabs_to("#veld-omschrijving")
    agent.asks("Er zit een diep gat in de weg, naast de put.")
    agent.looks("[data-keuzes]", "Gat in de weg")
    agent.presses("Tab", "1")
    agent.looks("[data-questions]", "Hoe diep is het gat?")
    agent.tabs_to("#veld-antwoord_diep")
    agent.asks()
    agent.presses("Space")
    agent.stores()


def joining(agent: Agent) -> None:
    """An unknown caller about what others reported before."""
    agent.asks("n")
    agent.asks("0687654321")
    agent.tabs_to("#veld-naam")
    agent.asks("De Vries")
    agent.tabs_to("#veld-adres")
    agent.finds("dorpsstr 12")
    agent.looks("[data-near]", "Tegel los bij de bakker")
    agent.asks()
    agent.presses("Alt+1")
    agent.stores()


def danger(agent: Agent) -> None:
    """Danger: the words to say, where, what, a number."""
    agent.asks("j")
    agent.looks("[data-gevaar-ja]", "bel 112")
    agent.finds("molenw 3")
    agent.tabs_to("#veld-omschrijving")
    agent.asks("Put open op het fietspad")
    agent.tabs_to("#veld-telefoon")
    agent.asks("0687654321")
    agent.stores()


CALLS: dict[str, Callable[[Agent], None]] = {"nieuw": ordinary, "aansluiten": joining, "spoed": danger}


def main() -> int:
    """Prints the medians; 1 when a call takes longer than KLANTREIS allows."""
    parser = argparse.ArgumentParser(prog="python -m bench.kcc", description="Het scherm van het KCC, nagespeeld.")
    parser.add_argument("times", type=int, nargs="?", default=3, help="hoe vaak elk gesprek")
    asked = parser.parse_args()
    with ExitStack() as held:
        url = held.enter_context(own_database(os.environ["DATABASE_URL"]))
        folder = held.enter_context(tempfile.TemporaryDirectory())
        world = held.enter_context(world_on(sa.make_url(url), Path(folder)))
        desk = make_room(world)
        known_caller(desk)
        with served(world.app) as address, sync_playwright() as playwright:
            browser = launch(playwright)
            context = browser.new_context(viewport=DESKTOP, base_url=address, locale="nl-NL")
            cookie = desk.browsers["kcc"].get_cookie("sessie")
            assert cookie is not None
            context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
            page = context.new_page()
            took = {name: [play(page, call) for _ in range(asked.times)] for name, call in CALLS.items()}
            machine = f"Chromium {browser.version}, {os.cpu_count()} kernen, drukte {os.getloadavg()[0]:.0f}"
            browser.close()
    print("| gesprek | stappen | toetsen | samen | zonder de mens |\n|---|---|---|---|---|")
    totals = []
    for name, plays in took.items():
        whole = statistics.median(one[0] for one in plays)
        ours = statistics.median(one[0] - one[1].paused for one in plays)
        totals.append(whole)
        print(f"| {name} | {plays[0][1].steps} | {plays[0][1].keys} | {whole:.1f} s | {ours:.1f} s |")
    print(f"\n{asked.times} keer elk, mediaan. {machine}.")
    return 1 if max(totals) > GOAL_S else 0


def play(page: Page, call: Callable[[Agent], None]) -> tuple[float, Agent]:
    """One call from the empty screen until the number can be read out; the seconds, and who did it."""
    page.goto("/kcc/nieuw")
    page.locator("#veld-gevaar:focus").wait_for()
    agent = Agent(page)
    began = time.monotonic()
    call(agent)
    return time.monotonic() - began, agent


if __name__ == "__main__":
    raise SystemExit(main())

"""How long the form takes a practised melder, played: real pages in Chromium, a phone's screen, the speed of a hand.

Run with `python3 -m meldingen.local db python -m bench.formulier 3`, or with DATABASE_URL set; CHROMIUM says which
browser, `--traag` puts a 3G line between. It makes and drops a database of its own. Two journeys, each so many times:

  plek en foto    own location, a few words, a photo of 12 megapixels, no contact
  adres en mail   an address typed and chosen, a sentence, an e-mail address

Nobody was watched: the pauses below are ours, and are kept in real time. A step runs until the next page can be used.
"Zonder de mens" is what is left without the pauses: the server, the browser and the line. The server is the one of the
tests, on the same machine, with five kinds of meldingen, and a list of addresses in the place of the geocoder.
"""

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from bench.fotos import make
from bench.outbox import own_database
from tests.journeys.street import Resident, build_street
from tests.web.browsing import PHONE, launch, served

KEYS_PER_S = 4
"""Typing with two thumbs on a phone."""
TAP_S = 1.2
"""Finding something on the page and tapping it; also to go into a field."""
READ_S = {"Waar": 2.0, "Wat": 2.0, "Foto": 1.0, "Contact": 1.5, "Controleren": 4.0}
"""Looking at a page that one has seen before; at the last one to read back what one told."""
CAMERA_S = 6.0
"""From the button of the camera, by aiming, to "use this photo"."""
LOOK_UP_S = 1.0
"""From the keyboard to what the page proposes."""
GPS_S = 2.0
"""Until a phone outside knows where it is, when it may already be asked."""

HERE = {"longitude": 4.7, "latitude": 52.66, "accuracy": 8}
SLOW_3G = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
GOAL_S = 60


@dataclass
class Melder:
    """Somebody at a phone. took: the seconds per step, and of those the pauses of a person."""

    page: Page
    took: dict[str, tuple[float, float]] = field(default_factory=dict)
    paused: float = 0.0

    def pauses(self, seconds: float) -> None:
        """Reads, looks, aims."""
        time.sleep(seconds)
        self.paused += seconds

    def taps(self, goal: Locator) -> None:
        """Finds it and taps it."""
        self.pauses(TAP_S)
        goal.click()

    def types(self, goal: Locator, words: str) -> None:
        """Taps a field and types in it."""
        self.taps(goal)
        for key in words:
            self.pauses(1 / KEYS_PER_S)
            goal.press_sequentially(key)

    @contextmanager
    def step(self, name: str, after: str) -> Iterator[None]:
        """A step: reads the page, does what the block says, and waits for the next page."""
        began, self.paused = time.monotonic(), 0.0
        self.pauses(READ_S[name])
        yield
        Resident(self.page).is_at(after)
        self.took[name] = (time.monotonic() - began, self.paused)

    def tells(self, words: str) -> None:
        """Says what there is, and takes the first kind that the page proposes, if any."""
        self.types(self.page.get_by_label("Vertel wat er is"), words)
        self.pauses(LOOK_UP_S)
        first = self.page.locator("[data-keuzes] input").first
        if first.is_visible():
            self.taps(first)

    def goes_on(self) -> None:
        """The button of the step."""
        self.taps(self.page.get_by_role("button", name="Verder", exact=True))


def with_place_and_photo(melder: Melder, picture: Path) -> None:
    """Own location, a few words, a photo, no contact."""
    page = melder.page
    with melder.step("Waar", "Wat ziet u?"):
        melder.taps(page.get_by_role("button", name="Gebruik mijn locatie"))
        melder.pauses(GPS_S)
        page.get_by_text("Gekozen plek:").wait_for()
        melder.goes_on()
    with melder.step("Wat", "Heeft u een foto?"):
        melder.tells("Losse tegel")
        melder.goes_on()
    with melder.step("Foto", "Hoe bereiken wij u?"):
        melder.pauses(TAP_S + CAMERA_S)
        page.locator("input[type=file][name=foto]").set_input_files(picture)
        page.get_by_text("Foto stoep.jpg is toegevoegd.").wait_for()
        melder.goes_on()
    with melder.step("Contact", "Klopt het zo?"):
        melder.goes_on()
    finish(melder)


def with_address_and_mail(melder: Melder, _: Path) -> None:
    """An address typed and chosen, a sentence, no photo, an e-mail address."""
    page = melder.page
    with melder.step("Waar", "Wat ziet u?"):
        melder.types(page.get_by_role("combobox", name="Zoek een adres"), "breelaan 12")
        melder.taps(page.get_by_role("option").first)
        page.get_by_text("Gekozen plek:").wait_for()
        melder.goes_on()
    with melder.step("Wat", "Heeft u een foto?"):
        melder.tells("Het gras voor de deur is veel te hoog.")
        melder.goes_on()
    with melder.step("Foto", "Hoe bereiken wij u?"):
        melder.goes_on()
    with melder.step("Contact", "Klopt het zo?"):
        melder.types(page.get_by_label("E-mailadres"), "jan.devries@example.nl")
        melder.goes_on()
    finish(melder)


def finish(melder: Melder) -> None:
    """Reads it back and sends it."""
    with melder.step("Controleren", "Meldingnummer"):
        melder.taps(melder.page.get_by_role("button", name="Melding versturen"))


JOURNEYS: dict[str, Callable[[Melder, Path], None]] = {
    "plek en foto": with_place_and_photo,
    "adres en mail": with_address_and_mail,
}


def main() -> int:
    """Prints the medians; 1 when a journey takes longer than KLANTREIS allows."""
    parser = argparse.ArgumentParser(prog="python -m bench.formulier", description="Het formulier, nagespeeld.")
    parser.add_argument("times", type=int, nargs="?", default=3, help="hoe vaak elke reis")
    parser.add_argument("--traag", action="store_true", help="over een lijn als 3G")
    asked = parser.parse_args()
    with own_database(os.environ["DATABASE_URL"]) as url, tempfile.TemporaryDirectory() as folder:
        street = build_street(sa.make_url(url), Path(folder))
        picture = Path(folder) / "stoep.jpg"
        picture.write_bytes(make("jpeg", (4032, 3024)))
        with served(street.app) as address, sync_playwright() as playwright:
            browser = launch(playwright)
            found = {
                name: [play(browser, address, walk, picture, slow=asked.traag) for _ in range(asked.times)]
                for name, walk in JOURNEYS.items()
            }
            version = browser.version
            browser.close()
        street.engine.dispose()
        street.app.extensions["meldingen"].engine.dispose()
    totals = report(found)
    line = "een lijn als 3G" if asked.traag else "zonder vertraging op de lijn"
    machine = f"Chromium {version}, {os.cpu_count()} kernen, drukte {os.getloadavg()[0]:.0f}"
    print(f"\n{asked.times} keer elk, mediaan, {line}. {machine}.")
    return 1 if max(totals) > GOAL_S else 0


def play(
    browser: Browser, address: str, walk: Callable[[Melder, Path], None], picture: Path, *, slow: bool
) -> dict[str, tuple[float, float]]:
    """One journey by a phone that opened the form before; the seconds per step and of those the pauses."""
    context = browser.new_context(
        viewport=PHONE, base_url=address, locale="nl-NL", geolocation=HERE, permissions=["geolocation"]
    )
    page = context.new_page()
    if slow:
        network = context.new_cdp_session(page)
        network.send("Network.enable")
        network.send("Network.emulateNetworkConditions", SLOW_3G)
    page.goto("/melden")
    Resident(page).is_at("Waar is het?")
    melder = Melder(page)
    walk(melder, picture)
    context.close()
    return melder.took


def report(found: dict[str, list[dict[str, tuple[float, float]]]]) -> list[float]:
    """Prints each journey as a line with its median per step; gives the medians in total."""
    totals = []
    print(f"| reis | {' | '.join(READ_S)} | samen | zonder de mens |\n|{'---|' * (len(READ_S) + 3)}")
    for name, times in found.items():
        steps = [statistics.median(one[step][0] for one in times) for step in READ_S]
        whole = statistics.median(sum(took for took, _ in one.values()) for one in times)
        ours = statistics.median(sum(took - paused for took, paused in one.values()) for one in times)
        totals.append(whole)
        print(f"| {name} | {' | '.join(f'{s:.1f}' for s in steps)} | {whole:.1f} s | {ours:.1f} s |")
    return totals


if __name__ == "__main__":
    raise SystemExit(main())

"""How long the list of a team takes to open with 2,000 opdrachten, on a slow tablet (Chromium, its CPU held back).

Run with `python3 -m meldingen.local db python -m bench.onderweg 5`, or with DATABASE_URL set; CHROMIUM says which one,
`--rem` how many times slower than this machine (default 4), `--opdrachten` how many. It makes and drops a database of
its own. Two ways to open, each so many times; from the address to the first line that can be tapped:

  zonder bereik   the app is opened anew, all from what the tablet keeps: decrypted, put in order, drawn
  met bereik      the same with a line; what is kept is drawn first, the server is asked afterwards

The opdrachten are those of tests/web/onderweg.py: a hundred characters of words, one melding, one line of history.
"""

import argparse
import json
import os
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import sqlalchemy as sa
from playwright.sync_api import BrowserContext, Page, sync_playwright
from sqlalchemy.orm import Session

from bench.outbox import own_database
from meldingen import db
from meldingen.adapters import build
from meldingen.app import App, create_app
from meldingen.store.account import Account
from tests import factories
from tests.web.browsing import TABLET, launch, served
from tests.web.conftest import settings_for
from tests.web.onderweg import APP, day_of, sign_in

GOAL_MS = 2_000
PATIENCE_MS = 60_000


def main() -> int:
    """Prints the medians; 1 when the list opens later than the issue allows."""
    parser = argparse.ArgumentParser(prog="python -m bench.onderweg", description="De lijst van een team, geopend.")
    parser.add_argument("times", type=int, nargs="?", default=5, help="hoe vaak")
    parser.add_argument("--rem", type=float, default=4, help="zoveel keer zo traag als deze machine")
    parser.add_argument("--opdrachten", type=int, default=2_000)
    asked = parser.parse_args()
    with own_database(os.environ["DATABASE_URL"]) as url, tempfile.TemporaryDirectory() as folder:
        app = small_town(sa.make_url(url), Path(folder))
        with served(app) as address, sync_playwright() as playwright:
            browser = launch(playwright)
            context = browser.new_context(viewport=TABLET, base_url=address, locale="nl-NL")
            day = json.dumps(day_of(asked.opdrachten))
            context.route(
                "**/team/onderweg/dag", lambda route: route.fulfill(body=day, content_type="application/json")
            )
            page = context.new_page()
            sign_in(page)
            page.close()
            found = {
                words: [opened(context, asked.rem, offline=offline) for _ in range(asked.times)]
                for words, offline in (("zonder bereik", True), ("met bereik", False))
            }
            version = browser.version
            browser.close()
        app.extensions["meldingen"].engine.dispose()
    print("| geopend | mediaan | langste |\n|---|---|---|")
    for words, took in found.items():
        print(f"| {words} | {statistics.median(took):.0f} ms | {max(took):.0f} ms |")
    machine = f"Chromium {version}, {os.cpu_count()} kernen, drukte {os.getloadavg()[0]:.0f}"
    print(f"\n{asked.opdrachten} opdrachten, {asked.times} keer, processor {asked.rem:g} keer geremd. {machine}.")
    return 1 if statistics.median(found["zonder bereik"]) > GOAL_MS else 0


def small_town(url: sa.URL, folder: Path) -> App:
    """The app with one gemeente and one medewerker of a team."""
    settings = settings_for(url, folder)
    app = create_app(settings, replace(build(settings), wake=lambda: None))
    engine = db.make_engine(settings.database_url, pool_size=1)
    with Session(engine) as session, session.begin():
        home = factories.gemeente(session)
        factories.medewerker(session, home, "team", team_slug="serviceteam", username="team")
        session.execute(sa.update(Account).values(password_hash=factories.password_hash()))
    engine.dispose()
    return app


def opened(context: BrowserContext, brake: float, *, offline: bool) -> float:
    """Milliseconds from the address to the first line of the list, in a new tab."""
    context.set_offline(offline)
    page: Page = context.new_page()
    context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": brake})
    began = time.perf_counter()
    page.goto(APP, wait_until="commit")
    page.locator(".regel a").first.wait_for(timeout=PATIENCE_MS)
    took = (time.perf_counter() - began) * 1000
    page.close()
    context.set_offline(False)
    return took


if __name__ == "__main__":
    raise SystemExit(main())

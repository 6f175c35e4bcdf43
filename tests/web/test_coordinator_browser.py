"""The coordinator's day in a real browser: a list that fills by itself, and a bulk action by keyboard alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from meldingen.db import business_now
from meldingen.flow import bulk
from meldingen.store.gemeente import Gemeente

from .browsing import TABLET, assert_accessible, launch, served, visitors
from .conftest import World
from .desk import Desk, make_desk

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def desk(world: World) -> Desk:
    made = make_desk(world)
    with world.session() as session, session.begin():
        home = session.get_one(Gemeente, made.gemeente_id)
        home.policy = {**home.policy, "undo_s": 60}
    return made


def test_a_day_of_the_coordinator(desk: Desk, chromium: Browser, address: str) -> None:
    works = [desk.melding(contact={"email": f"bo{n}@example.nl"})[1] for n in range(3)]
    cookie = desk.browsers["cor"].get_cookie("sessie")
    assert cookie is not None
    with visitors(chromium, address) as come:
        context = come(viewport=DESKTOP)
        context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
        page = context.new_page()
        page.goto("/coordinator")
        expect(page.get_by_text("Alles is leeg. Goed gedaan.")).to_be_visible()
        assert_accessible(page, "an empty day")
        desk.melding(category_slug="boom-omgevallen", at=(desk.lon + 0.001, desk.lat), description="Boom om.")
        page.evaluate("vernieuw()")
        expect(page.get_by_role("link", name="Spoed, niet opgepakt 1")).to_be_visible()
        expect(page.get_by_role("status").first).to_have_text("Op de lijsten staat nog 1.")
        page.get_by_role("link", name="Spoed, niet opgepakt 1").focus()
        desk.lost_melding(timedelta(hours=1))
        page.evaluate("vernieuw()")
        page.get_by_role("button", name="Er is iets veranderd: toon").press("Enter")
        expect(page.get_by_role("link", name="Zonder eigenaar 1")).to_be_visible()

        page.goto("/team?zoek=tegel")
        page.get_by_role("button", name="Kies alles op deze bladzijde").press("Enter")
        expect(page.get_by_role("status").filter(has_text="gekozen")).to_have_text("3 opdrachten gekozen")
        assert_accessible(page, "the list with ticks")
        page.get_by_label("Doe dit met wat u aanvinkt").press("A")
        page.get_by_label("Doe dit met wat u aanvinkt").select_option("afhandelingen")
        page.get_by_role("button", name="Verder").press("Enter")
        page.get_by_label("Opgelost", exact=True).press("Space")
        page.get_by_label("Wat lezen de melders?").fill("De tegel ligt weer recht.")
        page.get_by_role("button", name="Bekijk wat er gebeurt").press("Enter")
        expect(page.get_by_text("3 melders krijgen bericht.")).to_be_visible()
        page.set_viewport_size(TABLET)
        assert_accessible(page, "what would happen")
        page.get_by_role("button", name="Bevestigen").press("Enter")
        expect(page.get_by_role("button", name="Ongedaan maken")).to_be_visible()
        assert_accessible(page, "it can be undone")
        page.get_by_role("button", name="Ongedaan maken").focus()
        with desk.world.session() as session:
            later = business_now(session).replace(year=2100)
        number = int(page.url.rsplit("/", 1)[1])
        bulk.run(desk.world.engine, bulk_id=number, gemeente_id=desk.gemeente_id, now=later)
        page.evaluate("vernieuw()")
        expect(page.get_by_text("Klaar: 3 van 3 gedaan.")).to_be_visible()
        expect(page.locator("#actie")).to_be_focused()
        assert_accessible(page, "done")
    assert {desk.now_is(one).status for one in works} == {"gereed"}

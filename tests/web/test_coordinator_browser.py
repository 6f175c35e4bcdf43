"""The coordinator's day in a real browser: a list that fills by itself, and a bulk action by keyboard alone."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from meldingen.db import business_now
from meldingen.flow import bulk
from meldingen.store.gemeente import Gemeente

from .browsing import PHONE, TABLET, assert_accessible, axe_findings, served, visitors
from .conftest import World
from .desk import Desk, make_desk
from .onderweg import WIDER
from .test_groepen import fallen_tree

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
DESKTOP = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


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


def test_every_bulk_form_and_the_groups_on_a_phone(desk: Desk, chromium: Browser, address: str) -> None:
    """Each form with its mistake, nothing that can be done, undone; and the groups: told, counted, sent."""
    fallen_tree(desk)
    cookie = desk.browsers["cor"].get_cookie("sessie")
    assert cookie is not None
    with visitors(chromium, address) as come:
        context = come(viewport=PHONE)
        context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
        page = context.new_page()
        for action in ("overdrachten", "planningen", "uitstellingen", "samenvoegingen"):
            page.goto("/team?zoek=gras")
            page.get_by_role("button", name="Kies alles op deze bladzijde").click()
            page.get_by_label("Doe dit met wat u aanvinkt").select_option(action)
            page.get_by_role("button", name="Verder").click()
            expect(page.get_by_role("heading", name="2 opdrachten")).to_be_visible()
            page.get_by_role("button", name="Bekijk wat er gebeurt").click()
            if action != "samenvoegingen":  # there the oldest is chosen already
                expect(page.locator(".error-summary")).to_be_focused()
                fits(page, f"{action} with its mistake")
        expect(page.get_by_text("1 opdracht kan.")).to_be_visible()
        page.get_by_role("button", name="Bevestigen").click()
        page.get_by_role("button", name="Ongedaan maken").click()
        expect(page.get_by_text("Ongedaan gemaakt. Er is niets gebeurd.")).to_be_visible()
        fits(page, "undone")

        page.goto("/storm/groepen")
        expect(page.get_by_text("1 groep", exact=True)).to_be_visible()
        expect(page.locator(".group-map .leaflet-marker-icon").first).to_be_visible()
        assert_accessible(page, "groups on a phone")
        page.set_viewport_size(DESKTOP)
        fits(page, "groups on a desk")
        page.emulate_media(color_scheme="dark")
        assert axe_findings(page, ["color-contrast"]) == [], "groups in the dark"
        page.set_viewport_size(PHONE)
        page.get_by_role("button", name="Tel hoeveel melders").click()
        fits(page, "groups with a mistake")
        page.get_by_label("Vertel het deze melders").check()
        page.get_by_label("Wat wilt u vertellen?").fill("Wij ruimen de boom morgen op.")
        page.get_by_role("button", name="Tel hoeveel melders").click()
        expect(page.get_by_text("30 open meldingen.")).to_be_visible()
        fits(page, "counted")
        page.get_by_role("button", name="Ja, stuur het bericht").click()
        expect(page.get_by_text("Het bericht gaat naar wie te bereiken is")).to_be_visible()
        fits(page, "told")


def fits(page: Page, state: str) -> None:
    """No finding of axe, and nothing to scroll sideways."""
    assert axe_findings(page) == [], state
    assert page.evaluate(WIDER) <= 0, state

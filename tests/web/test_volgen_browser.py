"""The page of a melding, the way to it and the neighbourhood in a real browser: axe, the keyboard, and on paper."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from meldingen.db import machine_now
from meldingen.domain.actor import TEAM
from meldingen.flow.status import Basis
from meldingen.flow.work import ask_melder
from meldingen.store.gemeente import gemeente_by_id
from tests import factories

from .browsing import PHONE, assert_accessible, served
from .conftest import World
from .test_volgen import close, make, token_of

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def page(world: World, chromium: Browser) -> Iterator[Page]:
    """A phone that knows where it is."""
    with served(world.app) as address:
        place = {"longitude": 4.70123, "latitude": 52.66}
        context = chromium.new_context(
            viewport=PHONE, base_url=address, locale="nl-NL", geolocation=place, permissions=["geolocation"]
        )
        yield context.new_page()
        context.close()


def test_from_the_question_of_the_team_to_a_mark_by_keyboard(world: World, page: Page) -> None:
    now = machine_now()
    melding = make(world, contact={"email": "jo@example.nl"}, now=now - timedelta(days=2))
    with world.session() as session, session.begin():
        home = gemeente_by_id(session, world.gemeente_id)
        member = factories.medewerker(session, home, TEAM, team_slug="serviceteam", username="t-volgen")
        work = factories.opdracht_of(session, melding)
        ask_melder(session, work.id, "Bij welk huis?", basis=Basis(version=work.version), actor=member, now=now)
    page.goto(f"/v/{token_of(world, melding)}")
    assert_accessible(page, "vraag van het team")
    page.get_by_label("Uw antwoord").fill("Nummer 12")
    page.get_by_role("button", name="Verstuur uw antwoord").press("Enter")
    expect(page.get_by_text("Uw tekst is toegevoegd.")).to_be_visible()
    expect(page.get_by_text("Wij hebben een vraag aan u")).to_have_count(0)
    close(world, melding, now=machine_now())
    page.goto(f"/v/{token_of(world, melding)}?antwoord=ja")
    assert_accessible(page, "oordeel")
    page.get_by_role("button", name="Ja, het is opgelost").press("Enter")
    page.get_by_role("group", name="Hoorde u genoeg van ons?").get_by_label("Ja").press("Space")
    scale = page.get_by_role("group", name="Welk cijfer geeft u ons?")
    scale.get_by_label("10").focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(scale.get_by_label("8")).to_be_checked()
    assert_accessible(page, "cijfer")
    page.get_by_role("button", name="Verstuur uw mening").press("Enter")
    expect(page.get_by_text("Wilt u die veranderen?")).to_be_visible()
    assert re.findall(rb"/Count (\d+)", page.pdf(prefer_css_page_size=True)) == [b"1"], "one sheet of paper"
    page.get_by_role("link", name="Nee, het is nog niet goed").press("Enter")
    assert_accessible(page, "nog niet goed")


def test_a_closed_door_shows_another_way_in(page: Page) -> None:
    page.goto("/v/" + "a" * 30)
    assert_accessible(page, "link die niet klopt")
    page.get_by_role("link", name="Vraag een code met uw e-mail of nummer").press("Enter")
    page.get_by_role("button", name="Stuur mij een code").press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    assert_accessible(page, "toegang met fout")
    page.get_by_label("E-mailadres of mobiel nummer").fill("wie@example.nl")
    page.get_by_role("button", name="Stuur mij een code").press("Enter")
    assert_accessible(page, "code")
    page.goto("/mijn-meldingen/toegang/openen")
    assert_accessible(page, "link die niet meer werkt")


def test_the_neighbourhood_by_my_own_place_and_by_keyboard(world: World, page: Page) -> None:
    melding = make(world)
    page.goto("/in-de-buurt")
    expect(page.locator(".kaartpunt").first).to_be_visible()
    page.get_by_text("Hoeveel per buurt").press("Enter")
    assert_accessible(page, "in de buurt")
    page.get_by_role("button", name="Gebruik mijn locatie").press("Enter")
    expect(page.get_by_text("meter verderop").first).to_be_visible()
    assert "lon=4.7012&lat=52.6600" in page.url
    page.locator(".kaartpunt").first.dispatch_event("click")
    page.get_by_role("link", name="Bekijk in de lijst").first.press("Enter")
    expect(page.locator(".nearby-item:focus")).to_be_visible()
    assert melding.description not in page.content()
    page.get_by_role("link", name=re.compile("^Dit heb ik ook")).first.press("Enter")
    expect(page).to_have_url(re.compile("/melden"))

"""The form in a real browser: a location, an address, a hasty finger, what is known nearby, on paper, without scripts.

Whether everybody can use each page: test_a11y_pages.py. The whole way as a story: tests/journeys/test_inwoner.py.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from meldingen.adapters.geocoder import FixedGeocoder
from meldingen.db import machine_now
from meldingen.store.melding import Melding
from tests import factories
from tests.photos import photo

from .browsing import PHONE, TABLET, assert_accessible, served, visitors
from .conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens a page of a visitor of its own; fails the test when a script fails or the policy stops something."""
    with visitors(chromium, address) as come:

        def open_page(path: str = "/", *, size: dict[str, int] = PHONE, **options: Any) -> Page:
            page = come(viewport=size, **options).new_page()
            page.goto(path)
            return page

        yield open_page


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "stoep.jpg"
    path.write_bytes(photo())
    return path


def go_on(page: Page) -> None:
    """Presses the button to the next step, and waits for the page that comes: its script keeps the form first."""
    with page.expect_navigation():
        page.get_by_role("button", name="Verder").click()


def to_review(page: Page, text: str) -> None:
    """From the chosen place to the last step with these words alone."""
    go_on(page)
    page.get_by_label("Vertel wat er is").fill(text)
    for _ in range(3):
        go_on(page)
    page.get_by_role("heading", name="Klopt het zo?").wait_for()


def test_without_javascript_with_a_photo(visit: Callable[..., Page], picture: Path) -> None:
    page = visit("/melden", java_script_enabled=False)
    assert page.locator("[data-map]").is_hidden()
    page.get_by_label("In welke buurt is het?").select_option(label="Noord")
    page.get_by_label("Straat en huisnummer").fill("Breelaan 12")
    go_on(page)
    go_on(page)
    page.get_by_label("Foto's").set_input_files(picture)
    page.get_by_role("button", name="Nog een foto toevoegen").click()
    expect(page.get_by_role("button", name="Verwijder foto 1: stoep.jpg")).to_be_visible()
    go_on(page)
    go_on(page)
    expect(page.get_by_text("stoep.jpg")).to_be_visible()
    page.get_by_role("button", name="Melding versturen").click()
    expect(page.get_by_text("Foto 1 stoep.jpg: ontvangen")).to_be_visible()


def test_my_own_location_is_one_tap(visit: Callable[..., Page]) -> None:
    here = {"longitude": 4.7, "latitude": 52.66}
    page = visit("/melden", geolocation=here, permissions=["geolocation"])
    page.get_by_role("button", name="Gebruik mijn locatie").click()
    expect(page.get_by_text("Gekozen plek: Noord")).to_be_visible()
    to_review(page, "Glas op straat")
    expect(page.get_by_text("Uw eigen locatie")).to_be_visible()


def test_the_address_at_the_pin_is_shown_and_kept(world: World, visit: Callable[..., Page]) -> None:
    """With a geocoder: intake itself asks nobody, the form carries what was found; own words stay."""
    held = world.app.extensions["meldingen"]
    before = held.adapters
    held.adapters = replace(before, geocoder=FixedGeocoder({(4.7, 52.66): "Breelaan 12, 1861 GE Bergen"}))
    try:
        page = visit(
            "/melden", geolocation={"longitude": 4.7, "latitude": 52.66}, permissions=["geolocation"], size=TABLET
        )
        page.get_by_role("button", name="Gebruik mijn locatie").click()
        expect(page.get_by_text("Gekozen plek: bij Breelaan 12, 1861 GE Bergen (Noord")).to_be_visible()
        address = page.locator("[name=adres]")
        expect(address).to_have_value("Breelaan 12, 1861 GE Bergen")
        page.get_by_role("button", name="Kies een andere plek").click()
        expect(address).to_have_value("")
        page.get_by_role("button", name="Gebruik mijn locatie").click()
        expect(address).to_have_value("Breelaan 12, 1861 GE Bergen")
        to_review(page, "Glas op straat")
        expect(page.get_by_text("Breelaan 12, 1861 GE Bergen")).to_be_visible()
        page.get_by_role("link", name="Wijzig waar").click()
        expect(page.get_by_text("Gekozen plek: bij Breelaan 12")).to_be_visible()
        page.get_by_text("Of kies een buurt", exact=True).click()
        address.fill("Bij de kerk")
        with page.expect_response("**/melden/plek?*"):
            page.get_by_role("button", name="Zet de speld in het midden").click()
        expect(page.get_by_text("Gekozen plek:")).to_be_visible()
        expect(address).to_have_value("Bij de kerk")
    finally:
        held.adapters = before


def test_a_hasty_double_click_sends_once(world: World, visit: Callable[..., Page]) -> None:
    page = visit("/melden")
    page.get_by_role("region", name="Kaart").click()
    to_review(page, "Dubbelklik")
    page.get_by_role("button", name="Melding versturen").dblclick()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    with world.session() as session:
        assert session.scalar(sa.select(sa.func.count()).where(Melding.description == "Dubbelklik")) == 1


def test_what_is_known_nearby_and_a_form_of_earlier_are_accessible(world: World, visit: Callable[..., Page]) -> None:
    """/melden/bekend with its list and pins, the questions of a kind, coming back, and a form that was sent before."""
    with world.session() as session, session.begin():
        for east in (4.7001, 4.7004):
            factories.melding(session, now=machine_now(), at=(east, 52.665), category_slug="gat-in-de-weg")
        work = factories.opdracht_of(session, factories.melding(session, now=machine_now(), at=(4.7002, 52.665)))
    page = visit("/")
    page.context.route(re.compile("stappen"), lambda route: route.abort())  # a browser that keeps nothing
    page.goto("/melden/waar?lon=4.7&lat=52.665&categorie=losse-tegel")
    go_on(page)
    earlier = page.context.new_page()
    earlier.goto("/melden/wat")
    page.get_by_label("Vertel wat er is").fill("Er ligt een tegel los.")
    go_on(page)
    page.get_by_role("heading", name="Is het al gemeld?").wait_for()
    expect(page.locator(".place__map .mark--known").first).to_be_visible()
    assert_accessible(page, "bekend")
    with page.expect_navigation():
        page.locator(f"button[name=zelfde_als][value='{work.id}']").click()
    page.goto("/melden")
    assert_accessible(page, "verder")
    page.goto("/melden/contact")
    go_on(page)
    expect(page.get_by_role("heading", name="Hetzelfde als")).to_be_visible()
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    earlier.get_by_label("Vertel wat er is").fill("Er liggen er twee los.")
    go_on(earlier)
    expect(earlier.get_by_text("Er liggen er twee los.")).to_be_visible()
    assert_accessible(earlier, "al verstuurd")


def test_the_receipt_prints_without_buttons(visit: Callable[..., Page]) -> None:
    page = visit("/melden")
    page.get_by_role("region", name="Kaart").click()
    to_review(page, "Afdrukken")
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    page.emulate_media(media="print")
    assert page.get_by_role("link", name="Volg uw melding").is_hidden()
    assert page.locator(".site-menu").is_hidden()
    expect(page.get_by_text("Link om te bewaren")).to_be_visible()

"""The place in a real browser: by keyboard, by single presses, with and without what it leans on (A11Y-02, A11Y-03)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from meldingen import db
from meldingen.adapters.geocoder import FixedGeocoder
from meldingen.domain.actor import SYSTEM
from meldingen.flow.objects import import_objects
from meldingen.store.gemeente import gemeente_by_id
from tests import factories

from .browsing import assert_accessible, served, visitors
from .conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

BREELAAN = "Breelaan 12, 1861GE Duinstede"
OBJECTS = b"soort,code,naam,categorie,lon,lat\nlichtmast,P-100,,losse-tegel,4.7001,52.66\n"


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with world.session() as session, session.begin():
        home, now = gemeente_by_id(session, world.gemeente_id), db.business_now(session)
        import_objects(session, home, OBJECTS, actor=SYSTEM, now=now)
        factories.melding(session, now=now, at=(4.7003, 52.66))
    held = world.app.extensions["meldingen"]
    known = {(4.7, 52.66): BREELAAN, (4.701, 52.66): "Breelaan 14, 1861GE Duinstede"}
    held.adapters = replace(held.adapters, geocoder=FixedGeocoder(known))
    with served(world.app) as found:
        yield found


@pytest.fixture
def visit(chromium: Browser, address: str) -> Iterator[Callable[..., Page]]:
    """Opens the step of a visitor of its own; fails the test when a script fails or asks another host."""
    with visitors(chromium, address) as come:

        def open_page(**options: Any) -> Page:
            page = come(**options).new_page()
            page.goto("/melden/waar")
            return page

        yield open_page


def told(page: Page) -> Any:
    """The live region with the chosen place."""
    return page.locator("[data-place-words]")


def test_an_address_by_keyboard(visit: Callable[..., Page]) -> None:
    """The combobox of the ARIA practices: what is found is said, arrows walk, Enter chooses, Escape closes."""
    page = visit()
    field = page.get_by_role("combobox", name="Zoek een adres")
    field.press_sequentially("breelaan")
    expect(page.locator("[data-search-words]")).to_have_text("2 plekken gevonden. Kies met pijl omlaag.")
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    option = page.get_by_role("option", name=BREELAAN)
    expect(option).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == option.get_attribute("id")
    assert_accessible(page, "lijst open")
    page.keyboard.press("Escape")
    expect(field).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowDown")
    expect(option).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(told(page)).to_have_text(f"Gekozen plek: bij {BREELAAN} (Noord, gemeente Duinstede).")
    assert field.input_value() == BREELAAN and page.url.endswith("/melden/waar"), "a search sends nothing"
    expect(page.get_by_role("radio", name="Lichtmast P-100")).to_be_attached()
    expect(page.locator(".kaartmerk")).to_have_count(2)
    assert_accessible(page, "gekozen")
    page.get_by_role("radio", name="Lichtmast P-100").check()
    assert page.locator("[name=object]").input_value() == "lichtmast:P-100"
    field.fill("zzzz")
    expect(page.locator("[data-search-words]")).to_contain_text("Niets gevonden.")
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Wat ziet u?", level=1).wait_for()
    page.go_back()
    expect(page.get_by_role("radio", name="Lichtmast P-100")).to_be_checked()


def test_the_map_by_single_presses_and_past_it(visit: Callable[..., Page]) -> None:
    """No drag is needed (WCAG 2.5.7); the keyboard gets in, out and past."""
    page = visit()
    page.get_by_role("button", name="Zet de speld in het midden").click()
    expect(told(page)).to_contain_text("Gekozen plek: ")
    lon, lat = page.locator("[name=lon]"), page.locator("[name=lat]")
    before = float(lon.input_value()), float(lat.input_value())
    page.get_by_role("button", name="Inzoomen").click()
    page.get_by_role("button", name="Kaart naar rechts").click()
    page.get_by_role("button", name="Kaart omhoog").click()
    page.get_by_role("button", name="Zet de speld in het midden").click()
    expect(lon).not_to_have_value(f"{before[0]:.6f}")
    assert float(lon.input_value()) > before[0] and float(lat.input_value()) > before[1]
    skip = page.get_by_role("link", name="Sla de kaart over")
    skip.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#na-kaart")).to_be_focused()
    box = page.get_by_role("region", name="Kaart om de plek te kiezen")
    box.focus()
    here = lon.input_value()
    page.keyboard.press("ArrowLeft")
    page.wait_for_timeout(300)  # Leaflet slides
    page.keyboard.press("Enter")
    expect(lon).not_to_have_value(here)
    for _ in range(4):
        page.keyboard.press("Tab")
    assert page.evaluate("!document.activeElement.closest('[data-map]')"), "Tab leaves the map"
    page.get_by_role("button", name="Kies een andere plek").click()
    expect(told(page)).to_have_text("Er is nog geen plek gekozen.")
    expect(page.get_by_role("combobox")).to_be_focused()


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ({"longitude": 4.7, "latitude": 52.66, "accuracy": 12}, "Uw locatie is ongeveer 12 meter nauwkeurig. Gekozen"),
        ({"longitude": 4.7, "latitude": 52.66, "accuracy": 900}, "Uw locatie kan 900 meter afwijken. Zet de speld"),
        ({"longitude": 5.1, "latitude": 52.1, "accuracy": 5}, "Deze plaats ligt niet in Duinstede."),
        (None, "Uw browser geeft uw locatie niet. Sta het toe bij de instellingen"),
    ],
)
def test_my_own_location(visit: Callable[..., Page], where: Any, words: str) -> None:
    """How sure it is, what is outside, and a refusal are told in words (LOC-03)."""
    page = visit(geolocation=where, permissions=["geolocation"]) if where else visit()
    page.get_by_role("button", name="Gebruik mijn locatie").click()
    expect(told(page)).to_contain_text(words)
    expect(page.locator("[name=nauwkeurigheid]")).to_have_value(str(where["accuracy"]) if where else "")


def test_without_map_and_doors_the_place_can_be_given(visit: Callable[..., Page]) -> None:
    """No Leaflet, no outlines, no search: the buurt still works, and it is said what does not."""
    page = visit()
    for path in ("**/leaflet.js*", "**/gebieden.geojson*", "**/melden/adressen*", "**/melden/plek?*"):
        page.route(path, lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("button", name="Gebruik mijn locatie")).to_be_visible()
    expect(page.get_by_role("region", name="Kaart om de plek te kiezen")).to_be_hidden()
    page.get_by_role("combobox").fill("breelaan")
    expect(page.locator("[data-search-words]")).to_contain_text("Zoeken lukt nu niet.")
    page.get_by_text("Of kies een buurt", exact=True).click()
    page.get_by_label("In welke buurt is het?").select_option(label="Noord")
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Wat ziet u?", level=1).wait_for()

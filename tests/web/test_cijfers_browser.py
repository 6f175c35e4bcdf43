"""The pages with figures in a real browser: axe at three widths, wide tables by keyboard, definitions, on paper."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from playwright.sync_api import Browser, Page, expect

from .browsing import PHONE, TABLET, assert_accessible, served
from .conftest import World
from .desk import Desk, make_desk
from .test_cijfers import close_some
from .test_vastgelopen import parked

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
DESKTOP: Any = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    made = make_desk(world)
    close_some(made, 6)
    close_some(made, 3, category_slug="gras-te-hoog", contact={"email": "jan@example.nl"})
    for _ in range(2):
        parked(made)
    return made


def sit(chromium: Browser, address: str, desk: Desk, size: Any) -> Page:
    context = chromium.new_context(viewport=size, base_url=address, locale="nl-NL")
    cookie = desk.browsers["cor"].get_cookie("sessie")
    assert cookie is not None
    context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
    return context.new_page()


def test_every_page_is_accessible_and_fits(chromium: Browser, address: str, desk: Desk) -> None:
    page = sit(chromium, address, desk, PHONE)
    page.goto("/cijfers/terugkoppeling")
    page.get_by_role("link", name="Onderweg").first.click()
    expect(page.get_by_role("table")).to_be_visible()
    for path in (page.url, "/cijfers", "/cijfers/terugkoppeling", "/beheer/vastgelopen"):
        page.goto(path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert_accessible(page, path)
        for size in (TABLET, DESKTOP):
            page.set_viewport_size(cast(Any, size))
            assert page.evaluate(WIDER) <= 0, f"{path} {size}"
        page.set_viewport_size(cast(Any, PHONE))


def test_definitions_and_wide_tables_by_keyboard(chromium: Browser, address: str, desk: Desk) -> None:
    page = sit(chromium, address, desk, PHONE)
    page.goto("/cijfers")
    meaning = page.get_by_text("Meldingen die in deze maand voor het laatst zijn afgehandeld", exact=False)
    expect(meaning).to_be_hidden()
    page.get_by_role("table", name="Alle cijfers met uitleg").get_by_text("Afgehandeld", exact=True).focus()
    page.keyboard.press("Enter")
    expect(meaning).to_be_visible()
    region = page.get_by_role("region", name="Cijfers per maand")
    region.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(one) => one.scrollLeft > 0", arg=region.element_handle())


def test_trying_again_by_keyboard(chromium: Browser, address: str, desk: Desk) -> None:
    page = sit(chromium, address, desk, PHONE)
    page.goto("/beheer/vastgelopen")
    page.get_by_role("checkbox").first.focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Probeer de gekozen regels opnieuw").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Wij proberen het opnieuw")
    expect(page.get_by_role("checkbox")).to_have_count(1)

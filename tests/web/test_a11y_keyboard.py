"""A11Y-02, -03, -04, -09, -12 and -15 by hand: the form and its map by keyboard and by single clicks, what is reported
nearby as a list, focus in colours of one's own, a page from right to left, and a pasted password."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from meldingen.web import taal

from .browsing import PHONE, TABLET, served
from .conftest import World
from .looking import TOO_WIDE

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

FOCUS = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  const ring = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  const within = box.bottom > 0 && box.top < innerHeight;
  const above = document.elementFromPoint(box.left + box.width / 2, Math.max(1, box.top + box.height / 2));
  return { ring: ring || style.boxShadow !== "none", outline: ring, within,
    hidden: Boolean(above && !one.contains(above) && !above.contains(one)), html: one.outerHTML.slice(0, 160) };
}"""
AFTER_MAP = "() => document.activeElement.closest('[data-map]') === null"
BACKWARDS = """
msgid ""
msgstr ""
"Language: ar\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"

msgid "Verder"
msgstr "التالي"
"""


@pytest.fixture
def visit(world: World, chromium: Browser) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []
    with served(world.app) as address:

        def open_page(path: str, **options: Any) -> Page:
            wanted = {"viewport": TABLET, "locale": "nl-NL", "service_workers": "block", **options}
            contexts.append(chromium.new_context(base_url=address, **wanted))
            page = contexts[-1].new_page()
            page.goto(path)
            return page

        yield open_page
        for context in contexts:
            context.close()


def tab_to(page: Page, goal: Locator, *, outline: bool = False) -> None:
    """Tab until the goal has the focus; each stop on the way is seen: a ring, in view, under nothing (A11Y-09).

    outline: the ring must be an outline, since a shadow is gone in colours of one's own.
    """
    for _ in range(80):
        page.keyboard.press("Tab")
        stop = page.evaluate(FOCUS)
        assert stop["outline" if outline else "ring"], f"no focus to see: {stop['html']}"
        assert stop["within"] and not stop["hidden"], f"focus out of sight: {stop['html']}"
        if goal.evaluate("one => one === document.activeElement"):
            return
    raise AssertionError("the keyboard does not get there")


def step_on(page: Page, heading: str) -> None:
    tab_to(page, page.get_by_role("button", name="Verder", exact=True).last)
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=heading, level=1).wait_for()


def test_a11y_03_the_map_by_keys_and_by_single_clicks(visit: Callable[..., Page]) -> None:
    page = visit("/melden/waar")
    expect(page.locator(".kaartvlak").first).to_be_attached()
    region, echo = page.get_by_role("region", name="Kaart"), page.locator("[data-place-words]")
    assert echo.get_attribute("role") == "status"
    tab_to(page, region)
    page.keyboard.press("+")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(echo).to_contain_text("Gekozen plek:")
    before = page.locator("[name=lon]").input_value()
    page.keyboard.press("Tab")
    while not page.evaluate(AFTER_MAP):
        page.keyboard.press("Tab")  # the buttons on the map, and out of it: no trap
    for name in ("Kaart naar rechts", "Inzoomen"):
        page.get_by_role("button", name=name).click()  # no dragging needed (2.5.7)
    page.get_by_role("button", name="Zet de speld in het midden").click()
    expect(page.locator("[name=lon]")).not_to_have_value(before)
    expect(echo).to_contain_text("Gekozen plek:")


def test_a11y_02_the_form_by_keyboard_without_the_map(visit: Callable[..., Page]) -> None:
    page = visit("/melden/waar")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Naar de inhoud")).to_be_focused()
    tab_to(page, page.get_by_role("link", name="Sla de kaart over"))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_text("Of kies een buurt", exact=True))
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_label("In welke buurt is het?"))
    page.keyboard.type("No")
    step_on(page, "Wat ziet u?")
    tab_to(page, page.get_by_label("Vertel wat er is"))
    page.keyboard.type("De lamp brandt niet.")
    for heading in ("Heeft u een foto?", "Hoe bereiken wij u?", "Klopt het zo?"):
        step_on(page, heading)
    tab_to(page, page.get_by_role("button", name="Melding versturen"))
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Meldingnummer").wait_for()


def test_a11y_12_the_focus_is_seen_in_colours_of_ones_own(visit: Callable[..., Page], tmp_path: Path) -> None:
    page = visit("/melden/waar", viewport=PHONE, forced_colors="active", reduced_motion="reduce")
    expect(page.locator(".kaartvlak").first).to_be_attached()
    tab_to(page, page.get_by_role("region", name="Kaart"), outline=True)
    tab_to(page, page.get_by_role("button", name="Verder", exact=True).last, outline=True)
    moving = page.evaluate("document.getAnimations().filter((one) => one.playState === 'running').length")
    assert moving == 0, "somebody asked for less motion"


def test_a_page_from_right_to_left_fits_and_turns(world: World, visit: Callable[..., Page], tmp_path: Path) -> None:
    (tmp_path / "ar.po").write_text(BACKWARDS, encoding="utf-8")
    known = world.app.extensions["meldingen_talen"]
    world.app.extensions["meldingen_talen"] = {**known, **taal.read_languages(tmp_path)}
    try:
        page = visit("/?taal=ar", viewport=PHONE)
        for path in ("/", "/melden/waar", "/melden/wat", "/melden/contact", "/volgen", "/privacy", "/in-de-buurt"):
            page.goto(path)
            assert page.evaluate("document.documentElement.dir") == "rtl"
            assert page.evaluate(TOO_WIDE) <= 0, path
            left, right = page.evaluate(
                "() => { const box = document.querySelector('h1').getBoundingClientRect();"
                " const range = document.createRange(); range.selectNodeContents(document.querySelector('h1'));"
                " const text = range.getBoundingClientRect(); return [text.left - box.left, box.right - text.right]; }"
            )
            assert right <= left + 1, f"{path}: the text begins at the right"
    finally:
        world.app.extensions["meldingen_talen"] = known


def test_a11y_15_a_password_may_be_pasted_and_nothing_is_a_puzzle(visit: Callable[..., Page]) -> None:
    page = visit("/inloggen")
    secret = page.get_by_label("Wachtwoord")
    assert secret.get_attribute("autocomplete") == "current-password"
    secret.focus()
    page.keyboard.insert_text("een-lang-wachtwoord")
    expect(secret).to_have_value("een-lang-wachtwoord")
    assert page.locator("main img, main canvas, main iframe").count() == 0

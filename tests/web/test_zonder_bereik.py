"""The form without coverage, in a real browser on a line that can be cut: nothing is lost, nothing is doubled."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from meldingen.store.melding import Melding
from meldingen.store.photo import Photo
from tests.photos import photo

from .browsing import PHONE, assert_accessible, launch, served
from .conftest import World
from .line import Line

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

CONTROLLED = """() => new Promise((done) => {
  const workers = navigator.serviceWorker;
  if (workers.controller) done();
  else workers.addEventListener("controllerchange", done);
})"""
ONLINE = "dispatchEvent(new Event('online'))"


@pytest.fixture(scope="module")
def line(world: World) -> Line:
    return Line(world.app.wsgi_app)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()


@pytest.fixture
def device(chromium: Browser, line: Line) -> Iterator[BrowserContext]:
    """A phone that has opened the form once, so that it is kept; the line is whole."""
    line.cut, line.lose, line.answer = False, "", {}
    with served(line) as address:  # type: ignore[arg-type]
        context = chromium.new_context(viewport=PHONE, base_url=address, locale="nl-NL")
        wrong: list[str] = []
        context.on("weberror", lambda error: wrong.append(str(error.error)))
        context.on("console", lambda said: wrong.append(said.text) if "Content Security" in said.text else None)
        page = context.new_page()
        page.goto("/mijn-meldingen")
        page.evaluate(CONTROLLED)
        page.close()
        line.asked.clear()
        yield context
        line.cut = False
        context.close()
        assert wrong == []


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "stoep.jpg"
    path.write_bytes(photo())
    return path


def ready(page: Page) -> None:
    """The script of the step holds the form."""
    page.locator("form[data-klaar]").wait_for()


def fill_in(page: Page, text: str, picture: Path | None = None) -> None:
    """From the first step to the last, with or without coverage."""
    ready(page)
    page.get_by_text("Zonder kaart").click()
    page.get_by_label("In welke buurt is het?").select_option(index=1)
    page.get_by_role("button", name="Verder").click()
    page.get_by_label("Vertel wat").wait_for()
    ready(page)
    page.get_by_label("Vertel wat").fill(text)
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Heeft u een foto?").wait_for()
    ready(page)
    if picture is not None:
        page.locator("input[type=file]").set_input_files(picture)
    page.get_by_role("button", name="Verder").click()
    page.get_by_label("E-mailadres").wait_for()
    ready(page)
    page.get_by_role("button", name="Verder").click()
    page.get_by_role("heading", name="Klopt het zo?").wait_for()
    ready(page)


def sent(world: World, text: str) -> list[Melding]:
    """The meldingen with these words."""
    with world.session() as session:
        return list(session.scalars(sa.select(Melding).where(Melding.description == text)))


def test_a_whole_melding_waits_for_coverage(world: World, device: BrowserContext, line: Line, picture: Path) -> None:
    page = device.new_page()
    page.goto("/melden")
    line.cut = True
    fill_in(page, "Zonder bereik", picture)
    expect(page.locator("[data-samenvatting]")).to_contain_text("Zonder bereik")
    expect(page.locator("[data-samenvatting]")).to_contain_text("stoep.jpg")
    assert_accessible(page, "controleren zonder bereik")
    page.get_by_role("button", name="Melding versturen").click()
    expect(page.get_by_text("Wacht op verbinding.")).to_be_visible()
    assert_accessible(page, "mijn meldingen zonder bereik")
    page.close()
    later = device.new_page()
    later.goto("/mijn-meldingen")
    expect(later.get_by_text("Wacht op verbinding.")).to_be_visible()
    assert sent(world, "Zonder bereik") == []
    line.cut = False
    later.evaluate(ONLINE)
    expect(later.get_by_text("Nog niet verstuurd")).to_be_hidden()
    (melding,) = sent(world, "Zonder bereik")
    expect(later.locator(".mine__item")).to_contain_text(melding.number[2:6])
    with world.session() as session:
        assert len(session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id)).all()) == 1
    later.reload()
    expect(later.get_by_text("Ontvangen")).to_be_visible()

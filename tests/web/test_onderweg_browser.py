"""The tablet's engine in a real browser: what is kept, encrypted, offline, and what goes when. The screen itself is
tested elsewhere; here the page's own `tablet` object is asked."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from meldingen.db import business_now
from tests import factories

from .browsing import TABLET, launch, served, visitors
from .conftest import World

SHELL_KEPT = """caches.keys().then((all) => all.find((one) => one.startsWith("onderweg-schil-")))
  .then((name) => name && caches.open(name)).then((store) => store?.match("/schil-gevuld"))"""

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        made = launch(playwright)
        yield made
        made.close()


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture
def come(browser: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    with visitors(browser, address) as arrive:
        yield arrive


def new_work(world: World) -> int:
    with world.session() as session, session.begin():
        made = factories.melding(session, now=business_now(session), contact={"email": "anna@example.nl"})
        return factories.opdracht_of(session, made).id


def sign_in(page: Page, username: str = "team") -> None:
    """Signs in by the form, and waits until the tablet has what it needs."""
    page.goto("/inloggen?naar=/team/onderweg")
    page.get_by_label("Gebruikersnaam").fill(username)
    page.get_by_label("Wachtwoord").fill(factories.PASSWORD)
    page.get_by_role("button", name="Inloggen").click()
    page.wait_for_url("**/team/onderweg")
    ready(page)


def ready(page: Page) -> None:
    until(page, "globalThis.tablet?.state().syncedAt && !tablet.state().syncing")


def until(page: Page, true: str) -> None:
    """Waits until this expression holds; our policy forbids Playwright's own way (eval)."""
    page.evaluate(f"async () => {{ while (!(await ({true}))) await new Promise((go) => setTimeout(go, 25)); }}")


def test_the_day_is_here_without_coverage(world: World, come: Callable[..., BrowserContext]) -> None:
    opdracht = new_work(world)
    context = come(viewport=TABLET)
    page = context.new_page()
    sign_in(page)
    until(page, SHELL_KEPT)
    context.set_offline(True)
    page.reload()
    until(page, "globalThis.tablet")
    day = page.evaluate("tablet.day()")
    assert opdracht in [one["id"] for one in day["opdrachten"]]

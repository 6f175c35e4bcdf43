"""What a page costs on a phone with little coverage: every byte that travels, headers and fonts included; and that no
page breaks our own policy (CSP), the service worker included."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .browsing import PHONE, served
from .conftest import World

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

KB = 1_000
PLAIN, WITH_MAP = 90 * KB, 170 * KB
"""Issue 4: a first page without the map and with it, as gzip sends it."""
BUDGETS = {
    "/": PLAIN,
    "/volgen": PLAIN,
    "/privacy": PLAIN,
    "/mijn-meldingen": PLAIN,
    "/melden/wat?leeg": PLAIN,
    "/melden/foto?leeg": PLAIN,
    "/melden/contact?leeg": PLAIN,
    "/melden/waar": WITH_MAP,
    "/in-de-buurt": WITH_MAP,
}


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


def test_a_first_page_stays_within_its_budget(chromium: Browser, address: str) -> None:
    """Nothing is in the browser's memory; the service worker, which fetches for later, is measured below."""
    spent = {path: _cost(chromium, address, path) for path in BUDGETS}
    over = {path: parts for path, parts in spent.items() if sum(parts.values()) > BUDGETS[path]}
    assert over == {}


def _cost(chromium: Browser, address: str, path: str) -> dict[str, int]:
    """What travels for one page, by address."""
    context = chromium.new_context(viewport=PHONE, base_url=address, locale="nl-NL", service_workers="block")
    page = context.new_page()
    parts: dict[str, int] = {}

    def count(request: object) -> None:
        sizes = request.sizes()  # type: ignore[attr-defined]
        place = str(request.url).removeprefix(address)  # type: ignore[attr-defined]
        parts[place] = parts.get(place, 0) + max(0, sizes["responseBodySize"]) + sizes["responseHeadersSize"]

    page.on("requestfinished", count)
    page.goto(path)
    page.wait_for_load_state("networkidle")
    context.close()
    return parts


def test_the_worker_keeps_to_our_policy_too(world: World, chromium: Browser, address: str) -> None:
    """With the service worker at work: nothing from elsewhere, nothing refused, and the policy on all it serves."""
    context = chromium.new_context(viewport=PHONE, base_url=address, locale="nl-NL")
    wrong: list[str] = []
    context.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    context.on("request", lambda sent: None if sent.url.startswith((address, "blob:")) else wrong.append(sent.url))
    policies: set[str] = set()
    pages = lambda answer: "/static/" not in answer.url  # noqa: E731
    context.on(
        "response", lambda one: policies.add(one.headers.get("content-security-policy", "")) if pages(one) else None
    )
    page = context.new_page()
    page.goto("/mijn-meldingen")
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    expect(page.locator("h1")).to_be_visible()
    _visit_all(page)
    context.close()
    assert wrong == []
    assert len(policies) == 1 and "unsafe" not in next(iter(policies))


def _visit_all(page: Page) -> None:
    for path in BUDGETS:
        page.goto(path)
        page.wait_for_load_state()

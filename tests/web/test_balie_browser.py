"""Answering who calls, in a real browser and with the keyboard alone: find, read, promise to phone, phone, spoken."""

import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from meldingen.store.callback import Callback
from meldingen.store.contact import ContactView

from .browsing import TABLET, assert_accessible, served, visitors
from .conftest import World
from .desk import Desk, make_desk

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


@pytest.fixture
def agent(world: World, desk: Desk, chromium: Browser) -> Iterator[Page]:
    """The browser of somebody at the phone desk, who never touches a mouse."""
    with served(world.app) as address, visitors(chromium, address) as come:
        context: BrowserContext = come(viewport=TABLET)
        cookie = desk.browsers["kcc"].get_cookie("sessie")
        assert cookie is not None
        context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
        yield context.new_page()


def tab_to(page: Page, name: str) -> None:
    """Tabs until the thing with these words has the focus."""
    for _ in range(90):
        page.keyboard.press("Tab")
        said: str = page.evaluate("document.activeElement.innerText || document.activeElement.value || ''")
        if said.strip().startswith(name):
            return
    raise AssertionError(f"{name} cannot be reached with Tab")


def test_a_caller_is_answered_with_the_keyboard_alone(world: World, desk: Desk, agent: Page) -> None:
    where = {"at": (desk.lon, desk.lat)}
    made, _ = desk.melding(contact={"name": "Fatima Özdemir", "phone": "06 12345678"}, description="Bankje stuk.")
    desk.melding(description="Bankje zonder leuning.", **where)
    agent.goto("/kcc")
    expect(agent.get_by_label("Zoek een melding")).to_be_focused()
    agent.keyboard.type("bankje")
    hits = agent.locator("[data-found] .work-item__link")
    expect(hits).to_have_count(2)
    assert_accessible(agent, "gevonden")
    agent.keyboard.press("ArrowDown")
    expect(hits.nth(0)).to_be_focused()
    agent.keyboard.press("ArrowDown")
    expect(hits.nth(1)).to_be_focused()
    agent.keyboard.press("Escape")
    expect(agent.get_by_label("Zoek een melding")).to_be_focused()
    agent.keyboard.type("fatimah ozdemir")
    expect(hits).to_have_count(1)
    expect(agent.locator("[data-found]")).not_to_contain_text("Fatima")
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("heading", name="Zeg tegen de beller")).to_be_visible()
    expect(agent.get_by_text("06 12 34 56 78")).to_have_count(0)
    tab_to(agent, "Beller aan de lijn")
    agent.keyboard.press("Enter")
    expect(agent.get_by_text("06 12 34 56 78")).to_be_visible()
    assert_accessible(agent, "melding")
    tab_to(agent, "Teruggebeld worden")
    agent.keyboard.press("Enter")
    agent.keyboard.press("Tab")
    agent.keyboard.type("Wanneer het bankje komt.")
    tab_to(agent, "Terugbelnotitie maken")
    agent.keyboard.press("Enter")
    expect(agent.get_by_text("De terugbelnotitie is gemaakt.")).to_be_visible()
    tab_to(agent, "Nu bellen")
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("heading", level=1)).to_have_text("Terugbellen")
    tab_to(agent, "Ik bel")
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("button", name="Geef terug")).to_be_visible()
    assert_accessible(agent, "terugbelnotitie")
    tab_to(agent, "gesproken")
    agent.keyboard.press("Space")
    tab_to(agent, "Bewaren")
    agent.keyboard.press("Enter")
    expect(agent.get_by_text("Gesproken. De terugbelnotitie is klaar.")).to_be_visible()
    assert_accessible(agent, "lijst")
    with desk.world.session() as session:
        row = session.scalars(sa.select(Callback).where(Callback.melding_id == made.id)).one()
        looks = session.scalars(sa.select(ContactView.context).where(ContactView.melding_id == made.id)).all()
        assert row.status == "gesproken" and row.owner_id == desk.people["kcc"].account_id
        assert set(looks) == {"beller", "terugbelnotitie"}


def test_a_wrong_digit_and_nothing_found_while_typing(world: World, desk: Desk, agent: Page) -> None:
    made, _ = desk.melding()
    agent.goto("/kcc")
    agent.keyboard.type(made.number[:-1] + str((int(made.number[-1]) + 1) % 10))
    expect(agent.get_by_role("heading", name="Dit nummer bestaat niet. Bedoelt u:")).to_be_visible()
    agent.keyboard.press("Control+a")
    agent.keyboard.type("xyzzyplugh")
    expect(agent.get_by_role("heading", name="Niets gevonden")).to_be_visible()
    agent.keyboard.press("Enter")
    expect(agent).to_have_url(re.compile("zoek=xyzzyplugh$"))
    agent.keyboard.press("Control+a")
    agent.keyboard.type(made.number)
    expect(agent.get_by_role("heading", name="1 melding gevonden")).to_be_visible()
    agent.keyboard.press("Enter")
    expect(agent.get_by_role("heading", level=1)).to_contain_text("Melding")

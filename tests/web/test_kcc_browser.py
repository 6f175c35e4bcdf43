"""The screen for a call in a real browser: by keyboard alone, a line that fails, two tabs, a session that ends."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, Route, ViewportSize, expect

from meldingen.domain.actor import ANTWOORDDIENST
from meldingen.store.account import StaffSession
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from tests import factories

from .belkamer import CALLER, STREET, known_caller, make_room
from .browsing import PHONE, TABLET, assert_accessible, served, visitors
from .conftest import World
from .desk import Desk, browser_of

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]
DESKTOP: ViewportSize = {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture(scope="module")
def desk(world: World) -> Desk:
    return make_room(world)


@pytest.fixture
def sit(chromium: Browser, address: str, desk: Desk) -> Iterator[Callable[..., BrowserContext]]:
    """Gives the browser of an agent who signed in."""
    with visitors(chromium, address) as come:

        def sit_down(**options: Any) -> BrowserContext:
            context = come(**{"viewport": DESKTOP, **options})
            cookie = desk.browsers["kcc"].get_cookie("sessie")
            assert cookie is not None
            context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
            return context

        yield sit_down


def keys(page: Page, *pressed: str) -> None:
    """Presses these, one after another; a key of the screen only works where the focus is."""
    for one in pressed:
        page.keyboard.press(one)


def opens(page: Page, path: str = "/kcc/nieuw") -> None:
    """Opens the screen, and waits until it listens to keys."""
    page.goto(path)
    expect(page.get_by_role("button", name="Sneltoetsen")).to_be_visible()


def number_of(page: Page) -> str:
    """The number to read aloud."""
    done = page.locator("[data-opgeslagen]")
    expect(done).to_be_visible()
    return str(done.get_attribute("data-opgeslagen"))


def stored(desk: Desk, number: str) -> Melding:
    with desk.world.session() as session:
        return session.scalars(sa.select(Melding).where(Melding.number == number)).one()


def say_where(page: Page) -> None:
    """The address as the caller says it, chosen from the list by the arrows."""
    page.keyboard.type("dorpsstr 12")
    expect(page.locator("#plekken [role=option]")).to_have_count(1)
    keys(page, "ArrowDown", "Enter")
    expect(page.locator("[data-place-words]")).to_contain_text("Gekozen plek: bij Dorpsstraat 12")


def test_an_ordinary_call_by_keyboard_alone(desk: Desk, sit: Callable[..., BrowserContext]) -> None:
    known_caller(desk)
    page = sit().new_page()
    opens(page)
    expect(page.get_by_label("Nee", exact=True)).to_be_focused()
    keys(page, "n")
    expect(page.get_by_label("Telefoonnummer")).to_be_focused()
    page.keyboard.type("06 12 34 56 78")
    expect(page.locator("[data-caller]")).to_contain_text(CALLER["name"])
    expect(page.get_by_label("Naam")).to_have_value("")
    keys(page, "Alt+9")
    expect(page.get_by_label("Naam")).to_have_value(CALLER["name"])
    expect(page.get_by_label("Per sms", exact=True)).to_be_checked()
    expect(page.get_by_label("Adres of plek")).to_be_focused()
    say_where(page)
    expect(page.locator("[data-near]")).to_contain_text("Tegel los bij de bakker")
    assert_accessible(page, "een beller, en wat er in de buurt is")
    page.get_by_label("Waar precies?").focus()
    page.keyboard.type("links van de deur")
    keys(page, "Tab")
    page.keyboard.type("Er zit een diep gat in de weg")
    expect(page.locator("[data-keuzes] .choice").first).to_contain_text("Gat in de weg")
    keys(page, "Tab", "1")
    expect(page.locator("#veld-soort_zoek")).to_have_value("Gat in de weg")
    expect(page.locator("[data-questions]")).to_contain_text("Hoe diep is het gat?")
    keys(page, "Tab", "Tab", "Space")
    expect(page.get_by_label("een vinger")).to_be_checked()
    expect(page.locator("[data-stand]")).to_contain_text("Lees voor:")
    expect(page.locator("[data-stand]")).to_contain_text("een sms op 06 12 34 56 78")
    expect(page.locator("[data-bewaard]")).to_have_text("Bewaard, nog niet opgeslagen.")
    assert_accessible(page, "alles ingevuld")
    keys(page, "Control+Enter")
    made = stored(desk, number_of(page))
    expect(page.get_by_role("heading", name="Opgeslagen. Lees voor:")).to_be_focused()
    assert_accessible(page, "opgeslagen")
    assert (made.address, made.location_source, made.danger) == (STREET, "adres", False)
    assert (made.location_note, made.intake_channel) == ("links van de deur", "telefoon")
    assert made.answers == {"diep": "een vinger"}
    keys(page, "Control+Enter")
    expect(page.get_by_label("Nee", exact=True)).to_be_focused()
    expect(page.locator("[data-begonnen]")).not_to_contain_text("U was bezig")


def test_a_caller_is_joined_in_one_keystroke_and_danger_makes_the_talk_short(
    desk: Desk, sit: Callable[..., BrowserContext]
) -> None:
    _, tile = known_caller(desk)
    page = sit(viewport=TABLET).new_page()
    opens(page)
    keys(page, "n")
    page.get_by_label("Adres of plek").focus()
    say_where(page)
    mine = page.locator(f"[name=aansluiten][value='{tile.id}']")
    place = int(str(mine.get_attribute("aria-keyshortcuts")).removeprefix("Alt+"))
    keys(page, f"Alt+{place}")
    expect(mine).to_be_checked()
    expect(page.get_by_label("Wat de beller vertelt")).to_have_value("De beller meldt hetzelfde: losse tegel.")
    keys(page, f"Alt+{place}")
    expect(mine).not_to_be_checked()
    expect(page.get_by_label("Wat de beller vertelt")).to_have_value("")
    keys(page, f"Alt+{place}")
    assert_accessible(page, "aangesloten, op een tablet")
    keys(page, "Control+Enter")
    assert stored(desk, number_of(page)).same_as_opdracht_id == tile.id
    expect(page.locator("[data-opgeslagen]")).to_contain_text("U hoort het ook als het klaar is.")

    opens(page)
    keys(page, "j")
    expect(page.locator("[data-gevaar-ja]")).to_contain_text("Hang dan op en bel 112.")
    expect(page.get_by_label("Adres of plek")).to_be_focused()
    expect(page.get_by_label("Naam")).to_be_hidden()
    say_where(page)
    page.get_by_label("Wat de beller vertelt").focus()
    page.keyboard.type("Put open")
    keys(page, "Tab", "Tab")
    page.get_by_label("Telefoonnummer").focus()
    page.keyboard.type("0687654321")
    expect(page.locator("[data-stand]")).to_contain_text("gaat het alarm meteen")
    assert_accessible(page, "spoed")
    keys(page, "Control+Enter")
    assert stored(desk, number_of(page)).danger
    expect(page.locator("[data-opgeslagen]")).to_contain_text("Het alarm is verstuurd")


def test_what_was_typed_survives_a_crash_a_dead_line_and_another_tab(
    desk: Desk, sit: Callable[..., BrowserContext]
) -> None:
    context = sit()
    page = context.new_page()
    opens(page)
    keys(page, "n")
    page.keyboard.type("0687654321")
    page.get_by_label("Wat de beller vertelt").focus()
    page.keyboard.type("Er ligt een stoeptegel los")
    expect(page.locator("[data-bewaard]")).to_have_text("Bewaard, nog niet opgeslagen.")
    other = context.new_page()
    opens(other)
    expect(other.locator("[data-begonnen]")).to_contain_text("Zij is open in een ander tabblad.")
    page.close()
    other.reload()
    on = other.get_by_role("link", name="Ga verder")
    expect(on).to_be_focused()
    assert_accessible(other, "er was iets begonnen")
    on.press("Enter")
    text = other.get_by_label("Wat de beller vertelt")
    expect(text).to_have_value("Er ligt een stoeptegel los")
    expect(other.get_by_role("button", name="Sneltoetsen")).to_be_visible()  # the screen is at work
    context.set_offline(True)
    text.focus()
    keys(other, "End")
    other.keyboard.type(" bij de kerk")
    expect(other.locator("[data-melding-lijn]")).to_contain_text("Geen verbinding.")
    keys(other, "Control+Enter")
    expect(other.locator("[data-bewaard]")).to_contain_text("Nog niet")
    context.set_offline(False)
    lost: list[str] = []

    # The answer is lost on its way back: the screen finds out, and nothing is stored twice. Said before the page loads:
    # Chromium hands a page that is there already its new line a moment later.
    def lose(route: Route) -> None:
        if lost or route.request.method == "GET":
            return route.continue_()
        lost.append(route.request.url)
        route.fetch()
        return route.abort()

    other.route("**/kcc/nieuw", lose)
    other.reload()
    expect(text).to_have_value("Er ligt een stoeptegel los bij de kerk")
    other.get_by_label("Adres of plek").focus()
    say_where(other)
    keys(other, "Control+Enter")
    number = number_of(other)
    assert lost
    with desk.world.session() as session:
        said = Melding.description == "Er ligt een stoeptegel los bij de kerk"
        assert session.scalars(sa.select(Melding.number).where(said)).all() == [number]
    opens(other)
    expect(other.get_by_label("Nee", exact=True)).to_be_focused()


def test_a_session_that_ends_costs_nothing_that_was_typed(
    desk: Desk, address: str, sit: Callable[..., BrowserContext]
) -> None:
    context = sit()
    page = context.new_page()
    opens(page)
    keys(page, "n")
    page.get_by_label("Wat de beller vertelt").focus()
    page.keyboard.type("Er ligt een stoeptegel los")
    with desk.world.session() as session, session.begin():
        session.execute(sa.delete(StaffSession).where(StaffSession.account_id == desk.people["kcc"].account_id))
    page.keyboard.type(" bij de brug")
    expect(page.locator("[data-melding-lijn]")).to_contain_text("U bent niet meer ingelogd.")
    assert_accessible(page, "niet meer ingelogd")
    fresh = browser_of(desk.world, desk.people["kcc"]).get_cookie("sessie")
    assert fresh is not None
    cast(dict[str, Any], desk.browsers)["kcc"].set_cookie("sessie", fresh.value)
    context.add_cookies([{"name": "sessie", "value": fresh.value, "url": address}])
    page.get_by_label("Adres of plek").focus()
    say_where(page)
    expect(page.locator("[data-melding-lijn]")).to_be_empty()
    keys(page, "Control+Enter")
    assert stored(desk, number_of(page)).description == "Er ligt een stoeptegel los bij de brug"


def test_spoed_fits_on_the_phone_of_the_answering_service(desk: Desk, sit: Callable[..., BrowserContext]) -> None:
    """And of an agent who begins with an ordinary call: the screen stays as wide as the phone."""
    with desk.world.session() as session, session.begin():
        home = session.get_one(Gemeente, desk.gemeente_id)
        service = factories.medewerker(session, home, ANTWOORDDIENST, username="dienst")
    cookie = browser_of(desk.world, service).get_cookie("sessie")
    assert cookie is not None
    context = sit(viewport=PHONE)
    page = context.new_page()
    opens(page)
    keys(page, "j")
    expect(page.get_by_role("heading", name="Wie belt er?")).to_be_hidden()
    assert_accessible(page, "spoed op een telefoon")
    context.add_cookies([{"name": "sessie", "value": cookie.value, "url": page.url}])
    opens(page, "/kcc/nieuw?gevaar=ja")
    expect(page.get_by_text("Hang dan op en bel 112.")).to_be_visible()
    assert_accessible(page, "de antwoorddienst op een telefoon")
    page.goto("/antwoorddienst")
    assert_accessible(page, "wat de antwoorddienst ziet")


def test_mistakes_stand_at_their_field_late_answers_are_dropped_and_keys_can_be_put_off(
    desk: Desk, sit: Callable[..., BrowserContext]
) -> None:
    known_caller(desk)
    page = sit().new_page()
    waiting: list[Route] = []
    page.route("**/kcc/nieuw/beller", lambda route: waiting.append(route), times=1)
    opens(page)
    keys(page, "Control+Enter")
    expect(page.locator("[data-fouten]")).to_be_focused()
    expect(page.locator("#veld-omschrijving-fout")).to_contain_text("Vertel wat u ziet")
    expect(page.locator("#veld-adres")).to_have_attribute("aria-invalid", "true")
    assert_accessible(page, "fouten")
    page.get_by_role("link", name="Vraag eerst of er gevaar is.").press("Enter")
    expect(page.get_by_label("Nee", exact=True)).to_be_focused()
    keys(page, "?")
    dialog = page.get_by_role("dialog", name="Sneltoetsen")
    expect(dialog).to_be_visible()
    assert_accessible(page, "sneltoetsen")
    dialog.get_by_label("Sneltoetsen gebruiken").press("Space")
    keys(page, "Escape")
    page.get_by_label("Nee", exact=True).focus()
    keys(page, "?", "j")
    expect(dialog).to_be_hidden()
    expect(page.get_by_label("Ja, het is gevaarlijk")).not_to_be_checked()

    phone = page.get_by_label("Telefoonnummer")
    with page.expect_request("**/kcc/nieuw/beller"):
        phone.fill("0612345678")
    with page.expect_response("**/kcc/nieuw/beller"):
        phone.fill("0698765432")
    for route in waiting:
        route.abort()
    expect(page.locator("[data-caller]")).to_be_empty()

    soort = page.locator("#veld-soort_zoek")
    soort.fill("gazon")
    expect(page.get_by_role("option", name="Gras te hoog (Groen)")).to_be_visible()
    keys(page, "Enter")
    expect(soort).to_have_value("Gras te hoog")
    assert page.locator("[name=categorie]").input_value() == "gras-te-hoog"

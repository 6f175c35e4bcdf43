"""What a team does at /team/onderweg, in a real browser on a line that is cut: nothing is lost, everything is said."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, BrowserContext, Page, expect

from meldingen.domain.actor import COORDINATOR
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Note
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.photo import Photo
from tests import factories
from tests.photos import photo

from .browsing import PHONE, TABLET, assert_accessible, axe_findings, served, visitors
from .conftest import World
from .onderweg import (
    APP,
    HERE,
    SMALL,
    WIDER,
    back_in_coverage,
    closed_by_colleague,
    day_of,
    goes_to,
    new_work,
    shows,
    sign_in,
    until,
)

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with world.session() as session, session.begin():
        session.execute(sa.update(Gemeente).values(policy={"undo_s": 60}))
    with served(world.app) as found:
        yield found


@pytest.fixture
def come(chromium: Browser, address: str) -> Iterator[Callable[..., BrowserContext]]:
    with visitors(chromium, address) as arrive:
        yield lambda **options: arrive(geolocation=HERE, permissions=["geolocation"], **options)


def the_row(world: World, table: type[Any], *where: sa.ColumnElement[bool]) -> Any:
    with world.session() as session:
        return session.scalars(sa.select(table).where(*where)).one()


def test_a_day_outside_with_the_line_cut(world: World, come: Callable[..., BrowserContext], tmp_path: Path) -> None:
    """Take up, note, photo, close two, report, undo one; the app is closed and opened; then the line is back."""
    told, first = new_work(world, "Tegel los bij de school", category_slug="losse-tegel")
    other, second = new_work(world, "Gat naast de put", category_slug="gat-in-de-weg")
    picture = tmp_path / "klaar.jpg"
    picture.write_bytes(photo())
    context = come(viewport=TABLET)
    page = context.new_page()
    sign_in(page)
    expect(page.locator(".regel")).to_have_count(2)
    assert_accessible(page, "lijst")
    context.set_offline(True)

    page.get_by_role("link", name="Tegel los bij de school").click()
    page.get_by_role("button", name="Oppakken").click()
    expect(page.get_by_role("button", name="Oppakken")).to_be_hidden()
    expect(page.locator(".opdracht__vlaggen")).to_contain_text("opgepakt")
    page.get_by_text("Meer stappen").click()
    page.get_by_role("link", name="Notitie").click()
    page.get_by_label("Uw notitie").fill("Sleutel ligt bij de receptie.")
    page.get_by_role("button", name="Notitie bewaren").click()
    page.get_by_role("link", name="Foto", exact=True).click()
    page.get_by_label("Kies uit het toestel").set_input_files(picture)
    expect(page.get_by_text("1 foto gaat mee.")).to_be_visible()
    page.get_by_role("button", name="Foto bewaren").click()
    expect(page.locator(".post")).to_have_count(3)
    expect(page.locator(".fotos img")).to_have_count(1)
    assert_accessible(page, "opdracht zonder bereik")

    page.get_by_role("link", name="Afhandelen").click()
    letter = page.locator(".brief")
    expect(letter).to_contain_text("een melding gedaan van een losse tegel. De tegel ligt weer recht.")
    assert_accessible(page, "afhandelen")
    page.get_by_role("button", name="Klaar").click()
    expect(page.get_by_text("U kunt dit 60 seconden lang ongedaan maken.")).to_be_visible()
    assert_accessible(page, "net afgehandeld")

    page.get_by_role("link", name="Gat naast de put").click()
    page.get_by_role("link", name="Was al opgelost").click()
    expect(letter).to_contain_text("zagen het probleem niet meer")
    page.get_by_role("button", name="Klaar").click()
    expect(page.get_by_text("Er staat niets open")).to_be_visible()
    page.get_by_role("button", name="Ongedaan maken").press("Enter")
    expect(page.get_by_role("link", name="Gat naast de put")).to_be_visible()

    page.get_by_role("link", name="Melden").click()
    expect(page.get_by_text("Uw plek nu, op 8 meter nauwkeurig.")).to_be_visible()
    page.get_by_label("Wat ziet u?").fill("Nog een losse tegel bij het pleintje")
    page.get_by_role("button", name="Losse tegel").click()
    page.get_by_label("Kies uit het toestel").set_input_files(picture)
    assert_accessible(page, "eigen melding")
    page.get_by_role("button", name="Melden").click()
    page.get_by_role("link", name="Versturen").click()
    expect(page.get_by_text("6 stappen wachten op versturen.")).to_be_visible()
    assert_accessible(page, "wachtrij")
    goes_to(page, "/dag/einde")
    expect(page.locator(".dagregel", has_text="Vandaag afgehandeld")).to_contain_text("1")

    page.close()
    page = context.new_page()
    page.goto(APP)
    expect(page.get_by_text("6 wachten")).to_be_visible()
    back_in_coverage(page, context)
    expect(page.locator(".balk__stand")).to_contain_text("Bijgewerkt")
    expect(page.locator(".balk__wachten")).to_be_hidden()

    done = the_row(world, Opdracht, Opdracht.id == first.id)
    assert (done.status, done.outcome) == ("gereed", "opgelost")
    assert the_row(world, Opdracht, Opdracht.id == second.id).status == "nieuw"
    assert the_row(world, Note, Note.opdracht_id == first.id, Note.kind == "notitie").text.startswith("Sleutel")
    assert the_row(world, Photo, Photo.opdracht_id == first.id)
    assert the_row(world, Notice, Notice.melding_id == told.id, Notice.kind == "gereed")
    with world.session() as session:
        assert not session.scalars(
            sa.select(Notice).where(Notice.melding_id == other.id, Notice.kind == "niet_opgelost")
        ).all()
    own = the_row(world, Melding, Melding.description == "Nog een losse tegel bij het pleintje")
    assert (own.intake_channel, own.location_source, own.accuracy_m) == ("eigen_waarneming", "gps", 8)
    assert own.entered_by is not None and the_row(world, Photo, Photo.melding_id == own.id)


def test_what_others_did_meanwhile_is_told_and_decided(world: World, come: Callable[..., BrowserContext]) -> None:
    """What is refused says so and waits for a person; what was sent can be undone. On a phone, by keyboard alone."""
    _, gone = new_work(world, "Paal is al gezet")
    told, back = new_work(world, "Deze is nog niet klaar")
    context = come(viewport=PHONE)
    page = context.new_page()
    sign_in(page)
    context.set_offline(True)
    goes_to(page, f"/opdracht/{gone.id}/planningen")
    shows(page, "Later: plan een dag")
    page.get_by_role("button", name="Inplannen").press("Enter")
    expect(page.get_by_role("alert").filter(has_text="Kies een dag.")).to_be_visible()
    assert_accessible(page, "planningen met fout")
    page.get_by_label("morgen").press("Space")
    page.get_by_role("button", name="Inplannen").press("Enter")
    expect(page.locator(".opdracht__vlaggen")).to_contain_text("ingepland")
    with world.session() as session, session.begin():
        home = session.scalars(sa.select(Gemeente)).first()
        assert home is not None
        colleague = factories.medewerker(session, home, COORDINATOR, username=f"baas{gone.id}")
    closed_by_colleague(world, gone.id, colleague)
    back_in_coverage(page, context)
    page.get_by_role("link", name="Versturen").press("Enter")
    shows(page, "Wacht op versturen")
    expect(page.get_by_role("heading", name="Uw besluit nodig")).to_be_visible()
    expect(page.locator(".post")).to_contain_text("Geweigerd")
    assert_accessible(page, "geweigerd")
    page.get_by_role("button", name="Haal weg").press("Enter")
    expect(page.get_by_text("Geweigerd", exact=True)).to_be_hidden()

    goes_to(page, f"/opdracht/{back.id}/afhandelingen")
    page.get_by_role("button", name="Klaar").press("Enter")
    undo = page.get_by_role("button", name="Ongedaan maken")
    expect(undo).to_be_visible()
    until(page, "tablet.waiting().then((left) => left === 0)")
    undo.press("Enter")
    expect(page.get_by_role("link", name="Deze is nog niet klaar")).to_be_visible()
    back_in_coverage(page, context)
    assert the_row(world, Opdracht, Opdracht.id == back.id).status == "nieuw"
    assert the_row(world, Notice, Notice.melding_id == told.id, Notice.kind == "gereed").ended == "ongedaan"


STEPS = (
    "afhandelingen", "uitstellingen", "vragen", "overdrachten", "teruggaven", "splitsingen", "samenvoegingen",
    "veiligstellingen", "gevaarbesluiten", "notities", "fotos",
)  # fmt: skip


def test_every_screen_is_for_hands_and_for_everybody(world: World, come: Callable[..., BrowserContext]) -> None:
    _, work = new_work(world, "Boom op straat")
    new_work(world, "Tak ernaast")
    with world.session() as session, session.begin():
        session.execute(
            sa.update(Opdracht).where(Opdracht.id == work.id).values(urgency="spoed", danger_suspected=True)
        )
    page = come(viewport=PHONE).new_page()
    sign_in(page)
    here = f"/opdracht/{work.id}"
    dark = ("/", here, f"{here}/afhandelingen", "/nieuw")
    for screen in ("/", "/kaart", here, *(f"{here}/{step}" for step in STEPS), "/nieuw", "/dag", "/opdracht/999999"):
        goes_to(page, screen)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        assert axe_findings(page) == [], screen
        assert page.evaluate(SMALL) == [], screen
        assert page.evaluate(WIDER) <= 0, screen
        page.emulate_media(color_scheme="dark")
        assert screen not in dark or axe_findings(page, ["color-contrast"]) == [], f"{screen} in the dark"
        page.emulate_media(color_scheme="light")
    goes_to(page, "/")
    expect(page.locator(".regel").first).to_contain_text("Spoed")
    page.get_by_label("Zoek").fill("ernaast")
    expect(page.locator(".regel")).to_have_count(1)
    page.get_by_label("Zoek").fill("")
    page.get_by_label("Volgorde").select_option("route")
    expect(page.get_by_text("steeds naar de opdracht die het dichtst bij de vorige is")).to_be_visible()
    expect(page.locator(".regel").first).to_contain_text("Spoed")


def test_two_thousand_opdrachten_are_drawn_a_stretch_at_a_time(come: Callable[..., BrowserContext]) -> None:
    day = json.dumps(day_of(2_000))
    page = come(viewport=TABLET).new_page()
    page.route("**/team/onderweg/dag", lambda route: route.fulfill(body=day, content_type="application/json"))
    sign_in(page)
    expect(page.locator(".telling")).to_have_text("2000")
    drawn = page.locator(".regel").count()
    assert drawn <= 90, "the first stretch, and what a tall screen asks for"
    expect(page.locator(".regel").first).to_contain_text("Spoed")
    expect(page.locator(".regel").first).to_have_attribute("aria-setsize", "2000")
    page.evaluate("scrollTo(0, document.body.scrollHeight)")
    until(page, f"document.querySelectorAll('.regel').length > {drawn}")
    page.get_by_label("Volgorde").select_option("route")
    expect(page.locator(".regel").first).to_contain_text("Spoed")
    page.get_by_label("Zoek").fill("Dorpsstraat 1999")
    expect(page.locator(".regel")).to_have_count(1)
    page.locator(".regel a").click()
    shows(page, "Losse tegel")
    expect(page.get_by_text("1 van 1")).to_be_visible()


def test_without_signing_in_nothing_is_here(come: Callable[..., BrowserContext]) -> None:
    page: Page = come(viewport=PHONE).new_page()
    page.goto(APP)
    shows(page, "Er staat niets op dit toestel")
    assert_accessible(page, "niets op dit toestel")
    page.get_by_role("link", name="Inloggen").click()
    expect(page.get_by_label("Gebruikersnaam")).to_be_visible()

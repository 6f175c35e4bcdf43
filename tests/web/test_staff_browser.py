"""Staff pages in a real browser: axe at phone and tablet width, targets for hands, three taps, keyboard, no script."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, ViewportSize, expect

from meldingen.db import business_now
from meldingen.flow import feedback, kcc
from meldingen.store.incoming_mail import IncomingMail
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.photo import Photo
from meldingen.store.task import Task
from tests import factories

from .browsing import PHONE, TABLET, assert_accessible, axe_findings, served
from .conftest import World
from .desk import Desk, make_desk
from .test_brieven import closed_by_post

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

SMALL = """() => [...document.querySelectorAll('#inhoud :is(a,button,input,select,textarea,summary)')]
  .filter((one) => one.type !== 'hidden' && one.checkVisibility())
  .map((one) => [one, (one.closest('.choice') ?? one).getBoundingClientRect()])
  .filter(([, box]) => box.height > 1 && (box.height < 43.5 || box.width < 43.5))
  .map(([one, box]) => `${one.outerHTML.slice(0, 120)}: ${box.width} x ${box.height}`)"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
LANDSCAPE: ViewportSize = {"width": 1024, "height": 768}


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


@pytest.fixture
def sit(chromium: Browser, address: str, desk: Desk) -> Iterator[Callable[..., Page]]:
    """The browser of one of the desk's people; fails the test when a script fails or the policy stops something."""
    contexts = []
    wrong: list[str] = []

    def open_page(who: str, path: str, *, size: Any = PHONE, **options: Any) -> Page:
        context = chromium.new_context(viewport=size, base_url=address, locale="nl-NL", **options)
        contexts.append(context)
        cookie = desk.browsers[who].get_cookie("sessie")
        assert cookie is not None
        context.add_cookies([{"name": "sessie", "value": cookie.value, "url": address}])
        page = context.new_page()
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        page.on("request", lambda sent: None if sent.url.startswith((address, "data:")) else wrong.append(sent.url))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert wrong == []


def test_every_staff_page_is_accessible_and_made_for_hands(desk: Desk, sit: Callable[..., Page]) -> None:
    made, tile = desk.melding(contact={"name": "Bo", "phone": "0612345678"})
    desk.melding(category_slug="boom-omgevallen", at=(desk.lon + 0.001, desk.lat))
    with desk.world.session() as session, session.begin():
        actor, now = desk.people["kcc"], business_now(session)
        row = kcc.make_callback(session, session.get_one(Melding, made.id), "Bel.", actor=actor, now=now)
        session.add(
            Photo(
                gemeente_id=made.gemeente_id, public_id=f"toonbaar-{made.id:08}", melding_id=made.id, kind="melder",
                sha256=b"x", size_bytes=1, status="klaar", received_at=now,
            )
        )  # fmt: skip
        mail = IncomingMail(
            gemeente_id=made.gemeente_id, sha256=f"{made.id}", kind="onbekend", sender="bo@example.nl", subject="Paal",
            text="De paal staat er nog.\n" + "lang" * 90, raw_key="post/1/x.eml", at=now,
        )  # fmt: skip
        session.add(mail)
    _, doubtful = desk.melding(intake_channel="app", description="Er hangen draden uit de paal.")
    letter = closed_by_post(desk, desk.world)
    with desk.world.session() as session, session.begin():
        feedback.add_supplement(session, session.get_one(Melding, letter.id), "Dank u.", actor=actor, now=now)
        item = session.scalars(sa.select(Task.id).where(Task.melding_id == letter.id)).one()
    work, texts = f"/team/opdracht/{tile.id}", f"/beheer/teksten/werkdorp{desk.number}"
    steps = (
        "planningen",
        "vragen",
        "overdrachten",
        "teruggaven",
        "splitsingen",
        "samenvoegingen",
        "uitstellingen",
        "afhandelingen",
    )
    paths = {
        "team": ["/team", "/team?zoek=x", work, *(f"{work}/{step}" for step in steps)],
        "partij": ["/team"],
        "cor": ["/team", "/team?lijst=gevaar", f"/team/opdracht/{doubtful.id}", "/storm", "/taken"],
        "kcc": [
            "/kcc", "/kcc?zoek=tegel", "/kcc/nieuw", f"/kcc/melding/{made.number}", "/kcc/terugbelnotities",
            f"/kcc/terugbelnotities/{row.id}", f"/kcc/post/{mail.id}", "/kcc/brieven", "/taken", f"/taken/{item}",
        ],
        "beheer": ["/beheer", "/beheer/teksten", *(f"{texts}/{kind}" for kind in ("gereed/email", "vraag/sms"))],
    }  # fmt: skip
    asked = str(desk.post("kcc", "/privacy-verzoeken", soort="verwijdering", wie=made.number).location).partition("?")[
        0
    ]
    desk.post("kcc", f"{asked}/balie", gezien="ja")
    paths["kcc"] += ["/privacy-verzoeken", asked]
    soorten = f"/beheer/soorten/werkdorp{desk.number}/losse-tegel"
    paths["beheer"] += ["/beheer/bewaartermijnen", "/beheer/soorten", soorten, "/beheer/gevaar", "/beheer/balk"]
    for who, mine in paths.items():
        page = sit(who, "/")
        for path in mine:
            page.goto(path)
            page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
            assert_accessible(page, path)
            page.emulate_media(color_scheme="dark")
            assert axe_findings(page, ["color-contrast"]) == [], f"{path} in the dark"
            page.emulate_media(color_scheme="light")
            for size in (PHONE, TABLET, LANDSCAPE):
                page.set_viewport_size(cast(ViewportSize, size))
                assert page.evaluate(SMALL) == [], f"{path} {size}"
                assert page.evaluate(WIDER) <= 0, f"{path} {size}"
            page.set_viewport_size(cast(ViewportSize, PHONE))
    for who, path in (("cor", "/team"), ("team", work), ("kcc", "/kcc/nieuw"), ("kcc", f"/kcc/melding/{made.number}")):
        assert_accessible(sit(who, path, size=LANDSCAPE), path)


def test_closing_takes_three_taps_and_shows_what_the_melder_reads(desk: Desk, sit: Callable[..., Page]) -> None:
    _, tile = desk.melding(contact={"phone": "0612345678"})
    page = sit("team", f"/team/opdracht/{tile.id}")
    page.get_by_role("link", name="Afhandelen").click()
    page.get_by_label("De tegel ligt weer recht.").check()
    expect(page.locator(".letter")).to_contain_text("een melding gedaan van een losse tegel. De tegel ligt weer recht.")
    page.get_by_role("button", name="Afhandelen").click()
    expect(page.get_by_role("status").first).to_contain_text("De opdracht is afgehandeld.")
    assert_accessible(page, "afgehandeld")
    assert desk.now_is(tile).outcome == "opgelost"


def test_hints_come_while_typing_and_stop_nobody(desk: Desk, sit: Callable[..., Page]) -> None:
    _, tile = desk.melding(contact={"phone": "0612345678"})
    page = sit("team", f"/team/opdracht/{tile.id}/afhandelingen")
    page.get_by_label("De tegel ligt weer recht.").check()
    page.get_by_text("Zelf schrijven of aanpassen").click()
    page.get_by_label("Zin voor de melder").fill("De werkzaamheden zijn klaar. Bel 06 12345678.")
    hints = page.locator("[data-hints]")
    expect(hints).to_contain_text("“werkzaamheden” is een moeilijk woord. Beter is: werk.")
    expect(hints).to_contain_text("Hier staat een telefoonnummer.")
    assert_accessible(page, "tips")
    page.get_by_label("Zin voor de melder").fill("De tegel ligt weer vast.")
    expect(hints).not_to_contain_text("Tip")
    page.get_by_label("Zin voor de melder").fill("De werkzaamheden zijn klaar.")
    page.get_by_role("button", name="Afhandelen").click()
    expect(page.get_by_role("status").first).to_contain_text("De opdracht is afgehandeld.")


def test_a_text_is_changed_with_the_keyboard(desk: Desk, sit: Callable[..., Page]) -> None:
    desk.melding()
    page = sit("beheer", f"/beheer/teksten/werkdorp{desk.number}/gereed/email")
    page.get_by_label("Kop").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("Het is klaar")
    for _ in range(3):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Voorbeeld")).to_be_focused()
    expect(page.frame_locator("iframe").get_by_role("heading", name="Het is klaar")).to_be_visible()
    page.get_by_role("button", name="Bewaar de tekst").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("De tekst is bewaard.")
    assert_accessible(page, "bewaard")
    page.get_by_role("button", name="Zet de standaard terug").press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("De standaardtekst geldt weer.")


def test_own_words_are_not_overwritten_by_another_choice(desk: Desk, sit: Callable[..., Page]) -> None:
    _, tile = desk.melding(contact={"phone": "0612345678"})
    page = sit("team", f"/team/opdracht/{tile.id}/afhandelingen")
    page.get_by_label("De tegel ligt weer recht.").check()
    page.get_by_text("Zelf schrijven of aanpassen").click()
    page.get_by_label("Zin voor de melder").fill("Wij legden drie tegels recht.")
    page.get_by_label("Het gat is dicht.").check()
    expect(page.locator(".letter")).to_contain_text("Wij legden drie tegels recht.")
    page.get_by_text("Niet opgelost").first.click()
    page.get_by_label("Grond van iemand anders").check()
    expect(page.locator(".letter")).to_contain_text("Deze plek is niet van de gemeente.")


def test_a_team_works_without_javascript(desk: Desk, sit: Callable[..., Page]) -> None:
    _, tile = desk.melding()
    page = sit("team", f"/team/opdracht/{tile.id}", java_script_enabled=False)
    page.get_by_role("button", name="Oppakken").click()
    expect(page.get_by_role("status").first).to_contain_text("opgepakt")
    page.get_by_role("link", name="Inplannen").click()
    page.get_by_role("button", name="Volgende werkdag").click()
    page.get_by_role("link", name="Afhandelen").click()
    page.get_by_label("De tegel ligt weer recht.").check()
    page.get_by_role("button", name="Afhandelen").click()
    assert desk.now_is(tile).status == "gereed"


def test_an_overtaken_step_says_what_happened(desk: Desk, sit: Callable[..., Page]) -> None:
    _, tile = desk.melding()
    page = sit("team", f"/team/opdracht/{tile.id}/teruggaven")
    assert desk.step("cor", tile, "inbehandelingnames").status_code == 303
    page.get_by_label("Waarom is dit niet van u?").fill("Van de provincie.")
    page.get_by_role("button", name="Teruggeven").click()
    expect(page.get_by_role("alert")).to_contain_text("Intussen gewijzigd")
    expect(page.get_by_role("alert")).to_contain_text("Opgepakt.")
    assert_accessible(page, "intussen gewijzigd")
    page.get_by_role("button", name="Teruggeven").click()
    expect(page.get_by_role("status").first).to_contain_text("vangnetteam")


def test_the_desk_enters_a_caller_without_javascript(desk: Desk, sit: Callable[..., Page]) -> None:
    _, tile = desk.melding(description="Tegel los bij de bakker")
    with desk.world.session() as session, session.begin():
        session.get_one(Opdracht, tile.id).address = "Breelaan 12, Werkdorp"
    page = sit("kcc", "/kcc", size=LANDSCAPE, java_script_enabled=False)
    page.get_by_role("link", name="Nieuwe melding").press("Enter")
    page.get_by_label("Nee", exact=True).press("Space")
    page.get_by_label("Adres of plek").fill("Breelaan 12")
    page.get_by_label("Buurt").select_option("Noord")
    page.get_by_label("Wat de beller vertelt").press_sequentially("Losse tegel")
    page.get_by_role("combobox", name="Soort").select_option("losse-tegel")
    page.get_by_label("Telefoonnummer").press_sequentially("0612345678")
    page.get_by_label("Telefoonnummer").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lees voor en sla op")
    page.get_by_label("Losse tegel, zelfde adres").press("Space")
    page.get_by_role("button", name="Opslaan").press("Enter")
    expect(page.get_by_role("heading", name="Lees voor:")).to_be_visible()
    with desk.world.session() as session:
        found = session.query(Melding).filter(Melding.same_as_opdracht_id == tile.id).one()
        assert (found.intake_channel, found.address) == ("telefoon", "Breelaan 12, Noord")


def test_what_is_near_appears_while_the_caller_talks(desk: Desk, sit: Callable[..., Page]) -> None:
    desk.melding(description="Tegel los bij de bakker")
    page = sit("kcc", "/kcc/nieuw", size=LANDSCAPE)
    box = page.get_by_role("region", name="Kaart om de plek te kiezen")
    box.focus()
    box.press("Enter")
    expect(page.locator("[data-place-words]")).to_contain_text("Gekozen plek")
    with desk.world.session() as session, session.begin():
        now = business_now(session)
        lon, lat = (float(page.locator(f"[name={axis}]").input_value()) for axis in ("lon", "lat"))
        factories.melding(session, now=now, at=(lon, lat), description="Kuil precies hier")
    box.press("Enter")
    expect(page.locator("[data-near]")).to_contain_text("Kuil precies hier")
    assert_accessible(page, "nabij")

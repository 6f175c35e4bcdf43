"""Residents with a browser, from a lamp post in the rain to the last word (issue "De inwoner"): each story whole.

Two more are told where their parts are tested: without coverage, with a lost answer, a closed tab and two tabs at once
(tests/web/test_zonder_bereik.py), and how one photo fares on a bad line (tests/web/test_foto_browser.py).
"""

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from meldingen.store.contact import Contact
from meldingen.store.melding import Melding
from meldingen.store.outbox import OutboxEntry, Topic, Urgency
from meldingen.store.verdict import Verdict
from tests import factories
from tests.photos import photo
from tests.web.browsing import TABLET, served, visitors

from .street import BREELAAN, LAMP_POST, Resident, Street, build_street

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

KEEP = "/melden/foto/bewaren"
SLOW_3G = {"offline": False, "latency": 150, "downloadThroughput": 200_000, "uploadThroughput": 90_000}
"""Bytes per second, and milliseconds."""


@pytest.fixture(scope="module")
def street(clone: Callable[[], sa.URL], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    street = build_street(clone(), tmp_path_factory.mktemp("straat"))
    yield street
    street.engine.dispose()
    street.app.extensions["meldingen"].engine.dispose()


@pytest.fixture(scope="module")
def address(street: Street) -> Iterator[str]:
    with served(street.line) as found:  # type: ignore[arg-type]
        yield found


@pytest.fixture
def resident(chromium: Browser, address: str) -> Iterator[Callable[..., Resident]]:
    """Gives somebody with a phone of his own; the story fails when a script fails or another host is asked."""
    with visitors(chromium, address) as come:
        yield lambda *, scripts=True, **options: Resident(
            come(java_script_enabled=scripts, **options).new_page(), scripts
        )


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "stoep.jpg"
    path.write_bytes(photo())
    return path


def test_samira_scans_a_lamp_post_and_has_the_last_word(
    street: Street, resident: Callable[..., Resident], picture: Path, tmp_path: Path
) -> None:
    """The code on the post says where it is and what it is about; the rest is a photo, an address and one button."""
    samira = resident()
    samira.opens(f"/melden?categorie=losse-tegel&object={LAMP_POST}", "Waar is het?")
    samira.sees("Gekozen plek:")
    samira.goes_on("Wat ziet u?")
    expect(samira.page.get_by_label("Waar gaat het over?")).to_have_value("losse-tegel")
    samira.fills("Vertel wat er is", "Naast de lantaarnpaal ligt een tegel los.")
    samira.goes_on("Heeft u een foto?")
    samira.adds_photo(picture)
    samira.sees("stoep.jpg")
    samira.goes_on("Hoe bereiken wij u?")
    samira.fills("E-mailadres", "samira@example.nl")
    samira.goes_on("Klopt het zo?")
    samira.sees("Lichtmast P-100")
    samira.sends()
    (melding,) = street.meldingen("Naast de lantaarnpaal ligt een tegel los.")
    assert (melding.object_kind, melding.object_code, len(street.photos(melding))) == ("lichtmast", "P-100", 1)

    street.works()
    samira.page.get_by_role("link", name="Volg uw melding").click()
    samira.is_at("Melding")
    samira.sees("Serviceteam")
    expect(samira.page.get_by_role("img", name="Foto")).to_be_visible()

    street.team_closes(melding, "De tegel ligt weer recht.")
    opened_from_mail(samira, street, "samira@example.nl")
    samira.sees("De tegel ligt weer recht.")
    samira.page.get_by_role("link", name="Nee, het is nog niet goed").click()
    samira.is_at("Wat is er nog niet goed?")
    samira.fills("Vertel wat u nu ziet", "Hij wiebelt nog.")
    now = tmp_path / "nu.jpg"
    now.write_bytes(photo(size=(500, 400)))
    samira.adds_photo(now)
    samira.presses("Opnieuw laten kijken")
    samira.sees("Iemand anders kijkt er opnieuw naar.")
    street.works()
    assert status_of(street, melding.id) == "heropend" and len(street.photos(melding)) == 2

    street.team_closes(melding, "Nu ligt hij vast in het zand.")
    opened_from_mail(samira, street, "samira@example.nl")
    samira.presses("Ja, het is opgelost")
    samira.sees("Wat vond u van ons?")
    samira.page.get_by_role("group", name="Hoorde u genoeg van ons?").get_by_text("Ja", exact=True).click()
    samira.page.get_by_role("group", name="Welk cijfer geeft u ons?").get_by_text("8", exact=True).click()
    samira.presses("Verstuur uw mening")
    samira.sees("Dank u wel voor uw mening.")
    with street.session() as session:
        said = session.execute(
            sa.select(Verdict.answer, Verdict.enough, Verdict.mark)
            .where(Verdict.melding_id == melding.id)
            .order_by(Verdict.id)
        ).all()
    assert said[-1] == (True, True, 8) and [one.answer for one in said] == [False, True]


def test_henk_without_javascript_makes_mistakes_and_loses_nothing(
    street: Street, resident: Callable[..., Resident], picture: Path
) -> None:
    """An old browser: an address searched, a step forgotten, back and on, a wrong address; a neighbour was first."""
    neighbour = street.neighbour_reports(4.7001, 52.6601)
    henk = resident(scripts=False)
    henk.opens("/melden", "Waar is het?")
    henk.presses("Verder")
    henk.sees("Er klopt iets nog niet")
    henk.fills("Waar precies?", "Bij de voordeur")
    henk.fills("Zoek een adres", "breelaan 12")
    henk.presses("Zoek adres")
    henk.is_at("Waar is het?")
    henk.page.get_by_label(BREELAAN).check()
    henk.goes_on("Wat ziet u?")
    henk.page.get_by_label("Waar gaat het over?").select_option("losse-tegel")
    henk.fills("Vertel wat er is", "Ook ik struikel hier.")
    henk.presses("Verder")
    henk.is_at("Is het al gemeld?")
    henk.presses("Dit heb ik ook")
    henk.is_at("Heeft u een foto?")
    henk.adds_photo(picture)
    henk.goes_on("Hoe bereiken wij u?")
    henk.fills("Uw naam", "Henk")
    henk.goes_on("Klopt het zo?")
    for heading in ("Hoe bereiken wij u?", "Heeft u een foto?"):
        henk.page.go_back()
        henk.is_at(heading)
    henk.sees("stoep.jpg")
    henk.goes_on("Hoe bereiken wij u?")
    expect(henk.page.get_by_label("Uw naam")).to_have_value("Henk")
    henk.fills("E-mailadres", "henk.example.nl")
    henk.presses("Verder")
    henk.sees("Er klopt iets nog niet")
    expect(henk.page.get_by_label("E-mailadres")).to_have_value("henk.example.nl")
    henk.fills("E-mailadres", "henk@example.nl")
    henk.goes_on("Klopt het zo?")
    for typed in ("henk@example.nl", "henk.example.nl"):  # over his mistake: there is nothing to send again
        henk.page.go_back()
        henk.is_at("Hoe bereiken wij u?")
        expect(henk.page.get_by_label("E-mailadres")).to_have_value(typed)
    henk.fills("E-mailadres", "henk@example.nl")
    henk.goes_on("Klopt het zo?")
    for words in (BREELAAN, "Bij de voordeur", "Ook ik struikel hier.", "stoep.jpg", "Henk", "Hetzelfde als"):
        henk.sees(words)
    henk.sends()
    (melding,) = street.meldingen("Ook ik struikel hier.")
    street.works()
    assert len(street.photos(melding)) == 1 and street.letters("henk@example.nl")
    with street.session() as session:
        assert factories.opdracht_of(session, melding).id == factories.opdracht_of(session, neighbour).id
        assert session.scalars(sa.select(Contact.name).where(Contact.melding_id == melding.id)).one() == "Henk"


def test_youssef_meets_danger_and_hears_what_to_do(street: Street, resident: Callable[..., Resident]) -> None:
    """His words make the form ask; his "ja" alarms the team at once and tells him whom to call."""
    youssef = resident()
    youssef.opens(f"/melden?object={LAMP_POST}&categorie=gat-in-de-weg", "Waar is het?")
    youssef.goes_on("Wat ziet u?")
    youssef.page.get_by_label("Vertel wat er is").press_sequentially("Er hangen draden uit de paal.")
    youssef.page.get_by_role("group", name="Is het nu gevaarlijk?").get_by_label("Ja, het is nu gevaarlijk").check()
    youssef.sees("Gevaarlijk? Bel ons ook:")
    told_whom_to_call(youssef.page)
    with youssef.page.expect_navigation():
        youssef.presses("Verder")
    if youssef.page.url.endswith("/bekend"):
        youssef.presses("Nee, dit is iets anders")
    youssef.is_at("Heeft u een foto?")
    youssef.goes_on("Hoe bereiken wij u?")
    youssef.goes_on("Klopt het zo?")
    youssef.sends()
    told_whom_to_call(youssef.page)
    (melding,) = street.meldingen("Er hangen draden uit de paal.")
    assert melding.danger
    with street.session() as session:
        waiting = session.scalars(
            sa.select(OutboxEntry.urgency).where(
                OutboxEntry.topic == Topic.ROUTE, OutboxEntry.payload["melding_id"].as_integer() == melding.id
            )
        ).one()
    assert waiting == Urgency.SPOED
    street.works()
    with street.session() as session:
        work = factories.opdracht_of(session, melding)
        assert work.urgency == "spoed" and work.danger
    letters = street.letters("serviceteam@example.nl") + street.letters("piket@example.nl")
    assert any(melding.number[2:6] in kept.text for kept in letters), "the team was called out"


def test_fatima_on_a_bad_line_sends_a_whole_melding(
    street: Street, resident: Callable[..., Resident], tmp_path: Path
) -> None:
    """3G at the edge of the village. Her photo is cut off halfway; she goes on, and it is brought by itself."""
    fatima = resident()
    network = fatima.page.context.new_cdp_session(fatima.page)
    network.send("Network.enable")
    network.send("Network.emulateNetworkConditions", SLOW_3G)
    heavy = tmp_path / "gras.jpg"
    heavy.write_bytes(photo(picture=street_picture()))
    fatima.opens(f"/melden?object={LAMP_POST}&categorie=gras-te-hoog", "Waar is het?")
    fatima.goes_on("Wat ziet u?")
    fatima.fills("Vertel wat er is", "Het gras staat een meter hoog.")
    fatima.goes_on("Heeft u een foto?")
    street.line.asked.clear()
    street.line.halve[KEEP] = 1
    fatima.adds_photo(heavy)
    fatima.sees("gras.jpg")
    fatima.goes_on("Hoe bereiken wij u?")
    fatima.goes_on("Klopt het zo?")
    fatima.sends()
    (melding,) = street.meldingen("Het gras staat een meter hoog.")
    assert len(street.photos(melding)) == 1
    assert street.line.asked.count(f"POST {KEEP}") >= 2 and not street.line.halve[KEEP], (
        "it was cut off, and came again"
    )


def test_wim_has_only_a_keyboard(street: Street, resident: Callable[..., Resident], picture: Path) -> None:
    """From the skip link to the number, the map and the photo too, without a mouse; each stop is seen."""
    wim = resident(viewport=TABLET)
    page = wim.page
    page.on("filechooser", lambda asked: asked.set_files(picture))
    wim.opens("/melden", "Waar is het?")
    expect(page.locator(".kaartvlak").first).to_be_attached()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Naar de inhoud")).to_be_focused()
    page.keyboard.press("Enter")
    tab_to(page, page.get_by_role("button", name="Verder", exact=True))
    page.keyboard.press("Enter")
    expect(page.locator(".error-summary")).to_be_focused()
    page.locator("form[data-klaar]").wait_for()
    tab_to(page, page.get_by_role("region", name=re.compile("^Kaart")))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wim.sees("Gekozen plek:")
    press_on(wim, "Wat ziet u?")
    tab_to(page, page.get_by_label("Vertel wat er is"))
    page.keyboard.type("De lamp brandt niet.")
    press_on(wim, "Heeft u een foto?")
    tab_to(page, page.locator("input[type=file][name=foto]"))
    page.keyboard.press("Enter")
    wim.sees("stoep.jpg")
    press_on(wim, "Hoe bereiken wij u?")
    press_on(wim, "Klopt het zo?")
    tab_to(page, page.get_by_role("button", name="Melding versturen"))
    page.keyboard.press("Enter")
    wim.is_at("Meldingnummer")
    assert len(street.photos(street.meldingen("De lamp brandt niet.")[0])) == 1


FOCUS = """(() => {
  const e = document.activeElement, style = getComputedStyle(e), box = e.getBoundingClientRect();
  const seen = style.outlineStyle !== "none" || style.boxShadow !== "none";
  return [seen, box.bottom > 0 && box.top < innerHeight, e.outerHTML];
})()"""


def tab_to(page: Page, goal: Locator) -> None:
    """Presses Tab until the goal has the focus; each stop on the way shows its focus and is in view."""
    for _ in range(60):
        page.keyboard.press("Tab")
        ring = page.evaluate(FOCUS)
        assert ring[0] and ring[1], ring[2][:200]
        if goal.evaluate("e => e === document.activeElement"):
            return
    raise AssertionError("the keyboard does not get there")


def press_on(who: Resident, heading: str) -> None:
    """To the next step, by keyboard."""
    tab_to(who.page, who.page.get_by_role("button", name="Verder", exact=True))
    who.page.keyboard.press("Enter")
    who.is_at(heading)


def opened_from_mail(who: Resident, street: Street, address: str) -> None:
    """Follows the link in the last mail, which changes nothing by itself."""
    link = re.search(r"http://duinstede\.example(/v/\S+)", street.letters(address)[-1].text)
    assert link, street.letters(address)[-1].text
    who.opens(link[1], "Melding")


def told_whom_to_call(page: Page) -> None:
    """112 and the gemeente, as numbers to tap."""
    for number in ("tel:112", "tel:0720000000"):
        expect(page.locator(f"main a[href='{number}']:visible").first).to_be_visible()


def status_of(street: Street, melding_id: int) -> str:
    """How it stands."""
    with street.session() as session:
        return session.scalars(sa.select(Melding.status).where(Melding.id == melding_id)).one()


def street_picture() -> Image.Image:
    """A picture that does not compress, as the street has it."""
    return Image.frombytes("RGB", (400, 400), random.Random(7).randbytes(400 * 400 * 3))

"""A11Y-01 to A11Y-18 on the pages of residents, in every state that a melder meets. One walk, looked at by all.

A11Y-14 (nothing lost) and the journeys without JavaScript are in test_zonder_javascript.py and test_melden_concept.py,
A11Y-16 (charts) in test_cijfers_browser.py, A11Y-17 (mail) in tests/golden. What only people can judge:
docs/toegankelijkheid.md.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, Page, expect

from meldingen.db import machine_now
from meldingen.domain import tokens
from meldingen.store.category import Category
from tests import factories
from tests.photos import photo

from .browsing import PHONE, served
from .conftest import World
from .looking import Look, look
from .test_volgen import close

pytestmark = [pytest.mark.browser, pytest.mark.filterwarnings("ignore::ResourceWarning")]

QUIET_PAGES = (
    "/", "/privacy", "/cookies", "/toegankelijkheid", "/volgen", "/bestaat-niet", "/offline", "/mijn-meldingen",
    "/melden/wat?leeg", "/inloggen", "/postvak", "/privacy?taal=en", "/melden/waar?taal=en",
)  # fmt: skip


@pytest.fixture(scope="module")
def address(world: World) -> Iterator[str]:
    with served(world.app) as found:
        yield found


@pytest.fixture(scope="module")
def looks(world: World, chromium: Browser, address: str, tmp_path_factory: pytest.TempPathFactory) -> list[Look]:
    """Every state, from the front page to the mark at the end."""
    with world.session() as session, session.begin():
        tile = session.scalars(sa.select(Category).where(Category.slug == "losse-tegel")).one()
        tile.hint = "Zet er iets omheen als dat kan."
        tile.questions = [
            {"id": "hoeveel", "label": "Hoeveel tegels?", "type": "getal"},
            {"id": "waar", "label": "Waar ligt het?", "type": "meerkeuze", "options": ["Stoep", "Fietspad"]},
            {"id": "water", "label": "Staat er water?", "type": "janee"},
        ]
    picture = tmp_path_factory.mktemp("foto") / "stoep.jpg"
    picture.write_bytes(photo())
    refused: list[str] = []
    context = chromium.new_context(viewport=PHONE, base_url=address, locale="nl-NL", service_workers="block")
    page = context.new_page()
    page.on("console", lambda said: refused.append(said.text) if "Content Security Policy" in said.text else None)
    page.on("pageerror", lambda error: refused.append(str(error)))
    page.on(
        "request", lambda sent: None if sent.url.startswith((address, "blob:", "data:")) else refused.append(sent.url)
    )
    found = [*_form(page, picture), *_following(world, page), *_quiet(page)]
    context.close()
    assert refused == [], "the policy of our pages, or a script"
    return found


def _quiet(page: Page) -> Iterator[Look]:
    for path in QUIET_PAGES:
        page.goto(path)
        yield look(page, path)
        page.goto("/offline?taal=nl")
    page.goto("/inloggen")
    page.get_by_role("button", name="Inloggen").click()
    expect(page.locator(".error-summary")).to_be_focused()
    yield look(page, "inloggen, fout")


def _form(page: Page, picture: Path) -> Iterator[Look]:
    page.goto("/melden/waar")
    expect(page.locator(".kaartvlak").first).to_be_attached()
    yield look(page, "waar, leeg")
    _on(page)
    yield look(page, "waar, fout")
    page.goto("/melden/waar")
    page.get_by_role("region", name="Kaart").click()
    expect(page.get_by_text("Gekozen plek:")).to_be_visible()
    yield look(page, "waar, gekozen")
    _on(page)
    page.get_by_label("Vertel wat er is").fill("Er hangen draden uit de paal. 😀")
    page.get_by_label("Waar gaat het over?").select_option("losse-tegel")
    expect(page.get_by_text("Hoeveel tegels?")).to_be_visible()
    page.get_by_label("Ja, het is nu gevaarlijk").check()
    yield look(page, "wat, gevaar en vragen")
    _on(page)
    yield look(page, "foto, leeg")
    page.locator("input[type=file]").first.set_input_files(picture)
    expect(page.get_by_text("Foto stoep.jpg is toegevoegd.")).to_be_visible()
    yield look(page, "foto, een")
    _on(page)
    page.get_by_label("E-mailadres").fill("geen adres")
    page.get_by_label("Telefoonnummer").fill("12")
    _on(page)
    yield look(page, "contact, fout")
    page.get_by_label("E-mailadres").fill("jo@example.nl")
    page.get_by_label("Telefoonnummer").fill("")
    _on(page)
    page.get_by_role("heading", name="Klopt het zo?").wait_for()
    yield look(page, "controleren")
    page.get_by_role("button", name="Melding versturen").click()
    page.get_by_role("heading", name="Meldingnummer").wait_for()
    yield look(page, "ontvangen")


def _on(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Verder", exact=True).last.click()


def _following(world: World, page: Page) -> Iterator[Look]:
    now = machine_now()
    with world.session() as session, session.begin():
        melding = factories.melding(session, now=now - timedelta(hours=2), contact={"email": "jan@example.nl"})
    token = tokens.make_token(world.app.extensions["meldingen"].settings.secret_keys, melding.id, 1)
    page.goto(f"/v/{token}")
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    yield look(page, "volgen, open")
    page.get_by_role("button", name="Toevoegen").click()
    expect(page.locator(".error-summary")).to_be_focused()
    yield look(page, "volgen, fout")
    page.goto(f"/volgen/{melding.number}/intrekken")
    yield look(page, "intrekken")
    page.goto("/in-de-buurt")
    yield look(page, "in de buurt")
    close(world, melding, now=now)
    page.goto(f"/v/{token}")
    yield look(page, "volgen, klaar")
    page.get_by_role("button", name="Ja").first.click()
    expect(page.get_by_text("Uw antwoord was: ja.")).to_be_visible()
    yield look(page, "volgen, oordeel")
    page.goto(f"/minder-mail/{token}")
    yield look(page, "minder mail")


def test_two_tools_find_nothing(looks: list[Look]) -> None:
    """axe on WCAG 2.2 AA and good practice, HTML_CodeSniffer on AA: A11Y-05, -07, -10 and -12 among them."""
    assert {one.state: one.findings for one in looks if one.findings} == {}


def test_a11y_01_each_page_says_its_language_and_has_a_title_of_its_own(looks: list[Look]) -> None:
    for one in looks:
        assert one.facts["lang"] == ("en" if "taal=en" in one.state else "nl"), one.state
        assert one.facts["main_headings"] == 1, one.state
        assert one.facts["language_links"] == [], one.state
        assert one.facts["title"].startswith("Fout: ") == ("fout" in one.state), one.state
    titles = {one.facts["title"] for one in looks if "," not in one.state}
    assert len(titles) == len([one for one in looks if "," not in one.state])


def test_a11y_05_fields_have_labels_and_say_what_they_are_for(looks: list[Look]) -> None:
    for one in looks:
        assert one.facts["unnamed"] + one.facts["described"] + one.facts["loose_choices"] == [], one.state
    contact = next(one for one in looks if one.state == "contact, fout")
    assert contact.facts["completed"]["email"] == "email"
    assert contact.facts["completed"]["telefoon"].startswith("tel")
    assert contact.facts["completed"]["naam"] == "name"


def test_a11y_06_mistakes_are_told_on_top_and_at_the_field(looks: list[Look]) -> None:
    wrong = [one for one in looks if one.state.endswith(", fout")]
    assert len(wrong) == 4
    for one in wrong:
        assert one.facts["summary"] and one.facts["in_focus"], one.state
        assert one.facts["lost_links"] + one.facts["untold"] == [], one.state
    contact = next(one for one in wrong if one.state.startswith("contact"))
    assert set(contact.facts["wrong"]) == {"email", "telefoon"}, "all at once"
    assert any("naam@voorbeeld.nl" in said for _, said in contact.facts["summary"]), "how to mend it"


def test_a11y_07_pictures_have_words(looks: list[Look]) -> None:
    assert {one.state: one.facts["pictures"] for one in looks if one.facts["pictures"]} == {}


def test_a11y_08_help_stands_at_the_same_place_on_each_page(looks: list[Look]) -> None:
    assert [one.state for one in looks if not one.facts["help"]] == []


def test_a11y_09_the_skip_link_comes_first(looks: list[Look]) -> None:
    assert {one.state: one.facts["first"] for one in looks if one.facts["first"] != "#inhoud"} == {}


def test_a11y_10_what_is_pressed_is_large_enough(looks: list[Look]) -> None:
    """24 pixels, but for links within text; `target-size` of axe looks at the distance too."""
    assert {one.state: one.facts["small"] for one in looks if one.facts["small"]} == {}


def test_a11y_11_nothing_falls_outside_a_narrow_page_or_with_large_or_wide_text(looks: list[Look]) -> None:
    told = {one.state: (one.narrow, one.large, one.spaced) for one in looks}
    assert {state: sides for state, sides in told.items() if max(sides) > 0} == {}


def test_a11y_12_contrast_holds_in_the_dark(looks: list[Look]) -> None:
    assert {one.state: one.dark for one in looks if one.dark} == {}


def test_a11y_13_what_appears_by_itself_is_said(looks: list[Look]) -> None:
    assert {one.state: one.facts["silent"] for one in looks if one.facts["silent"]} == {}


def test_a11y_16_tables_have_a_caption_and_scopes(looks: list[Look]) -> None:
    assert {one.state: one.facts["tables"] for one in looks if one.facts["tables"]} == {}


def test_a11y_18_each_page_leads_to_the_statement(looks: list[Look]) -> None:
    for one in looks:
        assert {"/toegankelijkheid", "/privacy", "/cookies"} <= set(one.facts["footer"]), one.state


def test_no_script_or_style_stands_in_a_page(looks: list[Look]) -> None:
    """The policy allows none; the browser refused nothing on the whole walk (see `looks`)."""
    assert {one.state: one.facts["inline"] for one in looks if one.facts["inline"]} == {}

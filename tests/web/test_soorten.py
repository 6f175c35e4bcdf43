"""Proposing kinds in the form: while typing, and one press later without scripts. How good: test_free_texts."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from limits import parse
from playwright.sync_api import Browser, Page, expect

from meldingen.flow import proposals
from tests.web.browsing import PHONE, assert_accessible, served
from tests.web.conftest import World
from tests.web.forms import fields_of, press, words

TEXT = "de stoeptegel ligt los"


@pytest.fixture(scope="module", autouse=True)
def learned(world: World) -> None:
    """A gemeente that learned its words."""
    with world.session() as session, session.begin():
        lesson = proposals.learn(proposals.material_of(session, world.gemeente_id))
        assert lesson is not None
        now = datetime(2026, 4, 14, tzinfo=UTC)
        proposals.keep(session, lesson, gemeente_id=world.gemeente_id, now=now)


class TestTheDoor:
    def test_it_proposes_in_the_words_of_the_page(self, client: FlaskClient) -> None:
        (first, *_) = client.post("/melden/soorten", data={"tekst": TEXT}).get_json()["soorten"]
        assert first == {"slug": "losse-tegel", "naam": "Losse tegel", "hoofd": "Straat"}

    @pytest.mark.parametrize("text", ["", "hallo", "\x00", "x" * 5000, "👍" * 400, "12345"])
    def test_it_may_say_nothing_and_never_breaks(self, client: FlaskClient, text: str) -> None:
        answer = client.post("/melden/soorten", data={"tekst": text})
        assert (answer.status_code, answer.get_json()) == (200, {"soorten": []})

    def test_a_text_is_never_in_an_address(self, client: FlaskClient) -> None:
        assert client.get("/melden/soorten?tekst=tegel").status_code == 405

    def test_asking_while_typing_leaves_room_to_send(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(world.app.extensions["rates"], "steps", parse("2 per hour"))
        browser = world.app.test_client()
        assert [browser.post("/melden/soorten", data={}).status_code for _ in range(3)] == [200, 200, 429]
        assert browser.post("/melden/versturen", data={}).status_code == 303, "not counted together"


class TestWithoutScripts:
    def test_the_page_proposes_once_and_the_choice_is_kept(self, client: FlaskClient) -> None:
        page = client.get("/melden/wat").text
        answer = press(client, page, "/melden/wat", omschrijving=TEXT)
        assert answer.location.startswith("/melden/wat?voorstel=ja")
        page = client.get(answer.location).text
        assert "Gaat het over een van deze?" in words(page)
        assert 'value="losse-tegel"' in page
        answer = press(client, page, "/melden/wat", voorstel="losse-tegel")
        assert client.get("/melden/wat").text.count('<option value="losse-tegel" selected') == 1

    def test_something_else_goes_on_and_is_not_asked_again(self, client: FlaskClient) -> None:
        page = client.get("/melden/wat").text
        page = client.get(press(client, page, "/melden/wat", omschrijving=TEXT).location).text
        assert fields_of(page, action="/melden/wat")["voorgesteld"] == ["ja"]
        assert press(client, page, "/melden/wat", voorstel="").location == "/melden/foto"
        page = client.get("/melden/wat").text
        assert "Gaat het over een van deze?" not in words(page.split("<fieldset")[0])
        assert press(client, page, "/melden/wat").location == "/melden/foto"

    @pytest.mark.parametrize("filled", [{"omschrijving": "hallo"}, {"omschrijving": TEXT, "categorie": "gras-te-hoog"}])
    def test_unsure_or_chosen_means_no_question(self, client: FlaskClient, filled: dict[str, str]) -> None:
        page = client.get("/melden/wat").text
        assert press(client, page, "/melden/wat", **filled).location == "/melden/foto"


@pytest.fixture
def page(world: World, chromium: Browser) -> Iterator[Page]:
    with served(world.app) as address:
        page = chromium.new_page(viewport=PHONE, base_url=address, locale="nl-NL", service_workers="block")
        yield page
        page.close()


@pytest.mark.browser
def test_while_typing(page: Page) -> None:
    """Text first, then kinds to choose from by keyboard; what was chosen stays; the whole list is one press away."""
    page.clock.install()
    page.goto("/melden/wat")
    text, kinds = page.get_by_label("Vertel wat er is"), page.locator("[data-keuzes]")
    whole = page.locator("select")
    expect(kinds).to_be_hidden()
    expect(whole).to_be_visible()
    text.press_sequentially(TEXT, delay=5)
    expect(kinds).to_be_visible()
    expect(page.locator("[data-voorstellen] [role=status]")).to_contain_text("Losse tegel")
    expect(whole).to_be_hidden()
    assert_accessible(page, "proposals")

    text.press("Tab")
    page.keyboard.press("Space")
    expect(whole).to_have_value("losse-tegel")
    expect(page.get_by_role("radio", name="Losse tegel")).to_be_checked()
    text.fill("het gras is veel te hoog en moet gemaaid")
    page.clock.run_for(2000)
    expect(page.get_by_role("radio", name="Losse tegel")).to_be_checked()
    expect(whole).to_have_value("losse-tegel")

    page.get_by_role("radio", name="Iets anders").check()
    expect(whole).to_be_visible()
    expect(whole).to_have_value("")
    whole.select_option("boom-omgevallen")
    expect(kinds).to_be_hidden()
    page.get_by_role("button", name="Verder").click()
    page.wait_for_url("**/melden/foto")
    page.goto("/melden/wat")
    expect(whole).to_have_value("boom-omgevallen")
    expect(kinds).to_be_hidden()

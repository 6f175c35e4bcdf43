"""The follow page: opened by link or by number and code, never by the number alone; a link changes nothing."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.db import machine_now
from meldingen.domain import tokens
from meldingen.domain.actor import COORDINATOR, TEAM
from meldingen.flow.closure import NewClosure, close_opdracht
from meldingen.flow.photos import process_photo
from meldingen.flow.status import Basis
from meldingen.flow.work import ask_melder
from meldingen.store.gemeente import gemeente_by_id
from meldingen.store.journal import Note
from meldingen.store.melding import Melding
from meldingen.store.photo import Photo
from meldingen.store.verdict import Verdict
from tests import factories
from tests.photos import photo

from .conftest import World
from .forms import errors_in, fields_of, press, upload, words


@pytest.fixture
def melding(world: World) -> Melding:
    return make(world)


def make(world: World, *, now: datetime | None = None, **facts: Any) -> Melding:
    with world.session() as session, session.begin():
        return factories.melding(session, now=now or machine_now(), **facts)


def open_page(world: World, melding: Melding) -> tuple[FlaskClient, str]:
    """A browser that followed the link, and the page it got."""
    browser = world.app.test_client()
    answer = browser.get(f"/v/{token_of(world, melding)}")
    assert (answer.status_code, answer.location) == (303, f"/volgen/{melding.number}")
    return browser, browser.get(answer.location).text


def token_of(world: World, melding: Melding) -> str:
    keys = world.app.extensions["meldingen"].settings.secret_keys
    return tokens.make_token(keys, melding.id, melding.token_generation)


def code_of(world: World, melding: Melding) -> str:
    keys = world.app.extensions["meldingen"].settings.secret_keys
    return tokens.spoken_code(keys, melding.id, melding.token_generation)


def close(world: World, melding: Melding, *, now: datetime, sentence: str = "De tegel ligt weer recht.") -> None:
    with world.session() as session, session.begin():
        home = gemeente_by_id(session, world.gemeente_id)
        actor = factories.medewerker(session, home, COORDINATOR, username=f"c-{melding.number}")
        work = factories.opdracht_of(session, melding)
        closure = NewClosure(outcome="opgelost", reason="", sentence=sentence, partner="")
        close_opdracht(session, work.id, closure, basis=Basis(version=work.version), actor=actor, now=now)


def fresh(world: World, melding: Melding) -> Melding:
    with world.session() as session:
        return session.scalars(sa.select(Melding).where(Melding.id == melding.id)).one()


def test_the_link_opens_the_page_and_leaves_no_token_in_the_address(world: World, melding: Melding) -> None:
    browser, page = open_page(world, melding)
    assert melding.description in page and "Ontvangen" in words(page)
    assert token_of(world, melding) not in page
    assert browser.get(f"/volgen/{melding.number}").headers["Referrer-Policy"] == "no-referrer"


def test_a_yes_or_no_in_a_bericht_leads_to_the_question_and_answers_nothing(world: World) -> None:
    def follow(melding: Melding) -> tuple[str, str]:
        browser = world.app.test_client()
        answer = browser.get(f"/v/{token_of(world, melding)}?antwoord=nee")
        assert answer.status_code == 303
        return str(answer.location).rpartition("/")[2], words(browser.get(answer.location).text)

    now = machine_now()
    melding, old = make(world), make(world, now=now - timedelta(days=40))
    place, page = follow(melding)
    assert place == melding.number and "vragen wij nu niets" in page
    close(world, melding, now=now)
    place, page = follow(melding)
    assert place == f"{melding.number}#oordeel" and "Is het opgelost?" in page
    assert fresh(world, melding).status == "afgehandeld", "a link answers nothing"
    close(world, old, now=now - timedelta(days=31))
    place, page = follow(old)
    assert place == old.number and "30 dagen lang beantwoorden" in page and "Is het opgelost?" not in page
    browser, page = open_page(world, melding)
    assert press(browser, browser.get(f"/volgen/{melding.number}/niet-opgelost").text,
                 f"/volgen/{melding.number}/niet-opgelost", tekst="Nee.").status_code == 303  # fmt: skip
    assert "U liet al weten dat het niet is opgelost." in follow(melding)[1]


@pytest.mark.parametrize("token", ["x", "a" * 30, "%00" * 10, "..%2f..%2fetc"])
def test_a_wrong_link_says_how_to_go_on(client: FlaskClient, token: str) -> None:
    answer = client.get(f"/v/{token}")
    assert answer.status_code == 404 and 'href="tel:' in answer.text
    if "%2f" not in token:
        assert "Deze link klopt niet" in answer.text and 'href="/mijn-meldingen/toegang"' in answer.text


def test_a_link_that_was_good_says_so_and_a_browser_forgets_it(world: World, melding: Melding) -> None:
    browser, _ = open_page(world, melding)
    token = token_of(world, melding)
    with world.session() as session, session.begin():
        session.execute(sa.update(Melding).where(Melding.id == melding.id).values(token_generation=3))
    answer = browser.get(f"/v/{token}")
    assert answer.status_code == 410 and "Deze link werkt niet meer" in answer.text and 'href="/volgen"' in answer.text
    answer = browser.get(f"/volgen/{melding.number}")
    assert answer.status_code == 404 and "Wij vragen eerst de code" in words(answer.text)
    assert f'href="/volgen/{melding.number}"' not in browser.get("/volgen").text
    with world.session() as session, session.begin():
        session.execute(sa.update(Melding).where(Melding.id == melding.id).values(erased_at=machine_now()))
    old = tokens.make_token(world.app.extensions["meldingen"].settings.secret_keys, melding.id, 2)
    answer = browser.get(f"/v/{old}")
    assert answer.status_code == 410 and "Deze melding is er niet meer" in answer.text


def test_the_number_alone_asks_for_the_code(client: FlaskClient, melding: Melding) -> None:
    answer = client.get(f"/volgen/{melding.number}")
    assert answer.status_code == 404
    assert "het nummer van uw melding en de code" in words(answer.text) and melding.description not in answer.text
    for path in ("intrekken", "niet-opgelost"):
        assert client.get(f"/volgen/{melding.number}/{path}").status_code == 404


def test_number_and_spoken_code_open_it(world: World, client: FlaskClient, melding: Melding) -> None:
    page = client.get("/volgen").text
    spaced = f"{melding.number[:2]} {melding.number[2:6]}-{melding.number[6:]}"
    code = code_of(world, melding)
    answer = press(client, page, "/volgen", nummer=spaced, code=f"{code[:4]} {code[4:]}")
    assert (answer.status_code, answer.location) == (303, f"/volgen/{melding.number}")
    assert f"/volgen/{melding.number}" in client.get("/volgen").text, "this device remembers it"


@pytest.mark.parametrize(
    ("number", "code", "field"),
    [
        ("12", "1", "nummer"),
        ("2600000001", "1", "nummer"),
        ("", "", "nummer"),
        (None, "", "code"),
        (None, "00000000", "code"),
    ],
)
def test_a_wrong_number_or_code_is_told(
    client: FlaskClient, melding: Melding, number: str | None, code: str, field: str
) -> None:
    answer = press(
        client, client.get("/volgen").text, "/volgen", nummer=melding.number if number is None else number, code=code
    )
    assert answer.status_code == 400 and list(errors_in(answer.text)) == [field]


def test_adding_words_and_photos(world: World, melding: Melding) -> None:
    browser, page = open_page(world, melding)
    action = f"/volgen/{melding.number}/aanvullen"
    files = [upload(photo(size=(700, 500)), "stoep.jpg"), upload(b"niets", "leeg.txt")]
    answer = press(browser, page, action, tekst="Het is erger <b>nu</b>", foto=files)
    assert answer.status_code == 303
    page = browser.get(answer.location).text
    assert "Uw tekst is toegevoegd. 1 foto is toegevoegd." in words(page) and "leeg.txt:" in words(page)
    assert "Het is erger &lt;b&gt;nu&lt;/b&gt;" in page and "1 foto wordt nog klaargezet" in words(page)
    with world.session() as session:
        note = session.scalars(sa.select(Note).where(Note.melding_id == melding.id)).one()
        kept = session.scalars(sa.select(Photo).where(Photo.melding_id == melding.id)).one()
    assert note.kind == "aanvulling"
    store = world.app.extensions["meldingen"].adapters.photos
    process_photo(world.engine, store, {"photo_id": kept.id, "gemeente_id": kept.gemeente_id}, now=machine_now())
    page = browser.get(f"/volgen/{melding.number}").text
    source = page.split('<img class="photo-row__photo" src="')[1].split('"')[0]
    assert f'alt="Uw foto bij melding {melding.number[:2]}' in page
    assert browser.get(source).mimetype == "image/jpeg"
    assert world.app.test_client().get(source).status_code == 404, "not for who does not hold the token"


@pytest.mark.parametrize("text", ["", "  ", "x" * 501, "a\x00b"])
def test_nothing_too_much_or_unreadable_is_told_and_kept(world: World, melding: Melding, text: str) -> None:
    browser, page = open_page(world, melding)
    answer = press(browser, page, f"/volgen/{melding.number}/aanvullen", tekst=text)
    assert answer.status_code == 400 and list(errors_in(answer.text)) == ["tekst"]
    assert "x" * 501 in answer.text or len(text) < 500


def test_withdrawing_asks_first(world: World, melding: Melding) -> None:
    browser, page = open_page(world, melding)
    path = f"/volgen/{melding.number}/intrekken"
    assert f'href="{path}"' in page
    confirm = browser.get(path).text
    assert fresh(world, melding).withdrawn_at is None, "a link changes nothing"
    assert press(browser, confirm, path, tekst="").status_code == 303
    assert fresh(world, melding).status == "ingetrokken"
    page = browser.get(f"/volgen/{melding.number}").text
    assert "Uw melding is ingetrokken." in page and path not in page
    assert press(browser, confirm, path).status_code == 303, "a second time changes nothing"


def test_closed_work_shows_its_sentence_and_can_be_reopened(world: World, melding: Melding) -> None:
    now = machine_now()
    close(world, melding, now=now)
    browser, page = open_page(world, melding)
    assert "Opgelost: De tegel ligt weer recht." in words(page) and "Uiterlijk" not in words(page)
    assert "Behandeld door" in words(page) and "c-" + melding.number not in page, "a team, no colleague"
    path = f"/volgen/{melding.number}/niet-opgelost"
    form = browser.get(path).text
    assert list(errors_in(press(browser, form, path, tekst=" ").text)) == ["tekst"]
    assert list(errors_in(press(browser, form, path, tekst="", foto=[upload(b"niets", "x.jpg")]).text)) == ["tekst"]
    assert press(browser, form, path, tekst="Hij ligt los.", foto=[upload(photo(size=(60, 50)))]).status_code == 303
    assert fresh(world, melding).status == "heropend"
    page = words(browser.get(f"/volgen/{melding.number}").text)
    assert "Wij kijken er opnieuw naar" in page and "1 foto wordt nog klaargezet" in page
    assert "Wat vond u van ons?" in page and "Is het opgelost?" not in page
    again = press(browser, form, path, tekst="En nog eens")
    assert again.status_code == 409 and list(errors_in(again.text)) == ["tekst"]


def _said(melding: Melding) -> sa.Select[tuple[bool, bool | None, int | None]]:
    return sa.select(Verdict.answer, Verdict.enough, Verdict.mark).where(Verdict.melding_id == melding.id)


def test_the_oordeel_by_buttons_and_then_a_mark(world: World, melding: Melding) -> None:
    close(world, melding, now=machine_now())
    browser, page = open_page(world, melding)
    path = f"/volgen/{melding.number}/oordeel"
    assert "Wat vond u van ons?" not in words(page) and f'action="{path}/meer"' not in page
    early = browser.post(f"{path}/meer", data={**fields_of(page, action=path), "cijfer": "8"})
    assert early.status_code == 409
    answer = press(browser, page, path, antwoord="ja")
    assert (answer.status_code, answer.location) == (303, f"/volgen/{melding.number}#meer")
    page = browser.get(answer.location).text
    assert "Uw antwoord was: ja." in words(page) and "U liet weten dat het is opgelost." in words(page)
    assert fields_of(page, action=f"{path}/meer") == {
        "csrf_token": fields_of(page, action=path)["csrf_token"], "genoeg": [""], "cijfer": [""],
    }  # fmt: skip
    assert press(browser, page, f"{path}/meer", genoeg="nee", cijfer="4").status_code == 303
    page = browser.get(f"/volgen/{melding.number}").text
    kept = fields_of(page, action=f"{path}/meer")
    assert (kept["genoeg"], kept["cijfer"]) == (["nee"], ["4"]) and "Wilt u die veranderen?" in words(page)
    wrong = press(browser, page, f"{path}/meer", cijfer="11")
    assert wrong.status_code == 400 and list(errors_in(wrong.text)) == ["cijfer"]
    assert press(browser, page, f"{path}/meer", genoeg="", cijfer="").status_code == 303
    with world.session() as session:
        row = session.execute(_said(melding)).one()
    assert tuple(row) == (True, None, None)


def test_after_thirty_days_the_question_is_over(world: World) -> None:
    long_ago = machine_now() - timedelta(days=31)
    melding = make(world, now=long_ago)
    close(world, melding, now=long_ago)
    assert "niet-opgelost" not in open_page(world, melding)[1]


def test_a_question_of_the_team_asks_for_an_answer(world: World) -> None:
    melding = make(world, contact={"email": "jo@example.nl"})
    with world.session() as session, session.begin():
        home = gemeente_by_id(session, world.gemeente_id)
        actor = factories.medewerker(session, home, TEAM, team_slug="serviceteam", username=f"t-{melding.number}")
        work = factories.opdracht_of(session, melding)
        ask_melder(
            session, work.id, "Bij welk huis?", basis=Basis(version=work.version), actor=actor, now=machine_now()
        )
    browser, page = open_page(world, melding)
    assert "Wij wachten op uw antwoord" in words(page)
    assert page.index("Wij hebben een vraag aan u") < page.index("Bij welk huis?") < page.index("Zo staat het ervoor")
    assert page.count(f'action="/volgen/{melding.number}/aanvullen"') == 1, "one place to answer"
    press(browser, page, f"/volgen/{melding.number}/aanvullen", foto=[upload(photo(size=(60, 50)))])
    assert fresh(world, melding).status != "wacht_op_melder", "a photo is an answer too"
    page = browser.get(f"/volgen/{melding.number}").text
    assert "Zie de foto." in page and "Wij hebben een vraag aan u" not in page


def test_every_change_needs_the_form_token(world: World, melding: Melding) -> None:
    browser, _ = open_page(world, melding)
    for what in ("aanvullen", "intrekken", "niet-opgelost", "oordeel", "oordeel/meer"):
        answer = browser.post(f"/volgen/{melding.number}/{what}", data={"tekst": "x"})
        assert answer.status_code == 400 and "verlopen" in answer.text


def test_guessing_codes_is_slowed_down(world: World, melding: Melding) -> None:
    held = world.app.extensions["rates"]
    before = held.login
    held.login = type(before)(3, 60)
    try:
        browser = world.app.test_client()
        page = browser.get("/volgen").text
        tries = [press(browser, page, "/volgen", nummer=melding.number, code="0000000" + str(n)) for n in range(5)]
    finally:
        held.login = before
    assert tries[-1].status_code == 429 and int(tries[-1].headers["Retry-After"]) > 0
    assert "Wacht" in words(tries[-1].text)


def test_looking_costs_the_same_however_much_happened(world: World, melding: Melding) -> None:
    """Asked all day by who waits: which melding, and all there is about it; the page also whose it is; where the clock
    can be moved (local mode) what time it is."""
    browser, _ = open_page(world, melding)
    page, api = f"/volgen/{melding.number}", f"/api/v1/meldingen/{melding.number}"

    def cost(path: str, **headers: str) -> list[str]:
        sent: list[str] = []
        listen = lambda *args: sent.append(args[2])  # noqa: E731
        engine = world.app.extensions["meldingen"].engine
        sa.event.listen(engine, "before_cursor_execute", listen)
        assert browser.get(path, headers=headers).status_code == 200
        sa.event.remove(engine, "before_cursor_execute", listen)
        return sent

    few = cost(page), cost(api, Volg_Token=token_of(world, melding))
    assert len(few[0]) <= 4 and len(few[1]) <= 3
    for n in range(3):
        assert press(browser, browser.get(page).text, f"{page}/aanvullen", tekst=f"Nog iets: {n}").status_code == 303
    close(world, melding, now=machine_now())
    assert (cost(page), cost(api, Volg_Token=token_of(world, melding))) == few

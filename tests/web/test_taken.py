"""/taken and the oordeel on the volgpagina: the doors only."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from meldingen.db import business_now
from meldingen.domain import tokens
from meldingen.domain.actor import Actor
from meldingen.flow import closure, delay, feedback, tasks
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.melding import Melding
from meldingen.store.task import open_tasks

from .conftest import World, token_in
from .desk import Desk, make_desk

MELDER = {"contact": {"email": "bo@example.nl", "phone": "0612345678"}}


@pytest.fixture
def desk(world: World) -> Desk:
    return make_desk(world)


@pytest.fixture
def closed(desk: Desk) -> Callable[..., Melding]:
    """Makes a melding that was closed, with an answer that came afterwards."""

    def make(outcome: NewClosure = NewClosure("opgelost")) -> Melding:  # noqa: B008
        made, opdracht = desk.melding(**MELDER)
        with desk.world.session() as session, session.begin():
            now, basis = business_now(session), Basis(version=opdracht.version)
            closure.close_opdracht(session, opdracht.id, outcome, basis=basis, actor=desk.people["team"], now=now)
            held = session.get_one(Melding, made.id)
            feedback.add_supplement(session, held, "Dank!", actor=Actor(kind="melder", melding_id=made.id), now=now)
            return held

    return make


def task_id(desk: Desk) -> int:
    with desk.world.session() as session:
        return open_tasks(session, tasks.whose(desk.people["kcc"]), scope=[desk.gemeente_id])[0].task.id


def follow(desk: Desk, melding: Melding) -> FlaskClient:
    """The melder's browser, after the link of a bericht."""
    browser = desk.world.app.test_client()
    keys = desk.world.app.extensions["meldingen"].settings.secret_keys
    assert browser.get(f"/v/{tokens.make_token(keys, melding.id, melding.token_generation)}").status_code == 303
    return browser


def test_the_list_and_one_item(desk: Desk, closed: Callable[..., Melding]) -> None:
    assert "Er is niets te doen" in desk.get("kcc", "/taken")
    melding = closed()
    page = desk.get("kcc", "/taken")
    assert "Antwoord na het sluiten" in page and "Uiterlijk" in page and "te doen" in page
    assert "niets te doen" in desk.get("kcc", "/taken?soort=mail_lezen")
    assert "niets te doen" in desk.get("cor", "/taken"), "each role has its own"
    item = task_id(desk)
    assert melding.number in desk.get("kcc", f"/taken/{item}")
    assert desk.browsers["team"].get(f"/taken/{item}").status_code == 403
    empty = desk.post("kcc", f"/taken/{item}/klaar", versie=1)
    assert empty.status_code == 400 and "Schrijf op wat u heeft gedaan." in empty.text
    assert desk.post("kcc", f"/taken/{item}/klaar", versie=1, tekst="Gelezen.").status_code == 303
    late = desk.post("kcc", f"/taken/{item}/klaar", versie=1, tekst="Ook gelezen.")
    assert late.status_code == 412 and "Een collega was u voor." in late.text


def test_phoning_and_opening_again_end_the_item(desk: Desk, closed: Callable[..., Melding]) -> None:
    closed()
    item = task_id(desk)
    assert desk.post("kcc", f"/taken/{item}/terugbellen", versie=1, tekst="Bel terug.").status_code == 303
    melding = closed()
    item = task_id(desk)
    assert desk.post("kcc", f"/taken/{item}/heropenen", versie=1, tekst="Toch los.").status_code == 303
    with desk.world.session() as session:
        assert session.get_one(Melding, melding.id).status == "heropend"


def test_the_oordeel_on_the_volgpagina(desk: Desk, closed: Callable[..., Melding]) -> None:
    melding = closed()
    browser = follow(desk, melding)
    page = browser.get(f"/volgen/{melding.number}").text
    assert "Is het opgelost?" in page and "Het is nog niet goed" not in page
    form = {"csrf_token": token_in(page), "antwoord": "ja"}
    assert browser.post(f"/volgen/{melding.number}/oordeel", data=form).status_code == 303
    assert "Uw antwoord was: ja" in browser.get(f"/volgen/{melding.number}").text
    unsolved = closed(NewClosure("niet_opgelost", reason="boom-gezond"))
    browser = follow(desk, unsolved)
    page = browser.get(f"/volgen/{unsolved.number}").text
    assert "Is onze uitleg duidelijk?" in page and "Het is nog niet goed" in page
    form = {"csrf_token": token_in(page), "antwoord": "nee", "waarom": "Welke boom?"}
    answer = browser.post(f"/volgen/{unsolved.number}/oordeel", data=form, follow_redirects=True)
    assert "binnen 2 werkdagen beter uit" in answer.text


def test_a_new_date_from_the_page_of_the_opdracht(desk: Desk) -> None:
    made, opdracht = desk.melding(**MELDER)
    page = desk.get("team", f"/team/opdracht/{opdracht.id}/uitstellingen")
    assert "Onderdeel besteld" in page and "Het systeem noemde" not in page
    with desk.world.session() as session:
        day = delay.suggested_date(session, opdracht, now=business_now(session)).isoformat()
    wrong = desk.step("team", opdracht, "uitstellingen", datum=day)
    assert wrong.status_code == 400 and "Vertel de melder waarom" in wrong.text
    assert desk.step("team", opdracht, "uitstellingen", datum=day, reden="weer").status_code == 303
    with desk.world.session() as session:
        assert session.get_one(Melding, made.id).promised_on.isoformat() == day
    moved = desk.now_is(opdracht)
    assert desk.step("team", moved, "uitstellingen", op_tijd="ja").status_code == 303


def test_a_new_answer_is_marked_until_the_team_looks(desk: Desk) -> None:
    made, opdracht = desk.melding(**MELDER)
    with desk.world.session() as session, session.begin():
        held, now = session.get_one(Melding, made.id), business_now(session)
        feedback.add_supplement(session, held, "Bij 12.", actor=Actor(kind="melder", melding_id=made.id), now=now)
    assert "Nieuw antwoord" in desk.get("team", "/team")
    desk.get("groen", f"/team/opdracht/{opdracht.id}")
    assert "Nieuw antwoord" in desk.get("team", "/team"), "another team only looks"
    desk.get("team", f"/team/opdracht/{opdracht.id}")
    assert "Nieuw antwoord" not in desk.get("team", "/team")


def test_a_storm_from_its_page(desk: Desk) -> None:
    desk.melding(**MELDER)
    assert "Er is nu geen bericht." in desk.get("cor", "/storm")
    assert desk.browsers["kcc"].get("/storm").status_code == 403
    wrong = desk.post("cor", "/storm/bewaren", tekst="Storm.", dag="", uur="18:00")
    assert wrong.status_code == 400 and "Kies een moment dat nog komt." in wrong.text
    with desk.world.session() as session:
        day = (business_now(session) + timedelta(days=1)).date().isoformat()
    kept = desk.post("cor", "/storm/bewaren", tekst="Het stormt. Gevaar gaat voor.", dag=day, uur="18:00")
    assert kept.status_code == 303 and "Dit lezen melders nu" in desk.get("cor", "/storm")
    name = f"werkdorp{desk.number}"
    assert "Het stormt." in desk.world.app.test_client().get(f"/melden/waar?gemeente={name}").text
    assert "Kies eerst een of meer soorten" in desk.post("cor", "/storm/tellen").text
    counted = desk.post("cor", "/storm/tellen", soort="straat")
    assert counted.status_code == 200 and "1 open melding" in counted.text
    assert desk.post("cor", "/storm/vertellen", soort="straat").status_code == 303
    assert "naar de melders gestuurd" in desk.get("cor", "/storm")
    assert desk.post("cor", "/storm/stoppen").status_code == 303
    assert "Er is nu geen bericht." in desk.get("cor", "/storm")

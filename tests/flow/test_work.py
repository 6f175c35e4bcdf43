"""Moves, versions, operation ids and rights: KLANTREIS rule 4 and the workflow table."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import COORDINATOR, KCC, TEAM, Actor
from meldingen.domain.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    MoveNotAllowed,
    NotFound,
    PreconditionRequired,
    Stale,
)
from meldingen.flow import closure, feedback, joining, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.joining import Split
from meldingen.flow.status import Basis
from meldingen.flow.work import HandOver
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event, history_of, notes_of
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht, meldingen_of
from tests import factories
from tests.factories import opdracht_of


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def member(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, TEAM, team_slug="serviceteam")


@pytest.fixture
def melding(session: Session, home: Gemeente, now: datetime) -> Melding:
    return factories.melding(session, now=now, contact={"email": "bo@example.nl"})


@pytest.fixture
def opdracht(session: Session, melding: Melding) -> Opdracht:
    return opdracht_of(session, melding)


def on(opdracht: Opdracht) -> Basis:
    return Basis(version=opdracht.version)


def kinds(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Notice.kind).where(Notice.melding_id.is_not(None)).order_by(Notice.id)))


def test_take_up_then_plan_then_close(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht
) -> None:
    work.take_up(session, opdracht.id, basis=on(opdracht), actor=member, now=now)
    assert (opdracht.status, melding.status) == ("opgepakt", "in_behandeling")
    work.plan(session, opdracht.id, date(2026, 4, 16), basis=on(opdracht), actor=member, now=now)
    assert (opdracht.status, melding.status) == ("ingepland", "ingepland")
    done = NewClosure("opgelost", "De tegel ligt weer recht.")
    closure.close_opdracht(session, opdracht.id, done, basis=on(opdracht), actor=member, now=now + timedelta(hours=3))
    assert (opdracht.status, melding.status, opdracht.version) == ("gereed", "afgehandeld", 4)
    assert melding.closed_at == now + timedelta(hours=3)
    assert kinds(session) == ["ontvangst", "ingepland", "gereed"]
    told = [e.kind for e in history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])]
    assert told == ["toegewezen", "opgepakt", "ingepland", "afgehandeld"]


def test_planning_past_the_promise_tells_the_new_date(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht
) -> None:
    work.plan(session, opdracht.id, date(2026, 4, 24), basis=on(opdracht), actor=member, now=now)
    assert melding.promised_on == date(2026, 4, 24) and melding.first_promised_on == date(2026, 4, 21)
    assert kinds(session) == ["ontvangst", "vertraagd"], "one bericht, not two about the same"


def test_an_online_move_needs_the_version_it_saw(
    session: Session, now: datetime, member: Actor, opdracht: Opdracht
) -> None:
    with pytest.raises(PreconditionRequired):
        work.take_up(session, opdracht.id, basis=Basis(), actor=member, now=now)
    with pytest.raises(Stale):
        work.take_up(session, opdracht.id, basis=Basis(version=7), actor=member, now=now)
    assert opdracht.status == "nieuw"


def test_the_same_operation_twice_is_done_once(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht
) -> None:
    basis = Basis(version=1, operation_id="op-1", body_hash=b"a", device_at=now - timedelta(hours=1))
    done = NewClosure("opgelost", "Klaar.")
    first = closure.close_opdracht(session, opdracht.id, done, basis=basis, actor=member, now=now)
    again = closure.close_opdracht(session, opdracht.id, done, basis=basis, actor=member, now=now)
    assert not first.replayed and again.replayed
    assert opdracht.closed_at == opdracht.received_at, "device time, but never before receipt"
    assert kinds(session) == ["ontvangst", "gereed"]
    with pytest.raises(Conflict):
        other = Basis(version=1, operation_id="op-1", body_hash=b"b", device_at=now)
        closure.close_opdracht(session, opdracht.id, done, basis=other, actor=member, now=now)


def test_an_offline_move_that_was_overtaken_is_done_and_says_so(
    session: Session, now: datetime, member: Actor, opdracht: Opdracht
) -> None:
    work.take_up(session, opdracht.id, basis=on(opdracht), actor=member, now=now)
    late = Basis(version=1, operation_id="op-2", device_at=now + timedelta(days=2))
    done = closure.close_opdracht(
        session, opdracht.id, NewClosure("opgelost"), basis=late, actor=member, now=now + timedelta(hours=1)
    )
    assert done.overtaken and opdracht.status == "gereed"
    assert opdracht.closed_at == now + timedelta(hours=1), "a clock that runs ahead never closes in the future"


def test_what_a_refused_offline_operation_said_is_kept(
    session: Session, now: datetime, member: Actor, opdracht: Opdracht
) -> None:
    closure.close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=on(opdracht), actor=member, now=now)
    late = Basis(version=1, operation_id="op-3", device_at=now)
    said = NewClosure("niet_opgelost", "De stoep is van het waterschap.", reason="eigen-terrein")
    for _ in range(2):
        done = closure.close_opdracht(session, opdracht.id, said, basis=late, actor=member, now=now)
        assert done.refused is not None and "notities" in done.refused.possible
    notes = notes_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    assert [(n.kind, n.text) for n in notes] == [("weigering", "De stoep is van het waterschap.")]


def test_a_refusal_online_names_what_is_possible(
    session: Session, now: datetime, member: Actor, opdracht: Opdracht
) -> None:
    closure.close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=on(opdracht), actor=member, now=now)
    with pytest.raises(MoveNotAllowed) as refused:
        work.take_up(session, opdracht.id, basis=on(opdracht), actor=member, now=now)
    assert refused.value.possible == ("notities", "fotos")


def test_nobody_moves_the_work_of_another_team_or_gemeente(
    session: Session, now: datetime, home: Gemeente, opdracht: Opdracht
) -> None:
    green = factories.medewerker(session, home, TEAM, team_slug="groen")
    with pytest.raises(Forbidden):
        work.take_up(session, opdracht.id, basis=on(opdracht), actor=green, now=now)
    elsewhere = factories.gemeente(session, name="Oosterwijk", code="GM9003", west=4.80)
    stranger = factories.medewerker(session, elsewhere, COORDINATOR)
    with pytest.raises(NotFound):
        work.take_up(session, opdracht.id, basis=on(opdracht), actor=stranger, now=now)
    agent = factories.medewerker(session, home, KCC)
    with pytest.raises(Forbidden):
        closure.close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=on(opdracht), actor=agent, now=now)


def test_another_category_finds_its_team_and_its_term(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht, home: Gemeente
) -> None:
    to = HandOver(category_slug="gras-te-hoog", reason="Dit is gras.")
    work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=member, now=now)
    assert opdracht.team_id == factories.team(session, home, "groen").id
    assert melding.promised_on == date(2026, 4, 29) and melding.first_promised_on == date(2026, 4, 21)
    assert melding.category_id != opdracht.category_id, "the melder's own category stays for the figures"
    assert kinds(session) == ["ontvangst", "vertraagd"]
    told = session.scalars(sa.select(Event.facts).where(Event.kind == "nieuwe_datum")).all()
    assert told == [{"promised_on": "2026-04-29"}], "the bericht tells the date of its own event"
    assert opdracht.moves_count == 1


def test_a_shorter_term_is_never_promised_before_the_next_werkdag(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht
) -> None:
    friday = now + timedelta(days=10)
    work.hand_over(
        session, opdracht.id, HandOver(category_slug="gat-in-de-weg"), basis=on(opdracht), actor=member, now=friday
    )
    assert melding.promised_on == date(2026, 4, 28), "24 April is a Friday, Monday 27 April is Koningsdag"


def test_handing_to_a_party_is_told_as_doorgezet(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht, home: Gemeente
) -> None:
    to = HandOver(team_id=factories.team(session, home, "waterschap").id)
    work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=member, now=now)
    assert (opdracht.status, melding.status) == ("bij_partij", "doorgezet")
    assert kinds(session) == ["ontvangst", "doorgezet"]


def test_giving_back_sends_it_to_the_vangnet(
    session: Session, now: datetime, member: Actor, opdracht: Opdracht, home: Gemeente
) -> None:
    work.give_back(session, opdracht.id, "Niet van ons.", basis=on(opdracht), actor=member, now=now)
    assert opdracht.team_id == factories.team(session, home, "kcc").id and opdracht.status == "nieuw"


def test_a_question_pauses_the_term_and_the_answer_ends_the_pause(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht, home: Gemeente
) -> None:
    due = opdracht.due_at
    work.ask_melder(session, opdracht.id, "Bij welk huisnummer?", basis=on(opdracht), actor=member, now=now)
    assert (opdracht.status, melding.status) == ("wacht_op_melder", "wacht_op_melder")
    feedback.add_supplement(session, melding, "Bij nummer 12.", actor=member, now=now + timedelta(days=2))
    assert (opdracht.status, melding.status) == ("nieuw", "ontvangen")
    assert opdracht.due_at == due + timedelta(days=2) and opdracht.paused_days == 2
    assert melding.promised_on == date(2026, 4, 23), "the promise waited as long as the term"
    assert kinds(session)[-1] == "vertraagd"
    to = HandOver(team_id=factories.team(session, home, "groen").id)
    work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=member, now=now + timedelta(days=2))
    assert opdracht.due_at == due + timedelta(days=2), "and is not counted twice"


@pytest.mark.parametrize("left", [None, {"name": "Bo, zonder adres"}])
def test_nobody_to_ask_is_said(
    session: Session, now: datetime, member: Actor, home: Gemeente, left: dict[str, str] | None
) -> None:
    silent = opdracht_of(session, factories.melding(session, now=now, contact=left))
    with pytest.raises(Conflict):
        work.ask_melder(session, silent.id, "Waar?", basis=on(silent), actor=member, now=now)


def test_a_day_that_is_over_is_refused(session: Session, now: datetime, member: Actor, opdracht: Opdracht) -> None:
    with pytest.raises(InvalidInput):
        work.plan(session, opdracht.id, date(2026, 4, 13), basis=on(opdracht), actor=member, now=now)


def test_two_opdrachten_on_one_melding(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht, home: Gemeente
) -> None:
    split = Split("gras-te-hoog", place=(4.701, 52.661), reason="Er is ook gras.")
    _, second = joining.split_opdracht(session, opdracht.id, split, basis=on(opdracht), actor=member, now=now)
    assert second is not None and second.split_from_id == opdracht.id
    assert melding.promised_on == date(2026, 4, 29), "the latest of its opdrachten"
    closure.close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=on(opdracht), actor=member, now=now)
    assert melding.status == "in_behandeling"
    green = factories.medewerker(session, home, TEAM, team_slug="groen")
    closure.close_opdracht(session, second.id, NewClosure("opgelost"), basis=on(second), actor=green, now=now)
    assert melding.status == "afgehandeld"
    assert [k for k in kinds(session) if k != "vertraagd"] == ["ontvangst", "deels_klaar", "gereed"]


def test_a_melding_with_a_part_that_is_not_solved_does_not_end_as_solved(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht, home: Gemeente
) -> None:
    split = Split("gras-te-hoog", place=(4.701, 52.661), reason="Er is ook gras.")
    _, second = joining.split_opdracht(session, opdracht.id, split, basis=on(opdracht), actor=member, now=now)
    assert second is not None
    no = NewClosure("niet_opgelost", sentence="De tegel is van de buren.")
    closure.close_opdracht(session, opdracht.id, no, basis=on(opdracht), actor=member, now=now)
    green = factories.medewerker(session, home, TEAM, team_slug="groen")
    closure.close_opdracht(session, second.id, NewClosure("opgelost"), basis=on(second), actor=green, now=now)
    assert kinds(session)[-1] == "niet_opgelost"


def test_a_closing_that_did_not_hold_no_longer_counts(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht, home: Gemeente
) -> None:
    no = NewClosure("niet_opgelost", sentence="Wij zagen niets.")
    closure.close_opdracht(session, opdracht.id, no, basis=on(opdracht), actor=member, now=now)
    melder = Actor("melder", melding_id=melding.id, roles={home.id: frozenset()})
    again = feedback.reopen_melding(session, melding, words="Het ligt er nog.", actor=melder, now=now)
    chief = factories.medewerker(session, home, COORDINATOR)
    closure.close_opdracht(session, again.id, NewClosure("opgelost"), basis=on(again), actor=chief, now=now)
    assert kinds(session)[-3:] == ["niet_opgelost", "heropend", "gereed"]


def test_join_and_undo(session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht) -> None:
    twin_melding = factories.melding(session, now=now)
    twin = opdracht_of(session, twin_melding)
    joining.join_opdracht(session, twin.id, opdracht.id, basis=on(twin), actor=member, now=now)
    assert twin.status == "vervallen"
    scope = [opdracht.gemeente_id]
    assert [m.id for m in meldingen_of(session, opdracht.id, scope=scope)] == [melding.id, twin_melding.id]
    assert opdracht.priority == 101
    alone = joining.undo_join(session, twin_melding.id, opdracht.id, actor=member, now=now)
    assert [m.id for m in meldingen_of(session, alone.id, scope=scope)] == [twin_melding.id]
    with pytest.raises(Conflict):
        joining.undo_join(session, melding.id, opdracht.id, actor=member, now=now)
    with pytest.raises(InvalidInput):
        joining.join_opdracht(session, opdracht.id, opdracht.id, basis=on(opdracht), actor=member, now=now)


def test_only_the_coordinator_closes_as_overgedragen(
    session: Session, now: datetime, member: Actor, melding: Melding, opdracht: Opdracht, home: Gemeente
) -> None:
    gone = NewClosure("overgedragen", partner="Waterschap, 088 000 00 00")
    with pytest.raises(Forbidden):
        closure.close_opdracht(session, opdracht.id, gone, basis=on(opdracht), actor=member, now=now)
    chief = factories.medewerker(session, home, COORDINATOR)
    closure.close_opdracht(session, opdracht.id, gone, basis=on(opdracht), actor=chief, now=now)
    assert kinds(session)[-1] == "overgedragen"


def test_every_mistake_of_a_closing_at_once(session: Session, now: datetime, member: Actor, opdracht: Opdracht) -> None:
    with pytest.raises(InvalidInput) as refused:
        wrong = NewClosure("klaar", "x" * 501)
        closure.close_opdracht(session, opdracht.id, wrong, basis=on(opdracht), actor=member, now=now)
    assert {f.field for f in refused.value.fields} == {"uitkomst", "zin"}
    with pytest.raises(InvalidInput):
        closure.close_opdracht(
            session, opdracht.id, NewClosure("niet_opgelost"), basis=on(opdracht), actor=member, now=now
        )

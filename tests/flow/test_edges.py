"""The corners of the flow where something could be lost: leaving, joining, splitting and asking, in odd orders."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import COORDINATOR, KCC, TEAM, Actor
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput
from meldingen.flow import closure, feedback, joining, routing, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.joining import Split
from meldingen.flow.status import Basis
from meldingen.flow.work import HandOver
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import history_of, notes_of
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht, opdracht_ids_of
from tests import factories
from tests.factories import opdracht_of


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def member(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, TEAM, team_slug="serviceteam")


@pytest.fixture
def chief(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, COORDINATOR)


def melder(of: Melding) -> Actor:
    return Actor(kind="melder", melding_id=of.id, roles={of.gemeente_id: frozenset()})


def on(opdracht: Opdracht) -> Basis:
    return Basis(version=opdracht.version)


def kinds(session: Session, of: Melding) -> list[str]:
    query = sa.select(Notice.kind).where(Notice.melding_id == of.id).order_by(Notice.id)
    return list(session.scalars(query))


def alarms(session: Session) -> int:
    return session.scalar(sa.select(sa.func.count()).select_from(Notice).where(Notice.kind == "alarm")) or 0


def leave(session: Session, of: Melding, now: datetime) -> str:
    return feedback.withdraw_melding(session, of, reason="", actor=melder(of), now=now)


def test_a_hand_over_to_a_team_that_is_not_there_is_refused(
    session: Session, now: datetime, member: Actor, home: Gemeente
) -> None:
    opdracht = opdracht_of(session, factories.melding(session, now=now))
    with pytest.raises(InvalidInput, match="onbekend"):
        to = HandOver(team_id=999_999_999_999)
        work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=member, now=now)


def test_a_split_of_work_that_nobody_waits_for_keeps_its_place(
    session: Session, now: datetime, chief: Actor, home: Gemeente
) -> None:
    made = factories.melding(session, now=now, category_slug="losse-tegel")
    opdracht = opdracht_of(session, made)
    work.take_up(session, opdracht.id, basis=on(opdracht), actor=chief, now=now)
    leave(session, made, now)
    feedback.decide_withdrawal(session, made, opdracht.id, granted=True, actor=chief, now=now)
    split = Split("gras-te-hoog")
    _, second = joining.split_opdracht(session, opdracht.id, split, basis=on(opdracht), actor=chief, now=now)
    assert second is not None and second.received_at == opdracht.received_at and second.due_at > now


def test_danger_withdrawn_before_routing_still_becomes_work(session: Session, now: datetime, home: Gemeente) -> None:
    made = factories.melding(session, now=now, danger=True, route=False, contact={"email": "bo@example.nl"})
    assert leave(session, made, now) == "ingetrokken"
    routing.route_melding(session, made.id, gemeente_id=home.id, now=now)
    opdracht = opdracht_of(session, made)
    assert (made.status, opdracht.danger, opdracht.status) == ("ingetrokken", True, "nieuw")
    assert opdracht.due_at > now and alarms(session) == 1
    assert kinds(session, made) == ["ontvangst", "ingetrokken"]


def test_joining_work_without_meldingen_takes_its_danger_along(
    session: Session, now: datetime, chief: Actor, home: Gemeente
) -> None:
    first = factories.melding(session, now=now, danger=True)
    second = factories.melding(session, now=now)
    danger, calm = opdracht_of(session, first), opdracht_of(session, second)
    third = factories.melding(session, now=now, same_as=str(danger.id))
    leave(session, first, now)  # shared, so the dangerous one leaves and the calm one stays
    assert opdracht_ids_of(session, [third.id], scope=[home.id]) == [danger.id]
    before = alarms(session)
    joining.join_opdracht(session, danger.id, calm.id, basis=on(danger), actor=chief, now=now)
    assert (calm.danger, calm.urgency, alarms(session)) == (True, "spoed", before + 1)


def test_undoing_the_join_of_danger_calms_the_rest(
    session: Session, now: datetime, chief: Actor, home: Gemeente
) -> None:
    calm = factories.melding(session, now=now)
    opdracht = opdracht_of(session, calm)
    wild = factories.melding(session, now=now, danger=True, same_as=str(opdracht.id))
    assert opdracht.urgency == "spoed"
    own = joining.undo_join(session, wild.id, opdracht.id, actor=chief, now=now)
    assert (own.danger, own.urgency) == (True, "spoed")
    assert (opdracht.danger, opdracht.urgency) == (False, "normaal")


def test_a_join_of_two_parts_of_one_melding_tells_its_status(
    session: Session, now: datetime, chief: Actor, home: Gemeente
) -> None:
    made = factories.melding(session, now=now)
    first = opdracht_of(session, made)
    _, second = joining.split_opdracht(session, first.id, Split("gras-te-hoog"), basis=on(first), actor=chief, now=now)
    assert second is not None
    work.take_up(session, second.id, basis=on(second), actor=chief, now=now)
    assert made.status == "in_behandeling"
    joining.join_opdracht(session, second.id, first.id, basis=on(second), actor=chief, now=now)
    assert (made.status, made.term_days) == ("ontvangen", 5)


def test_who_closed_it_does_not_join_the_reopened_work_to_his_own(
    session: Session, now: datetime, member: Actor, chief: Actor, home: Gemeente
) -> None:
    made = factories.melding(session, now=now)
    closed = opdracht_of(session, made)
    closure.close_opdracht(session, closed.id, NewClosure("opgelost"), basis=on(closed), actor=member, now=now)
    again = feedback.reopen_melding(session, made, words="Nee.", actor=melder(made), now=now)
    to = HandOver(team_id=closed.team_id)
    work.hand_over(session, again.id, to, basis=on(again), actor=chief, now=now)
    own = opdracht_of(session, factories.melding(session, now=now))
    with pytest.raises(Forbidden, match="andere_ogen"):
        joining.join_opdracht(session, again.id, own.id, basis=on(again), actor=member, now=now)
    with pytest.raises(Forbidden, match="andere_ogen"):
        work.plan(session, again.id, date(2026, 4, 16), basis=on(again), actor=member, now=now)


@pytest.mark.parametrize("ended", ["withdrawn", "closed", "referred"])
def test_the_kcc_adds_no_caller_whose_melding_has_ended(
    session: Session, now: datetime, member: Actor, home: Gemeente, ended: str
) -> None:
    agent = factories.medewerker(session, home, KCC)
    made = factories.melding(session, now=now)
    own = opdracht_of(session, made)
    into = opdracht_of(session, factories.melding(session, now=now))
    if ended == "withdrawn":
        leave(session, made, now)
    elif ended == "closed":
        closure.close_opdracht(session, own.id, NewClosure("opgelost"), basis=on(own), actor=member, now=now)
    else:
        made.referred_to, made.status = "Elders", "doorverwezen"
    before = made.status
    with pytest.raises(Conflict):
        joining.add_to_opdracht(session, made.id, into.id, actor=agent, now=now)
    assert made.status == before


def test_the_kcc_does_not_let_planned_work_lapse(
    session: Session, now: datetime, member: Actor, home: Gemeente
) -> None:
    agent = factories.medewerker(session, home, KCC)
    made = factories.melding(session, now=now)
    own = opdracht_of(session, made)
    into = opdracht_of(session, factories.melding(session, now=now))
    work.plan(session, own.id, date(2026, 4, 16), basis=on(own), actor=member, now=now)
    with pytest.raises(Conflict, match="al_begonnen"):
        joining.add_to_opdracht(session, made.id, into.id, actor=agent, now=now)


def test_a_request_to_withdraw_ends_with_the_work(
    session: Session, now: datetime, member: Actor, home: Gemeente
) -> None:
    made = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, made)
    work.take_up(session, opdracht.id, basis=on(opdracht), actor=member, now=now)
    assert leave(session, made, now) == "gevraagd"
    closure.close_opdracht(session, opdracht.id, NewClosure("opgelost"), basis=on(opdracht), actor=member, now=now)
    with pytest.raises(Conflict, match="geen_verzoek"):
        feedback.decide_withdrawal(session, made, opdracht.id, granted=True, actor=member, now=now)
    assert made.status == "afgehandeld" and kinds(session, made) == ["ontvangst", "gereed"]


def test_another_day_is_told_too(session: Session, now: datetime, member: Actor, home: Gemeente) -> None:
    made = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, made)
    for day in (16, 16, 20):
        work.plan(session, opdracht.id, date(2026, 4, day), basis=on(opdracht), actor=member, now=now)
    assert kinds(session, made) == ["ontvangst", "ingepland", "ingepland"]


def test_an_answer_puts_planned_work_back_on_its_day(
    session: Session, now: datetime, member: Actor, home: Gemeente
) -> None:
    made = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, made)
    work.plan(session, opdracht.id, date(2026, 4, 16), basis=on(opdracht), actor=member, now=now)
    work.ask_melder(session, opdracht.id, "Welk huisnummer?", basis=on(opdracht), actor=member, now=now)
    feedback.add_supplement(session, made, "Nummer 12.", actor=melder(made), now=now)
    assert (opdracht.status, opdracht.planned_on, made.status) == ("ingepland", date(2026, 4, 16), "ingepland")
    told = history_of(session, opdracht_ids=[opdracht.id], scope=[home.id])[-1]
    assert (told.kind, told.facts["status"], told.facts["version"]) == ("beantwoord", "ingepland", opdracht.version)


def test_only_the_one_who_was_asked_answers(session: Session, now: datetime, member: Actor, home: Gemeente) -> None:
    asked = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, asked)
    other = factories.melding(session, now=now, same_as=str(opdracht.id))
    work.ask_melder(session, opdracht.id, "Welk huisnummer?", basis=on(opdracht), actor=member, now=now)
    feedback.add_supplement(session, other, "Het ligt er nog.", actor=melder(other), now=now)
    assert opdracht.status == "wacht_op_melder"
    feedback.add_supplement(session, asked, "Nummer 12.", actor=melder(asked), now=now)
    assert opdracht.status == "nieuw"


def test_when_the_one_who_was_asked_leaves_nobody_waits(
    session: Session, now: datetime, member: Actor, home: Gemeente
) -> None:
    asked = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, asked)
    other = factories.melding(session, now=now, same_as=str(opdracht.id))
    work.ask_melder(session, opdracht.id, "Welk huisnummer?", basis=on(opdracht), actor=member, now=now)
    assert leave(session, asked, now) == "ingetrokken"
    assert (opdracht.status, opdracht.paused_at, other.status) == ("nieuw", None, "ontvangen")


def test_the_last_closing_counts_also_when_another_was_reported_later(
    session: Session, now: datetime, chief: Actor, home: Gemeente
) -> None:
    made = factories.melding(session, now=now)
    first = opdracht_of(session, made)
    _, second = joining.split_opdracht(session, first.id, Split("gras-te-hoog"), basis=on(first), actor=chief, now=now)
    assert second is not None
    done, end = NewClosure("opgelost"), now + timedelta(hours=5)
    closure.close_opdracht(session, first.id, done, basis=on(first), actor=chief, now=end)
    waited = Basis(version=1, operation_id="wachtte", device_at=now + timedelta(hours=2))
    closure.close_opdracht(session, second.id, done, basis=waited, actor=chief, now=end + timedelta(hours=1))
    assert made.closed_at == end


def test_a_shorter_term_is_no_delay(session: Session, now: datetime, chief: Actor, home: Gemeente) -> None:
    made = factories.melding(session, now=now, category_slug="gras-te-hoog", contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, made)
    promised = made.promised_on
    to = HandOver(category_slug="losse-tegel")
    work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=chief, now=now)
    assert made.promised_on < promised
    assert kinds(session, made) == ["ontvangst"]


def test_work_with_a_new_category_is_due_when_its_melder_was_promised(
    session: Session, now: datetime, chief: Actor, home: Gemeente
) -> None:
    made = factories.melding(session, now=now, category_slug="gras-te-hoog")
    opdracht = opdracht_of(session, made)
    later = now + timedelta(days=9)  # a Thursday; three werkdagen after the receipt have long passed
    to = HandOver(category_slug="gat-in-de-weg")
    work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=chief, now=later)
    assert made.promised_on == date(2026, 4, 24)
    assert opdracht.due_at > later


def test_what_a_phone_said_is_kept_when_the_work_went_to_another_team(
    session: Session, now: datetime, member: Actor, chief: Actor, home: Gemeente
) -> None:
    opdracht = opdracht_of(session, factories.melding(session, now=now))
    to = HandOver(team_id=factories.team(session, home, "groen").id)
    work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=chief, now=now)
    said = NewClosure("opgelost", "De tegel ligt weer recht.")
    waited = Basis(version=1, operation_id="wachtte", device_at=now)
    done = closure.close_opdracht(session, opdracht.id, said, basis=waited, actor=member, now=now)
    assert done.refused is not None and done.refused.code == "ander_team"
    kept = notes_of(session, opdracht_ids=[opdracht.id], scope=[home.id])
    assert [(n.kind, n.text) for n in kept] == [("weigering", "De tegel ligt weer recht.")]
    stranger = factories.medewerker(session, home, TEAM, team_slug="piket")
    with pytest.raises(Forbidden, match="ander_team"):
        closure.close_opdracht(session, opdracht.id, said, basis=waited, actor=stranger, now=now)


@pytest.mark.parametrize("same", ["public", "private", "private_melding"])
def test_a_stranger_joins_only_what_he_could_have_seen(
    session: Session, now: datetime, chief: Actor, home: Gemeente, same: str
) -> None:
    factories.category(session, home, "drugs", public=False)
    facts: dict[str, Any] = {"category_slug": "drugs"} if same != "public" else {}
    opdracht = opdracht_of(session, factories.melding(session, now=now, **facts))
    if same == "private_melding":
        to = HandOver(category_slug="losse-tegel")
        work.hand_over(session, opdracht.id, to, basis=on(opdracht), actor=chief, now=now)
    if same == "public":
        factories.melding(session, now=now, same_as=str(opdracht.id))
        return
    with pytest.raises(InvalidInput, match="onbekend"):
        factories.melding(session, now=now, same_as=str(opdracht.id))
    agent = factories.medewerker(session, home, KCC)
    made = factories.melding(session, now=now, actor=agent, intake_channel="telefoon", join_opdracht_id=opdracht.id)
    assert opdracht_of(session, made) is opdracht


def test_a_reason_that_is_no_code_is_refused(session: Session, now: datetime, member: Actor, home: Gemeente) -> None:
    opdracht = opdracht_of(session, factories.melding(session, now=now))
    with pytest.raises(InvalidInput, match="onbekend"):
        said = NewClosure("niet_opgelost", "Het hoort zo.", reason="Jan Jansen, 06 12345678")
        closure.close_opdracht(session, opdracht.id, said, basis=on(opdracht), actor=member, now=now)


def test_every_lapse_has_its_event(session: Session, now: datetime, home: Gemeente) -> None:
    made = factories.melding(session, now=now)
    opdracht = opdracht_of(session, made)
    leave(session, made, now)
    told = history_of(session, opdracht_ids=[opdracht.id], scope=[home.id])[-1]
    assert (told.kind, told.facts["status"]) == ("melder_weg", "vervallen")
    assert told.actor == f"melder:{made.id}"

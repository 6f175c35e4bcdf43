"""The melder's last word: withdrawing and "niet opgelost" (KLANTREIS Reopening, Withdrawing)."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain import deadlines
from meldingen.domain.actor import COORDINATOR, TEAM, Actor
from meldingen.domain.errors import Conflict, Forbidden
from meldingen.flow import closure, feedback, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht, melding_ids_of
from meldingen.store.outbox import OutboxEntry
from tests import factories
from tests.factories import opdracht_of


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def member(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, TEAM, team_slug="serviceteam")


def melder(of: Melding) -> Actor:
    return Actor(kind="melder", melding_id=of.id, roles={of.gemeente_id: frozenset()})


def close(session: Session, opdracht: Opdracht, actor: Actor, now: datetime) -> None:
    closure.close_opdracht(
        session, opdracht.id, NewClosure("opgelost"), basis=Basis(version=opdracht.version), actor=actor, now=now
    )


def test_withdrawing_before_work_takes_it_off_all_lists(session: Session, now: datetime, home: Gemeente) -> None:
    made = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, made)
    assert feedback.withdraw_melding(session, made, reason="", actor=melder(made), now=now) == "ingetrokken"
    assert feedback.withdraw_melding(session, made, reason="", actor=melder(made), now=now) == "ingetrokken"
    assert (made.status, opdracht.status) == ("ingetrokken", "vervallen")
    assert session.scalars(sa.select(Notice.kind).order_by(Notice.id)).all() == ["ontvangst", "ingetrokken"]


def test_after_work_started_the_team_decides(session: Session, now: datetime, member: Actor) -> None:
    made = factories.melding(session, now=now)
    opdracht = opdracht_of(session, made)
    work.take_up(session, opdracht.id, basis=Basis(version=1), actor=member, now=now)
    assert feedback.withdraw_melding(session, made, reason="Al weg.", actor=melder(made), now=now) == "gevraagd"
    assert made.status == "in_behandeling" and made.flags == ["intrekking_gevraagd"]


def test_on_a_shared_opdracht_only_this_melder_leaves(session: Session, now: datetime, member: Actor) -> None:
    first = factories.melding(session, now=now)
    opdracht = opdracht_of(session, first)
    second = factories.melding(session, now=now, same_as=str(opdracht.id))
    work.take_up(session, opdracht.id, basis=Basis(version=opdracht.version), actor=member, now=now)
    assert feedback.withdraw_melding(session, first, reason="", actor=melder(first), now=now) == "ingetrokken"
    assert opdracht.status == "opgepakt" and second.status == "in_behandeling"
    assert melding_ids_of(session, [opdracht.id], scope=[opdracht.gemeente_id]) == [second.id]


def test_with_danger_the_person_goes_and_the_work_stays(session: Session, now: datetime, home: Gemeente) -> None:
    made = factories.melding(session, now=now, danger=True, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, made)
    assert feedback.withdraw_melding(session, made, reason="", actor=melder(made), now=now) == "ingetrokken"
    assert opdracht.status == "nieuw"
    rows = session.execute(
        sa.select(OutboxEntry.topic, OutboxEntry.order_key)
        .where(OutboxEntry.order_key == f"melding:{made.id}")
        .order_by(OutboxEntry.id)
    ).all()
    assert [r[0] for r in rows] == ["bericht", "bericht", "onderhoud"], "the last word goes out before the data go"


def test_niet_opgelost_is_a_new_opdracht_for_this_melding_alone(
    session: Session, now: datetime, member: Actor, home: Gemeente
) -> None:
    first = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, first)
    other = factories.melding(session, now=now, same_as=str(opdracht.id))
    close(session, opdracht, member, now)
    again = feedback.reopen_melding(session, first, words="De tegel ligt weer los.", actor=melder(first), now=now)
    assert (first.status, other.status) == ("heropend", "afgehandeld")
    assert again.reopened_from_id == opdracht.id and again.team_id == factories.team(session, home, "kcc").id
    chief = factories.medewerker(session, home, COORDINATOR)
    work.hand_over(
        session, again.id, work.HandOver(team_id=opdracht.team_id), basis=Basis(version=1), actor=chief, now=now
    )
    with pytest.raises(Forbidden, match="andere_ogen"):
        close(session, again, member, now)
    assert session.scalars(sa.select(Notice.kind).order_by(Notice.id)).all() == ["ontvangst", "gereed", "heropend"]


def test_reopening_is_a_new_promise_from_today(session: Session, now: datetime, member: Actor) -> None:
    made = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    close(session, opdracht_of(session, made), member, now)
    later = now + timedelta(days=20)
    again = feedback.reopen_melding(session, made, words="", actor=melder(made), now=later)
    assert made.promised_on == date(2026, 5, 11) and made.first_promised_on == date(2026, 4, 21)
    assert deadlines.last_day_of(again.due_at) == made.promised_on


def test_reopening_has_its_time(session: Session, now: datetime, member: Actor) -> None:
    made = factories.melding(session, now=now)
    with pytest.raises(Conflict):
        feedback.reopen_melding(session, made, words="", actor=melder(made), now=now)
    close(session, opdracht_of(session, made), member, now)
    with pytest.raises(Conflict):
        feedback.reopen_melding(session, made, words="", actor=melder(made), now=now + timedelta(days=31))
    with pytest.raises(Conflict):
        feedback.withdraw_melding(session, made, reason="", actor=melder(made), now=now)

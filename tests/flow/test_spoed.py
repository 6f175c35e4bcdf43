"""Danger that nobody accepts rings again, then reaches melder and coordinator; and danger that is gone."""

from datetime import datetime, time, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.domain.actor import COORDINATOR, PIKET, TEAM, Actor
from meldingen.domain.deadlines import at_local, end_of, local_day, promised_on
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput
from meldingen.flow import closure, feedback, spoed, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.routing import route_melding
from meldingen.flow.status import Basis
from meldingen.store.ending import last_end
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.task import Task
from tests import factories
from tests.factories import opdracht_of


class Night:
    """A committed melding of danger, and its clock."""

    def __init__(self, engine: sa.Engine, now: datetime) -> None:
        self.engine, self.now = engine, now
        with db.transaction(engine) as session:
            self.home: Gemeente = factories.gemeente(session)
            self.member: Actor = factories.medewerker(session, self.home, TEAM, team_slug="groen")
            facts = {"category_slug": "boom-omgevallen", "danger": True, "contact": {"email": "bo@example.nl"}}
            self.melding: Melding = factories.melding(session, now=now, **facts)
            self.id = opdracht_of(session, self.melding).id

    def after(self, minutes: float) -> tuple[int, int, list[tuple[str, str]]]:
        """The clock so many minutes after the melding, twice: alarms rung, "bel ons nu", the coordinator's items."""
        for _ in range(2):
            spoed.mind_alarms(self.engine, now=self.now + timedelta(minutes=minutes))
        with Session(self.engine) as session:
            kinds = list(session.scalars(sa.select(Notice.kind)))
            tasks = [(t.kind, t.status) for t in session.scalars(sa.select(Task))]
            return kinds.count("alarm"), kinds.count("bel_ons_nu"), tasks


def test_an_alarm_rings_until_somebody_accepts(committed_engine: sa.Engine, now: datetime) -> None:
    night = Night(committed_engine, now)
    assert night.after(4.9) == (1, 0, [])
    assert night.after(5) == (2, 0, []) and night.after(6)[0] == 2
    assert night.after(14.5)[0] == 3, "the clock was down at nine: one alarm says it all"
    item = ("spoed_niet_opgepakt", "open")
    assert night.after(15) == (4, 1, [item]) and night.after(20) == (5, 1, [item])
    with db.transaction(committed_engine) as session:
        later = now + timedelta(minutes=21)
        work.take_up(session, night.id, basis=Basis(version=1), actor=night.member, now=later)
    assert night.after(60) == (5, 1, [("spoed_niet_opgepakt", "klaar")])


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


def kinds(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Notice.kind).where(Notice.melding_id.is_not(None)).order_by(Notice.id)))


def test_danger_that_is_gone_is_ordinary_work(session: Session, home: Gemeente, now: datetime) -> None:
    evening = now + timedelta(hours=12)
    member = factories.medewerker(session, home, PIKET, team_slug="piket")
    made = factories.melding(session, now=evening, danger=True, contact={"email": "bo@example.nl"})
    opdracht = opdracht_of(session, made)
    assert opdracht.team_id == factories.team(session, home, "piket").id
    work.take_up(session, opdracht.id, basis=Basis(version=1), actor=member, now=evening)
    promised, later = made.promised_on, evening + timedelta(hours=1)
    spoed.make_safe(session, opdracht.id, "Lint eromheen.", basis=Basis(version=2), actor=member, now=later)
    assert (opdracht.danger, opdracht.urgency, opdracht.status) == (False, "normaal", "nieuw")
    assert opdracht.team_id == factories.team(session, home, "serviceteam").id and opdracht.taken_up_at is None
    assert kinds(session) == ["ontvangst", "veiliggesteld"]
    assert made.promised_on == promised, "made safe on the day of receipt: the term ends on the same day"
    boss = factories.medewerker(session, home, COORDINATOR)
    with pytest.raises(Conflict):
        spoed.make_safe(session, opdracht.id, "", basis=Basis(version=3), actor=boss, now=later)


def test_the_normal_term_counts_from_when_it_was_safe(session: Session, home: Gemeente, now: datetime) -> None:
    boss = factories.medewerker(session, home, COORDINATOR)
    made = factories.melding(session, now=now, danger=True, contact={"email": "bo@example.nl"})
    other = factories.melding(session, now=now, danger=True)
    opdracht, late = opdracht_of(session, made), opdracht_of(session, other)
    term, first = made.term_days, made.promised_on
    safe_at = now + timedelta(days=7)
    other.promised_on = local_day(now) + timedelta(days=90)
    late.due_at = end_of(other.promised_on)
    for one in (opdracht, late):
        spoed.make_safe(session, one.id, "", basis=Basis(version=one.version), actor=boss, now=safe_at)
    assert made.promised_on == promised_on(safe_at, term) > first and made.first_promised_on == first
    assert opdracht.due_at == end_of(made.promised_on)
    assert (other.promised_on, late.due_at) == (local_day(now) + timedelta(days=90), end_of(other.promised_on))
    closed_at = at_local(made.promised_on, time(12))
    how = NewClosure("opgelost")
    closure.close_opdracht(session, opdracht.id, how, basis=Basis(version=opdracht.version), actor=boss, now=closed_at)
    end = last_end(session, made.id, scope=[home.id])
    assert end is not None and end.in_term and end.spoed and end.werkdagen > term, "the repair was on time"


def test_a_day_team_keeps_what_it_made_safe(session: Session, home: Gemeente, now: datetime) -> None:
    member = factories.medewerker(session, home, TEAM, team_slug="groen")
    opdracht = opdracht_of(session, factories.melding(session, now=now, category_slug="boom-omgevallen"))
    spoed.make_safe(session, opdracht.id, "", basis=Basis(version=1), actor=member, now=now)
    assert (opdracht.urgency, opdracht.status, opdracht.team_id) == ("hoog", "nieuw", next(iter(member.team_ids)))


@pytest.fixture
def reopened(session: Session, home: Gemeente, now: datetime) -> tuple[Melding, Opdracht, Actor]:
    """A melding that a coordinator closed and its melder reopened, its new opdracht, and that coordinator."""
    boss = factories.medewerker(session, home, COORDINATOR)
    made = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    first = opdracht_of(session, made)
    closure.close_opdracht(session, first.id, NewClosure("opgelost"), basis=Basis(version=1), actor=boss, now=now)
    again = feedback.reopen_melding(session, made, words="Nog los.", actor=boss, now=now + timedelta(days=1))
    return made, again, boss


def test_a_reopened_melding_stays_closed_by_other_eyes(
    session: Session, home: Gemeente, reopened: tuple[Melding, Opdracht, Actor], now: datetime
) -> None:
    made, again, boss = reopened
    closed_at, later = now, now + timedelta(days=2)
    other = factories.medewerker(session, home, COORDINATOR, username="tweede")
    version = Basis(version=1)
    with pytest.raises(Forbidden):
        feedback.keep_closed(session, again.id, "Het is goed.", basis=version, actor=boss, now=later)
    with pytest.raises(InvalidInput):
        feedback.keep_closed(session, again.id, " ", basis=version, actor=other, now=later)
    feedback.keep_closed(session, again.id, "Wij zagen dat de tegel vast ligt.", basis=version, actor=other, now=later)
    assert (again.status, made.status, made.closed_at) == ("vervallen", "afgehandeld", closed_at)
    assert kinds(session) == ["ontvangst", "gereed", "heropend", "blijft_gesloten"]
    with pytest.raises(Conflict) as refused:
        feedback.reopen_melding(session, made, words="Toch niet.", actor=boss, now=later)
    assert refused.value.code == "blijft_gesloten" and home.phone in refused.value.detail


def test_only_what_was_reopened_can_stay_closed(session: Session, home: Gemeente, now: datetime) -> None:
    opdracht = opdracht_of(session, factories.melding(session, now=now))
    boss = factories.medewerker(session, home, COORDINATOR)
    with pytest.raises(Conflict):
        feedback.keep_closed(session, opdracht.id, "Nee.", basis=Basis(version=1), actor=boss, now=now)


def test_a_question_goes_to_who_can_hear_it(session: Session, home: Gemeente, now: datetime) -> None:
    member = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
    silent = factories.melding(session, now=now)
    opdracht = opdracht_of(session, silent)
    with pytest.raises(Conflict):
        work.ask_melder(session, opdracht.id, "Waar?", basis=Basis(version=1), actor=member, now=now)
    others = []
    for name in ("an", "bo"):
        one = factories.melding(session, now=now, route=False, contact={"email": f"{name}@example.nl"})
        one.same_as_opdracht_id = opdracht.id
        route_melding(session, one.id, gemeente_id=home.id, now=now)
        others.append(one)
    others[0].flags = ["niet_bereikbaar"]
    session.flush()
    assert work.who_can_be_asked(session, [silent, *others]) == [others[1], others[0]]
    who = {"basis": Basis(version=1), "actor": member, "now": now}
    with pytest.raises(Conflict):
        work.ask_melder(session, opdracht.id, "Waar?", melding_id=silent.id, **who)  # type: ignore[arg-type]
    work.ask_melder(session, opdracht.id, "Waar?", melding_id=others[0].id, **who)  # type: ignore[arg-type]
    asked = session.scalars(sa.select(Notice).where(Notice.kind == "vraag")).one()
    assert asked.melding_id == others[0].id

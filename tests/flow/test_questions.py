"""A question to a melder: repeated after three werkdagen, given up after five (KLANTREIS Terms)."""

from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.domain.actor import TEAM, Actor
from meldingen.flow import questions, work
from meldingen.flow.status import Basis
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from tests import factories
from tests.factories import opdracht_of


class Asked:
    """A committed melding whose melder was asked something on Tuesday 14 April; Koningsdag is Monday the 27th."""

    def __init__(self, engine: sa.Engine, now: datetime, *, planned_on: date | None = None) -> None:
        self.engine, self.now = engine, now
        with db.transaction(engine) as session:
            home: Gemeente = factories.gemeente(session)
            self.member: Actor = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
            self.melding: Melding = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
            found = opdracht_of(session, self.melding)
            self.id, self.due_at = found.id, found.due_at
            if planned_on is not None:
                work.plan(session, self.id, planned_on, basis=Basis(version=1), actor=self.member, now=now)
            basis = Basis(version=found.version)
            work.ask_melder(session, self.id, "Welk huisnummer?", basis=basis, actor=self.member, now=now)

    def mind(self, days: float) -> Opdracht:
        """The clock after so many days, twice, since it may come twice; the opdracht after it."""
        for _ in range(2):
            questions.mind_questions(self.engine, now=self.now + timedelta(days=days))
        with Session(self.engine) as session:
            return session.get_one(Opdracht, self.id)

    def count(self, kind: str) -> int:
        """How many berichten of a kind the melder is owed."""
        with Session(self.engine) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Notice).where(Notice.kind == kind)) or 0

    def events(self, kind: str) -> int:
        """How many events of a kind there are."""
        with Session(self.engine) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Event).where(Event.kind == kind)) or 0


@pytest.fixture
def asked(committed_engine: sa.Engine, now: datetime) -> Asked:
    return Asked(committed_engine, now)


def test_a_question_is_repeated_once_and_then_given_up(asked: Asked) -> None:
    assert asked.mind(2.9).status == "wacht_op_melder" and asked.count("vraag") == 1
    assert asked.mind(3.1).status == "wacht_op_melder" and asked.count("vraag") == 2  # Friday after nine
    assert asked.mind(6.9).status == "wacht_op_melder" and asked.count("vraag") == 2  # Tuesday, the fifth werkdag
    after = asked.mind(7)  # the wait ends with that day
    assert after.status == "wacht_op_melder"
    after = asked.mind(7.7)
    assert (after.status, after.paused_at, after.paused_days) == ("nieuw", None, 5)
    assert after.due_at > asked.due_at and asked.count("vraag") == 2
    assert asked.events("niet_beantwoord") == 1
    with Session(asked.engine) as session:
        assert session.get_one(Melding, asked.melding.id).status == "ontvangen"


def test_a_new_question_is_repeated_again(asked: Asked) -> None:
    asked.mind(3.1)
    after = asked.mind(7.7)
    with db.transaction(asked.engine) as session:
        later, basis = asked.now + timedelta(days=8), Basis(version=after.version)
        work.ask_melder(session, asked.id, "Of welke kleur?", basis=basis, actor=asked.member, now=later)
    assert asked.mind(10).status == "wacht_op_melder" and asked.count("vraag") == 3
    assert asked.mind(14.1).status == "wacht_op_melder" and asked.count("vraag") == 4


def test_planned_work_goes_back_to_its_day(committed_engine: sa.Engine, now: datetime) -> None:
    asked = Asked(committed_engine, now, planned_on=date(2026, 4, 30))
    assert asked.mind(7.7).status == "ingepland"

"""An opdracht that goes from hand to hand: the third move is a question to the coordinator (issue 5)."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import COORDINATOR, PIKET, TEAM
from meldingen.flow import spoed, work
from meldingen.flow.status import Basis
from meldingen.flow.work import HandOver
from meldingen.store import task
from meldingen.store.task import Task
from tests import factories
from tests.factories import opdracht_of


def test_the_third_move_goes_to_the_coordinator_until_somebody_takes_it_up(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    slugs = ("serviceteam", "groen")
    teams = {slug: factories.team(session, home, slug).id for slug in slugs}
    people = {teams[slug]: factories.medewerker(session, home, TEAM, team_slug=slug) for slug in slugs}
    boss = factories.medewerker(session, home, COORDINATOR)
    tossed = opdracht_of(session, factories.melding(session, now=now))

    def move(by_boss: bool = False) -> list[str]:
        to = next(number for number in people if number != tossed.team_id)
        basis, actor = Basis(version=tossed.version), boss if by_boss else people[tossed.team_id]
        work.hand_over(session, tossed.id, HandOver(team_id=to), basis=basis, actor=actor, now=now)
        return states()

    def states() -> list[str]:
        query = sa.select(Task.status).where(Task.kind == task.THIRD_MOVE, Task.opdracht_id == tossed.id)
        return list(session.scalars(query.order_by(Task.id)))

    assert move() == [] and move() == []
    assert move() == ["open"]
    assert move() == ["vervallen", "open"], "one question at a time, with the number of now"
    basis = Basis(version=tossed.version)
    work.take_up(session, tossed.id, basis=basis, actor=people[tossed.team_id], now=now)
    assert states() == ["vervallen", "klaar"]
    assert move() == ["vervallen", "klaar", "open"]
    assert move(by_boss=True) == ["vervallen", "klaar", "klaar"], "who decides is not asked"
    assert tossed.moves_count == 6


def test_the_moves_of_a_spoed_count_as_well(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    boss = factories.medewerker(session, home, COORDINATOR)
    evening = now + timedelta(hours=12)
    made = factories.melding(session, now=evening, danger=True)
    tossed = opdracht_of(session, made)
    piket = factories.medewerker(session, home, PIKET, team_slug="piket")
    assert tossed.team_id == factories.team(session, home, "piket").id
    tossed.moves_count = 2
    work.take_up(session, tossed.id, basis=Basis(version=tossed.version), actor=piket, now=evening)
    spoed.make_safe(session, tossed.id, "", basis=Basis(version=tossed.version), actor=piket, now=evening)
    kinds = sa.select(Task.kind).where(Task.opdracht_id == tossed.id, Task.status == "open")
    assert tossed.moves_count == 3 and session.scalars(kinds).all() == [task.THIRD_MOVE]
    to = HandOver(team_id=factories.team(session, home, "groen").id)
    work.hand_over(session, tossed.id, to, basis=Basis(version=tossed.version), actor=boss, now=evening)
    assert session.scalars(kinds).all() == []

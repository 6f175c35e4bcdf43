"""More of two people at once, on real connections: reopening, leaving, splitting and adding while work closes.

Each pair is let go together a few times, in either order of arrival; what must hold is the same whoever came first.
"""

from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.adapters import Adapters
from meldingen.adapters.mail import MemoryMail
from meldingen.adapters.storage import MemoryStore
from meldingen.domain.actor import COORDINATOR, KCC, Actor
from meldingen.domain.errors import DomainError
from meldingen.flow import closure, feedback, joining, routing, status, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.deliveries import Desk, begin
from meldingen.flow.joining import Split
from meldingen.flow.status import Basis
from meldingen.store.contact import Contact
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Link, Opdracht, opdrachten_of
from tests import factories
from tests.flow.berichten import SETTINGS

from .test_together import Act, World, at_once

TIMES = 2


class Crowd(World):
    """The same world with a coordinator, a KCC agent, and a check that everything still fits together."""

    def __init__(self, engine: sa.Engine, now: datetime) -> None:
        super().__init__(engine, now)
        with db.transaction(engine) as session:
            home = session.scalars(sa.select(Gemeente)).one()
            self.chief = factories.medewerker(session, home, COORDINATOR)
            self.agent = factories.medewerker(session, home, KCC)

    def melder(self, melding: Melding) -> Actor:
        return Actor(kind="melder", melding_id=melding.id, roles={melding.gemeente_id: frozenset()})

    def feedback(self, step: Any, melding: Melding, **words: str) -> Act:
        def act(session: Session) -> Any:
            mine = session.get_one(Melding, melding.id)
            return step(session, mine, actor=self.melder(melding), now=self.now, **words)

        return act

    def joined(self) -> Melding:
        """One more melding on the first opdracht."""
        with db.transaction(self.engine) as session:
            made = factories.melding(
                session, now=self.now, same_as=str(self.opdracht.id), contact={"email": "cs@example.nl"}
            )
            self.opdracht = session.get_one(Opdracht, self.opdracht.id)
        return made

    def fits(self) -> None:
        """Every status is what the opdrachten say; nobody hears an end twice, or of work that is not his."""
        with Session(self.engine) as session:
            for melding in session.scalars(sa.select(Melding)):
                linked = opdrachten_of(session, [melding.id], scope=[melding.gemeente_id])[melding.id]
                facts = [
                    status.OpdrachtFacts(o.status, o.reopened_from_id is not None, o.taken_up_at is not None)
                    for o in linked
                ]
                wanted = status.melding_status(facts, withdrawn=melding.withdrawn_at is not None)
                assert melding.status == wanted, (melding.id, melding.status, wanted)
                ends = self.notices("gereed").count(melding.id)
                assert ends == int(melding.status == "afgehandeld" or (melding.status == "heropend")), melding.id
            lapsed = sa.select(Link.id).join(Opdracht, Opdracht.id == Link.opdracht_id)
            live = lapsed.where(Link.until_at.is_(None), Opdracht.status == "vervallen")
            assert session.scalars(live).all() == []


@pytest.fixture(params=range(TIMES))
def crowd(committed_engine: sa.Engine, now: datetime) -> Crowd:
    return Crowd(committed_engine, now)


def kinds(answers: list[Any]) -> list[str]:
    return sorted(type(a).__name__ if isinstance(a, DomainError) else "ok" for a in answers)


def test_two_reopenings_are_one(crowd: Crowd) -> None:
    crowd_close(crowd)
    again = crowd.feedback(feedback.reopen_melding, crowd.melding, words="Nee.")
    assert kinds(at_once(crowd.engine, again, again)) == ["Conflict", "ok"]
    assert crowd.notices("heropend") == [crowd.melding.id]
    crowd.fits()


def test_two_melders_reopen_one_opdracht_at_once(crowd: Crowd) -> None:
    other = crowd.joined()
    crowd_close(crowd)
    acts = [crowd.feedback(feedback.reopen_melding, m, words="Nee.") for m in (crowd.melding, other)]
    assert kinds(at_once(crowd.engine, *acts)) == ["ok", "ok"]
    assert crowd.notices("heropend") == sorted([crowd.melding.id, other.id])
    crowd.fits()


def test_leaving_while_joining(crowd: Crowd) -> None:
    other, twin = crowd.another()

    def join(session: Session) -> Any:
        basis = Basis(version=1)
        return joining.join_opdracht(session, twin.id, crowd.opdracht.id, basis=basis, actor=crowd.chief, now=crowd.now)

    leave = crowd.feedback(feedback.withdraw_melding, other, reason="")
    at_once(crowd.engine, join, leave)
    assert crowd.status(other) == "ingetrokken"
    crowd.fits()


def test_letting_go_while_closing(crowd: Crowd) -> None:
    other = crowd.joined()

    def undo(session: Session) -> Any:
        return joining.undo_join(session, other.id, crowd.opdracht.id, actor=crowd.chief, now=crowd.now)

    at_once(crowd.engine, undo, crowd.close(crowd.opdracht, version=crowd.opdracht.version))
    crowd.fits()


def test_splitting_while_closing(crowd: Crowd) -> None:
    def split(session: Session) -> Any:
        basis, second = Basis(version=1), Split("gras-te-hoog")
        return joining.split_opdracht(
            session, crowd.opdracht.id, second, basis=basis, actor=crowd.member, now=crowd.now
        )

    answers = at_once(crowd.engine, split, crowd.close(crowd.opdracht))
    assert kinds(answers) == ["Stale", "ok"]
    crowd.fits()


def test_adding_words_while_closing(crowd: Crowd) -> None:
    other = crowd.joined()
    more = [crowd.feedback(feedback.add_supplement, m, text="Nog iets.") for m in (crowd.melding, other)]
    answers = at_once(crowd.engine, *more, crowd.close(crowd.opdracht, version=crowd.opdracht.version))
    assert kinds(answers) == ["ok", "ok", "ok"]
    crowd.fits()


def test_the_kcc_adds_a_caller_while_closing(crowd: Crowd) -> None:
    caller, own = crowd.another()

    def add(session: Session) -> Any:
        return joining.add_to_opdracht(session, caller.id, crowd.opdracht.id, actor=crowd.agent, now=crowd.now)

    answers = at_once(crowd.engine, add, crowd.close(crowd.opdracht), crowd.close(own))
    assert any(not isinstance(a, DomainError) for a in answers)
    crowd.fits()


def test_two_joins_into_each_other(crowd: Crowd) -> None:
    _, twin = crowd.another()

    def join(from_id: int, into_id: int) -> Act:
        def act(session: Session) -> Any:
            basis = Basis(version=1)
            return joining.join_opdracht(session, from_id, into_id, basis=basis, actor=crowd.chief, now=crowd.now)

        return act

    answers = at_once(crowd.engine, join(twin.id, crowd.opdracht.id), join(crowd.opdracht.id, twin.id))
    assert kinds(answers).count("ok") == 1
    crowd.fits()


def test_everybody_leaves_while_the_work_is_routed_and_closed(crowd: Crowd) -> None:
    others = [crowd.joined() for _ in range(3)]
    with db.transaction(crowd.engine) as session:
        fresh = factories.melding(session, now=crowd.now, same_as=str(crowd.opdracht.id), route=False)

    def route(session: Session) -> None:
        routing.route_melding(session, fresh.id, gemeente_id=fresh.gemeente_id, now=crowd.now)

    leaving = [crowd.feedback(feedback.withdraw_melding, m, reason="") for m in (*others, fresh)]
    answers = at_once(crowd.engine, *leaving, route, crowd.close(crowd.opdracht, version=crowd.opdracht.version))
    assert "OperationalError" not in [type(a).__name__ for a in answers]
    crowd.fits()


def crowd_close(crowd: Crowd) -> None:
    with db.transaction(crowd.engine) as session:
        found = session.get_one(Opdracht, crowd.opdracht.id)
        closure.close_opdracht(
            session,
            found.id,
            NewClosure("opgelost"),
            basis=Basis(version=found.version),
            actor=crowd.member,
            now=crowd.now,
        )


def test_who_cannot_be_reached_does_not_undo_a_request(crowd: Crowd) -> None:
    """The worker read the flags before the melder asked; writing them must not take that away."""
    with db.transaction(crowd.engine) as session:
        found = session.get_one(Opdracht, crowd.opdracht.id)
        basis = Basis(version=found.version)
        work.take_up(session, found.id, basis=basis, actor=crowd.member, now=crowd.now)
        session.execute(sa.update(Contact).values(email_refused_at=crowd.now))
    adapters = Adapters(
        photos=MemoryStore(), mail=MemoryMail(), sms=None, postvak=None, wake=lambda: None, queue_is_up=lambda: True
    )
    with db.transaction(crowd.engine) as worker:
        owed = worker.scalars(sa.select(Notice).where(Notice.melding_id == crowd.melding.id)).first()
        assert owed is not None
        read_before = worker.get_one(Melding, crowd.melding.id)
        with db.transaction(crowd.engine) as session:
            crowd.feedback(feedback.withdraw_melding, crowd.melding, reason="")(session)
        desk = Desk(worker, adapters, SETTINGS, frozenset({owed.gemeente_id}), crowd.now)
        assert begin(desk, owed.id) is None and read_before.flags
    with Session(crowd.engine) as session:
        flags = session.get_one(Melding, crowd.melding.id).flags
    assert sorted(flags) == ["intrekking_gevraagd", "niet_bereikbaar"]

"""Two people at once, on real connections held at a barrier (HUIS Locks, KLANTREIS rules 3 and 4)."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.domain.actor import ANONYMOUS, TEAM, Actor
from meldingen.domain.errors import DomainError
from meldingen.flow import closure, feedback, intake, joining, routing
from meldingen.flow.closure import NewClosure
from meldingen.flow.joining import Split
from meldingen.flow.status import Basis
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht, lock_opdrachten
from tests import factories
from tests.factories import opdracht_of

Act = Callable[[Session], Any]


def at_once(engine: sa.Engine, *acts: Act) -> list[Any]:
    """Runs each act in a transaction and thread of its own, all let go together; answers are results or refusals."""
    barrier = Barrier(len(acts))

    def run(act: Act) -> Any:
        def whole() -> Any:
            with db.transaction(engine) as session:
                return act(session)

        barrier.wait(timeout=10)
        try:
            return db.retry_deadlock(whole)
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


class World:
    """A gemeente with a member of the serviceteam and one routed melding, committed."""

    def __init__(self, engine: sa.Engine, now: datetime) -> None:
        self.engine, self.now = engine, now
        with db.transaction(engine) as session:
            home = factories.gemeente(session)
            self.member: Actor = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
            self.melding = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
            self.opdracht = opdracht_of(session, self.melding)

    def another(self, **facts: Any) -> tuple[Melding, Opdracht]:
        with db.transaction(self.engine) as session:
            made = factories.melding(session, now=self.now, contact={"email": "an@example.nl"}, **facts)
            return made, opdracht_of(session, made)

    def close(self, opdracht: Opdracht, version: int = 1) -> Act:
        return lambda session: closure.close_opdracht(
            session, opdracht.id, NewClosure("opgelost"), basis=Basis(version=version), actor=self.member, now=self.now
        )

    def notices(self, kind: str) -> list[int | None]:
        with Session(self.engine) as session:
            return sorted(session.scalars(sa.select(Notice.melding_id).where(Notice.kind == kind)))  # type: ignore[type-var]

    def status(self, melding: Melding) -> str:
        with Session(self.engine) as session:
            return session.get_one(Melding, melding.id).status


@pytest.fixture
def world(committed_engine: sa.Engine, now: datetime) -> World:
    return World(committed_engine, now)


def test_two_closings_of_one_opdracht_are_one_gereedmelding(world: World) -> None:
    answers = at_once(world.engine, world.close(world.opdracht), world.close(world.opdracht))
    assert sorted(type(a).__name__ for a in answers) == ["Done", "Stale"]
    assert world.notices("gereed") == [world.melding.id]


def test_the_last_of_two_opdrachten_closes_the_melding_once(world: World) -> None:
    with db.transaction(world.engine) as session:
        split = Split("losse-tegel")
        _, second = joining.split_opdracht(
            session, world.opdracht.id, split, basis=Basis(version=1), actor=world.member, now=world.now
        )
    assert second is not None
    answers = at_once(world.engine, world.close(world.opdracht, version=2), world.close(second))
    assert [type(a).__name__ for a in answers] == ["Done", "Done"]
    assert world.status(world.melding) == "afgehandeld"
    assert (len(world.notices("gereed")), len(world.notices("deels_klaar"))) == (1, 1)


def test_two_parts_of_one_melding_do_not_wait_for_each_other(world: World) -> None:
    """The part that was split off refers to the first: a second change of it in one transaction looks whether that one
    is still there (a foreign key), and must not wait for whoever is at it, who waits for their melding."""
    with db.transaction(world.engine) as session:
        who: dict[str, Any] = {"basis": Basis(version=1), "actor": world.member, "now": world.now}
        _, second = joining.split_opdracht(session, world.opdracht.id, Split("losse-tegel"), **who)
    assert second is not None
    scope = [world.opdracht.gemeente_id]
    with Session(world.engine) as first, Session(world.engine) as other:
        lock_opdrachten(first, [world.opdracht.id], scope=scope)
        other.execute(sa.text("SET LOCAL lock_timeout = '300ms'"))
        (part,) = lock_opdrachten(other, [second.id], scope=scope)
        for version in (2, 3):
            part.version = version
            other.flush()


def test_joining_while_closing_loses_nobody(world: World) -> None:
    twin_melding, twin = world.another()

    def join(session: Session) -> Any:
        return joining.join_opdracht(
            session, twin.id, world.opdracht.id, basis=Basis(version=1), actor=world.member, now=world.now
        )

    _, joined = at_once(world.engine, world.close(world.opdracht), join)
    if isinstance(joined, DomainError):  # closed first: the twin keeps its own work
        assert joined.code == "opdracht_gesloten" and world.status(twin_melding) == "ontvangen"
    else:  # joined first: then the close was based on an older version, or told both
        told = world.notices("gereed")
        assert twin_melding.id in told or world.status(twin_melding) == world.status(world.melding) == "ontvangen"


def test_withdrawing_while_closing_tells_one_end(world: World) -> None:
    melder = Actor(kind="melder", melding_id=world.melding.id, roles={world.melding.gemeente_id: frozenset()})

    def withdraw(session: Session) -> Any:
        mine = session.get_one(Melding, world.melding.id)
        return feedback.withdraw_melding(session, mine, reason="", actor=melder, now=world.now)

    at_once(world.engine, world.close(world.opdracht), withdraw)
    assert len(world.notices("gereed")) + len(world.notices("ingetrokken")) == 1


def test_a_double_tap_is_one_melding_with_one_number(world: World) -> None:
    new = factories.new_melding(idempotency_key="tik", body_hash=b"zelfde")

    def tap(session: Session) -> str:
        return intake.register_melding(session, new, actor=ANONYMOUS, now=world.now).melding.number

    numbers = at_once(world.engine, tap, tap, tap)
    assert len(set(numbers)) == 1


def test_two_workers_with_the_same_fallen_tree_make_one_opdracht(world: World) -> None:
    with db.transaction(world.engine) as session:
        made = [
            factories.melding(session, now=world.now, category_slug="boom-omgevallen", route=False) for _ in range(4)
        ]
    acts = [
        lambda session, m=m: routing.route_melding(session, m.id, gemeente_id=m.gemeente_id, now=world.now)
        for m in made
    ]
    at_once(world.engine, *acts)
    with Session(world.engine) as session:
        assert len({opdracht_of(session, m).id for m in made}) == 1


def test_two_workers_on_one_melding_make_one_opdracht(world: World) -> None:
    with db.transaction(world.engine) as session:
        made = factories.melding(session, now=world.now, route=False)

    def route(session: Session) -> None:
        routing.route_melding(session, made.id, gemeente_id=made.gemeente_id, now=world.now)

    at_once(world.engine, route, route)
    with Session(world.engine) as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Opdracht)) == 2


def test_a_connection_that_the_server_ended_is_replaced_before_anybody_uses_it(committed_engine: sa.Engine) -> None:
    with committed_engine.connect() as one, committed_engine.connect() as other:
        gone = [link.scalar(sa.text("SELECT pg_backend_pid()")) for link in (one, other)]
    with sa.create_engine(committed_engine.url, poolclass=sa.NullPool).connect() as killer:
        ended = sa.text("SELECT bool_and(pg_terminate_backend(pid, 5000)) FROM unnest(:pids) AS pid")
        assert killer.scalar(ended, {"pids": gone})
    for _ in gone:
        with db.transaction(committed_engine) as session, db.transaction(committed_engine) as beside:
            now = [each.scalar(sa.text("SELECT pg_backend_pid()")) for each in (session, beside)]
            assert not set(now) & set(gone)

"""Many opdrachten in one action: foretold, undone, done once by whoever comes, and refused where somebody was first."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import TemporaryFailure
from meldingen.db import transaction
from meldingen.domain.actor import COORDINATOR, TEAM, Actor
from meldingen.domain.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from meldingen.flow import bulk, joining, upkeep, work
from meldingen.flow.bulk import Wish
from meldingen.flow.status import Basis
from meldingen.store.account import Account, AccountRole
from meldingen.store.bulk import DONE, UNDONE, Bulk, BulkItem, recent_bulks
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht, melding_ids_of
from meldingen.store.outbox import OutboxEntry
from tests import factories

MAIL = {"contact": {"email": "bo@example.nl"}}
CLOSE = Wish("afhandelingen", {"outcome": "opgelost", "sentence": "De tak is weg.", "code": "", "partner": ""})
S = timedelta(seconds=1)


@dataclass
class Town:
    """Three opdrachten, who coordinates them, and an engine that commits."""

    engine: sa.Engine
    home_id: int
    boss: Actor
    member: Actor
    works: list[int]

    def ask(self, wish: Wish, now: datetime, *, key: str = "") -> int:
        """The id of an action on all three, on the versions of now."""
        with transaction(self.engine) as session:
            versions = {number: session.get_one(Opdracht, number).version for number in self.works}
            return bulk.ask(session, wish, versions, key=key, actor=self.boss, now=now).id

    def run(self, bulk_id: int, now: datetime) -> datetime | None:
        """A worker comes by."""
        return bulk.run(self.engine, bulk_id=bulk_id, gemeente_id=self.home_id, now=now)

    def results(self, bulk_id: int) -> list[str]:
        """What came of each."""
        with Session(self.engine) as session:
            query = sa.select(BulkItem.result).where(BulkItem.bulk_id == bulk_id).order_by(BulkItem.id)
            return list(session.scalars(query))

    def count(self, what: Any, *where: Any) -> int:
        """How many rows there are."""
        with Session(self.engine) as session:
            return session.scalar(sa.select(sa.func.count()).select_from(what).where(*where)) or 0


@pytest.fixture
def town(committed_engine: sa.Engine, now: datetime) -> Town:
    with transaction(committed_engine) as session:
        home = factories.gemeente(session)
        home.policy = {**home.policy, "undo_s": 60}
        boss = factories.medewerker(session, home, COORDINATOR)
        member = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
        made = [factories.melding(session, now=now, **(MAIL if n else {})) for n in range(3)]
        works = [factories.opdracht_of(session, one).id for one in made]
        return Town(committed_engine, home.id, boss, member, works)


def test_foretelling_says_what_the_steps_say_and_changes_nothing(town: Town, now: datetime) -> None:
    with transaction(town.engine) as session:
        chosen = [session.get_one(Opdracht, number) for number in town.works]
        told = bulk.foretell(session, CLOSE, chosen, actor=town.boss, now=now)
        assert [(one.refusal, len(one.hears)) for one in told] == [("", 0), ("", 1), ("", 1)]
        into = Wish("samenvoegingen", {"into_id": town.works[0]})
        assert [one.opdracht_id for one in bulk.foretell(session, into, chosen, actor=town.boss, now=now)] == (
            town.works[1:]
        ), "the one that the others join is not joined itself"
        late = Wish("uitstellingen", {"day": "2020-01-01", "code": "", "sentence": "Wij wachten op een kraan."})
        assert "Kies een dag vanaf" in bulk.foretell(session, late, chosen, actor=town.boss, now=now)[0].refusal
        assert bulk.foretell(session, CLOSE, chosen, actor=town.member, now=now)[0].refusal == ""
        with pytest.raises(InvalidInput):
            bulk.foretell(session, Wish("gooi weg", {}), chosen, actor=town.boss, now=now)
    with Session(town.engine) as session:
        assert {session.get_one(Opdracht, number).status for number in town.works} == {"nieuw"}
    assert town.count(Event, Event.kind == "afgehandeld") == town.count(Notice, Notice.kind == "gereed") == 0


def test_who_may_ask_and_for_what(town: Town, now: datetime) -> None:
    one = {town.works[0]: 1}
    with transaction(town.engine) as session:
        other = factories.gemeente(session, name="Elders", code="GM9002", west=5.6)
        away = factories.opdracht_of(session, factories.melding(session, now=now, at=(5.7, 52.66)))
        both = Actor("medewerker", {**town.boss.roles, other.id: town.boss.roles[town.home_id]}, account_id=1)
        refused: list[tuple[type[DomainError], dict[int, int], Actor]] = [
            (InvalidInput, {}, town.boss),
            (InvalidInput, dict.fromkeys(range(1, 200), 1), town.boss),
            (NotFound, {**one, 999999: 1}, town.boss),
            (NotFound, {away.id: 1}, town.boss),
            (InvalidInput, {**one, away.id: 1}, both),
            (Forbidden, one, town.member),
        ]
        for kind, versions, actor in refused:
            with pytest.raises(kind):
                bulk.ask(session, CLOSE, versions, key="", actor=actor, now=now)
        session.rollback()
    first = town.ask(CLOSE, now, key="een druk")
    assert town.ask(CLOSE, now, key="een druk") == first, "a second press is the same action"
    with pytest.raises(Conflict):
        town.ask(Wish("planningen", {"day": "2030-01-01"}), now, key="een druk")
    assert town.count(OutboxEntry, OutboxEntry.key.like("bulk:%")) == 1


def test_it_waits_then_does_each_and_says_who_was_first(town: Town, now: datetime) -> None:
    asked = town.ask(CLOSE, now)
    assert town.run(asked, now + 59 * S) == now + 60 * S
    assert town.results(asked) == ["", "", ""]
    with transaction(town.engine) as session:
        first = session.get_one(Opdracht, town.works[0])
        work.take_up(session, first.id, basis=Basis(version=first.version), actor=town.member, now=now + 5 * S)
    assert town.run(asked, now + 61 * S) is None
    assert town.results(asked) == ["versie_verouderd", "gedaan", "gedaan"]
    with Session(town.engine) as session:
        row = session.get_one(Bulk, asked)
        assert row.status == DONE and "sentence" not in row.facts, "the words of people go"
        words = session.scalars(sa.select(BulkItem.words).where(BulkItem.opdracht_id == town.works[0])).one()
        assert words.startswith("Iemand anders heeft deze opdracht net gewijzigd")
        closed = session.scalars(sa.select(Event).where(Event.kind == "afgehandeld")).all()
        assert {event.actor for event in closed} == {town.boss.label}, "by who asked for it"
        with pytest.raises(Conflict):
            bulk.undo(session, asked, actor=town.boss, now=now)
    assert town.run(asked, now + 90 * S) is None and town.count(Event, Event.kind == "afgehandeld") == 2


def test_undone_nothing_happened(town: Town, now: datetime) -> None:
    asked = town.ask(CLOSE, now)
    with transaction(town.engine) as session:
        with pytest.raises(Forbidden):
            bulk.undo(session, asked, actor=town.member, now=now)
        assert bulk.undo(session, asked, actor=town.boss, now=now + 5 * S).status == UNDONE
        assert bulk.undo(session, asked, actor=town.boss, now=now + 6 * S).status == UNDONE
    assert town.run(asked, now + 61 * S) is None
    assert town.results(asked) == ["", "", ""] and town.count(Event, Event.kind == "afgehandeld") == 0
    with Session(town.engine) as session, pytest.raises(NotFound):
        bulk.undo(session, 999999, actor=town.boss, now=now)


def together(*works: Callable[[], object]) -> list[object]:
    """Does these at the same moment; what each gave, or the error it raised."""
    line = Barrier(len(works))

    def begin(one: Callable[[], object]) -> object:
        line.wait()
        try:
            return one()
        except (DomainError, TemporaryFailure) as error:
            return error

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(begin, works))


def test_two_workers_do_each_once(town: Town, now: datetime) -> None:
    into = town.works[0]
    asked = town.ask(Wish("samenvoegingen", {"into_id": into}), now)
    together(*[lambda: town.run(asked, now + 61 * S)] * 2)
    assert town.run(asked, now + 62 * S) is None, "once more, as after a kill"
    assert town.results(asked) == ["gedaan", "gedaan"]
    assert town.count(Event, Event.kind == "samengevoegd_met") == 2
    with Session(town.engine) as session:
        assert len(melding_ids_of(session, [into], scope=[town.home_id])) == 3


def test_undoing_and_beginning_at_the_same_moment(town: Town, now: datetime) -> None:
    asked = town.ask(CLOSE, now)

    def undo() -> str:
        with transaction(town.engine) as session:
            return bulk.undo(session, asked, actor=town.boss, now=now + 59 * S).status

    said, _ = together(undo, lambda: town.run(asked, now + 60 * S))
    town.run(asked, now + 61 * S)
    done = town.count(Event, Event.kind == "afgehandeld")
    assert (said, done) == (UNDONE, 0) or (isinstance(said, Conflict) and done == 3), (said, done)


def test_a_worker_that_died_halfway_and_rights_that_went(
    town: Town, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    into = town.works[0]
    asked = town.ask(Wish("samenvoegingen", {"into_id": into}), now)
    real = joining.join_opdracht

    def breaks(session: Session, opdracht_id: int, *args: Any, **how: Any) -> Any:
        done = real(session, opdracht_id, *args, **how)
        if opdracht_id == town.works[2]:
            raise ValueError("killed after the move, before its commit")
        return done

    monkeypatch.setattr(joining, "join_opdracht", breaks)
    with pytest.raises(TemporaryFailure):
        town.run(asked, now + 61 * S)
    assert town.results(asked) == ["gedaan", ""]
    monkeypatch.undo()
    with transaction(town.engine) as session:
        session.execute(sa.delete(AccountRole).where(AccountRole.account_id == town.boss.account_id))
    assert town.run(asked, now + 90 * S) is None
    assert town.results(asked) == ["gedaan", "geen_recht"]
    with transaction(town.engine) as session:
        session.get_one(Account, town.boss.account_id).active = False
        assert session.get_one(Gemeente, town.home_id).policy["undo_s"] == 60
    again = town.ask(Wish("overdrachten", {"team_id": 1}), now)
    town.run(again, now + 90 * S)
    assert set(town.results(again)) == {"geen_recht"}


def test_what_is_over_goes_after_thirty_days_and_what_never_began_stays(town: Town, now: datetime) -> None:
    done, undone, waits = (town.ask(CLOSE, now) for _ in range(3))
    town.run(done, now + 60 * S)
    with transaction(town.engine) as session:
        bulk.undo(session, undone, actor=town.boss, now=now)
        shown = recent_bulks(session, 10, scope=[town.home_id])
        assert [(one.bulk.id, one.size, one.refused) for one in shown] == [(waits, 3, 0), (undone, 3, 0), (done, 3, 0)]
        assert {one.who for one in shown} == {session.get_one(Account, town.boss.account_id).name}
        assert len(recent_bulks(session, 2, scope=[town.home_id])) == 2
        assert recent_bulks(session, 10, scope=[town.home_id + 1]) == []
    later = now + 60 * S + upkeep.BULKS_KEPT
    upkeep.clear_bulks(town.engine, now=later)
    assert town.count(Bulk) == 2, "on the day itself it is still there"
    upkeep.clear_bulks(town.engine, now=later + S)
    upkeep.clear_bulks(town.engine, now=later + S)
    with Session(town.engine) as session:
        assert session.scalars(sa.select(Bulk.id)).all() == [waits]
        assert set(session.scalars(sa.select(BulkItem.bulk_id))) == {waits}

"""No promised date passes in silence (KLANTREIS step 6): a person's date, the word "wij halen het", the system's date.

The last test walks a fortnight of clock ticks over a mix of opdrachten, with a clock that is down now and then.
"""

import itertools
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.domain.actor import COORDINATOR, TEAM, Actor
from meldingen.domain.deadlines import AMSTERDAM, end_of, local_day
from meldingen.domain.errors import Forbidden, InvalidInput, Stale
from meldingen.flow import closure, delay, feedback, joining, routing, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.delay import Why
from meldingen.flow.joining import Split
from meldingen.flow.status import Basis
from meldingen.flow.work import HandOver
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.task import Task
from tests import factories
from tests.factories import opdracht_of

BO = {"email": "bo@example.nl"}
TUESDAY_NEXT = date(2026, 4, 21)
"""What a melder of Tuesday the 14th with a term of five werkdagen is promised."""


T = TypeVar("T")
_numbers = itertools.count()


class Place:
    """A committed gemeente whose clock is moved by hand; one member of the serviceteam and a coordinator."""

    def __init__(self, engine: sa.Engine, now: datetime, number: int) -> None:
        self.engine, self.now = engine, now
        self.west = 4.6 + 0.3 * number
        with db.transaction(engine) as session:
            facts = {"name": f"Dorp{number}", "code": f"GM8{number:03}", "west": self.west}
            self.home: Gemeente = factories.gemeente(session, **facts)
            self.member: Actor = factories.medewerker(
                session, self.home, TEAM, team_slug="serviceteam", username=f"t{number}"
            )
            self.boss: Actor = factories.medewerker(session, self.home, COORDINATOR)

    def melding(self, east: float = 0.1, like: Opdracht | None = None, **facts: Any) -> tuple[Melding, Opdracht]:
        """A melding with its opdracht: its own, or the one it is like."""
        facts = {"contact": BO, "at": (self.west + east, 52.66), **facts}
        with db.transaction(self.engine) as session:
            made = factories.melding(session, now=self.now, route=False, **facts)
            made.same_as_opdracht_id = like.id if like else None
            session.flush()
            routing.route_melding(session, made.id, gemeente_id=self.home.id, now=self.now)
            return made, opdracht_of(session, made)

    def tick(self, moment: datetime) -> None:
        """The clock at this moment, twice, since it may come twice."""
        self.now = moment
        for _ in range(2):
            delay.mind_terms(self.engine, now=moment)

    def on(self, day: int, hour: int, minute: int = 0, month: int = 4) -> None:
        """The clock on this day in 2026."""
        self.tick(datetime(2026, month, day, hour, minute, tzinfo=AMSTERDAM))

    def rows(self, table: type[T], *where: sa.ColumnElement[bool]) -> list[T]:
        with Session(self.engine, expire_on_commit=False) as session:
            query = sa.select(table).where(table.gemeente_id == self.home.id, *where)  # type: ignore[attr-defined]
            return list(session.scalars(query.order_by(table.id)))  # type: ignore[attr-defined]

    def again(self, opdracht: Opdracht) -> Opdracht:
        return self.rows(Opdracht, Opdracht.id == opdracht.id)[0]

    def promised(self, melding: Melding) -> date:
        return self.rows(Melding, Melding.id == melding.id)[0].promised_on

    def told(self, melding: Melding) -> list[str]:
        return [n.kind for n in self.rows(Notice, Notice.melding_id == melding.id) if n.kind == "vertraagd"]

    def asked(self) -> int:
        return len(self.rows(Notice, Notice.kind == "termijn_in_gevaar"))

    def tasks(self) -> list[tuple[str, str]]:
        return [(t.kind, t.status) for t in self.rows(Task)]

    def postpone(self, opdracht: Opdracht, day: date, why: Why | None = None, actor: Actor | None = None) -> Opdracht:
        basis = Basis(version=self.again(opdracht).version)
        with db.transaction(self.engine) as session:
            done = delay.postpone(
                session,
                opdracht.id,
                day,
                why or Why("weer"),
                basis=basis,
                actor=actor or self.member,
                now=self.now,
            )
            return done.opdracht

    def keep(self, opdracht: Opdracht) -> None:
        basis = Basis(version=self.again(opdracht).version)
        with db.transaction(self.engine) as session:
            delay.keep_date(session, opdracht.id, basis=basis, actor=self.member, now=self.now)


@pytest.fixture(scope="module")
def engine(clone: Callable[[], sa.URL]) -> Iterator[sa.Engine]:
    """One committed database for all tests here; each has a gemeente of its own."""
    made = db.make_engine(clone().render_as_string(hide_password=False), pool_size=4)
    yield made
    made.dispose()


@pytest.fixture
def place(engine: sa.Engine, now: datetime) -> Place:
    return Place(engine, now, next(_numbers))


def test_the_team_is_asked_once_and_its_date_reaches_the_melder(place: Place) -> None:
    melding, opdracht = place.melding()
    place.on(20, 12)
    assert place.asked() == 0
    place.on(21, 8)
    assert place.asked() == 1 and place.told(melding) == []
    place.postpone(opdracht, date(2026, 4, 24), Why("onderdeel-besteld", "De nieuwe tegel komt donderdag."))
    place.on(21, 12)
    assert place.promised(melding) == date(2026, 4, 24) and place.told(melding) == ["vertraagd"]
    (event,) = place.rows(Event, Event.kind == "nieuwe_datum")
    assert event.facts["reason"] == "onderdeel-besteld" and event.facts["note_id"]
    after = place.again(opdracht)
    assert (after.status, after.version, after.due_at) == ("nieuw", 2, end_of(date(2026, 4, 24)))
    place.on(24, 9)
    assert place.asked() == 2, "the new date is asked about like the first"


def test_keeping_the_date_stops_the_asking_until_five(place: Place) -> None:
    melding, opdracht = place.melding()
    place.on(21, 9)
    place.keep(opdracht)
    place.on(21, 16, 45)
    assert place.told(melding) == [] and place.tasks() == []
    place.on(21, 17)
    assert place.told(melding) == ["vertraagd"] and place.tasks() == [("automatisch_uitgesteld", "open")]


def test_the_system_speaks_twice_and_then_a_person_must(place: Place) -> None:
    melding, opdracht = place.melding()
    place.on(21, 12)
    assert place.promised(melding) == date(2026, 4, 24), "half of five werkdagen, rounded up"
    place.on(24, 23, 50)  # the clock was down over noon: before midnight is in time
    assert place.promised(melding) == date(2026, 4, 30) and len(place.told(melding)) == 2
    place.on(30, 12)
    assert len(place.told(melding)) == 2 and ("zelf_schrijven", "open") in place.tasks()
    place.on(30, 18)
    assert place.tasks().count(("zelf_schrijven", "open")) == 1
    place.postpone(opdracht, date(2026, 5, 7), Why("", "De weg moet open. Dat mag pas na 5 mei."), place.boss)
    assert len(place.told(melding)) == 3 and place.again(opdracht).automatic_delays == 0
    assert {status for _, status in place.tasks()} == {"klaar"}
    place.on(7, 12, month=5)
    assert len(place.told(melding)) == 4, "a person's date begins the count anew"


def test_who_may_say_what(place: Place) -> None:
    melding, opdracht = place.melding()
    place.now += timedelta(days=1)
    for day, why, field, code in [
        (date(2026, 4, 15), Why("weer"), "datum", "datum_te_vroeg"),
        (date(2026, 4, 20), Why("weer"), "datum", "binnen_belofte"),
        (date(2027, 5, 1), Why("weer"), "datum", "datum_te_ver"),
        (date(2026, 4, 24), Why(), "reden", "leeg"),
        (date(2026, 4, 24), Why("zomaar"), "reden", "onbekend"),
        (date(2026, 4, 24), Why("meer-tijd"), "reden", "onbekend"),  # only the system says that
    ]:
        with pytest.raises(InvalidInput) as refused:
            place.postpone(opdracht, day, why)
        assert (refused.value.fields[0].field, refused.value.fields[0].code) == (field, code)
    with db.transaction(place.engine) as session:
        other = factories.medewerker(session, place.home, TEAM, team_slug="groen", username="ander")
    with pytest.raises(Forbidden):
        place.postpone(opdracht, date(2026, 4, 24), actor=other)
    with pytest.raises(Stale), db.transaction(place.engine) as session:
        basis = Basis(version=7)
        delay.keep_date(session, opdracht.id, basis=basis, actor=place.member, now=place.now)
    assert place.told(melding) == []


def test_a_shared_opdracht_follows_its_earliest_promise(place: Place) -> None:
    first, opdracht = place.melding()
    place.now += timedelta(days=1)
    second, _ = place.melding(like=opdracht)
    silent, _ = place.melding(like=opdracht, contact=None)
    place.on(21, 12)
    assert place.promised(first) == place.promised(second) == place.promised(silent) == date(2026, 4, 24)
    assert (place.told(first), place.told(second), place.told(silent)) == (["vertraagd"], ["vertraagd"], [])
    place.now += timedelta(hours=1)
    place.postpone(opdracht, date(2026, 4, 28))
    assert len(place.told(second)) == 2


def test_two_opdrachten_of_one_melding_tell_once(place: Place) -> None:
    melding, opdracht = place.melding()
    with db.transaction(place.engine) as session:
        split = Split("losse-tegel")
        joining.split_opdracht(session, opdracht.id, split, basis=Basis(version=1), actor=place.member, now=place.now)
    place.on(21, 12)
    assert place.told(melding) == ["vertraagd"] and place.promised(melding) == date(2026, 4, 24)


def test_an_own_term_that_ends_before_the_promise_is_no_bericht(place: Place) -> None:
    melding, opdracht = place.melding()
    with db.transaction(place.engine) as session:
        split = Split("gras-te-hoog")  # ten werkdagen: the promise is the latest of both
        joining.split_opdracht(session, opdracht.id, split, basis=Basis(version=1), actor=place.member, now=place.now)
    assert place.promised(melding) > TUESDAY_NEXT
    told = len(place.told(melding))
    place.on(21, 8)
    place.on(21, 13)
    assert place.asked() == 1 and len(place.told(melding)) == told


def test_planned_later_was_told_already(place: Place) -> None:
    melding, opdracht = place.melding()
    with db.transaction(place.engine) as session:
        day, basis = date(2026, 4, 23), Basis(version=1)
        work.plan(session, opdracht.id, day, basis=basis, actor=place.member, now=place.now)
    assert place.told(melding) == ["vertraagd"]
    place.on(21, 12)
    assert place.asked() == 0 and place.told(melding) == ["vertraagd"] and place.promised(melding) == day
    place.on(23, 16)
    assert place.told(melding) == ["vertraagd"]
    place.on(23, 17)
    assert len(place.told(melding)) == 2


def test_another_team_is_asked_anew(place: Place) -> None:
    _, opdracht = place.melding()
    place.on(21, 8)
    with db.transaction(place.engine) as session:
        to = HandOver(team_id=factories.team(session, place.home, "waterschap").id)
        basis = Basis(version=place.again(opdracht).version)
        work.hand_over(session, opdracht.id, to, basis=basis, actor=place.member, now=place.now)
    place.on(21, 8, 15)
    assert place.again(opdracht).status == "bij_partij" and place.asked() == 2


def test_a_question_pauses_the_asking_not_the_promise(place: Place) -> None:
    asked, opdracht = place.melding()
    other, _ = place.melding(like=opdracht)
    place.now += timedelta(days=6)
    with db.transaction(place.engine) as session:
        basis = Basis(version=place.again(opdracht).version)
        work.ask_melder(session, opdracht.id, "Welk huisnummer?", basis=basis, actor=place.member, now=place.now)
    place.on(21, 9)
    assert place.asked() == 0
    place.on(21, 12)
    assert place.told(asked) == place.told(other) == ["vertraagd"]
    assert place.tasks() == [] and place.again(opdracht).automatic_delays == 0
    assert place.rows(Event, Event.kind == "nieuwe_datum")[0].facts["reason"] == "wacht-op-antwoord"


def test_closing_ends_what_the_clock_asked(place: Place) -> None:
    _, opdracht = place.melding()
    place.on(21, 12)
    with db.transaction(place.engine) as session:
        basis = Basis(version=place.again(opdracht).version)
        closure.close_opdracht(
            session, opdracht.id, NewClosure("opgelost"), basis=basis, actor=place.member, now=place.now
        )
    assert place.tasks() == [("automatisch_uitgesteld", "vervallen")]


class Fortnight:
    """Who works in this gemeente during the walk, and what each melder was promised and told."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.followed: list[Melding] = []

    def begin(self) -> None:
        """Every sort of opdracht, received on one Tuesday morning."""
        place = self.place
        for category in ("losse-tegel", "gat-in-de-weg", "gras-te-hoog", "boom-omgevallen"):
            self.followed.append(place.melding(0.02 + 0.01 * len(self.followed), category_slug=category)[0])
        shared, opdracht = place.melding()
        joined, _ = place.melding(like=opdracht, category_slug="gras-te-hoog", contact={"phone": "0612345678"})
        planned, later = place.melding(0.11)
        parted, two = place.melding(0.12)
        with_party, party = place.melding(0.13)
        called, _ = place.melding(0.14, contact={"phone": "0728880000"})
        asked, paused = place.melding(0.15)
        self.followed += [shared, joined, planned, parted, with_party, called, asked]
        with db.transaction(place.engine) as session:
            who = {"basis": Basis(version=1), "actor": place.member, "now": place.now}
            work.plan(session, later.id, date(2026, 4, 23), **who)  # type: ignore[arg-type]
            joining.split_opdracht(session, two.id, Split("gras-te-hoog"), **who)  # type: ignore[arg-type]
            to = HandOver(team_id=factories.team(session, place.home, "waterschap").id)
            work.hand_over(session, party.id, to, **who)  # type: ignore[arg-type]
            work.ask_melder(session, paused.id, "Welk huisnummer?", **who)  # type: ignore[arg-type]

    def write(self) -> None:
        """The coordinator does today what must be written today."""
        place = self.place
        for item in place.rows(Task, Task.kind == "zelf_schrijven", Task.status == "open"):
            (opdracht,) = place.rows(Opdracht, Opdracht.id == item.opdracht_id)
            place.postpone(opdracht, local_day(place.now) + timedelta(days=9), Why("drukte"), place.boss)

    def look(self, last_seen: dict[int, date]) -> None:
        """Every open melding has a promise that has not passed; a changed one was told, once."""
        for melding in self.place.rows(Melding, Melding.id.in_([m.id for m in self.followed])):
            assert self.place.now < end_of(melding.promised_on), f"{melding.number} passed in silence"
            before = last_seen.get(melding.id, melding.promised_on)
            assert melding.promised_on >= before
            last_seen[melding.id] = melding.promised_on


CLOCKS = (time(8, 10), time(12, 5), time(17, 10), time(23, 40))
DOWN = (datetime(2026, 4, 21, 11, tzinfo=AMSTERDAM), datetime(2026, 4, 21, 23, 30, tzinfo=AMSTERDAM))
"""On a last day the clock is down from eleven in the morning until half past eleven at night."""


def test_a_fortnight_in_which_no_promise_passes_in_silence(committed_engine: sa.Engine, now: datetime) -> None:
    place = Place(committed_engine, now, 0)
    walk, seen = Fortnight(place), dict[int, date]()
    place.now = datetime(2026, 4, 14, 8, 47, tzinfo=AMSTERDAM)
    walk.begin()
    for day, clock in itertools.product(range(1, 15), CLOCKS):
        moment = datetime.combine(date(2026, 4, 14) + timedelta(days=day), clock, AMSTERDAM)
        if not DOWN[0] <= moment < DOWN[1]:
            place.tick(moment)
            walk.write()
            walk.look(seen)
    for melding in walk.followed:
        before, later = melding.first_promised_on, list[date]()
        for event in place.rows(Event, Event.melding_id == melding.id, Event.kind == "nieuwe_datum"):
            day_named = date.fromisoformat(event.facts["promised_on"])
            later += [day_named] if day_named > before else []  # a date that came sooner is only shown
            before = day_named
        assert len(later) == len(set(later)), "one date is told once"
        assert place.promised(melding) == before
        told = place.rows(Notice, Notice.melding_id == melding.id, Notice.kind == "vertraagd")
        assert len(told) == len(later), "each date is a bericht, and each bericht a date"


def test_reopened_work_is_asked_about_in_its_own_time(place: Place) -> None:
    melding, opdracht = place.melding()
    with db.transaction(place.engine) as session:
        closure.close_opdracht(
            session, opdracht.id, NewClosure("opgelost"), basis=Basis(version=1), actor=place.member, now=place.now
        )

    place.now = datetime(2026, 5, 11, 9, tzinfo=AMSTERDAM)
    with db.transaction(place.engine) as session:
        held = session.get_one(Melding, melding.id)
        feedback.reopen_melding(session, held, words="Weer los.", actor=place.member, now=place.now)
    place.on(11, 12, month=5)
    assert place.asked() == 0
    place.on(19, 8, 5, month=5)  # Hemelvaart is no werkdag
    assert place.asked() == 1

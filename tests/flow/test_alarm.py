"""Whom an alarm calls, evening and day, until somebody accepts; and that each person is called every way there is."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.adapters.failures import AddressRefused, PermanentFailure
from meldingen.adapters.push import MemoryPush
from meldingen.domain.actor import COORDINATOR, PIKET, TEAM, Actor
from meldingen.domain.cijfers import last_months
from meldingen.flow import notices, spoed, work
from meldingen.flow.cijfers_spoed import spoed_figures
from meldingen.flow.status import Basis
from meldingen.store.account import Account
from meldingen.store.duty import Duty
from meldingen.store.gemeente import ClosingDay, Gemeente
from meldingen.store.notice import Delivery, Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.staff_push import StaffPush, keep_device
from meldingen.store.task import Task
from tests import factories
from tests.factories import opdracht_of
from tests.flow.berichten import House

MINUTE = timedelta(minutes=1)
PEOPLE = {"an": (PIKET, "piket"), "bo": (PIKET, "piket"), "cor": (COORDINATOR, ""), "dirk": (TEAM, "groen")}


class Town:
    """A gemeente with a piketdienst of two, a coordinator and a day team, in a database that keeps what is written."""

    def __init__(self, engine: sa.Engine, now: datetime, home: Gemeente | None = None) -> None:
        self.engine, self.now = engine, now
        self.evening = now + timedelta(hours=12)
        with db.transaction(engine) as session:
            self.home = home or factories.gemeente(session)
            self.people: dict[str, Actor] = {}
            for at, (name, (role, team_slug)) in enumerate(PEOPLE.items()):
                actor = factories.medewerker(session, self.home, role, team_slug=team_slug, username=name)
                session.get_one(Account, actor.account_id).phone = f"+3161234567{at}"
                self.people[name] = actor

    def id_of(self, name: str) -> int:
        number = self.people[name].account_id
        assert number is not None
        return number

    def roster(self, *names: str, hours: float = 12) -> None:
        """These people, first to last, have duty from half past four this afternoon."""
        with db.transaction(self.engine) as session:
            piket = factories.team(session, self.home, "piket")
            begin = self.now.replace(hour=14, minute=30)
            for place, name in enumerate(names, 1):
                session.add(
                    Duty(
                        gemeente_id=self.home.id, team_id=piket.id, place=place, account_id=self.id_of(name),
                        first_account_id=self.id_of(name), from_at=begin, until_at=begin + timedelta(hours=hours),
                    )
                )  # fmt: skip

    def device(self, name: str, endpoint: str = "https://push.example.nl/1") -> None:
        with db.transaction(self.engine) as session:
            keep_device(session, self.id_of(name), endpoint=endpoint, p256dh="p", auth="a", now=self.now)

    def danger(self, at: datetime, **facts: Any) -> int:
        """The id of the opdracht of a dangerous melding at this moment."""
        with db.transaction(self.engine) as session:
            facts = {"danger": True, "contact": {"email": "jo@example.nl"}, **facts}
            return opdracht_of(session, factories.melding(session, now=at, **facts)).id

    def clock(self, at: datetime, minutes: float) -> None:
        spoed.mind_alarms(self.engine, now=at + minutes * MINUTE)

    def rings(self) -> list[str]:
        """Who was called at each ring, in order: "an+device", "team piket"."""
        with Session(self.engine) as session:
            query = (
                sa.select(Notice, Account.username)
                .outerjoin(Account, Account.id == Notice.account_id)
                .where(Notice.kind == "alarm")
                .order_by(Notice.event_id, Notice.id)
            )
            called: dict[int, list[str]] = {}
            for notice, name in session.execute(query):
                who = f"{name}+device" if notice.device_id else name or "team"
                called.setdefault(notice.event_id, []).append(who)
            return [" ".join(sorted(names)) for names in called.values()]

    def tasks(self) -> list[tuple[str, str]]:
        with Session(self.engine) as session:
            return [(t.kind, t.status) for t in session.scalars(sa.select(Task).order_by(Task.id))]

    def opdracht(self, number: int) -> Opdracht:
        with Session(self.engine) as session:
            return session.get_one(Opdracht, number)

    def take_up(self, number: int, name: str, at: datetime) -> None:
        with db.transaction(self.engine) as session:
            version = session.get_one(Opdracht, number).version
            work.take_up(session, number, basis=Basis(version=version), actor=self.people[name], now=at)


@pytest.fixture
def town(committed_engine: sa.Engine, now: datetime) -> Town:
    return Town(committed_engine, now)


def test_at_night_the_roster_is_called_in_turns_and_then_the_coordinator(town: Town) -> None:
    town.roster("an", "bo")
    town.device("an")
    town.device("an", "https://push.example.nl/2")
    at = town.evening
    work_id = town.danger(at)
    first = "an an+device an+device"
    assert town.rings() == [first], "push on each device and SMS, at once"
    for minutes in (4.9, 5, 6):
        town.clock(at, minutes)
    assert town.rings() == [first, first]
    town.clock(at, 10)
    assert town.rings()[2:] == ["bo"] and town.tasks() == []
    town.clock(at, 15)
    with Session(town.engine) as session:
        assert session.scalars(sa.select(Notice.kind).where(Notice.kind == "bel_ons_nu")).all() == ["bel_ons_nu"]
    assert town.rings()[3:] == ["bo"] and town.tasks() == [("spoed_niet_opgepakt", "open")]
    town.clock(at, 20)
    assert town.rings()[4:] == [f"{first} bo cor"], "at last the coordinator, and everybody again"
    town.take_up(work_id, "bo", at + 21 * MINUTE)
    town.clock(at, 25)
    assert len(town.rings()) == 5 and town.tasks() == [("spoed_niet_opgepakt", "klaar")]


def test_two_workers_at_once_ring_once(town: Town) -> None:
    town.roster("an")
    town.danger(town.evening)
    barrier = threading.Barrier(2)

    def mind() -> None:
        barrier.wait()
        town.clock(town.evening, 5)

    both = [threading.Thread(target=mind) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert town.rings() == ["an", "an"]


def test_in_office_hours_the_team_is_called_by_its_address_and_its_devices(town: Town) -> None:
    town.roster("an", "bo")
    town.device("dirk")
    at = town.now
    town.danger(at, category_slug="boom-omgevallen")
    assert town.rings() == ["dirk+device team"]
    town.clock(at, 15)
    assert town.rings()[1:] == ["cor dirk+device team"]


def test_when_the_office_closes_the_piket_takes_over_and_in_the_morning_the_team(town: Town) -> None:
    town.roster("an", hours=15)
    at = town.now.replace(hour=14, minute=27)  # 16.27 in Amsterdam; office hours until 16.30 by default
    work_id = town.danger(at, category_slug="boom-omgevallen")
    with Session(town.engine) as session:
        piket, groen = (factories.team(session, town.home, slug).id for slug in ("piket", "groen"))
    assert town.opdracht(work_id).team_id == groen
    town.clock(at, 3)
    assert town.opdracht(work_id).team_id == piket and town.rings() == ["team", "an"]
    town.clock(at, 4)
    assert len(town.rings()) == 2
    town.clock(at, 15)
    assert "spoed_niet_opgepakt" in dict(town.tasks()), "the quarter counts from the first alarm"
    morning = at + timedelta(hours=15, minutes=10)
    town.clock(morning, 0)
    assert town.opdracht(work_id).team_id == groen


def test_a_closing_day_is_for_the_piket_and_an_empty_roster_for_the_address_of_the_team(town: Town) -> None:
    with db.transaction(town.engine) as session:
        session.add(ClosingDay(gemeente_id=town.home.id, day=town.now.date(), name="Dag na Hemelvaart"))
    work_id = town.danger(town.now, category_slug="boom-omgevallen")
    with Session(town.engine) as session:
        assert town.opdracht(work_id).team_id == factories.team(session, town.home, "piket").id
    assert town.rings() == ["team"]
    town.clock(town.now, 15)
    assert town.rings()[1:] == ["cor team"], "nobody is in the roster: the coordinator comes in with the quarter"


def test_the_times_are_those_of_the_gemeente(town: Town) -> None:
    with db.transaction(town.engine) as session:
        home = session.get_one(Gemeente, town.home.id)
        home.policy = {"spoed": {"opnieuw_min": 2, "beurten": 1, "aannemen_min": 3, "veilig_min": 30}}
    town.roster("an", "bo")
    at = town.evening
    work_id = town.danger(at)
    town.clock(at, 2)
    assert town.rings() == ["an", "bo"] and town.tasks() == []
    town.clock(at, 3)
    assert town.tasks() == [("spoed_niet_opgepakt", "open")]
    town.take_up(work_id, "an", at + 4 * MINUTE)
    town.clock(at, 29)
    assert len(town.tasks()) == 1
    for minutes in (30, 31):
        town.clock(at, minutes)
    assert town.tasks()[1:] == [("veilig_te_laat", "open")]
    with db.transaction(town.engine) as session:
        made_safe = {"basis": Basis(version=2), "actor": town.people["an"], "now": at + 32 * MINUTE}
        spoed.make_safe(session, work_id, "", **made_safe)
    assert town.tasks()[1:] == [("veilig_te_laat", "klaar")]
    assert town.opdracht(work_id).safe_at == at + 32 * MINUTE


def test_the_figures_count_what_was_accepted_and_safe_in_time(town: Town) -> None:
    at = town.evening
    for minutes, accepted, safe in ((0, 4, 80), (1, 20, 200), (2, None, None)):
        number = town.danger(at + minutes * MINUTE)
        if accepted:
            town.take_up(number, "an", at + (minutes + accepted) * MINUTE)
            with db.transaction(town.engine) as session:
                done = at + (minutes + (safe or 0)) * MINUTE
                spoed.make_safe(session, number, "", basis=Basis(version=2), actor=town.people["an"], now=done)
    term = last_months(town.now.date(), 1)
    with Session(town.engine) as session:
        soon = spoed_figures(session, town.home.id, term, now=at + 10 * MINUTE)
        later = spoed_figures(session, town.home.id, term, now=at + timedelta(days=1))
        assert spoed_figures(session, town.home.id, term.year_before, now=at).accepted.share is None
    assert soon.count == later.count == 3
    assert (later.accepted.counted, later.accepted.share, later.accepted.middle) == (3, 33, 12)
    assert (later.safe.counted, later.safe.share, later.safe.middle) == (3, 33, 140)
    assert soon.accepted.counted == 2, "what still runs within its time does not count yet"


# ---- the berichten themselves


class Called(Town):
    """The same town with a worker and twins of the providers."""

    def __init__(self, house: House, now: datetime) -> None:
        super().__init__(house.engine, now, house.home)
        self.house = house
        house.push = MemoryPush()

    def deliver(self) -> list[Exception]:
        """One try for each alarm that is owed; what people must see of it."""
        failures: list[Exception] = []
        with Session(self.engine) as session:
            owed = session.scalars(sa.select(OutboxEntry.payload).where(OutboxEntry.topic == Topic.NOTICE)).all()
            ids = set(session.scalars(sa.select(Notice.id).where(Notice.kind == "alarm")))
        for payload in owed:
            if payload["notice_id"] in ids:
                try:
                    notices.deliver_notice(self.engine, self.house.adapters, self.house.settings, payload)
                except PermanentFailure as failure:
                    failures.append(failure)
        return failures

    def deliveries(self) -> Sequence[tuple[str, str]]:
        with Session(self.engine) as session:
            query = sa.select(Delivery.channel, Delivery.status).join(Notice, Notice.id == Delivery.notice_id)
            return [
                (row[0], row[1]) for row in session.execute(query.where(Notice.kind == "alarm").order_by(Delivery.id))
            ]


@pytest.fixture(scope="module")
def called(built: House, now: datetime) -> Called:
    return Called(built, now)


def test_a_person_is_called_every_way_and_a_dead_device_removes_itself(called: Called, house: House) -> None:
    house.push = MemoryPush()
    called.roster("an")
    called.device("an")
    house.set_clock(called.evening)
    number = called.danger(called.evening)
    assert called.deliver() == []
    message = next(iter(house.push.sent.values()))
    assert message.urgent and message.path == f"/team/{number}" and "SPOED" in message.title
    assert [m.to for m in house.sms.sent.values()] == ["+31612345670"]
    assert f"/team/{number}" in next(iter(house.sms.sent.values())).text

    house.push.fail_with, house.sms.fail_with = AddressRefused("410"), PermanentFailure("geen bereik")
    with db.transaction(called.engine) as session:
        session.get_one(Account, called.id_of("an")).email = "an@example.nl"
        session.execute(sa.delete(OutboxEntry))
    called.danger(called.evening)
    assert called.deliver() == [], "the device goes, and e-mail takes over from the SMS"
    assert called.deliver() == []
    assert [m.to for m in house.mail.sent.values()] == ["an@example.nl"]
    with Session(called.engine) as session:
        assert session.scalars(sa.select(StaffPush)).all() == []


def test_who_cannot_be_told_is_a_task_and_nobody_is_called_for_what_was_accepted(called: Called, house: House) -> None:
    house.set_clock(called.evening + 2 * MINUTE)
    house.sms.fail_with = PermanentFailure("geen bereik")
    with db.transaction(called.engine) as session:
        session.get_one(Account, called.id_of("an")).email = ""
    called.danger(called.evening)
    called.deliver()
    assert "team_niet_bereikbaar" in dict(called.tasks())
    house.sms.fail_with = None
    with db.transaction(called.engine) as session:
        session.execute(sa.delete(OutboxEntry))
    number = called.danger(called.evening)
    called.take_up(number, "an", called.evening + MINUTE)
    house.sms.sent.clear()
    called.deliver()
    assert not house.sms.sent
    with Session(called.engine) as session:
        ended = sa.select(Notice.ended).where(Notice.kind == "alarm").order_by(Notice.id.desc()).limit(1)
        assert session.scalar(ended) == "aangenomen"

"""Overzicht terugkoppeling: random histories through the real flow, then every end put in its group by hand."""

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure
from meldingen.db import business_now, transaction
from meldingen.domain.actor import COORDINATOR, KCC, Actor
from meldingen.domain.cijfers import Term
from meldingen.domain.deadlines import AMSTERDAM
from meldingen.domain.terugkoppeling import GROUPS, HEARD, NOT_HEARD, UNREACHABLE
from meldingen.flow import closure, feedback, kcc
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.callback import Callback, open_callbacks
from meldingen.store.ending import Ending
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, Notice
from meldingen.store.outbox import OutboxEntry
from meldingen.store.reports_notices import count_heard, list_heard, speed, traffic
from tests import factories
from tests.flow.berichten import JAN, LANDLINE, MAIL, MOBILE, House

APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)
BOTH = Term(APRIL, MAY)
CONTACTS = (None, {"name": "Jan"}, MAIL, MAIL, MOBILE, MOBILE, JAN, LANDLINE, JAN | {"preference": "bellen"})


class Town:
    """A house whose people close, write, phone, reopen and withdraw as the dice fall."""

    def __init__(self, house: House, boss: Actor, desk: Actor, seed: int) -> None:
        self.house, self.boss, self.desk = house, boss, desk
        self.dice = random.Random(seed)
        self.moment = datetime(2026, 4, 28, 6, 0, tzinfo=AMSTERDAM)

    def wait(self, **time: int) -> None:
        self.moment += timedelta(**time)
        self.house.set_clock(self.moment)

    def live(self, meldingen: int) -> None:
        for _ in range(meldingen):
            self.wait(minutes=self.dice.randint(1, 400))
            made = self.melding(contact=self.dice.choice(CONTACTS), danger=self.dice.random() < 0.1)
            self.close(made, self.boss)
            self.write()
            if self.dice.random() < 0.15:
                self.reopen(made)
            if self.dice.random() < 0.3:
                self.phone()
            if self.dice.random() < 0.2:
                self.park()

    def melding(self, **facts: Any) -> Melding:
        """A routed melding; of its promises only the berichten are left to do."""
        with transaction(self.house.engine) as session:
            made = factories.melding(session, now=business_now(session), **facts)
            session.execute(sa.delete(OutboxEntry).where(OutboxEntry.topic != "bericht"))
            return made

    def close(self, melding: Melding, by: Actor) -> None:
        outcome = self.dice.choice(("opgelost", "opgelost", "niet_opgelost", "overgedragen"))
        said = NewClosure(outcome, "Het bord is vervangen.", partner="Het waterschap" if outcome[0] == "o" else "")
        with transaction(self.house.engine) as session:
            work = factories.opdracht_of(session, session.get_one(Melding, melding.id))
            basis = Basis(version=work.version)
            closure.close_opdracht(session, work.id, said, basis=basis, actor=by, now=business_now(session))

    def write(self) -> None:
        """A worker comes by at once, later or not at all; the mail server and the phones do what they like."""
        self.wait(minutes=self.dice.choice((0, 2, 7, 60)))
        fate = self.dice.choice((None, None, AddressRefused("onbekend adres"), TemporaryFailure("even niet")))
        self.house.mail.fail_with = fate
        self.house.sms.fail_with = self.dice.choice((None, None, fate))
        waiting = self.berichten()
        for row in waiting[-3:] if self.dice.random() < 0.8 else ():
            try:
                self.house.deliver(row, last_try=self.dice.random() < 0.3)
            except (TemporaryFailure, PermanentFailure):  # a team that cannot be reached
                continue
        self.house.mail.fail_with = self.house.sms.fail_with = None

    def berichten(self) -> list[OutboxEntry]:
        """What is owed now and nobody gave up."""
        return [row for row in self.house.rows() if row.topic == "bericht" and row.parked_at is None]

    def phone(self) -> None:
        with transaction(self.house.engine) as session:
            now = business_now(session)
            for call in open_callbacks(session, scope=self.house.scope)[:1]:
                outcome = self.dice.choice(("gesproken", "niet_bereikt"))
                kcc.record_call(session, call.id, outcome, "", version=call.version, actor=self.desk, now=now)

    def park(self) -> None:
        with transaction(self.house.engine) as session:
            row = self.dice.choice([*self.berichten(), None])
            if row is not None:
                change = {"parked_at": business_now(session), "reason": "de mailserver weigert"}
                session.execute(sa.update(OutboxEntry).where(OutboxEntry.id == row.id).values(change))

    def reopen(self, melding: Melding) -> None:
        with transaction(self.house.engine) as session:
            now, melding = business_now(session), session.get_one(Melding, melding.id)
            someone = factories.ANONYMOUS
            feedback.reopen_melding(session, melding, words="Nee", actor=someone, now=now)
            if self.dice.random() < 0.5:
                feedback.withdraw_melding(session, melding, reason="", actor=someone, now=now)
                return
        self.close(melding, self.boss)


def by_hand(session: Session, now: datetime) -> dict[int, str]:
    """The group of every end, one at a time: what a coordinator would conclude from all the rows."""
    groups = {}
    for end in session.scalars(sa.select(Ending)):
        notice = session.scalar(
            sa.select(Notice).where(Notice.event_id == end.event_id, Notice.melding_id == end.melding_id)
        )
        melding = session.get_one(Melding, end.melding_id)
        groups[end.id] = _group(session, end, notice, melding, now)
    return groups


def _group(session: Session, end: Ending, notice: Notice | None, melding: Melding, now: datetime) -> str:
    if end.reach in ("anoniem", "wil_geen_bericht"):
        return end.reach
    if notice is None:
        return "niet_bereikbaar" if end.reach == "geen_kanaal" else "onverklaard"
    ids = [notice.id, notice.bundled_into or notice.id]
    made = list(session.scalars(sa.select(Delivery).where(Delivery.notice_id.in_(ids)).order_by(Delivery.id)))
    went = sorted((d for d in made if d.status in ("verzonden", "bezorgd")), key=lambda d: (d.sent_at, d.id))
    if went and went[0].channel == "telefoon":
        return "telefoon"
    if went:
        assert went[0].sent_at is not None
        begins = end.at
        local = end.at.astimezone(AMSTERDAM)
        if went[0].channel == "sms" and (local.hour >= 22 or local.hour < 7):
            morning = local.replace(hour=7, minute=0, second=0, microsecond=0)
            begins = morning if local.hour < 7 else morning + timedelta(days=1)
        return "binnen_5_minuten" if went[0].sent_at - begins <= timedelta(minutes=5) else "later"
    if melding.withdrawn_at is not None or notice.ended == "ongedaan":
        return "ingetrokken"
    calls = session.scalars(sa.select(Callback).where(Callback.notice_id == notice.id))
    if any(call.status == "open" for call in calls):
        return "wacht_op_bellen"
    rows = [
        row
        for row in session.scalars(sa.select(OutboxEntry).where(OutboxEntry.done_at.is_(None)))
        if row.payload.get("notice_id") in ids
    ]
    if any(row.parked_at for row in rows) and not any(row.parked_at is None for row in rows):
        return "vastgelopen"
    if rows:
        quiet = any(d.status in ("gepland", "klaar") and d.channel == "sms" and d.due_at > now for d in made)
        return "stille_uren" if quiet else "onderweg"
    if "niet_bereikbaar" in melding.flags:
        return "niet_bereikbaar"
    return "niet_aangekomen" if made else "onverklaard"


@pytest.fixture(scope="module")
def people(built: House) -> tuple[Actor, Actor]:
    with transaction(built.engine) as session:
        return factories.medewerker(session, built.home, COORDINATOR), factories.medewerker(session, built.home, KCC)


@pytest.fixture(scope="module")
def town(built: House, people: tuple[Actor, Actor]) -> Town:
    """One town that has lived for some weeks."""
    lived = Town(built, *people, seed=5)
    lived.live(16)
    return lived


@pytest.fixture
def session(built: House) -> Iterator[Session]:
    with Session(built.engine) as session:
        yield session


def test_the_groups_are_what_a_person_would_conclude(town: Town, session: Session) -> None:
    now = business_now(session)
    expected = by_hand(session, now)
    found: dict[int, str] = {}
    counts = count_heard(session, BOTH, now=now, scope=town.house.scope)
    for month in BOTH.months:
        for group in GROUPS:
            rows = list_heard(session, month, group.code, now=now, scope=town.house.scope, limit=1000)
            assert len(rows) == counts.get((month, group.code), 0), "the list explains the count, melding by melding"
            found |= {row.ending_id: row.group for row in rows}
    assert found == expected
    seen = Counter(expected.values())
    assert len(seen) >= 5, "the dice saw most of what can happen"
    assert "onverklaard" not in seen


def test_every_end_is_in_one_group(town: Town, session: Session) -> None:
    now = business_now(session)
    counts = count_heard(session, BOTH, now=now, scope=town.house.scope)
    assert sum(counts.values()) == session.scalar(sa.select(sa.func.count()).select_from(Ending))
    assert {group for _, group in counts} <= {group.code for group in GROUPS}
    assert sorted((*HEARD, *NOT_HEARD, *UNREACHABLE)) == sorted(group.code for group in GROUPS)
    assert count_heard(session, BOTH, now=now, scope=[-1]) == {}


def test_every_afgehandelde_melding_has_one_end_that_holds(town: Town, session: Session) -> None:
    """Whoever closes or reopens: the figures and the melding say the same."""
    closed = {m.id: m.closed_at for m in session.scalars(sa.select(Melding)) if m.status == "afgehandeld"}
    holding = {e.melding_id: e.closed_at for e in session.scalars(sa.select(Ending)) if e.reopened_at is None}
    assert closed == holding and closed


def test_an_sms_of_the_night_counts_from_seven(house: House, people: tuple[Actor, Actor]) -> None:
    town = Town(house, *people, seed=1)
    town.moment = datetime(2026, 6, 9, 23, 30, tzinfo=AMSTERDAM)
    town.wait()
    made = town.melding(contact=MOBILE)
    town.close(made, people[0])
    for row in town.berichten():
        house.deliver(row)
    june = date(2026, 6, 1)

    def group() -> Any:
        with Session(house.engine) as session:
            now = business_now(session)
            counts = count_heard(session, Term(june, june), now=now, scope=house.scope)
            return [code for _, code in counts]

    assert group() == ["stille_uren"]
    town.wait(hours=7, minutes=32)
    for row in town.berichten():
        house.deliver(row)
    assert group() == ["binnen_5_minuten"]
    with Session(house.engine) as session:
        fast = speed(session, Term(june, june), scope=house.scope)
        assert 0 <= fast[june, "einde"] <= 300 and (june, "ontvangst") in fast
        (sms,) = [t for t in traffic(session, Term(june, june), scope=house.scope) if t.channel == "sms"]
        assert (sms.made, sms.sent, sms.failed, sms.maybe_double) == (2, 2, 0, 0)

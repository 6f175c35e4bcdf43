"""The clock: each moment once, however many clocks; and what its work removes and leaves."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import adapters, db
from meldingen.flow import upkeep
from meldingen.store import retention
from meldingen.store.account import Account, StaffSession
from meldingen.store.melding import Idempotency
from meldingen.store.outbox import OutboxEntry, Topic, Urgency, put
from workers import jobs, schedule
from workers.context import Context
from workers.schedule import PERIODIC, Clock, Periodic

from .conftest import settings_for
from .shop import Workshop, until

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def upkeep_keys(engine: sa.Engine) -> list[str]:
    with db.transaction(engine) as session:
        query = sa.select(OutboxEntry.key).where(OutboxEntry.topic == Topic.UPKEEP).order_by(OutboxEntry.key)
        return [str(key) for key in session.scalars(query)]


@pytest.mark.parametrize(
    ("every", "at", "now", "moment"),
    [
        (HOUR, timedelta(0), "2026-04-14T08:47", "2026-04-14T08:00"),
        (HOUR, timedelta(0), "2026-04-14T08:00", "2026-04-14T08:00"),
        (DAY, HOUR, "2026-04-14T00:59", "2026-04-13T01:00"),
        (DAY, HOUR, "2026-04-14T01:00", "2026-04-14T01:00"),
        (timedelta(minutes=5), timedelta(0), "2026-03-29T01:59", "2026-03-29T01:55"),
    ],
)
def test_the_latest_moment_counts(every: timedelta, at: timedelta, now: str, moment: str) -> None:
    periodic = Periodic(every, lambda context, now: None, at=at)
    at_now = datetime.fromisoformat(now).replace(tzinfo=UTC)
    assert periodic.moment(at_now) == datetime.fromisoformat(moment).replace(tzinfo=UTC)


def test_two_clocks_put_each_moment_once(committed_engine: sa.Engine) -> None:
    one, two = Clock(committed_engine), Clock(committed_engine)
    with db.transaction(committed_engine) as session:
        db.set_clock_offset(
            session, round((datetime(2026, 4, 14, 8, 47, 10, tzinfo=UTC) - db.machine_now()).total_seconds())
        )

    assert len(one.tick()) == len(two.tick()) == len(PERIODIC)
    assert one.tick() == []
    keys = upkeep_keys(committed_engine)
    assert len(keys) == len(PERIODIC)
    assert "upkeep:missing_photos:2026-04-14T08:00" in keys
    assert "upkeep:idempotency:2026-04-14T01:00" in keys

    with db.transaction(committed_engine) as session:
        db.set_clock_offset(session, db.clock_offset_s(session) + 3600)
    often = [task for task, periodic in PERIODIC.items() if periodic.every <= HOUR]
    assert len(two.tick()) == len(one.tick()) == len(often)
    assert len(upkeep_keys(committed_engine)) == len(PERIODIC) + len(often)


def test_a_real_clock_and_relay_and_worker_do_all_of_it(workshop: Workshop) -> None:
    workshop.start("relay")
    workshop.start("clock")
    workshop.start("clock")
    workshop.start("upkeep")
    workshop.start("alarms")
    ids = until(lambda: len(found := upkeep_ids(workshop.engine)) >= len(PERIODIC) and found)

    until(lambda: workshop.done(*ids))
    assert all(workshop.entry(row).attempts == 1 for row in ids)
    assert workshop.said("outbox_cleared", rows=0)


def upkeep_ids(engine: sa.Engine) -> list[int]:
    with db.transaction(engine) as session:
        return list(session.scalars(sa.select(OutboxEntry.id).where(OutboxEntry.topic == Topic.UPKEEP)))


@pytest.fixture
def context(committed_engine: sa.Engine, redis_url: str, tmp_path: Path) -> Context:
    """What a handler gets, on this test's database."""
    settings = settings_for(committed_engine, redis_url, tmp_path)
    return Context(settings, committed_engine, adapters.build(settings))


def add_old_things(session: Session, now: datetime) -> None:
    """Of everything one that has had its time and one that has not."""
    for days in (1, 6, 8, 40):
        put(session, Topic.NOTICE, {"id": days}, gemeente_id=None, now=now - days * DAY)
        session.add(Idempotency(scope="x", key=str(days), body_hash=b"", created_at=now - days * DAY))
    session.flush()
    done = OutboxEntry.created_at + timedelta(hours=1)
    session.execute(sa.update(OutboxEntry).values(done_at=done))
    put(session, Topic.ROUTE, {"id": 0}, gemeente_id=None, now=now - 40 * DAY)  # never done: stays for ever
    session.execute(sa.update(OutboxEntry).where(OutboxEntry.topic == Topic.ROUTE).values(parked_at=now - 39 * DAY))
    account = Account(username="anna", name="Anna", password_hash="x", created_at=now)
    session.add(account)
    session.flush()
    for hours in (-1, 1):
        ends = now + hours * HOUR
        session.add(
            StaffSession(account_id=account.id, secret_hash=bytes([hours + 2]), created_at=now, expires_at=ends)
        )


def test_upkeep_removes_what_had_its_time_and_nothing_else(
    committed_engine: sa.Engine, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    with db.transaction(committed_engine) as session:
        add_old_things(session, now)

    for _ in range(2):
        upkeep.clear_outbox(committed_engine, now=now)
        upkeep.clear_idempotency(committed_engine, now=now)
        upkeep.clear_staff_sessions(committed_engine, now=now)

    with db.transaction(committed_engine) as session:
        assert session.scalars(sa.select(OutboxEntry.payload["id"].as_integer()).order_by(OutboxEntry.id)).all() == [
            1,
            6,
            0,
        ]
        assert session.scalars(sa.select(Idempotency.key).order_by(Idempotency.id)).all() == ["1", "6", "8"]
        assert session.scalars(sa.select(StaffSession.expires_at)).all() == [now + HOUR]


def test_every_periodic_task_runs_on_an_empty_house(context: Context) -> None:
    with db.transaction(context.engine) as session:
        now = db.business_now(session)
    for periodic in PERIODIC.values():
        periodic.work(context, now)


def test_a_task_of_an_earlier_release_is_done_with(context: Context) -> None:
    with db.transaction(context.engine) as session:
        now = db.business_now(session)
        put(session, Topic.UPKEEP, {"task": "vroeger"}, gemeente_id=None, now=now, urgency=Urgency.LATER)
    entry = jobs.Leased(1, jobs.UUID(int=1), Topic.UPKEEP, None, {"task": "vroeger"}, 1, "", last_try=False)
    schedule.do_periodic(context, entry)


def test_time_that_went_back_leaves_no_work_waiting(committed_engine: sa.Engine) -> None:
    """A clock that was three hours ahead and is set right: what was due by then is due now, what was not is not."""
    clock = Clock(committed_engine, table={})
    with db.transaction(committed_engine) as session:
        db.set_clock_offset(session, 3 * 3600)
        ahead = db.business_now(session)
        for number, due_at in enumerate((ahead, ahead + timedelta(hours=1))):
            put(session, Topic.NOTICE, {"n": number}, gemeente_id=None, now=ahead, due_at=due_at)
    clock.tick()
    with db.transaction(committed_engine) as session:
        db.set_clock_offset(session, 0)
    clock.tick()
    with db.transaction(committed_engine) as session:
        now = db.business_now(session)
        due = session.scalars(sa.select(OutboxEntry.due_at).order_by(OutboxEntry.id)).all()
    assert due[0] <= now and due[1] == ahead + timedelta(hours=1)

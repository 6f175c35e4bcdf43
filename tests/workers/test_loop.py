"""The loop outbox → relay → queue → worker with real processes, and how it heals when any of them dies."""

import contextlib
import os
import signal
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import redis
import sqlalchemy as sa
from rq.exceptions import StopRequested

from meldingen import db
from meldingen.adapters.queue import NotifyWake
from meldingen.store import leases
from meldingen.store.outbox import OutboxEntry, Topic, Urgency
from workers import relay, rq_workers

from .conftest import QueueServer
from .handlers import policies
from .shop import Workshop, until


def test_every_topic_is_done_once_and_logged(workshop: Workshop) -> None:
    workshop.start("relay")
    workshop.start("text")
    workshop.start("heavy")
    ids = [workshop.put(topic, request_id="verzoek-1") for topic in Topic]

    until(lambda: workshop.done(*ids))

    assert sorted(workshop.trace("done") + workshop.trace("routed")) == sorted(ids)
    line = until(lambda: workshop.said("job_done", entry=ids[0]))[0]
    assert line["topic"] == "toewijzen"
    assert line["attempts"] == 1
    assert line["request_id"] == "verzoek-1"
    assert line["ms"] >= 0
    assert len(workshop.pids()) == 4  # one long-lived text worker; a fork for the photo, the webhook and upkeep


def test_many_rows_travel_in_lots_and_none_is_done_twice(workshop: Workshop) -> None:
    ids = [workshop.put() for _ in range(70)]
    workshop.start("relay")
    workshop.start("relay")
    workshop.start("text")
    workshop.start("text")

    until(lambda: workshop.done(*ids))

    assert sorted(workshop.trace()) == ids
    assert len(workshop.said("lot_sent")) < 20


def test_a_poison_row_is_parked_and_the_others_of_its_lot_go_on(workshop: Workshop) -> None:
    refused, failing, buggy = workshop.put(do="refuse"), workshop.put(do="fail"), workshop.put(do="bug")
    others = [workshop.put() for _ in range(5)]
    workshop.start("relay", tries=3)
    workshop.start("text", tries=3)

    until(lambda: workshop.done(*others) and workshop.parked(refused, failing, buggy))

    assert [workshop.entry(row).reason for row in (refused, failing, buggy)] == [
        "het adres bestaat niet",
        "de mailserver antwoordt niet",
        "Fout in het programma: KeyError",
    ]
    assert [workshop.entry(row).attempts for row in (refused, failing, buggy)] == [1, 3, 3]
    assert "Jan de Vries" not in "".join(file.read_text() for file in workshop.logs.glob("*.log"))

    with db.transaction(workshop.engine) as session:
        session.execute(sa.update(OutboxEntry).values(payload={"do": "ok"}))
        now = db.business_now(session)
        assert leases.again(session, failing, now=now)
        assert not leases.again(session, failing, now=now)
    until(lambda: workshop.done(failing))
    assert workshop.entry(failing).attempts == 1


def test_a_row_whose_moment_has_not_come_is_no_failure(workshop: Workshop) -> None:
    workshop.start("relay")
    workshop.start("text")
    row = workshop.put(do="later")

    until(lambda: workshop.said("job_held", entry=row))

    entry = until(lambda: (e := workshop.entry(row)).lease is None and e)
    assert entry.attempts == 0
    assert entry.due_at > entry.created_at + timedelta(hours=8)


def test_the_work_horse_of_upkeep_may_die_without_its_worker(workshop: Workshop) -> None:
    killer, good = (workshop.put(Topic.UPKEEP, do) for do in ("die", "ok"))
    workshop.start("relay", lease_s=1, tries=2)
    worker = workshop.start("heavy", lease_s=1, tries=2)

    until(lambda: workshop.done(good) and workshop.parked(killer))

    assert worker.exitcode is None
    assert workshop.entry(killer).reason == leases.WORKER_DIED


def test_a_job_that_takes_too_long_is_cut_off_and_the_others_go_on(workshop: Workshop) -> None:
    slow = workshop.put(do="wait")
    other = workshop.put()
    workshop.start("relay", job_timeout_s=3, tries=1)
    worker = workshop.start("text", job_timeout_s=3, tries=1)

    until(lambda: workshop.parked(slow) and workshop.done(other))

    assert worker.exitcode is None
    assert "duurde te lang" in workshop.entry(slow).reason
    assert workshop.entry(other).attempts == 1


def test_a_relay_killed_between_lease_and_queue_costs_one_lease(workshop: Workshop) -> None:
    row = workshop.put()
    dying = relay.Relay(workshop.engine, relay.connect(workshop.settings.redis_url), policies=policies(lease_s=1))
    assert dying.lease_next(["gewoon"]) is not None  # and never enqueues it
    assert workshop.leased(row)

    workshop.start("relay")
    workshop.start("text")

    until(lambda: workshop.done(row))
    assert workshop.entry(row).attempts >= 2


def test_a_killed_relay_process_is_missed_by_nobody(workshop: Workshop) -> None:
    first = workshop.start("relay", lease_s=1)
    workshop.start("text")
    first_row = workshop.put()
    until(lambda: workshop.done(first_row))
    first.kill()
    first.join()
    row = workshop.put()
    workshop.start("relay", lease_s=1)

    until(lambda: workshop.done(row))


def test_a_wiped_queue_loses_nothing(workshop: Workshop) -> None:
    ids = [workshop.put(topic) for topic in (Topic.ROUTE, Topic.NOTICE, Topic.PHOTO) for _ in range(4)]
    workshop.start("relay", lease_s=2, lot=2)
    with redis.Redis.from_url(workshop.settings.redis_url) as queue:
        until(lambda: queue.llen("rq:queue:gewoon") and queue.llen("rq:queue:foto"))
        queue.flushdb()

    workshop.start("text", lease_s=2)
    workshop.start("heavy", lease_s=2)

    until(lambda: workshop.done(*ids))
    assert sorted(workshop.trace("done") + workshop.trace("routed")) == sorted(ids)


def test_a_queue_wiped_during_a_job_leaves_worker_and_work_alive(workshop: Workshop) -> None:
    slow = workshop.put(do="wait")
    workshop.start("relay", lease_s=5)
    worker = workshop.start("text", lease_s=5)
    until(lambda: workshop.trace("begun") == [slow])
    with redis.Redis.from_url(workshop.settings.redis_url) as queue:
        queue.flushdb()
    workshop.open_gate()
    next_row = workshop.put()

    until(lambda: workshop.done(slow, next_row))
    assert worker.exitcode is None
    assert workshop.trace() == [slow, next_row]


def test_a_worker_killed_in_the_middle_of_a_job_costs_one_lease(workshop: Workshop) -> None:
    ids = [workshop.put(do="wait"), workshop.put(Topic.NOTICE), workshop.put(Topic.ROUTE)]
    workshop.start("relay", lease_s=1)
    victim = workshop.start("text", lease_s=1)
    until(lambda: workshop.trace("begun"))
    victim.kill()
    victim.join()
    workshop.open_gate()
    workshop.start("text", lease_s=1)

    until(lambda: workshop.done(*ids))
    assert workshop.entry(ids[0]).attempts >= 2
    assert sorted(workshop.trace("done") + workshop.trace("routed")) == ids


def test_a_routing_killed_before_its_commit_happens_once(workshop: Workshop) -> None:
    row = workshop.put(Topic.ROUTE, do="die")
    workshop.start("relay", lease_s=1)
    victim = workshop.start("text", lease_s=1)
    victim.join(20)
    with db.transaction(workshop.engine) as session:
        session.execute(sa.update(OutboxEntry).values(payload={"do": "ok"}))
    workshop.start("text", lease_s=1)

    until(lambda: workshop.done(row))
    assert workshop.trace("routed") == [row]


def test_a_worker_that_lost_its_lease_keeps_nothing(workshop: Workshop) -> None:
    """Two deliveries of one job, and a job that comes after the lease went to another: only one is done."""
    row = workshop.put()
    late = relay.Relay(workshop.engine, relay.connect(workshop.settings.redis_url), policies=policies(lease_s=0))
    first, second = late.lease_next(["gewoon"]), late.lease_next(["gewoon"])
    assert first is not None
    assert second is not None
    late.enqueue(first)
    late.enqueue(second)
    workshop.start("text")

    until(lambda: workshop.done(row) and workshop.said("lease_lost"))
    assert workshop.trace() == [row]


@pytest.mark.parametrize("urgency", [Urgency.SPOED, Urgency.NORMAL])
def test_of_one_melding_things_happen_in_order(workshop: Workshop, urgency: int) -> None:
    first = workshop.put(do="wait", order_key="melding:1")
    second = workshop.put(order_key="melding:1", urgency=urgency)
    other = workshop.put(order_key="melding:2")
    workshop.start("relay", lot=1)
    workshop.start("text")
    workshop.start("text")

    until(lambda: workshop.done(other) and workshop.trace("begun"))
    assert not workshop.leased(second)
    workshop.open_gate()

    until(lambda: workshop.done(first, second))
    assert [row for row in workshop.trace() if row != other] == [first, second]


def test_a_lost_notify_costs_one_poll(workshop: Workshop) -> None:
    """Nobody sends a NOTIFY in these tests' put(); the poll alone finds the row."""
    workshop.start("relay")
    workshop.start("text")
    first_row = workshop.put()
    until(lambda: workshop.done(first_row))

    row = workshop.put()
    put_at = datetime.now(UTC)
    until(lambda: workshop.done(row))
    assert datetime.now(UTC) - put_at < timedelta(seconds=5)


def test_a_notify_wakes_the_relay(workshop: Workshop) -> None:
    ears = relay.Ears(workshop.settings.database_url)
    ears.open()
    began = datetime.now(UTC)
    NotifyWake(workshop.settings.database_url)()
    ears.wait(20)
    ears.close()
    assert datetime.now(UTC) - began < timedelta(seconds=10)


def test_intake_goes_on_while_the_queue_is_down(
    queue_server: QueueServer, open_workshop: Callable[[str], Workshop]
) -> None:
    workshop = open_workshop(queue_server.url)
    workshop.start("relay", lease_s=2)
    worker = workshop.start("text", lease_s=2)
    until(lambda: workshop.said("relay_waits") and workshop.said("worker_waits"))
    ids = [workshop.put() for _ in range(3)]
    queue_server.start()
    until(lambda: workshop.done(*ids))

    queue_server.stop()
    ids = [workshop.put() for _ in range(3)]
    assert not workshop.done(*ids)
    queue_server.start()
    if worker.exitcode is not None:  # its parent would start it again
        workshop.start("text", lease_s=2)
    until(lambda: workshop.done(*ids))


def test_a_database_that_hangs_up_is_called_again(workshop: Workshop) -> None:
    workshop.start("relay")
    worker = workshop.start("text")
    first = workshop.put()
    until(lambda: workshop.done(first))
    with workshop.engine.connect() as connection:
        others = "datname = current_database() AND pid <> pg_backend_pid()"
        connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE {others}"))
    row = workshop.put()

    until(lambda: workshop.done(row))
    assert worker.exitcode is None


def test_a_worker_that_is_asked_to_stop_gives_back_what_it_did_not_begin(workshop: Workshop) -> None:
    begun, others = workshop.put(do="wait"), [workshop.put() for _ in range(3)]
    relay_process = workshop.start("relay")
    worker = workshop.start("text")
    until(lambda: workshop.trace("begun") == [begun])
    relay_process.terminate()
    relay_process.join(10)
    worker.terminate()
    workshop.open_gate()
    worker.join(10)

    assert worker.exitcode == 0
    assert workshop.done(begun)
    assert [workshop.entry(row).attempts for row in others] == [0, 0, 0]
    assert not workshop.leased(*others)


@pytest.mark.parametrize("part", ["relay", "text", "heavy", "clock"])
def test_every_part_ends_in_seconds_also_without_its_queue(
    part: str, queue_server: QueueServer, open_workshop: Callable[[str], Workshop]
) -> None:
    queue_server.start()
    workshop = open_workshop(queue_server.url)
    process = workshop.start(part)
    with redis.Redis.from_url(queue_server.url) as queue:
        until(lambda: part in ("relay", "clock") or queue.smembers("rq:workers"))
    queue_server.stop()
    process.terminate()
    process.join(10)

    assert process.exitcode is not None


def test_an_end_that_was_asked_in_a_line_of_the_log_is_not_missed(
    queue_server: QueueServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    queue_server.start()
    with redis.Redis.from_url(queue_server.url) as queue:
        worker = rq_workers.text_worker(queue)
        worker.heartbeat()
        monkeypatch.setattr(signal, "signal", lambda *_: None)
        with contextlib.suppress(StopRequested):  # as logging does with whatever comes up in a line of it
            worker.request_stop(signal.SIGTERM, None)
        with pytest.raises(StopRequested):
            worker.heartbeat()


def test_a_line_is_short_and_urgent_work_goes_first(workshop: Workshop) -> None:
    """One lot waits per worker while it does another; upkeep waits until no photo does."""
    ids = [workshop.put(topic) for topic in (Topic.PHOTO, Topic.UPKEEP, Topic.NOTICE) for _ in range(5)]
    spoed = workshop.put(Topic.NOTICE, urgency=Urgency.SPOED)
    idle = relay.Relay(workshop.engine, relay.connect(workshop.settings.redis_url), policies=policies(lot=1))

    assert idle.room() == {"spoed": 1, "gewoon": 1, "foto": 1, "onderhoud": 1}
    assert idle.pump() == 2
    assert idle.room() == {"spoed": 0, "gewoon": 0, "foto": 0, "onderhoud": 0}
    assert idle.pump() == 0
    sent = [row for row in (*ids, spoed) if workshop.leased(row)]
    assert sent == [ids[0], spoed]  # one photo, and what is spoed

    late = workshop.put(Topic.ROUTE, urgency=Urgency.SPOED)
    with redis.Redis.from_url(workshop.settings.redis_url) as queue:
        queue.lpop("rq:queue:spoed")  # a worker takes it
    assert idle.pump() == 1
    assert workshop.leased(late)


def test_the_parent_starts_again_what_died_and_ends_in_seconds(workshop: Workshop) -> None:
    parent = workshop.start("all", lease_s=1)
    first = workshop.put()
    until(lambda: workshop.done(first))
    for line in workshop.said("part_started"):
        os.kill(line["pid"], signal.SIGKILL)
    second = workshop.put()

    until(lambda: workshop.done(second))
    assert {line["part"] for line in workshop.said("part_died")} == {"relay", "text", "heavy", "clock"}
    until(lambda: len(workshop.said("part_started")) == 8)

    slow = workshop.put(do="wait")
    until(lambda: workshop.trace("begun") == [slow])
    parent.terminate()
    parent.join(10)
    assert parent.exitcode == 0
    until(lambda: not any(_alive(line["pid"]) for line in workshop.said("part_started")))


def test_no_part_outlives_a_killed_parent(workshop: Workshop) -> None:
    parent = workshop.start("all")
    until(lambda: len(workshop.said("part_started")) == 4)
    first_row = workshop.put()
    until(lambda: workshop.done(first_row))
    parent.kill()
    parent.join()

    until(lambda: not any(_alive(line["pid"]) for line in workshop.said("part_started")))


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True

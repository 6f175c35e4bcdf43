"""Leasing as a table of cases, inside one rolled-back transaction: there the database's clock stands still, so a
lease of zero seconds has run out and any other has not."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.store import leases
from meldingen.store.leases import Leased, Lot, Terms
from meldingen.store.outbox import OutboxEntry, Topic, Urgency, backlog, parked_entries, put

MINUTE = timedelta(minutes=1)
LINES = [(topic, urgent) for topic in Topic for urgent in (True, False)]
TERMS = {topic: Terms(lot=1 if topic is Topic.PHOTO else 3, lease_s=60, tries=2) for topic in Topic}
EXPIRED = {topic: replace(terms, lease_s=0) for topic, terms in TERMS.items()}


def add(session: Session, now: datetime, topic: Topic = Topic.NOTICE, **options: Any) -> int:
    """One row; its id."""
    put(session, topic, {"id": 1}, gemeente_id=None, now=now, **options)
    return session.scalars(sa.select(sa.func.max(OutboxEntry.id))).one()


def lease(session: Session, now: datetime, terms: dict[Topic, Terms] = TERMS) -> tuple[int, ...]:
    """The ids of the next lot; empty when nothing may be leased."""
    lot = leases.lease(session, LINES, terms=terms, now=now)
    return lot.ids if lot else ()


def take(session: Session, now: datetime, terms: dict[Topic, Terms] = TERMS) -> list[Leased]:
    """Leases the next lot and begins it."""
    lot = leases.lease(session, LINES, terms=terms, now=now)
    assert lot is not None
    return begin(session, lot)


def begin(session: Session, lot: Lot) -> list[Leased]:
    return leases.renew(session, lot.ids, lot.lease, terms=TERMS[lot.topic])


def row(session: Session, entry_id: int) -> OutboxEntry:
    return session.get_one(OutboxEntry, entry_id, populate_existing=True)


def test_rows_of_one_topic_travel_together_most_urgent_first(session: Session, now: datetime) -> None:
    later = add(session, now, urgency=Urgency.LATER)
    ordinary = [add(session, now) for _ in range(3)]
    route = add(session, now, Topic.ROUTE)
    spoed = add(session, now, urgency=Urgency.SPOED)

    assert lease(session, now) == (spoed,)
    assert lease(session, now) == tuple(ordinary)
    assert lease(session, now) == (route,)
    assert lease(session, now) == (later,)
    assert lease(session, now) == ()


def test_photos_travel_alone(session: Session, now: datetime) -> None:
    first, second = add(session, now, Topic.PHOTO), add(session, now, Topic.PHOTO)

    assert lease(session, now) == (first,)
    assert lease(session, now) == (second,)


def test_only_the_lines_asked_for_are_leased(session: Session, now: datetime) -> None:
    add(session, now, Topic.PHOTO)
    spoed, ordinary = add(session, now, urgency=Urgency.SPOED), add(session, now)

    urgent = leases.lease(session, [(Topic.NOTICE, True)], terms=TERMS, now=now)
    assert urgent is not None
    assert (urgent.ids, urgent.urgent, urgent.topic) == ((spoed,), True, Topic.NOTICE)
    other = leases.lease(session, [(Topic.NOTICE, False), (Topic.ROUTE, False)], terms=TERMS, now=now)
    assert other is not None
    assert (other.ids, other.urgent) == ((ordinary,), False)


def test_due_is_business_time(session: Session, now: datetime) -> None:
    entry = add(session, now, due_at=now + MINUTE)

    assert lease(session, now) == ()
    assert lease(session, now + MINUTE) == (entry,)


def test_from_the_second_attempt_a_row_travels_alone(session: Session, now: datetime) -> None:
    first, second = add(session, now), add(session, now)
    assert lease(session, now, EXPIRED) == (first, second)
    third = add(session, now)

    assert lease(session, now) == (first,)
    assert lease(session, now) == (second,)
    assert lease(session, now) == (third,)


def test_a_row_whose_workers_died_is_parked_after_its_last_try(session: Session, now: datetime) -> None:
    entry, good = add(session, now), add(session, now + MINUTE)
    for _ in range(TERMS[Topic.NOTICE].tries):
        assert lease(session, now, EXPIRED) == (entry,)

    assert lease(session, now + MINUTE) == (good,)
    assert row(session, entry).reason == leases.WORKER_DIED
    assert [parked.id for parked in parked_entries(session)] == [entry]


def test_a_job_delivered_twice_finds_nothing_the_second_time(session: Session, now: datetime) -> None:
    entry = add(session, now)
    lot = leases.lease(session, LINES, terms=TERMS, now=now)
    assert lot is not None

    assert [held.id for held in begin(session, lot)] == [entry]
    assert begin(session, lot) == []


def test_a_lease_that_ran_out_unnoticed_is_still_good(session: Session, now: datetime) -> None:
    entry = add(session, now)
    held = take(session, now, EXPIRED)

    assert [h.id for h in held] == [entry]
    assert lease(session, now) == ()


def test_who_lost_the_lease_changes_nothing(session: Session, now: datetime) -> None:
    entry = add(session, now)
    lot = leases.lease(session, LINES, terms=EXPIRED, now=now)
    assert lot is not None
    other = take(session, now)[0]
    stale = replace(other, lease=lot.lease)

    assert begin(session, lot) == []
    assert not leases.finish(session, stale, now=now)
    assert not leases.postpone(session, stale, due_at=now, reason="")
    assert not leases.park(session, stale, now=now, reason="")
    assert not leases.hold(session, stale, due_at=now)
    assert not leases.give_back(session, [entry], uuid4())
    assert row(session, entry).lease == other.lease
    assert leases.finish(session, other, now=now)
    assert not leases.finish(session, other, now=now)


def test_how_a_lease_may_end(session: Session, now: datetime) -> None:
    entry = add(session, now)
    assert leases.postpone(session, take(session, now)[0], due_at=now + MINUTE, reason="de mailserver antwoordt niet")
    assert (row(session, entry).attempts, row(session, entry).reason) == (1, "de mailserver antwoordt niet")
    assert lease(session, now) == ()

    assert leases.hold(session, take(session, now + MINUTE)[0], due_at=now + 2 * MINUTE)
    assert row(session, entry).attempts == 1

    held = take(session, now + 2 * MINUTE)
    assert leases.give_back(session, [held[0].id], held[0].lease)
    assert (row(session, entry).attempts, row(session, entry).lease) == (1, None)

    assert leases.finish(session, take(session, now + 2 * MINUTE)[0], now=now + 2 * MINUTE)
    assert (row(session, entry).done_at, row(session, entry).reason) == (now + 2 * MINUTE, "")
    assert lease(session, now + timedelta(days=1)) == ()


def test_again_is_safe_to_press_twice(session: Session, now: datetime) -> None:
    entry = add(session, now)
    assert not leases.again(session, entry, now=now)
    assert leases.park(session, take(session, now)[0], now=now, reason="het adres bestaat niet")
    assert lease(session, now) == ()

    assert leases.again(session, entry, now=now)
    assert not leases.again(session, entry, now=now)
    held = take(session, now)[0]
    assert (held.id, held.attempts) == (entry, 1)
    assert not leases.again(session, entry, now=now)
    assert leases.finish(session, held, now=now)
    assert not leases.again(session, entry, now=now)


def test_of_one_key_only_the_oldest_unfinished_row_goes(session: Session, now: datetime) -> None:
    first = add(session, now, order_key="melding:1")
    second = add(session, now, order_key="melding:1", urgency=Urgency.SPOED)
    other = add(session, now, order_key="melding:2")

    held = take(session, now)
    assert [h.id for h in held] == [first, other]
    assert lease(session, now + timedelta(days=1)) == ()  # worked on: it holds the next however long
    leases.finish(session, held[0], now=now)
    assert lease(session, now) == (second,)


def test_a_row_that_is_due_again_goes_before_the_next(session: Session, now: datetime) -> None:
    first, second = add(session, now, order_key="melding:1"), add(session, now, order_key="melding:1")
    leases.postpone(session, take(session, now)[0], due_at=now + MINUTE, reason="")

    assert lease(session, now) == ()
    held = take(session, now + MINUTE)
    assert [h.id for h in held] == [first]
    leases.finish(session, held[0], now=now + MINUTE)
    assert lease(session, now + MINUTE) == (second,)


def test_a_parked_row_holds_the_next_at_most_five_minutes(session: Session, now: datetime) -> None:
    first, second = add(session, now, order_key="melding:1"), add(session, now, order_key="melding:1")
    leases.park(session, take(session, now)[0], now=now, reason="")
    assert lease(session, now + 4 * MINUTE) == ()

    held = take(session, now + 5 * MINUTE)
    assert [h.id for h in held] == [second]
    leases.finish(session, held[0], now=now)
    third = add(session, now + 6 * MINUTE, order_key="melding:1")
    assert lease(session, now + 6 * MINUTE) == (third,)  # long parked: it holds nobody any more
    assert leases.again(session, first, now=now + 7 * MINUTE)
    assert lease(session, now + 7 * MINUTE) == (first,)


def test_a_quiet_row_holds_the_next_at_most_five_minutes(session: Session, now: datetime) -> None:
    add(session, now, order_key="melding:1", due_at=now + timedelta(hours=9))
    second = add(session, now, order_key="melding:1")

    assert lease(session, now + 4 * MINUTE) == ()
    assert lease(session, now + 5 * MINUTE) == (second,)


def test_two_relays_pass_over_each_others_rows(committed_engine: sa.Engine, now: datetime) -> None:
    with db.transaction(committed_engine) as session:
        photos = [add(session, now, Topic.PHOTO, urgency=Urgency.PHOTO) for _ in range(2)]
        add(session, now, order_key="melding:1")
        add(session, now, order_key="melding:1")

    with db.transaction(committed_engine) as one, db.transaction(committed_engine) as two:
        notices = lease(one, now)
        assert len(notices) == 1
        assert lease(two, now) == (photos[0],)
        assert lease(one, now) == (photos[1],)
        assert lease(two, now) == ()


def test_a_key_that_is_there_changes_nothing(session: Session, now: datetime) -> None:
    entry = add(session, now, key="alarm:12:3")
    assert add(session, now + MINUTE, Topic.ROUTE, key="alarm:12:3") == entry
    assert row(session, entry).topic == Topic.NOTICE


def test_a_row_carries_the_request_of_its_transaction(session: Session, now: datetime) -> None:
    session.info["request_id"] = "verzoek-1"
    assert row(session, add(session, now)).request_id == "verzoek-1"
    assert row(session, add(session, now, request_id="ander")).request_id == "ander"


def test_the_backlog_tells_what_waits_and_what_was_given_up(session: Session, now: datetime) -> None:
    add(session, now - 2 * MINUTE)
    add(session, now, due_at=now + MINUTE)
    add(session, now, Topic.ROUTE)
    leases.park(session, take(session, now, TERMS)[0], now=now, reason="")

    told = {line.topic: line for line in backlog(session, now=now)}
    assert set(told) == {"bericht", "toewijzen"}
    assert (told["bericht"].waiting, told["bericht"].due, told["bericht"].parked) == (1, 0, 1)
    assert (told["toewijzen"].waiting, told["toewijzen"].oldest_due_s) == (1, 0)

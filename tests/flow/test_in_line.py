"""Berichten in a line: each begins in the transaction that records the one before it, and nothing else is different."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.adapters.failures import TemporaryFailure
from meldingen.db import business_now, transaction
from meldingen.flow import deliveries, notices
from meldingen.store import leases
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.outbox import OutboxEntry, Topic
from tests.flow.berichten import MAIL, MOBILE, House, Killed, statuses
from workers import jobs
from workers.context import Context
from workers.policy import POLICIES

SENT = [("gepland", 0, ""), ("klaar", 1, ""), ("verzonden", 1, "")]


@contextmanager
def lined_up(house: House) -> Iterator[tuple[notices.Line, list[OutboxEntry]]]:
    rows = house.owed()
    with notices.in_line(house.engine, house.adapters, house.settings, [row.payload for row in rows]) as line:
        yield line, rows


def deliver(house: House, line: notices.Line, row: OutboxEntry) -> None:
    assert notices.deliver_notice(house.engine, house.adapters, house.settings, row.payload, line=line) is None


def owing(house: House, *contacts: dict[str, str]) -> list[Melding]:
    meldingen = [house.melding(contact=contact) for contact in contacts]
    with transaction(house.engine) as session:
        session.execute(sa.update(Notice).values(ended="proef"))  # of their receipts: else they wait to go along
    for melding in meldingen:
        house.owe("gereed", melding)
    return meldingen


def test_each_is_sent_once_with_a_commit_each(house: House) -> None:
    told = owing(house, MAIL, MAIL, MAIL)
    commits: list[Any] = []
    with lined_up(house) as (line, rows):
        sa.event.listen(house.engine, "commit", commits.append)
        for row in rows:
            deliver(house, line, row)
        assert len(commits) == 1 + 3
    assert [house.steps(*house.deliveries(melding)) for melding in told] == [SENT] * 3
    assert len(house.mail.calls) == len(house.mail.sent) == 3


def test_what_is_no_ordinary_mail_begins_in_its_turn(house: House) -> None:
    told = owing(house, MAIL, MOBILE, MAIL)
    with lined_up(house) as (line, rows):
        for row in rows:
            deliver(house, line, row)
            assert len(line.begun) <= 1
    sent = [statuses(house.deliveries(melding)) for melding in told]
    assert sent == [[("email", "verzonden")], [("sms", "verzonden")], [("email", "verzonden")]]


def test_who_has_no_turn_at_the_provider_yet_waits_for_it(house: House, now: datetime) -> None:
    house.settings = replace(house.settings, limit_email=1)
    told = owing(house, MAIL, MAIL, MAIL)
    with lined_up(house) as (line, rows):
        deliver(house, line, rows[0])
        turns = [
            notices.deliver_notice(house.engine, house.adapters, house.settings, row.payload, line=line)
            for row in rows[1:]
        ]
    waiting = [house.deliveries(melding)[0] for melding in told[1:]]
    assert [one.slot_at for one in waiting] == turns and len(house.mail.calls) == 1
    assert [house.steps(one) for one in waiting] == [[("gepland", 0, "")]] * 2
    for row, turn in zip(rows[1:], turns, strict=True):
        assert turn is not None
        house.set_clock(turn)
        assert house.deliver(row) is None
    assert [house.steps(*house.deliveries(melding)) for melding in told] == [SENT] * 3


def test_a_worker_that_stops_leaves_no_doubt(house: House) -> None:
    _, second = owing(house, MAIL, MAIL)
    with lined_up(house) as (line, rows):
        deliver(house, line, rows[0])
    (waiting,) = house.deliveries(second)
    assert (waiting.status, waiting.reason) == ("klaar", notices.NOT_REACHED)
    house.deliver(rows[1])
    (sent,) = house.deliveries(second)
    assert (sent.status, sent.maybe_double, len(house.mail.calls)) == ("verzonden", False, 2)


def test_a_worker_that_is_killed_leaves_one_in_doubt(house: House) -> None:
    told = owing(house, MAIL, MAIL, MAIL)
    with pytest.raises(Killed), lined_up(house) as (line, rows):
        deliver(house, line, rows[0])
        line.begun.clear()  # what it knew is gone with it
        raise Killed
    for row in rows[1:]:
        house.deliver(row)
    doubt = [[one.maybe_double for one in house.deliveries(melding)] for melding in told]
    assert doubt == [[False], [True], [False]]
    assert len(house.mail.calls) == len(house.mail.sent) == 3


def test_a_failed_one_holds_up_nobody(house: House) -> None:
    told = owing(house, MAIL, MAIL)
    with lined_up(house) as (line, rows):
        house.mail.fail_with = TemporaryFailure("451")
        with pytest.raises(TemporaryFailure):
            deliver(house, line, rows[0])
        house.mail.fail_with = None
        deliver(house, line, rows[1])
    assert [statuses(house.deliveries(melding)) for melding in told] == [[("email", "klaar")], [("email", "verzonden")]]


def test_whatever_is_the_matter_with_the_next_one_this_one_is_recorded(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = owing(house, MAIL, MAIL)
    written = deliveries.begin_mail

    def broken(*_: Any) -> None:
        raise RuntimeError("a text that cannot be written")

    with lined_up(house) as (line, rows):
        line.begun[rows[0].payload["notice_id"]] = begun(house, rows[0])
        monkeypatch.setattr(deliveries, "begin_mail", broken)
        deliver(house, line, rows[0])
        assert line.begun == {}
        monkeypatch.setattr(deliveries, "begin_mail", written)
        deliver(house, line, rows[1])
    assert [house.steps(*house.deliveries(melding)) for melding in told] == [SENT] * 2


def begun(house: House, row: OutboxEntry) -> deliveries.Attempt:
    with notices._desk(house.engine, house.adapters, house.settings, row.payload) as desk:
        attempt = deliveries.begin_mail(desk, row.payload["notice_id"])
    assert attempt is not None
    return attempt


def test_what_another_worker_has_is_not_in_the_line(house: House) -> None:
    owing(house, MAIL, MAIL)
    rows = house.owed()
    with (
        notices.held_alone(house.engine, [rows[0].payload["notice_id"]]),
        notices.in_line(house.engine, house.adapters, house.settings, [row.payload for row in rows]) as line,
    ):
        assert line.payloads == [rows[1].payload]


@pytest.mark.parametrize(
    ("answers", "sent"),
    [
        pytest.param([False, True], 1, id="no time for another: it does not begin"),
        pytest.param([False, False, True], 2, id="time is up once it began: it is sent"),
    ],
)
def test_a_lot_that_ends_leaves_nothing_half_done(house: House, answers: list[bool], sent: int) -> None:
    told = owing(house, MAIL, MAIL, MAIL)
    asked = iter(answers)
    with transaction(house.engine) as session:
        terms = {Topic.NOTICE: POLICIES[Topic.NOTICE].terms}
        lot = leases.lease(session, [(Topic.NOTICE, False)], terms=terms, now=business_now(session))
    assert lot is not None and len(lot.ids) == 3
    context = Context(house.settings, house.engine, house.adapters)
    patient = {topic: replace(policy, budget_s=600) for topic, policy in POLICIES.items()}
    place = jobs.Workplace(context, jobs.HANDLERS, patient, lambda: next(asked, True))
    jobs.work_lot(place, lot.topic, lot.lease, lot.ids)
    steps = [house.steps(one) for melding in told for one in house.deliveries(melding)]
    assert steps == [SENT] * sent, "and of the others nothing"
    assert len(house.mail.calls) == sent

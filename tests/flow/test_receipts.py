"""Receipts over the real Notify protocol: what it brings by itself, what we ask, and the fallback that follows."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.mail import SmtpSender
from meldingen.adapters.notifynl import NotifyMail, NotifySms
from meldingen.app import create_app
from meldingen.db import business_now, transaction
from meldingen.flow import receipts
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery
from meldingen.store.outbox import OutboxEntry, Topic
from tests.flow.berichten import JAN, MAIL, MOBILE, SETTINGS, House, statuses
from tests.standins.notify import API_KEY, CALLBACK_TOKEN, EMAIL_TEMPLATE, TEMPLATE, NotifyServer, notify_server
from tests.standins.notify import receipt as brought
from tests.standins.smtp import mail_server
from tests.web.browsing import served

MINUTE = timedelta(minutes=1)
BY_SMS = {**MOBILE, "preference": "sms"}


@pytest.fixture(scope="module")
def running() -> Iterator[NotifyServer]:
    with notify_server() as server:
        yield server


@pytest.fixture
def notify(running: NotifyServer, house: House) -> NotifyServer:
    """Notify for both channels of the house."""
    running.forget()
    house.sms = NotifySms(api_key=API_KEY, url=running.url, template=TEMPLATE)
    house.mail = NotifyMail(api_key=API_KEY, url=running.url, template=EMAIL_TEMPLATE)
    return running


@pytest.fixture(scope="module")
def door(built: House) -> Iterator[str]:
    """The address of the callback on the whole application, over HTTP."""
    url = built.engine.url.render_as_string(hide_password=False)
    settings = replace(SETTINGS, database_url=url, notifynl_callback_token=CALLBACK_TOKEN)
    app = create_app(settings, built.adapters)
    with served(app) as address:
        yield f"{address}/ontvangst/notifynl"
    app.extensions["meldingen"].engine.dispose()


def told(house: House, contact: dict[str, Any] = BY_SMS) -> tuple[Melding, Delivery]:
    """A melding whose gereedmelding the provider has taken."""
    melding = house.melding(contact=contact)
    house.owe("gereed", melding)
    house.deliver(house.rows()[0])
    (delivery,) = house.deliveries(melding)
    assert delivery.status == "verzonden"
    return melding, delivery


def questions(house: House) -> list[OutboxEntry]:
    return [row for row in house.rows() if row.topic == Topic.RECEIPT]


def ask(house: House) -> datetime | None:
    """One question to the provider, as the worker does; what is done is finished."""
    (row,) = questions(house)
    until = receipts.ask_provider(house.engine, house.adapters, SETTINGS, row.payload)
    with transaction(house.engine) as session:
        done = {"done_at": business_now(session)} if until is None else {"due_at": until}
        session.execute(sa.update(OutboxEntry).where(OutboxEntry.id == row.id).values(**done))
    return until


class TestAsking:
    def test_after_a_quarter_and_then_ever_later_for_three_days(self, house: House, notify: NotifyServer) -> None:
        melding, delivery = told(house)
        assert delivery.sent_at is not None
        waits = []
        while questions(house):
            due_at = questions(house)[0].due_at
            waits.append(round((due_at - delivery.sent_at) / MINUTE))
            house.set_clock(due_at + timedelta(seconds=1))
            ask(house)
        assert waits[:4] == [15, 30, 60, 120]
        assert waits[-1] == 72 * 60 and len(waits) == 10 and questions(house) == []
        assert statuses(house.deliveries(melding)) == [("sms", "verzonden")]

    def test_delivered_is_recorded_and_nothing_is_asked_any_more(self, house: House, notify: NotifyServer) -> None:
        melding, delivery = told(house)
        notify.settle(delivery.reference, "delivered")
        assert ask(house) is None
        assert statuses(house.deliveries(melding)) == [("sms", "bezorgd")] and questions(house) == []

    @pytest.mark.parametrize("word", ["permanent-failure", "temporary-failure", "technical-failure"])
    def test_a_failure_gives_the_next_channel_its_turn(self, house: House, notify: NotifyServer, word: str) -> None:
        melding, delivery = told(house, {**JAN, "preference": "sms"})
        notify.settle(delivery.reference, word)
        assert ask(house) is None
        house.deliver(house.rows()[0])
        assert statuses(house.deliveries(melding)) == [("sms", "niet_bezorgd"), ("email", "verzonden")]
        assert house.deliveries(melding)[0].reason == word
        assert house.contact(melding).mobile is (word != "permanent-failure")
        assert house.flags(melding) == []  # reached after all

    def test_a_mailbox_that_does_not_exist_is_not_used_again(self, house: House, notify: NotifyServer) -> None:
        melding, delivery = told(house, MAIL)
        notify.settle(delivery.reference, "permanent-failure")
        assert ask(house) is None
        assert house.contact(melding).email_refused_at is not None
        assert house.flags(melding) == ["niet_bereikbaar"]

    def test_a_provider_that_is_down_is_asked_again(self, house: House, notify: NotifyServer) -> None:
        melding, delivery = told(house)
        notify.fail_with = (429, "RateLimitError", "Exceeded send limits (5) for today")
        with transaction(house.engine) as session:
            now = business_now(session)
        until = ask(house)
        assert until is not None and 59 * MINUTE < until - now < 61 * MINUTE
        notify.fail_with = None
        notify.settle(delivery.reference, "delivered")
        assert ask(house) is None
        assert statuses(house.deliveries(melding)) == [("sms", "bezorgd")]

    def test_smtp_is_not_asked(self, house: House) -> None:
        with mail_server() as server:
            house.mail = SmtpSender(server.url, "meldingen@example.nl")
            told(house, MAIL)
            assert questions(house) == []

    def test_a_channel_that_is_gone_is_not_asked(self, house: House, notify: NotifyServer) -> None:
        told(house)
        house.sms = None
        assert ask(house) is None


class TestBrought:
    def test_a_receipt_moves_the_delivery_on(self, house: House, notify: NotifyServer, door: str) -> None:
        notify.callback_url = door
        melding, delivery = told(house)
        notify.settle(delivery.reference, "sending")
        assert statuses(house.deliveries(melding)) == [("sms", "verzonden")]
        notify.settle(delivery.reference, "delivered")
        assert statuses(house.deliveries(melding)) == [("sms", "bezorgd")]
        for late in ("temporary-failure", "sending", "delivered"):
            notify.settle(delivery.reference, late)
        assert statuses(house.deliveries(melding)) == [("sms", "bezorgd")]
        assert notify.brought == [204] * 5
        assert house.rows() and ask(house) is None  # the question that was left finds it known

    def test_a_failure_that_is_brought_twice_falls_back_once(
        self, house: House, notify: NotifyServer, door: str
    ) -> None:
        notify.callback_url = door
        melding, delivery = told(house)
        for _ in range(3):
            notify.settle(delivery.reference, "permanent-failure")
        assert statuses(house.deliveries(melding)) == [("sms", "niet_bezorgd"), ("telefoon", "gepland")]
        assert len(house.callbacks(melding)) == 1 and not house.contact(melding).mobile

    @pytest.mark.parametrize(
        ("word", "then"),
        [
            ("delivered", [("sms", "bezorgd")]),
            ("permanent-failure", [("sms", "niet_bezorgd"), ("telefoon", "gepland")]),
        ],
    )
    def test_faster_than_our_own_record(
        self, house: House, notify: NotifyServer, door: str, word: str, then: list[tuple[str, str]]
    ) -> None:
        """Notify's callback comes while our worker has not yet written down that the message was taken."""
        notify.callback_url = door
        sender = house.sms

        class Quick:
            def send(self, sms: Any) -> str:
                identity: str = sender.send(sms)
                notify.settle(sms.reference, word)
                return identity

            find = sender.find

        house.sms = Quick()
        melding = house.melding(contact=BY_SMS)
        house.owe("gereed", melding)
        house.deliver(house.rows()[0])
        assert statuses(house.deliveries(melding)) == then
        assert notify.brought == [204] and len(notify.kept) == 1 and questions(house) == []

    def test_who_may_bring_and_what(self, house: House, notify: NotifyServer, door: str) -> None:
        melding, delivery = told(house)
        notify.callback_url = door
        told_them = brought(notify.sent(delivery.reference)[0]) | {"status": "delivered"}
        assert notify.bring(told_them, token="") == 401
        assert notify.bring(told_them, token=CALLBACK_TOKEN[:-1] + "x") == 401
        assert notify.bring(told_them | {"reference": 7}) == 400
        assert notify.bring(told_them | {"id": None}) == 400
        assert notify.bring(told_them | {"to": "x" * 20_000}) == 413
        assert statuses(house.deliveries(melding)) == [("sms", "verzonden")]
        for unknown in ("2670000017-0000000000000000", "", None):
            assert notify.bring(told_them | {"reference": unknown}) == 204
        assert statuses(house.deliveries(melding)) == [("sms", "verzonden")]
        assert notify.bring(told_them) == 204
        assert statuses(house.deliveries(melding)) == [("sms", "bezorgd")]


def test_without_a_token_there_is_no_door(built: House) -> None:
    url = built.engine.url.render_as_string(hide_password=False)
    app = create_app(replace(SETTINGS, database_url=url), built.adapters)
    answer = app.test_client().post("/ontvangst/notifynl", json={}, headers={"Authorization": "Bearer "})
    assert answer.status_code == 404
    app.extensions["meldingen"].engine.dispose()


def test_a_provider_that_falls_silent_is_temporary() -> None:
    away = NotifyMail(api_key=API_KEY, url="http://127.0.0.1:9", template=EMAIL_TEMPLATE)
    with pytest.raises(TemporaryFailure):
        away.find("2670000017-abc")

"""Berichten when sending fails: the next channel, the same message again, and once whatever dies (KLANTREIS rule 2)."""

import threading
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from meldingen.adapters.mail import Mail, MemoryMail, SmtpSender
from meldingen.adapters.notifynl import NotifySms
from meldingen.adapters.receipt import Receipt
from meldingen.db import business_now, transaction
from meldingen.domain.delivery import BEZORGD, NIET_BEZORGD
from meldingen.flow import deliveries, notices
from meldingen.store import journal
from tests.flow.berichten import JAN, MAIL, MOBILE, SETTINGS, House, Killed, statuses
from tests.standins.notify import API_KEY, TEMPLATE, notify_server
from tests.standins.smtp import mail_server


class TestWhenItFails:
    def test_a_try_that_sent_nothing_is_tried_again_in_words_of_then(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.mail.fail_with = TemporaryFailure("mailserver weigert ontvanger: 451")
        with pytest.raises(TemporaryFailure):
            house.work()
        (first,) = house.deliveries(melding)
        assert (first.status, first.reason) == ("klaar", "mailserver weigert ontvanger: 451")
        house.mail.fail_with = None
        house.set_clock(now + timedelta(days=1))
        house.work()
        (second,) = house.deliveries(melding)
        assert (second.status, second.attempts, second.maybe_double, second.reason) == ("verzonden", 2, False, "")
        assert "vanmorgen om 09.47" in first.text
        (sent,) = house.mail.sent.values()
        assert "gisteren een melding gedaan" in sent.text and sent.text == second.text

    def test_refused_by_mail_then_by_sms_then_by_phone(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = AddressRefused("mailserver weigert ontvanger: 550")
        house.sms.fail_with = AddressRefused("NotifyNL: 400")
        house.deliver(house.owed()[0])
        assert house.flags(melding) == ["niet_bereikbaar"]
        assert house.contact(melding).email_refused_at is not None
        house.work()
        assert statuses(house.deliveries(melding)) == [
            ("email", "niet_bezorgd"),
            ("sms", "niet_bezorgd"),
            ("telefoon", "gepland"),
        ]
        (call,) = house.callbacks(melding)
        assert (call.kind, call.reason, call.status) == ("gereed", "niet_bezorgd", "open")
        assert call.due_at == datetime.fromisoformat("2026-04-17T00:00+02:00")
        assert call.words.startswith(f"Melding {melding.number[:2]} ") and "gedaan op 14 april om 09.47" in call.words
        assert house.flags(melding) == ["niet_bereikbaar"]
        assert not house.contact(melding).mobile
        assert house.owed() == []

    def test_reached_by_the_next_channel_is_reachable(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = AddressRefused("550")
        house.deliver(house.owed()[0])
        assert house.flags(melding) == ["niet_bereikbaar"]
        house.work()
        assert statuses(house.deliveries(melding)) == [("email", "niet_bezorgd"), ("sms", "verzonden")]
        assert house.flags(melding) == []

    def test_a_refused_address_is_not_used_again(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("ontvangst", melding)
        house.mail.fail_with = AddressRefused("550")
        house.work()
        house.mail.fail_with = None
        house.owe("gereed", melding)
        house.work()
        assert len(house.mail.calls) == 1 and len(house.sms.sent) == 2

    def test_nobody_left_to_try_is_on_the_list(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.mail.fail_with = AddressRefused("550")
        house.work()
        assert statuses(house.deliveries(melding)) == [("email", "niet_bezorgd")]
        assert house.flags(melding) == ["niet_bereikbaar"]
        with Session(house.engine) as session:
            events = journal.history_of(session, melding_ids=[melding.id], scope=house.scope)
        assert events[-1].kind == "niet_bereikbaar"
        assert events[-1].facts["channel"] == "email" and "jan" not in str(events[-1].facts)
        house.owe("niet_opgelost", melding)
        assert house.owed() == []

    def test_the_last_try_falls_back(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = TemporaryFailure("weg")
        house.deliver(house.owed()[0], last_try=True)
        house.work()
        assert statuses(house.deliveries(melding)) == [("email", "niet_bezorgd"), ("sms", "verzonden")]
        assert house.contact(melding).email_refused_at is None

    def test_a_message_that_is_refused_as_it_is_leaves_the_address_alone(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = PermanentFailure("554")
        house.work()
        assert house.contact(melding).email_refused_at is None

    def test_without_a_channel_here_the_next_is_chosen(self, house: House) -> None:
        house.mail = None
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.work()
        assert statuses(house.deliveries(melding)) == [("sms", "verzonden")]
        only_mail = house.melding(contact=MAIL)
        house.owe("gereed", only_mail)
        house.work()
        assert house.deliveries(only_mail) == [] and house.flags(only_mail) == ["niet_bereikbaar"]


class TestOnce:
    """KLANTREIS rule 2: what is retried, killed or replayed is one bericht."""

    def test_smtp_killed_after_the_call_goes_once_more_and_says_so(self, house: House) -> None:
        with mail_server() as server:
            house.mail = SmtpSender(server.url, "meldingen@example.nl")
            melding = house.melding(contact=MAIL)
            house.owe("gereed", melding)
            self.kill_after_call(house)
            (doubtful,) = house.deliveries(melding)
            assert (doubtful.status, doubtful.maybe_double) == ("klaar", False)
            house.work()
            (delivery,) = house.deliveries(melding)
            assert (delivery.status, delivery.attempts, delivery.maybe_double) == ("verzonden", 2, True)
            twice = server.messages(delivery.reference)
            assert len(twice) == 2 and twice[0]["Message-ID"] == twice[1]["Message-ID"]
            assert twice[0].get_body(("plain",)).get_content() == twice[1].get_body(("plain",)).get_content()

    def test_in_doubt_the_words_stay_whatever_comes_between(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.mail.fail_with = UncertainFailure("mailserver zweeg na het bericht")
        with pytest.raises(UncertainFailure) as doubt:
            house.work()
        assert doubt.value.retry_after_s == 240, "the one try that is left waits until a short outage is over"
        house.mail.fail_with = TemporaryFailure("mailserver: ConnectionRefusedError")
        house.set_clock(now + timedelta(days=1))
        with pytest.raises(TemporaryFailure):
            house.work()
        house.mail.fail_with = None
        house.work()
        (sent,) = house.mail.sent.values()
        assert "vanmorgen om 09.47" in sent.text
        (delivery,) = house.deliveries(melding)
        assert (delivery.status, delivery.attempts, delivery.maybe_double) == ("verzonden", 3, True)

    def test_smtp_is_not_tried_a_third_time_in_doubt(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = UncertainFailure("mailserver zweeg na het bericht")
        for _ in range(2):
            with pytest.raises(UncertainFailure):
                house.deliver(house.owed()[0])
        house.work()
        assert len(house.mail.calls) == 2
        made = house.deliveries(melding)
        assert statuses(made) == [("email", "niet_bezorgd"), ("sms", "verzonden")]
        assert made[0].maybe_double and made[0].reason == deliveries.UNCERTAIN

    def test_notify_killed_after_the_call_is_asked_and_not_sent_again(self, house: House) -> None:
        with notify_server() as server:
            house.sms = NotifySms(api_key=API_KEY, url=server.url, template=TEMPLATE)
            melding = house.melding(contact=MOBILE)
            house.owe("gereed", melding)
            self.kill_after_call(house)
            house.work()
            (delivery,) = house.deliveries(melding)
            assert (delivery.status, delivery.maybe_double) == ("verzonden", False)
            assert len(server.texts(delivery.reference)) == 1
            assert delivery.provider_id == server.kept[-1]["id"]

    def test_notify_that_answers_500_and_kept_it_sends_one(self, house: House) -> None:
        with notify_server() as server:
            house.sms = NotifySms(api_key=API_KEY, url=server.url, template=TEMPLATE)
            melding = house.melding(contact=MOBILE)
            house.owe("gereed", melding)
            server.fail_with, server.fail_after = (500, "Exception", "Internal server error"), True
            with pytest.raises(TemporaryFailure):
                house.work()
            server.fail_with = None
            house.work()
            assert len(server.kept) == 1
            assert statuses(house.deliveries(melding)) == [("sms", "verzonden")]

    def test_notify_says_when_asked_that_it_failed(self, house: House) -> None:
        melding = house.melding(contact={**MOBILE, "preference": "sms"})
        house.owe("gereed", melding)
        house.sms.fail_with, house.sms.swallow = UncertainFailure("stil"), True
        with pytest.raises(UncertainFailure) as doubt:
            house.work()
        assert doubt.value.retry_after_s is None, "who can be asked is asked at once"
        house.sms.statuses[house.sms.calls[0]] = NIET_BEZORGD
        house.work()
        assert statuses(house.deliveries(melding)) == [("sms", "niet_bezorgd"), ("telefoon", "gepland")]

    def test_killed_before_the_call(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        melding = house.melding(contact=MOBILE)
        house.owe("gereed", melding)
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(notices, "_call", self.die)
            house.work()
        house.work()
        assert len(house.sms.calls) == 1

    def test_two_workers_at_once_send_one(self, house: House) -> None:
        inside, go_on = threading.Event(), threading.Event()

        class Slow(MemoryMail):
            def send(self, mail: Mail) -> str:
                inside.set()
                assert go_on.wait(10)
                return super().send(mail)

        house.mail = Slow()
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        row = house.owed()[0]
        first = threading.Thread(target=house.deliver, args=(row,))
        first.start()
        assert inside.wait(10)
        with pytest.raises(TemporaryFailure, match="andere werker"):
            house.deliver(row, last_try=True)
        go_on.set()
        first.join()
        assert house.deliver(row) is None
        assert len(house.mail.calls) == 1
        assert statuses(house.deliveries(melding)) == [("email", "verzonden")]

    def test_no_transaction_is_open_during_the_call(self, house: House) -> None:
        seen: list[int] = []

        class Looking(MemoryMail):
            def send(self, mail: Mail) -> str:
                with house.engine.connect() as connection:
                    seen.append(
                        connection.scalar(
                            sa.text(
                                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
                                " AND state LIKE 'idle in transaction%'"
                            )
                        )
                    )
                return super().send(mail)

        house.mail = Looking()
        house.owe("gereed", house.melding(contact=MAIL))
        house.work()
        assert seen == [0]

    @staticmethod
    def die(*_: object) -> None:
        raise Killed

    def kill_after_call(self, house: House) -> None:
        with pytest.MonkeyPatch.context() as patch, pytest.raises(Killed):
            patch.setattr(deliveries, "record_taken", self.die)
            house.work()


class TestReceipts:
    def desk(self, house: House, session: Session) -> deliveries.Desk:
        return deliveries.Desk(session, house.adapters, SETTINGS, frozenset(house.scope), business_now(session))

    def test_delivered_after_the_fallback_is_recorded_and_nothing_goes_back(self, house: House) -> None:
        melding = house.melding(contact={**MOBILE, "preference": "sms"})
        house.owe("gereed", melding)
        house.work()
        reference = house.deliveries(melding)[0].reference
        for status, expected in [
            ("verzonden", "verzonden"),
            (NIET_BEZORGD, "niet_bezorgd"),
            ("verzonden", "niet_bezorgd"),
            (BEZORGD, "bezorgd"),
            (NIET_BEZORGD, "bezorgd"),
        ]:
            with transaction(house.engine) as session:
                deliveries.record_receipt(self.desk(house, session), reference, Receipt("p1", status, status))
            assert house.deliveries(melding)[0].status == expected
        assert statuses(house.deliveries(melding)) == [("sms", "bezorgd"), ("telefoon", "gepland")]

    def test_of_something_unknown_changes_nothing(self, house: House) -> None:
        with transaction(house.engine) as session:
            deliveries.record_receipt(self.desk(house, session), "onbekend", Receipt("p1", BEZORGD))

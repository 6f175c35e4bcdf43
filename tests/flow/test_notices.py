"""Berichten: owed once, delivered once, about the event, over the right channel; and what happens when it fails."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from meldingen.adapters.mail import Mail, MemoryMail, SmtpSender
from meldingen.adapters.sms import BEZORGD, MISLUKT, MemorySms, NotifySender, Receipt
from meldingen.db import business_now, make_engine, transaction
from meldingen.domain.actor import SYSTEM
from meldingen.flow import deliveries, kcc, notices
from meldingen.store import journal
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, Notice
from meldingen.store.outbox import OutboxEntry, Urgency
from tests import factories
from tests.flow.berichten import JAN, LANDLINE, MAIL, MOBILE, SETTINGS, House
from tests.standins.notify import API_KEY, TEMPLATE, notify_server
from tests.standins.smtp import mail_server


class Killed(BaseException):
    """The worker is gone: nothing after this line of it happens."""


@pytest.fixture(scope="module")
def built(clone: Any, now: datetime) -> Iterator[House]:
    """One committed database for all tests here; each makes its own meldingen."""
    engine = make_engine(clone().render_as_string(hide_password=False), pool_size=8)
    with transaction(engine) as session:
        home = factories.gemeente(session)
    yield House(engine, home)
    engine.dispose()


@pytest.fixture
def house(built: House, now: datetime) -> House:
    built.mail, built.sms = MemoryMail(), MemorySms()
    built.set_clock(now + timedelta(hours=1, seconds=10))
    with transaction(built.engine) as session:
        session.execute(sa.delete(OutboxEntry))
    return built


def statuses(made: list[Delivery]) -> list[tuple[str, str]]:
    return [(d.channel, d.status) for d in made]


class TestOwing:
    def test_one_notice_per_event_and_melding_however_often_it_is_announced(self, session: Session, now: datetime):
        factories.gemeente(session)
        made = [factories.melding(session, now=now, route=False, contact=JAN) for _ in range(2)]
        session.execute(sa.delete(OutboxEntry))
        event = journal.record(session, "proef", gemeente_id=made[0].gemeente_id, actor=SYSTEM, now=now)
        for _ in range(3):
            notices.announce(session, "gereed", event, made, now=now)
        rows = session.scalars(sa.select(OutboxEntry).order_by(OutboxEntry.id)).all()
        assert [row.order_key for row in rows] == [f"melding:{m.id}" for m in made]
        assert [set(row.payload) for row in rows] == [{"notice_id", "gemeente_id"}] * 2

    @pytest.mark.parametrize(
        ("contact", "kind", "owed"),
        [
            (None, "gereed", False),
            ({"name": "Jan"}, "gereed", False),
            (LANDLINE, "ontvangst", False),
            (LANDLINE, "gereed", True),
            (MOBILE, "ingepland", False),
            (MAIL, "ingepland", True),
            ({**MAIL, "only_when_done": True}, "ontvangst", False),
            ({**MAIL, "only_when_done": True}, "gereed", True),
        ],
    )
    def test_nothing_is_owed_to_who_cannot_or_will_not_hear_it(
        self, session: Session, now: datetime, contact: Any, kind: str, owed: bool
    ) -> None:
        factories.gemeente(session)
        made = factories.melding(session, now=now, route=False, contact=contact)
        session.execute(sa.delete(OutboxEntry))
        event = journal.record(session, "proef", gemeente_id=made.gemeente_id, actor=SYSTEM, now=now)
        notices.announce(session, kind, event, [made], now=now)
        assert bool(session.scalars(sa.select(OutboxEntry)).all()) is owed

    @pytest.mark.parametrize("kind", ["", "onbekend", "alarm", "../gereed"])
    def test_a_kind_without_words_is_refused(self, session: Session, now: datetime, kind: str) -> None:
        home = factories.gemeente(session)
        event = journal.record(session, "proef", gemeente_id=home.id, actor=SYSTEM, now=now)
        with pytest.raises(ValueError, match="no words"):
            notices.announce(session, kind, event, [], now=now)


class TestDelivering:
    def test_the_pattern_people_like_by_sms(self, house: House) -> None:
        melding = house.melding(contact=MOBILE)
        house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
        house.work()
        (sent,) = house.sms.sent.values()
        assert sent.to == "+31612345678"
        assert "vanmorgen om 09.47 een losse tegel. Het bord is inmiddels vervangen." in sent.text
        assert "https://meldingen.duinstede.nl/v/" in sent.text and "Duinstede" in sent.text
        assert len(sent.text) <= 160
        (delivery,) = house.deliveries(melding)
        assert (delivery.status, delivery.attempts, delivery.maybe_double) == ("verzonden", 1, False)
        assert delivery.provider_id == f"geheugen-{delivery.reference}" and delivery.sent_at is not None

    def test_by_e_mail_in_two_parts_from_the_gemeente(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("ontvangst", melding)
        house.work()
        (sent,) = house.mail.sent.values()
        assert (sent.to, sent.sender_name) == ("jan@example.nl", "Gemeente Duinstede")
        assert "een losse tegel" in sent.subject
        assert "U heeft vanmorgen om 09.47 een melding gedaan van een losse tegel." in sent.text
        assert sent.html.startswith("<!doctype html>")
        assert house.sms.calls == []

    def test_a_second_delivery_of_the_same_row_changes_nothing(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        row = house.rows()[0]
        for _ in range(3):
            assert house.deliver(row) is None
        assert len(house.mail.calls) == 1

    def test_words_of_the_event_not_of_the_status(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding, facts={"closure_id": house.closed(melding, "De tegel ligt recht.")})
        house.closed(melding, "Iets van later.")
        house.change(melding, status="heropend")
        house.work()
        (sent,) = house.mail.sent.values()
        assert "De tegel ligt recht." in sent.text and "Iets van later" not in sent.text

    def test_html_is_escaped_and_a_template_is_only_text(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        closure = house.closed(melding, "<script>x</script> {{ 7*7 }} {% raw %}")
        house.owe("gereed", melding, facts={"closure_id": closure})
        house.work()
        (sent,) = house.mail.sent.values()
        assert "<script>" not in sent.html and "{{ 7*7 }} {% raw %}" in sent.text

    def test_melders_of_one_event_do_not_see_each_other(self, house: House) -> None:
        made = [house.melding(contact={"email": f"melder{n}@example.nl"}) for n in range(3)]
        house.owe("gereed", *made)
        house.work()
        for sent in house.mail.sent.values():
            others = {f"melder{n}@example.nl" for n in range(3)} - {sent.to}
            assert not any(other in sent.text + sent.html for other in others)
        assert len({sent.text for sent in house.mail.sent.values()}) == 3

    def test_erased_in_the_meantime(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        with transaction(house.engine) as session:
            session.execute(sa.delete(Notice).where(Notice.melding_id == melding.id))
        house.work()
        assert house.mail.calls == []


class TestWithdrawn:
    def test_nothing_goes_out_after_a_withdrawal_but_its_confirmation(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.change(melding, withdrawn_at=now)
        house.owe("ingetrokken", melding)
        house.work()
        assert ["ingetrokken" in sent.subject for sent in house.mail.sent.values()] == [True]

    def test_a_planned_delivery_ends_and_nobody_phones(self, house: House, now: datetime) -> None:
        melding = house.melding(contact={**JAN, "preference": "email"})
        house.owe("gereed", melding)
        house.mail.fail_with = TemporaryFailure("weg")
        with pytest.raises(TemporaryFailure):
            house.work()
        house.change(melding, withdrawn_at=now)
        house.mail.fail_with = None
        house.work()
        assert statuses(house.deliveries(melding)) == [("email", "mislukt")]
        assert house.flags(melding) == []

    def test_promises_to_phone_end(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=LANDLINE)
        house.owe("gereed", melding)
        house.work()
        house.change(melding, withdrawn_at=now)
        house.owe("ingetrokken", melding)
        assert [c.status for c in house.callbacks(melding)] == ["vervallen"]


class TestQuietHours:
    def test_an_sms_waits_for_the_morning_and_says_so_then(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MOBILE)
        house.set_clock(now.replace(hour=21))
        house.owe("gereed", melding)
        until = house.deliver(house.rows()[0])
        assert until == datetime.fromisoformat("2026-04-15T07:00+02:00")
        (waiting,) = house.deliveries(melding)
        assert (waiting.status, waiting.due_at, waiting.attempts, waiting.text) == ("gepland", until, 0, "")
        house.set_clock(until)
        house.work()
        assert "gisteren" in next(iter(house.sms.sent.values())).text

    @pytest.mark.parametrize(
        ("contact", "kind", "facts"),
        [
            (MAIL, "gereed", {}),
            (MOBILE, "ontvangst", {}),
            (MOBILE, "gereed", {"danger": True}),
        ],
    )
    def test_e_mail_receipt_and_danger_do_not_wait(
        self, house: House, now: datetime, contact: Any, kind: str, facts: Any
    ) -> None:
        house.set_clock(now.replace(hour=23))
        melding = house.melding(contact=contact, **facts)
        house.owe(kind, melding)
        assert house.deliver(house.rows()[0]) is None
        assert statuses(house.deliveries(melding))[0][1] == "verzonden"


class TestWhenItFails:
    def test_a_try_that_did_not_work_is_tried_again_with_the_same_words(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.mail.fail_with = TemporaryFailure("mailserver weigert ontvanger: 451")
        with pytest.raises(TemporaryFailure):
            house.work()
        (first,) = house.deliveries(melding)
        assert (first.status, first.reason) == ("bezig", "mailserver weigert ontvanger: 451")
        house.mail.fail_with = None
        house.set_clock(now + timedelta(days=1))
        house.work()
        (second,) = house.deliveries(melding)
        assert (second.status, second.attempts, second.maybe_double, second.reason) == ("verzonden", 2, False, "")
        assert next(iter(house.mail.sent.values())).text == first.text and "vanmorgen" in first.text

    def test_refused_by_mail_then_by_sms_then_by_phone(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = AddressRefused("mailserver weigert ontvanger: 550")
        house.sms.fail_with = AddressRefused("NotifyNL: 400")
        house.deliver(house.rows()[0])
        assert house.flags(melding) == ["niet_bereikbaar"]
        assert house.contact(melding).email_refused_at is not None
        house.work()
        assert statuses(house.deliveries(melding)) == [
            ("email", "mislukt"),
            ("sms", "mislukt"),
            ("telefoon", "gepland"),
        ]
        (call,) = house.callbacks(melding)
        assert (call.kind, call.reason, call.status) == ("gereed", "niet_bezorgd", "open")
        assert call.due_at == datetime.fromisoformat("2026-04-17T00:00+02:00")
        assert call.words.startswith(f"Melding {melding.number[:2]} ") and "gedaan op 14 april om 09.47" in call.words
        assert house.flags(melding) == ["niet_bereikbaar"]
        assert not house.contact(melding).mobile
        assert house.rows() == []

    def test_reached_by_the_next_channel_is_reachable(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = AddressRefused("550")
        house.deliver(house.rows()[0])
        assert house.flags(melding) == ["niet_bereikbaar"]
        house.work()
        assert statuses(house.deliveries(melding)) == [("email", "mislukt"), ("sms", "verzonden")]
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
        assert statuses(house.deliveries(melding)) == [("email", "mislukt")]
        assert house.flags(melding) == ["niet_bereikbaar"]
        with Session(house.engine) as session:
            events = journal.history_of(session, melding_ids=[melding.id], scope=house.scope)
        assert events[-1].kind == "niet_bereikbaar"
        assert events[-1].facts["channel"] == "email" and "jan" not in str(events[-1].facts)
        house.owe("niet_opgelost", melding)
        assert house.rows() == []

    def test_the_last_try_falls_back(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = TemporaryFailure("weg")
        house.deliver(house.rows()[0], last_try=True)
        house.work()
        assert statuses(house.deliveries(melding)) == [("email", "mislukt"), ("sms", "verzonden")]
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
            assert (doubtful.status, doubtful.maybe_double) == ("bezig", False)
            house.work()
            (delivery,) = house.deliveries(melding)
            assert (delivery.status, delivery.attempts, delivery.maybe_double) == ("verzonden", 2, True)
            twice = server.messages(delivery.reference)
            assert len(twice) == 2 and twice[0]["Message-ID"] == twice[1]["Message-ID"]
            assert twice[0].get_body(("plain",)).get_content() == twice[1].get_body(("plain",)).get_content()

    def test_smtp_is_not_tried_a_third_time_in_doubt(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.mail.fail_with = UncertainFailure("mailserver zweeg na het bericht")
        for _ in range(2):
            with pytest.raises(UncertainFailure):
                house.deliver(house.rows()[0])
        house.work()
        assert len(house.mail.calls) == 2
        made = house.deliveries(melding)
        assert statuses(made) == [("email", "mislukt"), ("sms", "verzonden")]
        assert made[0].maybe_double and made[0].reason == deliveries.UNCERTAIN

    def test_notify_killed_after_the_call_is_asked_and_not_sent_again(self, house: House) -> None:
        with notify_server() as server:
            house.sms = NotifySender(api_key=API_KEY, url=server.url, template=TEMPLATE)
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
            house.sms = NotifySender(api_key=API_KEY, url=server.url, template=TEMPLATE)
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
        with pytest.raises(UncertainFailure):
            house.work()
        house.sms.statuses[house.sms.calls[0]] = MISLUKT
        house.work()
        assert statuses(house.deliveries(melding)) == [("sms", "mislukt"), ("telefoon", "gepland")]

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
        row = house.rows()[0]
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
            patch.setattr(deliveries, "record_receipt", self.die)
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
            (MISLUKT, "mislukt"),
            ("verzonden", "mislukt"),
            (BEZORGD, "bezorgd"),
            (MISLUKT, "bezorgd"),
        ]:
            with transaction(house.engine) as session:
                deliveries.record_receipt(self.desk(house, session), reference, Receipt("p1", status, status))
            assert house.deliveries(melding)[0].status == expected
        assert statuses(house.deliveries(melding)) == [("sms", "bezorgd"), ("telefoon", "gepland")]

    def test_of_something_unknown_changes_nothing(self, house: House) -> None:
        with transaction(house.engine) as session:
            deliveries.record_receipt(self.desk(house, session), "onbekend", Receipt("p1", BEZORGD))


class TestPhoning:
    @pytest.mark.parametrize(
        ("contact", "kind", "reason"),
        [
            (LANDLINE, "gereed", "geen_email_of_mobiel"),
            (LANDLINE, "vertraagd", "geen_email_of_mobiel"),
            ({**JAN, "preference": "bellen"}, "niet_opgelost", "bel_mij"),
        ],
    )
    def test_a_terugbelnotitie_instead_of_a_message(self, house: House, contact: Any, kind: str, reason: str) -> None:
        melding = house.melding(contact=contact)
        house.owe(kind, melding)
        house.work()
        house.work()
        (call,) = house.callbacks(melding)
        assert (call.kind, call.reason, call.status, call.attempts) == (kind, reason, "open", 0)
        assert statuses(house.deliveries(melding)) == [("telefoon", "gepland")]
        assert house.mail.calls == house.sms.calls == []
        assert house.flags(melding) == []

    def test_a_call_that_reached_the_melder_delivers_the_bericht(self, house: House) -> None:
        melding = house.melding(contact=LANDLINE)
        house.owe("gereed", melding)
        house.work()
        with transaction(house.engine) as session:
            agent = factories.medewerker(session, house.home, factories.KCC)
            now = business_now(session)
            (call,) = house.callbacks(melding)
            kcc.record_call(session, call.id, "niet_bereikt", "", version=1, actor=agent, now=now)
            kcc.record_call(session, call.id, "gesproken", "", version=2, actor=agent, now=now)
        assert statuses(house.deliveries(melding)) == [("telefoon", "bezorgd")]
        house.work()
        assert len(house.callbacks(melding)) == 1


class TestAlarm:
    def owe(self, house: House, **team: str) -> Melding:
        with transaction(house.engine) as session:
            now = business_now(session)
            melding = factories.melding(session, now=now, danger=True, contact=JAN)
            work = factories.opdracht_of(session, melding)
            session.execute(sa.delete(OutboxEntry))
            to = factories.team(session, house.home, "piket")
            to.email, to.phone = team.get("email", ""), team.get("phone", "")
            event = journal.record(
                session, "proef", gemeente_id=house.home.id, actor=SYSTEM, now=now, opdracht_id=work.id
            )
            for _ in range(2):
                notices.alarm(session, event, [to.id], now=now)
        return melding

    def test_once_by_sms_before_everything_else_also_at_night(self, house: House, now: datetime) -> None:
        house.set_clock(now.replace(hour=23))
        melding = self.owe(house, email="piket@example.nl", phone="06 87654321")
        (row,) = house.rows()
        assert row.urgency == Urgency.SPOED and row.order_key is None
        house.work()
        (sent,) = house.sms.sent.values()
        assert sent.to == "+31687654321" and sent.text.startswith("SPOED")
        assert melding.number[6:] in sent.text and "jan@" not in sent.text
        assert house.mail.calls == []

    def test_by_e_mail_when_there_is_no_mobile_or_it_fails(self, house: House) -> None:
        self.owe(house, email="piket@example.nl", phone="072 888 00 00")
        house.work()
        assert [sent.to for sent in house.mail.sent.values()] == ["piket@example.nl"]
        house.sms.fail_with = AddressRefused("400")
        self.owe(house, email="piket@example.nl", phone="06 87654321")
        house.work()
        assert len(house.mail.sent) == 2

    def test_a_team_that_cannot_be_alarmed_is_seen_by_people(self, house: House) -> None:
        self.owe(house)
        with pytest.raises(PermanentFailure, match="geen adres"):
            house.work()
        house.mail.fail_with = AddressRefused("550")
        with transaction(house.engine) as session:
            session.execute(sa.delete(OutboxEntry))
        self.owe(house, email="piket@example.nl")
        with pytest.raises(AddressRefused):
            house.work()


def test_two_gemeenten_never_mix(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("gereed", melding)
    with transaction(house.engine) as session:
        other: Gemeente = factories.gemeente(session, name="Elders", code="GM9002", west=5.0)
    payload = {**house.rows()[0].payload, "gemeente_id": other.id}
    assert notices.deliver_notice(house.engine, house.adapters, SETTINGS, payload) is None
    assert house.mail.calls == []

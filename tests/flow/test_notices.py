"""Berichten: owed once, delivered about the event over the right channel, and phoned where that was promised."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure
from meldingen.db import business_now, transaction
from meldingen.domain.actor import SYSTEM
from meldingen.flow import kcc, notices
from meldingen.store import journal
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.outbox import OutboxEntry, Urgency
from tests import factories
from tests.flow.berichten import JAN, LANDLINE, MAIL, MOBILE, SETTINGS, House, statuses


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

    def test_a_bericht_may_wait_as_long_as_its_cause_can_be_undone(self, session: Session, now: datetime) -> None:
        factories.gemeente(session)
        made = factories.melding(session, now=now, route=False, contact=MAIL)
        session.execute(sa.delete(OutboxEntry))
        event = journal.record(session, "proef", gemeente_id=made.gemeente_id, actor=SYSTEM, now=now)
        notices.announce(session, "gereed", event, [made], now=now, not_before=now + timedelta(minutes=1))
        assert session.scalars(sa.select(OutboxEntry.due_at)).all() == [now + timedelta(minutes=1)]

    def test_a_kind_for_melders_never_goes_to_a_team(self, session: Session, now: datetime) -> None:
        home = factories.gemeente(session)
        event = journal.record(session, "proef", gemeente_id=home.id, actor=SYSTEM, now=now)
        with pytest.raises(ValueError, match="for a team"):
            notices.tell_team(session, "gereed", event, [], now=now)


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
        row = house.owed()[0]
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
        assert statuses(house.deliveries(melding)) == [("email", "niet_bezorgd")]
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
        until = house.deliver(house.owed()[0])
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
        assert house.deliver(house.owed()[0]) is None
        assert statuses(house.deliveries(melding))[0][1] == "verzonden"


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
                notices.tell_team(session, "alarm", event, [to.id], now=now)
        return melding

    def test_once_by_sms_before_everything_else_also_at_night(self, house: House, now: datetime) -> None:
        house.set_clock(now.replace(hour=23))
        melding = self.owe(house, email="piket@example.nl", phone="06 87654321")
        (row,) = house.owed()
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
    payload = {**house.owed()[0].payload, "gemeente_id": other.id}
    assert notices.deliver_notice(house.engine, house.adapters, SETTINGS, payload) is None
    assert house.mail.calls == []

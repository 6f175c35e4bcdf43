"""The chain of a bericht: each step written down with its time, try, provider's id and reason, and forward only."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from meldingen.adapters.push import MemoryPush
from meldingen.adapters.receipt import Receipt
from meldingen.db import business_now, transaction
from meldingen.domain.actor import SYSTEM
from meldingen.domain.delivery import BEZORGD, DELIVERY_STATUSES, NIET_BEZORGD, STEPS, may_step
from meldingen.flow import chain, deliveries, kcc, notices
from meldingen.store import journal, pace
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, DeliveryStep
from meldingen.store.outbox import OutboxEntry
from meldingen.store.push import PushSubscription
from meldingen.store.task import VERVALLEN
from tests import factories
from tests.flow.berichten import JAN, LANDLINE, MAIL, MOBILE, House, statuses


def receive(house: House, delivery: Delivery, status: str, **said: Any) -> None:
    """The provider tells what became of a delivery."""
    with transaction(house.engine) as session:
        desk = deliveries.Desk(session, house.adapters, house.settings, frozenset(house.scope), business_now(session))
        deliveries.record_receipt(desk, delivery.reference, Receipt("p1", status, **said))


class TestSteps:
    def test_every_state_that_is_not_in_the_table_is_refused(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.work()
        (sent,) = house.deliveries(melding)
        for status in set(DELIVERY_STATUSES) - {step.to for step in STEPS if step.came_from == "verzonden"}:
            assert not may_step("verzonden", status)
            with transaction(house.engine) as session, pytest.raises(ValueError, match="never goes"):
                now = business_now(session)
                chain.advance(session, session.get_one(Delivery, sent.id), status, now=now)

    def test_a_bericht_that_arrives(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.work()
        (delivery,) = house.deliveries(melding)
        receive(house, delivery, BEZORGD)
        receive(house, delivery, BEZORGD)
        assert house.steps(delivery) == [
            ("gepland", 0, ""),
            ("klaar", 1, ""),
            ("verzonden", 1, ""),
            ("bezorgd", 1, ""),
        ]
        with Session(house.engine) as session:
            last = session.scalars(sa.select(DeliveryStep).order_by(DeliveryStep.id.desc())).first()
            assert last is not None and last.provider_id == "p1" and last.at > delivery.created_at

    def test_every_failed_try_is_a_step_with_its_reason(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        for reason in ("451", "452"):
            house.mail.fail_with = TemporaryFailure(reason)
            with pytest.raises(TemporaryFailure):
                house.work()
        house.mail.fail_with = AddressRefused("550")
        house.work()
        first, second = house.deliveries(melding)
        assert house.steps(first) == [
            ("gepland", 0, ""),
            ("klaar", 1, ""),
            ("klaar", 1, "451"),
            ("klaar", 2, ""),
            ("klaar", 2, "452"),
            ("klaar", 3, ""),
            ("niet_bezorgd", 3, "550"),
        ]
        assert [step[0] for step in house.steps(second)] == ["gepland", "klaar", "verzonden"]

    def test_a_call_is_a_step_too(self, house: House) -> None:
        melding = house.melding(contact=LANDLINE)
        house.owe("gereed", melding)
        house.work()
        (call,) = house.callbacks(melding)
        with transaction(house.engine) as session:
            agent = factories.medewerker(session, house.home, factories.KCC, username="beller")
            kcc.record_call(session, call.id, "gesproken", "", version=1, actor=agent, now=business_now(session))
        (delivery,) = house.deliveries(melding)
        assert [step[0] for step in house.steps(delivery)] == ["gepland", "bezorgd"]
        assert delivery.sent_at == delivery.finished_at is not None

    def test_nothing_before_its_event(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MAIL)
        event = house.owe("gereed", melding)
        house.set_clock(now - timedelta(hours=3))
        assert house.deliver(house.owed()[0]) == event.at
        assert house.mail.calls == []


class TestEnded:
    @pytest.mark.parametrize(("column", "why"), [("withdrawn_at", "ingetrokken"), ("erased_at", "gewist")])
    def test_nothing_after_a_withdrawal_or_erasure_and_it_says_why(
        self, house: House, now: datetime, column: str, why: str
    ) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.mail.fail_with = TemporaryFailure("weg")
        with pytest.raises(TemporaryFailure):
            house.work()
        house.change(melding, **{column: now})
        house.mail.fail_with = None
        house.work()
        (delivery,) = house.deliveries(melding)
        assert house.steps(delivery)[-1] == ("niet_bezorgd", 1, why)
        assert house.ended(melding) == [why]
        assert house.mail.sent == {} and house.tasks(melding) == []

    def test_after_erasure_not_even_the_confirmation(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("ingetrokken", melding)
        house.change(melding, withdrawn_at=now, erased_at=now)
        house.work()
        assert house.mail.calls == [] and house.deliveries(melding) == []

    def test_what_may_be_under_way_is_not_sent_again(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.mail.fail_with = UncertainFailure("stil")
        with pytest.raises(UncertainFailure):
            house.work()
        with transaction(house.engine) as session:
            chain.end_notices(session, melding.id, "gewist", gemeente_id=house.home.id, now=now)
        house.work()
        (delivery,) = house.deliveries(melding)
        assert (delivery.status, delivery.reason) == ("niet_bezorgd", "gewist")
        assert len(house.mail.calls) == 1 and house.owed() == []

    def test_a_bounce_after_a_withdrawal_asks_nothing_of_anybody(self, house: House, now: datetime) -> None:
        melding = house.melding(contact=JAN)
        house.owe("gereed", melding)
        house.work()
        house.change(melding, withdrawn_at=now)
        receive(house, house.deliveries(melding)[0], NIET_BEZORGD)
        assert statuses(house.deliveries(melding)) == [("email", "niet_bezorgd")]
        assert house.owed() == [] and house.flags(melding) == [] and house.tasks(melding) == []


class TestNobodyLeft:
    def test_the_last_channel_fails_and_the_kcc_gets_work(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.mail.fail_with = AddressRefused("mailserver weigert ontvanger: 550")
        house.work()
        assert house.flags(melding) == ["niet_bereikbaar"]
        (task,) = house.tasks(melding)
        assert (task.role, task.kind, task.status) == ("kcc", "niet_bereikbaar", "open")
        assert task.words == (
            "Het bericht 'Klaar' kwam niet bij de melder. "
            "E-mail: mailserver weigert ontvanger: 550. Er is geen andere weg."
        )
        assert task.due_at == datetime.fromisoformat("2026-04-17T00:00+02:00")
        assert house.ended(melding) == ["geen_kanaal"]

    def test_one_item_while_it_is_open_and_none_when_reached_again(self, house: House) -> None:
        melding = house.melding(contact={**MAIL, "phone": "06 12345678"})
        house.sms.fail_with = house.mail.fail_with = AddressRefused("550")
        house.owe("ontvangst", melding)
        house.work()
        house.owe("heropend", melding)
        house.work()
        assert [t.status for t in house.tasks(melding)] == ["open"]
        house.mail.fail_with = None
        house.change(house.contact(melding), email_refused_at=None)
        house.owe("gereed", melding)
        house.work()
        assert [t.status for t in house.tasks(melding)] == [VERVALLEN]
        assert house.flags(melding) == []
        house.mail.fail_with = AddressRefused("550")
        house.change(house.contact(melding), phone="")
        house.owe("niet_opgelost", melding)
        house.work()
        assert [t.status for t in house.tasks(melding)] == [VERVALLEN, "open"], "and again when it fails again"

    def test_a_receipt_of_an_earlier_bericht_leaves_an_untold_end_on_the_list(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("ontvangst", melding)
        house.work()
        house.owe("gereed", melding)
        house.mail.fail_with = PermanentFailure("mailserver weigert bericht: 554")
        house.work()
        receive(house, house.deliveries(melding)[0], BEZORGD)
        assert house.flags(melding) == ["niet_bereikbaar"], "he read the ontvangst; nobody told him the end"
        assert [t.status for t in house.tasks(melding)] == ["open"]

    def test_who_is_phoned_is_on_the_list_of_calls_not_on_this_one(self, house: House) -> None:
        melding = house.melding(contact={**MAIL, **LANDLINE})
        house.owe("gereed", melding)
        house.mail.fail_with = AddressRefused("550")
        house.work()
        assert len(house.callbacks(melding)) == 1 and house.tasks(melding) == []

    def test_a_receipt_that_comes_late_takes_it_off(self, house: House) -> None:
        melding = house.melding(contact=MAIL)
        house.owe("gereed", melding)
        house.work()
        (delivery,) = house.deliveries(melding)
        receive(house, delivery, NIET_BEZORGD, reason="temporary-failure")
        assert [t.status for t in house.tasks(melding)] == ["open"]
        receive(house, delivery, BEZORGD)
        assert [t.status for t in house.tasks(melding)] == [VERVALLEN]
        assert house.ended(melding) == [""] and house.flags(melding) == []


class TestTeams:
    def owe(self, house: House, kind: str = "alarm", **team: str) -> Melding:
        with transaction(house.engine) as session:
            now = business_now(session)
            melding = factories.melding(session, now=now, danger=True)
            work = factories.opdracht_of(session, melding)
            session.execute(sa.delete(OutboxEntry))
            to = factories.team(session, house.home, "piket")
            to.email, to.phone = team.get("email", ""), team.get("phone", "")
            event = journal.record(
                session, "proef", gemeente_id=house.home.id, actor=SYSTEM, now=now, opdracht_id=work.id
            )
            notices.tell_team(session, kind, event, [to.id], now=now)
        return melding

    def test_a_team_without_an_address_is_work_for_the_coordinator_and_a_parked_row(self, house: House) -> None:
        before = len(house.tasks())
        self.owe(house)
        for _ in range(2):
            with pytest.raises(PermanentFailure, match="geen adres"):
                house.work()
        made = house.tasks()[before:]
        assert [(t.role, t.kind) for t in made] == [("coordinator", "team_niet_bereikbaar")]
        assert "'Alarm' kwam niet bij Piketdienst" in made[0].words and made[0].opdracht_id is not None

    def test_an_alarm_that_bounces_later_is_work_too(self, house: House) -> None:
        before = len(house.tasks())
        self.owe(house, email="piket@example.nl")
        house.work()
        with Session(house.engine) as session:
            last = session.scalars(sa.select(Delivery).order_by(Delivery.id.desc())).first()
        assert last is not None
        receive(house, last, NIET_BEZORGD, reason="550")
        assert [t.kind for t in house.tasks()[before:]] == ["team_niet_bereikbaar"]

    def test_what_can_wait_goes_by_mail_first(self, house: House) -> None:
        self.owe(house, "termijn_in_gevaar", email="piket@example.nl", phone="06 87654321")
        house.work()
        assert len(house.mail.calls) == 1 and house.sms.calls == []


class TestPush:
    def subscribe(self, house: House, melding: Melding) -> None:
        with transaction(house.engine) as session:
            session.add(
                PushSubscription(
                    gemeente_id=melding.gemeente_id,
                    melding_id=melding.id,
                    endpoint="https://push.example.net/1",
                    p256dh="sleutel",
                    auth="geheim",
                    created_at=business_now(session),
                )
            )

    def test_a_melder_without_an_address_hears_it_on_his_device(self, house: House) -> None:
        house.push = MemoryPush()
        melding = house.melding()
        self.subscribe(house, melding)
        house.owe("gereed", melding)
        house.work()
        (sent,) = house.push.sent.values()
        assert sent.to == "https://push.example.net/1 sleutel geheim"
        assert sent.path.startswith("/v/") and sent.text
        assert statuses(house.deliveries(melding)) == [("push", "verzonden")]

    def test_a_device_that_is_gone_is_not_tried_again(self, house: House) -> None:
        house.push = MemoryPush()
        melding = house.melding(contact=MOBILE)
        house.change(house.contact(melding), preference="push")
        self.subscribe(house, melding)
        house.push.fail_with = AddressRefused("410")
        house.owe("gereed", melding)
        house.work()
        assert statuses(house.deliveries(melding)) == [("push", "niet_bezorgd"), ("sms", "verzonden")]
        house.push.fail_with = None
        house.owe("heropend", melding)
        house.work()
        assert len(house.push.calls) == 1 and len(house.sms.sent) == 2

    def test_in_doubt_once_more_and_counted(self, house: House) -> None:
        house.push = MemoryPush()
        melding = house.melding()
        self.subscribe(house, melding)
        house.owe("gereed", melding)
        house.push.fail_with = UncertainFailure("stil")
        with pytest.raises(UncertainFailure):
            house.work()
        house.push.fail_with = None
        house.work()
        (delivery,) = house.deliveries(melding)
        assert delivery.maybe_double and house.push.calls == [delivery.reference] * 2


@pytest.mark.parametrize("waits", [False, True], ids=["goes-at-once", "waits-for-its-turn"])
def test_what_is_written_at_once_for_an_ordinary_e_mail_is_what_goes_step_by_step(
    house: House, now: datetime, monkeypatch: pytest.MonkeyPatch, waits: bool
) -> None:
    """store/sending.py against the rest of `begin` and `record_receipt`, column by column."""
    at_once, by_steps = house.melding(contact=MAIL), house.melding(contact=MAIL)
    house.settings = replace(house.settings, limit_email=60 if waits else 0)
    for minutes, melding in enumerate((at_once, by_steps)):
        if melding is by_steps:
            monkeypatch.setattr(deliveries, "begin_mail", lambda *_: None)
        house.set_clock(now + timedelta(minutes=10 * minutes))
        if waits:
            with transaction(house.engine) as session:
                pace.rest_until(session, "email", business_now(session) + timedelta(minutes=2))
        house.owe("gereed", melding)
        (row,) = house.owed()
        until = house.deliver(row)
        assert (until is not None) is waits
        if until is not None:
            house.set_clock(until)
            assert house.deliver(row) is None
    (mine,), (other,) = house.deliveries(at_once), house.deliveries(by_steps)
    assert (mine.status, other.status) == ("verzonden", "verzonden")
    may_differ = {"id", "notice_id", "delivery_id", "at", "due_at", "created_at", "sent_at"}
    may_differ |= {"reference", "provider_id", "subject", "text", "html"}
    with Session(house.engine) as session:
        for table, of in ((Delivery.__table__, "id"), (DeliveryStep.__table__, "delivery_id")):
            written = [
                session.execute(sa.select(table).where(table.c[of] == one.id).order_by(table.c.id)).mappings().all()
                for one in (mine, other)
            ]
            for one, another in zip(*written, strict=True):
                assert {name for name in one if one[name] != another[name]} <= may_differ
                assert all((one[name] is None) == (another[name] is None) for name in one)

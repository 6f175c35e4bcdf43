"""What is due at the same moment travels in one message, in the order of its events; nothing waits for more."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import AddressRefused, TemporaryFailure, UncertainFailure
from meldingen.db import transaction
from meldingen.domain.delivery import BEZORGD
from meldingen.flow import chain
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, Notice
from meldingen.store.outbox import OutboxEntry
from tests.flow.berichten import JAN, LANDLINE, MAIL, MOBILE, House, statuses
from tests.flow.test_chain import receive


def carried(house: House, melding: Melding) -> list[bool]:
    """Of each delivery whether it travelled in the message of another."""
    return [delivery.carrier_id is not None for delivery in house.deliveries(melding)]


def test_one_mail_in_the_order_of_the_events(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    house.work()
    (sent,) = house.mail.sent.values()
    assert sent.text.index("Wij doen het op maandag 20 april.") < sent.text.index("Het bord is inmiddels vervangen.")
    assert sent.html.count("<html") == sent.html.count("</html>") == 1
    assert sent.html.index("20 april") < sent.html.index("inmiddels vervangen")
    assert "opgelost" in sent.subject.lower()
    first, second = house.deliveries(melding)
    assert carried(house, melding) == [False, True] and second.carrier_id == first.id
    assert house.steps(second) == house.steps(first) == [("gepland", 0, ""), ("klaar", 1, ""), ("verzonden", 1, "")]
    assert "Het bord is inmiddels vervangen." in second.text and "20 april" not in second.text
    with Session(house.engine) as session:
        told = session.get_one(Notice, second.notice_id)
        assert told.bundled_into == first.notice_id and told.ended == ""


def test_an_sms_says_the_last(house: House) -> None:
    melding = house.melding(contact=MOBILE)
    house.owe("vertraagd", melding)
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    house.work()
    (sent,) = house.sms.sent.values()
    assert "Het bord is inmiddels vervangen." in sent.text and len(sent.text) <= 160
    assert statuses(house.deliveries(melding)) == [("sms", "verzonden")] * 2


def test_nothing_waits_for_more(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("ontvangst", melding)
    house.work()
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.work()
    assert len(house.mail.sent) == 2 and not any(carried(house, melding))


def test_others_by_another_channel_later_or_of_another_melding_go_by_themselves(house: House, now: datetime) -> None:
    called = house.melding(contact={**JAN, "preference": "bellen"})
    other = house.melding(contact=MAIL)
    house.owe("ontvangst", called)
    house.owe("gereed", called, other)
    house.owe("heropend", called)
    later = house.owed()[-1]
    with transaction(house.engine) as session:
        held = sa.update(OutboxEntry).where(OutboxEntry.id == later.id).values(due_at=now + timedelta(days=1))
        session.execute(held)
    house.deliver(house.owed()[0])
    assert statuses(house.deliveries(called)) == [("email", "verzonden")]
    house.work()
    assert [channel for channel, _ in statuses(house.deliveries(called))] == ["email", "telefoon", "email"]
    assert len(house.mail.sent) == 3 and not any([*carried(house, called), *carried(house, other)])


def test_bel_ons_nu_is_never_hidden_among_others(house: House) -> None:
    melding = house.melding(contact=MOBILE, danger=True)
    house.owe("gereed", melding)
    house.owe("bel_ons_nu", melding)
    house.work()
    assert len(house.sms.sent) == 2 and carried(house, melding) == [False, False]


def test_a_message_that_fails_falls_apart(house: House) -> None:
    """By SMS nobody hears of a plan; the end still comes, and by telephone what must be told."""
    melding = house.melding(contact={**MAIL, **LANDLINE})
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.owe("gereed", melding)
    house.mail.fail_with = AddressRefused("550")
    house.work()
    assert statuses(house.deliveries(melding)) == [
        ("email", "niet_bezorgd"),
        ("email", "niet_bezorgd"),
        ("telefoon", "gepland"),
    ]
    assert [call.kind for call in house.callbacks(melding)] == ["gereed"]
    assert house.ended(melding, "ingepland") == ["geen_kanaal"] and house.ended(melding) == [""]
    assert len(house.mail.calls) == 1


def test_together_again_by_the_next_channel(house: House) -> None:
    melding = house.melding(contact=JAN)
    house.owe("vertraagd", melding)
    house.owe("gereed", melding)
    house.mail.fail_with = AddressRefused("550")
    house.work()
    assert len(house.mail.calls) == len(house.sms.sent) == 1
    assert sorted(statuses(house.deliveries(melding))) == [("email", "niet_bezorgd")] * 2 + [("sms", "verzonden")] * 2
    assert (
        house.flags(melding) == [] and house.tasks(melding)[0].status == "vervallen" if house.tasks(melding) else True
    )


def test_what_failed_before_is_told_first(house: House, now: datetime) -> None:
    """After an outage a melder does not read the end before what came before it."""
    melding = house.melding(contact=MAIL)
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.mail.fail_with = TemporaryFailure("mailserver is weg")
    with pytest.raises(TemporaryFailure):
        house.work()
    house.set_clock(now + timedelta(hours=5))
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    house.mail.fail_with = None
    house.deliver(house.owed()[1])
    house.work()
    (sent,) = house.mail.sent.values()
    assert sent.text.index("20 april") < sent.text.index("inmiddels vervangen")
    assert statuses(house.deliveries(melding)) == [("email", "verzonden")] * 2
    assert [one.attempts for one in house.deliveries(melding)] == [2, 1]


def test_in_doubt_nothing_joins_or_leaves(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.owe("gereed", melding)
    house.mail.fail_with = UncertainFailure("stil")
    with pytest.raises(UncertainFailure):
        house.work()
    house.owe("heropend", melding)
    house.mail.fail_with = None
    house.deliver(house.owed()[0])
    (sent,) = house.mail.sent.values()
    assert "20 april" in sent.text and "heropen" not in sent.text.lower()
    assert [one.maybe_double for one in house.deliveries(melding)] == [True, True]
    house.work()
    assert len(house.mail.sent) == 2


def test_what_travelled_with_a_bericht_that_is_ended_goes_on_by_itself(house: House, now: datetime) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.owe("gereed", melding)
    house.mail.fail_with = TemporaryFailure("weg")
    rows = house.owed()
    with pytest.raises(TemporaryFailure):
        house.deliver(rows[0])
    assert house.deliver(rows[1]) is None, "it travels along"
    with transaction(house.engine) as session:
        first = house.deliveries(melding)[0]
        chain.end_notice(session, session.get_one(Notice, first.notice_id), "vervallen", now=now)
    house.mail.fail_with = None
    house.work()
    (sent,) = house.mail.sent.values()
    assert "20 april" not in sent.text
    assert statuses(house.deliveries(melding)) == [("email", "niet_bezorgd"), ("email", "verzonden")]


def test_a_receipt_of_the_message_is_one_of_all_in_it(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.owe("gereed", melding)
    house.work()
    receive(house, house.deliveries(melding)[0], BEZORGD)
    assert statuses(house.deliveries(melding)) == [("email", "bezorgd")] * 2


def test_a_melding_that_is_destroyed_takes_its_messages_along(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-20"})
    house.owe("gereed", melding)
    house.work()
    with transaction(house.engine) as session:
        session.execute(sa.delete(Notice).where(Notice.melding_id == melding.id))
        assert session.scalars(sa.select(Delivery.id).join(Notice).where(Notice.melding_id == melding.id)).all() == []

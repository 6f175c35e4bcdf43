"""A melder who changes how he is reached while a bericht waits, and what people still had to post or phone."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.adapters.failures import AddressRefused, TemporaryFailure
from meldingen.adapters.push import MemoryPush
from meldingen.db import business_now, transaction
from meldingen.domain.actor import COORDINATOR, KCC, Actor
from meldingen.domain.contact import parse_contact
from meldingen.flow import feedback, kcc, letters, privacy_requests
from meldingen.flow.closure import NewClosure, close_opdracht
from meldingen.flow.devices import forget_device
from meldingen.flow.status import Basis
from meldingen.store.melding import Melding
from meldingen.store.outbox import OutboxEntry
from meldingen.store.push import PushSubscription
from tests import factories
from tests.flow.berichten import LANDLINE, MAIL, MOBILE, House, statuses

LETTER = {"name": "Bo", "postal_address": "Dorpsstraat 1\n1861 AA Duinstede"}
ELSEWHERE = {"name": "Bo", "postal_address": "Nieuwe Gracht 9\n1861 BB Duinstede"}


def correct(house: House, melding: Melding, **given: Any) -> None:
    with transaction(house.engine) as session:
        held = session.get_one(Melding, melding.id)
        agent = Actor(kind="medewerker", roles={house.home.id: frozenset({KCC})})
        kcc.correct_contact(session, held, parse_contact(**given), actor=agent, now=business_now(session))


def to_post(house: House, melding: Melding) -> list[str]:
    with transaction(house.engine) as session:
        found = letters.open_letters(session, scope=house.scope)
        return [one.delivery.address for one in found if one.melding.id == melding.id]


def test_what_waits_for_the_morning_goes_to_the_number_of_then(house: House, now: datetime) -> None:
    house.set_clock(now.replace(hour=21))
    melding = house.melding(contact=MOBILE)
    house.owe("gereed", melding)
    house.work()
    correct(house, melding, phone="06 87654321")
    house.set_clock(now + timedelta(days=1))
    house.work()
    assert [sent.to for sent in house.sms.sent.values()] == ["+31687654321"], "never to somebody else's phone"


def test_what_failed_for_now_follows_the_melder_to_his_new_address(house: House) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("gereed", melding)
    house.mail.fail_with = TemporaryFailure("mailserver weigert ontvanger: 451")
    with pytest.raises(TemporaryFailure):
        house.work()
    house.mail.fail_with = None
    correct(house, melding, email="nieuw@example.nl")
    house.work()
    assert [sent.to for sent in house.mail.sent.values()] == ["nieuw@example.nl"]
    assert statuses(house.deliveries(melding)) == [("email", "verzonden")]


def test_an_address_taken_back_gives_the_next_way_its_turn(house: House, now: datetime) -> None:
    house.set_clock(now.replace(hour=21))
    melding = house.melding(contact=MOBILE)
    house.owe("gereed", melding)
    house.work()
    correct(house, melding, email="jan@example.nl")
    house.set_clock(now + timedelta(days=1))
    house.work()
    assert house.sms.sent == {} and [sent.to for sent in house.mail.sent.values()] == ["jan@example.nl"]
    assert house.flags(melding) == []


def test_an_address_refused_meanwhile_is_not_used_again(house: House, now: datetime) -> None:
    melding = house.melding(contact={**MAIL, **LANDLINE})
    house.owe("gereed", melding)
    house.mail.fail_with = TemporaryFailure("mailserver weigert ontvanger: 451")
    with pytest.raises(TemporaryFailure):
        house.work()
    house.mail.fail_with = None
    house.change(house.contact(melding), email_refused_at=now)
    house.work()
    assert house.mail.sent == {} and len(house.callbacks(melding)) == 1


def test_a_device_switched_off_while_a_bericht_waits_gets_nothing(house: House, now: datetime) -> None:
    house.set_clock(now.replace(hour=21))
    house.push = MemoryPush()
    melding = house.melding()
    with transaction(house.engine) as session:
        keys = {"endpoint": "https://push.example.net/7", "p256dh": "a", "auth": "b"}
        session.add(PushSubscription(gemeente_id=melding.gemeente_id, melding_id=melding.id, created_at=now, **keys))
    house.owe("gereed", melding)
    house.work()
    correct(house, melding, email="jan@example.nl")
    with transaction(house.engine) as session:
        actor = Actor(kind="melder", melding_id=melding.id, roles={melding.gemeente_id: frozenset()})
        forget_device(session, session.get_one(Melding, melding.id), actor=actor, now=now)
    house.set_clock(now + timedelta(days=1))
    house.work()
    assert house.push.calls == [] and len(house.mail.sent) == 1


def test_a_letter_follows_its_melder_or_takes_another_way(house: House) -> None:
    melding = house.melding(contact=LETTER)
    house.owe("gereed", melding)
    house.work()
    correct(house, melding, **ELSEWHERE)
    house.work()
    assert to_post(house, melding) == [ELSEWHERE["postal_address"]]
    correct(house, melding, name="Bo", email="bo@example.nl")
    house.work()
    assert to_post(house, melding) == [] and len(house.mail.sent) == 1


def close(house: House, melding: Melding) -> None:
    with transaction(house.engine) as session:
        boss = Actor(kind="medewerker", roles={house.home.id: frozenset({COORDINATOR})})
        work = factories.opdracht_of(session, melding)
        said = NewClosure("opgelost", sentence="De tegel ligt weer vast.")
        now = business_now(session)
        close_opdracht(session, work.id, said, basis=Basis(version=work.version), actor=boss, now=now)


def routed(house: House, **contact: Any) -> Melding:
    with transaction(house.engine) as session:
        made = factories.melding(session, now=business_now(session), contact=contact, category_slug="gras-te-hoog")
        session.execute(sa.delete(OutboxEntry))
        return made


@pytest.mark.parametrize("bounced", ["at the end", "before it"])
def test_who_could_not_be_told_the_end_hears_it_at_his_new_address(house: House, now: datetime, bounced: str) -> None:
    melding = routed(house, email=f"oud-{bounced[:2]}@example.nl")
    if bounced == "before it":
        house.change(house.contact(melding), email_refused_at=now)
    close(house, melding)
    house.mail.fail_with = AddressRefused("mailserver weigert ontvanger: 550")
    house.work()
    assert house.mail.sent == {}
    house.mail.fail_with = None
    for _ in range(2):
        correct(house, melding, email="nieuw@example.nl")
        house.work()
    assert [sent.to for sent in house.mail.sent.values()] == ["nieuw@example.nl"], "once"
    assert house.flags(melding) == [] and [t.status for t in house.tasks(melding)] in ([], ["vervallen"])
    correct(house, melding, email="derde@example.nl")
    house.work()
    assert len(house.mail.sent) == 1, "he heard it already"


def withdraw(house: House, melding: Melding) -> None:
    with transaction(house.engine) as session:
        actor = Actor(kind="melder", melding_id=melding.id, roles={melding.gemeente_id: frozenset()})
        held = session.get_one(Melding, melding.id)
        feedback.withdraw_melding(session, held, reason="", actor=actor, now=business_now(session))


def limit(house: House, melding: Melding) -> None:
    with transaction(house.engine) as session:
        agent = Actor(kind="medewerker", roles={house.home.id: frozenset({KCC})})
        held = session.get_one(Melding, melding.id)
        privacy_requests.set_limited(session, held, True, actor=agent, now=business_now(session))


@pytest.mark.parametrize("stop", [withdraw, limit])
def test_no_letter_and_no_call_after_a_withdrawal_or_limitation(
    house: House, stop: Callable[[House, Melding], None]
) -> None:
    by_post, by_phone = house.melding(contact=LETTER), house.melding(contact=LANDLINE)
    house.owe("vertraagd", by_post, by_phone)
    house.work()
    assert len(to_post(house, by_post)) == 1
    for melding in (by_post, by_phone):
        stop(house, melding)
    assert to_post(house, by_post) == []
    assert [call.status for call in house.callbacks(by_phone)] == ["vervallen"]
    assert statuses(house.deliveries(by_phone)) == [("telefoon", "niet_bezorgd")]


@pytest.mark.parametrize("given", [LANDLINE, LETTER])
def test_nobody_phones_or_writes_that_it_is_solved_after_the_melder_said_it_is_not(
    house: House, given: dict[str, str]
) -> None:
    melding = routed(house, **given)
    close(house, melding)
    house.work()
    assert len(house.callbacks(melding)) + len(to_post(house, melding)) == 1
    with transaction(house.engine) as session:
        actor = Actor(kind="melder", melding_id=melding.id, roles={melding.gemeente_id: frozenset()})
        held = session.get_one(Melding, melding.id)
        feedback.reopen_melding(session, held, words="Het ligt er nog.", actor=actor, now=business_now(session))
    house.work()
    assert [call.status for call in house.callbacks(melding)] in ([], ["vervallen"])
    assert to_post(house, melding) == [] and house.ended(melding) == ["ongedaan"]

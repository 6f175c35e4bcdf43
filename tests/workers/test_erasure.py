"""After a withdrawal with danger the person goes, behind the last word to him, and from every row that knew him."""

import contextlib
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.adapters.failures import TemporaryFailure
from meldingen.domain.actor import Actor
from meldingen.flow import feedback, loketten
from meldingen.store.contact import Contact, contact_of
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, Notice
from meldingen.store.outbox import OutboxEntry, Topic
from tests import factories
from tests.flow.berichten import LANDLINE, MAIL, SETTINGS, House
from workers import schedule
from workers.context import Context
from workers.jobs import Leased


def erase(house: House, melding: Melding) -> datetime | None:
    """The worker's turn with the row of this erasure: None when it is done, else when to come back."""
    payload: dict[str, Any] = {"task": "erase_contact", "melding_id": melding.id, "gemeente_id": melding.gemeente_id}
    entry = Leased(1, UUID(int=1), Topic.UPKEEP, melding.gemeente_id, payload, 1, "", last_try=False)
    return schedule.do_periodic(Context(SETTINGS, house.engine, house.adapters), entry)


def deliver(house: House) -> None:
    """One try of every bericht that is owed."""
    for row in house.rows():
        if row.topic == Topic.NOTICE:
            with contextlib.suppress(TemporaryFailure):
                house.deliver(row)


def withdrawn(house: House, contact: dict[str, str]) -> Melding:
    melding = house.melding(contact=contact, danger=True)
    withdraw(house, melding)
    return melding


def withdraw(house: House, melding: Melding) -> None:
    with db.transaction(house.engine) as session:
        found = session.get_one(Melding, melding.id)
        actor = Actor(kind="melder", melding_id=found.id, roles={found.gemeente_id: frozenset()})
        feedback.withdraw_melding(session, found, reason="", actor=actor, now=db.business_now(session))
    deliver(house)


def addresses(house: House) -> list[str]:
    with Session(house.engine) as session:
        about = sa.select(Notice.id).where(Notice.melding_id.is_not(None))
        found = session.scalars(
            sa.select(Delivery.address).where(Delivery.notice_id.in_(about), Delivery.address != "")
        )
        return [*found, *session.scalars(sa.select(Contact.email))]


@pytest.fixture
def house(committed_engine: sa.Engine, now: datetime) -> House:
    with db.transaction(committed_engine) as session:
        made = House(committed_engine, factories.gemeente(session))
    made.set_clock(now)
    return made


def test_the_last_word_goes_first(house: House) -> None:
    house.mail.fail_with = TemporaryFailure("mailserver is weg")
    melding = withdrawn(house, MAIL)
    until = erase(house, melding)
    assert until is not None and addresses(house)
    house.mail.fail_with = None
    deliver(house)
    assert "ingetrokken" in [n.subject for n in house.mail.sent.values()][-1].lower()
    assert erase(house, melding) is None and addresses(house) == []


def test_a_mail_server_that_stays_away_does_not_keep_the_person(house: House, now: datetime) -> None:
    house.mail.fail_with = TemporaryFailure("mailserver is weg")
    melding = withdrawn(house, MAIL)
    house.set_clock(now + timedelta(days=1, hours=1))
    assert erase(house, melding) is None and addresses(house) == []
    with Session(house.engine) as session:
        assert session.scalars(sa.select(Delivery.status).where(Delivery.status.in_(("gepland", "klaar")))).all() == []


def test_a_number_to_phone_goes_too(house: House) -> None:
    melding = house.melding(contact=LANDLINE, danger=True)
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    deliver(house)
    assert house.callbacks(melding) and addresses(house)
    withdraw(house, melding)
    assert erase(house, melding) is None and addresses(house) == []


def test_nothing_waits_for_a_row_that_was_given_up(house: House) -> None:
    melding = withdrawn(house, MAIL)
    with db.transaction(house.engine) as session:
        given_up = sa.update(OutboxEntry).where(OutboxEntry.topic == Topic.NOTICE, OutboxEntry.done_at.is_(None))
        session.execute(given_up.values(parked_at=db.business_now(session)))
    assert erase(house, melding) is None and addresses(house) == []


def test_what_a_desk_handles_keeps_its_person_also_when_it_was_withdrawn(house: House) -> None:
    melding = house.melding(contact=MAIL, danger=True)
    with db.transaction(house.engine) as session:
        about, now = session.get_one(Melding, melding.id), db.business_now(session)
        agent = factories.medewerker(session, house.home, factories.KCC, username="kcc-schade")
        loketten.hand_to_desk(session, about, "schade", actor=agent, now=now)
    withdraw(house, melding)
    assert erase(house, melding) is None
    with db.transaction(house.engine) as session:
        assert contact_of(session, melding.id, scope=house.scope) is not None

"""Correcting how a melder can be reached: by the desk, logged without the data, and used from the next message on."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, Actor
from meldingen.domain.contact import parse_contact
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput, NotSignedIn
from meldingen.flow.feedback import withdraw_melding
from meldingen.flow.kcc import correct_contact
from meldingen.flow.reach import contact_facts
from meldingen.store.contact import Contact, contact_of
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import history_of
from meldingen.store.melding import Melding
from tests import factories

OLD = {"name": "Bo", "email": "oud@example.nl", "phone": "06 12345678"}


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def agent(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, factories.KCC)


def correct(session: Session, melding: Melding, actor: Actor, now: datetime, **given: Any) -> Contact:
    return correct_contact(session, melding, parse_contact(**given), actor=actor, now=now)


def told(session: Session, melding: Melding) -> list[dict[str, Any]]:
    events = history_of(session, melding_ids=[melding.id], scope=[melding.gemeente_id])
    return [event.facts for event in events if event.kind == "contact_gewijzigd"]


def test_another_address_is_used_again(session: Session, home: Gemeente, agent: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now, contact=OLD)
    melding.flags = [*melding.flags, "niet_bereikbaar"]
    known = contact_of(session, melding.id, scope=[home.id])
    assert known is not None
    known.email_refused_at = now
    same = correct(session, melding, agent, now, **{**OLD, "name": "Bo de Wit"})
    assert same.email_refused_at == now, "the same address is not used again"
    right = correct(session, melding, agent, now, name="Bo de Wit", email="nieuw@example.nl", phone="072 888 00 00")
    assert contact_facts(right).email_usable and not right.mobile
    assert (right.email, right.phone) == ("nieuw@example.nl", "+31728880000")
    assert melding.flags == ["niet_bereikbaar"], "until a message or a call succeeds"
    assert told(session, melding) == [{"fields": ["name"]}, {"fields": ["email", "phone"]}]
    correct(session, melding, agent, now, name="Bo de Wit", email="nieuw@example.nl", phone="072 888 00 00")
    assert len(told(session, melding)) == 2, "nothing changed, nothing to tell"


def test_a_number_that_took_no_sms_stays_so(session: Session, home: Gemeente, agent: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now, contact=OLD)
    known = contact_of(session, melding.id, scope=[home.id])
    assert known is not None and known.mobile
    known.mobile = False
    assert not correct(session, melding, agent, now, phone="0612345678", preference="bellen").mobile
    assert correct(session, melding, agent, now, phone="0687654321").mobile


def test_who_was_anonymous_can_be_reached_from_now_on(
    session: Session, agent: Actor, now: datetime, home: Gemeente
) -> None:
    melding = factories.melding(session, now=now)
    made = correct(session, melding, agent, now, phone="0612345678", only_when_done=True)
    assert made.mobile and made.only_when_done and contact_of(session, melding.id, scope=[home.id]) is made
    assert told(session, melding) == [{"fields": ["only_when_done", "phone"]}]


def test_who_may_not_and_what_cannot(session: Session, home: Gemeente, agent: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now, contact=OLD)
    team = factories.medewerker(session, home, factories.TEAM, team_slug="serviceteam")
    with pytest.raises(Forbidden):
        correct(session, melding, team, now, phone="0612345678")
    with pytest.raises(NotSignedIn):
        correct(session, melding, ANONYMOUS, now, phone="0612345678")
    with pytest.raises(InvalidInput):
        correct(session, melding, agent, now)
    withdraw_melding(session, melding, reason="", actor=agent, now=now)
    with pytest.raises(Conflict, match="ingetrokken"):
        correct(session, melding, agent, now, phone="0612345678")

"""Sending a bericht once more: asked by a person, to the address of now, once per asking, never what was revoked."""

import itertools
from datetime import datetime, timedelta

import pytest

from meldingen.adapters.failures import AddressRefused
from meldingen.db import business_now, transaction
from meldingen.domain.actor import Actor
from meldingen.domain.contact import parse_contact
from meldingen.domain.errors import Conflict, DomainError, Forbidden, NotFound
from meldingen.flow import chain, kcc, resend
from meldingen.flow.desk import Desk
from meldingen.flow.feedback import withdraw_melding
from meldingen.flow.trail import trails_of
from meldingen.store.journal import history_of
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, notices_of
from tests import factories

from .berichten import JAN, MAIL, MOBILE, House, statuses

_numbers = itertools.count(1)


@pytest.fixture
def agent(house: House) -> Actor:
    with transaction(house.engine) as session:
        return factories.medewerker(session, house.home, factories.KCC, username=f"kcc-{next(_numbers)}")


def ask(house: House, melding: Melding, agent: Actor, channel: str, kind: str = "gereed") -> Delivery:
    """Asks for the newest bericht of this kind once more."""
    with transaction(house.engine) as session:
        desk = Desk(session, house.adapters, house.settings, frozenset(house.scope), business_now(session))
        owed = [one for one in notices_of(session, [melding.id], scope=house.scope) if one.kind == kind]
        about = session.get_one(Melding, melding.id)
        return resend.send_again(desk, about, owed[-1].id if owed else 0, channel, actor=agent)


def change(house: House, melding: Melding, agent: Actor, **given: str) -> None:
    with transaction(house.engine) as session:
        about, now = session.get_one(Melding, melding.id), business_now(session)
        kcc.correct_contact(session, about, parse_contact(**given), actor=agent, now=now)


def events(house: House, melding: Melding, kind: str) -> list[dict[str, object]]:
    with transaction(house.engine) as session:
        return [e.facts for e in history_of(session, melding_ids=[melding.id], scope=house.scope) if e.kind == kind]


def test_the_same_words_go_to_the_address_of_now(house: House, agent: Actor) -> None:
    melding = house.melding(contact=JAN)
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    house.work()
    change(house, melding, agent, email="nieuw@example.nl", phone="06 12345678")
    made = ask(house, melding, agent, "email")
    house.work()
    first, second = house.mail.sent.values()
    assert (first.to, second.to) == ("jan@example.nl", "nieuw@example.nl")
    assert first.text == second.text, "it tells of what happened, not of how it stands now"
    told = {"notice_id": made.notice_id, "kind": "gereed", "channel": "email", "again": 1}
    assert events(house, melding, "bericht_opnieuw") == [told]
    ask_by_sms = statuses(house.deliveries(melding))
    assert ask_by_sms == [("email", "verzonden"), ("email", "verzonden")]


def test_asked_twice_it_goes_once_and_again_after_a_while(house: House, agent: Actor, now: datetime) -> None:
    melding = house.melding(contact=JAN)
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    house.work()
    ask(house, melding, agent, "sms")
    with pytest.raises(Conflict, match="nog_onderweg"):
        ask(house, melding, agent, "sms")
    house.work()
    with pytest.raises(Conflict, match="net_gestuurd"):
        ask(house, melding, agent, "email")
    house.work()
    assert (len(house.mail.sent), len(house.sms.sent)) == (1, 1)
    for again in range(2, resend.MOST_AGAIN + 1):
        house.set_clock(now + timedelta(hours=1 + again))
        ask(house, melding, agent, "email")
        house.work()
    house.set_clock(now + timedelta(hours=9))
    with pytest.raises(Conflict, match="te_vaak"):
        ask(house, melding, agent, "email")
    assert len(house.mail.sent) == resend.MOST_AGAIN


def test_what_never_arrived_arrives_by_the_new_address(house: House, agent: Actor) -> None:
    melding = house.melding(contact=MAIL)
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    house.mail.fail_with = AddressRefused("550 onbekend")
    house.work()
    assert house.flags(melding) == ["niet_bereikbaar"] and house.ended(melding) == ["geen_kanaal"]
    with pytest.raises(Conflict, match="geen_adres"):
        ask(house, melding, agent, "email")
    change(house, melding, agent, phone="06 12345678")
    ask(house, melding, agent, "sms")
    house.work()
    assert len(house.sms.sent) == 1 and house.flags(melding) == [] and house.ended(melding) == [""]


def test_what_was_revoked_stays_so(house: House, agent: Actor) -> None:
    melding = house.melding(contact=JAN)
    house.owe("gereed", melding, facts={"closure_id": house.closed(melding)})
    with transaction(house.engine) as session:
        chain.end_notices(session, melding.id, "ongedaan", gemeente_id=house.home.id, now=business_now(session))
    with pytest.raises(Conflict, match="bericht_vervallen"):
        ask(house, melding, agent, "email")
    gone = house.melding(contact=JAN)
    house.owe("gereed", gone, facts={"closure_id": house.closed(gone)})
    house.work()
    with transaction(house.engine) as session:
        about, now = session.get_one(Melding, gone.id), business_now(session)
        withdraw_melding(session, about, reason="", actor=agent, now=now)
    with pytest.raises(DomainError):
        ask(house, gone, agent, "email")


def test_the_link_goes_by_sms_to_who_asks(house: House, agent: Actor) -> None:
    known, new = house.melding(contact=MOBILE), house.melding(contact={**MOBILE, "only_when_done": True})
    house.owe("ontvangst", known)
    house.work()
    for melding in (known, new):
        with transaction(house.engine) as session:
            desk = Desk(session, house.adapters, house.settings, frozenset(house.scope), business_now(session))
            about = session.get_one(Melding, melding.id)
            assert resend.can_send_link(desk, about) == ["sms"]
            resend.send_link(desk, about, "sms", actor=agent)
        house.work()
    assert len(house.sms.sent) == 3 and all("/v/" in sms.text for sms in house.sms.sent.values())
    assert len(events(house, new, "link_gestuurd")) == 1 and events(house, known, "link_gestuurd") == []


def test_who_may_and_which_berichten(house: House, agent: Actor) -> None:
    melding, other = house.melding(contact=JAN), house.melding(contact=JAN)
    house.owe("ingepland", melding, facts={"planned_on": "2026-04-16"})
    house.work()
    with transaction(house.engine) as session:
        desk = Desk(session, house.adapters, house.settings, frozenset(house.scope), business_now(session))
        trails = trails_of(session, [melding.id], scope=house.scope)[melding.id]
        about = session.get_one(Melding, melding.id)
        assert list(resend.ways_again(desk, about, trails).values()) == [["email"]], "ingepland never goes by sms"
        member = f"team-{next(_numbers)}"
        team = factories.medewerker(session, house.home, factories.TEAM, team_slug="serviceteam", username=member)
        with pytest.raises(NotFound):
            resend.send_again(desk, session.get_one(Melding, other.id), trails[0].notice.id, "email", actor=agent)
    with pytest.raises(Forbidden):
        ask(house, melding, team, "email", kind="ingepland")
    with pytest.raises(Conflict):
        ask(house, melding, agent, "sms", kind="ingepland")

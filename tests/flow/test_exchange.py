"""Partners hear what happened to their meldingen: once, in order, signed, nothing personal, and again if asked."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import PermanentFailure, TemporaryFailure
from meldingen.adapters.webhook import HttpHooks
from meldingen.db import business_now, transaction
from meldingen.domain.actor import BEHEER, COORDINATOR, Actor
from meldingen.domain.errors import Conflict, InvalidInput
from meldingen.flow import exchange, routing
from meldingen.flow.closure import NewClosure, close_opdracht
from meldingen.flow.status import Basis
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Link
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.webhook import SETTLED, Webhook, WebhookCall
from tests import factories
from tests.flow.berichten import JAN, SETTINGS, House
from tests.standins.partner import Partner, partner_system


@pytest.fixture
def partner() -> Iterator[Partner]:
    with partner_system() as running:
        yield running


def hook(house: House, partner: Partner, **facts: Any) -> Webhook:
    """A fresh webhook; those of earlier tests in this house are gone."""
    with transaction(house.engine) as session:
        session.execute(sa.delete(Webhook).where(Webhook.url != partner.url))
        asked = {"kinds": (), "own_only": False} | facts
        made = exchange.add_webhook(
            session, house.home, "Buurtapp", partner.url, actor=staff(house), now=business_now(session), **asked
        )
    partner.secret = made.secret
    return made


def staff(house: House) -> Actor:
    home = house.home.id
    return Actor(kind="medewerker", roles={home: frozenset({BEHEER, COORDINATOR})})


def look(house: House) -> None:
    with transaction(house.engine) as session:
        now = business_now(session)
    exchange.collect_news(house.engine, now=now)


def tell(house: House) -> None:
    """The worker's turn with every row that is owed to partners."""
    adapters = replace(house.adapters, hooks=HttpHooks(["127.0.0.1"], private=True))
    for row in [row for row in house.rows() if row.topic == Topic.WEBHOOK]:
        while exchange.tell_partner(house.engine, adapters, SETTINGS, row.payload) is not None:
            pass
        with transaction(house.engine) as session:
            session.execute(sa.update(OutboxEntry).where(OutboxEntry.id == row.id).values(done_at=sa.func.now()))


def closed(house: House, **facts: Any) -> Melding:
    made = house.melding(**facts)
    with transaction(house.engine) as session:
        now = business_now(session)
        routing.route_melding(session, made.id, gemeente_id=house.home.id, now=now)
        work = factories.opdracht_of(session, made)
        said = NewClosure("opgelost", sentence="Het bord van Jan is vervangen.")
        close_opdracht(session, work.id, said, basis=Basis(version=work.version), actor=staff(house), now=now)
    return made


def types(partner: Partner) -> list[str]:
    return [event["type"].rpartition(".mor.")[2] for event in partner.events.values()]


def test_a_partner_hears_the_whole_story_in_order_and_nothing_personal(house: House, partner: Partner) -> None:
    hook(house, partner)
    made = closed(house, contact=JAN, description="Bij Jan Jansen, 06 12345678, ligt een tegel los.")
    look(house)
    tell(house)
    assert types(partner) == ["melding-ontvangen.v1", "melding-toegewezen.v1", "melding-afgehandeld.v1"]
    last = list(partner.events.values())[-1]
    assert last["subject"] == made.number
    assert last["specversion"] == "1.0"
    assert last["source"] == SETTINGS.public_url
    assert last["dataref"].endswith(f"/api/v1/meldingen/{made.number}")
    assert set(last["data"]) == {"nummer", "gebeurtenis"}
    assert "Jan" not in json.dumps(list(partner.events.values()))
    assert partner.refused == 0


def test_looking_twice_tells_once(house: House, partner: Partner) -> None:
    hook(house, partner)
    closed(house)
    for _ in range(3):
        look(house)
        tell(house)
    assert len(partner.calls) == len(set(partner.calls)) == 3


def test_only_its_own_meldingen_unless_it_asked_for_all(house: House, partner: Partner) -> None:
    hook(house, partner, own_only=True, kinds=["melding-ontvangen"])
    closed(house)
    mine = closed(house)
    house.change(mine, partner_name="Buurtapp")
    look(house)
    tell(house)
    assert [event["subject"] for event in partner.events.values()] == [mine.number]
    assert types(partner) == ["melding-ontvangen.v1"]


def test_a_part_that_is_done_is_no_end(house: House, partner: Partner) -> None:
    hook(house, partner, kinds=["melding-afgehandeld"])
    made = house.melding()
    with transaction(house.engine) as session:
        now = business_now(session)
        routing.route_melding(session, made.id, gemeente_id=house.home.id, now=now)
        first = factories.opdracht_of(session, made)
        other = house.melding()
        routing.route_melding(session, other.id, gemeente_id=house.home.id, now=now)
        second = factories.opdracht_of(session, session.merge(other))
        link = {"gemeente_id": house.home.id, "melding_id": made.id, "opdracht_id": second.id}
        session.add(Link(**link, how="samengevoegd", from_at=now, made_by="proef"))
        said = NewClosure("opgelost")
        close_opdracht(session, first.id, said, basis=Basis(version=first.version), actor=staff(house), now=now)
    look(house)
    assert [row for row in house.rows() if row.topic == Topic.WEBHOOK] == []


def test_what_it_refuses_or_never_answers_is_told_again_with_the_same_id(house: House, partner: Partner) -> None:
    hook(house, partner, kinds=["melding-ontvangen"])
    house.melding()
    partner.answers = [503]
    look(house)
    with pytest.raises(TemporaryFailure, match="503"):
        tell(house)
    tell(house)
    assert len(partner.calls) == 2
    assert len(partner.events) == 1
    with Session(house.engine) as session:
        told = session.scalars(sa.select(WebhookCall)).one()
        assert (told.attempts, told.maybe_double, told.reason) == (2, False, "")


def test_silence_may_be_a_double_and_is_counted(house: House, partner: Partner) -> None:
    made = hook(house, partner, kinds=["melding-ontvangen"])
    house.melding()
    look(house)
    house.change(made, url="http://127.0.0.1:1/mor")
    with pytest.raises(TemporaryFailure):
        tell(house)
    house.change(made, url=partner.url)
    tell(house)
    with Session(house.engine) as session:
        assert session.scalars(sa.select(WebhookCall.maybe_double)).one() is True
    assert len(partner.events) == 1


def test_a_partner_that_is_gone_hears_nothing_more(house: House, partner: Partner) -> None:
    made = hook(house, partner)
    house.melding()
    partner.answers = [410]
    look(house)
    tell(house)
    closed(house)
    look(house)
    tell(house)
    assert len(partner.calls) == 1
    with Session(house.engine) as session:
        assert session.get_one(Webhook, made.id).active is False
        assert session.scalars(sa.select(Event.kind).where(Event.kind == "webhook_gestopt")).all()


def test_told_again_from_a_moment_on(house: House, partner: Partner) -> None:
    hook(house, partner)
    closed(house)
    look(house)
    tell(house)
    with transaction(house.engine) as session:
        now = business_now(session)
        since = now - timedelta(hours=1)
        assert exchange.replay(session, house.home, "Buurtapp", since, actor=staff(house), now=now) == 3
    tell(house)
    assert len(partner.calls) == 6
    assert len(partner.events) == 3


def test_an_event_that_was_committed_late_is_still_found(house: House, partner: Partner) -> None:
    """Ids are given before a commit: what is not visible yet when we look must be found when we look again."""
    made = hook(house, partner, kinds=["melding-ontvangen"])
    with Session(house.engine) as slow, slow.begin():
        factories.melding(slow, now=business_now(slow), route=False)
        house.melding()
        look(house)
    house.change(made, seen_at=business_now_of(house) - SETTLED)
    look(house)
    house.change(made, seen_at=business_now_of(house) - SETTLED)
    look(house)
    tell(house)
    assert len(partner.events) == 2


def business_now_of(house: House) -> datetime:
    with transaction(house.engine) as session:
        return business_now(session) - timedelta(days=3650)


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("http://partner.example/mor", ["partner.example"]),
        ("https://elders.example/mor", ["partner.example"]),
        ("https://partner.example.kwaad.example/mor", ["partner.example"]),
        ("https://127.0.0.1/mor", ["127.0.0.1"]),
        ("https://10.0.0.8/mor", ["10.0.0.8"]),
        ("https://[::1]/mor", ["::1"]),
        ("https://localhost/mor", ["localhost"]),
    ],
)
def test_only_allowed_hosts_and_never_our_own_net(url: str, allowed: list[str], now: datetime) -> None:
    with pytest.raises((PermanentFailure, TemporaryFailure)):
        HttpHooks(allowed).send(url, "whsec_MDEyMw==", {"id": "1"}, at=now)


def test_no_redirect_is_followed(partner: Partner) -> None:
    partner.secret = "whsec_MDEyMzQ1Njc4OQ=="
    partner.answers = [302]
    with pytest.raises(TemporaryFailure, match="302"):
        HttpHooks(["127.0.0.1"], private=True).send(
            partner.url, partner.secret, {"id": "1"}, at=datetime.now().astimezone()
        )
    assert len(partner.calls) == 1


def test_what_makes_no_sense_is_refused(house: House, partner: Partner) -> None:
    with pytest.raises(InvalidInput, match="onbekend"):
        hook(house, partner, kinds=["van-alles"])
    hook(house, partner)
    with pytest.raises(Conflict):
        hook(house, partner)

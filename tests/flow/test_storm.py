"""A storm: a text with an end, and one bericht to each melder who waits, whatever is repeated."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.domain.actor import COORDINATOR, TEAM
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput
from meldingen.flow import closure, feedback, storm
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.notice import Notice
from meldingen.store.outbox import OutboxEntry
from tests import factories
from tests.factories import opdracht_of

TEXT = "Door de storm zijn er veel meldingen. Wij doen eerst wat gevaarlijk is."
HOUR = timedelta(hours=1)


def test_a_storm_has_a_text_and_an_end(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    boss = factories.medewerker(session, home, COORDINATOR)
    assert storm.current_storm(home, now) is None
    for text, until, field in [(" ", now + HOUR, "tekst"), (TEXT, now, "tot"), (TEXT, now + 400 * HOUR, "tot")]:
        with pytest.raises(InvalidInput) as refused:
            storm.set_storm(session, home.id, text, until, actor=boss, now=now)
        assert refused.value.fields[0].field == field
    with pytest.raises(Forbidden):
        member = factories.medewerker(session, home, TEAM, team_slug="groen")
        storm.set_storm(session, home.id, TEXT, now + HOUR, actor=member, now=now)
    begun = storm.set_storm(session, home.id, TEXT, now + HOUR, actor=boss, now=now)
    longer = storm.set_storm(session, home.id, "Het duurt langer.", now + 2 * HOUR, actor=boss, now=now)
    assert longer.event_id == begun.event_id and storm.current_storm(home, now + HOUR) == longer
    assert storm.current_storm(home, now + 2 * HOUR) is None
    storm.end_storm(session, home.id, actor=boss, now=now)
    assert storm.current_storm(home, now) is None
    with pytest.raises(Conflict):
        storm.tell_melders(session, home.id, ["straat"], actor=boss, now=now)


def test_who_waits_is_told_once(committed_engine: sa.Engine, now: datetime) -> None:
    mail = {"contact": {"email": "bo@example.nl"}}
    with db.transaction(committed_engine) as session:
        home = factories.gemeente(session)
        boss = factories.medewerker(session, home, COORDINATOR)
        waits = factories.melding(session, now=now, **mail)
        factories.melding(session, now=now)  # cannot be reached
        factories.melding(session, now=now, category_slug="gras-te-hoog", **mail)
        done, gone = factories.melding(session, now=now, **mail), factories.melding(session, now=now, **mail)
        closure.close_opdracht(
            session, opdracht_of(session, done).id, NewClosure("opgelost"), basis=Basis(version=1), actor=boss, now=now
        )
        feedback.withdraw_melding(session, gone, reason="", actor=boss, now=now)
        begun = storm.set_storm(session, home.id, TEXT, now + HOUR, actor=boss, now=now)
        assert storm.count_melders(session, home.id, ["straat"]) == 2
        assert storm.count_melders(session, home.id, ["straat", "groen"]) == 3
        storm.tell_melders(session, home.id, ["straat"], actor=boss, now=now)
        with pytest.raises(Conflict):
            storm.tell_melders(session, home.id, ["groen"], actor=boss, now=now)
        entry = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == "onderhoud")).one()
    ids = entry.payload
    facts = {"gemeente_id": home.id, "event_id": begun.event_id, "category_ids": ids["category_ids"]}
    for _ in range(2):
        storm.spread(committed_engine, **facts, now=now)
    storm.spread(committed_engine, **facts, now=now + 2 * HOUR)
    with Session(committed_engine) as session:
        told = session.scalars(sa.select(Notice.melding_id).where(Notice.kind == "storm")).all()
        assert told == [waits.id]

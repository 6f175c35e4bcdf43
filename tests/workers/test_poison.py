"""What somebody set up wrong holds up one melding at most, and never for good: the vangnet team takes it."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from meldingen import adapters, db
from meldingen.flow.routing import RULES_FAILED
from meldingen.store import leases
from meldingen.store.gemeente import Gemeente
from meldingen.store.outbox import OutboxEntry, Topic
from tests import factories
from tests.factories import opdracht_of
from workers import jobs
from workers.context import Context
from workers.policy import POLICIES

from .conftest import settings_for

BOW_TIE = "MULTIPOLYGON(((4.6 52.6, 4.8 52.8, 4.8 52.6, 4.6 52.8, 4.6 52.6)))"


@pytest.fixture
def context(committed_engine: sa.Engine, redis_url: str, tmp_path: Path) -> Context:
    settings = settings_for(committed_engine, redis_url, tmp_path)
    return Context(settings, committed_engine, adapters.build(settings))


def route(context: Context, attempts: int) -> None:
    """Does the routing in the outbox as a worker does at this attempt."""
    with db.transaction(context.engine) as session:
        row = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.ROUTE)).one()
        row.lease = jobs.UUID(int=attempts)
        entry = jobs.Leased(row.id, row.lease, row.topic, row.gemeente_id, row.payload, attempts, "", last_try=False)
    jobs.HANDLERS[Topic.ROUTE](context, entry)


def test_rules_that_raise_give_it_to_the_vangnet_team(context: Context, now: datetime) -> None:
    with db.transaction(context.engine) as session:
        home = factories.gemeente(session)
        made = factories.melding(session, now=now, category_slug="losse-tegel", route=False)
        vangnet = factories.team(session, home, "kcc").id
        session.execute(sa.update(Gemeente).values(policy={"office_hours": {"days": "altijd"}}))
    for attempts in (1, 2):
        with pytest.raises(TypeError):
            route(context, attempts)
    route(context, jobs.RULES_TRIES)
    with db.transaction(context.engine) as session:
        opdracht = opdracht_of(session, made)
        assert (opdracht.team_id, opdracht.routing_reason) == (vangnet, RULES_FAILED)
        assert session.scalars(sa.select(OutboxEntry.done_at).where(OutboxEntry.topic == Topic.ROUTE)).one()


def test_an_area_that_crosses_itself_stops_nothing(context: Context, now: datetime) -> None:
    with db.transaction(context.engine) as session:
        home = factories.gemeente(session)
        session.execute(
            sa.text(
                "INSERT INTO area (gemeente_id, kind, code, name, shape)"
                " VALUES (:home, 'teamgebied', 'KAPOT', 'Kapot', ST_GeomFromText(:shape, 4326))"
            ),
            {"home": home.id, "shape": BOW_TIE},
        )
        made = factories.melding(session, now=now, category_slug="losse-tegel", route=False)
    route(context, 1)
    with db.transaction(context.engine) as session:
        assert opdracht_of(session, made).routing_reason != RULES_FAILED


def test_rules_that_raise_for_a_lot_leave_each_row_to_itself(context: Context, now: datetime) -> None:
    with db.transaction(context.engine) as session:
        factories.gemeente(session)
        for _ in range(3):
            factories.melding(session, now=now, category_slug="losse-tegel", route=False)
        session.execute(sa.update(Gemeente).values(policy={"office_hours": {"days": "altijd"}}))
        lot = leases.lease(session, [(Topic.ROUTE, False)], terms={Topic.ROUTE: POLICIES[Topic.ROUTE].terms}, now=now)
    assert lot is not None and len(lot.ids) == 3
    patient = {topic: replace(policy, budget_s=600) for topic, policy in POLICIES.items()}
    jobs.work_lot(jobs.Workplace(context, jobs.HANDLERS, patient, lambda: False), lot.topic, lot.lease, lot.ids)
    with db.transaction(context.engine) as session:
        rows = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.ROUTE)).all()
        assert {(row.attempts, row.lease, row.done_at, row.reason) for row in rows} == {
            (1, None, None, "Fout in het programma: TypeError")
        }

"""Which team gets it, and when a melding joins another: KLANTREIS step 3, rule 6 and "the 31st melding"."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.flow import routing
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import OutboxEntry
from tests import factories
from tests.factories import opdracht_of


@pytest.mark.parametrize(
    ("category", "at", "team"),
    [
        ("losse-tegel", (4.70, 52.66), "serviceteam"),
        ("gras-te-hoog", (4.70, 52.66), "groen"),
        (None, (4.70, 52.66), "kcc"),
        ("losse-tegel", (4.70, 52.61), "kcc"),  # in the gemeente, in no wijk
        ("losse-tegel", (4.5995, 52.66), "kcc"),  # just over the border
    ],
)
def test_category_and_place_choose_the_team(
    session: Session, now: datetime, category: str | None, at: tuple[float, float], team: str
) -> None:
    home = factories.gemeente(session)
    made = factories.melding(session, now=now, category_slug=category, at=at)
    opdracht = opdracht_of(session, made)
    assert opdracht.team_id == factories.team(session, home, team).id
    assert opdracht.routing_reason and opdracht.status == "nieuw"


def test_danger_at_night_goes_to_piket_in_office_hours_to_the_team(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    by_day = factories.melding(session, now=now, danger=True)
    at_night = factories.melding(session, now=now + timedelta(hours=14), danger=True)
    assert opdracht_of(session, by_day).team_id == factories.team(session, home, "serviceteam").id
    assert opdracht_of(session, at_night).team_id == factories.team(session, home, "piket").id
    alarms = session.scalars(sa.select(Notice).where(Notice.kind == "alarm")).all()
    assert len(alarms) == 2 and all(a.team_id for a in alarms)


def test_routing_twice_changes_nothing(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    made = factories.melding(session, now=now)
    before = session.scalar(sa.select(sa.func.count()).select_from(OutboxEntry))
    routing.route_melding(session, made.id, gemeente_id=made.gemeente_id, now=now)
    assert session.scalar(sa.select(sa.func.count()).select_from(Opdracht)) == 1
    assert session.scalar(sa.select(sa.func.count()).select_from(OutboxEntry)) == before


def test_thirty_meldingen_about_one_tree_are_one_opdracht(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    made = [
        factories.melding(session, now=now + timedelta(minutes=i), category_slug="boom-omgevallen",
                          at=(4.70 + i * 1e-6, 52.66))
        for i in range(30)
    ]  # fmt: skip
    opdrachten = session.scalars(sa.select(Opdracht)).all()
    assert len(opdrachten) == 1 and opdrachten[0].priority == 300 + 29
    assert opdrachten[0].version == 1, "joining is no move: a tablet's version stays good"
    assert {m.status for m in made} == {"ontvangen"}
    far = factories.melding(session, now=now, category_slug="boom-omgevallen", at=(4.71, 52.66))
    assert opdracht_of(session, far).id != opdrachten[0].id
    later = factories.melding(session, now=now + timedelta(days=4), category_slug="boom-omgevallen")
    assert opdracht_of(session, later).id != opdrachten[0].id


def test_dit_heb_ik_ook_joins_an_open_opdracht_and_a_closed_one_not(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    first = opdracht_of(session, factories.melding(session, now=now))
    second = factories.melding(session, now=now, same_as=str(first.id))
    assert opdracht_of(session, second).id == first.id
    first.status = "gereed"
    session.flush()
    third = factories.melding(session, now=now, same_as=str(first.id))
    assert opdracht_of(session, third).id != first.id


def test_a_partner_team_makes_it_doorgezet(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    water = factories.category(session, home, "dode-vissen", team_kind="partij")
    session.add(
        routing.team.RoutingRule(
            gemeente_id=home.id, team_id=factories.team(session, home, "waterschap").id, category_id=water.id
        )
    )
    made = factories.melding(session, now=now, category_slug="dode-vissen", contact={"email": "bo@example.nl"})
    assert (made.status, opdracht_of(session, made).status) == ("doorgezet", "bij_partij")
    kinds = session.scalars(sa.select(Notice.kind).order_by(Notice.id)).all()
    assert kinds == ["ontvangst", "doorgezet", "opdracht_partij"]

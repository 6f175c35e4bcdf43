"""A lot of ordinary meldingen gets the very opdrachten that each would get by itself; what is special is left alone."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.flow import routing
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Link, Opdracht
from meldingen.store.team import RoutingRule
from tests import factories


def lot(session: Session, *meldingen: Melding, now: datetime) -> list[int]:
    """Routes these as a worker does with a lot."""
    scope = {one.gemeente_id for one in meldingen}
    return list(routing.route_ordinary(session, [one.id for one in meldingen], scope=scope, now=now))


@pytest.mark.parametrize(
    "facts",
    [
        {"category_slug": "losse-tegel", "description": "Er ligt een tegel los", "contact": {"email": "bo@example.nl"}},
        {"category_slug": "gras-te-hoog"},
        {"category_slug": None},
        {"category_slug": None, "description": "Er hangt een stroomdraad los"},
        {"category_slug": "losse-tegel", "at": (4.70, 52.61)},
        {"category_slug": "losse-tegel", "at": (4.5995, 52.66)},
    ],
    ids=["tegel", "gras", "ander probleem", "klinkt gevaarlijk", "in geen wijk", "net over de grens"],
)
def test_what_is_written_for_a_lot_is_what_routing_writes_one_by_one(
    session: Session, now: datetime, facts: dict[str, Any]
) -> None:
    factories.gemeente(session)
    by_itself = factories.melding(session, now=now, **facts)
    in_a_lot = factories.melding(session, now=now, route=False, **facts)
    assert lot(session, in_a_lot, now=now) == [in_a_lot.id]
    session.expire_all()
    assert _differing(session, Opdracht) == {"id"}
    assert _differing(session, Link) == {"id", "melding_id", "opdracht_id"}
    routed = sa.select(Event.__table__).where(Event.kind == "toegewezen").order_by(Event.id)
    one, other = session.execute(routed).mappings().all()
    assert _names(one, other) == {"id", "melding_id", "opdracht_id"}
    told = {name: getattr(by_itself, name) for name in ("status", "promised_on", "term_days", "flags")}
    assert told == {name: getattr(in_a_lot, name) for name in told}


def test_what_is_special_is_left_to_be_done_by_itself(session: Session, now: datetime) -> None:
    home = factories.gemeente(session)
    first = factories.melding(session, now=now)
    partner = factories.team(session, home, "waterschap").id
    water = factories.category(session, home, "dode-vissen", team_kind="partij").id
    session.add(RoutingRule(gemeente_id=home.id, team_id=partner, category_id=water))
    special = [
        factories.melding(session, now=now, route=False, danger=True),
        factories.melding(session, now=now, route=False, category_slug="boom-omgevallen"),
        factories.melding(session, now=now, route=False, category_slug="dode-vissen"),
        factories.melding(session, now=now, route=False, same_as=str(factories.opdracht_of(session, first).id)),
    ]
    withdrawn = factories.melding(session, now=now, route=False)
    withdrawn.withdrawn_at = now
    ordinary = factories.melding(session, now=now, route=False)
    session.flush()
    assert lot(session, *special, withdrawn, ordinary, now=now) == [ordinary.id]
    assert session.scalar(sa.select(sa.func.count()).select_from(Opdracht)) == 2


def test_a_lot_twice_changes_nothing(session: Session, now: datetime) -> None:
    factories.gemeente(session)
    made = [factories.melding(session, now=now, route=False) for _ in range(3)]
    assert lot(session, *made, now=now) == lot(session, *made, now=now) == [one.id for one in made]
    assert session.scalar(sa.select(sa.func.count()).select_from(Opdracht)) == 3


def _differing(session: Session, of: type[Opdracht | Link]) -> set[str]:
    one, other = session.execute(sa.select(of.__table__).order_by(of.id)).mappings().all()
    return _names(one, other)


def _names(one: Mapping[str, object], other: Mapping[str, object]) -> set[str]:
    return {name for name in one if str(one[name]) != str(other[name])}

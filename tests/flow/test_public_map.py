"""The public map asked near a place: what lies within the radius as it is shown, found by index."""

import re
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from psycopg.sql import Literal
from sqlalchemy.orm import Session

from bench.groot.plannen import listening
from meldingen.domain.workflow import OPEN
from meldingen.store.opdracht import Opdracht
from meldingen.store.public_map import Around, public_work
from tests import factories

ELSEWHERE = 5000


def test_a_place_is_found_by_where_it_is_shown(session: Session, now: datetime) -> None:
    """Its rounded place counts, on both sides of the radius."""
    home = factories.gemeente(session)
    shown = factories.melding(session, now=now, at=(4.70004, 52.66004))  # shown at 4.7, 52.66
    work = factories.opdracht_of(session, shown)

    def found(radius_m: int, at: tuple[float, float]) -> list[int]:
        around = Around(lon=at[0], lat=at[1], radius_m=radius_m)
        rows = public_work(session, around, closed_since=now, scope=[home.id], limit=10)
        return [row.id for row in rows]

    assert found(1, (4.7, 52.66)) == [work.id], "five metres off in truth"
    assert found(1, (4.70004, 52.66004)) == []
    assert found(100, (4.7, 52.661)) == [] and found(120, (4.7, 52.661)) == [work.id]


def test_what_is_near_is_found_by_index(session: Session, now: datetime) -> None:
    """Among five thousand elsewhere: the open ones by their place, the closed ones by their day."""
    home = factories.gemeente(session)
    near = factories.opdracht_of(session, factories.melding(session, now=now))
    columns = "gemeente_id, status, category_id, team_id, urgency, received_at, due_at, created_at"
    session.execute(
        sa.text(
            f"INSERT INTO opdracht (location, {columns}) SELECT ST_SetSRID(ST_MakePoint(4.5 + (n % 100) / 1000.0, "
            f"52.7 + n / 100000.0), 4326), {columns} FROM opdracht, generate_series(1, {ELSEWHERE}) n WHERE id = :like"
        ),
        {"like": near.id},
    )
    session.execute(sa.text("ANALYZE opdracht"))
    plan = "\n".join(_kept_plan(session, now, scope=[home.id]))
    assert "ix_opdracht_open_near" in plan and "ix_opdracht_closed_near" in plan, plan
    assert "uq_opdracht_gemeente_id_id" not in plan, "which reads all there ever was in the gemeente"
    assert session.scalar(sa.select(sa.func.count()).where(Opdracht.status.in_(OPEN))) > ELSEWHERE


def _kept_plan(session: Session, now: datetime, *, scope: list[int]) -> list[str]:
    """What a connection does each time it is asked what is around a place, whichever."""
    around = Around(lon=factories.HOME[0], lat=factories.HOME[1])
    with listening(session) as sent:
        assert len(public_work(session, around, closed_since=now - timedelta(days=30), scope=scope, limit=100)) == 1
    ((statement, facts),) = [one for one in sent if not one[0].startswith("SET")]
    names = list(dict.fromkeys(re.findall(r"%\((\w+)\)s", statement)))
    text = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement)
    driver: Any = session.connection().connection.driver_connection
    values = ", ".join(Literal(facts[name]).as_string(driver) for name in names)
    driver.execute("SET LOCAL plan_cache_mode = force_generic_plan")
    driver.execute(f"PREPARE around AS {text}")
    plan = driver.execute(f"EXPLAIN EXECUTE around({values})").fetchall()
    driver.execute("DEALLOCATE around")
    return [line for (line,) in plan]

"""The public map asked near a place: what lies within the radius as it is shown, found by index."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

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
    plan = "\n".join(_plan(session, now, scope=[home.id]))
    assert "ix_opdracht_open_near" in plan and "ix_opdracht_closed" in plan, plan
    assert session.scalar(sa.select(sa.func.count()).where(Opdracht.status.in_(OPEN))) > ELSEWHERE


def _plan(session: Session, now: datetime, *, scope: list[int]) -> list[str]:
    plans: list[str] = []

    def explain(_c: object, cursor: Any, statement: str, parameters: object, *_: object) -> None:
        cursor.execute("EXPLAIN " + statement, parameters)
        plans.extend(row[0] for row in cursor.fetchall())

    connection = session.connection()
    around = Around(lon=factories.HOME[0], lat=factories.HOME[1])
    sa.event.listen(connection, "before_cursor_execute", explain)
    rows = public_work(session, around, closed_since=now - timedelta(days=30), scope=scope, limit=100)
    sa.event.remove(connection, "before_cursor_execute", explain)
    assert len(rows) == 1
    return plans

"""Opdrachten as the API lists them: the columns that are told of each, and nothing that is not.

Narrower than the rows of our own pages (worklists.py), which show photos and words beside it: an app asks its list all
day, and a row as four whole objects costs far more than what is told of it. Who may see what, the filters and the
order are theirs.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

from ..db import by_driver
from .category import Category
from .gemeente import Gemeente
from .opdracht import Opdracht
from .team import Team
from .workfilter import WorkFilter, narrowed
from .worklists import SORTED, Sees, joined, melders_now, seen


class WorkLine(NamedTuple):
    """One opdracht, and the names of what it belongs to. melders: how many meldingen it has now."""

    id: int
    gemeente_id: int
    category_id: int
    team_id: int
    version: int
    status: str
    address: str
    location_note: str
    wijk_code: str | None
    danger: bool
    danger_suspected: bool
    urgency: str
    priority: int
    routing_reason: str
    received_at: datetime
    due_at: datetime
    planned_on: date | None
    party_since_at: datetime | None
    party_expected_on: date | None
    undo_until: datetime | None
    reopened_from_id: int | None
    lon: float
    lat: float
    melders: int
    gemeente_slug: str
    gemeente_name: str
    category_slug: str
    category_name: str
    team_slug: str
    team_name: str


def list_lines(
    session: Session, wanted: WorkFilter, sees: Sees, *, scope: Collection[int], limit: int, offset: int = 0
) -> Sequence[WorkLine]:
    """The opdrachten that fit the filter and that the asker may see. What is in `wanted` must be hashable."""
    box = dict(zip((one.key for one in _BOX), wanted.box or (), strict=False))
    same = replace(wanted, box=_BOX) if box else wanted
    statement, facts = _listing(same, sees, frozenset(scope))
    session.flush()  # what this request changed is told too
    rows = by_driver(session, statement, {**facts, **box, "at_most": limit, "skipped": offset})
    return [WorkLine._make(row) for row in rows]


def line_of(session: Session, opdracht_id: int, sees: Sees, *, scope: Collection[int]) -> WorkLine | None:
    """One line of the list, or None when it is not there or not theirs to see."""
    row = session.execute(seen(_TOLD, sees, scope).where(Opdracht.id == opdracht_id)).first()
    return WorkLine._make(row) if row else None


_BOX: Any = tuple(sa.bindparam(side, 0.0, type_=sa.Float) for side in ("west", "south", "east", "north"))


@lru_cache(maxsize=200)
def _listing(wanted: WorkFilter, sees: Sees, scope: frozenset[int]) -> tuple[str, Mapping[str, Any]]:
    """The statement and its values, but for the page and the box: everybody of a team asks one question all day."""
    page = sa.bindparam("at_most", 0, type_=sa.Integer), sa.bindparam("skipped", 0, type_=sa.Integer)
    query = narrowed(seen(_TOLD, sees, scope), wanted).order_by(*SORTED[wanted.order]).limit(page[0]).offset(page[1])
    compiled = query.compile(dialect=PGDialect_psycopg(), compile_kwargs={"render_postcompile": True})  # type: ignore[no-untyped-call]
    return str(compiled), compiled.params


def _told() -> sa.Select[Any]:
    """The columns of a WorkLine, in its order."""
    told = [getattr(Opdracht, name) for name in WorkLine._fields[: WorkLine._fields.index("lon")]]
    place = sa.func.ST_X(Opdracht.location), sa.func.ST_Y(Opdracht.location)
    names = Gemeente.slug, Gemeente.name, Category.slug, Category.name, Team.slug, Team.name
    return joined(sa.select(*told, *place, melders_now(), *names))


_TOLD = _told()
"""Made once: putting it together costs more than reading a page."""

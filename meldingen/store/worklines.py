"""Lists of opdrachten as the API and the page of a team ask them all day: the columns that are told, and how many.

A row as four whole objects (worklists.py) costs far more than what is told of it. Who may see what, the filters and
the order are theirs. What is in a filter must be hashable: its statement is made once.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import by_driver, settled
from .category import Category
from .gemeente import Gemeente
from .opdracht import Opdracht
from .team import Team
from .workfilter import LISTS, WorkFilter, narrowed, on_list
from .worklists import SORTED, Sees, first_words, joined, melders_now, photos_shown, seen


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


class ShownLine(NamedTuple):
    """One opdracht as the page of a team shows it. melders, photo_ids, words: see WorkRow."""

    id: int
    gemeente_id: int
    status: str
    address: str
    location_note: str
    danger_suspected: bool
    urgency: str
    due_at: datetime
    planned_on: date | None
    safe_at: datetime | None
    reopened_from_id: int | None
    melders: int
    photo_ids: Sequence[str] | None
    words: str
    category_name: str
    team_name: str
    gemeente_name: str

    @property
    def photo(self) -> str | None:
        """The public id of the first of its photos."""
        return self.photo_ids[0] if self.photo_ids else None


def list_lines(
    session: Session, wanted: WorkFilter, sees: Sees, *, scope: Collection[int], limit: int, offset: int = 0
) -> Sequence[WorkLine]:
    """The opdrachten that fit the filter and that the asker may see, as the API tells them."""
    page = {"at_most": limit, "skipped": offset}
    return [WorkLine._make(row) for row in _asked(session, _listing, _TOLD, wanted, sees, scope, page)]


def list_shown(
    session: Session, wanted: WorkFilter, sees: Sees, *, scope: Collection[int], limit: int, offset: int = 0
) -> Sequence[ShownLine]:
    """As `list_lines`, with what the page of a team shows of each."""
    page = {"at_most": limit, "skipped": offset}
    return [ShownLine._make(row) for row in _asked(session, _listing, _SHOWN, wanted, sees, scope, page)]


def count_opdrachten(session: Session, wanted: WorkFilter, sees: Sees, *, scope: Collection[int]) -> int:
    """How many opdrachten fit the filter and may be seen."""
    ((count,),) = _asked(session, _counting, _COUNTED, wanted, sees, scope, {})
    return int(count)


def count_lists(session: Session, sees: Sees, *, scope: Collection[int], now: datetime) -> dict[str, int]:
    """How many opdrachten stand on each of LISTS now, in one query."""
    statement, facts = _counting_lists(sees, frozenset(scope))
    session.flush()
    (row,) = by_driver(session, statement, {**facts, _NOW.key: now})
    return dict(zip(LISTS, row, strict=True))


def line_of(session: Session, opdracht_id: int, sees: Sees, *, scope: Collection[int]) -> WorkLine | None:
    """One line of the list, or None when it is not there or not theirs to see."""
    row = session.execute(seen(_TOLD, sees, scope).where(Opdracht.id == opdracht_id)).first()
    return WorkLine._make(row) if row else None


_BOX: Any = tuple(sa.bindparam(side, 0.0, type_=sa.Float) for side in ("west", "south", "east", "north"))


_NOW: Any = sa.bindparam("late_at", None, type_=sa.DateTime(timezone=True))

Made = tuple[str, Mapping[str, Any]]
"""A statement for the driver and its values, but for the page, the box and the moment."""


def _asked(
    session: Session,
    made: Callable[[sa.Select[Any], WorkFilter, Sees, frozenset[int]], Made],
    told: sa.Select[Any],
    wanted: WorkFilter,
    sees: Sees,
    scope: Collection[int],
    page: Mapping[str, int],
) -> list[tuple[Any, ...]]:
    """The rows of a statement that is made once for who asks the same elsewhere, later, or further on."""
    box = dict(zip((one.key for one in _BOX), wanted.box or (), strict=False))
    late_at = None if wanted.late_at is None else _NOW
    statement, facts = made(told, replace(wanted, box=_BOX if box else None, late_at=late_at), sees, frozenset(scope))
    session.flush()  # what this request changed is told too
    return by_driver(session, statement, {**facts, **box, **page, _NOW.key: wanted.late_at})


@lru_cache(maxsize=200)
def _listing(told: sa.Select[Any], wanted: WorkFilter, sees: Sees, scope: frozenset[int]) -> Made:
    """Everybody of a team asks one question all day."""
    page = sa.bindparam("at_most", 0, type_=sa.Integer), sa.bindparam("skipped", 0, type_=sa.Integer)
    query = narrowed(seen(told, sees, scope), wanted).order_by(*SORTED[wanted.order])
    return settled(query.limit(page[0]).offset(page[1]))


@lru_cache(maxsize=200)
def _counting(told: sa.Select[Any], wanted: WorkFilter, sees: Sees, scope: frozenset[int]) -> Made:
    return settled(narrowed(seen(told, sees, scope), wanted))


@lru_cache(maxsize=200)
def _counting_lists(sees: Sees, scope: frozenset[int]) -> Made:
    counted = seen(_ALONE, sees, scope)
    return settled(sa.select(*(counted.where(on_list(name, _NOW)).scalar_subquery() for name in LISTS)))


def _shown() -> sa.Select[Any]:
    """The columns of a ShownLine, in its order."""
    shown = [getattr(Opdracht, name) for name in ShownLine._fields[: ShownLine._fields.index("melders")]]
    names = Category.name, Team.name, Gemeente.name
    return joined(sa.select(*shown, melders_now(), photos_shown(), first_words(), *names))


def _told() -> sa.Select[Any]:
    """The columns of a WorkLine, in its order."""
    told = [getattr(Opdracht, name) for name in WorkLine._fields[: WorkLine._fields.index("lon")]]
    place = sa.func.ST_X(Opdracht.location), sa.func.ST_Y(Opdracht.location)
    names = Gemeente.slug, Gemeente.name, Category.slug, Category.name, Team.slug, Team.name
    return joined(sa.select(*told, *place, melders_now(), *names))


_TOLD, _SHOWN, _COUNTED = _told(), _shown(), joined(sa.select(sa.func.count()))
_ALONE = sa.select(sa.func.count()).select_from(Opdracht)
"""Made once: putting these together costs more than reading a page. Counted alone, most comes from an index."""

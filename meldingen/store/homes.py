"""What intake asks of a place before it stores anything, in one round trip: whose it is, and what that gemeente says.

Not what lies at a place in general (gemeente.py, area.py), nor which team it is for (a worker asks that).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, aggregate_order_by
from sqlalchemy.orm import Session, aliased

from .area import Area
from .category import OTHER, Category
from .gemeente import ClosingDay, Gemeente, point
from .melding import NUMBERS


@dataclass(frozen=True)
class AreaAt:
    """A wijk or buurt: what intake keeps and people read of it, without its shape."""

    code: str
    name: str
    year: int | None


@dataclass(frozen=True)
class Home:
    """A gemeente and its facts for one new melding.

    category: the active one that was asked for, or None. other_term_days: the term while nobody chose one. wijk, buurt:
    at the place, on a border always the same one (LOC-08). sequence: a fresh value for a meldingnummer, when one was
    drawn.
    """

    gemeente: Gemeente
    category: Category | None
    other_term_days: int
    closing_days: frozenset[date]
    sequence: int | None
    wijk: AreaAt | None = None
    buurt: AreaAt | None = None


def homes_at(session: Session, lon: float, lat: float, *, category_slug: str | None, draw: bool) -> Sequence[Home]:
    """Every gemeente, served or not, whose border covers the point, by code. draw: a number too, for who stores."""
    found = session.execute(_question(by_place=True, draw=draw), {"lon": lon, "lat": lat, "slug": category_slug})
    return [_home(*row) for row in found]


def home_of(session: Session, gemeente_id: int, *, category_slug: str | None, draw: bool) -> Home:
    """The facts of one gemeente for a place that is not within it. draw: as above."""
    asked = {"gemeente_id": gemeente_id, "slug": category_slug}
    return _home(*session.execute(_question(by_place=False, draw=draw), asked).one())


@cache
def _question(*, by_place: bool, draw: bool) -> sa.Select[Any]:
    """Made once: to build it for each melding would take longer than to answer it."""
    other, here = aliased(Category), point(sa.bindparam("lon"), sa.bindparam("lat"))
    term = sa.select(other.term_days).where(other.gemeente_id == Gemeente.id, other.slug == OTHER)
    closing = sa.select(sa.func.array_agg(ClosingDay.day)).where(ClosingDay.gemeente_id == Gemeente.id)
    listed = aggregate_order_by(
        sa.func.jsonb_build_array(Area.kind, Area.code, Area.name, Area.year), Area.kind, Area.code
    )
    areas = sa.select(sa.func.jsonb_agg(listed, type_=JSONB)).where(
        Area.gemeente_id == Gemeente.id, Area.active, sa.func.ST_Covers(Area.shape, here)
    )
    chosen = sa.and_(Category.gemeente_id == Gemeente.id, Category.slug == sa.bindparam("slug"), Category.active)
    found = sa.select(
        Gemeente,
        Category,
        term.scalar_subquery(),
        closing.scalar_subquery(),
        NUMBERS.next_value() if draw else sa.null(),
        areas.scalar_subquery() if by_place else sa.null(),
    ).outerjoin(Category, chosen)
    if by_place:
        return found.where(sa.func.ST_Covers(Gemeente.border, here)).order_by(Gemeente.code)
    return found.where(Gemeente.id == sa.bindparam("gemeente_id"))


def _home(
    gemeente: Gemeente,
    category: Category | None,
    other_term_days: int,
    closing: list[date] | None,
    sequence: int | None,
    areas: list[tuple[str, str, str, int | None]] | None,
) -> Home:
    first: dict[str, AreaAt] = {}
    for kind, code, name, year in areas or ():
        first.setdefault(kind, AreaAt(code, name, year))
    days = frozenset(closing or ())
    return Home(gemeente, category, other_term_days, days, sequence, first.get("wijk"), first.get("buurt"))

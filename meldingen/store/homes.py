"""What intake asks of a place before it stores anything, in one round trip: whose it is, and what that gemeente says.

Not what lies at a place in general (gemeente.py, area.py), nor which team it is for (a worker asks that).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from ..db import by_driver
from .category import OTHER
from .melding import NUMBERS


@dataclass(frozen=True, slots=True)
class GemeenteAt:
    """A gemeente: what intake reads of it, as in gemeente.py."""

    id: int
    slug: str
    name: str
    served: bool
    phone: str
    hours: str
    website: str
    policy: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class CategoryAt:
    """A category: what intake reads of it, as in category.py."""

    id: int
    slug: str
    name: str
    term_days: int
    urgency: str
    questions: list[dict[str, Any]]
    questions_version: int
    beforehand: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
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

    gemeente: GemeenteAt
    category: CategoryAt | None
    other_term_days: int
    closing_days: frozenset[date]
    sequence: int | None
    wijk: AreaAt | None = None
    buurt: AreaAt | None = None


def homes_at(session: Session, lon: float, lat: float, *, category_slug: str | None, draw: bool) -> Sequence[Home]:
    """Every gemeente, served or not, whose border covers the point, by code. draw: a number too, for who stores."""
    asked = {"lon": lon, "lat": lat, "slug": category_slug}
    return [_home(row) for row in by_driver(session, _question(by_place=True, draw=draw), asked)]


def home_of(session: Session, gemeente_id: int, *, category_slug: str | None, draw: bool) -> Home:
    """The facts of one gemeente for a place that is not within it. draw: as above."""
    asked = {"gemeente_id": gemeente_id, "slug": category_slug}
    (row,) = by_driver(session, _question(by_place=False, draw=draw), asked)
    return _home(row)


@cache
def _question(*, by_place: bool, draw: bool) -> str:
    """The columns in the order of the classes above. Those of the category are NULL when there is none."""
    here = "ST_SetSRID(ST_MakePoint(%(lon)s::float8, %(lat)s::float8), 4326)"
    areas = f"""(
        SELECT jsonb_agg(jsonb_build_array(a.kind, a.code, a.name, a.year) ORDER BY a.kind, a.code)
        FROM area a WHERE a.gemeente_id = g.id AND a.active AND ST_Covers(a.shape, {here})
    )"""  # noqa: S608  nothing from outside
    return f"""
        SELECT g.id, g.slug, g.name, g.served, g.phone, g.hours, g.website, g.policy,
            c.id, c.slug, c.name, c.term_days, c.urgency, c.questions, c.questions_version, c.beforehand,
            (SELECT other.term_days FROM category other WHERE other.gemeente_id = g.id AND other.slug = '{OTHER}'),
            (SELECT array_agg(d.day) FROM closing_day d WHERE d.gemeente_id = g.id),
            {f"nextval('{NUMBERS.name}')" if draw else "NULL"},
            {areas if by_place else "NULL"}
        FROM gemeente g
        LEFT JOIN category c ON c.gemeente_id = g.id AND c.slug = %(slug)s::text AND c.active
        WHERE {f"ST_Covers(g.border, {here})" if by_place else "g.id = %(gemeente_id)s::bigint"}
        ORDER BY g.code
    """  # noqa: S608  nothing from outside


def _home(row: tuple[Any, ...]) -> Home:
    other_term_days, closing, sequence, areas = row[16:]
    first: dict[str, AreaAt] = {}
    for kind, code, name, year in areas or ():
        first.setdefault(kind, AreaAt(code, name, year))
    category = CategoryAt(*row[8:16]) if row[8] is not None else None
    days = frozenset(closing or ())
    return Home(GemeenteAt(*row[:8]), category, other_term_days, days, sequence, first.get("wijk"), first.get("buurt"))

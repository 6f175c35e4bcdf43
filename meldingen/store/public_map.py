"""What anyone may see of problems in public space, open or closed lately: the map and list of /in-de-buurt. Read only.

No words, no persons, and no place more exact than ten metres: nobody reads a front door from it (PRIV-07). The same
rule as worklists.open_nearby says what is public; of the rest there are only counts per buurt.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session, aliased

from ..db import by_driver, settled
from ..domain.privacy import NEVER_PUBLIC, NEVER_PUBLIC_MAIN
from ..domain.workflow import GEREED, VERVALLEN
from .category import Category, public_to_all
from .gemeente import GEOGRAPHY
from .melding import Melding
from .opdracht import Link, Opdracht
from .photo import KLAAR, Photo
from .workfilter import IS_OPEN, LINKED_NOW
from .worklists import PUBLIC_GRID, photos_of_this_work, use_is_limited, within

SNAPPED_M = 10
"""Farther than rounding to PUBLIC_GRID moves a place, which is half a cell to the north and half one to the east."""


_SCOPE: sa.BindParameter[Any] = sa.bindparam("scope", expanding=True, type_=sa.BigInteger)
_LIMIT: sa.BindParameter[Any] = sa.bindparam("limit", None, type_=sa.Integer)


@dataclass(frozen=True)
class Around:
    """Which part to show; empty leaves out nothing. buurt_code: of a buurt or wijk. lon, lat with radius_m metres."""

    category_slug: str = ""
    buurt_code: str = ""
    lon: float | None = None
    lat: float | None = None
    radius_m: int = 1000


class PublicWork(NamedTuple):
    """One problem. lon, lat: to ten metres. metres: from the place asked for, of that rounded place. photo: public id
    of the first photo that staff made public. melders: how many reported it."""

    id: int
    category_slug: str
    category_name: str
    status: str
    outcome: str | None
    lon: float
    lat: float
    metres: float | None
    received_at: datetime
    closed_at: datetime | None
    melders: int
    photo: str | None


def public_work(
    session: Session, wanted: Around, *, closed_since: datetime, scope: Collection[int], limit: int
) -> Sequence[PublicWork]:
    """The nearest ones to the place asked for, else the newest: open, or closed since a moment."""
    facts = {
        "scope": list(scope), "closed_since": closed_since, "limit": limit, "category": wanted.category_slug,
        "area": wanted.buurt_code, "lon": wanted.lon, "lat": wanted.lat, "radius": wanted.radius_m,
    }  # fmt: skip
    asked = bool(wanted.category_slug), bool(wanted.buurt_code)
    if wanted.lon is None:
        return [PublicWork(*row) for row in session.execute(_public_work(False, *asked), facts)]
    session.flush()  # what this request changed is told too
    statement, fixed = _around(*asked)
    return [PublicWork._make(row) for row in by_driver(session, statement, {**fixed, **facts}, one_plan=True)]


@cache
def _around(of_category: bool, of_area: bool) -> tuple[str, Mapping[str, Any]]:
    """The statement of public_work around a place, and the values in it that are always the same. By the driver, with
    one plan: planning so many joins anew takes longer than looking at one square kilometre."""
    return settled(_public_work(True, of_category, of_area))


@cache
def _public_work(placed: bool, of_category: bool, of_area: bool) -> sa.Select[Any]:
    """The question of public_work, made once for each kind. Two arms: what is open and what was closed lately each
    have an index of their own."""
    spot = sa.func.ST_SnapToGrid(Opdracht.location, PUBLIC_GRID)
    metres: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Float)
    here = sa.func.ST_SetSRID(sa.func.ST_MakePoint(_fact("lon", sa.Float), _fact("lat", sa.Float)), 4326)
    radius = _fact("radius", sa.Float)
    if placed:
        metres = sa.func.ST_Distance(sa.cast(spot, GEOGRAPHY), sa.cast(here, GEOGRAPHY))
    main, told = aliased(Category), _told_by_melders()
    columns = (
        Opdracht.id,
        Category.slug,
        Category.name,
        Opdracht.status,
        Opdracht.outcome,
        sa.func.ST_X(spot),
        sa.func.ST_Y(spot),
        metres.label("metres"),
        Opdracht.received_at.label("received_at"),
        Opdracht.closed_at,
        told.c.melders,
        _first_public_photo(),
    )
    arms = []
    for lately in (IS_OPEN, _closed_since(_fact("closed_since", sa.DateTime(timezone=True)))):
        arm = _of_category(sa.select(*columns), main).join(told, sa.true()).where(lately)
        arm = arm.where(public_to_all(Category, main), ~told.c.hidden, told.c.melders > 0)
        if placed:  # by the index of places: "+ 0" keeps PostgreSQL from reading all of a gemeente beside it
            arm = arm.where(metres <= radius, within(here, radius + SNAPPED_M))
            arm = arm.where(Opdracht.gemeente_id + 0 == sa.any_(_fact("scope", ARRAY(sa.BigInteger))))
        else:
            arm = arm.where(Opdracht.gemeente_id.in_(_SCOPE))
        if of_category:
            category = _fact("category", sa.Text)
            arm = arm.where(sa.or_(Category.slug == category, main.slug == category))
        if of_area:
            area = _fact("area", sa.Text)
            arm = arm.where(sa.or_(Opdracht.buurt_code == area, Opdracht.wijk_code == area))
        newest = _nearest_first(sa.column("metres"), sa.column("received_at"))
        arms.append(arm.order_by(*newest).limit(_LIMIT).subquery())
    found = sa.union_all(*(sa.select(arm) for arm in arms)).subquery()
    return sa.select(found).order_by(*_nearest_first(found.c.metres, found.c.received_at), found.c.id).limit(_LIMIT)


class BuurtCount(NamedTuple):
    """How much there is in one buurt that is shown, and how much of a kind that is not."""

    code: str
    shown: int
    other: int


def count_per_buurt(session: Session, *, closed_since: datetime, scope: Collection[int]) -> Sequence[BuurtCount]:
    """Open, or closed since a moment, per buurt. What is about persons, drugs, homes or neighbours is in no count."""
    rows = session.execute(_per_buurt(), {"scope": list(scope), "closed_since": closed_since})
    return [BuurtCount(str(code), shown_here, other) for code, shown_here, other in rows]


@cache
def _per_buurt() -> sa.Select[Any]:
    """The question of count_per_buurt, made once. In two arms, as _public_work."""
    main, told = aliased(Category), _told_by_melders()
    shown = sa.and_(public_to_all(Category, main), ~told.c.hidden)
    place = sa.func.coalesce(Opdracht.buurt_code, Opdracht.wijk_code)  # a gemeente may have no buurten
    columns: list[sa.ColumnElement[Any]] = [place.label("place"), shown.label("shown")]
    arms = (
        _of_category(sa.select(*columns), main)
        .join(told, sa.true())
        .where(Opdracht.gemeente_id.in_(_SCOPE), place.is_not(None), lately, told.c.melders > 0)
        .where(~_about_persons(Category, main), ~told.c.about_persons)
        for lately in (IS_OPEN, _closed_since(_fact("closed_since", sa.DateTime(timezone=True))))
    )
    found = sa.union_all(*arms).subquery()
    counted = sa.func.count().filter(found.c.shown), sa.func.count().filter(~found.c.shown)
    return sa.select(found.c.place, *counted).group_by(found.c.place)


def _of_category(query: sa.Select[Any], main: type[Category]) -> sa.Select[Any]:
    """Opdrachten with their category, and its main category when it has one."""
    mine = sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id)
    return query.join_from(Opdracht, Category, mine).outerjoin(main, main.id == Category.parent_id)


def _told_by_melders() -> sa.sql.selectable.LateralFromClause:
    """What an opdracht answers, looked at once: how many melders, and whether one of them chose what is not for all
    (hidden), or what is about persons. As worklists.reported_as_private: a melding without category hides nothing."""
    reported, above = aliased(Category), aliased(Category)
    hidden = sa.or_(~public_to_all(reported, above), use_is_limited())
    about = sa.or_(use_is_limited(), sa.func.coalesce(_about_persons(reported, above), sa.false()))
    query = sa.select(
        sa.func.count().label("melders"),
        sa.func.coalesce(sa.func.bool_or(hidden), sa.false()).label("hidden"),
        sa.func.coalesce(sa.func.bool_or(about), sa.false()).label("about_persons"),
    )
    query = query.join_from(Link, Melding, Melding.id == Link.melding_id)
    query = query.outerjoin(reported, reported.id == Melding.category_id)
    return query.outerjoin(above, above.id == reported.parent_id).where(LINKED_NOW).correlate(Opdracht).lateral()


def _fact(name: str, type_: Any) -> sa.BindParameter[Any]:
    return sa.bindparam(name, None, type_=type_)


def _closed_since(moment: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """Closed, and not found to be unsolved: then the work that took its place is shown."""
    again = aliased(Opdracht)
    redone = sa.select(again.id).where(again.reopened_from_id == Opdracht.id, again.status != VERVALLEN)
    done: sa.ColumnElement[str] = sa.literal_column(f"'{GEREED}'")  # written out, as IS_OPEN
    return sa.and_(Opdracht.status == done, Opdracht.closed_at >= moment, ~redone.correlate(Opdracht).exists())


def _nearest_first(metres: Any, received_at: Any) -> tuple[Any, ...]:
    return metres.asc().nulls_last(), received_at.desc()


def _first_public_photo() -> sa.ScalarSelect[str]:
    shown = photos_of_this_work(Photo.status == KLAAR, Photo.public.is_(True))
    return sa.select(shown.c.public_id).order_by(shown.c.id.desc()).limit(1).scalar_subquery()


def _about_persons(of: type[Category], main: type[Category]) -> sa.ColumnElement[bool]:
    """`domain.privacy.is_about_persons` as a condition. main: the main category of `of`, when it has one."""
    return sa.or_(of.slug.in_(NEVER_PUBLIC | NEVER_PUBLIC_MAIN), sa.func.coalesce(main.slug, "").in_(NEVER_PUBLIC_MAIN))

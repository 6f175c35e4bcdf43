"""What anyone may see of problems in public space, open or closed lately: the map and list of /in-de-buurt. Read only.

No words, no persons, and no place more exact than ten metres: nobody reads a front door from it (PRIV-07). The same
rule as worklists.open_nearby says what is public; of the rest there are only counts per buurt.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from ..domain.privacy import NEVER_PUBLIC, NEVER_PUBLIC_MAIN
from ..domain.workflow import GEREED, OPEN, VERVALLEN
from .category import Category, public_to_all
from .gemeente import GEOGRAPHY, point
from .melding import Melding
from .opdracht import Link, Opdracht
from .photo import KLAAR, Photo
from .workfilter import LINKED_NOW
from .worklists import PUBLIC_GRID, melders_now, photos_of_this_work, reported_as_private, use_is_limited, within

SNAPPED_M = 10
"""Farther than rounding to PUBLIC_GRID moves a place, which is half a cell to the north and half one to the east."""


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
    spot = sa.func.ST_SnapToGrid(Opdracht.location, PUBLIC_GRID)
    metres: sa.ColumnElement[Any] = sa.cast(sa.null(), sa.Float)
    here = point(wanted.lon or 0, wanted.lat or 0)
    if wanted.lon is not None and wanted.lat is not None:
        metres = sa.func.ST_Distance(sa.cast(spot, GEOGRAPHY), sa.cast(here, GEOGRAPHY))
    melders = melders_now()
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
        melders,
        _first_public_photo(),
    )
    of_category = sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id)
    arms = []
    for lately in (Opdracht.status.in_(OPEN), _closed_since(closed_since)):
        arm = sa.select(*columns).join(Category, of_category).where(Opdracht.gemeente_id.in_(scope), lately)
        arm = _inside(arm, wanted).where(public_to_all(), ~reported_as_private(), melders > 0)
        if wanted.lon is not None:
            arm = arm.where(metres <= wanted.radius_m, within(here, wanted.radius_m + SNAPPED_M))  # the index first
        arms.append(
            arm.order_by(*_nearest_first(sa.column("metres"), sa.column("received_at"))).limit(limit).subquery()
        )
    found = sa.union_all(*(sa.select(arm) for arm in arms)).subquery()
    query = sa.select(found).order_by(*_nearest_first(found.c.metres, found.c.received_at), found.c.id).limit(limit)
    return [PublicWork(*row) for row in session.execute(query)]


class BuurtCount(NamedTuple):
    """How much there is in one buurt that is shown, and how much of a kind that is not."""

    code: str
    shown: int
    other: int


def count_per_buurt(session: Session, *, closed_since: datetime, scope: Collection[int]) -> Sequence[BuurtCount]:
    """Open, or closed since a moment, per buurt. What is about persons, drugs, homes or neighbours is in no count."""
    main, reported = aliased(Category), aliased(Category)
    of_category = sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id)
    private = sa.or_(_about_persons(Category, main), _limited_or_about_persons(reported))
    shown = sa.and_(public_to_all(), ~reported_as_private())
    lately = sa.or_(Opdracht.status.in_(OPEN), _closed_since(closed_since))
    place = sa.func.coalesce(Opdracht.buurt_code, Opdracht.wijk_code)  # a gemeente may have no buurten
    query = (
        sa.select(
            place,
            sa.func.count().filter(shown),
            sa.func.count().filter(~shown),
        )
        .select_from(Opdracht)
        .join(Category, of_category)
        .outerjoin(main, main.id == Category.parent_id)
        .where(Opdracht.gemeente_id.in_(scope), place.is_not(None), lately, ~private, melders_now() > 0)
        .group_by(place)
    )
    return [BuurtCount(str(code), shown_here, other) for code, shown_here, other in session.execute(query)]


def _closed_since(moment: datetime) -> sa.ColumnElement[bool]:
    """Closed, and not found to be unsolved: then the work that took its place is shown."""
    again = aliased(Opdracht)
    redone = sa.select(again.id).where(again.reopened_from_id == Opdracht.id, again.status != VERVALLEN)
    return sa.and_(Opdracht.status == GEREED, Opdracht.closed_at >= moment, ~redone.correlate(Opdracht).exists())


def _inside(query: sa.Select[Any], wanted: Around) -> sa.Select[Any]:
    if wanted.category_slug:
        main = aliased(Category)
        of_main = sa.select(main.id).where(main.slug == wanted.category_slug, main.gemeente_id == Category.gemeente_id)
        query = query.where(sa.or_(Category.slug == wanted.category_slug, Category.parent_id.in_(of_main)))
    if wanted.buurt_code:
        code = wanted.buurt_code
        query = query.where(sa.or_(Opdracht.buurt_code == code, Opdracht.wijk_code == code))
    return query


def _nearest_first(metres: Any, received_at: Any) -> tuple[Any, ...]:
    return metres.asc().nulls_last(), received_at.desc()


def _first_public_photo() -> sa.ScalarSelect[str]:
    shown = photos_of_this_work(Photo.status == KLAAR, Photo.public.is_(True))
    return sa.select(shown.c.public_id).order_by(shown.c.id.desc()).limit(1).scalar_subquery()


def _about_persons(of: type[Category], main: type[Category]) -> sa.ColumnElement[bool]:
    """`domain.privacy.is_about_persons` as a condition. main: the main category of `of`, when it has one."""
    return sa.or_(of.slug.in_(NEVER_PUBLIC | NEVER_PUBLIC_MAIN), sa.func.coalesce(main.slug, "").in_(NEVER_PUBLIC_MAIN))


def _limited_or_about_persons(reported: type[Category]) -> sa.ColumnElement[bool]:
    above = aliased(Category)
    return (
        sa.select(Link.id)
        .join(Melding, Melding.id == Link.melding_id)
        .outerjoin(reported, reported.id == Melding.category_id)
        .outerjoin(above, above.id == reported.parent_id)
        .where(LINKED_NOW, sa.or_(use_is_limited(), sa.func.coalesce(_about_persons(reported, above), sa.false())))
        .correlate(Opdracht)
        .exists()
    )

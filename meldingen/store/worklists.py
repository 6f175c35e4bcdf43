"""The read side of the work: lists of opdrachten for teams, and the open problems near a place. Changes nothing.

Each function is one query, whatever the length of the list. Finding one melding for a caller: search.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.orm import Session, aliased

from ..domain.privacy import LIMITED
from ..domain.workflow import GEREED
from .category import Category, public_to_all
from .gemeente import GEOGRAPHY, Gemeente, point
from .melding import Melding, shown_description
from .opdracht import Link, Opdracht
from .photo import KLAAR, Photo
from .team import Team
from .workfilter import IS_OPEN, LINKED_NOW, WorkFilter, narrowed


@dataclass(frozen=True)
class Sees:
    """Whose opdrachten somebody may look at: all of the gemeenten in `whole`, and elsewhere those of `team_ids`.

    category_ids: of these categories only; None: of any.
    """

    whole: frozenset[int] = frozenset()
    team_ids: frozenset[int] = frozenset()
    category_ids: frozenset[int] | None = None

    def may_see(self, opdracht: Opdracht) -> bool:
        """Whether this one is among them."""
        if self.category_ids is not None and opdracht.category_id not in self.category_ids:
            return False
        return opdracht.gemeente_id in self.whole or opdracht.team_id in self.team_ids


class WorkRow(NamedTuple):
    """One line of a worklist. melders: how many meldingen it has now. photo_ids: the public ids of its photos that may
    be shown, oldest first; None: there are none. words: what its first melder wrote.
    """

    opdracht: Opdracht
    category: Category
    team: Team
    gemeente: Gemeente
    melders: int
    lon: float
    lat: float
    photo_ids: Sequence[str] | None
    words: str

    @property
    def photos(self) -> int:
        """How many photos may be shown."""
        return len(self.photo_ids or ())

    @property
    def photo(self) -> str | None:
        """The public id of the first of them."""
        return self.photo_ids[0] if self.photo_ids else None


class NearbyRow(NamedTuple):
    """One open problem near a place, without words or persons. lon, lat: to ten metres, for anybody."""

    opdracht: Opdracht
    category: Category
    metres: float
    melders: int
    lon: float
    lat: float


PUBLIC_GRID = 0.0001
"""Degrees, about ten metres: no more exact is a place for anybody, so that nobody reads a front door (PRIV-07)."""


# On top whatever its date: the clock of spoed runs in minutes, and a person must look at what sounds dangerous. The
# word is a literal, as in the indexes that keep this order (ix_opdracht_open_team and _gemeente).
_FIRST = ((Opdracht.urgency == sa.literal_column("'spoed'")).desc(), Opdracht.danger_suspected.desc())
SORTED: dict[str, tuple[sa.ColumnElement[Any], ...]] = {
    "termijn": (*_FIRST, Opdracht.due_at.asc(), Opdracht.id.asc()),
    "prioriteit": (*_FIRST, Opdracht.priority.desc(), Opdracht.due_at.asc(), Opdracht.id.asc()),
    "ontvangst": (Opdracht.received_at.asc(), Opdracht.id.asc()),
    "afgehandeld": (Opdracht.closed_at.desc(), Opdracht.id.desc()),
}
ORDERS = ("termijn", "prioriteit", "ontvangst")
"""What anybody may ask for; `afgehandeld` (newest first) is how our page shows what is closed."""


# Read anew with every line otherwise, and shown in none: they cost more than all the rest of a list.
_NOT_ON_A_LIST = (
    sa.orm.defer(Category.questions),
    sa.orm.defer(Category.retention),
    sa.orm.defer(Category.synonyms),
    sa.orm.defer(Category.examples),
    sa.orm.defer(Category.beforehand),
    sa.orm.defer(Gemeente.policy),
    sa.orm.defer(Gemeente.border),
    sa.orm.defer(Gemeente.theme_css),
)


def list_opdrachten(
    session: Session, wanted: WorkFilter, sees: Sees, *, scope: Collection[int], limit: int, offset: int = 0
) -> Sequence[WorkRow]:
    """The opdrachten that fit the filter and that the asker may see, with what a list shows of each."""
    query = narrowed(seen(_SHOWN, sees, scope), wanted).order_by(*SORTED[wanted.order]).limit(limit).offset(offset)
    return [WorkRow(*row) for row in session.execute(query)]


def count_closed(session: Session, team_ids: Collection[int], *, since: datetime, scope: Collection[int]) -> int:
    """How many opdrachten of these teams were closed since a moment, and still are."""
    query = sa.select(sa.func.count()).where(
        Opdracht.gemeente_id.in_(scope),
        Opdracht.team_id.in_(team_ids),
        Opdracht.status == GEREED,
        Opdracht.closed_at >= since,
    )
    return int(session.execute(query).scalar_one())


def work_row(session: Session, opdracht_id: int, sees: Sees, *, scope: Collection[int]) -> WorkRow | None:
    """One line of the list, or None when it is not there or not theirs to see."""
    row = session.execute(seen(_SHOWN, sees, scope).where(Opdracht.id == opdracht_id)).first()
    return WorkRow(*row) if row else None


def work_rows(
    session: Session, opdracht_ids: Collection[int], sees: Sees, *, scope: Collection[int]
) -> Sequence[WorkRow]:
    """These opdrachten as a list shows them, soonest due first; what is not theirs to see is left out."""
    query = seen(_SHOWN, sees, scope).where(Opdracht.id.in_(opdracht_ids)).order_by(*SORTED["termijn"])
    return [WorkRow(*row) for row in session.execute(query)]


def work_near(
    session: Session, opdracht: Opdracht, sees: Sees, *, radius_m: int, scope: Collection[int], limit: int = 10
) -> Sequence[tuple[WorkRow, float]]:
    """The other open opdrachten of its gemeente within radius_m metres and the distance, nearest first."""
    home = aliased(Opdracht)
    here = sa.select(home.location).where(home.id == opdracht.id, home.gemeente_id.in_(scope)).scalar_subquery()
    return _near(session, here, sees, radius_m, {opdracht.gemeente_id} & set(scope), limit, other_than=opdracht.id)


def work_near_place(
    session: Session, lon: float, lat: float, sees: Sees, *, radius_m: int, scope: Collection[int], limit: int = 10
) -> Sequence[tuple[WorkRow, float]]:
    """The open opdrachten within radius_m metres of a place and the distance, nearest first; for staff only."""
    return _near(session, point(lon, lat), sees, radius_m, scope, limit)


def unrouted_meldingen(session: Session, *, before: datetime, scope: Collection[int]) -> Sequence[Melding]:
    """The meldingen received before a moment that have no opdracht now, oldest first: nobody owns them."""
    owned = sa.select(Link.id).where(
        Link.melding_id == Melding.id, Link.gemeente_id == Melding.gemeente_id, Link.until_at.is_(None)
    )
    waiting = Melding.status == sa.literal_column("'ontvangen'")  # a literal, so that the partial index fits
    query = sa.select(Melding).where(
        Melding.gemeente_id.in_(scope), waiting, Melding.received_at < before, ~owned.exists()
    )
    return session.scalars(query.order_by(Melding.received_at, Melding.id)).all()


def open_nearby(
    session: Session,
    lon: float,
    lat: float,
    *,
    radius_m: int,
    category_slug: str | None = None,
    scope: Collection[int],
    limit: int = 25,
) -> Sequence[NearbyRow]:
    """The open opdrachten of public categories within radius_m metres, nearest first.

    Only those that `is_public_work`.
    """
    facts = {
        "lon": lon,
        "lat": lat,
        "radius": radius_m,
        "scope": list(scope),
        "limit": limit,
        "category": category_slug,
    }
    rows = session.execute(_nearby(category_slug is not None), facts)
    return [NearbyRow(*row) for row in rows]


@cache
def _nearby(of_category: bool) -> sa.Select[Any]:
    """The question of open_nearby, put together once: that takes longer than answering it."""
    here = point(sa.bindparam("lon", type_=sa.Float), sa.bindparam("lat", type_=sa.Float))
    metres, melders = _metres(here), melders_now()
    spot = sa.func.ST_SnapToGrid(Opdracht.location, PUBLIC_GRID)
    query = (
        sa.select(Opdracht, Category, metres, melders, sa.func.ST_X(spot), sa.func.ST_Y(spot))
        .join(Category, sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id))
        .where(
            Opdracht.gemeente_id.in_(sa.bindparam("scope", expanding=True, type_=sa.BigInteger)),
            IS_OPEN,
            public_to_all(),
            within(here, sa.bindparam("radius", type_=sa.Float)),
            ~reported_as_private(),
            melders > 0,
        )
        .order_by(metres, Opdracht.id)
        .limit(sa.bindparam("limit", type_=sa.Integer))
    )
    return query.where(Category.slug == sa.bindparam("category", type_=sa.Text)) if of_category else query


def is_public_work(session: Session, opdracht_id: int, *, scope: Collection[int]) -> bool:
    """Whether anyone may know of this opdracht: its category is public, and so is that of its every melding.

    What a melder chose may tell more about a person than what the team made of it.
    """
    query = (
        sa.select(Opdracht.id)
        .join(Category, sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id))
        .where(Opdracht.id == opdracht_id, Opdracht.gemeente_id.in_(scope), public_to_all(), ~reported_as_private())
    )
    return session.scalar(query) is not None


def is_public_melding(session: Session, melding_id: int, *, scope: Collection[int]) -> bool:
    """Whether anyone may know of this melding: what its melder chose is public, and so is every opdracht of it now."""
    made_of_it = aliased(Category)
    private_work = (
        sa.select(Link.id)
        .join(Opdracht, Opdracht.id == Link.opdracht_id)
        .join(made_of_it, made_of_it.id == Opdracht.category_id)
        .where(Link.melding_id == Melding.id, Link.until_at.is_(None), ~public_to_all(made_of_it))
    )
    query = (
        sa.select(Melding.id)
        .outerjoin(Category, sa.and_(Category.id == Melding.category_id, Category.gemeente_id == Melding.gemeente_id))
        .where(Melding.id == melding_id, Melding.gemeente_id.in_(scope))
        .where(sa.or_(Category.id.is_(None), public_to_all()), ~private_work.exists(), ~use_is_limited())
    )
    return session.scalar(query) is not None


def use_is_limited() -> sa.ColumnElement[bool]:
    """Its melder asked us to use it for nothing but what must (AVG art. 18)."""
    return sa.literal(LIMITED) == sa.any_(Melding.flags)


def reported_as_private() -> sa.ColumnElement[bool]:
    """A melding it answers is of a kind that is not public, or its use is limited."""
    reported = aliased(Category)
    return (
        sa.select(Link.id)
        .join(Melding, Melding.id == Link.melding_id)
        .outerjoin(reported, reported.id == Melding.category_id)
        .where(LINKED_NOW, sa.or_(~public_to_all(reported), use_is_limited()))
        .correlate(Opdracht)
        .exists()
    )


def _near(
    session: Session,
    here: sa.ColumnElement[Any],
    sees: Sees,
    radius_m: int,
    scope: Collection[int],
    limit: int,
    *,
    other_than: int | None = None,
) -> Sequence[tuple[WorkRow, float]]:
    metres = _metres(here)
    query = seen(_SHOWN, sees, scope).add_columns(metres).where(IS_OPEN, within(here, radius_m))
    if other_than is not None:
        query = query.where(Opdracht.id != other_than)
    rows = session.execute(query.order_by(metres, Opdracht.id).limit(limit))
    return [(WorkRow(*row[:-1]), float(row[-1])) for row in rows]


def _metres(here: sa.ColumnElement[Any]) -> sa.ColumnElement[float]:
    return sa.func.ST_Distance(sa.cast(Opdracht.location, GEOGRAPHY), sa.cast(here, GEOGRAPHY))


def within(here: sa.ColumnElement[Any], radius_m: float | sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """Whether an opdracht lies within radius_m metres of a point; of open ones by index (ix_opdracht_open_near)."""
    return sa.func.ST_DWithin(sa.cast(Opdracht.location, GEOGRAPHY), sa.cast(here, GEOGRAPHY), radius_m)


def joined(select: sa.Select[Any]) -> sa.Select[Any]:
    """Opdrachten with their category, team and gemeente."""
    return (
        select.select_from(Opdracht)
        .join(Category, sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id))
        .join(Team, sa.and_(Team.id == Opdracht.team_id, Team.gemeente_id == Opdracht.gemeente_id))
        .join(Gemeente, Gemeente.id == Opdracht.gemeente_id)
    )


def seen(select: sa.Select[Any], sees: Sees, scope: Collection[int]) -> sa.Select[Any]:
    """What of it the asker may see."""
    mine = select.where(Opdracht.gemeente_id.in_(scope))
    if not sees.whole.issuperset(scope):
        of_teams = Opdracht.team_id.in_(sees.team_ids)
        mine = mine.where(sa.or_(Opdracht.gemeente_id.in_(sees.whole), of_teams) if sees.whole else of_teams)
    return mine if sees.category_ids is None else mine.where(Opdracht.category_id.in_(sees.category_ids))


def _shown() -> sa.Select[Any]:
    """The columns of a WorkRow, in its order."""
    columns = (
        Opdracht,
        Category,
        Team,
        Gemeente,
        melders_now(),
        sa.func.ST_X(Opdracht.location),
        sa.func.ST_Y(Opdracht.location),
        photos_shown(),
        first_words(),
    )
    return joined(sa.select(*columns)).options(*_NOT_ON_A_LIST)


def photos_shown() -> sa.ScalarSelect[list[str]]:
    """The public ids of the photos of an opdracht that may be shown, oldest first; NULL when there are none."""
    shown = photos_of_this_work(Photo.status == KLAAR)
    return sa.select(sa.func.array_agg(aggregate_order_by(shown.c.public_id, shown.c.id))).scalar_subquery()


def first_words() -> sa.ColumnElement[str]:
    """What the first melder of an opdracht wrote, as lists show it."""
    words = (
        sa.select(shown_description())
        .join(Link, Link.melding_id == Melding.id)
        .where(LINKED_NOW, ~use_is_limited())
        .order_by(Melding.received_at, Melding.id)
        .limit(1)
        .correlate(Opdracht)
        .scalar_subquery()
    )
    return sa.func.coalesce(words, "")


def photos_of_this_work(*which: sa.ColumnElement[bool]) -> sa.Subquery:
    """Id and public id of the photos of the opdracht itself and of the meldingen it answers now.

    Two arms, each by an index of its own: with "or" between them PostgreSQL reads every photo of the gemeente.
    """
    mine = sa.select(Photo.id, Photo.public_id).where(Photo.gemeente_id == Opdracht.gemeente_id, *which)
    own = mine.where(Photo.opdracht_id == Opdracht.id)
    reported = mine.join(Link, Link.melding_id == Photo.melding_id).where(LINKED_NOW)
    return sa.union_all(own.correlate(Opdracht), reported.correlate(Opdracht)).subquery()


def melders_now() -> sa.ScalarSelect[int]:
    """How many meldingen an opdracht answers now."""
    return sa.select(sa.func.count()).select_from(Link).where(LINKED_NOW).correlate(Opdracht).scalar_subquery()


_SHOWN = _shown()
"""Made once: putting it together costs more than reading a short list."""

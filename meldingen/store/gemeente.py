"""The gemeenten of this installation and the neighbours we refer to: borders and policy. Their wijken: area.py."""

from collections.abc import Collection, Sequence
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base, by_driver
from .table import Id, OfGemeente, own


class Gemeente(Base):
    """A gemeente. `served` False: a neighbour that we only know the border of. `code`: CBS, "GM0373".

    policy: `office_hours` {"days": [0..6], "from": "07:30", "until": "16:30"}, `border_margin_m`, `referral` texts,
    `spoed` (domain/spoed.py). border: thousands of points, so only read by who asks for it.
    """

    __tablename__ = "gemeente"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(sa.Text, unique=True)
    slug: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)
    served: Mapped[bool]
    phone: Mapped[str] = mapped_column(sa.Text, server_default="")
    hours: Mapped[str] = mapped_column(sa.Text, server_default="")
    email: Mapped[str] = mapped_column(sa.Text, server_default="")
    website: Mapped[str] = mapped_column(sa.Text, server_default="")
    host: Mapped[str | None] = mapped_column(sa.Text, unique=True)
    theme_css: Mapped[str] = mapped_column(sa.Text, server_default="")
    theme_class: Mapped[str] = mapped_column(sa.Text, server_default="")
    policy: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))
    border: Mapped[Any] = mapped_column(
        Geometry("MULTIPOLYGON", 4326, spatial_index=False), nullable=True, deferred=True
    )

    __table_args__ = (sa.Index("ix_gemeente_border", "border", postgresql_using="gist"),)


class ClosingDay(OfGemeente, Base):
    """A day on which the gemeente's offices are closed, on top of the national holidays."""

    __tablename__ = "closing_day"

    day: Mapped[date]
    name: Mapped[str] = mapped_column(sa.Text)

    __table_args__ = own(sa.UniqueConstraint("gemeente_id", "day"))


def served_gemeenten(session: Session) -> Sequence[Gemeente]:
    """The gemeenten this installation serves, by name."""
    return session.scalars(sa.select(Gemeente).where(Gemeente.served).order_by(Gemeente.name)).all()


class ShownGemeente(NamedTuple):
    """What every page shows of a gemeente. banner, statement, colour: as its policy has them, empty without."""

    id: int
    slug: str
    name: str
    phone: str
    hours: str
    email: str
    website: str
    host: str | None
    theme_css: str
    theme_class: str
    banner: dict[str, Any] | None
    statement: str
    colour: str


_SHOWN = """
SELECT id, slug, name, phone, hours, email, website, host, theme_css, theme_class, policy -> 'banner',
    coalesce(policy ->> 'toegankelijkheidsverklaring', ''), coalesce(policy ->> 'kleur', '')
FROM gemeente WHERE served ORDER BY name
"""


def shown_gemeenten(session: Session) -> list[ShownGemeente]:
    """The gemeenten this installation serves, by name: no more of each than stands around every page."""
    session.flush()  # what this request changed is shown too
    return [ShownGemeente._make(row) for row in by_driver(session, _SHOWN, {})]


def served_ids(session: Session) -> frozenset[int]:
    """The ids of the served gemeenten: the scope of what is public."""
    return frozenset(session.scalars(sa.select(Gemeente.id).where(Gemeente.served)))


def gemeente_by_slug(session: Session, slug: str) -> Gemeente | None:
    """A served gemeente by its slug."""
    return session.scalar(sa.select(Gemeente).where(Gemeente.served, Gemeente.slug == slug))


def gemeente_by_code(session: Session, code: str) -> Gemeente | None:
    """A gemeente by its CBS code, served or not."""
    return session.scalar(sa.select(Gemeente).where(Gemeente.code == code))


def gemeente_by_id(session: Session, gemeente_id: int) -> Gemeente:
    """The gemeente with this id; it exists, since a foreign key led here."""
    return session.get_one(Gemeente, gemeente_id)


def lock_gemeente(session: Session, *, scope: Collection[int]) -> None:
    """Holds these gemeenten until the transaction ends, so that one at a time decides how they work. Rows that refer
    to them are made meanwhile."""
    query = sa.select(Gemeente.id).where(Gemeente.id.in_(scope)).order_by(Gemeente.id)
    session.execute(query.with_for_update(key_share=True))


def point(lon: Any, lat: Any) -> Any:
    """An SQL point in WGS 84, longitude first."""
    return sa.func.ST_SetSRID(sa.func.ST_MakePoint(lon, lat), 4326)


def gemeenten_at(session: Session, lon: float, lat: float) -> Sequence[Gemeente]:
    """Every gemeente, served or not, whose border covers the point; by code, so a shared border is deterministic."""
    here = point(lon, lat)
    query = sa.select(Gemeente).where(sa.func.ST_Covers(Gemeente.border, here)).order_by(Gemeente.code)
    return session.scalars(query).all()


def nearest_served(session: Session, lon: float, lat: float) -> tuple[Gemeente, float] | None:
    """The nearest served gemeente and its distance in metres, or None when none has a border."""
    here = point(lon, lat)
    distance = sa.func.ST_Distance(sa.cast(Gemeente.border, _GEOGRAPHY), sa.cast(here, _GEOGRAPHY))
    row = session.execute(
        sa.select(Gemeente, distance.label("metres"))
        .where(Gemeente.served, Gemeente.border.is_not(None))
        .order_by(distance, Gemeente.code)
        .limit(1)
    ).first()
    return (row[0], row[1]) if row else None


def closing_days(session: Session, *, scope: Collection[int]) -> frozenset[date]:
    """The extra closing days of the gemeenten in scope (one gemeente, for terms)."""
    return frozenset(session.scalars(sa.select(ClosingDay.day).where(ClosingDay.gemeente_id.in_(scope))))


def closing_between(session: Session, first: date, last: date, *, scope: Collection[int]) -> Sequence[ClosingDay]:
    """The gemeente's own closing days between two days, both included, in order."""
    query = sa.select(ClosingDay).where(ClosingDay.gemeente_id.in_(scope), ClosingDay.day.between(first, last))
    return session.scalars(query.order_by(ClosingDay.day)).all()


class _Geography(sa.types.UserDefinedType[Any]):
    """`geography` as a cast target only: distances in metres without naming a projection."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "geography"


_GEOGRAPHY = _Geography()
GEOGRAPHY = _GEOGRAPHY

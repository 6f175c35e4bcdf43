"""Things in public space with a number on them: lamp posts, containers, playgrounds. Not their upkeep."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .gemeente import GEOGRAPHY, point
from .table import OfGemeente, own


class PublicObject(OfGemeente, Base):
    """One thing. kind: what it is ("lichtmast", "container"); code: what is written on it, unique per kind.

    category_slug: the category a melding about it most likely has; may be empty. active: False once it is gone.
    """

    __tablename__ = "object"

    kind: Mapped[str] = mapped_column(sa.Text)
    code: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text, server_default="")
    category_slug: Mapped[str] = mapped_column(sa.Text, server_default="")
    location: Mapped[Any] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    active: Mapped[bool] = mapped_column(server_default=sa.true())

    __table_args__ = own(
        sa.UniqueConstraint("gemeente_id", "kind", "code"),
        sa.Index("ix_object_location", "location", postgresql_using="gist"),
        sa.Index("ix_object_code", "gemeente_id", sa.text("upper(code)")),
    )


class ObjectRow(NamedTuple):
    """An object with its place, WGS 84, and its distance in metres from where somebody looks (0 when nobody does)."""

    object: PublicObject
    lon: float
    lat: float
    metres: float


def objects_near(
    session: Session,
    lon: float,
    lat: float,
    *,
    radius_m: int,
    kind: str = "",
    category_slugs: Collection[str] | None = None,
    scope: Collection[int],
    limit: int,
    offset: int = 0,
) -> Sequence[ObjectRow]:
    """The things within radius_m metres, nearest first. category_slugs: only those that go with one of these."""
    here = sa.cast(point(lon, lat), GEOGRAPHY)
    there = sa.cast(PublicObject.location, GEOGRAPHY)
    around = sa.cast(sa.func.ST_Buffer(here, radius_m + 1), Geometry("POLYGON", 4326))
    query = _rows(sa.func.ST_Distance(there, here), kind, scope).where(
        PublicObject.location.op("&&")(around),  # what the index answers
        sa.func.ST_DWithin(there, here, radius_m),
    )
    if category_slugs is not None:
        query = query.where(PublicObject.category_slug.in_(category_slugs))
    query = query.order_by(sa.text("metres"), PublicObject.kind, PublicObject.code)
    return _read(session, query.limit(limit).offset(offset))


def objects_in(
    session: Session,
    box: tuple[float, float, float, float],
    *,
    kind: str = "",
    scope: Collection[int],
    limit: int,
    offset: int = 0,
) -> Sequence[ObjectRow]:
    """The things within west, south, east and north, by kind and code."""
    query = _rows(sa.literal(0.0), kind, scope).where(
        PublicObject.location.op("&&")(sa.func.ST_MakeEnvelope(*box, 4326))
    )
    query = query.order_by(PublicObject.kind, PublicObject.code, PublicObject.id)
    return _read(session, query.limit(limit).offset(offset))


def objects_by_code(
    session: Session, code: str, *, kind: str = "", scope: Collection[int], limit: int = 10, offset: int = 0
) -> Sequence[ObjectRow]:
    """The things with this number, in capitals or not: more than one when several kinds or gemeenten use it."""
    query = _rows(sa.literal(0.0), kind, scope).where(sa.func.upper(PublicObject.code) == code.upper())
    query = query.order_by(PublicObject.kind, PublicObject.gemeente_id)
    return _read(session, query.limit(limit).offset(offset))


def objects_beginning(session: Session, code: str, *, scope: Collection[int], limit: int) -> Sequence[ObjectRow]:
    """The things whose number begins with this, for somebody who is typing; the one that is exactly it first."""
    written = sa.func.upper(PublicObject.code)
    query = _rows(sa.literal(0.0), "", scope).where(written.startswith(code.upper(), autoescape=True))
    query = query.order_by(written != code.upper(), PublicObject.code, PublicObject.kind)
    return _read(session, query.limit(limit))


def has_objects(session: Session, *, scope: Collection[int]) -> bool:
    """Whether there is anything to look for by its number."""
    query = sa.select(PublicObject.id).where(PublicObject.gemeente_id.in_(scope), PublicObject.active)
    return session.scalar(query.limit(1)) is not None


def every_object(session: Session, *, scope: Collection[int]) -> Sequence[ObjectRow]:
    """All of them, those that are gone too: for taking in a file again."""
    query = _select(sa.literal(0.0)).where(PublicObject.gemeente_id.in_(scope))
    return _read(session, query.order_by(PublicObject.kind, PublicObject.code))


def _rows(metres: sa.ColumnElement[Any], kind: str, scope: Collection[int]) -> sa.Select[Any]:
    query = _select(metres).where(PublicObject.gemeente_id.in_(scope), PublicObject.active)
    return query.where(PublicObject.kind == kind) if kind else query


def _select(metres: sa.ColumnElement[Any]) -> sa.Select[Any]:
    place = PublicObject.location
    return sa.select(PublicObject, sa.func.ST_X(place), sa.func.ST_Y(place), metres.label("metres"))


def _read(session: Session, query: sa.Select[Any]) -> Sequence[ObjectRow]:
    return [ObjectRow(*row) for row in session.execute(query)]

"""Wijken, buurten, team areas and water of a gemeente, and which of them lie at a point."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import Mapped, Session, mapped_column, undefer

from ..db import Base
from .gemeente import point
from .table import OfGemeente, one_of, own

KINDS = ("wijk", "buurt", "teamgebied", "water")


class Area(OfGemeente, Base):
    """One polygon with a code. A reload with a new year keeps the old row, not active, for old meldingen (LOC-09).

    shape: only read by who asks for it, as the border of a gemeente.
    """

    __tablename__ = "area"

    kind: Mapped[str] = mapped_column(sa.Text)
    code: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    year: Mapped[int | None]
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    shape: Mapped[Any] = mapped_column(Geometry("MULTIPOLYGON", 4326, spatial_index=False), deferred=True)

    __table_args__ = own(
        sa.UniqueConstraint("gemeente_id", "kind", "code", "year", postgresql_nulls_not_distinct=True),
        sa.Index("ix_area_shape", "shape", postgresql_using="gist"),
        one_of("kind", KINDS),
    )


def areas_at(session: Session, lon: float, lat: float, *, scope: Collection[int]) -> Sequence[Area]:
    """The active areas that cover the point, by kind and code: on a border always the same one comes first (LOC-08)."""
    query = (
        sa.select(Area)
        .where(Area.gemeente_id.in_(scope), Area.active, sa.func.ST_Covers(Area.shape, point(lon, lat)))
        .order_by(Area.kind, Area.code)
    )
    return session.scalars(query).all()


def areas_of(session: Session, *, kind: str | None = None, scope: Collection[int]) -> Sequence[Area]:
    """The active areas of the gemeenten in scope, by kind and code."""
    query = sa.select(Area).where(Area.gemeente_id.in_(scope), Area.active)
    if kind:
        query = query.where(Area.kind == kind)
    return session.scalars(query.order_by(Area.kind, Area.code)).all()


def area_names(session: Session, *, scope: Collection[int]) -> dict[tuple[int, str], str]:
    """What people call each active wijk and buurt in scope, by gemeente and code; without their borders."""
    query = sa.select(Area.gemeente_id, Area.code, Area.name).where(Area.gemeente_id.in_(scope), Area.active)
    return {(gemeente_id, code): name for gemeente_id, code, name in session.execute(query)}


def every_area(session: Session, *, scope: Collection[int]) -> Sequence[Area]:
    """The areas of the gemeenten in scope with their shapes, also those no longer active, newest year last."""
    query = sa.select(Area).where(Area.gemeente_id.in_(scope)).options(undefer(Area.shape))
    return session.scalars(query.order_by(Area.kind, Area.code, Area.year.nulls_first(), Area.id)).all()

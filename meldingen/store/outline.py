"""What a map and a list of places need of the areas: outlines as GeoJSON, and a point in each. Read only."""

import json
from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .area import Area
from .gemeente import Gemeente

SIMPLER = 0.0001
"""Degrees: about ten metres, which nobody sees on a map of a gemeente."""
DIGITS = 5


class Spot(NamedTuple):
    """An area people can choose by name. lon, lat: a point that surely lies in it, WGS 84."""

    code: str
    name: str
    lon: float
    lat: float


def spots_of(session: Session, *, scope: Collection[int]) -> Sequence[Spot]:
    """The active buurten in scope by name; a gemeente without buurten gives its wijken."""
    for kind in ("buurt", "wijk"):
        inside = sa.func.ST_PointOnSurface(Area.shape)
        rows = session.execute(
            sa.select(Area.code, Area.name, sa.func.ST_X(inside), sa.func.ST_Y(inside))
            .where(Area.gemeente_id.in_(scope), Area.active, Area.kind == kind)
            .order_by(Area.name, Area.code)
        ).all()
        if rows:
            return [Spot(*row) for row in rows]
    return []


def outlines_of(session: Session, *, scope: Collection[int]) -> dict[str, Any]:
    """The borders of the gemeenten in scope and their wijken and buurten, as a GeoJSON FeatureCollection."""
    gemeenten = session.execute(
        sa.select(sa.literal("gemeente"), Gemeente.code, Gemeente.name, _geojson(Gemeente.border))
        .where(Gemeente.id.in_(scope), Gemeente.border.is_not(None))
        .order_by(Gemeente.code)
    ).all()
    areas = session.execute(
        sa.select(Area.kind, Area.code, Area.name, _geojson(Area.shape))
        .where(Area.gemeente_id.in_(scope), Area.active, Area.kind.in_(("wijk", "buurt")))
        .order_by(Area.kind.desc(), Area.code)
    ).all()
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"soort": kind, "code": code, "naam": name},
                "geometry": json.loads(shape),
            }
            for kind, code, name, shape in (*gemeenten, *areas)
        ],
    }


def _geojson(shape: Any) -> sa.ColumnElement[str]:
    return sa.func.ST_AsGeoJSON(sa.func.ST_SimplifyPreserveTopology(shape, SIMPLER), DIGITS)


def bounds_of(session: Session, *, scope: Collection[int]) -> tuple[float, float, float, float] | None:
    """West, south, east and north of the gemeenten in scope, for a map's first view; None when no border is known."""
    extent = sa.select(sa.func.ST_Extent(Gemeente.border).label("box")).where(Gemeente.id.in_(scope)).subquery()
    sides = (sa.func.ST_XMin, sa.func.ST_YMin, sa.func.ST_XMax, sa.func.ST_YMax)
    west, south, east, north = session.execute(sa.select(*(side(extent.c.box) for side in sides))).one()
    return None if west is None else (west, south, east, north)

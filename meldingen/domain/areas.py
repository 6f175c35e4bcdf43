"""Reads a GeoJSON file of gemeenten, wijken, buurten, water and team areas, in the spellings that go round.

The three CBS spellings (standards LOC-05 to LOC-09), the Who's On First one, snake case, and our own simple one:
`code, naam, soort` and for a teamgebied `team`. Nothing here knows what is already stored: that is flow/areas.py.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import shapely
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry

from .coordinates import NETHERLANDS, RD_AREA, check_crs, rd_to_degrees
from .errors import InvalidInput
from .text import clean_text

Kind = Literal["gemeente", "wijk", "buurt", "teamgebied", "water"]

_LEVELS: Final = {"buurt": ("BU", 8), "wijk": ("WK", 6), "gemeente": ("GM", 4)}
"""From fine to coarse: the letters of the CBS code and its number of digits."""
_CODE_KEYS: Final = {
    "buurt": ("buurtcode", "bucode", "cbsbu"),
    "wijk": ("wijkcode", "wkcode", "cbswk"),
    "gemeente": ("gemeentecode", "gmcode", "cbsgm"),
}
_NAME_KEYS: Final = {
    "buurt": ("buurtnaam", "bunaam"),
    "wijk": ("wijknaam", "wknaam"),
    "gemeente": ("gemeentenaam", "gmnaam"),
}
_KIND_WORDS: Final[dict[str, Kind]] = {
    "gemeente": "gemeente", "gemeenten": "gemeente", "wijk": "wijk", "wijken": "wijk", "buurt": "buurt",
    "buurten": "buurt", "teamgebied": "teamgebied", "teamgebieden": "teamgebied", "water": "water",
}  # fmt: skip
_NOT_RINGS: Final = (TypeError, ValueError, KeyError, IndexError, AttributeError, ShapelyError)
"""What shapely raises for coordinates that are not lists of rings of numbers."""
MAX_NAME: Final = 200


@dataclass(frozen=True)
class ReadArea:
    """One area as a file has it, in WGS 84. gemeente_code "": the file does not say; team "": none named."""

    kind: Kind
    code: str
    name: str
    gemeente_code: str
    team: str
    year: int | None
    shape: MultiPolygon
    repaired: bool


@dataclass(frozen=True)
class Refused:
    """One feature that was not taken: how the file names it, and why, in a Dutch sentence."""

    name: str
    reason: str


@dataclass(frozen=True)
class Reading:
    """What a file holds, in its own order."""

    areas: tuple[ReadArea, ...]
    refused: tuple[Refused, ...]


class _Unusable(Exception):
    """Why one feature cannot be taken; becomes a Refused."""


def read_areas(document: object) -> Reading:
    """Reads a GeoJSON FeatureCollection in CRS84 or RD.

    A feature that cannot be used is refused by name, the others are read. Raises InvalidInput when the whole is not
    a FeatureCollection or names a coordinate system we do not know.
    """
    if not isinstance(document, Mapping) or document.get("type") != "FeatureCollection":
        raise InvalidInput.of("type", "geen_gebieden", "Dit bestand is geen GeoJSON met een FeatureCollection.")
    features = document.get("features")
    if not isinstance(features, list):
        raise InvalidInput.of("features", "geen_gebieden", "Dit bestand heeft geen lijst 'features'.")
    check_crs(document.get("crs"))
    areas: list[ReadArea] = []
    refused: list[Refused] = []
    seen: set[tuple[str, str]] = set()
    for position, feature in enumerate(features, start=1):
        label = f"gebied {position}"
        try:
            properties = _properties(feature)
            label = _label(properties) or label
            area = _read(properties, feature.get("geometry"))
            if (area.kind, area.code) in seen:
                raise _Unusable("De code staat twee keer in dit bestand. Het eerste gebied telt.")
        except _Unusable as error:
            refused.append(Refused(label, str(error)))
        else:
            seen.add((area.kind, area.code))
            areas.append(area)
    return Reading(tuple(areas), tuple(refused))


def normal_code(kind: str, value: object) -> str:
    """The CBS code with its letters: 363, "0363" and "GM0363" are all "GM0363" (LOC-05). "" when it is none."""
    letters, digits = _LEVELS[kind]
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return ""
    found = re.fullmatch(rf"(?:{letters})?\s*(\d{{1,{digits}}})", value.strip(), re.IGNORECASE | re.ASCII)
    return f"{letters}{found[1].zfill(digits)}" if found else ""


def gemeente_of(code: str) -> str:
    """The gemeente that a CBS code belongs to: "BU03630001" → "GM0363". "" for a code of our own."""
    found = re.fullmatch(r"(?:BU|WK|GM)(\d{4})\d*", code, re.ASCII)
    return f"GM{found[1]}" if found else ""


def polygons_of(geometry: BaseGeometry) -> MultiPolygon:
    """The parts of a geometry that have an area; lines and points that a repair or a cut left behind are dropped."""
    parts = shapely.get_parts(shapely.get_parts(geometry))  # twice: a collection may hold a MultiPolygon
    return MultiPolygon([part for part in parts if isinstance(part, Polygon) and part.area > 0])


def _properties(feature: object) -> dict[str, Any]:
    """The properties under folded names: `BU_CODE`, `bu_code` and `buCode` are one."""
    properties = feature.get("properties") if isinstance(feature, Mapping) else None
    if not isinstance(properties, Mapping):
        raise _Unusable("Dit gebied heeft geen eigenschappen.")
    folded: dict[str, Any] = {}
    for name, value in properties.items():
        if value is not None:
            folded.setdefault(str(name).replace("_", "").casefold(), value)
    return folded


def _label(properties: Mapping[str, Any]) -> str:
    """How people find a feature back: its name and code as the file writes them."""
    words = [_first(properties, keys) for keys in ([*_all(_NAME_KEYS), *_NAMES], [*_CODES, *_all(_CODE_KEYS)])]
    return " ".join(word for word in words if word)[:MAX_NAME]


_NAMES: Final = ("naam", "name", "statnaam")
_CODES: Final = ("code", "statcode")


def _all(keys: Mapping[str, Iterable[str]]) -> list[str]:
    return [key for group in keys.values() for key in group]


def _first(properties: Mapping[str, Any], keys: Iterable[str]) -> str:
    """The first of these properties that holds words or a number, as text."""
    for key in keys:
        value = properties.get(key)
        if isinstance(value, str) and value.strip():
            return value.strip()
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
    return ""


def _read(properties: Mapping[str, Any], geometry: object) -> ReadArea:
    kind = _kind(properties)
    cbs = next((level for level in _LEVELS if _cbs_code(properties, level)), None)
    level = kind if kind in _LEVELS else cbs
    code = (_cbs_code(properties, level) if level else "") or _first(properties, _CODES)
    if not code:
        raise _Unusable("Dit gebied heeft geen code.")
    name = _first(properties, [*(_NAME_KEYS[level] if level else ()), *_NAMES]) or code
    gemeente_code = _cbs_code(properties, "gemeente") or gemeente_of(code)
    polygons, repaired = _shape(geometry)
    return ReadArea(
        kind=kind,
        code=_clean(code),
        name=_clean(name),
        gemeente_code=gemeente_code or normal_code("gemeente", properties.get("gemeente")),
        team=_clean(_first(properties, ("team",))),
        year=_year(properties),
        shape=polygons,
        repaired=repaired,
    )


def _clean(words: str) -> str:
    try:
        return clean_text(words, field="naam", max_length=MAX_NAME)
    except InvalidInput as error:
        raise _Unusable(error.detail) from None


def _kind(properties: Mapping[str, Any]) -> Kind:
    """What the feature is: said in words, else by the finest code it has. Water is water at any level (LOC-07)."""
    if _first(properties, ("water", "h2o", "cbswater")).casefold() in ("ja", "j", "true"):
        return "water"
    said = _first(properties, ("soort", "level", "rubriek")).casefold()
    if said in _KIND_WORDS:
        return _KIND_WORDS[said]
    if said:
        raise _Unusable(f"De soort '{said[:40]}' kennen wij niet. Kies gemeente, wijk, buurt, teamgebied of water.")
    if _first(properties, ("team",)):
        return "teamgebied"
    for level in _LEVELS:
        if _cbs_code(properties, level):
            return _KIND_WORDS[level]
    raise _Unusable("Er staat niet bij wat dit is: gemeente, wijk, buurt, teamgebied of water.")


def _cbs_code(properties: Mapping[str, Any], level: str) -> str:
    """The code of this level, from its own property or from `code`/`statcode` when those carry its letters."""
    for key in _CODE_KEYS[level]:
        code = normal_code(level, properties.get(key))
        if code:
            return code
    general = _first(properties, _CODES)
    return normal_code(level, general) if general.upper().startswith(_LEVELS[level][0]) else ""


def _year(properties: Mapping[str, Any]) -> int | None:
    """The year of the division, from `jaar` or the first digits of `jrstatcode`."""
    found = re.match(r"(19|20)\d\d", _first(properties, ("jaar", "jaarcode", "year", "jrstatcode")), re.ASCII)
    return int(found[0]) if found else None


def _shape(geometry: object) -> tuple[MultiPolygon, bool]:
    """The polygons in WGS 84, and whether they had to be repaired."""
    if not isinstance(geometry, Mapping):
        raise _Unusable("Dit gebied heeft geen grens.")
    if geometry.get("type") not in ("Polygon", "MultiPolygon"):
        raise _Unusable("De grens is geen vlak (Polygon of MultiPolygon).")
    try:
        drawn = shapely.force_2d(shape(dict(geometry)))
    except _NOT_RINGS:
        raise _Unusable("De grens is niet te lezen.") from None
    if drawn.is_empty:
        raise _Unusable("De grens is leeg.")
    placed = _to_wgs84(drawn)
    if placed.is_valid:
        return polygons_of(placed), False
    mended = polygons_of(shapely.make_valid(placed))
    if mended.is_empty:
        raise _Unusable("De grens is geen vlak en is niet te herstellen.")
    return mended, True


def _to_wgs84(drawn: BaseGeometry) -> BaseGeometry:
    """As it is when in degrees, computed when in RD. The numbers tell: no place in the Netherlands fits both."""
    if not _finite(drawn):
        raise _Unusable("De grens heeft coördinaten die geen getal zijn.")
    if _within(drawn, NETHERLANDS):
        return drawn
    if _within(drawn, RD_AREA):
        return shapely.transform(drawn, rd_to_degrees())
    west, south, east, north = NETHERLANDS
    if _within(drawn, (south, west, north, east)):
        raise _Unusable("Lengte en breedte zijn verwisseld: schrijf eerst de lengte (oost), dan de breedte (noord).")
    raise _Unusable("De grens ligt niet in Nederland.")


def _finite(drawn: BaseGeometry) -> bool:
    return all(number == number and abs(number) != float("inf") for number in shapely.get_coordinates(drawn).flat)


def _within(drawn: BaseGeometry, box: tuple[float, float, float, float]) -> bool:
    west, south, east, north = drawn.bounds
    return box[0] <= west and box[1] <= south and east <= box[2] and north <= box[3]

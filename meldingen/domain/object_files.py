"""Files full of things with a number on them: CSV or GeoJSON, in degrees or RD, as they come out of other systems.

Nothing here knows what is stored: that is store/public_object.py, and flow/objects.py takes a file in.
"""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from .areas import Refused
from .coordinates import check_crs, point_in_degrees
from .errors import InvalidInput
from .intake import parse_location
from .objects import KIND, MAX_CODE, object_words
from .text import clean_text

MAX_NAME: Final = 100
_SPACES: Final = re.compile(r"[\s_]+")
_SLUG: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")
_DELIMITERS: Final = ";,\t"
_NAMES: Final = {
    "kind": ("soort", "kind", "type", "objecttype"),
    "code": ("code", "nummer", "objectnummer", "paalnummer", "mastnummer", "lichtmastnummer", "containernummer"),
    "name": ("naam", "name", "omschrijving", "label"),
    "category": ("categorie", "category"),
    "x": ("lon", "lng", "longitude", "lengte", "lengtegraad", "x", "rdx", "xcoordinaat", "xrd"),
    "y": ("lat", "latitude", "breedte", "breedtegraad", "y", "rdy", "ycoordinaat", "yrd"),
}


@dataclass(frozen=True)
class ReadObject:
    """One thing as a file has it, in WGS 84. category "": the file does not say."""

    kind: str
    code: str
    name: str
    category: str
    lon: float
    lat: float


@dataclass(frozen=True)
class ReadObjects:
    """What a file holds, in its own order. named: kind and number (in capitals) of all of them, refused ones too."""

    objects: tuple[ReadObject, ...]
    refused: tuple[Refused, ...]
    named: frozenset[tuple[str, str]]


def read_objects(data: bytes, *, kind: str = "", category: str = "") -> ReadObjects:
    """Reads a file; kind and category are for what does not say its own.

    What cannot be used is refused by name, the rest is read. Raises InvalidInput for a file that cannot be used at
    all. A file of Excel (Windows-1252, semicolons, decimal commas) is read as well.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("cp1252", errors="replace")
    rows = _features(text) if text.lstrip().startswith("{") else _lines(text)
    found: list[ReadObject] = []
    refused: list[Refused] = []
    named: set[tuple[str, str]] = set()
    for label, given in rows:
        facts = {"kind": kind, "category": category, **{name: value for name, value in given.items() if value}}
        facts["kind"] = _SPACES.sub("-", facts["kind"].strip().lower())
        facts["code"] = " ".join(facts.get("code", "").split())
        key = (facts["kind"], facts["code"].upper())
        try:
            one = _read(facts)
            if key in named:
                raise InvalidInput("dubbel", "Dit nummer staat twee keer in dit bestand. Het eerste telt.")
        except InvalidInput as error:
            refused.append(Refused(label, error.detail))
        else:
            found.append(one)
        named.add(key)
    return ReadObjects(tuple(found), tuple(refused), frozenset(named))


def _features(text: str) -> Iterator[tuple[str, dict[str, str]]]:

    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidInput.of("bestand", "geen_json", "Dit bestand is geen geldige JSON.") from error
    features = document.get("features") if document.get("type") == "FeatureCollection" else None
    if not isinstance(features, list):
        raise InvalidInput.of("type", "geen_objecten", "Dit bestand is geen GeoJSON met een FeatureCollection.")
    check_crs(document.get("crs"))
    for position, feature in enumerate(features, start=1):
        properties = feature.get("properties") if isinstance(feature, Mapping) else None
        facts = _known(properties) if isinstance(properties, Mapping) else {}
        geometry = feature.get("geometry") if isinstance(feature, Mapping) else None
        if isinstance(geometry, Mapping) and geometry.get("type") == "Point":
            pair = geometry.get("coordinates")
            if isinstance(pair, list) and len(pair) >= 2:
                facts |= {"x": str(pair[0]), "y": str(pair[1])}
        yield _label(facts, f"object {position}"), facts


def _lines(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    head = text.partition("\n")[0]
    delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter)
    columns = _known(dict.fromkeys(reader.fieldnames or (), "ja"))
    missing = {"code", "x", "y"} - set(columns)
    if missing:
        words = {"code": "code", "x": "lon (of x)", "y": "lat (of y)"}
        told = ", ".join(words[name] for name in sorted(missing))
        raise InvalidInput.of("kolommen", "kolom_ontbreekt", f"In de eerste regel ontbreekt: {told}.")
    try:
        for line, row in enumerate(reader, start=2):
            facts = _known(row)
            yield _label(facts, f"regel {line}"), facts
    except csv.Error as error:
        raise InvalidInput.of("bestand", "geen_csv", "Dit bestand is niet te lezen als CSV.") from error


def _known(properties: Mapping[Any, Any]) -> dict[str, str]:
    """What we know the meaning of, by our own names; `X_Coordinaat` and `x-coordinaat` are one."""
    folded: dict[str, str] = {}
    for name, value in properties.items():
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            folded.setdefault(re.sub(r"[^a-z0-9]", "", str(name).casefold()), str(value).strip())
    return {ours: folded[key] for ours, keys in _NAMES.items() for key in reversed(keys) if key in folded}


def _label(facts: Mapping[str, str], otherwise: str) -> str:
    words = object_words(facts.get("kind", ""), facts.get("code", ""))
    return f"{otherwise}: {words}"[:MAX_NAME] if words else otherwise


def _read(facts: Mapping[str, str]) -> ReadObject:
    kind = facts["kind"]
    if not kind:
        raise InvalidInput("soort_ontbreekt", "Er staat niet bij wat het is, zoals lichtmast of container.")
    if not KIND.fullmatch(kind):
        raise InvalidInput("soort_onjuist", "De soort mag alleen letters, cijfers en streepjes hebben.")
    code = clean_text(facts["code"], field="code", max_length=MAX_CODE)
    if not code:
        raise InvalidInput("code_ontbreekt", "Er staat geen nummer bij.")
    if ":" in code:
        raise InvalidInput("code_onjuist", "In het nummer mag geen dubbele punt staan.")
    if facts["category"] and not _SLUG.fullmatch(facts["category"]):
        raise InvalidInput("categorie_onjuist", "De categorie is geen korte naam, zoals lantaarnpaal-brandt-niet.")
    try:
        x, y = (float(facts.get(axis, "").replace(",", ".")) for axis in ("x", "y"))
    except ValueError as error:
        raise InvalidInput("plaats_ontbreekt", "De plaats ontbreekt of is geen getal.") from error
    place = parse_location(*point_in_degrees(x, y))
    name = " ".join(clean_text(facts.get("name", ""), field="naam", max_length=MAX_NAME).split())
    return ReadObject(kind, code, name, facts["category"], place.lon, place.lat)

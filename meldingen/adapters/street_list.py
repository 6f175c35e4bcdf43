"""A geocoder that asks nobody: a short list of streets in the package, so that `make run` finds addresses too.

For one machine only (settings refuse it elsewhere): the streets are those of the demo gemeente, their postcodes and
house numbers are made up, and a house lies evenly between the two ends of its street. It answers as PDOK does: streets
first, then houses; `1861XC 12` and `breelaan 12` both find one.
"""

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from math import cos, hypot, radians
from pathlib import Path

from .geocoder import MOST_FOUND, NEAR_M, Address, FoundAddress

DEMO = Path(__file__).resolve().parent.parent / "defaults" / "demo"
DEMO_CODE = "GM0373"
DEGREE_M = 111_195
"""Metres in a degree of latitude."""


@dataclass(frozen=True)
class Place:
    """A street (number 0, in its middle) or a house, and the words by which it is found."""

    address: FoundAddress
    number: int
    words: tuple[str, ...]

    def fits(self, asked: Sequence[str]) -> bool:
        """Whether each word that was typed begins a word of this place, and a number its house number."""
        return all(
            str(self.number).startswith(one) if _is_number(one) else any(word.startswith(one) for word in self.words)
            for one in asked
        )


class StreetList:
    """The streets of one gemeente."""

    searches = True

    def __init__(self, file: Path = DEMO / "adressen.csv", code: str = DEMO_CODE) -> None:
        self._code = code
        with file.open(encoding="utf-8", newline="") as lines:
            self._places = [place for row in csv.DictReader(lines) for place in _places(row)]

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The nearest house within NEAR_M metres, or None."""
        across = DEGREE_M * cos(radians(lat))
        metres, found = min(
            (hypot((one.address.lon - lon) * across, (one.address.lat - lat) * DEGREE_M), one.address.text)
            for one in self._places
            if one.number
        )
        return Address(found, round(metres, 1)) if metres <= NEAR_M else None

    def suggest(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """Streets first, then houses: the number that was typed before those that begin with it."""
        asked = _words(words)
        if self._code not in codes or not asked:
            return ()
        fits = sorted((one for one in self._places if one.fits(asked)), key=lambda one: str(one.number) not in asked)
        streets = [one for one in fits if not one.number]
        return [one.address for one in (streets or fits)[:MOST_FOUND]]

    def find(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """The same."""
        return self.suggest(words, codes=codes)


def _words(typed: str) -> list[str]:
    return typed.casefold().replace("-", " ").split()


def _is_number(word: str) -> bool:
    """A house number; four digits are the beginning of a postcode."""
    return word.isdecimal() and len(word) < len("1861")


def _places(row: dict[str, str]) -> Iterator[Place]:
    """The street of one line of the file, and its houses."""
    lon, lat, lon_end, lat_end = (float(row[name]) for name in ("lon", "lat", "lon_eind", "lat_eind"))
    street, town, postcode = row["straat"], row["plaats"], row["postcode"]
    words = tuple(_words(f"{street} {town}"))
    middle = FoundAddress(f"{street}, {town}", round((lon + lon_end) / 2, 6), round((lat + lat_end) / 2, 6), True)
    yield Place(middle, 0, words)
    first, last = int(row["eerste"]), int(row["laatste"])
    for number in range(first, last + 1):
        part = (number - first) / (last - first)
        at = round(lon + part * (lon_end - lon), 6), round(lat + part * (lat_end - lat), 6)
        house = FoundAddress(f"{street} {number}, {postcode} {town}", *at)
        yield Place(house, number, (*words, postcode.casefold()))

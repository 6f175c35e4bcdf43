"""Addresses: which one is at a place, and which places people may mean. What we ask, and the twins that need nobody.

An address is a kindness, never a condition: whoever asks goes on without one when this fails (LOC-01). The real one
is locatieserver.py; remembering answers and sparing a service that is down is careful_geocoder.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

NEAR_M = 100
"""Farther than this from the place, an address says nothing about it."""
MOST_FOUND = 8
"""As many as people will read; who sees too many types one letter more."""


@dataclass(frozen=True)
class Address:
    """An address as people write it ("Dorpsstraat 12, 1861 KT Bergen") and its distance from the place in metres."""

    text: str
    distance_m: float


@dataclass(frozen=True)
class FoundAddress:
    """A place that people may mean: an address, or a whole street, then a point in its middle. WGS 84."""

    text: str
    lon: float
    lat: float
    whole_street: bool = False


class Geocoder(Protocol):
    """Finds addresses. Raises only TemporaryFailure."""

    @property
    def searches(self) -> bool:
        """Whether there is anybody to ask; False: show no search field."""

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The nearest address within NEAR_M metres, or None."""

    def suggest(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """What somebody may mean who is still typing, likeliest first, in the gemeenten with these CBS codes."""

    def find(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """What somebody means who is done typing ("1861GE 12"), likeliest first, in these gemeenten."""


class NoGeocoder:
    """Nobody to ask: an installation without geocoder works, and shows no address."""

    searches = False

    def address_at(self, lon: float, lat: float) -> Address | None:  # noqa: ARG002  the protocol's arguments
        """Always None."""
        return None

    def suggest(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:  # noqa: ARG002
        """Always empty."""
        return ()

    def find(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:  # noqa: ARG002
        """Always empty."""
        return ()


class FixedGeocoder:
    """A twin that knows a few addresses by heart; for tests and demonstrations. It asks nobody for a gemeente."""

    searches = True

    def __init__(self, known: Mapping[tuple[float, float], str]) -> None:
        self._known = dict(known)

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The address of exactly this place."""
        text = self._known.get((lon, lat))
        return Address(text, 0.0) if text else None

    def suggest(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:  # noqa: ARG002
        """Each address in which every word begins a word."""
        asked = words.casefold().split()
        fits = [
            FoundAddress(text, *place)
            for place, text in self._known.items()
            if asked and all(any(w.startswith(a) for w in text.casefold().replace(",", " ").split()) for a in asked)
        ]
        return fits[:MOST_FOUND]

    def find(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """The same."""
        return self.suggest(words, codes=codes)

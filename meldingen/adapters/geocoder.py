"""The address at a place, from PDOK Locatieserver 3.1 or a service that speaks its protocol.

An address is a kindness, never a condition: whoever asks goes on without one when this fails (LOC-01).
"""

from dataclasses import dataclass
from typing import Any, Protocol

import requests

from .failures import TemporaryFailure

TIMEOUT_S = 2.0
NEAR_M = 100
"""Farther than this from the place, an address says nothing about it."""


@dataclass(frozen=True)
class Address:
    """An address as people write it ("Dorpsstraat 12, 1861 KT Bergen") and its distance from the place in metres."""

    text: str
    distance_m: float


class Geocoder(Protocol):
    """Finds addresses. Raises only TemporaryFailure."""

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The nearest address within NEAR_M metres, or None."""


class NoGeocoder:
    """Nobody to ask: an installation without geocoder works, and shows no address."""

    def address_at(self, lon: float, lat: float) -> Address | None:  # noqa: ARG002  the protocol's arguments
        """Always None."""
        return None


class FixedGeocoder:
    """A twin that knows a few addresses by heart; for tests and demonstrations."""

    def __init__(self, known: dict[tuple[float, float], str]) -> None:
        self._known = known

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The address of exactly this place."""
        text = self._known.get((lon, lat))
        return Address(text, 0.0) if text else None


class PdokGeocoder:
    """PDOK Locatieserver 3.1: GET {base}/reverse with lat, lon, rows, distance and type=adres."""

    def __init__(self, base_url: str, *, timeout_s: float = TIMEOUT_S) -> None:
        self._base = base_url.rstrip("/")
        self._timeout_s = timeout_s

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The nearest address; TemporaryFailure on time-out, error or an answer that is not the protocol's."""
        asked = {"lat": f"{lat:.7f}", "lon": f"{lon:.7f}", "rows": "1", "distance": str(NEAR_M), "fq": "type:adres"}
        try:
            answer = requests.get(f"{self._base}/reverse", params=asked, timeout=self._timeout_s, allow_redirects=False)
            answer.raise_for_status()
            found: list[dict[str, Any]] = answer.json()["response"]["docs"]
            return Address(str(found[0]["weergavenaam"])[:200], float(found[0].get("afstand", 0))) if found else None
        except (requests.RequestException, ValueError, KeyError, TypeError, IndexError) as error:
            raise TemporaryFailure(f"geocoder: {type(error).__name__}") from error

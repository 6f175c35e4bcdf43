"""A geocoder that is asked no more than needed: answers kept for a day, and rest for a service that is down.

Kept per process and in memory: an answer is small and quickly asked again, so that no store has to be up for it, and
what people look for stands nowhere. Only answers are kept, never failures.
"""

import threading
import time
from collections.abc import Callable, Collection, Hashable, Sequence
from typing import Any, TypeVar, cast

from cachetools import TTLCache
from circuitbreaker import CircuitBreaker

from .failures import TemporaryFailure
from .geocoder import Address, FoundAddress, Geocoder

T = TypeVar("T")

KEPT_S = 24 * 3600
MOST_KEPT = 4096
"""A search of eight addresses takes about two kilobytes: at most eight megabytes per process."""
FAILURES = 5
REST_S = 30
SAME_PLACE = 5
"""Decimals of a degree, about a metre: nobody's address changes within it."""


class CarefulGeocoder:
    """Another geocoder, remembered and spared. After FAILURES in a row it is left alone for `rest_s` seconds."""

    def __init__(
        self,
        inner: Geocoder,
        *,
        kept_s: float = KEPT_S,
        most_kept: int = MOST_KEPT,
        failures: int = FAILURES,
        rest_s: float = REST_S,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        self._inner = inner
        self._answers: TTLCache[Hashable, Any] = TTLCache(most_kept, kept_s, timer=timer)
        self._lock = threading.Lock()
        self._breaker = CircuitBreaker(failures, rest_s, TemporaryFailure, name="geocoder")

    @property
    def searches(self) -> bool:
        """As the other says."""
        return self._inner.searches

    def address_at(self, lon: float, lat: float) -> Address | None:
        """The nearest address of a place rounded to a metre."""
        lon, lat = round(lon, SAME_PLACE), round(lat, SAME_PLACE)
        return self._remembered(("plek", lon, lat), lambda: self._inner.address_at(lon, lat))

    def suggest(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """What somebody may mean who is typing."""
        key = ("typt", words.casefold(), frozenset(codes))
        return self._remembered(key, lambda: self._inner.suggest(words, codes=codes))

    def find(self, words: str, *, codes: Collection[str]) -> Sequence[FoundAddress]:
        """What somebody means."""
        key = ("zoekt", words.casefold(), frozenset(codes))
        return self._remembered(key, lambda: self._inner.find(words, codes=codes))

    def _remembered(self, key: Hashable, ask: Callable[[], T]) -> T:
        with self._lock:
            if key in self._answers:
                return cast(T, self._answers[key])
        if self._breaker.opened:
            raise TemporaryFailure("geocoder: even met rust gelaten na storingen")
        answer = self._breaker.call(ask)
        with self._lock:
            self._answers[key] = answer
        return cast(T, answer)

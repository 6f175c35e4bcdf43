"""A photo store that keeps nobody waiting: a bound on all of a call, and on how many wait at once.

For a store behind a network. Its own time-outs count per byte, so one that drips could hold a request for hours, and a
few of these every thread of the website. Here the call runs in a thread of ours and who asked stops waiting; when all
of ours wait already, the next one hears at once that the store is too slow. What a call still does after that is as
after any lost answer: a file without a row is swept.
"""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from typing import TypeVar

from .failures import TemporaryFailure
from .storage import PhotoStore, StoredFile

T = TypeVar("T")

PATIENCE_S = 15.0
"""A large photo over a slow line takes some seconds; a melder waits no longer than this."""
CHECK_S = 2.0
AT_ONCE = 4
"""Half of the website's threads, so that the other half goes on taking meldingen."""


class CarefulStore:
    """Another store, with a bound on each call; only `listing`, which is upkeep's, is passed on as it is."""

    def __init__(self, inner: PhotoStore, *, patience_s: float = PATIENCE_S, at_once: int = AT_ONCE) -> None:
        self._inner, self._patience_s, self._at_once = inner, patience_s, at_once
        self._begin()
        os.register_at_fork(after_in_child=self._begin)  # threads do not survive a fork

    def _begin(self) -> None:
        self._callers = ThreadPoolExecutor(max_workers=self._at_once, thread_name_prefix="foto-opslag")
        self._free = threading.BoundedSemaphore(self._at_once)

    def put(self, key: str, data: bytes) -> None:
        """Keep it, in time."""
        self._within(lambda: self._inner.put(key, data))

    def get(self, key: str) -> bytes:
        """The bytes, in time."""
        return self._within(lambda: self._inner.get(key))

    def delete(self, key: str) -> None:
        """Remove it, in time."""
        self._within(lambda: self._inner.delete(key))

    def check(self) -> None:
        """Whether it answers, in CHECK_S: a health page that waits longer is taken for a process that died."""
        self._within(self._inner.check, CHECK_S)

    def exists(self, key: str) -> bool:
        """Whether it is there, in time."""
        return self._within(lambda: self._inner.exists(key))

    def listing(self, prefix: str = "") -> Iterator[StoredFile]:
        """As the other lists."""
        return self._inner.listing(prefix)

    def _within(self, call: Callable[[], T], patience_s: float | None = None) -> T:
        """The outcome of a call. A call that takes too long keeps its place until it ends."""
        free = self._free
        if not free.acquire(blocking=False):
            raise TemporaryFailure("opslag: te traag, er wachten er al te veel")

        def held() -> T:
            try:
                return call()
            finally:
                free.release()  # before the caller hears of it: his next call finds the place free

        done = self._callers.submit(held)
        try:
            return done.result(self._patience_s if patience_s is None else min(patience_s, self._patience_s))
        except TooLate as error:
            raise TemporaryFailure("opslag: te traag") from error

"""Slow and many uploads do not take the threads that everybody else needs: a gate in front of the application.

A body that comes in drop by drop holds a thread of the server for as long as it likes; the server gives Python no way
to end that. So bodies have places of their own (READERS), one visitor gets half of them at most, and what asks for
nothing but an answer always finds a thread. Past the places: 503 with Retry-After, and the body is not read. A proxy
that buffers (docs/opzetten.md) keeps all of this from happening; this is for when there is none, or it is passed by.
"""

import io
import threading
from collections import Counter
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from werkzeug.exceptions import ClientDisconnected

from .limits import household

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

READERS = 32
"""Requests with a body at once in one process; as many threads come on top of those that work (server.py)."""
PER_VISITOR = READERS // 2
SMALL_BYTES = 2**20
"""A body up to here is read before the work begins, so that no connection to the database waits for it."""
RETRY_AFTER_S = 5
TOLD = "Het is nu heel druk. Probeer het over een paar tellen opnieuw."
PROBLEM = f'{{"status":503,"title":"Te druk","detail":"{TOLD}","code":"te_druk"}}'
PAGE = f'<!doctype html><html lang="nl"><title>Te druk</title><h1>Te druk</h1><p>{TOLD}</p></html>'


class Gate:
    """WSGI middleware. workers: how many requests do their work at once; more wait, in the order of the threads."""

    def __init__(self, app: "WSGIApplication", *, workers: int) -> None:
        self._app = app
        self._workers = threading.BoundedSemaphore(workers)
        self._reading: Counter[str] = Counter()
        self._lock = threading.Lock()

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The answer of the application, or 503 when every place for bodies is taken."""
        size = _size_of(environ)
        if size == 0:
            with self._workers:
                return self._app(environ, start_response)
        visitor = household(environ.get("REMOTE_ADDR") or "")
        if not self._take(visitor):
            return _refuse(environ, start_response)
        try:
            turn: AbstractContextManager[object] = nullcontext()
            if 0 < size <= SMALL_BYTES:
                environ["wsgi.input"] = io.BytesIO(_read(environ, size))
                turn = self._workers
            with turn:
                return self._app(environ, start_response)
        finally:
            with self._lock:
                self._reading[visitor] -= 1
                if not self._reading[visitor]:
                    del self._reading[visitor]

    def _take(self, visitor: str) -> bool:
        with self._lock:
            if self._reading.total() >= READERS or self._reading[visitor] >= PER_VISITOR:
                return False
            self._reading[visitor] += 1
            return True


def _read(environ: "WSGIEnvironment", size: int) -> bytes:
    """The body. One that broke off is empty: too short for what was told, and the application says so (400)."""
    try:
        return bytes(environ["wsgi.input"].read(size))
    except (OSError, ClientDisconnected):
        return b""


def _size_of(environ: "WSGIEnvironment") -> int:
    """The bytes of the body: 0 for none, -1 when it comes in pieces of which nobody told the number."""
    if environ.get("HTTP_TRANSFER_ENCODING"):
        return -1
    written = environ.get("CONTENT_LENGTH") or "0"
    return int(written) if written.isascii() and written.isdigit() else -1


def _refuse(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    api = str(environ.get("PATH_INFO", "")).startswith("/api/")
    body = (PROBLEM if api else PAGE).encode()
    kind = "application/problem+json" if api else "text/html; charset=utf-8"
    headers = [("Content-Type", kind), ("Content-Length", str(len(body))), ("Retry-After", str(RETRY_AFTER_S))]
    start_response("503 Service Unavailable", [*headers, ("Cache-Control", "no-store")])
    return [body]

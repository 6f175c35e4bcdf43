"""304 for who has what was answered here a moment ago: in front of the application, and without the database.

Every app asks for the categories when it starts, and nearly always has them. To open a request, a session and the
route takes thirty times as long as to see that. Only for what is the same for everybody (headers.CACHED).
"""

import secrets
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from flask import Flask
from werkzeug.http import parse_etags, remove_entity_headers

from .headers import CACHED

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

KEPT_S: Final = 2.0
"""So long an answer of CACHED counts as what it still is; a change in beheer is seen that much later by who asks."""
MOST_KEPT: Final = 500
REQUEST_ID: Final = "X-Request-Id"
OF_ONE_ANSWER: Final = (REQUEST_ID, "Date")
"""Headers that are not repeated; the server itself says what time it is."""


class Answered(NamedTuple):
    """An answer that the application gave: the headers that a 304 to it has."""

    etag: str
    headers: list[tuple[str, str]]
    until: float


class Unchanged:
    """WSGI middleware, in front of every other."""

    def __init__(self, app: Flask) -> None:
        self._next: WSGIApplication = app.wsgi_app
        self._extensions = app.extensions
        self._answered: dict[str, Answered] = {}
        app.extensions["answered"] = self._answered

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """The answer of the application, or 304 to who has it."""
        path, method = environ.get("PATH_INFO", ""), environ["REQUEST_METHOD"]
        if path not in CACHED or method not in ("GET", "HEAD"):
            return self._next(environ, start_response)
        began = time.monotonic()
        asked = f"{path}?{environ.get('QUERY_STRING', '')}"  # each gemeente has its own categories
        known, has = self._answered.get(asked), environ.get("HTTP_IF_NONE_MATCH", "")
        if known is not None and began < known.until and _matches(has, known.etag):
            start_response("304 NOT MODIFIED", [*known.headers, (REQUEST_ID, secrets.token_hex(8))])
            self._extensions["request_seconds"].labels(method, path, "3xx").observe(time.monotonic() - began)
            return ()

        def learn(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            if status.startswith(("200", "304")):
                self._remember(asked, headers)
            return start_response(status, headers, *error)

        return self._next(environ, learn)

    def _remember(self, asked: str, headers: list[tuple[str, str]]) -> None:
        kept = [(name, value) for name, value in headers if name not in OF_ONE_ANSWER]
        remove_entity_headers(kept)
        etag = next((value for name, value in kept if name == "ETag"), "")
        if len(self._answered) >= MOST_KEPT:
            self._answered.clear()
        self._answered[asked] = Answered(etag, kept, time.monotonic() + KEPT_S)


def _matches(has: str, etag: str) -> bool:
    """has: If-None-Match, mostly the one ETag itself."""
    return bool(has and etag) and (has == etag or parse_etags(has).contains_raw(etag))

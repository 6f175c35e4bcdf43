"""What every answer of the API carries: version, security headers, caching, CORS. Pages: web/headers.py.

Also reads the rest of a refused upload, bounded: a server that answers and hangs up early resets the connection, and
the phone never sees why (measured with granian).
"""

from typing import Final

from flask import Flask, Response, g, request
from werkzeug.exceptions import ClientDisconnected
from werkzeug.wsgi import LimitedStream

from ..auth import installation

BASE: Final = "/api/v1"
VERSION: Final = "1.0.0"
HSTS: Final = "max-age=31536000; includeSubDomains"
DRAIN_BYTES: Final = 128 * 2**20
CHUNK: Final = 64 * 2**10

OPEN_DATA: Final = frozenset(
    f"{BASE}/{path}"
    for path in (
        "categorieen",
        "gemeenten",
        "crss",
        "meldingen-nabij",
        "locaties",
        "adressen",
        "objecten",
        "openapi.json",
    )
)
"""What any website may read (ADR-33)."""
CACHED: Final = frozenset(f"{BASE}/{path}" for path in ("categorieen", "gemeenten", "openapi.json"))
"""The documented exception to no-store: `no-cache` with an ETag. Who has it already: unchanged.py."""

METHODS: Final = "GET, POST, PUT, DELETE"
ASKED_HEADERS: Final = (
    "Accept, Accept-Crs, Authorization, Content-Crs, Content-Type, Idempotency-Key, If-Match, If-None-Match, Volg-Token"
)
SHOWN_HEADERS: Final = "API-Version, Allow, Content-Crs, ETag, Link, Location, Retry-After, X-Request-Id"


def init_app(app: Flask) -> None:
    """Puts the headers on every answer under /api/, refusals and unknown paths included."""
    app.before_request(_bound_body)
    app.after_request(_answer_headers)
    app.after_request(_drain)


def is_api() -> bool:
    """Whether this request is for the API."""
    return request.path.startswith("/api/")


def _answer_headers(response: Response) -> Response:
    if not is_api():
        return response
    headers = response.headers
    headers["API-Version"] = VERSION
    headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "no-referrer"
    headers["Strict-Transport-Security"] = HSTS
    headers["Cross-Origin-Resource-Policy"] = "cross-origin" if request.path in OPEN_DATA else "same-site"
    if _is_kept() and response.status_code in (200, 304):
        headers["Cache-Control"] = "no-cache"
        if response.status_code == 200:
            response.add_etag()
            response.make_conditional(request)
    else:
        headers.setdefault("Cache-Control", "no-store")
    if "content_crs" in g:
        headers["Content-Crs"] = f"<{g.content_crs}>"
    _cors(response)
    return response


def _is_kept() -> bool:
    return request.path in CACHED and request.method in ("GET", "HEAD")


def _cors(response: Response) -> None:
    headers = response.headers
    origin = request.headers.get("Origin", "")
    if request.path in OPEN_DATA:
        headers["Access-Control-Allow-Origin"] = "*"
    else:
        headers.add("Vary", "Origin")
        if not origin or origin not in installation().settings.cors_origins:
            return
        headers["Access-Control-Allow-Origin"] = origin
    headers["Access-Control-Expose-Headers"] = SHOWN_HEADERS
    if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
        headers["Access-Control-Allow-Methods"] = METHODS
        headers["Access-Control-Allow-Headers"] = ASKED_HEADERS
        headers["Access-Control-Max-Age"] = "600"


def _bound_body() -> None:
    """Lets nobody read past the body: some servers hand over the bare connection, where that waits for ever."""
    if request.content_length is not None:
        bounded = LimitedStream(request.environ["wsgi.input"], request.content_length)
        request.environ["wsgi.input"] = bounded


def _drain(response: Response) -> Response:
    """Reads what is left of the body of a refused request, for pages too; more than the bound is not worth it."""
    if response.status_code < 400 or request.method in ("GET", "HEAD", "OPTIONS"):
        return response
    left = min(request.content_length or 0, DRAIN_BYTES)
    stream = request.environ["wsgi.input"]
    while left > 0:
        try:
            chunk = stream.read(min(CHUNK, left))
        except ClientDisconnected:
            break
        if not chunk:
            break
        left -= len(chunk)
    return response

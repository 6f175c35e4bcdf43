"""Security headers of pages, as internet.nl scores them (SEC-11). The API sets its own.

No inline script or style anywhere: templates carry classes, behaviour is in static/js.
"""

from functools import lru_cache
from urllib.parse import urlsplit

from flask import Flask, Response, request

from ..auth import installation

HSTS = "max-age=31536000; includeSubDomains"
PERMISSIONS = "geolocation=(self), camera=(), microphone=(), payment=(), usb=(), browsing-topics=()"


def init_app(app: Flask) -> None:
    """Puts the headers on every answer outside the API; a view that set one itself keeps it."""
    app.after_request(_answer_headers)


@lru_cache(maxsize=8)
def content_policy(tiles_url: str = "") -> str:
    """The Content-Security-Policy. tiles_url: the one outside host that pages may fetch map pictures from."""
    images, asked = "'self' data: blob:", "'self'"
    tiles = urlsplit(tiles_url)
    if tiles.scheme == "https" and tiles.netloc:
        host = f" https://{tiles.netloc.replace('{s}.', '*.')}"
        images, asked = images + host, asked + host  # the tablet fetches what it keeps for a dead spot
    return "; ".join(
        (
            "default-src 'self'",
            f"img-src {images}",
            f"connect-src {asked}",
            "manifest-src 'self'",
            "worker-src 'self'",
            "object-src 'none'",
            "base-uri 'none'",
            "form-action 'self'",
            "frame-ancestors 'none'",
        )
    )


def _answer_headers(response: Response) -> Response:
    if request.path.startswith("/api/"):
        return response
    settings = installation().settings
    headers = response.headers
    headers.setdefault("X-Content-Type-Options", "nosniff")
    if settings.secure:
        headers.setdefault("Strict-Transport-Security", HSTS)
    if request.path.startswith("/static/") and response.mimetype != "text/html":
        return response  # what is about documents says nothing of a file, and costs a phone half a kilobyte each
    headers.setdefault("Content-Security-Policy", content_policy(settings.map_tiles_url))
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "no-referrer")
    headers.setdefault("Permissions-Policy", PERMISSIONS)
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cache-Control", "no-store")
    return response

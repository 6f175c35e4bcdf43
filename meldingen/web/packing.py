"""Pages sent compressed, for a phone with little coverage. Static files: static_files.py; the API: its proxy.

A compressed page that holds both a secret and words of the visitor can give the secret away by its length (BREACH), so
each answer gets a beginning of a random length, as Django does it.
"""

import gzip
import io
import secrets

from flask import Flask, Response, request

PACKED = ("text/html", "application/json", "application/geo+json", "application/manifest+json")
SMALLEST_WORTH_IT = 1_000
MOST_PADDING = 100
LEVEL = 6


def init_app(app: Flask) -> None:
    """Compresses what pages answer, when the browser can read it."""
    app.after_request(_pack)


def _pack(response: Response) -> Response:
    if (
        request.path.startswith("/api/")
        or response.mimetype not in PACKED
        or response.direct_passthrough
        or response.is_streamed
        or "Content-Encoding" in response.headers
        or "Content-Range" in response.headers
    ):
        return response
    response.vary.add("Accept-Encoding")
    plain = response.get_data()
    if request.accept_encodings["gzip"] > 0 and len(plain) >= SMALLEST_WORTH_IT:
        response.set_data(packed(plain))
        response.headers["Content-Encoding"] = "gzip"
        etag, _weak = response.get_etag()
        if etag:
            response.set_etag(etag, weak=True)
    return response


def packed(plain: bytes) -> bytes:
    """The bytes in gzip, with a file name of a random length in its head, which no reader shows."""
    made = io.BytesIO()
    name = "x" * secrets.randbelow(MOST_PADDING)
    with gzip.GzipFile(filename=name, mode="wb", compresslevel=LEVEL, fileobj=made, mtime=0) as out:
        out.write(plain)
    return made.getvalue()

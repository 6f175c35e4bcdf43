"""Our own and vendored browser files: named with their content's hash so that a phone keeps them, and sent compressed.

Not for photos: those are behind a door (fotos.py). A proxy in front may do the same; it then finds nothing to do.
"""

import gzip
import hashlib
from functools import lru_cache
from pathlib import Path

from flask import Flask, Response, request, url_for

STATIC = Path(__file__).parent / "static"
COMPRESSED = ("text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json")
SMALLEST_WORTH_IT = 1_000
KEPT_S = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Gives templates `static_url` and lets static answers be kept and compressed."""
    app.jinja_env.globals["static_url"] = static_url
    app.after_request(_keep_and_compress)


def static_url(name: str) -> str:
    """The address of a file under static/, with the hash of its content; a missing file gets none."""
    return url_for("static", filename=name, v=_hash_of(name))


@lru_cache(maxsize=200)
def _hash_of(name: str) -> str | None:
    try:
        return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    except OSError:
        return None


def _keep_and_compress(response: Response) -> Response:
    if request.endpoint != "static" or response.status_code != 200:
        return response
    name = str((request.view_args or {}).get("filename", ""))
    if request.args.get("v") and request.args["v"] == _hash_of(name):
        response.headers["Cache-Control"] = f"public, max-age={KEPT_S}, immutable"
    if response.mimetype in COMPRESSED:
        response.vary.add("Accept-Encoding")
        if (
            request.accept_encodings["gzip"] > 0
            and request.method == "GET"
            and not response.headers.get("Content-Range")
        ):
            _compress(response, name)
    return response


def _compress(response: Response, name: str) -> None:
    path = STATIC / name
    try:
        facts = path.stat()
        if facts.st_size < SMALLEST_WORTH_IT:
            return
        packed = _packed(path, facts.st_mtime_ns)
    except OSError:
        return
    if close := getattr(response.response, "close", None):
        close()  # the open file that we do not send
    response.direct_passthrough = False
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"


@lru_cache(maxsize=64)
def _packed(path: Path, _changed_at_ns: int) -> bytes:
    """The compressed file, once per process and version of the file."""
    return gzip.compress(path.read_bytes(), compresslevel=9, mtime=0)

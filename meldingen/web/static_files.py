"""Our own and vendored browser files: named with their content's hash so that a phone keeps them, and sent compressed.

Not for photos: those are behind a door (fotos.py). A proxy in front may do the same; it then finds nothing to do.
"""

import gzip
import hashlib
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, request, url_for

from ..auth import enter

pages = Blueprint("bestanden", __name__)

STATIC = Path(__file__).parent / "static"
TEMPLATES = Path(__file__).parent / "templates"
MODULES = ("melden", "onderweg")
"""Folders of js/ with scripts that import each other, the form's and the tablet's: their address carries one hash of
all of them, which a relative import inherits."""
COMPRESSED = ("text/css", "text/javascript", "application/javascript", "image/svg+xml", "application/json")
SMALLEST_WORTH_IT = 1_000
KEPT_S = 365 * 24 * 3600


def init_app(app: Flask) -> None:
    """Gives templates `static_url` and lets static answers be kept and compressed."""
    app.jinja_env.globals["static_url"] = static_url
    app.jinja_env.globals["release"] = release
    app.register_blueprint(pages)
    app.after_request(_keep_and_compress)


@lru_cache(maxsize=200)
def static_url(name: str) -> str:
    """The address of a file under static/, with the hash of its content; a missing file gets none. A script that
    imports others has the hash of all of them in its path, so that it never meets one of another release."""
    top, _, bare = name.removeprefix("js/").removesuffix(".js").partition("/")
    if bare and top in MODULES:
        return url_for("bestanden.module", versie=modules_version(), map=top, naam=bare)
    return url_for("static", filename=name, v=_hash_of(name))


@pages.get("/static/modules/<versie>/<map>/<naam>.js")
@enter("iedereen")
def module(versie: str, map: str, naam: str) -> Response:
    """A script of this release. One of another is not here: a page without scripts works, a page with half may not."""
    path = STATIC / "js" / map / f"{naam}.js"
    if versie != modules_version() or path not in _modules():
        abort(404)
    return Response(
        path.read_bytes(),
        mimetype="text/javascript",
        headers={"Cache-Control": f"public, max-age={KEPT_S}, immutable"},
    )


@lru_cache(maxsize=1)
def modules_version() -> str:
    """One hash of all scripts that import each other."""
    return _hash_of_all(_modules())


@lru_cache(maxsize=1)
def _modules() -> frozenset[Path]:
    return frozenset(path for folder in MODULES for path in (STATIC / "js" / folder).glob("*.js"))


@lru_cache(maxsize=1)
def release() -> str:
    """One hash of everything a page is made of, apart from what the gemeente writes: the service worker keeps by it."""
    files = [path for folder in (STATIC, TEMPLATES) for path in folder.rglob("*") if path.is_file()]
    return _hash_of_all(files)


def _hash_of_all(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(files):
        digest.update(str(path.relative_to(Path(__file__).parent)).encode() + path.read_bytes())
    return digest.hexdigest()[:10]


@lru_cache(maxsize=200)
def _hash_of(name: str) -> str | None:
    try:
        return hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]
    except OSError:
        return None


def _keep_and_compress(response: Response) -> Response:
    if request.endpoint not in ("static", "bestanden.module") or response.status_code != 200:
        return response
    given = request.view_args or {}
    name = str(given["filename"]) if request.endpoint == "static" else f"js/{given['map']}/{given['naam']}.js"
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

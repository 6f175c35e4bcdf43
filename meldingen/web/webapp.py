"""The pages as an app on a home screen: its manifest, its service worker, and what it shows without coverage.

The service worker (static/js/sw.js) keeps the empty pages of the form; what people fill in stays in the browser. What
the steps do is in melden/, what a device has reported in mijn_meldingen.py.
"""

import json
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, make_response, render_template
from flask.typing import ResponseReturnValue

from ..auth import enter
from .layout import Sender, page_sender, with_gemeente
from .static_files import MODULES, STATIC, release, static_url
from .taal import DUTCH, language

pages = Blueprint("webapp", __name__)

STEPS = ("waar", "wat", "foto", "contact", "controleren")
"""The steps that a browser can do by itself, in their order. "Al gemeld?" asks the server, so it waits for coverage."""
GIVEN = '"HIER KOMT WAT DE SERVER WEET"'
ICONS = (
    ("icoon-192.png", 192, "any"),
    ("icoon-512.png", 512, "any"),
    ("icoon-masker-192.png", 192, "maskable"),
    ("icoon-masker-512.png", 512, "maskable"),
)
"""File (made by bench/iconen.py), side in pixels, and whether a phone may cut it to its own shape."""
PAPER = "#ffffff"


def init_app(app: Flask) -> None:
    """Lets templates name the service worker of this page."""
    app.jinja_env.globals["worker_address"] = worker_address


def worker_address(sender: Sender | None) -> str:
    """The service worker that keeps the pages of this gemeente, in the language of this page."""
    return _named("/sw.js", sender)


@pages.get("/manifest.webmanifest")
@enter("iedereen")
def manifest() -> ResponseReturnValue:
    """What a phone needs to put the pages of one gemeente on its home screen, and to share a photo to them."""
    sender = page_sender()
    if sender is None:
        return Response(status=404)
    response = make_response(json.dumps(_manifest_of(sender), ensure_ascii=False))
    response.mimetype = "application/manifest+json"
    response.headers["Cache-Control"] = "no-cache"
    return response


@pages.get("/sw.js")
@enter("iedereen")
def service_worker() -> ResponseReturnValue:
    """Served from the root, since a service worker minds only what lies below its own address. It changes with each
    release, so that a browser fetches everything of the new one at once."""
    content = (STATIC / "js/sw.js").read_text()
    content = content.replace(GIVEN, json.dumps(_worker_facts(page_sender())))
    for folder in MODULES:
        content = content.replace(f'"./{folder}/', f'"{static_url(f"js/{folder}/opslag.js").removesuffix("opslag.js")}')
    return Response(content, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@pages.get("/offline")
@enter("iedereen")
def offline() -> ResponseReturnValue:
    """What the service worker shows for a page that it does not keep."""
    return render_template("offline.html")


def _worker_facts(sender: Sender | None) -> dict[str, Any]:
    """The release, the gemeente whose pages are kept, and the address of each empty page by its path."""
    shells = {f"/melden/{step}": _named(f"/melden/{step}", sender, leeg="ja") for step in STEPS} if sender else {}
    shells |= {path: _named(path, sender) for path in ("/mijn-meldingen", "/offline")}
    return {
        "release": release(),
        "store": f"schil-{release()}-{sender.slug if sender is not None else ''}-{language().code}",
        "gemeente": sender.slug if sender is not None and with_gemeente("", sender) else "",
        "shells": shells,
        "steps": [f"/melden/{step}" for step in STEPS],
        "data": [with_gemeente("/gebieden.geojson", sender)] if sender is not None else [],
        "icon": static_url("img/icoon-192.png"),
    }


def _named(path: str, sender: Sender | None, **given: str) -> str:
    """The address of a page of this gemeente in the language of this page; what needs no saying is left out."""
    if sender is not None and with_gemeente("", sender):
        given["gemeente"] = sender.slug
    if language() is not DUTCH:
        given["taal"] = language().code
    return f"{path}?{urlencode(given)}" if given else path


def _manifest_of(sender: Sender) -> dict[str, Any]:
    start, mine = with_gemeente("/melden", sender), with_gemeente("/mijn-meldingen", sender)
    return {
        "id": start,
        "name": f"Meldingen {sender.name}",
        "short_name": "Meldingen",
        "description": f"Meld aan gemeente {sender.name} wat er stuk of vies is op straat.",
        "lang": "nl",
        "dir": "ltr",
        "start_url": start,
        "scope": "/",
        "display": "standalone",
        "theme_color": sender.colour,
        "background_color": PAPER,
        "categories": ["government", "utilities"],
        "icons": [
            {"src": static_url(f"img/{name}"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": purpose}
            for name, size, purpose in ICONS
        ],
        "shortcuts": [
            {"name": words, "url": url, "icons": [{"src": static_url("img/icoon-192.png"), "sizes": "192x192"}]}
            for words, url in (("Melding doen", start), ("Mijn meldingen", mine))
        ],
        "share_target": {
            "action": with_gemeente("/melden/delen", sender),
            "method": "POST",
            "enctype": "multipart/form-data",
            "params": {"title": "titel", "text": "tekst", "files": [{"name": "foto", "accept": ["image/*"]}]},
        },
    }

"""PDOK Locatieserver 3.1 for tests: suggest, free, lookup and reverse over HTTP, with a few made-up addresses.

As the real one it refuses parameters that it does not know and a suggestion without `q`, gives only the asked fields,
and writes a point as WKT with the longitude first. `fate` makes it misbehave. Free of pytest.
"""

import json
import math
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

BASE = "/bzk/locatieserver/search/v3_1"
KNOWN = {
    "suggest": {"q", "rows", "start", "fl", "fq", "sort", "qf", "bq", "df", "wt", "lat", "lon"},
    "lookup": {"id", "fl", "wt"},
    "reverse": {"lat", "lon", "X", "Y", "type", "distance", "rows", "start", "fl", "fq", "wt"},
}
KNOWN["free"] = KNOWN["suggest"]
DEFAULT_FIELDS = "id,type,weergavenaam,score"


def place(text: str, lon: float, lat: float, *, gemeente: str = "9001", kind: str = "adres") -> dict[str, Any]:
    """One document as the server holds it."""
    return {
        "id": f"{kind[:3]}-{abs(hash((text, lon))):032x}",
        "type": kind,
        "bron": "BAG",
        "weergavenaam": text,
        "gemeentecode": gemeente,
        "centroide_ll": f"POINT({lon} {lat})",
        "score": 7.1,
    }


ADDRESSES = [
    place("Breelaan, Duinstede", 4.7, 52.66, kind="weg"),
    place("Breelaan 12, 1861GE Duinstede", 4.7012, 52.66),
    place("Breelaan 14, 1861GE Duinstede", 4.7016, 52.66),
    place("Dorpsstraat 3, 1861KT Duinstede", 4.71, 52.665),
    place("Breelaan 12, 1054AB Amsterdam", 4.87, 52.36, gemeente="0363"),
]


@dataclass
class Locatieserver:
    """One running server. asked: each request as (endpoint, query), oldest first.

    fate: `goed`; `stil` never answers, `druppelt` a letter at a time; `fout` 503, `elders` 302, `html`, `vreemd` JSON
    of another kind, `reus` too much of it; `zonder_punt` suggestions as the default fields give them; `doof` passes
    over every filter.
    """

    url: str = ""
    places: list[dict[str, Any]] = field(default_factory=lambda: list(ADDRESSES))
    fate: str = "goed"
    asked: list[tuple[str, dict[str, list[str]]]] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def locatieserver() -> Iterator[Locatieserver]:
    """Run a server for the length of the block."""
    state = Locatieserver()

    class Handler(_Handler):
        held = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_port}{BASE}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        state.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    held: Locatieserver

    def handle(self) -> None:
        """A caller that hangs up halfway is no news."""
        with suppress(ConnectionError):
            super().handle()

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        path, query = parts.path.removeprefix(BASE + "/"), parse_qs(parts.query)
        self.held.asked.append((path, query))
        fate = self.held.fate
        if fate == "stil":
            self.held.released.wait(10)
            self.close_connection = True
        elif fate == "druppelt":
            self._drip()
        elif fate == "elders":
            self._send(302, json.dumps(_envelope([ADDRESSES[0]])), location="http://127.0.0.1:1/")
        elif fate in ("fout", "html", "vreemd", "reus"):
            body = {"fout": "{}", "html": "<html>Storing</html>", "vreemd": '{"iets": "anders"}', "reus": "x" * 2**20}
            self._send(503 if fate == "fout" else 200, body[fate])
        else:
            self._send(*self._answer(path, query))

    def _answer(self, path: str, query: dict[str, list[str]]) -> tuple[int, str]:
        if path not in KNOWN:
            return 404, "{}"
        unknown = set(query) - KNOWN[path]
        needed = {"suggest": {"q"}, "lookup": {"id"}, "reverse": {"lat", "lon"}}.get(path, set())
        if unknown or needed - set(query):
            return 400, json.dumps({"error": {"code": 400, "msg": f"Unknown or missing: {unknown or needed}"}})
        found = getattr(self, f"_{path}")(query)[: int(query.get("rows", ["10"])[0])]
        fields = query.get("fl", [DEFAULT_FIELDS])[0].split(",")
        if self.held.fate == "zonder_punt" and path == "suggest":
            fields = DEFAULT_FIELDS.split(",")
        return 200, json.dumps(_envelope([{name: one[name] for name in fields if name in one} for one in found]))

    def _suggest(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        words = query.get("q", [""])[0].casefold().split()
        return [
            one
            for one in self.held.places
            if all(word in one["weergavenaam"].casefold() for word in words) and self._passes(one, query)
        ]

    _free = _suggest

    def _passes(self, one: dict[str, Any], query: dict[str, list[str]]) -> bool:
        """`fq=name:value` and `fq=name:(a OR b)`, all of them."""
        filters = [re.fullmatch(r"(\w+):\(?([^)]*)\)?", written) for written in query.get("fq", [])]
        return self.held.fate == "doof" or all(f and one[f[1]] in f[2].split(" OR ") for f in filters)

    def _lookup(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        return [one for one in self.held.places if one["id"] == query["id"][0]]

    def _reverse(self, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        here = float(query["lon"][0]), float(query["lat"][0])
        near = [{**one, "afstand": _metres(here, one)} for one in self.held.places if one["type"] == "adres"]
        reach = float(query.get("distance", ["1000"])[0])
        return sorted((one for one in near if one["afstand"] <= reach), key=lambda one: one["afstand"])

    def _drip(self) -> None:
        """Never silent long enough for a time-out of the socket, and never done."""
        self._send(200, "", length=10_000)
        try:
            while not self.held.released.wait(0.05):
                self.wfile.write(b" ")
        except OSError:
            pass
        self.close_connection = True

    def _send(self, status: int, body: str, *, location: str = "", length: int = 0) -> None:
        data = body.encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(length or len(data)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keeps the output of tests clean."""


def _envelope(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {"response": {"numFound": len(found), "start": 0, "maxScore": 7.1, "numFoundExact": True, "docs": found}}


def _metres(here: tuple[float, float], one: dict[str, Any]) -> float:
    lon, lat = map(float, re.findall(r"[0-9.]+", one["centroide_ll"]))
    across = math.cos(math.radians(lat))
    return round(111_320 * math.hypot((lon - here[0]) * across, lat - here[1]), 1)

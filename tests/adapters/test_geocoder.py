"""The geocoder against a stand-in that speaks PDOK Locatieserver 3.1: answers, silence, and answers that are none."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.geocoder import Address, FixedGeocoder, NoGeocoder, PdokGeocoder


class Locatieserver(ThreadingHTTPServer):
    """Knows one address; `fate` makes it misbehave."""

    fate = "goed"
    asked: dict[str, list[str]]


class Door(BaseHTTPRequestHandler):
    server: Locatieserver

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self.server.asked = parse_qs(parts.query)
        if self.server.fate == "stil":
            self.server.released.wait(5)  # type: ignore[attr-defined]
            return
        status, body = self.answer(parts.path)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()
        self.wfile.write(body)

    def answer(self, path: str) -> tuple[int, bytes]:
        if path != "/bzk/locatieserver/search/v3_1/reverse":
            return 404, b"{}"
        docs: list[dict[str, Any]] = [
            {
                "type": "adres",
                "weergavenaam": "Dorpsstraat 12, 1861KT Bergen",
                "id": "adr-1",
                "score": 7.1,
                "afstand": 8.4,
            }
        ]
        fates = {
            "goed": (200, {"response": {"numFound": 1, "start": 0, "maxScore": 7.1, "docs": docs}}),
            "leeg": (200, {"response": {"numFound": 0, "start": 0, "docs": []}}),
            "vreemd": (200, {"iets": "anders"}),
            "fout": (503, {"error": "storing"}),
            "elders": (302, {}),
        }
        status, body = fates[self.server.fate]
        return status, json.dumps(body).encode()

    def log_message(self, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def server() -> Iterator[Locatieserver]:
    running = Locatieserver(("127.0.0.1", 0), Door)
    running.released = threading.Event()  # type: ignore[attr-defined]
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.released.set()  # type: ignore[attr-defined]
    running.shutdown()
    thread.join()
    running.server_close()


def geocoder(server: Locatieserver) -> PdokGeocoder:
    return PdokGeocoder(f"http://127.0.0.1:{server.server_port}/bzk/locatieserver/search/v3_1/", timeout_s=0.3)


def test_the_nearest_address(server: Locatieserver) -> None:
    assert geocoder(server).address_at(4.7012345, 52.66) == Address("Dorpsstraat 12, 1861KT Bergen", 8.4)
    assert server.asked["lon"] == ["4.7012345"] and server.asked["lat"] == ["52.6600000"], "never the other way round"


def test_no_address_near(server: Locatieserver) -> None:
    server.fate = "leeg"
    assert geocoder(server).address_at(4.7, 52.66) is None


@pytest.mark.parametrize("fate", ["vreemd", "fout", "elders", "stil"])
def test_every_trouble_is_a_temporary_failure(server: Locatieserver, fate: str) -> None:
    server.fate = fate
    with pytest.raises(TemporaryFailure):
        geocoder(server).address_at(4.7, 52.66)


def test_nobody_listening() -> None:
    with pytest.raises(TemporaryFailure):
        PdokGeocoder("http://127.0.0.1:1/").address_at(4.7, 52.66)


def test_the_twins_keep_the_same_promise() -> None:
    assert NoGeocoder().address_at(4.7, 52.66) is None
    known = FixedGeocoder({(4.7, 52.66): "Dorpsstraat 12, Bergen"})
    assert known.address_at(4.7, 52.66) == Address("Dorpsstraat 12, Bergen", 0.0)
    assert known.address_at(4.8, 52.66) is None

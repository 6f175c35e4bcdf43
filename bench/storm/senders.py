"""Those who report, open loop: each melding goes at its time, whatever became of the ones before it.

A request without an answer goes again with the same key, as an app does. How long it took counts from the moment it
should have gone, so that a sender who is late hides nothing.
"""

import http.client
import itertools
import json
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .plan import Arrival

API = "/api/v1"
TIMEOUT_S, TRIES, PAUSE_S = 30.0, 20, 0.5
SENDERS = 32
"""As many requests at once; more than the threads of two websites."""


@dataclass(frozen=True)
class Sent:
    """What a melder saw. number: of the melding, empty when it was never accepted. took_s: from its time to its answer.

    late_s: how long it waited for a free sender; a figure of the bench, not of the product.
    """

    arrival: Arrival
    number: str
    status: int
    at: float
    took_s: float
    late_s: float
    tries: int


@dataclass
class Crowd:
    """Everybody who reports. ports: of the websites, in turn. photo: the bytes of the picture that some send."""

    ports: Sequence[int]
    arrivals: Sequence[Arrival]
    photo: bytes
    stop: threading.Event
    sent: list[Sent] = field(default_factory=list)
    photos: list[int] = field(default_factory=list)
    began: float = 0.0

    def __post_init__(self) -> None:
        self._turn = itertools.count()
        self._threads = [threading.Thread(target=self._live, args=(n,), name=f"melder-{n}") for n in range(SENDERS)]

    def start(self) -> None:
        """It begins to blow."""
        self.began = time.monotonic() + 0.2
        for thread in self._threads:
            thread.start()

    def busy(self) -> bool:
        """Whether somebody still reports."""
        return any(thread.is_alive() for thread in self._threads)

    def end(self) -> None:
        """Waits until everybody has reported, or gives up when asked to stop."""
        for thread in self._threads:
            thread.join()

    def _live(self, index: int) -> None:
        link = Link(self.ports[index % len(self.ports)], f"127.0.1.{index + 1}")
        while (turn := next(self._turn)) < len(self.arrivals) and not self.stop.is_set():
            who = self.arrivals[turn]
            due = self.began + who.at_s
            self.stop.wait(max(0.0, due - time.monotonic()))
            late_s = time.monotonic() - due
            status, answer, tries = again(lambda who=who: link.post("/meldingen", who.body, key=f"storm-{who.number}"))
            took_s, at = time.monotonic() - due, time.time()
            number = str(answer["nummer"]) if status == 201 else ""
            self.sent.append(Sent(who, number, status, at, took_s, late_s, tries))
            if number and who.photo:
                self.photos.append(link.post_photo(number, str(answer["volgToken"]), self.photo))
        link.close()


def again(ask: Callable[[], tuple[int, Any]]) -> tuple[int, Any, int]:
    """Asks until there is an answer below 500 that is no 429; the last one, and how often it asked."""
    tries = 0
    while True:
        tries += 1
        try:
            status, answer = ask()
        except (OSError, http.client.HTTPException, ValueError):
            status, answer = 0, None
        if (0 < status < 500 and status != 429) or tries == TRIES:
            return status, answer, tries
        time.sleep(PAUSE_S)


class Link:
    """One kept connection to a website, from an address of its own: people in a storm do not share one, and a website
    takes only so much from an address at once (meldingen/bodies.py)."""

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self._port, self._address = port, address
        self._link: http.client.HTTPConnection | None = None

    def post(self, path: str, body: Any, *, key: str) -> tuple[int, Any]:
        """Status and content. Raises what http.client raises; the connection is then a new one."""
        head = {"Content-Type": "application/json", "Idempotency-Key": key}
        return self.send("POST", path, json.dumps(body).encode(), head)

    def post_photo(self, number: str, token: str, photo: bytes) -> int:
        """The status of sending a picture after its melding."""
        edge = uuid.uuid4().hex
        opening = f'--{edge}\r\nContent-Disposition: form-data; name="foto"; filename="boom.jpg"\r\n'
        body = f"{opening}Content-Type: image/jpeg\r\n\r\n".encode() + photo + f"\r\n--{edge}--\r\n".encode()
        head = {"Content-Type": f"multipart/form-data; boundary={edge}", "Volg-Token": token}
        return again(lambda: self.send("POST", f"/meldingen/{number}/fotos", body, head))[0]

    def send(self, method: str, path: str, body: bytes | None, head: dict[str, str]) -> tuple[int, Any]:
        """One request and its answer."""
        if self._link is None:
            self._link = http.client.HTTPConnection(
                "127.0.0.1", self._port, timeout=TIMEOUT_S, source_address=(self._address, 0)
            )
        try:
            self._link.request(method, API + path, body, head)
            response = self._link.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise
        return response.status, json.loads(text) if text else None

    def close(self) -> None:
        """Hangs up."""
        if self._link is not None:
            self._link.close()
            self._link = None

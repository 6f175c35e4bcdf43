"""How people reach the API: plain HTTP, one connection per person, and the patience of a tablet.

A request without an answer is sent again with the same key until there is one, as an app with an outbox of its own
does. Now and then the line drops just before the answer (`drops`): the server did it, the person does not know.
"""

import http.client
import json
import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

API = "/api/v1"
TIMEOUT_S = 20.0
PATIENCE_S = 300.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.1, 2.0


class GaveUp(Exception):
    """No answer within PATIENCE_S."""


@dataclass(frozen=True)
class Answer:
    """What came back. retries: how often the same request went again before it."""

    status: int
    content: Any
    retries: int


@dataclass
class Line:
    """One person's connection. who: name and password of an account, or empty for a resident."""

    port: int
    dice: random.Random
    stop: threading.Event
    who: tuple[str, str] | None = None
    drops: float = 0.02
    _link: http.client.HTTPConnection | None = None
    _token: str = ""
    counts: dict[str, int] = field(default_factory=lambda: {"verzoeken": 0, "opnieuw": 0, "weggevallen": 0})

    def ask(self, method: str, path: str, body: Any = None, **head: str) -> Answer:
        """The answer below 500, however long it takes. head: extra headers, `_` for `-`. Raises GaveUp."""
        until, wait_s, retries = time.monotonic() + PATIENCE_S, FIRST_WAIT_S, 0
        headers = {name.replace("_", "-"): value for name, value in head.items()}
        while True:
            answer = self._try(method, path, body, headers)
            if answer is not None and answer[0] == 401 and self.who:
                self._token = ""
            elif answer is not None and answer[0] < 500 and answer[0] != 429:
                return Answer(*answer, retries)
            if time.monotonic() > until or self.stop.is_set():
                raise GaveUp(f"{method} {path}")
            self.stop.wait(wait_s * self.dice.uniform(0.5, 1.0))
            wait_s = min(wait_s * 2, LONGEST_WAIT_S)
            retries += 1
            self.counts["opnieuw"] += 1

    def _try(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, Any] | None:
        if self.who and not self._token and not self._sign_in():
            return None
        bearer = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        return self._send(method, path, body, {**bearer, **headers}, drop=self.dice.random() < self.drops)

    def _sign_in(self) -> bool:
        assert self.who is not None
        name, password = self.who
        answer = self._send("POST", "/sessies", {"gebruikersnaam": name, "wachtwoord": password}, {})
        self._token = answer[1]["token"] if answer is not None and answer[0] == 201 else ""
        return bool(self._token)

    def _send(
        self, method: str, path: str, body: Any, headers: dict[str, str], *, drop: bool = False
    ) -> tuple[int, Any] | None:
        self.counts["verzoeken"] += 1
        try:
            if self._link is None:
                self._link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT_S)
            data = None if body is None else json.dumps(body)
            self._link.request(method, API + path, data, {"Content-Type": "application/json", **headers})
            if drop:
                self.counts["weggevallen"] += 1
                time.sleep(self.dice.uniform(0, 0.03))
                self._hang_up()
                return None
            response = self._link.getresponse()
            text = response.read()
            return response.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException, ValueError):
            self._hang_up()
            return None

    def _hang_up(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None

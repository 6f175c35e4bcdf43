"""People who report at a steady pace, whatever breaks, and remember every answer: what the ledger counts from.

A request without a 201 goes again with the same key, as an app with an outbox of its own does. Nobody here looks into
the database.
"""

import http.client
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from bench.chaos.plan import CATEGORIES

PEOPLE = 4
TIMEOUT_S = 30.0
AGAIN_S = 0.25
PATIENCE_S = 240.0
BOUNDARY = "grens-van-de-storingsproef"


@dataclass
class Report:
    """One melding as its melder knows it. Times in seconds of the machine's own count; answers: how often each status.

    refused_s: from the first no until the yes. slowest_s: the longest wait for one answer. bare: answers 503 that did
    not say when to come back. photo: how the photo fared, empty without.
    """

    number: int
    contact: dict[str, str]
    begun: float
    accepted: float = 0.0
    melding: str = ""
    token: str = ""
    refused_s: float = 0.0
    slowest_s: float = 0.0
    bare: int = 0
    photo: str = ""
    answers: Counter[str] = field(default_factory=Counter)

    @property
    def mark(self) -> str:
        """See mark_of."""
        return mark_of(self.number)


@dataclass(frozen=True)
class Wish:
    """What is special about the meldingen of one fault: more fields of the body, and a photo for every so many."""

    body: dict[str, Any] = field(default_factory=dict)
    photo: bytes = b""
    photo_every: int = 1


class Stream:
    """PEOPLE who report together `rate` meldingen a second until `end`. first: the number of the first melding."""

    def __init__(self, port: int, seed: int, first: int, *, rate: float, wish: Wish | None = None) -> None:
        self._port, self._seed, self._wish = port, seed, wish or Wish()
        self._next, self._pace_s = first, PEOPLE / rate
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self.reports: list[Report] = []
        self._threads = [threading.Thread(target=self._live, args=(n,), name=f"melder-{n}") for n in range(PEOPLE)]

    def start(self) -> None:
        """Everybody begins."""
        for thread in self._threads:
            thread.start()

    def end(self) -> list[Report]:
        """No new meldingen; who is trying goes on until a yes or PATIENCE_S. All of them."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        return self.reports

    def _live(self, turn: int) -> None:
        self._stop.wait(turn * self._pace_s / PEOPLE)
        while not self._stop.is_set():
            began = time.monotonic()
            with self._lock:
                number, self._next = self._next, self._next + 1
            made = self._report(number)
            with self._lock:
                self.reports.append(made)
            self._stop.wait(max(0.0, self._pace_s - (time.monotonic() - began)))

    def _report(self, number: int) -> Report:
        made = Report(number, contact_of(number), time.monotonic())
        head, body = request(self._seed, number, self._wish)
        first_no = 0.0
        while time.monotonic() - made.begun < PATIENCE_S:
            asked = time.monotonic()
            status, answer, retry_after = post(self._port, head, body)
            answered = time.monotonic()
            made.answers[str(status or "geen antwoord")] += 1
            made.slowest_s = max(made.slowest_s, answered - asked)
            made.bare += status == 503 and not retry_after
            if status == 201:
                made.accepted, made.melding, made.token = answered, answer["nummer"], answer["volgToken"]
                made.photo = answer["fotos"][0]["uitkomst"] if answer.get("fotos") else ""
                made.refused_s = answered - first_no if first_no else 0.0
                break
            if status and 400 <= status < 500 and status != 429:
                break  # a refusal that stays one
            first_no = first_no or asked
            time.sleep(AGAIN_S)
        return made


def request(seed: int, number: int, wish: Wish) -> tuple[dict[str, str], bytes]:
    """Headers and body of one melding, always the same for the same number."""
    dice = random.Random(f"{seed}:storing:{number}")
    place = [round(dice.uniform(4.680, 4.710), 6), round(dice.uniform(52.660, 52.685), 6)]
    about = {
        "locatie": {"type": "Point", "coordinates": place},
        "locatieToelichting": mark_of(number),
        "omschrijving": f"Hier is iets mis, zegt melder {number}.",
        "categorie": dice.choice(CATEGORIES),
        "contact": contact_of(number),
        **wish.body,
    }
    head = {"Idempotency-Key": f"storing-{number}"}
    if not wish.photo or number % wish.photo_every:
        return {**head, "Content-Type": "application/json"}, json.dumps(about).encode()
    picture = wish.photo + number.to_bytes(8, "big")  # another photo each time, to who compares bytes
    parts = [
        (b'name="melding"\r\nContent-Type: application/json', json.dumps(about).encode()),
        (b'name="foto"; filename="foto.jpg"\r\nContent-Type: image/jpeg', picture),
    ]
    return {**head, "Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}, _multipart(parts)


def mark_of(number: int) -> str:
    """What a melder writes at the place, by which the database shows which melding this became."""
    return f"Plek {number}."


def contact_of(number: int) -> dict[str, str]:
    """E-mail or a mobile, by turns; both with a good fate in plan.py."""
    return {"email": f"m{number}@bewoner.example"} if number % 2 else {"telefoon": f"061{number:07d}"}


def post(port: int, head: dict[str, str], body: bytes) -> tuple[int, Any, str]:
    """One try on a connection of its own: status (0: no answer), content and Retry-After."""
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_S)
    try:
        link.request("POST", "/api/v1/meldingen", body, head)
        answer = link.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text else None, answer.headers.get("Retry-After", "")
    except (OSError, http.client.HTTPException, ValueError):
        return 0, None, ""
    finally:
        link.close()


def _multipart(parts: Sequence[tuple[bytes, bytes]]) -> bytes:
    mark = BOUNDARY.encode()
    made = [b"--%b\r\nContent-Disposition: form-data; %b\r\n\r\n%b\r\n" % (mark, head, body) for head, body in parts]
    return b"".join(made) + b"--%b--\r\n" % mark

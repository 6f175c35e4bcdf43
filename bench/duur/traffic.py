"""All that people do in an ordinary hour, mixed by a seed: report, look, search, close, judge. Open loop, as a storm.

What came back is only counted: that nothing is lost is for bench/storm and bench/chaos.
"""

import itertools
import json
import random
import threading
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

import requests

from bench.chaos import plan as words
from bench.storm.plan import STORM, arrivals
from bench.storm.senders import API, Link, again
from bench.terrein import PASSWORD, signed_in
from tests import photos

SENDERS, REMEMBERED = 16, 500
NOBODY = 204
"""Nothing to ask about yet."""
JSON = {"Content-Type": "application/json"}
MIX = {
    "melden": 30,
    "volgen": 14,
    "volgpagina": 8,
    "categorieen": 12,
    "lijst": 12,
    "teampagina": 6,
    "zoeken": 6,
    "afhandelen": 6,
    "oordeel": 3,
    "voorpagina": 3,
}
"""What people do, in parts of the sum."""


@dataclass
class Traffic:
    """So many requests a second for so long. counts: per kind and status; took: the last answers per kind, seconds."""

    port: int
    per_s: float
    seconds: float
    seed: int
    stop: threading.Event
    counts: Counter[tuple[str, int]] = field(default_factory=Counter)
    took: dict[str, deque[float]] = field(default_factory=lambda: {kind: deque(maxlen=REMEMBERED) for kind in MIX})

    def __post_init__(self) -> None:
        total = int(self.per_s * self.seconds)
        share = MIX["melden"] / sum(MIX.values())
        self._reports = iter(arrivals(int(total * share * 1.1) + 50, self.seconds, self.seed))
        self._known: deque[tuple[str, str]] = deque(maxlen=REMEMBERED)
        self._work: deque[dict[str, Any]] = deque()
        self._lock, self._total, self._turn = threading.Lock(), total, itertools.count()
        self._photo = photos.photo(size=(1600, 1200))
        self._threads = [threading.Thread(target=self._live, name=f"verkeer-{n}") for n in range(SENDERS)]

    def start(self) -> None:
        """It begins."""
        self._began = time.monotonic() + 0.2
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Waits for the last of it."""
        for thread in self._threads:
            thread.join()

    def busy(self) -> bool:
        """Whether there is more to come."""
        return any(thread.is_alive() for thread in self._threads)

    def _live(self) -> None:
        person = Person(self.port)
        while (turn := next(self._turn)) < self._total and not self.stop.is_set():
            due = self._began + turn / self.per_s
            self.stop.wait(max(0.0, due - time.monotonic()))
            dice = random.Random(f"{self.seed}:verkeer:{turn}")
            kind = dice.choices(list(MIX), list(MIX.values()))[0]
            status = again(lambda kind=kind, dice=dice: (getattr(self, f"_{kind}")(person, dice), None))[0]
            self.took[kind].append(time.monotonic() - due)
            self.counts[kind, status] += 1

    def _melden(self, person: "Person", _dice: random.Random) -> int:
        with self._lock:
            who = next(self._reports)
        status, made = person.link.post("/meldingen", who.body, key=f"duur-{who.number}")
        if status == 201:
            self._known.append((made["nummer"], made["volgToken"]))
            if who.photo:
                person.link.post_photo(made["nummer"], made["volgToken"], self._photo)
        return int(status)

    def _volgen(self, person: "Person", dice: random.Random) -> int:
        number, token = self._one(dice)
        return (
            int(person.link.send("GET", f"/meldingen/{number}", None, {"Volg-Token": token})[0]) if number else NOBODY
        )

    def _volgpagina(self, person: "Person", dice: random.Random) -> int:
        _, token = self._one(dice)
        return requests.get(f"{person.home}/v/{token}", timeout=30).status_code if token else NOBODY

    def _categorieen(self, person: "Person", _dice: random.Random) -> int:
        return person.categories()

    def _lijst(self, person: "Person", _dice: random.Random) -> int:
        head = person.bearer
        status, listed = person.link.send("GET", "/opdrachten?volgorde=ontvangst&pageSize=50", None, head)
        if status == 200 and len(self._work) < REMEMBERED:
            self._work.extend(listed["opdrachten"][:5])
        return int(status)

    def _afhandelen(self, person: "Person", dice: random.Random) -> int:
        if not self._work:
            return self._lijst(person, dice)
        with self._lock:
            one = self._work.popleft()
        head = person.bearer | {"If-Match": f'"{one["versie"]}"', "Idempotency-Key": f"duur-klaar-{one['id']}"}
        body = {"uitkomst": "opgelost", "zin": words.sentence(one["id"])}
        path = f"/opdrachten/{one['id']}/afhandelingen"
        return int(person.link.send("POST", path, json.dumps(body).encode(), JSON | head)[0])

    def _oordeel(self, person: "Person", dice: random.Random) -> int:
        number, token = self._one(dice)
        if not number:
            return NOBODY
        head = JSON | {"Volg-Token": token, "Idempotency-Key": f"oordeel-{number}-{dice.random()}"}
        return int(person.link.send("POST", f"/meldingen/{number}/oordelen", b'{"antwoord": true}', head)[0])

    def _teampagina(self, person: "Person", dice: random.Random) -> int:
        return person.page("coordinator", f"/team?bladzijde={dice.randint(1, 3)}")

    def _zoeken(self, person: "Person", dice: random.Random) -> int:
        return person.page("kcc", f"/kcc/zoeken?zoek={dice.choice(('storm', 'melder 12', '2600000018', 'Breelaan'))}")

    def _voorpagina(self, person: "Person", _dice: random.Random) -> int:
        return person.page("", "/in-de-buurt")

    def _one(self, dice: random.Random) -> tuple[str, str]:
        return dice.choice(list(self._known)) if self._known else ("", "")


class Person:
    """One sender: a connection, and who he is at the doors of staff."""

    def __init__(self, port: int) -> None:
        self.home, self.link = f"http://127.0.0.1:{port}", Link(port)
        self._browsers: dict[str, requests.Session] = {}
        self._bearer: dict[str, str] = {}
        self._etag = ""

    @property
    def bearer(self) -> dict[str, str]:
        """The header of a coordinator, who signs in once."""
        if not self._bearer:
            said = json.dumps({"gebruikersnaam": "coordinator", "wachtwoord": PASSWORD}).encode()
            self._bearer = {"Authorization": f"Bearer {self.link.send('POST', '/sessies', said, JSON)[1]['token']}"}
        return self._bearer

    def categories(self) -> int:
        """The status of asking for the categories as an app does, with what it has already."""
        answer = requests.get(
            f"{self.home}{API}/categorieen?gemeente={STORM}", headers={"If-None-Match": self._etag}, timeout=30
        )
        self._etag = answer.headers.get("ETag", self._etag)
        return answer.status_code

    def page(self, who: str, path: str) -> int:
        """The status of a page, as this medewerker or as anybody."""
        if who not in self._browsers:
            self._browsers[who] = signed_in(self.home, who, PASSWORD) if who else requests.Session()
        return self._browsers[who].get(f"{self.home}{path}", timeout=30).status_code

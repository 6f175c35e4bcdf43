"""The people of a chaos run: residents who report, and a team that closes. They know what the doors told them.

Everything they saw goes into the Book: each melding with its number and token, each closing that was answered 2xx, and
when. The ledger counts from there. Nobody here looks into the database.
"""

import json
import queue
import random
import threading
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from . import plan
from .door import Answer, GaveUp, Line

RESIDENTS, TEAMS = 3, 3
PAGE = 100
"""So many opdrachten on one page of the list."""
JOIN_WAITS_S = (0.5, 1.0, 2.0, 4.0)
LOOKS_AGAIN_S = 0.7
"""Between two looks at the list."""


@dataclass
class Made:
    """A melding that got its 201. ends: the closings it should be told about. withdrawn: answered "ingetrokken"."""

    who: plan.Melder
    number: str
    token: str
    withdrawn_at: float = 0.0
    reopened: int = 0


@dataclass
class Closing:
    """One closing: asked at the first try, answered at the 2xx. Its sentence names the opdracht: plan.sentence."""

    opdracht: int
    solved: bool
    meldingen: tuple[str, ...]
    asked_at: float
    answered_at: float
    retries: int
    offline: bool


@dataclass
class Book:
    """What the people saw, together."""

    meldingen: dict[str, Made] = field(default_factory=dict)
    by_plan: dict[int, Made] = field(default_factory=dict)
    closings: dict[int, Closing] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    lost_patience: list[str] = field(default_factory=list)
    held: set[str] = field(default_factory=set)
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass
class Town:
    """Residents and teams at work until `closings` were answered and nothing is left open."""

    port: int
    push_port: int
    seed: int
    closings: int
    password: str
    book: Book = field(default_factory=Book)
    stop: threading.Event = field(default_factory=threading.Event)
    lines: list[Line] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._work: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self._again: queue.Queue[int] = queue.Queue()
        self._wishes: queue.SimpleQueue[Made] = queue.SimpleQueue()
        self._next = 0
        self._made = 0
        self._void = 0
        self._window = max(20, min(300, self.closings // 3))
        self._threads = [threading.Thread(target=self._live, args=(self._resident, n)) for n in range(RESIDENTS)]
        self._threads += [threading.Thread(target=self._live, args=(self._team, n)) for n in range(TEAMS)]
        self._threads.append(threading.Thread(target=self._live, args=(self._hand_out, 0)))

    def start(self) -> None:
        """Everybody begins."""
        for thread in self._threads:
            thread.start()

    def busy(self) -> bool:
        """Whether somebody still works."""
        return any(thread.is_alive() for thread in self._threads)

    def end(self) -> None:
        """Everybody goes home."""
        self.stop.set()
        for thread in self._threads:
            thread.join()

    def line(self, name: str, who: str = "") -> Line:
        """A connection for one person."""
        made = Line(self.port, random.Random(f"{self.seed}:{name}"), self.stop, (who, self.password) if who else None)
        with self.book.lock:
            self.lines.append(made)
        return made

    def _live(self, life: Callable[[int], None], index: int) -> None:
        """A life; a fault in it is a fault of the run and ends it for all."""
        try:
            life(index)
        except Exception as error:
            self.book.lost_patience.append(f"{life.__name__} {index}: {error!r}")
            self.stop.set()
            raise

    # ---- residents

    def _resident(self, index: int) -> None:
        own, desk = self.line(f"melder-{index}"), self.line(f"kcc-{index}", "kcc")
        while not self.stop.is_set():
            if self._grant_wish(own):
                continue
            first = self._take()
            if first is None:
                if self.done():
                    return
                self.stop.wait(0.05)
                continue
            members, kept = plan.household(self.seed, first), False
            try:
                kept = self._report(own, desk, members)
            except GaveUp as reason:
                self.book.lost_patience.append(str(reason))
            if not kept:
                with self.book.lock:
                    self._void += 1

    def _take(self) -> int | None:
        """The next household to report, when there is room for more open work."""
        with self.book.lock:
            done = len(self.book.closings)
            useful = self._made - self._void
            if useful - done > self._window or useful >= self.closings:
                return None
            first = self._next
            self._next = plan.household(self.seed, first)[-1].number + 1
            self._made += 1
            return first

    def _report(self, own: Line, desk: Line, members: list[plan.Melder]) -> bool:
        """Whether there is something to close: somebody reported and did not withdraw."""
        kept = False
        mark, troubled = members[0].mark, len(members) > 1 or members[0].wish == "intrekken"
        if troubled:
            self.book.held.add(mark)  # nobody closes it before everybody has spoken
        try:
            for who in members:
                made = self._post(own, desk, who)
                if made is not None and who.wish == "intrekken" and not who.danger:
                    self._withdraw(own, made)
                kept = kept or (made is not None and not made.withdrawn_at)
        finally:
            self.book.held.discard(mark)
        return kept

    def _post(self, own: Line, desk: Line, who: plan.Melder) -> Made | None:
        body: dict[str, Any] = {
            "locatie": {"type": "Point", "coordinates": list(who.place)},
            "locatieToelichting": who.mark,
            "omschrijving": f"Hier is iets mis, zegt melder {who.number}.",
            "categorie": who.category,
            "gevaar": who.danger,
        }
        if who.contact:
            body["contact"] = who.contact
        if who.shared and (same := self._nearby(own, who)):
            body["zelfdeAls"] = same
        line = own
        if who.kind in ("vast", "bel_mij"):
            line, body["kanaal"] = desk, "telefoon"
        answer = line.ask("POST", "/meldingen", body, Idempotency_Key=f"melding-{who.number}")
        if answer.status != 201:
            self.book.refused.append(f"melding {who.number}: {answer.status} {_code(answer)}")
            return None
        made = Made(who, answer.content["nummer"], answer.content["volgToken"])
        if who.device:
            self._subscribe(own, made)
        with self.book.lock:
            self.book.meldingen[made.number] = self.book.by_plan[who.number] = made
        return made

    def _subscribe(self, own: Line, made: Made) -> None:
        """ "Bericht op dit apparaat": the browser asks its push service for an address and hands it to us."""
        address = f"http://127.0.0.1:{self.push_port}/apparaat/{made.who.number}/{made.who.device}"
        with urllib.request.urlopen(urllib.request.Request(address, b""), timeout=10) as answer:
            device = json.load(answer)
        keys = {"p256dh": device["p256dh"], "auth": device["auth"]}
        body = {"eindpunt": device["eindpunt"], "sleutels": keys}
        put = own.ask("PUT", f"/meldingen/{made.number}/apparaat", body, Volg_Token=made.token)
        if put.status != 200:
            self.book.refused.append(f"apparaat {made.number}: {put.status} {_code(put)}")

    def _nearby(self, own: Line, who: plan.Melder) -> str:
        """The problem right here that somebody reported before; it may take a moment to get its team."""
        lon, lat = who.place
        path = f"/meldingen-nabij?lon={lon}&lat={lat}&straal=10&categorie={who.category}"
        for wait_s in JOIN_WAITS_S:
            self.stop.wait(wait_s)
            for item in own.ask("GET", path).content["meldingen"]:
                if item["afstandMeter"] == 0:
                    return str(item["id"])
        return ""

    def _withdraw(self, own: Line, made: Made) -> None:
        path, key = f"/meldingen/{made.number}/intrekkingen", f"intrekken-{made.number}"
        answer = own.ask("POST", path, {}, Volg_Token=made.token, Idempotency_Key=key)
        if answer.status == 201 and answer.content["resultaat"] == "ingetrokken":
            made.withdrawn_at = time.time()
        else:
            self.book.refused.append(f"intrekken {made.number}: {answer.status}")

    def _grant_wish(self, own: Line) -> bool:
        try:
            made = self._wishes.get_nowait()
        except queue.Empty:
            return False
        path, key = f"/meldingen/{made.number}/heropeningen", f"heropenen-{made.number}"
        try:
            answer = own.ask("POST", path, {"tekst": "Nog niet."}, Volg_Token=made.token, Idempotency_Key=key)
        except GaveUp as reason:
            self.book.lost_patience.append(str(reason))
            return True
        if answer.status == 201:
            made.reopened += 1
        else:
            self.book.refused.append(f"heropenen {made.number}: {answer.status}")
        return True

    def done(self) -> bool:
        """Whether all the closings were answered."""
        return len(self.book.closings) >= self.closings

    # ---- teams

    def _hand_out(self, _index: int) -> None:
        """Somebody looks at the list of all teams and hands out what is new, the oldest first."""
        line = self.line("werkverdeler", "coordinator")
        given: set[int] = set()
        quiet = 0
        while not self.stop.is_set():
            try:
                path = f"/opdrachten?volgorde=ontvangst&pageSize={PAGE}"
                listed = line.ask("GET", path).content["opdrachten"]
            except GaveUp as reason:
                self.book.lost_patience.append(str(reason))
                continue
            new = [one for one in listed if one["id"] not in given and one["locatieToelichting"] not in self.book.held]
            for one in new:
                given.add(one["id"])
                self._work.put(one)
            while not self._again.empty():
                given.discard(self._again.get())
            quiet = 0 if listed or not self.done() else quiet + 1
            if quiet >= 5:  # nothing has come for a while
                for _ in range(TEAMS):
                    self._work.put(None)
                return
            self.stop.wait(LOOKS_AGAIN_S)
            while self._work.qsize() > TEAMS and not self.stop.is_set():
                self.stop.wait(0.05)

    def _team(self, index: int) -> None:
        line = self.line(f"team-{index}", "coordinator")
        while not self.stop.is_set():
            try:
                one = self._work.get(timeout=1)
            except queue.Empty:
                continue
            if one is None:
                return
            try:
                closed = self._close(line, one)
            except GaveUp as reason:
                self.book.lost_patience.append(str(reason))
                continue
            if not closed:
                self._again.put(one["id"])

    def _close(self, line: Line, one: dict[str, Any]) -> bool:
        """One opdracht to its end; False when it should be looked at again."""
        dice = random.Random(f"{self.seed}:werk:{one['id']}")
        path, version = f"/opdrachten/{one['id']}", int(one["versie"])
        if dice.random() < 0.05:
            answer = line.ask("POST", f"{path}/inbehandelingnames", {}, **_online(version, f"oppakken-{one['id']}"))
            version = int(answer.content["versie"]) if answer.status == 201 else version
        body: dict[str, Any] = {"uitkomst": "opgelost", "zin": plan.sentence(one["id"])}
        if dice.random() < 0.1:
            body |= {"uitkomst": "niet_opgelost", "reden": "binnen-de-norm"}
        key, offline = f"afhandelen-{one['id']}", dice.random() < 0.25
        asked_at = time.time()
        if offline:
            moment = datetime.fromisoformat(one["ontvangenOp"]) + timedelta(seconds=1)
            body |= {"basisversie": version, "apparaattijd": moment.isoformat()}
            answer = line.ask("POST", f"{path}/afhandelingen", body, Idempotency_Key=key)
        else:
            answer = line.ask("POST", f"{path}/afhandelingen", body, **_online(version, key))
        if answer.status == 412:
            return False
        if answer.status != 201:
            self.book.refused.append(f"afhandelen {one['id']}: {answer.status} {_code(answer)}")
            return True
        answered_at = time.time()
        numbers = self._told(line, one)
        with self.book.lock:
            self.book.closings[one["id"]] = Closing(
                one["id"], body["uitkomst"] == "opgelost", numbers, asked_at, answered_at, answer.retries, offline
            )
        for number in numbers:
            made = self.book.meldingen.get(number)
            if made is not None and made.who.wish == "heropenen" and not made.reopened and not made.withdrawn_at:
                self._wishes.put(made)
        return True

    def _told(self, line: Line, one: dict[str, Any]) -> tuple[str, ...]:
        """The meldingen on this opdracht, as the tablet shows them; a lone one is known by its mark."""
        first = int(one["locatieToelichting"].strip("Plek ."))
        lone = len(plan.household(self.seed, first)) == 1 and one["aantalMeldingen"] == 1
        if lone and (made := self.book.by_plan.get(first)):
            return (made.number,)
        detail = line.ask("GET", f"/opdrachten/{one['id']}").content
        return tuple(linked["nummer"] for linked in detail["meldingen"])


def _online(version: int, key: str) -> dict[str, str]:
    return {"If_Match": f'"{version}"', "Idempotency_Key": key}


def _code(answer: Answer) -> str:
    return str(answer.content.get("code", "")) if isinstance(answer.content, dict) else ""

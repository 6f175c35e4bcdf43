"""One fault from beginning to end: people report, something breaks, and then all must come right by itself.

Watches the two health addresses as a load balancer and an orchestrator do. What breaks is the fault's own business.
"""

import http.client
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from bench.chaos.disasters import START
from bench.chaos.ground import Ground
from meldingen.db import machine_now
from meldingen.domain.clock import offset_of
from meldingen.local.places import write_private
from meldingen.local.shell import CommandFailed
from tests.adapters.s3_server import S3Server
from tests.standins.locatieserver import Locatieserver

from . import ledger
from .ledger import Ledger
from .melders import Report, Stream, Wish

LOOKS_EVERY_S = 0.25
HEALTH_TIMEOUT_S = 5.0
CALM_S = 1.0
"""So long people report before anything breaks."""
HEALS_WITHIN_S = 180.0
BUSINESS_STEP_MIN = 20


@dataclass(frozen=True)
class Look:
    """One look at the health pages. live and ready: the status, 0 without an answer. down: the parts that are named."""

    at: float
    live: int
    ready: int
    took_s: float
    down: frozenset[str]


class Watch:
    """Looks at the health pages until told to stop."""

    def __init__(self, port: int) -> None:
        self._port, self._stop = port, threading.Event()
        self.looks: list[Look] = []
        self._thread = threading.Thread(target=self._run, name="gezondheid")
        self._thread.start()

    def end(self) -> list[Look]:
        """All that was seen."""
        self._stop.set()
        self._thread.join()
        return self.looks

    def _run(self) -> None:
        while not self._stop.wait(LOOKS_EVERY_S):
            self.looks.append(look(self._port))


def look(port: int) -> Look:
    """How the installation says it is."""
    began = time.monotonic()
    live, _ = _get(port, "/gezond/leeft")
    took_s = time.monotonic() - began
    ready, said = _get(port, "/gezond/klaar")
    parts = json.loads(said).get("onderdelen", {}) if said.startswith(b"{") else {}
    return Look(began, live, ready, took_s, frozenset(name for name, how in parts.items() if how != "goed"))


@dataclass(frozen=True)
class Fault:
    """One thing to break. act: breaks it while the block lasts, and mends what does not mend itself at its end.

    down: the parts that /gezond/klaar must name. intake: meldingen are taken all the while, so ready stays 200 and
    nobody is refused. alive: live stays 200 (not where we kill the website itself). waits: business time has to pass
    before all is heard (a provider was away for hours). wish: what the melders send. needs_s3: photos are kept
    elsewhere. check: what else must hold when all is well again; sentences about what does not.
    """

    name: str
    act: Callable[["Scene"], AbstractContextManager[None]]
    lasts_s: float = 4.0
    down: frozenset[str] = frozenset()
    intake: bool = True
    alive: bool = True
    waits: bool = False
    wish: Wish = field(default_factory=Wish)
    needs_s3: bool = False
    short: bool = False
    check: Callable[["Scene", list[Report]], list[str]] = lambda _scene, _reports: []


@dataclass
class Result:
    """One row of the table. healed_s: None when it did not. business_min: how far business time went meanwhile."""

    name: str
    ledger: Ledger
    refused_s: float
    slowest_s: float
    answers: dict[str, int]
    down: list[str]
    healed_s: float | None
    business_min: int
    wrong: list[str]
    said: list[str]


@dataclass(frozen=True)
class Outside:
    """The stand-ins that run in this process: the address service, and an S3 when the photos are kept there."""

    addresses: Locatieserver
    s3: S3Server | None = None


@dataclass
class Scene:
    """What a fault may touch. notes: mistakes a fault saw itself. said: what it wants to tell beside the table."""

    ground: Ground
    outside: Outside
    seed: int
    rate: float
    said: list[str] = field(default_factory=list)
    next_number: int = 1
    notes: list[str] = field(default_factory=list)
    dice: random.Random = field(default_factory=random.Random)
    reports: list[Report] = field(default_factory=list)
    _moods: dict[str, dict[str, object]] = field(default_factory=dict)

    def mood(self, provider: str, mood: str) -> None:
        """Sets how a provider behaves from now on; empty is well. See bench/chaos/providers.py."""
        self._moods[provider] = {"mood": mood, "shots": []}
        write_private(self.ground.moods, json.dumps(self._moods))

    def eventually(self, true: Callable[[], bool], step: str = "") -> bool:
        """Whether something comes true within HEALS_WITHIN_S. step: how far business time goes between two looks."""
        until = time.monotonic() + HEALS_WITHIN_S
        while not true():
            if time.monotonic() > until or self.ground.stack.supervisor.stopping.wait(0.5):
                return False
            if step:
                self.clock(step)
        return True

    def clock(self, stand: str) -> None:
        """Sets business time as `meldingen klok` does, without the start of a program: +3h, or a moment."""
        before = int(self.ground.sql("select offset_s from klok")[0])
        offset_s = offset_of(stand, machine_now=machine_now(), offset_s=before)
        self.ground.sql(f"update klok set offset_s = {offset_s}; delete from pace")

    def play(self, fault: Fault) -> Result:
        """Everything about one fault. Business time starts on the same morning each time."""
        if self.ground.stack.supervisor.stopping.is_set():
            raise KeyboardInterrupt
        self.dice = random.Random(f"{self.seed}:{fault.name}")
        self.notes, self.said = [], []
        self.clock(START)
        offset, after = (
            self.ground.log.stat().st_size,
            int(self.ground.sql("select coalesce(max(id), 0) from melding")[0]),
        )
        watch = Watch(self.ground.port)
        stream = Stream(self.ground.port, self.seed, self.next_number, rate=self.rate, wish=fault.wish)
        self.reports = stream.reports
        stream.start()
        time.sleep(CALM_S)
        broke = time.monotonic()
        with fault.act(self):
            time.sleep(fault.lasts_s)
            during = time.monotonic()
        mended = time.monotonic()
        reports = stream.end()
        self.next_number += len(reports) + 100
        made, healed_s, business_min = self._settle(reports, after, offset, mended, waits=fault.waits)
        looks = watch.end()
        wrong = [*self.notes, *made.doubles, *made.missing, *fault.check(self, reports)]
        wrong += _health_mistakes(fault, [one for one in looks if broke < one.at < during])
        wrong += _refusal_mistakes(fault, reports)
        answers: dict[str, int] = {}
        for report in reports:
            for status, times in report.answers.items():
                answers[status] = answers.get(status, 0) + times
        return Result(
            name=fault.name,
            ledger=made,
            refused_s=max((one.refused_s for one in reports), default=0.0),
            slowest_s=max((one.slowest_s for one in reports), default=0.0),
            answers=answers,
            down=sorted({name for one in looks for name in one.down}),
            healed_s=healed_s,
            business_min=business_min,
            wrong=wrong if healed_s is not None else [*wrong, "herstelde niet vanzelf"],
            said=self.said,
        )

    def _settle(
        self, reports: list[Report], after: int, offset: int, mended: float, *, waits: bool
    ) -> tuple[Ledger, float | None, int]:
        """Until health is well and nothing is missing, or HEALS_WITHIN_S; what waits for a moment gets it."""
        minutes = 0
        while True:
            made = self._count(reports, after, offset)
            well = look(self.ground.port)
            if made is not None and not made.missing and well.ready == 200 and not well.down:
                return made, round(time.monotonic() - mended, 1), minutes
            if time.monotonic() - mended > HEALS_WITHIN_S:
                return made or Ledger(missing=["de database antwoordt niet"]), None, minutes
            if self.ground.stack.supervisor.stopping.is_set():
                raise KeyboardInterrupt
            if waits and made is not None and made.missing:
                self.clock(f"+{BUSINESS_STEP_MIN}m")
                minutes += BUSINESS_STEP_MIN
            time.sleep(0.5)

    def _count(self, reports: list[Report], after: int, offset: int) -> Ledger | None:
        """The ledger as it is now; None while the database is away."""
        try:
            rows = self.ground.sql(ledger.KEPT.format(after=after))
            maybe = self.ground.sql("select reference from delivery where maybe_double")
        except CommandFailed:
            return None
        return ledger.judge(reports, ledger.parse_kept(rows, maybe), ledger.read_yes(self.ground.log, offset))


def _health_mistakes(fault: Fault, looks: list[Look]) -> list[str]:
    """What the health pages said wrong while it lasted."""
    wrong = []
    named = frozenset(name for one in looks for name in one.down)
    if missed := fault.down - named:
        wrong.append(f"/gezond/klaar noemde niet: {', '.join(sorted(missed))}")
    if fault.alive and (bad := [one for one in looks if one.live != 200]):
        wrong.append(f"/gezond/leeft was {len(bad)} van {len(looks)} keer niet 200")
    if fault.intake and fault.alive and (bad := [one for one in looks if one.ready != 200]):
        wrong.append(f"/gezond/klaar was {len(bad)} van {len(looks)} keer niet 200 terwijl aannemen kon")
    return wrong


def _refusal_mistakes(fault: Fault, reports: list[Report]) -> list[str]:
    """A refusal says when to come back, and there is none while intake goes on."""
    wrong = []
    if bare := sum(one.bare for one in reports):
        wrong.append(f"{bare} keer 503 zonder Retry-After")
    crashed = sum(times for one in reports for status, times in one.answers.items() if status == "500")
    if crashed:
        wrong.append(f"{crashed} keer 500")
    refused = [one for one in reports if one.refused_s]
    if fault.intake and fault.alive and refused:
        wrong.append(f"{len(refused)} melders kregen nee terwijl aannemen kon: {dict(refused[0].answers)}")
    return wrong


def _get(port: int, path: str) -> tuple[int, bytes]:
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=HEALTH_TIMEOUT_S)
    try:
        link.request("GET", path)
        answer = link.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        link.close()

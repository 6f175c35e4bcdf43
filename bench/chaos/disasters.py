"""What goes wrong during a chaos run, and when: seeded, and spread over the closings, not over the minutes.

Every disaster is written down with its time and the processes it hit, so that the ledger can name it.
"""

import json
import random
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

import redis

from meldingen.local.places import write_private

from .ground import DATABASE, QUEUE, SITE, WORKERS, Ground, kill
from .people import Town

ROUNDS = {
    "werker gedood": 120,
    "relay gedood": 600,
    "klok gedood": 2000,
    "fotowerker gedood": 2000,
    "alle werkers gedood": 2500,
    "website gedood": 700,
    "websiteproces gedood": 700,
    "wachtrij gewist": 500,
    "wachtrij gedood": 1500,
    "database hard gestopt": 1500,
    "databaseproces gedood": 1500,
    "mailserver weg": 2500,
    "mailserver druk (421)": 2500,
    "mailserver in storing (451)": 2500,
    "mailserver weigert een bericht (554)": 500,
    "mailserver zwijgt na DATA": 1000,
    "mailserver breekt af na DATA": 400,
    "sms-dienst weg": 2500,
    "sms-dienst druk (429)": 2500,
    "sms-dienst in storing (503)": 2500,
    "sms-dienst slikt en geeft 500": 500,
    "sms-dienst zwijgt na aannemen": 1000,
    "pushdienst weg (503)": 2500,
    "pushdienst druk (429)": 2500,
    "pushdienst slikt en geeft 500": 2000,
    "pushdienst breekt af": 2000,
}
"""Each disaster and how many closings there are to one of it; each comes at least once."""

LASTING = {
    "mailserver weg": ("mail", "weg"),
    "mailserver druk (421)": ("mail", "druk"),
    "mailserver in storing (451)": ("mail", "storing"),
    "sms-dienst weg": ("sms", "weg"),
    "sms-dienst druk (429)": ("sms", "druk"),
    "sms-dienst in storing (503)": ("sms", "storing"),
    "pushdienst weg (503)": ("push", "weg"),
    "pushdienst druk (429)": ("push", "druk"),
}
ONE_SHOTS = {
    "mailserver weigert een bericht (554)": ("mail", "weigert"),
    "mailserver zwijgt na DATA": ("mail", "zwijgt"),
    "mailserver breekt af na DATA": ("mail", "breekt_af"),
    "sms-dienst slikt en geeft 500": ("sms", "slikt"),
    "sms-dienst zwijgt na aannemen": ("sms", "zwijgt"),
    "pushdienst slikt en geeft 500": ("push", "slikt"),
    "pushdienst breekt af": ("push", "breekt_af"),
}
CLOCK = ((0.35, "2026-04-14T21:59:30"), (0.55, "2026-04-15T06:59:30"), (0.75, "+3h"))
"""When in the run business time jumps: into the night, to the next morning, and hours ahead in an outage."""
START = "2026-04-14T09:00"


@dataclass(frozen=True)
class Hit:
    """One disaster that happened. pids: the processes it ended."""

    kind: str
    at: float
    pids: tuple[int, ...] = ()
    until: float = 0.0


@dataclass
class Disasters:
    """Brings them, in a thread of its own, as the closings come."""

    ground: Ground
    town: Town
    seed: int
    hits: list[Hit] = field(default_factory=list)

    def __post_init__(self) -> None:
        dice = random.Random(f"{self.seed}:rampen")
        plan: list[tuple[float, str]] = []
        for kind, per in ROUNDS.items():
            count = max(1, round(self.town.closings / per))
            plan += [((turn + dice.random()) / count * 0.97 + 0.01, kind) for turn in range(count)]
        plan += [(at, f"klok naar {stand}") for at, stand in CLOCK]
        self._plan = sorted(plan)
        self._dice = dice
        self._moods: dict[str, dict[str, object]] = {
            provider: {"mood": "", "shots": []} for provider in ("mail", "sms", "push")
        }
        self._until: dict[str, float] = {}
        self._thread = threading.Thread(target=self._run, name="rampen")

    def start(self) -> None:
        """From now on nothing is safe."""
        self._thread.start()

    def end(self) -> None:
        """No more of it; every provider is well again."""
        self._thread.join()
        for provider in self._moods:
            self._moods[provider]["mood"] = ""
        self._tell()

    def missed(self) -> int:
        """How many did not come: then the run proves less than it says."""
        return len(self._plan) - len(self.hits)

    def _run(self) -> None:
        for share, kind in self._plan:
            while len(self.town.book.closings) < share * self.town.closings and self.town.busy():
                self._get_well()
                self.town.stop.wait(0.02)
            if self.town.stop.is_set():
                return
            self._hit(kind)
        while self._until and self.town.busy():
            self._get_well()
            self.town.stop.wait(0.1)

    def _hit(self, kind: str) -> None:
        lasts_s = 0.0
        pids: list[int] = []
        if kind in LASTING:
            provider, mood = LASTING[kind]
            lasts_s = max(2.0, min(60.0, self.town.closings / 150)) * self._dice.uniform(0.7, 1.3)
            self._moods[provider]["mood"] = mood
            self._until[provider] = time.time() + lasts_s
            self._tell()
        elif kind in ONE_SHOTS:
            provider, shot = ONE_SHOTS[kind]
            shots = self._moods[provider]["shots"]
            assert isinstance(shots, list)
            shots.append({"id": f"{kind}-{len(shots)}", "kind": shot, "times": self._dice.randint(1, 3)})
            self._tell()
        elif kind.startswith("klok naar "):
            stand = kind.removeprefix("klok naar ")
            if stand.startswith("+"):  # hours of outage, told by the clock
                self._moods["mail"]["mood"] = self._moods["sms"]["mood"] = "weg"
                self._until["mail"] = self._until["sms"] = time.time() + 10
                self._tell()
            self.ground.clock(stand)
        elif kind == "wachtrij gewist":
            self._try_flush()
        else:
            pids = strike(self.ground, kind, self._dice)
        self.hits.append(Hit(kind, time.time(), tuple(pids), time.time() + lasts_s))

    def _try_flush(self) -> None:
        try:
            self.ground.flush_queue()
        except redis.RedisError:
            return  # it was down already

    def _get_well(self) -> None:
        for provider, until in list(self._until.items()):
            if time.time() > until:
                self._moods[provider]["mood"] = ""
                del self._until[provider]
                self._tell()

    def _tell(self) -> None:
        write_private(self.ground.moods, json.dumps(self._moods))

    def write_down(self) -> list[dict[str, object]]:
        """All of them, for the outcome."""
        return [asdict(hit) for hit in self.hits]


def strike(ground: Ground, kind: str, dice: random.Random) -> list[int]:
    """Ends the processes that a disaster of this kind hits, and tells their ids. Empty: nothing of it ran just now.

    SIGKILL, but the database as a whole gets what `pg_ctl` sends: SIGQUIT for `-m immediate`, crash recovery follows;
    SIGINT for `-m fast`.
    """
    find: dict[str, Callable[[], int | None]] = {
        "werker gedood": lambda: ground.part(f"werker-{dice.randint(1, 2)}"),
        "relay gedood": lambda: ground.part("relay"),
        "klok gedood": lambda: ground.part("klok"),
        "fotowerker gedood": lambda: ground.part("fotowerker-1"),
        "alle werkers gedood": lambda: ground.pid(WORKERS),
        "website gedood": lambda: ground.pid(SITE),
        "websiteproces gedood": lambda: dice.choice(ground.children(SITE) or [0]) or None,
        "wachtrij gedood": lambda: ground.pid(QUEUE),
        "database hard gestopt": lambda: ground.pid(DATABASE),
        "database herstart": lambda: ground.pid(DATABASE),
        "databaseproces gedood": lambda: dice.choice(ground.children(DATABASE) or [0]) or None,
    }
    kindly = {"database hard gestopt": signal.SIGQUIT, "database herstart": signal.SIGINT}
    pid = find[kind]()
    return [pid] if kill(pid, kindly.get(kind, signal.SIGKILL)) and pid else []

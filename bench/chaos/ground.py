"""A private installation of real processes: database with fsync, queue, providers, website, relay, workers and clock.

Made of the rooms of `make run`: one parent that starts again what dies. Its own folders, so that nothing of a
`make run` in the same clone is touched. Knows every process by its id; kills nothing it did not start.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import redis
from click.testing import CliRunner

from bench.terrein import PASSWORD, found_gemeenten, outside_settings
from meldingen import cli
from meldingen.local import claim, postgis, processes, stack
from meldingen.local.cluster import any_free_port
from meldingen.local.commands import healthy
from meldingen.local.places import Places, make_folder, open_places
from meldingen.local.postgis import Binaries
from meldingen.local.provision import Provisions
from meldingen.local.stack import Stack
from meldingen.local.supervisor import Child
from tests.standins import notify

from .providers import MAIL_TOKEN

KIND = "chaos"
DATABASE, QUEUE, OUTSIDE, SITE, WORKERS = "database-chaos", "wachtrij-chaos", "buitenwereld", "website", "werkers"
TEXT_WORKERS = 2


@dataclass
class Ground:
    """The installation of one run. outside: the ports of the providers, known once they are up. extra: settings that
    differ from those of the chaos run.

    sites, crews: how many websites, and how many parents with a relay, a clock and workers each. neighbours: whether
    it serves two gemeenten more.
    """

    stack: Stack
    binaries: Binaries
    lease_s: float
    mail_by_notify: bool = False
    extra: Mapping[str, str] = field(default_factory=dict)
    sites: int = 1
    crews: int = 1
    neighbours: bool = False
    ports: list[int] = field(default_factory=list)
    env: dict[str, str] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.ports = self.ports or [any_free_port() for _ in range(self.sites)]

    @property
    def port(self) -> int:
        """Of the first website."""
        return self.ports[0]

    @property
    def folder(self) -> Path:
        """Where this run leaves its logs and its outcome."""
        return self.stack.places.local

    @property
    def log(self) -> Path:
        """What the providers saw, one JSON line each."""
        return self.folder / "buitenwereld.jsonl"

    @property
    def moods(self) -> Path:
        """How the providers behave now; see providers.py."""
        return self.folder / "stemming.json"

    def start(self) -> None:
        """Everything, from an empty folder."""
        places, supervisor = self.stack.places, self.stack.supervisor
        stack.forget_data(self.stack, places.local / "fotos")
        for file in (self.log, self.moods, places.local / "poorten.json", *places.logs.glob("*.log")):
            file.unlink(missing_ok=True)
        self.env = stack.app_environment(self.stack, self.stack.start(Provisions(self.binaries)), self.port)
        self.env.pop("POSTVAK_MAP", None)
        supervisor.start(
            self._child(OUTSIDE, "bench.chaos.providers", str(places.local), str(self.port), ready=self._outside_is_up)
        )
        self.outside = json.loads((places.local / "poorten.json").read_text())
        self.env |= outside_settings(self.outside) | {
            "MAIL_BOUNCE": "retour@gemeente.example",
            "MAIL_INKOMEND_TOKEN": MAIL_TOKEN,
            "PUSH_SLEUTEL": self._command(["push", "sleutel"]).strip().splitlines()[-1],
            "CHAOS_LEASE_S": str(self.lease_s),
            **self.extra,
        }
        if self.mail_by_notify:
            self.env = {**self.env, "NOTIFYNL_EMAIL_TEMPLATE": notify.EMAIL_TEMPLATE, "SMTP_URL": ""}
        # in this process: a start of the program per command takes longer than a small run
        found_gemeenten(self._command, neighbours=self.neighbours)
        for number, port in enumerate(self.ports):
            site = self._child(
                f"{SITE}{'' if number == 0 else f'-{number + 1}'}", "meldingen", "serve", "--port", str(port)
            )
            supervisor.start(replace(site, ready=partial(healthy, port)))
        for number in range(self.crews):
            name = f"{WORKERS}{'' if number == 0 else f'-{number + 1}'}"
            supervisor.start(self._child(name, "bench.chaos.parts", str(TEXT_WORKERS)))

    def clock(self, stand: str) -> None:
        """Sets business time with `meldingen klok`, again when the database is just falling over."""
        command = [sys.executable, "-m", "meldingen", "klok", stand]
        for _ in range(60):
            done = subprocess.run(command, env=self.env, cwd=self.stack.places.root, capture_output=True, check=False)
            if done.returncode == 0:
                return
            self.stack.supervisor.stopping.wait(0.5)
        raise RuntimeError("de klok laat zich niet zetten")

    def metrics(self) -> dict[str, float]:
        """The figures of /metrics, by their whole name; empty while the website is away."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            link.request("GET", "/metrics")
            answer = link.getresponse()
            lines = answer.read().decode().splitlines() if answer.status == 200 else []
        except (OSError, http.client.HTTPException):
            lines = []
        finally:
            link.close()
        return {name: float(value) for name, value in (x.rsplit(" ", 1) for x in lines if not x.startswith("#"))}

    def sql(self, query: str) -> list[str]:
        """For our own count of maybe-doubles only; what people were told is never read here."""
        return self.stack.cluster.query(self.binaries, query, "meldingen").splitlines()

    def pid(self, name: str) -> int | None:
        """The process id of a child of the parent."""
        return self.stack.supervisor.pid(name)

    def children(self, name: str) -> list[int]:
        """The processes right under a child: the server's worker, the parts of `meldingen worker`."""
        parent = self.pid(name)
        return children_of(parent) if parent else []

    def part(self, name: str) -> int | None:
        """The process of a part of the workers (`relay`, `klok`, `werker-1`, `fotowerker-1`) that runs now."""
        alive, found = set(self.children(WORKERS)), None
        with (self.stack.places.logs / f"{WORKERS}.log").open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if f'"part": "{name}"' in line and '"part_started"' in line:
                    with contextlib.suppress(ValueError):
                        found = int(json.loads(line)["pid"])
        return found if found in alive else None

    def flush_queue(self) -> None:
        """FLUSHALL, as a person who tidies up the wrong server."""
        with redis.Redis.from_url(self.env["REDIS_URL"], socket_timeout=5) as queue:
            queue.flushall()

    def _child(self, name: str, module: str, *words: str, ready: object = None) -> Child:
        places = self.stack.places
        return Child(
            name=name,
            argv=[sys.executable, "-m", module, *words],
            env=self.env or self.stack.environment(),
            cwd=places.root,
            log=places.logs / f"{name}.log",
            ready=ready if callable(ready) else lambda: True,
            ready_timeout_s=60,
            stop_timeout_s=20,
        )

    def _outside_is_up(self) -> bool:
        return (self.folder / "poorten.json").exists()

    def _command(self, words: Sequence[str]) -> str:
        done = CliRunner().invoke(cli.main, list(words), env=self.env, input=PASSWORD + "\n")
        if done.exit_code:
            raise RuntimeError(f"meldingen {' '.join(words)}: {done.output[-500:]}")
        return done.output


def children_of(pid: int) -> list[int]:
    """The processes whose parent is `pid`, now. Linux."""
    with contextlib.suppress(OSError):
        return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def kill(pid: int | None, number: int = signal.SIGKILL) -> bool:
    """Whether a process that is ours got the signal."""
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)
        return True
    return False


@contextlib.contextmanager
def opened(lease_s: float, *, command: str = "bench.chaos", **wanted: Any) -> Iterator[Ground]:
    """A started installation with a parent that looks after it; everything has ended afterwards. wanted: see Ground."""
    for name in ("DATABASE_URL", "REDIS_URL", "KLOK"):
        os.environ.pop(name, None)
    clone = open_places()
    binaries = postgis.obtain(clone)
    places = own_places(clone)
    with stack.opened(places, KIND, f"python -m {command}") as bare:
        ground = Ground(bare, binaries, lease_s, **wanted)
        ground.start()
        watcher = threading.Thread(target=bare.supervisor.watch, name="toezicht")
        watcher.start()
        try:
            yield ground
        finally:
            bare.supervisor.stopping.set()
            watcher.join()
    left = processes.marked(claim.mark(places, KIND))
    if left:
        raise SystemExit(f"Achtergebleven processen: {left}")


def forget(ground: Ground) -> None:
    """Throws the data away; logs and outcome stay."""
    shutil.rmtree(ground.stack.cluster.folder, ignore_errors=True)
    shutil.rmtree(ground.stack.queue.folder, ignore_errors=True)


def own_places(clone: Places, kind: str = KIND) -> Places:
    """Folders of this kind of run, beside those of `make run`, with the packages of whoever runs this."""
    local, home = make_folder(clone.local / kind), make_folder(clone.home / kind)
    if clone.unprivileged is not None:
        os.chown(home, 0, clone.unprivileged.gid)
        home.chmod(0o710)
    make_folder(local / "logs")
    venv = local / "venv"
    venv.unlink(missing_ok=True)
    venv.symlink_to(sys.prefix)
    return Places(clone.root, local, home, clone.unprivileged)

"""A real installation to measure: PostGIS with fsync, Valkey, the website with two processes, and workers on demand.

Folders and database of its own, made afresh at each run; the demo gemeente and some ten thousand older meldingen are
in it. Each process is known by its id and ended at the end. What is measured is in the other files.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from click.testing import CliRunner

from bench.chaos.ground import own_places
from bench.load import Heard, Order, fire
from meldingen import cli
from meldingen.adapters.queue import libpq_url
from meldingen.db import machine_now, make_engine, transaction
from meldingen.flow.sign_in import open_session
from meldingen.local import postgis, stack
from meldingen.local.cluster import any_free_port
from meldingen.local.commands import healthy
from meldingen.local.places import open_places
from meldingen.local.postgis import Binaries
from meldingen.local.provision import Provisions
from meldingen.local.stack import Stack
from meldingen.store.account import account_by_username

KIND = "snel"
API = "/api/v1"
PROCESSES, THREADS = 2, 8
WORKERS, PHOTO_WORKERS = 2, 2
COUNTING = "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = 'none'\n"
AT_REST_S = 60.0
WIDE_LIMITS = {
    "LIMIET_EMAIL": "60000",
    "LIMIET_SMS": "60000",
    "LIMIET_PUSH": "60000",
    "LIMIET_PUBLIEK": "100000000 per minute",
    "LIMIET_MELDER": "100000000 per minute",
    "LIMIET_INLOGGEN": "100000000 per minute",
    "LIMIET_MEDEWERKER": "100000000 per minute",
    "LOG_NIVEAU": "WARNING",
}
"""Nobody is held up, and as in every installation each bericht is counted."""
IN_EARNEST = {"LOKALE_MODUS": "0", "PUBLIC_URL": "https://meldingen.voorbeeld.nl", "GEOCODER_URL": ""}
"""What runs is set as at a gemeente: nobody can move the clock, so nobody asks for it."""
OLD_MELDINGEN = Path(__file__).with_name("oud.sql")


@dataclass
class Ground:
    """One installation. threads: per process of the website."""

    stack: Stack
    binaries: Binaries
    threads: int = THREADS
    port: int = field(default_factory=any_free_port)
    env: dict[str, str] = field(default_factory=dict)
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self, old_meldingen: int) -> None:
        """Everything but the workers, from an empty folder."""
        places = self.stack.places
        stack.forget_data(self.stack, places.local / "fotos")
        self.stack.cluster.make(self.binaries)
        with (self.stack.cluster.data / "postgresql.conf").open("a", encoding="utf-8") as conf:
            conf.write(COUNTING)
        self.env = stack.app_environment(self.stack, self.stack.start(Provisions(self.binaries)), self.port)
        self.env |= WIDE_LIMITS
        self.env.pop("POSTVAK_MAP", None)
        self.run("mail", "bench.snel.mail", str(places.local))
        self.env |= {"SMTP_URL": f"smtp://127.0.0.1:{self._mail_port()}", "MAIL_FROM": "meldingen@gemeente.example"}
        for words in (["migrate"], ["seed", "--demo"]):
            self._command(words)
        with self.database() as link:
            link.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")
            link.execute("UPDATE gemeente SET policy = policy || '{\"undo_s\": 0}' WHERE served")
            link.execute(OLD_MELDINGEN.read_text(encoding="utf-8").replace(":aantal", str(old_meldingen)))
            link.execute("VACUUM ANALYZE")
        self.env |= IN_EARNEST
        self.serve()

    def serve(self) -> None:
        """The website, as an operator starts it."""
        words = ["--port", str(self.port), "--workers", str(PROCESSES), "--threads", str(self.threads)]
        self.run("website", "meldingen", "serve", *words)
        self.wait("de website", lambda: healthy(self.port))

    @contextlib.contextmanager
    def workers(self, text: int = WORKERS, photos: int = PHOTO_WORKERS) -> Iterator[None]:
        """Relay, clock and workers, for as long as the block lasts. text, photos: how many of each."""
        self.run("werkers", "meldingen", "worker", "--werkers", str(text), "--fotowerkers", str(photos))
        try:
            yield
        finally:
            self.end("werkers")

    def run(self, name: str, module: str, *words: str) -> None:
        """Starts a process of our own under this name."""
        log = (self.stack.places.logs / f"{name}.log").open("wb")
        argv = [sys.executable, "-m", module, *words]
        self.running[name] = subprocess.Popen(
            argv, env=self.env, cwd=self.stack.places.root, stdout=log, stderr=log, start_new_session=True
        )
        log.close()

    def end(self, name: str) -> None:
        """Ends a process of our own and waits for it."""
        process = self.running.pop(name)
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def wait(self, what: str, ready: Any, patience_s: float = AT_REST_S) -> float:
        """Seconds until `ready()`. Raises SystemExit naming `what`."""
        began = time.monotonic()
        while not ready():
            if time.monotonic() - began > patience_s:
                raise SystemExit(f"{what}: na {patience_s:.0f} s nog niet zo ver")
            time.sleep(0.05)
        return time.monotonic() - began

    def roots(self) -> dict[str, int]:
        """The first process of each part: `website`, `werkers`, `database`, `wachtrij`."""
        found = {name: process.pid for name, process in self.running.items() if name != "mail"}
        for name in ("database", "wachtrij"):
            pid = self.stack.supervisor.pid(f"{name}-{KIND}")
            if pid:
                found[name] = pid
        return found

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection[Any]]:
        """A connection of our own, each statement committed."""
        with psycopg.connect(libpq_url(self.env["DATABASE_URL"]), autocommit=True) as link:
            yield link

    def one(self, query: str) -> Any:
        """The one value of a query."""
        with self.database() as link:
            row = link.execute(query).fetchone()  # type: ignore[call-overload]
            return row[0] if row else None

    def stored(self) -> int:
        """How many meldingen strangers made with a key."""
        return int(self.one("SELECT count(*) FROM idempotency WHERE scope LIKE 'meldingen:anoniem%'"))

    def left(self) -> int:
        """Rows of the outbox that are due and not done."""
        return int(
            self.one("SELECT count(*) FROM outbox WHERE done_at IS NULL AND parked_at IS NULL AND due_at <= now()")
        )

    def settle(self, patience_s: float = 300.0) -> None:
        """Lets the workers do all that is due."""
        with self.workers():
            self.wait("de outbox leeg", lambda: self.left() == 0, patience_s)

    def clear_outbox(self) -> None:
        """Forgets what a run with the workers stopped left to do, so that the next row begins at rest."""
        with self.database() as link:
            link.execute("DELETE FROM outbox WHERE done_at IS NULL")
            link.execute("VACUUM ANALYZE outbox")
            link.execute("CHECKPOINT")

    def mails(self) -> list[float]:
        """When the stand-in took each mail, seconds of the epoch."""
        file = self.stack.places.local / "post.log"
        return [float(line) for line in file.read_text().split()] if file.exists() else []

    def fire(self, requests: Sequence[bytes], **facts: Any) -> Heard:
        """Load on the website."""
        return fire(Order(self.port, requests, **facts))

    def sign_in(self, username: str) -> dict[str, str]:
        """The headers of a medewerker who is signed in; how he did that, with his second factor, is not measured."""
        engine = make_engine(self.env["DATABASE_URL"], pool_size=1)
        with transaction(engine) as session:
            account = account_by_username(session, username)
            assert account is not None, "of the demo"
            token = open_session(session, account, "bench", now=machine_now())
        engine.dispose()
        return {"Authorization": f"Bearer {token}"}

    def header_of(self, path: str, name: str) -> str:
        """One header of the answer to a GET."""
        link = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            link.request("GET", path)
            answer = link.getresponse()
            answer.read()
            return answer.headers.get(name, "")
        finally:
            link.close()

    def cookie_of(self, path: str) -> str:
        """The cookie that a link sets, as a browser sends it back."""
        return self.header_of(path, "Set-Cookie").split(";", 1)[0]

    def _mail_port(self) -> int:
        file = self.stack.places.local / "post.poort"
        self.wait("de mailserver", file.exists, 10)
        return int(file.read_text())

    def _command(self, words: list[str]) -> None:
        done = CliRunner().invoke(cli.main, words, env=self.env)
        if done.exit_code:
            raise SystemExit(f"meldingen {' '.join(words)}: {done.output[-500:]} {done.exception!r}")


@contextlib.contextmanager
def opened(old_meldingen: int, threads: int = THREADS) -> Iterator[Ground]:
    """A started installation; everything has ended and its data are gone afterwards."""
    for name in ("DATABASE_URL", "REDIS_URL", "KLOK"):
        os.environ.pop(name, None)
    clone = open_places()
    binaries = postgis.obtain(clone)
    places = own_places(clone, KIND)
    for name in ("post.poort", "post.log"):
        (places.local / name).unlink(missing_ok=True)
    with stack.opened(places, KIND, "python -m bench.snel") as bare:
        ground = Ground(bare, binaries, threads)
        try:
            ground.start(old_meldingen)
            yield ground
        finally:
            for name in reversed(list(ground.running)):
                ground.end(name)
    stack.forget_data(bare, places.local / "fotos")

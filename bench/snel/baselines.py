"""The yardsticks of one run, on the same machine in the same minutes: a bare WSGI answer under the same server, and
the very rows of one melding written in one prepared statement, by pgbench and by psycopg.

What they write stays in the same tables, with the same indexes; what it would give the workers to do is taken away.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psycopg

from bench.load import Order, fire, request_bytes
from meldingen.adapters.queue import libpq_url
from meldingen.local.cluster import any_free_port

from .gauges import Cost, metered
from .ground import PROCESSES, Ground

CLIENTS = 8
SAME_ROWS = Path(__file__).with_name("melding.sql")


@dataclass(frozen=True)
class Yardstick:
    """One measured limit. per_s: operations per second. ms: processor time per operation, database and client."""

    name: str
    per_s: float
    ms: float
    quiet: bool
    foreign: float


def hello(ground: Ground, seconds: float, connections: int = 16) -> Yardstick:
    """A fixed answer under the server of `meldingen serve`, with as many processes and threads."""
    port = any_free_port()
    ground.run("hallo", "bench.snel.hello", str(port), str(PROCESSES), str(ground.threads))
    try:
        ground.wait("hallo", lambda: _answers(port))
        with metered(ground) as cost:
            heard = fire(Order(port, [request_bytes("GET", "/")], seconds, connections))
    finally:
        ground.end("hallo")
    return Yardstick("hallo", heard.per_s, cost.ms_per(len(heard.took_ms), "hallo"), cost.quiet, cost.foreign)


def pgbench(ground: Ground, seconds: float) -> Yardstick:
    """The rows of one POST melding, in one prepared statement, from CLIENTS connections."""
    program = ground.binaries.folder / "pgbench"
    found = str(program) if program.exists() else shutil.which("pgbench")
    if found is None:
        return _psycopg(ground, seconds, CLIENTS)
    script = ground.stack.places.local / "melding.pgbench"
    script.write_text("\\set n random(1, 1000000)\n" + _statement(ground, ":n::int"), encoding="utf-8")
    host, port = ground.stack.cluster.address()
    argv = [found, "-n", "-M", "prepared", "-c", str(CLIENTS), "-j", "1", "-T", str(max(1, round(seconds)))]
    argv += ["-f", str(script), "-h", host, "-p", str(port), "-U", "meldingen", "meldingen"]
    env = dict(ground.binaries.env) | {"PGPASSWORD": ground.stack.cluster.password.read_text(encoding="utf-8")}
    with metered(ground) as cost:
        done = subprocess.run(argv, env=ground.env | env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"pgbench: {done.stderr[:500]}")
    ground.clear_outbox()
    per_s = float(re.findall(r"tps = ([\d.]+)", done.stdout)[-1])
    return _yardstick("pgbench", per_s, cost)


def psycopg_alone(ground: Ground, seconds: float) -> Yardstick:
    """The same from one Python thread, committed one by one."""
    return _psycopg(ground, seconds, 1)


def _psycopg(ground: Ground, seconds: float, threads: int) -> Yardstick:
    done = [0] * threads
    statement = _statement(ground, "%s::int")

    def write(own: int) -> None:
        with psycopg.connect(libpq_url(ground.env["DATABASE_URL"]), autocommit=True) as link:
            until = time.monotonic() + seconds
            while time.monotonic() < until:
                link.execute(statement, (done[own] * threads + own,) * statement.count("%s"), prepare=True)  # type: ignore[call-overload]
                done[own] += 1

    workers = [threading.Thread(target=write, args=(n,)) for n in range(threads)]
    with metered(ground) as cost:
        _all(workers)
    ground.clear_outbox()
    return _yardstick(
        f"psycopg, {threads} draad" if threads == 1 else f"psycopg, {threads} draden", sum(done) / seconds, cost
    )


def _all(workers: Iterable[threading.Thread]) -> None:
    begun = list(workers)
    for worker in begun:
        worker.start()
    for worker in begun:
        worker.join()


def _statement(ground: Ground, number: str) -> str:
    """The statement for the served gemeente and one of its categories."""
    home, category = ground.one(
        "SELECT array[g.id, c.id] FROM gemeente g JOIN category c ON c.gemeente_id = g.id AND c.parent_id IS NOT NULL "
        "WHERE g.served ORDER BY c.id LIMIT 1"
    )
    text = SAME_ROWS.read_text(encoding="utf-8")
    for name, value in (("gemeente", home), ("categorie", category), ("n", number)):
        text = re.sub(rf"(?<!:):{name}\b", str(value), text)
    return text


def _yardstick(name: str, per_s: float, cost: Cost) -> Yardstick:
    return Yardstick(name, per_s, cost.ms_per(round(per_s * cost.seconds), "database"), cost.quiet, cost.foreign)


def _answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False

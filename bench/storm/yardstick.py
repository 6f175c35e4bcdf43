"""What this machine can do at this moment, measured in the same way and the same run: a bare website and a bare INSERT.

A figure of the storm means something beside these: they feel the same neighbours, disk and scheduler.
"""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

import psycopg

from meldingen.local.cluster import any_free_port

from .senders import Link

TIMES = 400
PER_S = 50
BARE = """
CREATE TABLE maatstaf (id bigserial PRIMARY KEY, number text UNIQUE, at timestamptz, place geometry(Point, 4326),
    words text, answers jsonb);
CREATE INDEX ON maatstaf USING gist (place);
CREATE INDEX ON maatstaf (at)
"""
INSERT = """
INSERT INTO maatstaf (number, at, place, words, answers)
VALUES (%s, now(), ST_SetSRID(ST_MakePoint(4.69, 52.67), 4326), repeat('storm ', 10), '{"a": 1}')
"""


def hello(_environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """The smallest website there is."""
    start("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
    return [b"{}"]


def measure_hello() -> list[float]:
    """Seconds per request on the server of `meldingen serve` with nothing behind it, 50 a second."""
    port = any_free_port()
    started = "from granian import Granian; from granian.constants import Interfaces; "
    started += (
        f"Granian('bench.storm.yardstick:hello', port={port}, interface=Interfaces.WSGI, blocking_threads=8).serve()"
    )
    server = subprocess.Popen([sys.executable, "-c", started], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        link = Link(port)
        for _ in range(100):
            with suppress(OSError):
                link.send("GET", "/", None, {})
                break
            time.sleep(0.1)
        return _paced(lambda: link.send("GET", "/", None, {}))
    finally:
        server.terminate()
        server.wait(20)


def measure_insert(url: str) -> list[float]:
    """Seconds per INSERT with its own commit of a row like a melding, 50 a second. The table is gone afterwards."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(BARE)
        try:
            numbers = iter(range(10**6))
            return _paced(lambda: connection.execute(INSERT, (f"n{next(numbers)}",)))
        finally:
            connection.execute("DROP TABLE maatstaf")


def _paced(do: Callable[[], Any]) -> list[float]:
    took, wait, began = [], threading.Event(), time.monotonic()
    for turn in range(TIMES):
        due = began + turn / PER_S
        wait.wait(max(0.0, due - time.monotonic()))
        do()
        took.append(time.monotonic() - due)
    return took

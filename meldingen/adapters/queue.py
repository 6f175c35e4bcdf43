"""Redis as seen from the doors: is it there, and the wake-up of the relay, which goes over PostgreSQL's NOTIFY.

A lost wake-up costs one poll of the relay; so no failure here ever reaches a melder.
"""

import os
import threading
import time
from typing import Protocol

import psycopg
import redis

CHANNEL = "outbox"
AT_MOST_EVERY_S = 0.02
"""Each NOTIFY takes a server-wide lock at commit; more than one per 20 ms slows every commit of the server."""


class Wake(Protocol):
    """Tells the relay that there is something due."""

    def __call__(self) -> None:
        """Returns at once; raises nothing."""


class NotifyWake:
    """NOTIFY on its own autocommit connection, from a thread of its own: many calls, at most one NOTIFY per 20 ms.

    A forked process starts its own thread and connection at its first call; the parent's are not touched.
    """

    def __init__(self, database_url: str) -> None:
        self._url = libpq_url(database_url)
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._wanted = threading.Event()
        self._started = threading.Lock()
        self._thread: threading.Thread | None = None

    def __call__(self) -> None:
        self._wanted.set()
        if self._thread is None:
            with self._started:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="wake", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        connection: psycopg.Connection[tuple[object, ...]] | None = None
        while True:
            self._wanted.wait()
            self._wanted.clear()
            try:
                if connection is None or connection.closed:
                    connection = psycopg.connect(self._url, autocommit=True, connect_timeout=3)
                connection.execute(f"NOTIFY {CHANNEL}")
            except psycopg.Error:
                connection = None
                time.sleep(1)
            time.sleep(AT_MOST_EVERY_S)


def libpq_url(database_url: str) -> str:
    """The address of the database as psycopg itself reads it, without SQLAlchemy's name of the driver."""
    return database_url.replace("postgresql+psycopg://", "postgresql://", 1)


def queue_is_up(redis_url: str) -> bool:
    """Whether the queue answers within a second."""
    try:
        with redis.Redis.from_url(redis_url, socket_timeout=1, socket_connect_timeout=1) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False

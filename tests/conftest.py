"""What every test may ask for: a migrated PostGIS that forgets, a queue of its own, and one fixed moment.

`make test` (or `python3 -m meldingen.local db pytest …`) starts the servers and hands over `DATABASE_URL` and
`REDIS_URL`. One template database is migrated once; each xdist worker gets a clone. Sockets to other machines are
closed.
"""

import contextlib
import hashlib
import ipaddress
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import redis
import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from sqlalchemy.orm import Session

from meldingen import db

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROOT = Path(__file__).resolve().parent.parent
PROCESSES = ("journeys", "workers")
"""Folders whose tests start processes of their own and wait for them."""
START_THEM = "start de tests met: make test, of: python3 -m meldingen.local db pytest …"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The files that take long come first: with whole files to a process, the many short ones then fill the end."""
    long = {item.path for item in items if item.get_closest_marker("browser") or item.path.parent.name in PROCESSES}
    items.sort(key=lambda item: item.path not in long)


@pytest.fixture(scope="session", autouse=True)
def closed_sockets() -> Iterator[None]:
    """No test reaches another machine: only loopback, unix sockets and the queue we were given."""
    allowed = {"localhost", urlsplit(os.environ.get("REDIS_URL", "")).hostname or "localhost"}
    real_connect, real_lookup = socket.socket.connect, socket.getaddrinfo

    def check(host: object) -> None:
        if host in allowed or host is None or host == "":
            return
        with contextlib.suppress(ValueError):
            if ipaddress.ip_address(str(host)).is_loopback:
                return
        raise OSError(f"een test mag geen verbinding maken met {host!r}")

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(address[0])
        real_connect(self, address)

    def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> Any:
        check(host.decode() if isinstance(host, bytes) else host)
        return real_lookup(host, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", connect)
        patch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield


@pytest.fixture(scope="session")
def now() -> datetime:
    """Tuesday 14 April 2026, 08.47 in Amsterdam: an ordinary morning in summer time."""
    return datetime(2026, 4, 14, 8, 47, tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)


@pytest.fixture(scope="session")
def maintenance() -> Iterator[sa.Engine]:
    """The server itself, outside transactions: for making and dropping databases."""
    address = os.environ.get("DATABASE_URL", "")
    if not address:
        pytest.fail(f"DATABASE_URL ontbreekt: {START_THEM}", pytrace=False)
    url = sa.make_url(address).set(drivername="postgresql+psycopg")
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def template(maintenance: sa.Engine) -> str:
    """The name of a database with all migrations run; made once per version of them, by whichever worker comes
    first."""
    digest = hashlib.sha256()
    for file in sorted((ROOT / "migrations").rglob("*.py")):
        digest.update(file.read_bytes())
    name = f"meldingen_sjabloon_{digest.hexdigest()[:12]}"
    with maintenance.connect() as server:
        server.execute(sa.text("select pg_advisory_lock(hashtext(:name))"), {"name": name})
        try:
            if not server.scalar(sa.text("select 1 from pg_database where datname = :name"), {"name": name}):
                half = f"{name}_half"
                drop_database(server, half)
                server.execute(sa.text(f'create database "{half}"'))
                migrate(maintenance.url.set(database=half))
                server.execute(sa.text(f'alter database "{half}" rename to "{name}"'))
        finally:
            server.execute(sa.text("select pg_advisory_unlock(hashtext(:name))"), {"name": name})
    return name


def migrate(url: sa.URL) -> None:
    """Run all migrations on a database."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    engine.dispose()


def drop_database(server: sa.Connection, name: str) -> None:
    """Drop a database, whoever is still connected to it."""
    server.execute(sa.text(f'drop database if exists "{name}" with (force)'))


@pytest.fixture(scope="session")
def clone(maintenance: sa.Engine, template: str) -> Iterator[Callable[[], sa.URL]]:
    """Make a database like the template (about 0.1 s) and return its address; all of them are dropped at the end."""
    made: list[str] = []

    def make() -> sa.URL:
        name = f"test_{uuid.uuid4().hex[:12]}"
        with maintenance.connect() as server:
            server.execute(sa.text(f'create database "{name}" template "{template}"'))
        made.append(name)
        return maintenance.url.set(database=name)

    yield make
    with maintenance.connect() as server:
        for name in made:
            drop_database(server, name)


@pytest.fixture(scope="session")
def engine(clone: Callable[[], sa.URL]) -> Iterator[sa.Engine]:
    """The engine on this worker's own clone. Nothing is ever committed there: see `session` and `committed_engine`."""
    engine = db.make_engine(clone().render_as_string(hide_password=False), pool_size=4)
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: sa.Engine) -> Iterator[Session]:
    """A session whose every commit is a savepoint: at the end all of it is rolled back."""
    with engine.connect() as connection:
        outer = connection.begin()
        with Session(connection, expire_on_commit=False, join_transaction_mode="create_savepoint") as session:
            yield session
        outer.rollback()


@pytest.fixture
def committed_engine(maintenance: sa.Engine, clone: Callable[[], sa.URL]) -> Iterator[sa.Engine]:
    """The engine on a fresh clone for this test alone: commits are real, and several connections see each other."""
    url = clone()
    engine = db.make_engine(url.render_as_string(hide_password=False), pool_size=8)
    yield engine
    engine.dispose()
    with maintenance.connect() as server:
        drop_database(server, str(url.database))


@pytest.fixture(scope="session")
def redis_number() -> Iterator[tuple[str, int]]:
    """A numbered database of the queue server that no other test process uses, and the server's address."""
    address = os.environ.get("REDIS_URL", "")
    if not address:
        pytest.fail(f"REDIS_URL ontbreekt: {START_THEM}", pytrace=False)
    with redis.Redis.from_url(address) as server:
        size = int(server.config_get("databases")["databases"])
        for number in range(1, size):
            if server.set(f"testdatabase:{number}", os.getpid(), nx=True, ex=3600):
                yield address, number
                server.delete(f"testdatabase:{number}")
                return
    pytest.fail("Alle databases van de wachtrij zijn bezet door andere tests: herstart de wachtrij.", pytrace=False)


@pytest.fixture
def redis_url(redis_number: tuple[str, int]) -> Iterator[str]:
    """The address of an empty queue database; emptied again after the test."""
    address, number = redis_number
    parts = urlsplit(address)
    url = parts._replace(query=f"db={number}") if parts.scheme == "unix" else parts._replace(path=f"/{number}")
    with redis.Redis.from_url(url.geturl()) as server:
        server.flushdb()
        yield url.geturl()
        server.flushdb()


@pytest.fixture(scope="module")
def chromium() -> Iterator["Browser"]:
    """One Chromium for the tests of a file. Not for longer: Playwright leaves its loop running in this thread, where
    stand-ins of other tests want one of their own."""
    from playwright.sync_api import sync_playwright  # 0.3 s that tests of the domain need not wait for

    from tests.web.browsing import launch

    with sync_playwright() as playwright:
        browser = launch(playwright)
        yield browser
        browser.close()

"""How fast the outbox drains: N rows that do nothing, through relay, queue and one text worker, all real processes.

Run with `python3 -m meldingen.local db python -m bench.outbox 2000`, or with DATABASE_URL and REDIS_URL set. Makes and
drops a database of its own; wants an empty queue. Also says what intake itself feels: how long a commit with one row
takes while the relay works.
"""

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from meldingen import db
from meldingen.adapters.queue import NotifyWake
from meldingen.app import configure_logging
from meldingen.settings import Settings
from meldingen.store.leases import Leased
from meldingen.store.outbox import Topic, put
from workers import main
from workers.context import Context
from workers.jobs import in_steps

ROOT = Path(__file__).resolve().parent.parent
GIVE_UP_S = 120
MOST = 20_000


def nothing(context: Context, entry: Leased) -> None:
    """The work: what is left is the price of carrying it."""


@contextmanager
def own_database(address: str) -> Iterator[str]:
    """A migrated database on that server, dropped at the end; its address."""
    url = sa.make_url(address).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(sa.text(f'create database "{name}"'))
    try:
        own = url.set(database=name).render_as_string(hide_password=False)
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.set_main_option("sqlalchemy.url", own.replace("%", "%%"))
        command.upgrade(config, "head")
        yield own
    finally:
        with server.connect() as connection:
            connection.execute(sa.text(f'drop database "{name}" with (force)'))


def fill(engine: sa.Engine, count: int, wake: NotifyWake) -> list[float]:
    """Puts the rows one by one, each with its own commit and wake-up, as intake does; ms per row."""
    took = []
    for number in range(count):
        began = time.perf_counter()
        with db.transaction(engine) as session:
            now = db.business_now(session)
            put(session, Topic.NOTICE, {"id": number}, gemeente_id=None, now=now, order_key=f"melding:{number}")
        wake()
        took.append((time.perf_counter() - began) * 1000)
    return took


def left(engine: sa.Engine) -> int:
    """Rows that are not done."""
    with db.transaction(engine) as session:
        return int(session.scalar(sa.text("SELECT count(*) FROM outbox WHERE done_at IS NULL")) or 0)


def drain(engine: sa.Engine) -> float:
    """Seconds until nothing is left."""
    began = time.monotonic()
    while left(engine):
        if time.monotonic() - began > GIVE_UP_S:
            raise SystemExit(f"na {GIVE_UP_S} s zijn nog {left(engine)} regels niet klaar")
        time.sleep(0.05)
    return time.monotonic() - began


def start(settings: Settings) -> list[multiprocessing.Process]:
    """A relay and one text worker."""
    handlers = {Topic.NOTICE: in_steps(nothing)}
    parts = [
        multiprocessing.Process(target=main.be_relay, args=(settings,)),
        multiprocessing.Process(target=main.be_text_worker, args=(settings,), kwargs={"handlers": handlers}),
    ]
    for part in parts:
        part.start()
    return parts


def measure(count: int) -> None:
    """Prints rows/s, twice: a full outbox that is emptied, and rows that are carried while they come in."""
    with own_database(os.environ["DATABASE_URL"]) as url, tempfile.TemporaryDirectory() as folder:
        environ = {"DATABASE_URL": url, "REDIS_URL": os.environ["REDIS_URL"], "SECRET_KEYS": "x" * 32}
        settings = Settings.from_env({**environ, "LOKALE_MODUS": "1", "FOTO_MAP": folder, "LOG_NIVEAU": "ERROR"})
        configure_logging(settings.log_level)
        engine = db.make_engine(url, pool_size=2)
        wake = NotifyWake(url)
        quiet = fill(engine, count, wake)
        engine.dispose()
        parts = start(settings)
        try:
            full_s = drain(engine)
            began = time.monotonic()
            busy = fill(engine, count, wake)
            drain(engine)
            flow_s = time.monotonic() - began
        finally:
            for part in parts:
                part.terminate()
            for part in parts:
                part.join(10)
            engine.dispose()
    print(f"{count} regels klaar in {full_s:.1f} s: {count / full_s:.0f} per seconde")
    print(f"{count} regels terwijl ze binnenkomen: {count / flow_s:.0f} per seconde")
    for name, took in (("zonder", quiet), ("met", busy)):
        p99 = statistics.quantiles(took, n=100)[98]
        print(f"een commit met één regel, {name} relay: p50 {statistics.median(took):.1f} ms, p99 {p99:.1f} ms")


if __name__ == "__main__":
    measure(min(int(sys.argv[1]) if len(sys.argv) > 1 else 2000, MOST))

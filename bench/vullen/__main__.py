"""Makes a database of N meldingen in G gemeenten over five years; the same seed makes the same.

Run with `python3 -m meldingen.local db python -m bench.vullen --meldingen 1000000`, or with DATABASE_URL set to a
server on which databases may be made. Its name is `meldingen_vol`, or begins so: any other is refused, and one of that
name that this command did not make is left alone. `--weg` drops it. Ends with 1 when its own checks find a mistake.
"""

import argparse
import os
import sys
import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from bench.outbox import ROOT
from meldingen import db
from meldingen.domain.numbers import MAX_SEQUENCE

from . import laden, toets, verhaal, wereld

NAME = "meldingen_vol"
MARK = "gemaakt door bench.vullen"
MOST = 20_000_000


def main() -> int:
    """Makes or drops the database; 0 when all checks hold."""
    parser = argparse.ArgumentParser(prog="python -m bench.vullen", description="Een database met veel meldingen.")
    parser.add_argument("--meldingen", type=int, default=1_000_000, help=f"1.000 tot {MOST}")
    parser.add_argument("--gemeenten", type=int, default=40, help="1 tot 80")
    parser.add_argument("--zaad", type=int, default=7, help="hetzelfde zaad maakt hetzelfde")
    parser.add_argument("--database", default=NAME, help=f"naam, moet met {NAME} beginnen")
    parser.add_argument("--tot", type=datetime.fromisoformat, help="laatste dag (JJJJ-MM-DD), standaard gisteren")
    parser.add_argument("--weg", action="store_true", help="gooi hem weg")
    asked = parser.parse_args()
    if not asked.database.startswith(NAME) or not asked.database.replace("_", "").isalnum():
        parser.error(f"de naam moet met {NAME} beginnen")
    if not (1_000 <= asked.meldingen <= MOST and 1 <= asked.gemeenten <= 80):
        parser.error("dat aantal kan niet")
    url = anew(os.environ["DATABASE_URL"], asked.database, make=not asked.weg)
    if asked.weg:
        return 0
    until = (asked.tot or db.machine_now() - timedelta(days=1)).replace(tzinfo=db.machine_now().tzinfo)
    now = until.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(hours=23)
    engine = sa.create_engine(url, pool_size=laden.SIDE_BY_SIDE)
    began = last = time.monotonic()

    def say(part: str) -> None:
        nonlocal last
        print(f"{part:<28} {time.monotonic() - last:7.1f} s", flush=True)
        last = time.monotonic()

    fill(engine, meldingen=asked.meldingen, gemeenten=asked.gemeenten, seed=asked.zaad, now=now, say=say)
    with engine.connect() as connection:
        laden.run(connection, laden.FAST)
        wrong, told = toets.mistakes(connection), toets.counts(connection)
        say("nakijken")
        print("\n".join(toets.sizes(connection, asked.meldingen)))
    print(", ".join(f"{count} {name}" for name, count in told.items()))
    took = time.monotonic() - began
    each = told["bytes"] / asked.meldingen
    print(f"{asked.database}: {took:.0f} s, {told['bytes'] / 1e9:.1f} GB, {each:.0f} bytes per melding")
    print("\n".join(f"✗ {line}" for line in wrong) or "Alles klopt.")
    engine.dispose()
    return 1 if wrong else 0


def anew(address: str, name: str, *, make: bool) -> str:
    """Drops the database of that name when it is ours, and makes an empty migrated one; its address.

    Raises SystemExit when a database of that name has another maker.
    """
    url = sa.make_url(address).set(drivername="postgresql+psycopg")
    server = sa.create_engine(url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with server.connect() as connection:
        there = connection.execute(
            sa.text("SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :name"),
            {"name": name},
        ).all()
        if there and there[0][0] != MARK:
            raise SystemExit(f"{name} bestaat al en is niet van bench.vullen.")
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
        if make:
            connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
            connection.execute(sa.text(f"COMMENT ON DATABASE \"{name}\" IS '{MARK}'"))
    own = url.set(database=name).render_as_string(hide_password=False)
    if make:
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.set_main_option("sqlalchemy.url", own.replace("%", "%%"))
        command.upgrade(config, "head")
    return own


def fill(
    engine: sa.Engine,
    *,
    meldingen: int,
    gemeenten: int,
    seed: int,
    now: datetime,
    say: laden.Say = laden.silent,
) -> None:
    """Fills an empty migrated database. now: the end of the five years. say: hears of each part that is ready."""
    wereld.make_world(engine, meldingen=meldingen, gemeenten=gemeenten, seed=seed, now=now)
    say("gemeenten")
    tables = verhaal.story(meldingen, now)
    laden.together(engine, [tables.pop(verhaal.STORY)], laden.run_all)
    say("verhaal")
    laden.fill_tables(engine, tables, say=say)
    with engine.begin() as connection:
        laden.run(connection, f"SELECT setval('melding_number', {1 + (meldingen - 1) % MAX_SEQUENCE})")
        laden.run(connection, "DROP SCHEMA vullen CASCADE")


if __name__ == "__main__":
    sys.exit(main())

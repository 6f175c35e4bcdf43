"""Runs migrations under an advisory lock and with time-outs, on the caller's connection or on the given address."""

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from geoalchemy2 import alembic_helpers

from meldingen import store  # noqa: F401  registers every table
from meldingen.db import Base, make_engine

LOCK = 7_362_001
"""One number for all processes: two that migrate at once wait for each other."""

OWNED_BY_POSTGIS = {"spatial_ref_sys"}


def include_object(thing: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """Leaves PostGIS's own tables out of comparisons."""
    if kind == "table" and name in OWNED_BY_POSTGIS:
        return False
    return bool(alembic_helpers.include_object(thing, name, kind, reflected, other))


def render_item(kind: str, thing: object, autogen: AutogenContext) -> object:
    """Lets geometry columns write their own import."""
    return alembic_helpers.render_item(kind, thing, autogen)


def run(connection: sa.Connection) -> None:
    """Upgrades or downgrades over `connection`."""
    connection.execute(sa.text("SET lock_timeout = '5s'"))
    connection.execute(sa.text("SET statement_timeout = '10min'"))
    connection.execute(sa.text("SELECT pg_advisory_lock(:n)"), {"n": LOCK})
    connection.commit()
    try:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            include_object=include_object,
            render_item=render_item,
            compare_type=True,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
    finally:
        connection.rollback()
        connection.execute(sa.text("SELECT pg_advisory_unlock(:n)"), {"n": LOCK})
        connection.commit()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = make_engine(context.config.get_main_option("sqlalchemy.url", ""))
    with engine.connect() as own_connection:
        run(own_connection)
    engine.dispose()

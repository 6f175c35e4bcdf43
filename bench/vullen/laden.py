"""Filling tables fast: without indexes and keys, two at a time, and everything made anew and checked afterwards.

PostgreSQL itself says how each index and key is made (pg_get_indexdef, pg_get_constraintdef), so that nothing here
knows the schema and all is as the migrations left it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import sqlalchemy as sa

T = TypeVar("T")
Say = Callable[[str], None]
SIDE_BY_SIDE = 2
FAST = (
    "SET statement_timeout = 0; SET lock_timeout = 0; SET synchronous_commit = off; SET work_mem = '128MB'; "
    "SET maintenance_work_mem = '768MB'; SET jit = off"
)
KEYS = """
SELECT conrelid::regclass::text AS of_table, conname AS name, pg_get_constraintdef(oid) AS made
FROM pg_constraint WHERE contype = 'f' AND (conrelid = ANY (:tables) OR confrelid = ANY (:tables))
ORDER BY conrelid::regclass::text, conname
"""
INDEXES = """
SELECT i.indrelid::regclass::text AS of_table, c.relname AS name, pg_get_indexdef(i.indexrelid) AS made,
       CASE k.contype WHEN 'p' THEN 'PRIMARY KEY' WHEN 'u' THEN 'UNIQUE' END AS key
FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.contype IN ('p', 'u')
WHERE i.indrelid = ANY (:tables) ORDER BY i.indrelid, c.relname
"""
IDENTITIES = """
SELECT pg_get_serial_sequence(c.relname, 'id') AS sequence, c.relname AS of_table FROM pg_class c
WHERE c.oid = ANY (:tables) AND pg_get_serial_sequence(c.relname, 'id') IS NOT NULL
"""


@dataclass(frozen=True)
class Made:
    """How one index or foreign key is made. key: what its index stands for, PRIMARY KEY or UNIQUE, if anything."""

    of_table: str
    name: str
    made: str
    key: str | None = None


def silent(_part: str) -> None:
    """Says nothing."""


def fill_tables(engine: sa.Engine, tables: Mapping[str, Sequence[str]], *, say: Say = silent) -> None:
    """Runs the statements of each table; each table is full, indexed, checked and counted (ANALYZE) at the end.

    Takes the tables for itself. When it stops halfway the database has no keys: throw it away.
    """
    foreign, indexes = _let_go(engine, list(tables))
    together(engine, list(tables.values()), run_all)
    say("rijen")
    together(engine, _heaviest_first(indexes, tables), lambda c, one: run(c, one.made))
    with engine.begin() as connection:
        for index in indexes:
            if index.key:
                added = f'ADD CONSTRAINT "{index.name}" {index.key} USING INDEX "{index.name}"'
                run(connection, f"ALTER TABLE {index.of_table} {added}")
    say("indexen")
    with engine.begin() as connection:
        for key in foreign:
            run(connection, f'ALTER TABLE {key.of_table} ADD CONSTRAINT "{key.name}" {key.made} NOT VALID')
    by_table = {name: [key for key in foreign if key.of_table == name] for name in {key.of_table for key in foreign}}
    together(engine, sorted(by_table.values(), key=lambda keys: keys[0].of_table != "journal"), _validate)
    say("sleutels")
    with engine.begin() as connection:
        for row in connection.execute(sa.text(IDENTITIES), {"tables": _oids(connection, tables)}):
            run(
                connection,
                f"SELECT setval('{row.sequence}', (SELECT coalesce(max(id), 0) + 1 FROM {row.of_table}), false)",
            )
    together(engine, list(tables), lambda c, name: run(c, f"VACUUM (ANALYZE) {name}"), autocommit=True)
    say("tellen (VACUUM ANALYZE)")


def together(
    engine: sa.Engine, work: Sequence[T], do: Callable[[sa.Connection, T], object], *, autocommit: bool = False
) -> None:
    """Does each in a transaction of its own, SIDE_BY_SIDE at a time, in this order. Raises what failed first."""

    def one(part: T) -> None:
        with engine.connect() as plain:
            if autocommit:
                plain.execution_options(isolation_level="AUTOCOMMIT")
            run(plain, FAST)
            do(plain, part)
            if not autocommit:
                plain.commit()
            plain.invalidate()  # its settings go with it

    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        for done in [pool.submit(one, part) for part in work]:
            done.result()


def run(connection: sa.Connection, statement: str) -> None:
    """Executes SQL of ours as it stands: a % in it is a %."""
    connection.exec_driver_sql(statement, execution_options={"no_parameters": True})


def run_all(connection: sa.Connection, statements: Sequence[str]) -> None:
    """One after another."""
    for statement in statements:
        run(connection, statement)


def _let_go(engine: sa.Engine, tables: list[str]) -> tuple[list[Made], list[Made]]:
    with engine.begin() as connection:
        about = {"tables": _oids(connection, tables)}
        foreign = [Made(*row) for row in connection.execute(sa.text(KEYS), about)]
        indexes = [Made(*row) for row in connection.execute(sa.text(INDEXES), about)]
        for key in foreign:
            run(connection, f'ALTER TABLE {key.of_table} DROP CONSTRAINT "{key.name}"')
        for index in indexes:
            run(
                connection,
                f'ALTER TABLE {index.of_table} DROP CONSTRAINT "{index.name}"'
                if index.key
                else f'DROP INDEX "{index.name}"',
            )
    return foreign, indexes


def _oids(connection: sa.Connection, tables: Iterable[str]) -> list[int]:
    query = sa.text("SELECT oid::bigint FROM pg_class WHERE relname = ANY (:names) AND relkind = 'r'")
    return list(connection.scalars(query, {"names": list(tables)}))


def _heaviest_first(indexes: list[Made], tables: Mapping[str, Sequence[str]]) -> list[Made]:
    """GIN before btree, then as the tables stand: big ones first, so that both workers are ready at about one time."""
    order = list(tables)
    return sorted(indexes, key=lambda index: ("USING gin" not in index.made, order.index(index.of_table)))


def _validate(connection: sa.Connection, keys: list[Made]) -> None:
    for key in keys:
        run(connection, f'ALTER TABLE {key.of_table} VALIDATE CONSTRAINT "{key.name}"')
        connection.commit()

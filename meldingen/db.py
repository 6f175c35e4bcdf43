"""The engine, the declarative base, the transaction and business time. Knows no flask.

`transaction()` is the only place that commits: one per request or job (HUIS, sentence 3).
"""

import random
import select
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import psycopg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.exc import DisconnectionError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

T = TypeVar("T")

POOL_WAIT_S = 3.0
"""How long a request waits for a connection; then 503 with Retry-After, which is better than a page that hangs."""
REST_S = 60
"""A connection that was idle for so long is ended by PostgreSQL, which gets its 5 to 10 MB back; `_check_alive` sees it
and the pool opens another. Longer than an advisory lock is held while a provider is called."""
NETWORK_SILENCE_MS = 15_000
"""A server that vanished without a word (a cable, a failover) is given up after this, by TCP itself."""

READ_ONLY = "25006"

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """Base of every table; constraint names follow one convention so that migrations can name them."""

    metadata = sa.MetaData(naming_convention=NAMING)


def make_engine(url: str, *, pool_size: int = 8, clock_moves: bool = True) -> sa.Engine:
    """An engine on PostGIS: UTC, and time-outs so that no request hangs on a lock for ever.

    clock_moves: whether business time may be another than that of the machine (local mode), and has to be asked for.
    """
    engine = sa.create_engine(
        url,
        pool_size=pool_size,
        max_overflow=4,
        pool_timeout=POOL_WAIT_S,
        pool_use_lifo=True,  # what is not needed comes to rest, instead of each being used in turn
        hide_parameters=True,  # an error must not carry names and places into a log
        connect_args={
            "options": "-c timezone=UTC -c lock_timeout=10s -c statement_timeout=30s "
            f"-c idle_session_timeout={REST_S}s",
            "connect_timeout": 5,
            "keepalives_idle": 30,
            "tcp_user_timeout": NETWORK_SILENCE_MS,
        },
    )
    engine.update_execution_options(clock_moves=clock_moves)
    sa.event.listen(engine, "checkout", _check_alive)
    sa.event.listen(engine, "handle_error", _leave_a_replica)
    return engine


def _check_alive(connection: psycopg.Connection[Any], *_: object) -> None:
    """Refuses a kept connection that PostgreSQL has ended, so that the pool opens another: a server that goes says so
    on the line, where otherwise nothing waits to be read. A ping would ask the server and wait, at each request."""
    line = select.poll()
    if not connection.closed:
        line.register(connection.fileno(), select.POLLIN)
    if connection.closed or line.poll(0):
        raise DisconnectionError("ended by the server")


def _leave_a_replica(context: sa.engine.ExceptionContext) -> None:
    """After a failover the server behind an old connection may be a replica: lets go of every connection, so that the
    next ones find the server that writes."""
    if is_read_only(context.original_exception):
        context.is_disconnect = True


def is_read_only(error: BaseException | None) -> bool:
    """Whether the database refused to write because it is a replica, or closed for maintenance."""
    return getattr(error, "sqlstate", "") == READ_ONLY


@contextmanager
def transaction(engine: sa.Engine) -> Iterator[Session]:
    """One unit of work: commits when the block ends, rolls back when it raises."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


def by_driver(
    session: Session, statement: str, facts: Mapping[str, Any], *, one_plan: bool = False
) -> list[tuple[Any, ...]]:
    """The rows of one statement, asked of psycopg itself within the session's transaction: for the few that a storm
    comes through, where SQLAlchemy around it takes longer than PostgreSQL behind it (`bench.snel tekst`).

    statement: with `%(name)s`. one_plan: it has one good plan whatever is asked, which each connection then keeps;
    else PostgreSQL may plan each call anew. Raises the errors of SQLAlchemy, and lets go of a connection that broke,
    as it does.
    """
    connection = session.connection()
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    try:
        if not one_plan:
            return driver.execute(statement, facts).fetchall()
        driver.execute("SET LOCAL plan_cache_mode = force_generic_plan")
        rows = driver.execute(statement, facts, prepare=True).fetchall()
        driver.execute("SET LOCAL plan_cache_mode = DEFAULT")
        return rows
    except psycopg.Error as error:
        gone = driver.closed or driver.broken or is_read_only(error)
        if gone:
            connection.invalidate(error)
            connection.engine.dispose(close=False)
        raise sa.exc.DBAPIError.instance(
            statement, None, error, psycopg.Error, True, gone, connection.dialect
        ) from error


def for_driver(statement: str | sa.Select[Any], kinds: Mapping[str, Any] | None = None) -> str:
    """A statement as `by_driver` takes it: a text with `:name`, or a select whose every value is a `bindparam`.

    kinds: of a text, the SQL type that the value of each name is cast to.
    """
    bound: sa.ClauseElement = (
        sa.text(statement).bindparams(*(sa.bindparam(name, type_=kind) for name, kind in (kinds or {}).items()))
        if isinstance(statement, str)
        else statement
    )
    return str(bound.compile(dialect=PGDialect_psycopg()))  # type: ignore[no-untyped-call]


def settled(query: sa.Select[Any]) -> tuple[str, Mapping[str, Any]]:
    """A select as `by_driver` takes it, with the values in it that are always the same. To be made once."""
    compiled = query.compile(dialect=PGDialect_psycopg(), compile_kwargs={"render_postcompile": True})  # type: ignore[no-untyped-call]
    return str(compiled), compiled.params


CLASHES = ("40P01", "40001", "57P05")
"""SQLSTATE of a deadlock, of a transaction that came too late, and of a connection that was ended for being idle in the
very moment that it was taken: after each of them nothing has happened."""
LOCK_TIMED_OUT = "55P03"


def retry_deadlock(work: Callable[[], T], *, tries: int = 4, also: Collection[str] = ()) -> T:
    """Runs `work`, a whole transaction, again when PostgreSQL undid it, such as for a deadlock. also: other
    SQLSTATEs after which it is done again, such as LOCK_TIMED_OUT for what must be written down."""
    for attempt in range(1, tries + 1):
        try:
            return work()
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") not in (*CLASHES, *also) or attempt == tries:
                raise
            time.sleep(random.uniform(0.005, 0.02) * attempt)  # noqa: S311  spreads two victims, no secret
    raise AssertionError("unreachable")


def machine_now() -> datetime:
    """The clock of this machine, aware UTC. Business rules take `business_now`."""
    return datetime.now(UTC)  # noqa: TID251  the one clock


_OFFSET = sa.text("SELECT offset_s FROM klok")


def business_now(session: Session) -> datetime:
    """Machine time, in local mode plus the installation's offset row; aware UTC."""
    if not session.get_bind().get_execution_options().get("clock_moves", True):
        return machine_now()
    return machine_now() + timedelta(seconds=clock_offset_s(session))


def clock_offset_s(session: Session) -> int:
    """How far business time is from machine time, in seconds."""
    return int(session.connection().execute(_OFFSET).scalar_one_or_none() or 0)


def set_clock_offset(session: Session, offset_s: int) -> None:
    """Moves business time for doors and workers alike, in seconds; the caller checks that this is local mode."""
    session.execute(sa.text("UPDATE klok SET offset_s = :offset_s"), {"offset_s": offset_s})
    session.execute(sa.text("DELETE FROM pace"))  # turns given out on the old clock mean nothing on the new one

"""The database as a whole, for back-up and restore: its tables, counts, files and sequences. Of every gemeente, so
there is no scope; what belongs to an extension (PostGIS) is left alone.
"""

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.numbers import MAX_SEQUENCE
from .account import StaffSession
from .incoming_mail import IncomingMail
from .melding import NUMBERS, Melding
from .notice import Delivery, Notice
from .outbox import OutboxEntry, Topic
from .photo import Photo

_TABLES = """
SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
AND oid NOT IN (SELECT objid FROM pg_depend WHERE deptype = 'e') ORDER BY relname
"""
_DROP = """
WITH of_extensions AS (SELECT objid FROM pg_depend WHERE deptype = 'e')
(SELECT format('DROP TABLE IF EXISTS %I CASCADE', relname) FROM pg_class
WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace AND oid NOT IN (SELECT objid FROM of_extensions))
UNION ALL
(SELECT format('DROP SEQUENCE IF EXISTS %I CASCADE', relname) FROM pg_class
WHERE relkind = 'S' AND relnamespace = 'public'::regnamespace AND oid NOT IN (SELECT objid FROM of_extensions))
UNION ALL
(SELECT format('DROP FUNCTION IF EXISTS %s CASCADE', oid::regprocedure) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace AND oid NOT IN (SELECT objid FROM of_extensions))
"""


def take_snapshot(connection: sa.Connection) -> str:
    """The name of the snapshot of this transaction, for others to see the same. Waits as long as it takes."""
    connection.execute(sa.text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"))
    connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
    return str(connection.execute(sa.text("SELECT pg_export_snapshot()")).scalar_one())


def server_major(connection: sa.Connection) -> int:
    """The major version of the server."""
    return int(connection.execute(sa.text("SHOW server_version_num")).scalar_one()) // 10_000


def revision(connection: sa.Connection) -> str:
    """The revision of the schema."""
    return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())


def count_rows(connection: sa.Connection) -> dict[str, int]:
    """How many rows each table has; empty when there are no tables."""
    tables = connection.execute(sa.text(_TABLES)).scalars().all()
    count = sa.select(sa.func.count())
    return {name: connection.execute(count.select_from(sa.table(name))).scalar_one() for name in tables}


def file_keys(connection: sa.Connection) -> Iterator[str]:
    """Every key of the photo store that a row refers to, sorted by its bytes, in batches from the server."""
    columns = (Photo.upload_key, Photo.small_key, Photo.large_key, IncomingMail.raw_key)
    known = sa.union(*(sa.select(column.label("key")).where(column != "") for column in columns)).subquery()
    query = sa.select(known.c.key).order_by(known.c.key.collate("C"))
    yield from connection.execution_options(yield_per=5000).execute(query).scalars()


def keys_still_known(connection: sa.Connection, keys: Collection[str]) -> set[str]:
    """Which of these keys a row refers to now."""
    columns = (Photo.upload_key, Photo.small_key, Photo.large_key, IncomingMail.raw_key)
    query = sa.union(*(sa.select(column).where(column.in_(keys)) for column in columns))
    return set(connection.execute(query).scalars())


def others_connected(connection: sa.Connection) -> int:
    """How many other programs are connected to this database."""
    query = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
    """
    return int(connection.execute(sa.text(query)).scalar_one())


def drop_everything(connection: sa.Connection) -> None:
    """Empties the database of all that is ours."""
    for statement in connection.execute(sa.text(_DROP)).scalars().all():
        connection.exec_driver_sql(statement)


def sequences(connection: sa.Connection) -> dict[str, int]:
    """The last value given out by each sequence; 0 when none was."""
    query = "SELECT sequencename, coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'public'"
    return {str(name): int(value) for name, value in connection.execute(sa.text(query))}


def busiest_day(session: Session, *, now: datetime) -> int:
    """The most meldingen received on one day of the last year."""
    day = sa.func.date_trunc("day", Melding.received_at)
    days = sa.select(sa.func.count().label("n")).where(Melding.received_at > now - timedelta(days=366)).group_by(day)
    return session.scalar(sa.select(sa.func.max(days.subquery().c.n))) or 0


def jump_sequences(session: Session, jump: int, *, beyond: dict[str, int]) -> int:
    """Lets each sequence go on `jump` further than it stood, and further than `beyond` says; the next meldingnummer.

    A number or id given out after the back-up is then never given to another. The numbers end at MAX_SEQUENCE; the jump
    stops short of it.
    """
    connection = session.connection()
    for name, last in sequences(connection).items():
        wanted = max(last + jump, beyond.get(name, 0) + 1)
        if name == NUMBERS.name:
            wanted = max(last, min(wanted, MAX_SEQUENCE - 1))
        connection.execute(sa.text("SELECT setval(cast(:name AS regclass), :value)"), {"name": name, "value": wanted})
    return sequences(connection)[str(NUMBERS.name)] + 1


def end_all_sessions(session: Session) -> None:
    """Signs out everybody: a session that was ended after the back-up is not to live again."""
    session.execute(sa.delete(StaffSession))


def free_leases(session: Session) -> None:
    """Nobody holds a row of the outbox: the workers of then are gone."""
    held = sa.update(OutboxEntry).where(OutboxEntry.lease.is_not(None), OutboxEntry.done_at.is_(None))
    session.execute(held.values(lease=None, lease_until=None))


def hold_notices(session: Session, reason: str, *, now: datetime) -> int:
    """Parks every bericht that is due: it may have been sent after the back-up. How many."""
    due = (
        sa.update(OutboxEntry)
        .where(
            OutboxEntry.topic == Topic.NOTICE.value,
            OutboxEntry.done_at.is_(None),
            OutboxEntry.parked_at.is_(None),
            OutboxEntry.due_at <= now,
        )
        .values(parked_at=now, reason=reason, lease=None, lease_until=None)
        .returning(OutboxEntry.id)
        .execution_options(synchronize_session=False)
    )
    return len(session.execute(due).all())


def held_notices(session: Session, reason: str) -> list[tuple[int, datetime, str, str, str]]:
    """The parked rows with this reason, oldest first: id, since, kind of bericht, meldingnummer, channel so far."""
    notice_id = sa.cast(OutboxEntry.payload["notice_id"].astext, sa.BigInteger)
    channel = (
        sa.select(Delivery.channel).where(Delivery.notice_id == notice_id).order_by(Delivery.id.desc()).limit(1)
    ).scalar_subquery()
    query = (
        sa.select(
            OutboxEntry.id,
            sa.func.coalesce(Notice.at, OutboxEntry.created_at),
            sa.func.coalesce(Notice.kind, ""),
            sa.func.coalesce(Melding.number, ""),
            sa.func.coalesce(channel, ""),
        )
        .outerjoin(Notice, Notice.id == notice_id)
        .outerjoin(Melding, Melding.id == Notice.melding_id)
        .where(OutboxEntry.reason == reason, OutboxEntry.parked_at.is_not(None), OutboxEntry.done_at.is_(None))
        .order_by(OutboxEntry.id)
    )
    return [(row[0], row[1], row[2], row[3], row[4]) for row in session.execute(query)]

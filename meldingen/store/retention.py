"""Rows that have done their service, removed in batches so that no lock or transaction lasts long.

Not for meldingen and their people: retention of those is a decision per gemeente (domain/privacy.py). These rows go
in every gemeente alike, so there is no scope.
"""

from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session

from .access_code import AccessCode
from .account import StaffSession
from .bulk import Bulk
from .melding import Idempotency
from .outbox import OutboxEntry

BATCH = 5_000


def delete_done_entries(session: Session, before: datetime) -> int:
    """Removes one batch of outbox rows done before this moment; how many."""
    return _delete(session, OutboxEntry, OutboxEntry.done_at < before)


def delete_idempotency(session: Session, before: datetime) -> int:
    """Forgets one batch of remembered answers from before this moment; how many."""
    return _delete(session, Idempotency, Idempotency.created_at < before)


def delete_staff_sessions(session: Session, before: datetime) -> int:
    """Removes one batch of sessions that ended before this moment; how many."""
    return _delete(session, StaffSession, StaffSession.expires_at < before)


def delete_access_codes(session: Session, before: datetime) -> int:
    """Removes one batch of one-time codes that were made before this moment; how many."""
    return _delete(session, AccessCode, AccessCode.made_at < before)


def delete_bulks(session: Session, before: datetime) -> int:
    """Removes one batch of bulk actions that were over before this moment, with their items; how many."""
    return _delete(session, Bulk, Bulk.finished_at < before)


def _delete(session: Session, table: type[DeclarativeBase], condition: sa.ColumnElement[bool]) -> int:
    key = sa.inspect(table).primary_key[0]
    batch = sa.select(key).where(condition).limit(BATCH)
    done = session.execute(sa.delete(table).where(key.in_(batch)).execution_options(synchronize_session=False))
    return cast("sa.CursorResult[Any]", done).rowcount

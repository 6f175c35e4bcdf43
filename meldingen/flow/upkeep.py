"""What is tidied by itself. When: the table in workers/schedule.py. Safe to do twice, late, or by two at once.

Each batch is its own transaction. Not here: photos (flow/photos.py), and what a melding's retention asks.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from ..db import transaction
from ..store import melding, outbox, retention
from . import erasure

log = structlog.get_logger()

OUTBOX_KEPT = timedelta(days=7)
"""Long enough to see what happened last week."""
LAST_WORD, LOOK_AGAIN = timedelta(days=1), timedelta(minutes=5)
"""How long the confirmation of a withdrawal may take to leave before the person goes anyway; how often we look."""
IDEMPOTENCY_KEPT = timedelta(days=30)
"""KLANTREIS rule 3."""
BULKS_KEPT = timedelta(days=30)
"""To look back who did what with many at once. What was done stays in the journal of each opdracht."""
ACCESS_CODES_KEPT = timedelta(hours=2)
"""They work half an hour, and are counted per hour; with them goes the address that was filled in."""
WITHDRAWN = "ingetrokken"


def clear_outbox(engine: sa.Engine, *, now: datetime) -> None:
    """Removes rows that were done a week ago; parked ones stay until a person looks at them."""
    _in_batches(engine, "outbox_cleared", retention.delete_done_entries, now - OUTBOX_KEPT)


def clear_idempotency(engine: sa.Engine, *, now: datetime) -> None:
    """Forgets answers of thirty days ago."""
    _in_batches(engine, "idempotency_cleared", retention.delete_idempotency, now - IDEMPOTENCY_KEPT)


def clear_bulks(engine: sa.Engine, *, now: datetime) -> None:
    """Removes bulk actions that were done or undone thirty days ago; one that never began stays until it has."""
    _in_batches(engine, "bulks_cleared", retention.delete_bulks, now - BULKS_KEPT)


def clear_staff_sessions(engine: sa.Engine, *, now: datetime) -> None:
    """Removes sessions of medewerkers that have ended."""
    _in_batches(engine, "staff_sessions_cleared", retention.delete_staff_sessions, now)


def clear_access_codes(engine: sa.Engine, *, now: datetime) -> None:
    """Removes one-time codes of two hours ago, and the addresses they were for."""
    _in_batches(engine, "access_codes_cleared", retention.delete_access_codes, now - ACCESS_CODES_KEPT)


def erase_contact(engine: sa.Engine, *, melding_id: int, gemeente_id: int, now: datetime) -> datetime | None:
    """Takes the person away from a withdrawn melding whose work goes on (KLANTREIS Withdrawing, with danger).

    The contact, and the addresses and numbers of its berichten; what was still to be sent is not. Returns when to come
    back while the confirmation is under way, at most a day, so that the last word still reaches the melder. Does
    nothing for a melding that was not withdrawn, or that is frozen: the terms take the person when that is over.
    """
    scope = [gemeente_id]
    with transaction(engine) as session:
        found = melding.lock_meldingen(session, [melding_id], scope=scope)
        if not found or found[0].withdrawn_at is None or found[0].frozen_at is not None:
            return None
        waited = now - found[0].withdrawn_at
        if waited < LAST_WORD and outbox.is_waiting(session, outbox.Topic.NOTICE, f"melding:{melding_id}"):
            return now + LOOK_AGAIN
        erasure.forget_person(session, found[0], WITHDRAWN, now=now)
        erasure.clean_up_later(session, found[0], "contact", [], now=now)
    log.info("contact_erased", melding=melding_id)
    return None


def _in_batches(engine: sa.Engine, event: str, delete: Callable[[Session, datetime], int], before: datetime) -> None:
    total = 0
    while True:
        with transaction(engine) as session:
            deleted = delete(session, before)
        total += deleted
        if deleted < retention.BATCH:
            break
    log.info(event, rows=total)

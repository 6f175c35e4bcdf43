"""Work for tests: what a row's payload says is done, and leaves a trace that other processes can see."""

import os
import signal
import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import PermanentFailure, TemporaryFailure
from meldingen.db import business_now, transaction
from meldingen.store.leases import Leased, Terms
from meldingen.store.outbox import Topic
from workers.context import Context
from workers.jobs import in_one_transaction, in_steps
from workers.policy import Policy

GATE_S = 30.0

TABLES = """
CREATE TABLE trace (id bigint GENERATED ALWAYS AS IDENTITY, entry bigint, what text, pid bigint);
CREATE TABLE gate (open boolean)
"""


def leave_trace(session: Session, entry: Leased, what: str) -> None:
    """One line for the test to read."""
    row = {"entry": entry.id, "what": what, "pid": os.getpid()}
    session.execute(sa.text("INSERT INTO trace (entry, what, pid) VALUES (:entry, :what, :pid)"), row)


def _deliver(context: Context, entry: Leased) -> datetime | None:
    match entry.payload.get("do", "ok"):
        case "refuse":
            raise PermanentFailure("het adres bestaat niet")
        case "fail":
            raise TemporaryFailure("de mailserver antwoordt niet")
        case "bug":
            raise KeyError("Jan de Vries, 06 12 34 56 78")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "later":
            with transaction(context.engine) as session:
                return business_now(session) + timedelta(hours=9)
        case "wait":
            _wait_at_gate(context, entry)
        case "chain":
            with transaction(context.engine) as session:
                leave_trace(session, entry, "chain")
    with transaction(context.engine) as session:
        leave_trace(session, entry, "done")
    return None


def _wait_at_gate(context: Context, entry: Leased) -> None:
    """Says "begun" and goes on when the test opens the gate."""
    with transaction(context.engine) as session:
        leave_trace(session, entry, "begun")
    deadline = time.monotonic() + GATE_S
    while time.monotonic() < deadline:
        with transaction(context.engine) as session:
            if session.scalar(sa.text("SELECT 1 FROM gate")):
                return
        time.sleep(0.02)
    raise TemporaryFailure("het hek bleef dicht")


def _route(session: Session, entry: Leased, now: datetime) -> None:
    leave_trace(session, entry, "routed")
    if entry.payload.get("do") == "die":
        os.kill(os.getpid(), signal.SIGKILL)


HANDLERS = {
    Topic.ROUTE: in_one_transaction(_route),
    Topic.NOTICE: in_steps(_deliver),
    Topic.RECEIPT: in_steps(_deliver),
    Topic.PHOTO: in_steps(_deliver),
    Topic.WEBHOOK: in_steps(_deliver),
    Topic.UPKEEP: in_steps(_deliver),
}


def policies(*, lease_s: float = 30.0, tries: int = 50, lot: int = 20, job_timeout_s: int = 20) -> dict[Topic, Policy]:
    """Short waits, so that a retry takes a moment."""
    return {
        topic: Policy(
            Terms(1 if topic is Topic.PHOTO else lot, lease_s, tries),
            job_timeout_s=job_timeout_s,
            budget_s=10,
            first_wait_s=0.05,
            longest_wait_s=0.1,
        )
        for topic in Topic
    }

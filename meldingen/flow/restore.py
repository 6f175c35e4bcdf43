"""What was destroyed or erased is so again after a backup was put back: the list outside the database, and its use.

The list stands in the photo store, which a restored database does not undo: one small file of ids and dates per batch,
never changed. It tells nothing of a person. Destroying itself: retention.py and erasure.py.
"""

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..adapters.failures import PermanentFailure
from ..adapters.storage import PhotoStore
from ..db import transaction
from ..domain.actor import Actor
from ..store import destruction, erasure, journal, outbox
from ..store.contact import contact_of
from ..store.gemeente import served_ids
from ..store.melding import lock_meldingen
from ..store.opdracht import lock_opdrachten, opdracht_ids_of
from . import erasure as erasing

FOLDER = "wissen"
Line = dict[str, Any]
"""One melding: melding_id, number, what (`vernietigd`, `gewist`, `contact`), at, and for `vernietigd` its tombstone."""


def clean_up(store: PhotoStore, payload: Mapping[str, Any]) -> None:
    """What an erasure or a batch left to do outside the database: its files go, and the list tells of it.

    First the list: a crash in between leaves files that the next try deletes. Safe to do twice.
    """
    write_lines(store, int(payload["gemeente_id"]), payload["lines"])
    for key in payload["files"]:
        store.delete(key)


def write_lines(store: PhotoStore, gemeente_id: int, lines: Sequence[Line]) -> None:
    """Adds these lines to the list outside the database; the same lines again are the same file."""
    if not lines:
        return
    text = "".join(json.dumps(line, sort_keys=True) + "\n" for line in lines).encode()
    store.put(f"{FOLDER}/{gemeente_id}/{hashlib.sha256(text).hexdigest()[:40]}.jsonl", text)


def read_lines(store: PhotoStore, *, scope: Collection[int]) -> Iterator[tuple[int, Line]]:
    """Every line of the list outside the database with its gemeente, in no order."""
    for gemeente_id in sorted(scope):
        for file in store.listing(f"{FOLDER}/{gemeente_id}"):
            try:
                text = store.get(file.key)
            except PermanentFailure:
                continue  # taken away by hand since the listing
            yield from ((gemeente_id, line) for line in parse_lines(text.decode().splitlines()))


def parse_lines(lines: Iterable[str]) -> Iterator[Line]:
    """Lines of the list as they were written; empty ones and half a last one are passed over."""
    for written in lines:
        try:
            line = json.loads(written)
        except ValueError:
            continue
        if isinstance(line, dict) and isinstance(line.get("melding_id"), int) and isinstance(line.get("number"), str):
            yield line


def lines_in_database(session: Session) -> Iterator[Line]:
    """The same list as the database knows it: for a copy that is kept somewhere else."""
    scope = served_ids(session)
    for stone in journal.tombstones(session, scope=scope):
        yield {"gemeente_id": stone.gemeente_id, **tombstone_line(stone)}
    for melding in erasure.erased_meldingen(session, scope=scope):
        assert melding.erased_at is not None, "asked for"
        at = melding.erased_at.isoformat()
        yield {
            "gemeente_id": melding.gemeente_id,
            "melding_id": melding.id,
            "number": melding.number,
            "what": "gewist",
            "at": at,
        }


def tombstone_line(stone: journal.Tombstone) -> Line:
    """What the list keeps of a destroyed melding: its tombstone."""
    return {
        "melding_id": stone.melding_id,
        "number": stone.number,
        "what": "vernietigd",
        "at": stone.destroyed_at.isoformat(),
        "category": stone.category,
        "received_at": stone.received_at.isoformat(),
        "closed_at": stone.closed_at.isoformat() if stone.closed_at else None,
        "reason": stone.reason,
        "batch": stone.batch,
    }


class Repeated(NamedTuple):
    """How a repetition went: meldingen destroyed or erased again, contacts taken again, and what was gone already."""

    destroyed: int
    erased: int
    contacts: int
    gone: int


def repeat(engine: sa.Engine, lines: Iterable[tuple[int, Line]], *, actor: Actor, now: datetime) -> Repeated:
    """Does again what the list says, on whatever a backup brought back; each melding in a transaction of its own.

    A number and id that are not of one melding here are passed over: the list may be of another installation. What is
    frozen now is destroyed all the same: that it was gone is older than the freezing in the backup.
    """
    counts = dict.fromkeys(Repeated._fields, 0)
    for gemeente_id, line in lines:
        with transaction(engine) as session:
            counts[_repeat(session, gemeente_id, line, actor=actor, now=now)] += 1
    return Repeated(**counts)


def _repeat(session: Session, gemeente_id: int, line: Line, *, actor: Actor, now: datetime) -> str:
    scope = [gemeente_id]
    works = opdracht_ids_of(session, [line["melding_id"]], scope=scope)
    lock_opdrachten(session, works, scope=scope)
    found = lock_meldingen(session, [line["melding_id"]], scope=scope)
    if not found or found[0].number != line["number"]:
        return "gone"
    melding = found[0]
    match line.get("what"):
        case "vernietigd":
            batch, reason = str(line.get("batch", "")), str(line.get("reason", ""))
            at = datetime.fromisoformat(line["at"])
            stones, files = destruction.destroy_meldingen(
                session, [melding.id], reason=reason, batch=batch, now=at, scope=scope
            )
            payload = {"gemeente_id": gemeente_id, "files": files, "lines": [tombstone_line(one) for one in stones]}
            outbox.put(
                session, outbox.Topic.UPKEEP, {"task": "after_erasure", **payload}, gemeente_id=gemeente_id, now=now
            )
            return "destroyed"
        case "gewist" if melding.erased_at is None:
            melding.frozen_at = None
            erasing.erase_melder(session, melding.id, scope=scope, actor=actor, now=now)
            return "erased"
        case "contact" if contact_of(session, melding.id, scope=scope) is not None:
            erasing.forget_person(session, melding, "ingetrokken", now=now)
            return "contacts"
        case _:
            return "gone"

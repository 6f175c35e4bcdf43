"""Putting a back-up back, and what must follow so that nothing is promised twice and nobody erased returns.

Checks come first (backup.py), then the database in one transaction, then the files it needs, then `settle`. What was
erased is erased again by restore.py. Not the schema: the command migrates between `load_database` and `settle`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..adapters import postgres_tools
from ..adapters.failures import PermanentFailure
from ..adapters.sealing import Age, Plain, Sealing
from ..adapters.storage import PhotoStore
from ..db import business_now, machine_now, transaction
from ..domain import backup as rules
from ..domain import numbers
from ..domain.backup import BadBackup, Manifest
from ..domain.deadlines import local_day
from ..store import leases, whole
from ..store.gemeente import served_ids
from ..store.melding import lock_meldingen
from ..store.notice import notice_by_id
from ..store.outbox import OutboxEntry
from ..store.reports_notices import LAPSED
from . import backup_photos, chain, restore
from .backup import TRIAL, Place
from .backup_photos import Progress

HELD = "Teruggezet uit een back-up: misschien al verstuurd."


@dataclass(frozen=True)
class Settled:
    """What followed a restore: the next meldingnummer, and how many berichten wait for a person."""

    next_number: str
    held: int


def opening(manifest: Manifest, place: Place, name: str, identity: str) -> Sealing:
    """How the files of this back-up are opened. identity: the text of a key file. Raises BadBackup when it does not
    fit, before anything was touched."""
    if not manifest.sealed_for:
        return Plain()
    try:
        sealing = Age(identity=identity)
        with (place.folder / name / manifest.part(TRIAL).name).open("rb") as kept:
            sealing.open(kept, BytesIO())
    except PermanentFailure as failure:
        raise BadBackup(f"Deze back-up is versleuteld: {failure}.") from failure
    return sealing


def check_room(engine: sa.Engine, *, overwrite: bool) -> None:
    """Raises BadBackup while the database has tables that may not be lost, or somebody still works on it."""
    with engine.connect() as connection:
        if not overwrite and whole.count_rows(connection):
            raise BadBackup(
                "De database is niet leeg. Zet terug in een nieuwe, lege database, of kies --overschrijf: dan gaat "
                "alles weg wat er nu in staat."
            )
        others = whole.others_connected(connection)
    if others:
        raise BadBackup(f"Er werken nog {others} programma's met deze database. Stop eerst de website en de werkers.")


def load_database(engine: sa.Engine, place: Place, name: str, manifest: Manifest, sealing: Sealing) -> dict[str, int]:
    """Replaces the whole database by that of the back-up, and compares the rows of each table with the manifest.

    What the sequences had given out before, for `settle`; empty when there was no database. Raises PermanentFailure
    when pg_restore fails (then the database is empty), BadBackup when a table has other rows than it should.
    """
    with engine.begin() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        before = whole.sequences(connection)
        whole.drop_everything(connection)
        server = whole.server_major(connection)
    url = engine.url.render_as_string(hide_password=False)
    with (
        (place.folder / name / manifest.part(rules.DUMP).name).open("rb") as kept,
        postgres_tools.loading(url, server=server) as database,
    ):
        sealing.open(kept, database)
    with engine.connect() as connection:
        connection.execute(sa.text("SET LOCAL statement_timeout = 0"))
        found = whole.count_rows(connection)
        connection.execute(sa.text("ANALYZE"))
        connection.commit()
    wrong = sorted(table for table, rows in manifest.rows.items() if found.get(table) != rows)
    if wrong:
        raise BadBackup(f"Na het terugzetten klopt het aantal rijen niet in: {', '.join(wrong)}.")
    return before


def return_photos(
    store: PhotoStore, place: Place, name: str, manifest: Manifest, sealing: Sealing, *, progress: Progress
) -> int:
    """Puts the files that the store misses into it, and every word of what was erased since; how many photos."""
    pool = place.folder / manifest.pool
    returned = backup_photos.return_files(
        store, place.folder / name / rules.PHOTOS, pool, sealing=sealing, total=manifest.photos, progress=progress
    )
    backup_photos.return_folder(store, restore.FOLDER, [pool], sealing=sealing)
    return returned


def settle(engine: sa.Engine, moment: datetime, before: dict[str, int]) -> Settled:
    """Numbers jump past what was given out since, everybody is signed out, and berichten that are due wait for people.

    moment: of which the database is. before: what the sequences of the one that was replaced had given out.
    """
    with transaction(engine) as session:
        session.execute(sa.text("SET LOCAL statement_timeout = 0"))
        now = business_now(session)
        days = (machine_now() - moment).total_seconds() / 86_400
        jump = rules.jump_of(whole.busiest_day(session, now=now), days)
        following = whole.jump_sequences(session, jump, beyond=before)
        whole.end_all_sessions(session)
        whole.free_leases(session)
        held = whole.hold_notices(session, HELD, now=now)
        return Settled(numbers.make_number(local_day(now).year, following), held)


def hold_again(engine: sa.Engine) -> int:
    """Also what the clock made up for since the back-up waits for a person; how many."""
    with transaction(engine) as session:
        return whole.hold_notices(session, HELD, now=business_now(session))


def held(session: Session) -> list[tuple[int, datetime, str, str, str]]:
    """What waits since a restore, oldest first: id, since, kind of bericht, meldingnummer, channel so far."""
    return whole.held_notices(session, HELD)


def release_held(session: Session, ids: Sequence[int], *, now: datetime) -> int:
    """Sends these after all; how many. A second time changes nothing."""
    return sum(leases.again(session, entry_id, now=now) for entry_id in ids)


def drop_held(session: Session, ids: Sequence[int], *, now: datetime) -> int:
    """Ends these: they had been sent. What was told already stays told; how many."""
    scope = served_ids(session)
    for entry_id in ids:
        entry = session.get_one(OutboxEntry, entry_id, with_for_update=True)
        notice = notice_by_id(session, int(entry.payload["notice_id"]), scope=scope)
        if notice is not None:
            lock_meldingen(session, [notice.melding_id] if notice.melding_id else [], scope=scope)
            chain.end_notice(session, notice, LAPSED, now=now)
        entry.done_at = now
    session.flush()
    return len(ids)


def key_file(path: Path | None) -> str:
    """The text of a key file of age; empty without one."""
    return path.read_text(encoding="utf-8") if path is not None else ""

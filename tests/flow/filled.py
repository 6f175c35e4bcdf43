"""A melding with something in every column that may be personal, for tests of erasing and retention."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Session

from meldingen.db import Base
from meldingen.domain.actor import SYSTEM
from meldingen.domain.privacy import PERSONAL_FIELDS
from meldingen.store import journal
from meldingen.store.callback import CallAttempt, Callback
from meldingen.store.contact import Contact, ContactView
from meldingen.store.incoming_mail import IncomingMail
from meldingen.store.journal import Note
from meldingen.store.melding import Idempotency, Melding
from meldingen.store.notice import Delivery, DeliveryStep, Notice
from meldingen.store.opdracht import Closure, Link, Opdracht
from meldingen.store.photo import Photo
from meldingen.store.push import PushSubscription
from meldingen.store.task import Task
from meldingen.store.verdict import Verdict
from tests import factories

TRACE = "Jo Jansen"
"""Stands in every word that we fill in, so that a test can look for it."""
CONTACT = {"name": TRACE, "email": "jo@example.nl", "phone": "06 12345678"}
OWNED = ("account", "privacy_request")
"""Tables of PERSONAL_FIELDS that do not hang from one melding."""


def fill(session: Session, melding: Melding, account_id: int, now: datetime, *, store: Any) -> Opdracht:
    """Puts words, files and addresses everywhere around a routed melding; its opdracht."""
    mine: dict[str, Any] = {"gemeente_id": melding.gemeente_id}
    work = factories.opdracht_of(session, melding)
    melding.description, melding.answers = f"Bij {TRACE} voor de deur.", {"vraag": TRACE}
    melding.location_note = work.location_note = f"naast {TRACE}"
    melding.address = work.address = f"Hoek {TRACE}"
    known = session.scalars(sa.select(Contact).where(Contact.melding_id == melding.id)).one()
    known.postal_address, known.preference = f"{TRACE}, Hoek 1", "email"
    session.add(
        PushSubscription(**mine, melding_id=melding.id, endpoint=f"https://push/{TRACE}", p256dh=TRACE, auth=TRACE,
                         created_at=now)
    )  # fmt: skip
    event = journal.record(
        session, "proef", gemeente_id=melding.gemeente_id, actor=SYSTEM, now=now, melding_id=melding.id,
        opdracht_id=work.id,
    )  # fmt: skip
    notice = Notice(**mine, event_id=event.id, melding_id=melding.id, kind="gereed", at=now)
    session.add(notice)
    session.flush()
    delivery = Delivery(
        **mine, notice_id=notice.id, channel="email", status="verzonden", address="jo@example.nl",
        reference=f"proef-{notice.id}", subject=TRACE, text=f"Beste {TRACE}", html=f"<p>{TRACE}</p>", provider_id=TRACE,
        reason="550 jo@example.nl", attempts=1, due_at=now, created_at=now, sent_at=now, finished_at=now,
    )  # fmt: skip
    session.add(delivery)
    session.flush()
    session.add(
        DeliveryStep(**mine, delivery_id=delivery.id, status="verzonden", at=now, provider_id=TRACE,
                     reason="550 jo@example.nl")
    )  # fmt: skip
    mail = IncomingMail(**mine, sha256=f"{melding.id:064}", kind="antwoord", melding_id=melding.id, sender=TRACE,
                        subject=TRACE, text=TRACE, raw_key=f"post/{melding.id}", at=now)  # fmt: skip
    call = Callback(**mine, melding_id=melding.id, kind="gereed", reason="bel_mij", words=TRACE, status="gesproken",
                    result=TRACE, created_at=now, due_at=now, finished_at=now)  # fmt: skip
    session.add_all([mail, call])
    session.flush()
    session.add_all(
        [
            CallAttempt(**mine, terugbelnotitie_id=call.id, at=now, outcome="gesproken", words=TRACE),
            Task(**mine, role="kcc", kind="antwoord", melding_id=melding.id, mail_id=mail.id, words=TRACE, result=TRACE,
                 status="klaar", created_at=now, due_at=now, finished_at=now),
            Closure(**mine, opdracht_id=work.id, outcome="opgelost", sentence=f"Gemaakt voor {TRACE}.", partner=TRACE,
                    closed_at=now),
            ContactView(**mine, melding_id=melding.id, account_id=account_id, context="anders", words=TRACE, at=now),
            Note(**mine, opdracht_id=work.id, kind="notitie", text=f"Bel {TRACE}", made_by="medewerker:1", at=now),
        ]
    )  # fmt: skip
    note = Note(**mine, melding_id=melding.id, kind="aanvulling", text=TRACE, made_by=f"melder:{melding.id}", at=now)
    session.add(note)
    session.flush()
    session.add(
        Verdict(**mine, melding_id=melding.id, event_id=event.id, asked="opgelost", answer=True, via="volgpagina",
                note_id=note.id, at=now)
    )  # fmt: skip
    session.execute(sa.update(Link).where(Link.melding_id == melding.id).values(reason=f"Gekozen voor {TRACE}"))
    session.add(Idempotency(scope="meldingen:anoniem", key=f"sleutel-{melding.id}", body_hash=b"hash",
                            resource_id=melding.id, created_at=now))  # fmt: skip
    add_photo(session, store, melding, now=now)
    add_photo(session, store, work, now=now)
    for key in (f"post/{melding.id}",):
        store.put(key, TRACE.encode())
    session.flush()
    return work


def add_photo(session: Session, store: Any, owner: Melding | Opdracht, *, now: datetime) -> Photo:
    """One processed photo whose upload is still there too."""
    of_melding = isinstance(owner, Melding)
    name = f"{'m' if of_melding else 'o'}{owner.id:030}"
    keys = {size: f"{size}/{owner.gemeente_id}/{name}" for size in ("upload", "klein", "groot")}
    row = Photo(
        gemeente_id=owner.gemeente_id, public_id=name, melding_id=owner.id if of_melding else None,
        opdracht_id=None if of_melding else owner.id, kind="melder" if of_melding else "team", sha256=name.encode(),
        size_bytes=3, status="klaar", upload_key=keys["upload"], small_key=keys["klein"], large_key=keys["groot"],
        received_at=now, processed_at=now,
    )  # fmt: skip
    session.add(row)
    for key in keys.values():
        store.put(key, b"jpg")
    return row


def traces(session: Session) -> set[str]:
    """Every personal column (table.column) in which something is left, in the whole database."""
    found = set()
    for one in PERSONAL_FIELDS:
        if one.table in OWNED:
            continue
        column = Base.metadata.tables[one.table].columns[one.column]
        left = sa.select(column).where(column.is_not(None)).limit(500)
        if any(_says_something(value) for value in session.scalars(left)):
            found.add(f"{one.table}.{one.column}")
    return found


def says(session: Session, word: str) -> set[str]:
    """Every column of any table (table.column) in which this word stands."""
    return {
        f"{table.name}.{column.name}"
        for table, column in _columns()
        if session.scalar(
            sa.select(sa.literal(1)).select_from(table).where(sa.cast(column, sa.Text).icontains(word)).limit(1)
        )
    }


def _columns() -> Iterator[tuple[sa.Table, sa.Column[Any]]]:
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, sa.Text | JSONB | sa.ARRAY):
                yield table, column


def _says_something(value: Any) -> bool:
    return value not in (None, "", {}, [])

"""Taking a person out of what we keep: the contact alone when it has served, or every word of his when he asks.

What happened stays, without who: an open opdracht goes on with its place and category, other melders on it notice
nothing, and the figures count on. Destroying whole meldingen: retention.py. Who may ask: privacy_requests.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..domain.errors import Conflict
from ..domain.privacy import LIMITED, black_out
from ..domain.workflow import OPEN
from ..store import callback, contact, erasure, journal, notice, outbox, task
from ..store.melding import Melding
from . import chain, questions
from .status import Work, derive_statuses, lock_melding_work

ERASED = "gewist"
NOT_KEPT = ("niet_bereikbaar", "intrekking_gevraagd", "bsn", LIMITED)
"""Flags about the person: without him they ask for nothing."""
FROZEN_WORDS = {"claim": "een schadeclaim", "bezwaar": "een bezwaar", "loket": "een zaak bij een ander loket"}


@dataclass
class Erased:
    """What went: rows per kind, for the proof, and the keys of files that are still in storage."""

    counts: dict[str, int] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)

    def add(self, counts: Mapping[str, int], files: Sequence[str] = ()) -> None:
        """Adds what another step or melding lost."""
        for kind, count in counts.items():
            self.counts[kind] = self.counts.get(kind, 0) + count
        self.files += files


def forget_person(session: Session, melding: Melding, reason: str, *, now: datetime) -> dict[str, int]:
    """Takes away how the melder of a locked melding can be reached, everywhere; what was still to be sent is not.

    reason: a code, such as `ingetrokken` or `termijn`. Returns rows per kind. A second time finds nothing.
    """
    scope = [melding.gemeente_id]
    counts = {
        "contactgegevens": erasure.drop_person(session, [melding.id], scope=scope),
        "berichten_gestopt": chain.end_notices(session, melding.id, reason, gemeente_id=melding.gemeente_id, now=now),
    }
    erasure.forget_addresses(session, [melding.id], now=now, scope=scope)
    callback.drop_open(session, [melding.id], now=now, scope=scope)
    melding.flags = [flag for flag in melding.flags if flag != NOT_KEPT[0]]
    return counts


def erase_melder(
    session: Session,
    melding_id: int,
    *,
    scope: Collection[int],
    sentences: bool = False,
    actor: Actor,
    now: datetime,
) -> Erased:
    """Erases the person of one melding on request: contact, words, photos, berichten, and every way in.

    sentences: also empty the team's closing sentences of work that was for this melder alone; else only his name goes
    from them. Old follow links stop, and what still runs finds nothing. A second time changes nothing. Raises NotFound,
    Conflict while a claim or bezwaar freezes it.
    """
    work = lock_melding_work(session, melding_id, scope=scope)
    melding = work.meldingen[melding_id]
    if melding.frozen_at is not None:
        words = FROZEN_WORDS.get(melding.frozen_reason, "een procedure")
        raise Conflict("bevroren", f"Bij deze melding loopt {words}. Zolang bewaren wij alles. Wissen kan daarna.")
    done = Erased()
    if melding.erased_at is not None:
        return done
    mine = [melding.gemeente_id]
    person = _person(session, melding)
    _end_questions(session, work, melding, actor=actor, now=now)
    done.add(forget_person(session, melding, ERASED, now=now))
    done.add({"berichten": erasure.empty_messages(session, [melding.id], scope=mine)})
    done.add(erasure.empty_words(session, melding.id, scope=mine))
    photos = erasure.take_photos(session, melding_ids=[melding.id], scope=mine)
    mails = erasure.take_mail(session, [melding.id], senders=person["emails"], scope=mine)
    done.add({"fotobestanden": len(photos), "mails": len(mails)}, [*photos, *mails])
    task.drop_open(session, [melding.id], now=now, scope=mine)
    done.add(_black_out_work(session, melding, person, sentences=sentences))
    erasure.forget_answers(session, melding.id, scope=mine)
    _empty(melding)
    melding.erased_at = now
    melding.token_generation += 1
    session.flush()
    journal.record(
        session, ERASED, gemeente_id=melding.gemeente_id, actor=actor, now=now, melding_id=melding.id,
        facts={"counts": done.counts},
    )  # fmt: skip
    clean_up_later(session, melding, ERASED, done.files, now=now)
    return done


def clean_up_later(session: Session, melding: Melding, what: str, files: Sequence[str], *, now: datetime) -> None:
    """Promises, in this transaction, that the files go and that the list outside the database tells of it."""
    line = {"melding_id": melding.id, "number": melding.number, "what": what, "at": now.isoformat()}
    outbox.put(
        session,
        outbox.Topic.UPKEEP,
        {"task": "after_erasure", "gemeente_id": melding.gemeente_id, "files": list(files), "lines": [line]},
        gemeente_id=melding.gemeente_id,
        now=now,
    )


def _person(session: Session, melding: Melding) -> dict[str, set[str]]:
    """The names, addresses and numbers by which others may have written of this melder."""
    scope = [melding.gemeente_id]
    known = contact.contact_of(session, melding.id, scope=scope)
    sent = notice.deliveries_of(
        session, [n.id for n in notice.notices_of(session, [melding.id], scope=scope)], scope=scope
    )
    addresses = {delivery.address for delivery in sent} | ({known.email, known.phone} if known else set())
    return {
        "names": {known.name} if known and known.name else set(),
        "emails": {address for address in addresses if "@" in address},
        "phones": {address for address in addresses if address.startswith("+")},
    }


def _end_questions(session: Session, work: Work, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """Work that waits for this melder goes on: nobody will answer."""
    for opdracht in work.opdrachten.values():
        asked = questions.question_of(session, opdracht)
        if asked is not None and asked.facts["melding_id"] == melding.id:
            questions.go_on(session, opdracht, "niet_beantwoord", actor=actor, now=now)
    derive_statuses(session, work.meldingen.values(), now=now)


def _black_out_work(
    session: Session, melding: Melding, person: Mapping[str, Collection[str]], *, sentences: bool
) -> dict[str, int]:
    """What staff wrote on the work of this melding, also earlier: his name, address and number go from it.

    Work that was for him alone loses more: the questions to him, and its notes once it is closed.
    """
    scope = [melding.gemeente_id]
    alone = erasure.work_ever(session, melding.id, scope=scope)
    works = {opdracht.id: opdracht for opdracht in erasure.works_of(session, alone, scope=scope)}
    changed = 0

    def clean(row: Any, column: str, *, empty: bool) -> None:
        nonlocal changed
        was = getattr(row, column)
        now_is = "" if empty else black_out(was, **person)
        if now_is != was:
            setattr(row, column, now_is)
            changed += 1

    for note in erasure.notes_on(session, alone, scope=scope):
        assert note.opdracht_id is not None, "asked by opdracht"
        closed = works[note.opdracht_id].status not in OPEN
        clean(note, "text", empty=alone[note.opdracht_id] and (closed or note.kind == "vraag"))
    for closure in erasure.closures_on(session, alone, scope=scope):
        clean(closure, "sentence", empty=sentences and alone[closure.opdracht_id])
        clean(closure, "partner", empty=False)
    for link in erasure.links_on(session, alone, scope=scope):
        clean(link, "reason", empty=False)
    for row in erasure.tasks_on(session, alone, scope=scope):
        assert row.opdracht_id is not None, "asked by opdracht"
        clean(row, "words", empty=alone[row.opdracht_id] and row.status != task.OPEN)
        clean(row, "result", empty=alone[row.opdracht_id])
    for opdracht in works.values():
        own_words = bool(melding.location_note) and opdracht.location_note == melding.location_note
        clean(opdracht, "location_note", empty=own_words)
        gone = alone[opdracht.id] and opdracht.status not in OPEN
        clean(opdracht, "address", empty=gone)
        if gone:
            erasure.blur_place(opdracht)
    return {"teksten_van_medewerkers": changed}


def _empty(melding: Melding) -> None:
    melding.description = melding.location_note = melding.address = ""
    melding.answers = {}
    melding.photos_expected = 0
    melding.flags = [flag for flag in melding.flags if flag not in NOT_KEPT]
    erasure.blur_place(melding)

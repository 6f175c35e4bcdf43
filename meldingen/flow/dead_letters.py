"""What people do with work that was given up: try it again, or let it lapse with a reason.

Trying again asks nothing twice: it is the same row, and a provider is asked first. A bericht that lapses never lets a
melder down in silence: the KCC gets the work of telling him. The list: store/dead_letters.py.
"""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, COORDINATOR, Actor
from ..domain.cijfers import ASKED_AFTER
from ..domain.deadlines import terugbel_due_at
from ..domain.errors import Conflict, InvalidInput, NotFound
from ..domain.text import clean_text
from ..store import gemeente, journal, leases, notice, task
from ..store.dead_letters import finish_by_hand, is_about_bericht, lock_dead_letter
from ..store.melding import lock_meldingen
from ..store.outbox import OutboxEntry, Topic
from ..store.reports_notices import LAPSED
from . import chain

KEEPERS = (COORDINATOR, BEHEER)
MUST_BE_DONE = (Topic.ROUTE.value, Topic.UPKEEP.value)
"""Without a team nobody works on a melding, and upkeep erases what we promised to erase: these never lapse."""
TELL_MELDER = "bericht_vervallen"


def scope_of(actor: Actor) -> tuple[frozenset[int], bool]:
    """Whose dead letters this person sees: of his gemeenten, and with beheer what is of no gemeente."""
    return actor.gemeenten_with(*KEEPERS), bool(actor.gemeenten_with(BEHEER))


def try_again(session: Session, entry_ids: Collection[int], *, actor: Actor, now: datetime) -> int:
    """Gives these rows their first attempt again; how many were still given up. A second time changes nothing."""
    scope, loose = scope_of(actor)
    tried = 0
    for entry_id in sorted(set(entry_ids)):
        entry = lock_dead_letter(session, entry_id, scope=scope, loose=loose)
        if entry is not None and leases.again(session, entry.id, now=now):
            tried += 1
    return tried


def let_lapse(session: Session, entry_id: int, reason: str, *, actor: Actor, now: datetime) -> None:
    """Nobody does this any more, because of `reason`, in words for colleagues.

    The end of a melding that its melder was to hear becomes work of the KCC. Raises NotFound when it is not given up
    (any more) or somebody else's, InvalidInput without a reason, Conflict for work that must be done.
    """
    reason = clean_text(reason, field="reden")
    scope, loose = scope_of(actor)
    entry = lock_dead_letter(session, entry_id, scope=scope, loose=loose)
    if entry is None:
        raise NotFound("niet_opgegeven", "Dit werk is niet (meer) vastgelopen.")
    if not reason:
        raise InvalidInput.of("reden", "leeg", "Schrijf op waarom dit niet meer hoeft.")
    if entry.topic in MUST_BE_DONE:
        raise Conflict("moet_gebeuren", "Dit werk kan niet vervallen. Los de oorzaak op en probeer het opnieuw.")
    if is_about_bericht(entry):
        _end_bericht(session, entry, reason, actor=actor, now=now)
    finish_by_hand(session, entry, now=now, scope=scope)


def _end_bericht(session: Session, entry: OutboxEntry, reason: str, *, actor: Actor, now: datetime) -> None:
    assert entry.gemeente_id is not None, "a bericht is of a gemeente"
    scope = [entry.gemeente_id]
    owed = notice.notice_by_id(session, int(entry.payload["notice_id"]), scope=scope)
    if owed is None:
        return
    about = next(iter(lock_meldingen(session, [owed.melding_id], scope=scope)), None) if owed.melding_id else None
    if not chain.end_notice(session, owed, LAPSED, now=now):
        return  # it was told after all, or ended for another reason
    facts = {"notice_id": owed.id, "kind": owed.kind}
    if about is not None:
        note = journal.Note(
            gemeente_id=entry.gemeente_id,
            melding_id=about.id,
            kind="notitie",
            text=reason,
            made_by=actor.label,
            account_id=actor.account_id,
            at=now,
        )
        session.add(note)
        session.flush()
        facts["note_id"] = note.id
    journal.record(
        session,
        TELL_MELDER,
        gemeente_id=entry.gemeente_id,
        actor=actor,
        now=now,
        melding_id=owed.melding_id,
        facts=facts,
    )
    if about is not None and owed.kind in ASKED_AFTER and about.withdrawn_at is None and about.erased_at is None:
        closing = gemeente.closing_days(session, scope=scope)
        task.put(
            session,
            TELL_MELDER,
            gemeente_id=entry.gemeente_id,
            role="kcc",
            words=f"Vertel de melder hoe het is afgelopen. Ons bericht ging niet weg: {reason}",
            now=now,
            due_at=terugbel_due_at(now, closing),
            key=f"{TELL_MELDER}:{owed.id}",
            melding_id=about.id,
        )

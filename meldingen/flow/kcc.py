"""What the KCC does for a melder: promises to phone, what came of a call, and correcting how he can be reached.

Those that stand for a bericht are made when it is delivered (deliveries.py). Calling is a person's work, not ours.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import SEES_CONTACT, STAFF_ON_OPDRACHTEN, SYSTEM, Actor
from ..domain.contact import Contact as Given
from ..domain.deadlines import terugbel_due_at
from ..domain.delivery import BEZORGD, UNFINISHED
from ..domain.errors import Conflict, InvalidInput, NotFound, PreconditionRequired, Stale
from ..domain.notices import Channel
from ..domain.privacy import check_not_erased
from ..domain.text import clean_text
from ..domain.workflow import AFGEHANDELD
from ..store import callback, contact, ending, gemeente, journal
from ..store.callback import GESPROKEN, OPEN, CallAttempt, Callback
from ..store.contact import Contact
from ..store.melding import Melding, lock_meldingen
from ..store.notice import deliveries_of, notices_of
from . import chain, notices, reach

NIET_BEREIKT = "niet_bereikt"
BY_HAND = "met_de_hand"
TOLD_ANEW = "einde_opnieuw_verteld"
"""The end of a melding goes to an address that the melder gave after it could not be told."""


def make_callback(session: Session, melding: Melding, words: str, *, actor: Actor, now: datetime) -> Callback:
    """A promise, made by hand, to phone the melder within 2 werkdagen. words: what to tell or ask.

    Raises Forbidden, InvalidInput without words, Conflict when there is no number to call.
    """
    actor.require_role(melding.gemeente_id, *STAFF_ON_OPDRACHTEN)
    scope = [melding.gemeente_id]
    words = clean_text(words, field="tekst")
    if not words:
        raise InvalidInput.of("tekst", "leeg", "Schrijf op wat u wilt vertellen of vragen.")
    known = contact.contact_of(session, melding.id, scope=scope)
    if known is None or not known.phone:
        raise Conflict("geen_telefoonnummer", "Bij deze melding staat geen telefoonnummer. Bellen kan niet.")
    row = Callback(
        gemeente_id=melding.gemeente_id,
        melding_id=melding.id,
        kind=BY_HAND,
        reason=BY_HAND,
        words=words,
        status=OPEN,
        attempts=0,
        version=1,
        result="",
        created_at=now,
        due_at=terugbel_due_at(now, gemeente.closing_days(session, scope=scope)),
    )
    session.add(row)
    session.flush()
    _record(session, "terugbelnotitie_gemaakt", row, actor=actor, now=now)
    return row


def record_call(
    session: Session,
    callback_id: int,
    outcome: str,
    words: str,
    *,
    version: int | None,
    actor: Actor,
    now: datetime,
) -> Callback:
    """What came of a call: `gesproken` ends the promise, `niet_bereikt` counts and keeps it open.

    words: what was said, may be empty. version: the one the caller saw. Raises NotFound, Forbidden, InvalidInput,
    PreconditionRequired, Stale when a colleague was first, Conflict when it is finished.
    """
    known = callback.callback_by_id(session, callback_id, scope=actor.scope)
    if known is None:
        raise NotFound("terugbelnotitie_onbekend", "Deze terugbelnotitie kunnen wij niet vinden.")
    actor.require_role(known.gemeente_id, *SEES_CONTACT)
    words = clean_text(words, field="tekst")
    if outcome not in (GESPROKEN, NIET_BEREIKT):
        raise InvalidInput.of("uitkomst", "onbekend", "Kies gesproken of niet bereikt.")
    if version is None:
        raise PreconditionRequired("versie_ontbreekt", "Noem de versie die u zag, in If-Match.")
    about = lock_meldingen(session, [known.melding_id], scope=actor.scope)[0]
    row = callback.lock_callback(session, callback_id, scope=actor.scope)
    assert row is not None, "its melding is locked, so nobody destroys it"
    if row.version != version:
        raise Stale("versie_verouderd", "Een collega was u voor. Bekijk de terugbelnotitie opnieuw.")
    if row.status != OPEN:
        raise Conflict("al_klaar", "Deze terugbelnotitie is al klaar.")
    row.attempts, row.version, row.result = row.attempts + 1, row.version + 1, words
    if outcome == GESPROKEN:
        row.status, row.finished_at, row.finished_by = GESPROKEN, now, actor.account_id
        reach.mark_reached(session, about, now=now)
        _finish_delivery(session, row, now=now)
    session.add(
        CallAttempt(
            gemeente_id=row.gemeente_id,
            terugbelnotitie_id=row.id,
            at=now,
            account_id=actor.account_id,
            outcome=outcome,
            words=words,
        )
    )
    _record(session, "gebeld", row, actor=actor, now=now, outcome=outcome)
    return row


def correct_contact(session: Session, melding: Melding, given: Given | None, *, actor: Actor, now: datetime) -> Contact:
    """How the melder can be reached, as he says now; also when he gave nothing before. All of it is replaced.

    Another address may be used again; "niet bereikbaar" stays until a message or call succeeds; an end that found no
    channel is told anew. The journal keeps which fields changed, never what they held. Raises Forbidden, InvalidInput
    when nothing is given, Conflict when withdrawn, Gone when erased.
    """
    actor.require_role(melding.gemeente_id, *SEES_CONTACT)
    if given is None:
        raise InvalidInput.of("telefoon", "leeg", "Vul een telefoonnummer, e-mailadres, postadres of naam in.")
    melding = lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])[0]
    check_not_erased(melding.erased_at)
    if melding.withdrawn_at is not None:
        raise Conflict("ingetrokken", "Deze melding is ingetrokken. Wij bewaren geen gegevens meer van de melder.")
    known = contact.contact_of(session, melding.id, scope=[melding.gemeente_id])
    if known is None:
        known = Contact(gemeente_id=melding.gemeente_id, melding_id=melding.id, name="", email="", phone="")
        known.mobile = known.only_when_done = known.night_too = False
        known.postal_address = ""
        session.add(known)
    phone = given.phone.e164 if given.phone else ""
    wanted = {
        "name": given.name,
        "email": given.email,
        "phone": phone,
        "preference": given.preference,
        "only_when_done": given.only_when_done,
        "night_too": given.night_too,
        "postal_address": given.postal_address,
    }
    changed = sorted(name for name, value in wanted.items() if getattr(known, name) != value)
    if "email" in changed:
        known.email_refused_at = None
    if "phone" in changed:
        known.mobile = bool(given.phone and given.phone.is_mobile)
    for name in changed:
        setattr(known, name, wanted[name])
    session.flush()
    if "postal_address" in changed:
        chain.look_again_at_letters(session, melding, now=now)
    if {"email", "phone", "postal_address"} & set(changed):
        _tell_the_end(session, melding, now=now)
    if changed:
        journal.record(
            session,
            "contact_gewijzigd",
            gemeente_id=melding.gemeente_id,
            actor=actor,
            now=now,
            melding_id=melding.id,
            facts={"fields": changed},
        )
    return known


def _tell_the_end(session: Session, melding: Melding, *, now: datetime) -> None:
    """Whom we could not tell the end of a locked melding hears it now, at the address he gives."""
    scope = [melding.gemeente_id]
    last = ending.last_end(session, melding.id, scope=scope)
    if melding.status != AFGEHANDELD or last is None or last.reopened_at is not None:
        return
    event = journal.event_by_id(session, last.event_id, scope=scope)
    known = {one.id: one for one in notices_of(session, [melding.id], scope=scope)}
    owed = next((one for one in known.values() if one.event_id == last.event_id), None)
    if event is None or (owed is None and last.reach != ending.GEEN_KANAAL):
        return
    if owed is None:
        notices.announce(session, last.kind, event, [melding], now=now)
    elif known[owed.bundled_into or owed.id].ended == reach.GEEN_KANAAL:
        home = melding.gemeente_id
        again = journal.record(
            session, TOLD_ANEW, gemeente_id=home, actor=SYSTEM, now=now, melding_id=melding.id, facts=event.facts
        )
        notices.announce(session, last.kind, again, [melding], now=now)
        made = (one.id for one in notices_of(session, [melding.id], scope=scope) if one.event_id == again.id)
        owed.bundled_into = next(made, owed.bundled_into)


def _finish_delivery(session: Session, row: Callback, *, now: datetime) -> None:
    """The bericht that this call stood for has been delivered."""
    if row.notice_id is None:
        return
    for delivery in deliveries_of(session, [row.notice_id], scope=[row.gemeente_id]):
        if delivery.channel == Channel.TELEFOON and delivery.status in UNFINISHED:
            chain.advance(session, delivery, BEZORGD, now=now)


def _record(session: Session, kind: str, row: Callback, *, actor: Actor, now: datetime, outcome: str = "") -> None:
    facts = {"callback_id": row.id, "kind": row.kind} | ({"outcome": outcome} if outcome else {})
    journal.record(
        session, kind, gemeente_id=row.gemeente_id, actor=actor, now=now, melding_id=row.melding_id, facts=facts
    )

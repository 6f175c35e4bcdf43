"""A melding that is really a klacht, schadeclaim, bezwaar or handhavingsverzoek goes to the right desk (WM-10).

The desk gets the facts by mail, the melder hears who handles it, and the work on the street goes on: a hole in the road
is mended whoever pays. A wrong mark is undone: what was not sent yet is never sent. As long as the mark is on, nothing
of the melding is erased (terms.py), so that the desk can still prove what was said.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from html import escape
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..adapters.failures import PermanentFailure
from ..adapters.mail import Mail
from ..db import business_now, transaction
from ..domain.abuse import words_shown
from ..domain.actor import BEHEER, SEES_CONTACT, SYSTEM, Actor
from ..domain.contact import check_email
from ..domain.deadlines import terugbel_due_at
from ..domain.errors import Conflict, InvalidInput
from ..domain.loketten import POLICY, WORDS, Loket, loket_of
from ..domain.notices import NoticeKind, when_words
from ..domain.numbers import show_number
from ..domain.phone import show_phone
from ..domain.privacy import check_not_erased
from ..domain.text import clean_text
from ..settings import Settings
from ..store import contact, gemeente, journal, outbox, task
from ..store.gemeente import Gemeente
from ..store.melding import Melding, lock_meldingen, melding_by_id
from ..store.notice import notices_of
from . import chain, notices, terms
from .before import undo_s_of

TASK: Final = "loket"
"""The name of the worker's part, as a task of UPKEEP."""
MARKED: Final = "ander_loket"
UNMARKED: Final = "geen_ander_loket"
MAILED: Final = "loket_gemaild"
BY_HAND: Final = "ander_loket"
"""The kind of work item for a desk that has no e-mail address here."""


def put_loket(
    session: Session, home: Gemeente, desk: str, given: Mapping[str, str], *, actor: Actor, now: datetime
) -> Loket:
    """Changes what is given of one desk of a gemeente: `naam`, `email`, `contact`. Raises Forbidden, InvalidInput."""
    actor.require_role(home.id, BEHEER)
    if desk not in WORDS:
        raise InvalidInput.of("loket", "onbekend", f"Kies uit {', '.join(WORDS)}.")
    clean = {name: clean_text(value, field=name, max_length=120) for name, value in given.items()}
    if clean.get("email"):
        clean["email"] = check_email(clean["email"], "email")
    desks = home.policy.get(POLICY, {})
    home.policy = {**home.policy, POLICY: {**desks, desk: {**desks.get(desk, {}), **clean}}}
    facts = {"velden": [f"{desk}.{name}" for name in sorted(clean)]}
    journal.record(session, "gemeente_gewijzigd", gemeente_id=home.id, actor=actor, now=now, facts=facts)
    return loket_of(home.policy, desk)


def hand_to_desk(session: Session, melding: Melding, desk: str, *, actor: Actor, now: datetime) -> None:
    """Marks what a melding really is. The facts go to that desk and the melder hears it, both after the time in which
    it can be undone; its opdracht goes on. The same mark again changes nothing.

    Raises Forbidden, InvalidInput for an unknown desk, Gone when erased, Conflict when withdrawn.
    """
    actor.require_role(melding.gemeente_id, *SEES_CONTACT)
    if desk not in WORDS:
        raise InvalidInput.of("loket", "leeg", "Kies wat deze melding eigenlijk is.")
    melding = lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])[0]
    check_not_erased(melding.erased_at)
    if melding.withdrawn_at is not None:
        raise Conflict("ingetrokken", "Deze melding is ingetrokken.")
    if melding.desk == desk:
        return
    if melding.desk:
        _stop(session, melding, now=now)
    melding.desk = desk
    terms.freeze_at_desk(session, melding, actor=actor, now=now)
    event = journal.record(
        session, MARKED, gemeente_id=melding.gemeente_id, actor=actor, now=now, melding_id=melding.id,
        facts={"desk": desk},
    )  # fmt: skip
    if actor.account_id is not None:
        contact.log_view(
            session, gemeente_id=melding.gemeente_id, melding_id=melding.id, account_id=actor.account_id,
            context="loket", now=now,
        )  # fmt: skip
    later = now + timedelta(seconds=undo_s_of(gemeente.gemeente_by_id(session, melding.gemeente_id).policy))
    notices.announce(session, NoticeKind.ANDER_LOKET, event, [melding], now=now, not_before=later)
    ids = {"task": TASK, "gemeente_id": melding.gemeente_id, "melding_id": melding.id, "event_id": event.id}
    outbox.put(
        session, outbox.Topic.UPKEEP, ids, gemeente_id=melding.gemeente_id, now=now, due_at=later,
        key=f"loket:{event.id}",
    )  # fmt: skip


def take_back(session: Session, melding: Melding, *, actor: Actor, now: datetime) -> None:
    """The mark was wrong: it is an ordinary melding again. What was not sent yet is never sent; a desk that has the
    facts already hears that they were not meant for it. Raises Forbidden, Conflict when there is no mark."""
    actor.require_role(melding.gemeente_id, *SEES_CONTACT)
    melding = lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])[0]
    if not melding.desk:
        raise Conflict("geen_loket", "Deze melding is al een gewone melding.")
    _stop(session, melding, now=now)
    before, melding.desk = melding.desk, ""
    terms.unfreeze_at_desk(session, melding, actor=actor, now=now)
    event = journal.record(
        session, UNMARKED, gemeente_id=melding.gemeente_id, actor=actor, now=now, melding_id=melding.id,
        facts={"desk": before},
    )  # fmt: skip
    if _marks(session, melding, MAILED, before):
        ids = {"task": TASK, "gemeente_id": melding.gemeente_id, "melding_id": melding.id, "event_id": event.id}
        outbox.put(session, outbox.Topic.UPKEEP, ids, gemeente_id=melding.gemeente_id, now=now, key=f"loket:{event.id}")


def tell_desk(engine: sa.Engine, adapters: Adapters, settings: Settings, payload: Mapping[str, Any]) -> None:
    """The worker's: mails the facts to the desk, or that they were not meant for it. Nothing when the mark was taken
    back, the person erased, or it was mailed. A desk without an address becomes a work item of the KCC.

    Raises what the mail adapter raises: the outbox tries again, and parks it for people at last.
    """
    scope = [int(payload["gemeente_id"])]
    with transaction(engine) as session:
        now = business_now(session)
        event = journal.event_by_id(session, int(payload["event_id"]), scope=scope)
        about = melding_by_id(session, int(payload["melding_id"]), scope=scope)
        if event is None or about is None or about.erased_at is not None:
            return
        desk, meant = str(event.facts["desk"]), event.kind == MARKED
        if meant and (about.desk != desk or _marks(session, about, MAILED, desk, event_id=event.id)):
            return
        home = gemeente.gemeente_by_id(session, about.gemeente_id)
        to = loket_of(home.policy, desk)
        if not to.email:
            _ask_people(session, about, desk, home, event.id, now=now)
            return
        lines = _facts(session, about, desk, settings, now=now) if meant else _not_meant(about, desk)
    if adapters.mail is None:
        raise PermanentFailure("er is geen e-mail ingesteld")
    what = WORDS[desk].lower()
    subject = f"{WORDS[desk]} bij melding {show_number(about.number)}"
    inside = "".join(f"<p>{escape(line)}</p>" for line in lines)
    html = f'<!doctype html><html lang="nl"><head><title>{escape(what)}</title></head><body>{inside}</body></html>'
    adapters.mail.send(
        Mail(
            to=to.email,
            subject=subject if meant else f"Niet voor u: {subject}",
            text="\n\n".join(lines) + "\n",
            html=html,
            reference=f"{about.number}-loket-{event.id}",
            at=now,
            sender_name=f"Gemeente {home.name}",
            reply_to=home.email,
        )
    )
    if meant:
        with transaction(engine) as session:
            facts = {"desk": desk, "event_id": event.id}
            journal.record(
                session, MAILED, gemeente_id=about.gemeente_id, actor=SYSTEM, now=business_now(session),
                melding_id=about.id, facts=facts,
            )  # fmt: skip


def _stop(session: Session, melding: Melding, *, now: datetime) -> None:
    """What is still to be told about the mark of a locked melding is never told."""
    for notice in notices_of(session, [melding.id], scope=[melding.gemeente_id]):
        if notice.kind == NoticeKind.ANDER_LOKET:
            chain.end_notice(session, notice, "ongedaan", now=now)
    task.drop_open(session, [melding.id], kind=BY_HAND, now=now, scope=[melding.gemeente_id])


def _marks(session: Session, melding: Melding, kind: str, desk: str, *, event_id: int | None = None) -> bool:
    """Whether the journal has this about this desk; event_id: because of this event."""
    past = journal.history_of(session, melding_ids=[melding.id], scope=[melding.gemeente_id])
    mine = [one for one in past if one.kind == kind and one.facts.get("desk") == desk]
    return any(event_id is None or one.facts.get("event_id") == event_id for one in mine)


def _facts(session: Session, about: Melding, desk: str, settings: Settings, *, now: datetime) -> list[str]:
    """What the desk must know, a line each; also how to reach who wrote it, since the desk answers him."""
    known = contact.contact_of(session, about.id, scope=[about.gemeente_id])
    who = (
        (known.name, known.email, show_phone(known.phone) if known.phone else "", known.postal_address) if known else ()
    )
    return [
        f"Bij de meldingen openbare ruimte kwam {WORDS[desk].lower()} binnen. Wilt u dit behandelen?",
        f"Melding {show_number(about.number)}, ontvangen {when_words(about.received_at, now)}.",
        f"Plaats: {about.address or about.location_note or 'zie de kaart in de melding'}.",
        f"Tekst: {words_shown(about.description, about.abuse) or 'zonder tekst'}",
        f"Van: {', '.join(part for part in who if part) or 'de melder liet geen gegevens achter'}.",
        "De melder heeft van ons gehoord dat u dit behandelt. Het werk op straat doen wij zelf.",
        f"De hele melding, voor wie inlogt: {settings.public_url}/kcc/melding/{about.number}",
    ]


def _not_meant(about: Melding, desk: str) -> list[str]:
    return [
        f"Wij stuurden u {WORDS[desk].lower()} bij melding {show_number(about.number)}. Dat was een vergissing.",
        "U hoeft hier niets mee te doen. Verwijder onze eerdere e-mail.",
    ]


def _ask_people(session: Session, about: Melding, desk: str, home: Gemeente, event_id: int, *, now: datetime) -> None:
    task.put(
        session,
        BY_HAND,
        gemeente_id=about.gemeente_id,
        role="kcc",
        words=f"Dit is {WORDS[desk].lower()}, maar dit loket heeft geen e-mailadres. Breng de melding zelf over.",
        now=now,
        due_at=terugbel_due_at(now, gemeente.closing_days(session, scope=[home.id])),
        key=f"loket:{event_id}",
        melding_id=about.id,
    )

"""What an external party does with an opdracht without an account: look, ask, say when, and what we say back.

The party comes by the signed link of its mail (web/partij.py) or by the key of its own system (api/partij.py); closing
and photos are the steps everybody takes (closure.py, photos.py). Its mails: party_mail.py; its time: party_time.py.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain import deadlines
from ..domain.actor import COORDINATOR, KCC, SYSTEM, Actor
from ..domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from ..domain.notices import NoticeKind, date_words
from ..domain.phone import show_phone
from ..domain.text import clean_text
from ..domain.workflow import CLOSED, EXPECTS
from ..store import gemeente, journal, party, task, team
from ..store.journal import Note
from ..store.opdracht import Opdracht, lock_opdrachten
from . import notices
from .apart import each_apart
from .status import Basis, Done, begin_move, finish_move, keep_note, lock_work
from .tasks import ask_coordinator

EXPECTED: Final = "partij_verwacht"
ASKED: Final = "partij_vraagt"
ANSWERED: Final = "partij_antwoord"
SEEN: Final = "partij_gezien"
FAR_AHEAD_DAYS: Final = 366


def expect(session: Session, opdracht_id: int, day: date, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """The party names the day on which it thinks to be ready (`verwachtingen`); its melders hear it.

    day: today or later, at most a year ahead. Norm and promise are not moved: when the promise comes near, the ordinary
    rules tell the melder (delay.py). Raises InvalidInput, and what begin_move raises.
    """
    today = deadlines.local_day(now)
    if day < today:
        raise InvalidInput.of("datum", "datum_voorbij", "Deze dag is voorbij. Kies vandaag of een latere dag.")
    if (day - today).days > FAR_AHEAD_DAYS:
        raise InvalidInput.of("datum", "datum_te_ver", "Kies een dag binnen een jaar.")
    opened = begin_move(session, EXPECTS, opdracht_id, basis=basis, actor=actor, now=now)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    another_day = opdracht.party_expected_on != day
    opdracht.party_expected_on, opdracht.party_told_at = day, None
    facts = {"team_id": opdracht.team_id, "expected_on": day.isoformat()}
    event = finish_move(session, opened, opdracht, EXPECTED, actor=actor, now=now, facts=facts)
    task.finish_of_opdracht(
        session,
        opdracht.id,
        [task.PARTY_LATE],
        result="Er is een nieuwe datum.",
        account_id=actor.account_id,
        now=now,
        scope=[opdracht.gemeente_id],
    )
    if another_day:
        told = [m for m in opened.of(session, opdracht) if m.withdrawn_at is None]
        notices.announce(session, NoticeKind.VERWACHT, event, told, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def see(session: Session, opdracht: Opdracht, *, actor: Actor, now: datetime) -> datetime:
    """Writes down that the party that has it opened it, the first time only; returns when that was.

    Raises Forbidden when it is not with this party.
    """
    if not actor.is_party or opdracht.team_id not in actor.team_ids:
        raise Forbidden("ander_team", "Deze opdracht is niet bij u.")
    seen_at = party.seen_at(session, opdracht.id, opdracht.team_id, scope=[opdracht.gemeente_id])
    return seen_at or _record(session, opdracht, SEEN, actor=actor, now=now).at


def ask(session: Session, opdracht_id: int, question: str, *, actor: Actor, now: datetime) -> Note:
    """The party asks who gave it the work: that team gets a mail, the coordinator a task.

    Raises InvalidInput without words, NotFound, Forbidden when it is not theirs, Conflict when it is closed.
    """
    opdracht = _locked(session, opdracht_id, actor)
    if not actor.is_party or opdracht.team_id not in actor.team_ids:
        raise Forbidden("ander_team", "Deze opdracht is niet bij u.")
    question = clean_text(question, field="vraag")
    if not question:
        raise InvalidInput.of("vraag", "leeg", "Schrijf uw vraag op.")
    scope = [opdracht.gemeente_id]
    note = keep_note(session, opdracht, "partij_vraag", question, actor=actor, now=now)
    event = _record(session, opdracht, ASKED, actor=actor, now=now, note_id=note.id)
    giver = party.handed_over_by(session, opdracht.id, opdracht.team_id, scope=scope)
    if giver is not None:
        notices.tell_team(session, NoticeKind.PARTIJ_VRAAGT, event, [giver], now=now)
    holder = team.team_by_id(session, opdracht.team_id, scope=scope)
    words = f"{holder.name if holder else 'Een partij'} vraagt: {question}"
    key = f"{task.PARTY_ASKS}:{opdracht.id}:{note.id}"
    ask_coordinator(session, task.PARTY_ASKS, opdracht, words, key=key, now=now)
    return note


def may_answer(session: Session, opdracht: Opdracht, actor: Actor) -> bool:
    """Whether this medewerker may answer the party: coordinator and KCC, and the team that gave it the work."""
    if actor.has_role(opdracht.gemeente_id, COORDINATOR, KCC):
        return True
    giver = party.handed_over_by(session, opdracht.id, opdracht.team_id, scope=[opdracht.gemeente_id])
    return actor.is_staff and giver is not None and giver in actor.team_ids


def answer(session: Session, opdracht_id: int, words: str, *, actor: Actor, now: datetime) -> Note:
    """What we say to the party that has it: on its page and by mail; its questions are answered then.

    Raises InvalidInput without words, NotFound, Forbidden, Conflict when it is closed or not with a party.
    """
    opdracht = _locked(session, opdracht_id, actor)
    if not may_answer(session, opdracht, actor):
        raise Forbidden("geen_recht", "Antwoorden kan wie de opdracht overdroeg, het KCC of de coördinator.")
    if opdracht.party_since_at is None:
        raise Conflict("niet_bij_partij", "Deze opdracht is niet bij een externe partij.")
    words = clean_text(words, field="antwoord")
    if not words:
        raise InvalidInput.of("antwoord", "leeg", "Schrijf uw antwoord op.")
    note = keep_note(session, opdracht, "partij_antwoord", words, actor=actor, now=now)
    event = _record(session, opdracht, ANSWERED, actor=actor, now=now, note_id=note.id)
    notices.tell_team(session, NoticeKind.PARTIJ_ANTWOORD, event, [opdracht.team_id], now=now)
    task.finish_of_opdracht(
        session,
        opdracht.id,
        [task.PARTY_ASKS],
        result="De vraag is beantwoord.",
        account_id=actor.account_id,
        now=now,
        scope=[opdracht.gemeente_id],
    )
    return note


def is_asked(conversation: Sequence[Note]) -> bool:
    """Whether the last word in this conversation is the party's."""
    return bool(conversation) and conversation[-1].kind == "partij_vraag"


def mind_dates(engine: sa.Engine, *, now: datetime) -> None:
    """The day after the day a party named, the coordinator knows that it is not ready. Safe to do twice or late."""
    today = deadlines.local_day(now)
    with transaction(engine) as session:
        missed = party.dates_missed(session, today, scope=gemeente.served_ids(session))
        homes = {one.id: one.gemeente_id for one in missed}
    each_apart(engine, "party_dates", homes, lambda session, number: _warn(session, number, homes[number], now=now))


def _warn(session: Session, opdracht_id: int, home: int, *, now: datetime) -> None:
    work = lock_work(session, [opdracht_id], scope=[home])
    opdracht, today = work.opdrachten[opdracht_id], deadlines.local_day(now)
    day = opdracht.party_expected_on
    if opdracht.party_since_at is None or day is None or day >= today or opdracht.party_told_at is not None:
        return
    opdracht.party_told_at = now
    holder = team.team_by_id(session, opdracht.team_id, scope=[home])
    name = holder.name if holder else "Een partij"
    ways = (show_phone(holder.phone) if holder.phone else "", holder.email) if holder else ()
    reach = " of ".join(filter(None, ways))
    words = f"{name} zou klaar zijn op {date_words(day, today)}. Wij hoorden niets. Vraag hoe het staat"
    words += f": {reach}." if reach else "."
    key = f"{task.PARTY_LATE}:{opdracht.id}:{day}"
    ask_coordinator(session, task.PARTY_LATE, opdracht, words, key=key, now=now, due_at=deadlines.end_of(today))
    journal.record(
        session,
        task.PARTY_LATE,
        gemeente_id=home,
        actor=SYSTEM,
        now=now,
        opdracht_id=opdracht.id,
        facts={"team_id": opdracht.team_id, "expected_on": day.isoformat()},
    )


def _locked(session: Session, opdracht_id: int, actor: Actor) -> Opdracht:
    """The open opdracht, locked. Raises NotFound, Conflict."""
    for opdracht in lock_opdrachten(session, [opdracht_id], scope=actor.scope):
        if opdracht.status in CLOSED:
            raise Conflict("opdracht_gesloten", "Deze opdracht is al afgehandeld.")
        return opdracht
    raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")


def _record(
    session: Session, opdracht: Opdracht, kind: str, *, actor: Actor, now: datetime, note_id: int | None = None
) -> journal.Event:
    facts = {"team_id": opdracht.team_id, **({"note_id": note_id} if note_id else {})}
    return journal.record(
        session,
        kind,
        gemeente_id=opdracht.gemeente_id,
        actor=actor,
        now=now,
        opdracht_id=opdracht.id,
        facts=facts,
    )

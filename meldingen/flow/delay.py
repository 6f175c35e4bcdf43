"""No promised date passes in silence: asking the team for a date and a reason, and naming one when nobody does.

When each happens is decided in domain/delays.py. Planning a day after the promised one tells the melder too: work.py.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain import deadlines
from ..domain.actor import SYSTEM, Actor
from ..domain.delays import FAR_AHEAD_DAYS, MOST_AUTOMATIC, Step, Term, automatic_date, first_date, next_step
from ..domain.errors import InvalidInput
from ..domain.notices import NoticeKind, date_words
from ..domain.text import clean_text
from ..domain.workflow import AFGEHANDELD, WACHT_OP_MELDER
from ..store import category, gemeente, journal, task, terms
from ..store.melding import Melding
from ..store.opdracht import Opdracht, meldingen_of
from . import library, notices
from .apart import each_apart
from .status import Basis, Done, Work, begin_move, finish_move, keep_note, lock_work
from .tasks import ask_coordinator

BY_SYSTEM = "automatisch_uitgesteld"


@dataclass(frozen=True)
class Why:
    """Why it comes later: a code of the library, a sentence for the melder, or both."""

    code: str = ""
    sentence: str = ""


def postpone(
    session: Session, opdracht_id: int, new_date: date, why: Why, *, basis: Basis, actor: Actor, now: datetime
) -> Done:
    """A person names a new date and a reason (`uitstellingen`); every melder promised less hears both.

    new_date: the next werkdag or later, after what was promised. The count of automatic delays begins anew. Raises
    InvalidInput with every field error at once, and what begin_move raises.
    """
    said = _check(why)
    opened = begin_move(session, "uitstellingen", opdracht_id, basis=basis, actor=actor, now=now, said=said.sentence)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    _check_date(session, opened, opdracht, new_date, now)
    facts: dict[str, Any] = {"reason": said.code}
    if said.sentence:
        facts["note_id"] = keep_note(session, opdracht, "notitie", said.sentence, actor=actor, now=now).id
    opdracht.automatic_delays = 0
    _name_date(session, opened, opdracht, "uitgesteld", new_date, facts, actor=actor, now=now)
    _settle_tasks(session, opdracht, actor=actor, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def keep_date(session: Session, opdracht_id: int, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """ "Wij halen het" (`uitstellingen` without a date): the asking stops; nobody is told anything."""
    opened = begin_move(session, "uitstellingen", opdracht_id, basis=basis, actor=actor, now=now)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    term = term_of(session, opened, opdracht)
    opdracht.warned_due_at = term.asked_for
    facts = {"due_on": deadlines.last_day_of(term.asked_for).isoformat()}
    finish_move(session, opened, opdracht, "op_tijd", actor=actor, now=now, facts=facts)
    return Done(opdracht, overtaken=opened.overtaken)


def suggested_date(session: Session, opdracht: Opdracht, *, now: datetime) -> date:
    """The date a form begins with: what the system would say itself."""
    scope = [opdracht.gemeente_id]
    work = Work({opdracht.id: opdracht}, {m.id: m for m in meldingen_of(session, opdracht.id, scope=scope)})
    return _automatic_date(session, opdracht, term_of(session, work, opdracht), now)


def term_of(session: Session, work: Work, opdracht: Opdracht) -> Term:
    """What the rules of domain/delays.py ask of this opdracht and its melders."""
    waiting = _waiting(work, session, opdracht)
    given = terms.last_date_given(session, opdracht.id, scope=[opdracht.gemeente_id])
    return _term(opdracht, min((m.promised_on for m in waiting), default=None), given)


def _term(opdracht: Opdracht, promised_on: date | None, given: journal.Event | None) -> Term:
    begun = opdracht.received_at if opdracht.reopened_from_id is None else opdracht.created_at
    kept = given.facts.get("due_on") if given is not None and given.kind == "op_tijd" else None
    return Term(
        status=opdracht.status,
        since=max(begun, given.at) if given is not None else begun,
        due_at=opdracht.due_at,
        promised_on=promised_on,
        warned_due_at=opdracht.warned_due_at,
        kept_on=date.fromisoformat(kept) if kept else None,
        planned_on=opdracht.planned_on,
        automatic_delays=opdracht.automatic_delays,
    )


def mind_terms(engine: sa.Engine, *, now: datetime) -> None:
    """Asks the teams, and names a date where nobody did (KLANTREIS step 6).

    Safe to do twice, late, or by two at once: each opdracht in a transaction of its own, looked at again when locked.
    """
    with transaction(engine) as session:
        found: list[tuple[int, int]] = []
        for gemeente_id in sorted(gemeente.served_ids(session)):
            closing = gemeente.closing_days(session, scope=[gemeente_id])
            before = deadlines.next_werkdag(deadlines.local_day(now), closing)
            found += [
                (row.opdracht.id, gemeente_id)
                for row in terms.running_out(session, now=now, before=before, scope=[gemeente_id])
                if next_step(_term(*row), now, closing) is not Step.NOTHING
            ]
    homes = dict(found)
    each_apart(engine, "terms", homes, lambda session, number: _mind(session, number, homes[number], now=now))


def _mind(session: Session, opdracht_id: int, gemeente_id: int, *, now: datetime) -> None:
    work = lock_work(session, [opdracht_id], scope=[gemeente_id])
    opdracht = work.opdrachten[opdracht_id]
    term = term_of(session, work, opdracht)
    match next_step(term, now, gemeente.closing_days(session, scope=[gemeente_id])):
        case Step.ASK:
            _ask(session, opdracht, term, now=now)
        case Step.DELAY:
            _delay(session, work, opdracht, term, now=now)
        case Step.LET_WRITE:
            if opdracht.warned_due_at != term.asked_for:
                _ask(session, opdracht, term, now=now)
            _let_write(session, opdracht, term, now=now)
        case Step.NOTHING:
            pass


def _ask(session: Session, opdracht: Opdracht, term: Term, *, now: datetime) -> None:
    """The team hears that its term runs out. After two dates of the system a person must write, and knows in time."""
    due = term.asked_for
    opdracht.warned_due_at = due
    event = journal.record(
        session,
        "termijn_in_gevaar",
        gemeente_id=opdracht.gemeente_id,
        actor=SYSTEM,
        now=now,
        opdracht_id=opdracht.id,
        facts={"due_on": deadlines.last_day_of(due).isoformat(), "status": opdracht.status},
    )
    notices.tell_team(session, NoticeKind.TERMIJN_IN_GEVAAR, event, [opdracht.team_id], now=now)
    if opdracht.automatic_delays >= MOST_AUTOMATIC:
        _let_write(session, opdracht, term, now=now)


def _delay(session: Session, work: Work, opdracht: Opdracht, term: Term, *, now: datetime) -> None:
    """The system names a date. While a question waits for its answer that is nobody's fault, and does not count."""
    paused = opdracht.status == WACHT_OP_MELDER
    new_date = _automatic_date(session, opdracht, term, now)
    facts = {"reason": "wacht-op-antwoord" if paused else "meer-tijd"}
    if not paused:
        opdracht.automatic_delays += 1
        words = f"Het team noemde geen nieuwe datum. Het systeem noemde zelf {_words(new_date, now)}. Klopt dat?"
        key = f"{task.AUTOMATIC_DELAY}:{opdracht.id}:{new_date}"
        ask_coordinator(session, task.AUTOMATIC_DELAY, opdracht, words, key=key, now=now)
    _name_date(session, work, opdracht, BY_SYSTEM, new_date, facts, actor=SYSTEM, now=now)


def _let_write(session: Session, opdracht: Opdracht, term: Term, *, now: datetime) -> None:
    """The coordinator must write, before the day of the promise is over."""
    day = term.promised_on or deadlines.last_day_of(term.asked_for)
    ask_coordinator(
        session,
        task.MUST_WRITE,
        opdracht,
        f"Het systeem noemde al {MOST_AUTOMATIC} keer een nieuwe datum. Schrijf de melder nu zelf: noem bij de "
        "opdracht een nieuwe datum en de reden.",
        due_at=max(deadlines.end_of(day), now),
        key=f"{task.MUST_WRITE}:{opdracht.id}:{day}",
        now=now,
    )


def _name_date(
    session: Session,
    work: Work,
    opdracht: Opdracht,
    kind: str,
    new_date: date,
    facts: Mapping[str, Any],
    *,
    actor: Actor,
    now: datetime,
) -> None:
    """Moves the due moment and every promise before the new date, and tells each of those melders."""
    later = [m for m in _waiting(work, session, opdracht) if m.promised_on < new_date]
    for melding in later:
        melding.promised_on = new_date
    opdracht.due_at = max(opdracht.due_at, deadlines.end_of(new_date))
    opdracht.warned_due_at = None
    event_facts = {**facts, "promised_on": new_date.isoformat()}
    finish_move(session, work, opdracht, kind, actor=actor, now=now, facts=event_facts)
    notices.announce_new_dates(session, later, opdracht.id, now=now, why=facts)


def _settle_tasks(session: Session, opdracht: Opdracht, *, actor: Actor, now: datetime) -> None:
    """A person wrote: what the clock asked of the coordinator is done."""
    task.finish_of_opdracht(
        session,
        opdracht.id,
        [task.AUTOMATIC_DELAY, task.MUST_WRITE],
        result="Er is een nieuwe datum genoemd.",
        account_id=actor.account_id,
        now=now,
        scope=[opdracht.gemeente_id],
    )


def _waiting(work: Work, session: Session, opdracht: Opdracht) -> list[Melding]:
    """The locked meldingen of this opdracht whose melder still waits for its end."""
    return [
        m
        for m in work.of(session, opdracht)
        if m.withdrawn_at is None and not m.referred_to and m.status != AFGEHANDELD
    ]


def _automatic_date(session: Session, opdracht: Opdracht, term: Term, now: datetime) -> date:
    scope = [opdracht.gemeente_id]
    chosen = category.category_by_id(session, opdracht.category_id, scope=scope)
    assert chosen is not None, "a foreign key holds the category"
    promised = term.promised_on or deadlines.last_day_of(term.due_at)
    policy = gemeente.gemeente_by_id(session, opdracht.gemeente_id).policy.get("automatic_delay")
    closing = gemeente.closing_days(session, scope=scope)
    named = automatic_date(now, promised, chosen.term_days, closing, policy=policy)
    expected = opdracht.party_expected_on
    return max(named, deadlines.add_werkdagen(expected - timedelta(days=1), 1, closing)) if expected else named


def _check(why: Why) -> Why:
    sentence = clean_text(why.sentence, field="zin")
    known = library.delay_reasons().get(why.code)
    if why.code and (known is None or known.by_system):
        raise InvalidInput.of("reden", "onbekend", "Deze reden kennen wij niet. Kies er een uit de lijst.")
    if not why.code and not sentence:
        raise InvalidInput.of("reden", "leeg", "Vertel de melder waarom het later wordt. Kies een reden.")
    return Why(why.code, sentence)


def _check_date(session: Session, work: Work, opdracht: Opdracht, new_date: date, now: datetime) -> None:
    earliest = first_date(now, gemeente.closing_days(session, scope=[opdracht.gemeente_id]))
    if new_date < earliest:
        words = f"Kies een dag vanaf de volgende werkdag: {_words(earliest, now)}."
        raise InvalidInput.of("datum", "datum_te_vroeg", words)
    if (new_date - deadlines.local_day(now)).days > FAR_AHEAD_DAYS:
        raise InvalidInput.of("datum", "datum_te_ver", "Kies een dag binnen een jaar.")
    promised = min((m.promised_on for m in _waiting(work, session, opdracht)), default=None)
    if promised is not None and new_date <= promised:
        words = f"Wij beloofden al {_words(promised, now)}. Kies een latere dag, of laat weten dat u het haalt."
        raise InvalidInput.of("datum", "binnen_belofte", words)


def _words(day: date, now: datetime) -> str:
    return date_words(day, deadlines.local_day(now))

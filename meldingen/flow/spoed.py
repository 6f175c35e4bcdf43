"""Danger, after the first alarm: ringing again until somebody accepts, telling the melder, and making safe. And the
word of a person on danger that was only suspected.

The first alarm is rung by who makes the opdracht dangerous (routing.py, joining.py, work.py). Whom a ring calls:
alarm.py. Filling the roster: roster.py.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain import deadlines
from ..domain.actor import SYSTEM, Actor
from ..domain.danger import SUSPECTED
from ..domain.notices import NoticeKind
from ..domain.routing import Routing
from ..domain.spoed import SpoedTimes, minute_words, spoed_times
from ..domain.text import clean_text
from ..domain.workflow import BIJ_PARTIJ, CLOSED, JUDGES_DANGER, MAKES_SAFE, NIEUW
from ..store import category, gemeente, journal, task, team, terms
from ..store.melding import Melding
from ..store.notice import alarms_of
from ..store.opdracht import Opdracht
from ..store.outbox import Urgency
from . import alarm, notices, party_mail, party_time, routing, third_move
from .apart import each_apart
from .status import Basis, Done, Work, begin_move, finish_move, keep_note, lock_work
from .tasks import ask_coordinator

REPEATED = "alarm_herhaald"
NOT_ACCEPTED = "niet_geaccepteerd"
CHANGED_SHIFT = "dienst_gewisseld"
PIKET = "piket"
LAST_TURN = 100
"""By then everybody is called, however the roster and the turns are set."""


def make_safe(session: Session, opdracht_id: int, words: str, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """The danger is gone (`veiligstellingen`): its melders hear it, what is left is ordinary work with its own term.

    From the piket it goes to the team of the day, by the rules. The term of its category counts from when it was safe,
    and so does what its melders are promised; neither comes earlier than it was. words: for colleagues, may be empty.
    """
    words = clean_text(words, field="tekst")
    opened = begin_move(session, MAKES_SAFE, opdracht_id, basis=basis, actor=actor, now=now, said=words)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    scope = [opdracht.gemeente_id]
    chosen = category.category_by_id(session, opdracht.category_id, scope=scope)
    holder = team.team_by_id(session, opdracht.team_id, scope=scope)
    assert chosen is not None and holder is not None, "foreign keys hold category and team"
    opdracht.danger, opdracht.safe_at = False, opened.happened_at or now
    opdracht.urgency = chosen.urgency if chosen.urgency != routing.SPOED else "hoog"
    facts = {"from_team_id": opdracht.team_id}
    if words:
        facts["note_id"] = keep_note(session, opdracht, "notitie", words, actor=actor, now=now).id
    route = routing.choose(session, chosen, opdracht, now=now, calmed=True) if holder.kind == PIKET else None
    moves = route is not None and route.team_id != holder.id
    to = _move(session, opdracht, route, actor=actor, now=now) if route is not None and moves else None
    facts["team_id"] = opdracht.team_id
    event = finish_move(session, opened, opdracht, "veiliggesteld", actor=actor, now=now, facts=facts, to=to)
    task.finish_of_opdracht(
        session,
        opdracht.id,
        [task.NOT_ACCEPTED, task.SAFE_LATE],
        result="Het is veilig.",
        account_id=actor.account_id,
        now=now,
        scope=scope,
    )
    told = [m for m in opened.of(session, opdracht) if m.withdrawn_at is None]
    _renew_term(session, opdracht, told, opdracht.safe_at, chosen.term_days)
    notices.announce(session, NoticeKind.VEILIGGESTELD, event, told, now=now, urgency=Urgency.SPOED)
    routing.settle(session, opened, event, now=now)
    if to is not None:
        party_mail.tell_of_new(session, opdracht, event, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def judge_danger(
    session: Session, opdracht_id: int, dangerous: bool, words: str, *, basis: Basis, actor: Actor, now: datetime
) -> Done:
    """Somebody looked or phoned (`gevaarbesluiten`): what sounded dangerous is, and then it is spoed, or it is not.

    Spoed that nobody took up goes where the rules send danger now, and rings there. words: for colleagues.
    """
    words = clean_text(words, field="tekst")
    opened = begin_move(session, JUDGES_DANGER, opdracht_id, basis=basis, actor=actor, now=now, said=words)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    scope = [opdracht.gemeente_id]
    for melding in opened.of(session, opdracht):
        if SUSPECTED in melding.flags:
            melding.flags = [flag for flag in melding.flags if flag != SUSPECTED]
            melding.danger = melding.danger or dangerous
    facts = {"from_team_id": opdracht.team_id}
    if words:
        facts["note_id"] = keep_note(session, opdracht, "notitie", words, actor=actor, now=now).id
    opdracht.danger_suspected, to = False, None
    if dangerous:
        routing.make_dangerous(opdracht)
        chosen = category.category_by_id(session, opdracht.category_id, scope=scope)
        assert chosen is not None, "a foreign key holds the category"
        waits = opdracht.taken_up_at is None and opdracht.status in (NIEUW, BIJ_PARTIJ)
        route = routing.choose(session, chosen, opdracht, now=now) if waits else None
        to = (
            _move(session, opdracht, route, actor=actor, now=now)
            if route is not None and route.team_id != opdracht.team_id
            else None
        )
    facts["team_id"] = opdracht.team_id
    kind = "gevaar_bevestigd" if dangerous else "geen_gevaar"
    event = finish_move(session, opened, opdracht, kind, actor=actor, now=now, facts=facts, to=to)
    routing.settle(session, opened, event, now=now)
    if dangerous and opdracht.taken_up_at is None:
        alarm.ring(session, opdracht, event, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def _renew_term(
    session: Session, opdracht: Opdracht, meldingen: Sequence[Melding], safe_at: datetime, term_days: int
) -> None:
    closing = gemeente.closing_days(session, scope=[opdracht.gemeente_id])
    promised = deadlines.promised_on(safe_at, term_days, closing)
    opdracht.due_at = max(opdracht.due_at, deadlines.end_of(promised))
    for melding in meldingen:
        melding.promised_on = max(melding.promised_on, promised)


def _move(session: Session, opdracht: Opdracht, route: Routing, *, actor: Actor, now: datetime) -> str:
    """Gives it to another team, which has not begun; returns the status it has there."""
    third_move.count_move(session, opdracht, actor=actor, now=now)
    opdracht.team_id, opdracht.rule_id, opdracht.routing_reason = route.team_id, route.rule_id, route.reason
    opdracht.planned_on = opdracht.taken_up_at = opdracht.taken_up_by = opdracht.warned_due_at = None
    party_time.leave(session, opdracht, now=now)
    to = team.team_by_id(session, route.team_id, scope=[opdracht.gemeente_id])
    return BIJ_PARTIJ if to is not None and to.is_partner else NIEUW


def mind_alarms(engine: sa.Engine, *, now: datetime) -> None:
    """Rings again until somebody accepts, tells melder and coordinator when that takes too long, and the coordinator
    when a place is not safe in time (KLANTREIS step 4; the times are those of the gemeente, domain/spoed.py).

    Safe to do twice, late, or by two at once: each opdracht in a transaction of its own, looked at again when locked.
    Alarms that were missed are not made up for: one now says it all.
    """
    with transaction(engine) as session:
        scope = gemeente.served_ids(session)
        waiting = terms.to_mind_for_spoed(session, scope=scope)
    each_apart(engine, "alarms", waiting, lambda session, number: _mind(session, number, scope=sorted(scope), now=now))


def _mind(session: Session, opdracht_id: int, *, scope: Sequence[int], now: datetime) -> None:
    work = lock_work(session, [opdracht_id], scope=scope)
    opdracht = work.opdrachten[opdracht_id]
    if opdracht.status in CLOSED or not _is_spoed(opdracht):
        return
    times = spoed_times(gemeente.gemeente_by_id(session, opdracht.gemeente_id).policy)
    rung = rung_of(session, opdracht)
    first = rung[0].at if rung else opdracht.created_at
    if opdracht.taken_up_at is None and opdracht.status in (NIEUW, BIJ_PARTIJ):
        _ring_again(session, work, opdracht, rung, times, now=now)
        if now - first >= times.accept:
            _call_us(session, work, opdracht, times, now=now)
    if now - first >= times.safe:
        _safe_late(session, opdracht, times, now=now)


def rung_of(session: Session, opdracht: Opdracht) -> list[journal.Event]:
    """The alarms about the danger of now, oldest first: not those before it was safe an earlier time."""
    every = alarms_of(session, opdracht.id, scope=[opdracht.gemeente_id])
    return [event for event in every if opdracht.safe_at is None or event.at > opdracht.safe_at]


def begun_at(opdracht: Opdracht, rung: Sequence[journal.Event]) -> datetime:
    """When the alarm began to ring where it rings now: each new alarm begins at the first place of the roster."""
    return max((event.at for event in rung if event.kind != REPEATED), default=opdracht.created_at)


class Ringing(NamedTuple):
    """An alarm that rings for somebody. since: of the first alarm; number: of the latest ring, 0 the first."""

    opdracht: Opdracht
    since: datetime
    number: int


def ringing_for(session: Session, actor: Actor, *, now: datetime) -> list[Ringing]:
    """What rings for a medewerker now, oldest first: spoed that nobody accepted and for which he was called."""
    found = []
    for opdracht in terms.unaccepted(session, scope=actor.scope):
        rung = rung_of(session, opdracht)
        if not rung:
            continue
        times = spoed_times(gemeente.gemeente_by_id(session, opdracht.gemeente_id).policy)
        number = max(0, (now - begun_at(opdracht, rung)) // times.again)
        if actor.account_id in alarm.who_hears(session, opdracht, min(number, LAST_TURN), now=now):
            found.append(Ringing(opdracht, rung[0].at, number))
    return found


class SpoedClock(NamedTuple):
    """How the clock of spoed stands, in whole minutes. None: there is no such moment.

    accepted: after how many it was accepted; safe: after how many it was safe; waits: how many nobody accepts it yet;
    left: how many are left to make it safe, below 0 when too late.
    """

    accepted: int | None
    safe: int | None
    waits: int | None
    left: int | None
    times: SpoedTimes


def clock_of(session: Session, opdracht: Opdracht, *, now: datetime) -> SpoedClock | None:
    """The clock of an opdracht that was ever rung for, of its latest danger; None for other work."""
    every = alarms_of(session, opdracht.id, scope=[opdracht.gemeente_id])
    rung = rung_of(session, opdracht) or every
    if not rung:
        return None
    first = rung[0].at
    times = spoed_times(gemeente.gemeente_by_id(session, opdracht.gemeente_id).policy)
    safe_at = opdracht.safe_at if opdracht.safe_at and opdracht.safe_at >= first else opdracht.closed_at
    taken = opdracht.taken_up_at
    if taken is None or taken < first:
        past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
        taken = next((event.at for event in past if event.kind == "opgepakt" and event.at >= first), None)
    running = safe_at is None and opdracht.status not in CLOSED and _is_spoed(opdracht)
    return SpoedClock(
        accepted=_minutes(taken - first) if taken else None,
        safe=_minutes(safe_at - first) if safe_at else None,
        waits=_minutes(now - first) if taken is None and running else None,
        left=times.safe_min - _minutes(now - first) if running else None,
        times=times,
    )


def _minutes(stretch: timedelta) -> int:
    return stretch // timedelta(minutes=1)


def _ring_again(
    session: Session,
    work: Work,
    opdracht: Opdracht,
    rung: Sequence[journal.Event],
    times: SpoedTimes,
    *,
    now: datetime,
) -> None:
    begun = begun_at(opdracht, rung)
    if _change_shift(session, work, opdracht, begun, now=now):
        return
    number = (now - begun) // times.again
    last = max((e.facts["number"] for e in rung if e.kind == REPEATED and e.at > begun), default=0)
    if number > last:
        event = _record(session, opdracht, REPEATED, number, now=now)
        alarm.ring(session, opdracht, event, number=number, now=now)


def _change_shift(session: Session, work: Work, opdracht: Opdracht, begun: datetime, *, now: datetime) -> bool:
    """The office hours ended, or began, and nobody had accepted: now it is for who the rules send danger to.

    In the evening from a day team to the piketdienst, unless somebody has duty for that team itself; in the morning
    back. What a person gave to the piket by day stays there. Returns whether it changed hands, and so rang.
    """
    scope = [opdracht.gemeente_id]
    at_work = alarm.is_at_work(session, opdracht.gemeente_id, now=now)
    if at_work == alarm.is_at_work(session, opdracht.gemeente_id, now=begun):
        return False
    holder = team.team_by_id(session, opdracht.team_id, scope=scope)
    chosen = category.category_by_id(session, opdracht.category_id, scope=scope)
    assert chosen is not None and holder is not None, "foreign keys hold category and team"
    if holder.is_partner or at_work != (holder.kind == PIKET):
        return False
    if not at_work and alarm.reachable_duties(session, holder.id, now=now, scope=scope):
        return False
    route = routing.choose(session, chosen, opdracht, now=now)
    if route.team_id == holder.id:
        return False
    to = _move(session, opdracht, route, actor=SYSTEM, now=now)
    facts = {"from_team_id": holder.id, "team_id": opdracht.team_id}
    event = finish_move(session, work, opdracht, CHANGED_SHIFT, actor=SYSTEM, now=now, facts=facts, to=to)
    routing.settle(session, work, event, now=now)
    alarm.ring(session, opdracht, event, now=now)
    return True


def _call_us(session: Session, work: Work, opdracht: Opdracht, times: SpoedTimes, *, now: datetime) -> None:
    """Once per opdracht."""
    past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    if any(event.kind == NOT_ACCEPTED for event in past):
        return
    event = _record(session, opdracht, NOT_ACCEPTED, times.accept_min, now=now)
    told = [m for m in work.of(session, opdracht) if m.withdrawn_at is None]
    notices.announce(session, NoticeKind.BEL_ONS_NU, event, told, now=now, urgency=Urgency.SPOED)
    words = f"Na {times.accept_min} minuten heeft niemand deze spoed opgepakt. Zoek nu iemand die gaat."
    key = f"{task.NOT_ACCEPTED}:{opdracht.id}"
    ask_coordinator(session, task.NOT_ACCEPTED, opdracht, words, key=key, now=now, due_at=now)


def _safe_late(session: Session, opdracht: Opdracht, times: SpoedTimes, *, now: datetime) -> None:
    """Once per opdracht: the key of the item says so."""
    words = f"Na {minute_words(times.safe_min)} is deze plek nog niet veilig. Bel het team en vraag wat er nodig is."
    key = f"{task.SAFE_LATE}:{opdracht.id}"
    ask_coordinator(session, task.SAFE_LATE, opdracht, words, key=key, now=now, due_at=now)


def _record(session: Session, opdracht: Opdracht, kind: str, number: int, *, now: datetime) -> journal.Event:
    facts = {"number": number, "team_id": opdracht.team_id}
    return journal.record(
        session,
        kind,
        gemeente_id=opdracht.gemeente_id,
        actor=SYSTEM,
        now=now,
        opdracht_id=opdracht.id,
        facts=facts,
    )


def _is_spoed(opdracht: Opdracht) -> bool:
    return opdracht.urgency == routing.SPOED

"""Danger, after the first alarm: ringing again until somebody accepts, telling the melder, and making safe. And the
word of a person on danger that was only suspected.

The first alarm is rung by who makes the opdracht dangerous (routing.py, joining.py, work.py). Rosters are not here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain.actor import COORDINATOR, SYSTEM, Actor
from ..domain.danger import SUSPECTED
from ..domain.notices import NoticeKind
from ..domain.routing import Routing
from ..domain.text import clean_text
from ..domain.workflow import BIJ_PARTIJ, JUDGES_DANGER, MAKES_SAFE, NIEUW
from ..store import category, gemeente, journal, task, team, terms
from ..store.notice import alarms_of
from ..store.opdracht import Opdracht
from ..store.outbox import Urgency
from . import notices, routing
from .apart import each_apart
from .status import Basis, Done, Work, begin_move, finish_move, keep_note, lock_work

AGAIN = timedelta(minutes=5)
"""How often the alarm rings while nobody accepts (KLANTREIS step 4)."""
CALL_US = timedelta(minutes=15)
"""After this the melder hears "bel ons nu", and the coordinator has it on his list."""
REPEATED = "alarm_herhaald"
NOT_ACCEPTED = "niet_geaccepteerd"
PIKET = "piket"


def make_safe(session: Session, opdracht_id: int, words: str, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """The danger is gone (`veiligstellingen`): its melders hear it, what is left is ordinary work with its own term.

    From the piket it goes to the team of the day, by the rules. words: for colleagues, may be empty.
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
    opdracht.danger = False
    opdracht.urgency = chosen.urgency if chosen.urgency != routing.SPOED else "hoog"
    facts = {"from_team_id": opdracht.team_id}
    if words:
        facts["note_id"] = keep_note(session, opdracht, "notitie", words, actor=actor, now=now).id
    route = routing.choose(session, chosen, opdracht, now=now, calmed=True) if holder.kind == PIKET else None
    to = _move(session, opdracht, route) if route is not None and route.team_id != holder.id else None
    facts["team_id"] = opdracht.team_id
    event = finish_move(session, opened, opdracht, "veiliggesteld", actor=actor, now=now, facts=facts, to=to)
    task.finish_of_opdracht(
        session,
        opdracht.id,
        [task.NOT_ACCEPTED],
        result="Het is veilig.",
        account_id=actor.account_id,
        now=now,
        scope=scope,
    )
    told = [m for m in opened.of(session, opdracht) if m.withdrawn_at is None]
    notices.announce(session, NoticeKind.VEILIGGESTELD, event, told, now=now, urgency=Urgency.SPOED)
    routing.settle(session, opened, event, now=now)
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
        to = _move(session, opdracht, route) if route is not None and route.team_id != opdracht.team_id else None
    facts["team_id"] = opdracht.team_id
    kind = "gevaar_bevestigd" if dangerous else "geen_gevaar"
    event = finish_move(session, opened, opdracht, kind, actor=actor, now=now, facts=facts, to=to)
    routing.settle(session, opened, event, now=now)
    if dangerous and opdracht.taken_up_at is None:
        notices.tell_team(session, NoticeKind.ALARM, event, [opdracht.team_id], now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def _move(session: Session, opdracht: Opdracht, route: Routing) -> str:
    """Gives it to another team, which has not begun; returns the status it has there."""
    opdracht.team_id, opdracht.rule_id, opdracht.routing_reason = route.team_id, route.rule_id, route.reason
    opdracht.moves_count += 1
    opdracht.planned_on = opdracht.taken_up_at = opdracht.taken_up_by = opdracht.warned_due_at = None
    to = team.team_by_id(session, route.team_id, scope=[opdracht.gemeente_id])
    return BIJ_PARTIJ if to is not None and to.is_partner else NIEUW


def mind_alarms(engine: sa.Engine, *, now: datetime) -> None:
    """Rings again every five minutes, and after a quarter of an hour tells melder and coordinator (KLANTREIS step 4).

    Safe to do twice, late, or by two at once: each opdracht in a transaction of its own, looked at again when locked.
    Alarms that were missed are not made up for: one now says it all.
    """
    with transaction(engine) as session:
        scope = gemeente.served_ids(session)
        waiting = terms.unaccepted(session, scope=scope)
    each_apart(engine, "alarms", waiting, lambda session, number: _mind(session, number, scope=sorted(scope), now=now))


def _mind(session: Session, opdracht_id: int, *, scope: Sequence[int], now: datetime) -> None:
    work = lock_work(session, [opdracht_id], scope=scope)
    opdracht = work.opdrachten[opdracht_id]
    if opdracht.taken_up_at is not None or opdracht.status not in (NIEUW, BIJ_PARTIJ) or not _is_spoed(opdracht):
        return
    rung = alarms_of(session, opdracht.id, scope=[opdracht.gemeente_id])
    begun = max((e.at for e, to in rung if to == opdracht.team_id and e.kind != REPEATED), default=opdracht.created_at)
    number = (now - begun) // AGAIN
    last = max((e.facts["number"] for e, _ in rung if e.kind == REPEATED and e.at > begun), default=0)
    if number > last and _can_ring(session, opdracht):
        event = _record(session, opdracht, REPEATED, number, now=now)
        notices.tell_team(session, NoticeKind.ALARM, event, [opdracht.team_id], now=now)
    if now - min((e.at for e, _ in rung), default=begun) >= CALL_US:
        _call_us(session, work, opdracht, now=now)


def _call_us(session: Session, work: Work, opdracht: Opdracht, *, now: datetime) -> None:
    """Once per opdracht."""
    past = journal.history_of(session, opdracht_ids=[opdracht.id], scope=[opdracht.gemeente_id])
    if any(event.kind == NOT_ACCEPTED for event in past):
        return
    event = _record(session, opdracht, NOT_ACCEPTED, 0, now=now)
    told = [m for m in work.of(session, opdracht) if m.withdrawn_at is None]
    notices.announce(session, NoticeKind.BEL_ONS_NU, event, told, now=now, urgency=Urgency.SPOED)
    task.put(
        session,
        task.NOT_ACCEPTED,
        gemeente_id=opdracht.gemeente_id,
        role=COORDINATOR,
        words="Na een kwartier heeft niemand deze spoed opgepakt. Zoek nu iemand die gaat.",
        now=now,
        due_at=now,
        key=f"{task.NOT_ACCEPTED}:{opdracht.id}",
        opdracht_id=opdracht.id,
    )


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


def _can_ring(session: Session, opdracht: Opdracht) -> bool:
    """A team without address cannot be rung: that is on the list of dead letters once, not every five minutes."""
    to = team.team_by_id(session, opdracht.team_id, scope=[opdracht.gemeente_id])
    return to is not None and bool(to.email or to.phone)

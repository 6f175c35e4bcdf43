"""The work on an opdracht: take up, plan, ask, hand over, give back, note. Joining and splitting: joining.py.

Each move locks, asks the workflow table, changes, and writes one event; what the melder hears follows from the event.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.actor import Actor
from ..domain.errors import Conflict, InvalidInput, NotFound
from ..domain.routing import Routing
from ..domain.text import clean_text
from ..domain.workflow import BIJ_PARTIJ, INGEPLAND, NIEUW, OPGEPAKT, WACHT_OP_MELDER
from ..store import category, contact, journal, task, team
from ..store.melding import Melding
from ..store.opdracht import Opdracht, opdracht_by_id
from . import alarm, notices, party_mail, party_time, reach, routing, third_move
from .status import Basis, Done, Work, begin_move, check_words, derive_statuses, finish_move, keep_note

FAR_AHEAD_DAYS = 366


@dataclass(frozen=True)
class HandOver:
    """Where an opdracht goes: a team (own or external party), another category, or both. reason: staff words."""

    team_id: int | None = None
    category_slug: str | None = None
    reason: str = ""


def take_up(session: Session, opdracht_id: int, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """Somebody starts (`inbehandelingnames`)."""
    opened = begin_move(session, "inbehandelingnames", opdracht_id, basis=basis, actor=actor, now=now)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    opdracht.taken_up_at = opdracht.taken_up_at or opened.happened_at
    opdracht.taken_up_by = actor.account_id
    task.finish_of_opdracht(
        session,
        opdracht.id,
        [task.NOT_ACCEPTED, task.THIRD_MOVE],
        result="De opdracht is opgepakt.",
        account_id=actor.account_id,
        now=now,
        scope=[opdracht.gemeente_id],
    )
    finish_move(session, opened, opdracht, "opgepakt", actor=actor, now=now, to=OPGEPAKT)
    derive_statuses(session, opened.meldingen.values(), now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def plan(session: Session, opdracht_id: int, planned_on: date, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """A day for the work (`planningen`): today or later, in Europe/Amsterdam, at most a year ahead.

    A day after the promised one moves the promise, and its melder hears that instead: no date passes in silence.
    """
    today = deadlines.local_day(now)
    if not basis.offline and planned_on < today:
        raise InvalidInput.of("plandatum", "datum_voorbij", "Deze dag is voorbij. Kies vandaag of een latere dag.")
    if (planned_on - today).days > FAR_AHEAD_DAYS:
        raise InvalidInput.of("plandatum", "datum_te_ver", "Kies een dag binnen een jaar.")
    opened = begin_move(session, "planningen", opdracht_id, basis=basis, actor=actor, now=now)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    another_day = opdracht.planned_on != planned_on
    opdracht.planned_on = planned_on
    facts = {"planned_on": planned_on.isoformat()}
    event = finish_move(session, opened, opdracht, "ingepland", actor=actor, now=now, facts=facts, to=INGEPLAND)
    derived = derive_statuses(session, opened.meldingen.values(), now=now)
    later = [m for m in opened.of(session, opdracht) if m.promised_on < planned_on and m.withdrawn_at is None]
    for melding in later:
        melding.promised_on = planned_on
    if deadlines.end_of(planned_on) > opdracht.due_at:
        opdracht.due_at, opdracht.automatic_delays = deadlines.end_of(planned_on), 0
    planned = [m for m in opened.of(session, opdracht) if m.status == INGEPLAND]
    told = planned if another_day else derived.became(INGEPLAND)
    notices.announce(session, "ingepland", event, [m for m in told if m not in later], now=now)
    notices.announce_new_dates(session, later, opdracht.id, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def ask_melder(
    session: Session,
    opdracht_id: int,
    question: str,
    *,
    melding_id: int | None = None,
    basis: Basis,
    actor: Actor,
    now: datetime,
) -> Done:
    """A question to one reachable melder (`vragen`); the term pauses. melding_id: whose; else the first who can hear.

    Raises InvalidInput for a melding that is not of this opdracht, Conflict when nobody, or not he, can be reached.
    """
    question = clean_text(question, field="vraag")
    if not question:
        raise InvalidInput.of("vraag", "leeg", "Schrijf uw vraag aan de melder op.")
    opened = begin_move(session, "vragen", opdracht_id, basis=basis, actor=actor, now=now, said=question)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    asked = _whom_to_ask(session, opened.of(session, opdracht), melding_id)
    note = keep_note(session, opdracht, "vraag", question, actor=actor, now=now)
    facts = {"note_id": note.id, "melding_id": asked.id}
    event = finish_move(
        session, opened, opdracht, "vraag_gesteld", actor=actor, now=now, facts=facts, to=WACHT_OP_MELDER
    )
    derive_statuses(session, opened.meldingen.values(), now=now)
    notices.announce(session, "vraag", event, [asked], now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def who_can_be_asked(session: Session, meldingen: Sequence[Melding]) -> list[Melding]:
    """Those whose melder can hear a question, oldest first; who did not answer our last bericht comes last."""
    able = notices.who_can_hear(session, "vraag", [m for m in meldingen if m.withdrawn_at is None])
    return sorted(able, key=lambda m: (reach.NIET_BEREIKBAAR in m.flags, m.received_at, m.id))


def _whom_to_ask(session: Session, linked: Sequence[Melding], melding_id: int | None) -> Melding:
    if melding_id is not None and melding_id not in {m.id for m in linked}:
        raise InvalidInput.of("melding", "onbekend", "Deze melding hoort niet bij deze opdracht.")
    able = who_can_be_asked(session, linked)
    asked = next((m for m in able if melding_id in (None, m.id)), None)
    if asked is not None:
        return asked
    known = contact.contacts_of(session, [m.id for m in linked], scope={m.gemeente_id for m in linked})
    if any(one.phone for one in known.values()):
        raise Conflict("niemand_bereikbaar", "Wij kunnen deze melder niet schrijven. Maak een terugbelnotitie.")
    raise Conflict("niemand_bereikbaar", "Geen van de melders liet gegevens achter. Een vraag kan dan niet.")


def hand_over(session: Session, opdracht_id: int, to: HandOver, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """To another team, category or party (`overdrachten`). A category without a team is routed by the rules.

    The term of a new category counts from the first receipt; the melder's own category stays for the figures.
    """
    reason = clean_text(to.reason, field="reden")
    if to.team_id is None and to.category_slug is None:
        raise InvalidInput.of("team", "leeg", "Kies een team of een categorie.")
    opened = begin_move(session, "overdrachten", opdracht_id, basis=basis, actor=actor, now=now, said=reason)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    scope = [opdracht.gemeente_id]
    old_team, old_category = opdracht.team_id, opdracht.category_id
    if to.team_id is not None and team.team_by_id(session, to.team_id, scope=scope) is None:
        raise InvalidInput.of("team", "onbekend", "Dit team kennen wij niet.")
    if to.category_slug is not None:
        chosen = category.category_by_slug(session, to.category_slug, scope=scope)
        if chosen is None:
            raise InvalidInput.of("categorie", "onbekend", "Deze categorie kennen wij niet.")
        opdracht.category_id = chosen.id
        opdracht.urgency = routing.SPOED if opdracht.danger else chosen.urgency
        if to.team_id is None:
            _apply(opdracht, routing.choose(session, chosen, opdracht, now=now))
    if to.team_id is not None:
        _apply(opdracht, Routing(to.team_id, 0, "Overgedragen door een medewerker."))
    target = team.team_by_id(session, opdracht.team_id, scope=scope)
    if target is None or not target.active:
        raise InvalidInput.of("team", "onbekend", "Dit team kennen wij niet.")
    if (opdracht.team_id, opdracht.category_id) == (old_team, old_category):
        raise Conflict("al_daar", "De opdracht is al bij dit team, in deze categorie.")
    status = BIJ_PARTIJ if target.is_partner else NIEUW
    return _moved(session, opened, opdracht, "overgedragen", status, reason, old_team, actor=actor, now=now)


def give_back(session: Session, opdracht_id: int, reason: str, *, basis: Basis, actor: Actor, now: datetime) -> Done:
    """ "Niet van ons" (`teruggaven`): straight to the vangnet team."""
    reason = clean_text(reason, field="reden")
    opened = begin_move(session, "teruggaven", opdracht_id, basis=basis, actor=actor, now=now, said=reason)
    if isinstance(opened, Done):
        return opened
    opdracht = opened.opdrachten[opdracht_id]
    old_team = opdracht.team_id
    vangnet = team.vangnet_team(session, scope=[opdracht.gemeente_id])
    if vangnet.id == old_team:
        raise Conflict("al_daar", "De opdracht is al bij het vangnetteam.")
    _apply(opdracht, Routing(vangnet.id, 0, "Teruggegeven door het team."))
    return _moved(session, opened, opdracht, "teruggegeven", NIEUW, reason, old_team, actor=actor, now=now)


def add_note(session: Session, opdracht_id: int, text: str, *, actor: Actor, now: datetime) -> Opdracht:
    """Words for colleagues (`notities`); no version, at any status. The melder never sees them."""
    opdracht = opdracht_by_id(session, opdracht_id, scope=actor.scope)
    if opdracht is None:
        raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")
    check_words(session, opdracht, "notities", actor)
    text = clean_text(text, field="tekst")
    if not text:
        raise InvalidInput.of("tekst", "leeg", "Schrijf een notitie.")
    note = keep_note(session, opdracht, "notitie", text, actor=actor, now=now)
    journal.record(
        session,
        "notitie",
        gemeente_id=opdracht.gemeente_id,
        actor=actor,
        now=now,
        opdracht_id=opdracht.id,
        facts={"note_id": note.id},
    )
    return opdracht


def _apply(opdracht: Opdracht, chosen: Routing) -> None:
    opdracht.team_id, opdracht.rule_id, opdracht.routing_reason = chosen.team_id, chosen.rule_id, chosen.reason


def _moved(
    session: Session,
    opened: Work,
    opdracht: Opdracht,
    kind: str,
    status: str,
    reason: str,
    old_team: int,
    *,
    actor: Actor,
    now: datetime,
) -> Done:
    """The rest of every change of hands: count it, start afresh, tell who must know."""
    third_move.count_move(session, opdracht, actor=actor, now=now)
    opdracht.planned_on = None
    if opdracht.team_id != old_team:
        opdracht.taken_up_at = opdracht.taken_up_by = None  # the next team has not begun
        opdracht.warned_due_at = None  # nor was it asked for a date
        party_time.leave(session, opdracht, now=now)
    facts = {"from_team_id": old_team, "team_id": opdracht.team_id, "category_id": opdracht.category_id}
    if reason:
        facts["note_id"] = keep_note(session, opdracht, "notitie", reason, actor=actor, now=now).id
    event = finish_move(session, opened, opdracht, kind, actor=actor, now=now, facts=facts, to=status)
    routing.settle(session, opened, event, now=now)
    if opdracht.urgency == routing.SPOED and opdracht.team_id != old_team:
        alarm.ring(session, opdracht, event, now=now)
    if opdracht.team_id != old_team:
        party_mail.tell_of_new(session, opdracht, event, now=now)
    return Done(opdracht, overtaken=opened.overtaken)

"""Opdrachten that turn out to be one, or two: join, undo a join, split. Links keep a from, a to and an author."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import KCC, Actor
from ..domain.danger import SUSPECTED
from ..domain.errors import Conflict, InvalidInput, NotFound
from ..domain.routing import Routing
from ..domain.text import clean_text
from ..domain.workflow import AFGEHANDELD, NIEUW, OPEN, VERVALLEN
from ..store import category, journal, team
from ..store.melding import Melding
from ..store.opdracht import Opdracht, live_link, melding_ids_of, meldingen_of, told_of_danger
from . import alarm, questions, routing
from .status import (
    Basis,
    Done,
    Work,
    begin_move,
    check_rights,
    finish_move,
    keep_note,
    lock_melding_work,
    require_open,
    set_opdracht_status,
)


@dataclass(frozen=True)
class Split:
    """The second opdracht beside the first: its category, perhaps a team and a place (lon, lat) of its own."""

    category_slug: str
    team_id: int | None = None
    place: tuple[float, float] | None = None
    reason: str = ""


def split_opdracht(
    session: Session, opdracht_id: int, split: Split, *, basis: Basis, actor: Actor, now: datetime
) -> tuple[Done, Opdracht | None]:
    """A second opdracht for the same meldingen (`splitsingen`); the first goes on. Returns both; None when replayed."""
    reason = clean_text(split.reason, field="reden")
    opened = begin_move(session, "splitsingen", opdracht_id, basis=basis, actor=actor, now=now, said=reason)
    if isinstance(opened, Done):
        return opened, None
    opdracht = opened.opdrachten[opdracht_id]
    scope = [opdracht.gemeente_id]
    chosen = category.category_by_slug(session, split.category_slug, scope=scope)
    if chosen is None:
        raise InvalidInput.of("categorie", "onbekend", "Deze categorie kennen wij niet.")
    route = routing.choose(session, chosen, opdracht, now=now)
    if split.team_id is not None:
        target = team.team_by_id(session, split.team_id, scope=scope)
        if target is None or not target.active:
            raise InvalidInput.of("team", "onbekend", "Dit team kennen wij niet.")
        route = Routing(split.team_id, 0, "Afgesplitst door een medewerker.")
    facts = {}
    if reason:
        facts["note_id"] = keep_note(session, opdracht, "notitie", reason, actor=actor, now=now).id
    finish_move(session, opened, opdracht, "gesplitst_van", actor=actor, now=now, facts=facts)
    second, _ = routing.make_opdracht(
        session,
        opened,
        opened.of(session, opdracht),
        chosen,
        route,
        how="gesplitst",
        actor=actor,
        now=now,
        like=opdracht,
        place=split.place,
    )
    return Done(opdracht, overtaken=opened.overtaken), second


def join_opdracht(
    session: Session, opdracht_id: int, into_id: int, *, basis: Basis, actor: Actor, now: datetime
) -> Done:
    """All meldingen of this opdracht join another open one (`samenvoegingen`); this one lapses.

    Raises InvalidInput for itself or an unknown one, Conflict when the other is closed.
    """
    opened = begin_move(session, "samenvoegingen", opdracht_id, basis=basis, actor=actor, now=now, others=[into_id])
    if isinstance(opened, Done):
        return opened
    if opdracht_id == into_id:
        raise InvalidInput.of("opdracht", "zelfde", "Kies een andere opdracht dan deze.")
    opdracht, into = opened.opdrachten[opdracht_id], opened.opdrachten.get(into_id)
    if into is None or into.gemeente_id != opdracht.gemeente_id:
        raise InvalidInput.of("opdracht", "onbekend", "De andere opdracht kunnen wij niet vinden.")
    require_open(into)
    moving = opened.of(session, opdracht)
    for melding in moving:
        _let_go(session, melding, opdracht, actor=actor, now=now)
    finish_move(
        session, opened, opdracht, "samengevoegd_met", actor=actor, now=now, facts={"into_id": into.id}, to=VERVALLEN
    )
    opdracht.closed_at = now
    into.version += 1
    for melding in moving:
        if live_link(session, melding.id, into.id, scope=[into.gemeente_id]) is None:
            routing.join_melding(session, opened, melding, into, reason="medewerker", actor=actor, now=now)
    _receive(session, opened, opdracht, into, actor=actor, now=now)
    return Done(opdracht, overtaken=opened.overtaken)


def _receive(
    session: Session, opened: Work, opdracht: Opdracht, into: Opdracht, *, actor: Actor, now: datetime
) -> None:
    """What the other opdracht takes over: danger too, also when the melder who told of it has left."""
    danger = opdracht.danger and not into.danger
    if danger:
        routing.make_dangerous(into)
    into.danger_suspected = not into.danger and (into.danger_suspected or opdracht.danger_suspected)
    event = journal.record(
        session,
        "samenvoeging",
        gemeente_id=into.gemeente_id,
        actor=actor,
        now=now,
        opdracht_id=into.id,
        facts={"from_id": opdracht.id, "danger": opdracht.danger, "status": into.status, "version": into.version},
    )
    routing.settle(session, opened, event, now=now)
    if danger:
        alarm.ring(session, into, event, now=now)


def undo_join(session: Session, melding_id: int, opdracht_id: int, *, actor: Actor, now: datetime) -> Opdracht:
    """Takes one melding off a shared opdracht and gives it an opdracht of its own, routed by the rules.

    Raises NotFound when they are not linked, Conflict when the opdracht is closed or this melding is its only one.
    """
    work = lock_melding_work(session, melding_id, scope=actor.scope)
    melding, opdracht = work.meldingen[melding_id], work.opdrachten.get(opdracht_id)
    if opdracht is None:
        raise NotFound("niet_gekoppeld", "Deze melding hoort niet bij deze opdracht.")
    check_rights(opdracht, "samenvoegingen", actor)
    require_open(opdracht)
    if len(melding_ids_of(session, [opdracht.id], scope=[opdracht.gemeente_id])) < 2:
        raise Conflict("enige_melding", "Dit is de enige melding van de opdracht. Losmaken kan dan niet.")
    _let_go(session, melding, opdracht, actor=actor, now=now)
    _calm(session, opdracht, melding)
    opdracht.version += 1
    journal.record(
        session,
        "losgemaakt_van",
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=now,
        melding_id=melding.id,
        opdracht_id=opdracht.id,
        facts={"status": opdracht.status, "version": opdracht.version},
    )
    scope = [melding.gemeente_id]
    chosen = category.category_by_id(session, opdracht.category_id, scope=scope)
    assert chosen is not None, "a foreign key holds the category"
    route = routing.choose(session, chosen, melding, now=now)
    made = routing.make_opdracht(session, work, [melding], chosen, route, how="losgemaakt", actor=actor, now=now)
    return made.opdracht


def add_to_opdracht(session: Session, melding_id: int, opdracht_id: int, *, actor: Actor, now: datetime) -> Opdracht:
    """The KCC adds a caller's melding to an open opdracht nearby; its own untouched opdracht lapses.

    Raises Conflict when the melding has ended, or work on its own opdracht has begun: then a person joins the two.
    """
    work = lock_melding_work(session, melding_id, scope=actor.scope, others=[opdracht_id])
    melding, into = work.meldingen[melding_id], work.opdrachten.get(opdracht_id)
    actor.require_role(melding.gemeente_id, KCC)
    if into is None or into.gemeente_id != melding.gemeente_id:
        raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")
    if live_link(session, melding.id, into.id, scope=[into.gemeente_id]) is not None:
        return into
    if melding.withdrawn_at or melding.referred_to or melding.status == AFGEHANDELD:
        raise Conflict("melding_klaar", "Deze melding is al klaar. Maak voor de beller een nieuwe melding.")
    require_open(into)
    own = [o for o in work.opdrachten.values() if o.status in OPEN and o is not into]
    if any(
        o.status != NIEUW or o.taken_up_at or len(melding_ids_of(session, [o.id], scope=[o.gemeente_id])) > 1
        for o in own
    ):
        raise Conflict("al_begonnen", "Een team is al bezig met deze melding. Voeg de opdrachten samen.")
    for opdracht in own:
        _let_go(session, melding, opdracht, actor=actor, now=now)
        set_opdracht_status(session, opdracht, VERVALLEN, now=now)
        opdracht.closed_at = now
        opdracht.version += 1
        journal.record(
            session,
            "samengevoegd_met",
            gemeente_id=opdracht.gemeente_id,
            actor=actor,
            now=now,
            opdracht_id=opdracht.id,
            facts={"into_id": into.id, "status": opdracht.status, "version": opdracht.version},
        )
    routing.join_melding(session, work, melding, into, reason="beller", actor=actor, now=now)
    return into


def _calm(session: Session, opdracht: Opdracht, left: Melding) -> None:
    """Danger leaves with the one melding that ever told of it; when in doubt it stays. So does what was suspected."""
    came_from_another = opdracht.split_from_id is not None or opdracht.reopened_from_id is not None
    scope = [opdracht.gemeente_id]
    staying = meldingen_of(session, opdracht.id, scope=scope)
    if SUSPECTED in left.flags and not came_from_another and not any(SUSPECTED in m.flags for m in staying):
        opdracht.danger_suspected = False
    if not left.danger or came_from_another or told_of_danger(session, opdracht.id, but=left.id, scope=scope):
        return
    joined = journal.history_of(session, opdracht_ids=[opdracht.id], scope=scope)
    if any(event.kind == "samenvoeging" and event.facts.get("danger") for event in joined):
        return
    chosen = category.category_by_id(session, opdracht.category_id, scope=scope)
    assert chosen is not None, "a foreign key holds the category"
    opdracht.danger, opdracht.urgency = False, chosen.urgency


def _let_go(session: Session, melding: Melding, opdracht: Opdracht, *, actor: Actor, now: datetime) -> None:
    """Ends the link that holds now; it stays as history."""
    link = live_link(session, melding.id, opdracht.id, scope=[opdracht.gemeente_id])
    if link is not None:
        link.until_at, link.ended_by = now, actor.label
        session.flush()
        questions.let_go(session, opdracht, melding, actor=actor, now=now)

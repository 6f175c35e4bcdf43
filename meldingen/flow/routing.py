"""Which team gets a melding: areas at the point, the gemeente's rules, an opdracht or a join, and the reason kept.

Runs in a worker, twice without harm. Not for choosing between rules: domain/routing.py does that.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.actor import SYSTEM, Actor
from ..domain.danger import SUSPECTED
from ..domain.routing import Area as AreaFacts
from ..domain.routing import Facts, Routing, choose_team
from ..domain.workflow import BIJ_PARTIJ, CLOSED, DOORGEZET, NIEUW
from ..store import area, assigning, category, gemeente, journal, team
from ..store.category import Category
from ..store.melding import Melding, melding_by_id
from ..store.opdracht import Link, Opdracht, nearest_open, opdracht_by_id, opdracht_ids_of
from ..store.town import Town, towns_of
from . import alarm, notices, party_mail
from .promises import priority, renew_terms
from .status import Derived, Work, derive_statuses, lock_work

SPOED = "spoed"
OUTSIDE = "buiten_grens"
RULES_FAILED = "De regels voor toewijzen gaven een fout. Daarom het vangnetteam; laat beheer naar de regels kijken."


class Made(NamedTuple):
    """A new opdracht and the event that tells of it."""

    opdracht: Opdracht
    event: journal.Event


def route_melding(session: Session, melding_id: int, *, gemeente_id: int, now: datetime) -> None:
    """Gives a melding its opdracht, or joins it to an open one. Does nothing when that is done or no longer needed.

    A melder's own "dit heb ik ook" goes first; else a category may join by itself within its radius and days.
    """
    scope = [gemeente_id]
    melding = melding_by_id(session, melding_id, scope=scope)
    if melding is None or _given_up(melding):
        return
    chosen = _category(session, melding)
    candidate = _join_candidate(session, melding, chosen, now=now)
    work = lock_work(session, [candidate] if candidate else [], melding_ids=[melding_id], scope=scope)
    melding = work.meldingen[melding_id]
    if _given_up(melding) or opdracht_ids_of(session, [melding_id], scope=scope):
        return
    joined = work.opdrachten.get(candidate) if candidate else None
    if joined is not None and joined.status not in CLOSED:
        how = "dit_heb_ik_ook" if melding.same_as_opdracht_id == joined.id else "vanzelf"
        join_melding(session, work, melding, joined, reason=how, actor=SYSTEM, now=now)
        return
    routing = choose(session, chosen, melding, now=now, outside=OUTSIDE in melding.flags)
    make_opdracht(session, work, [melding], chosen, routing, how="toegewezen", actor=SYSTEM, now=now)


def route_to_vangnet(session: Session, melding_id: int, *, gemeente_id: int, now: datetime) -> None:
    """Gives a melding that the rules cannot route to the vangnet team, with that reason: no melding stays without a
    team because of what somebody set up. Reads no rule, area or office hours. Does nothing when it is routed."""
    scope = [gemeente_id]
    work = lock_work(session, [], melding_ids=[melding_id], scope=scope)
    melding = work.meldingen.get(melding_id)
    if melding is None or _given_up(melding) or opdracht_ids_of(session, [melding_id], scope=scope):
        return
    routing = Routing(team.vangnet_team(session, scope=scope).id, 0, RULES_FAILED)
    make_opdracht(
        session, work, [melding], _category(session, melding), routing, how="toegewezen", actor=SYSTEM, now=now
    )


def route_ordinary(
    session: Session, melding_ids: Collection[int], *, scope: Collection[int], now: datetime
) -> Collection[int]:
    """Does for a whole lot what `route_melding` does, for those that only need a team of ours; the ids of these.

    The others are left as they are: danger, something to join, an external party, whatever happened to them since.
    """
    found = assigning.lock_ordinary(session, melding_ids, scope=scope)
    towns = towns_of(session, scope={one.gemeente_id for one in found}) if found else {}
    work = []
    for one in found:
        here = towns[one.gemeente_id]
        case = Facts(
            category_slug=one.category_slug,
            main_category_slug=one.main_category_slug,
            areas=one.areas,
            category_name=one.category_name,
            main_category_name=one.main_category_name,
        )
        routing = _decide(here, case, now=now, outside=OUTSIDE in one.flags)
        if routing.team_id not in here.partners:
            work.append(
                assigning.Assigned(
                    one.melding_id,
                    category_id=one.category_id,
                    team_id=routing.team_id,
                    rule_id=routing.rule_id,
                    reason=routing.reason,
                    urgency=one.urgency,
                    priority=priority(one.urgency, 1),
                    due_at=deadlines.end_of(one.promised_on),
                )
            )
    if work:
        assigning.assign(session, work, how="toegewezen", actor=SYSTEM.label, now=now)
    return [one.melding_id for one in work]


def choose(
    session: Session,
    chosen: Category,
    place: Melding | Opdracht,
    *,
    now: datetime,
    outside: bool = False,
    calmed: bool = False,
) -> Routing:
    """The team for work of this category at this place, by the rules as they are now; for the day team when `calmed`.

    Just over the border (`outside`) or in no wijk it is the vangnet team's (KLANTREIS rule 6), unless it is
    dangerous: then the rules for danger decide, since somebody must go now.
    """
    scope = [place.gemeente_id]
    lon, lat = coordinates(session, place)
    main = category.main_of(session, chosen, scope=scope)
    case = Facts(
        category_slug=chosen.slug,
        main_category_slug=main.slug,
        areas=tuple(AreaFacts(a.code, a.kind, a.name) for a in area.areas_at(session, lon, lat, scope=scope)),
        danger=not calmed and (place.danger or chosen.urgency == SPOED),
        category_name=chosen.name,
        main_category_name=main.name,
    )
    here = towns_of(session, scope=scope)[place.gemeente_id]
    return _decide(here, case, now=now, outside=outside, calmed=calmed)


def _decide(here: Town, case: Facts, *, now: datetime, outside: bool = False, calmed: bool = False) -> Routing:
    """`choose`, with everything at hand; the moment of the case is filled in."""
    if not case.danger:
        reason = "Deze plaats ligt net buiten de gemeente." if outside else ""
        if here.has_wijken and not any(a.kind != "water" for a in case.areas):
            reason = reason or "Deze plaats ligt in geen wijk."
        if reason:
            return Routing(here.vangnet_id, 0, f"{reason} Daarom het vangnetteam.")
    in_office = deadlines.office_hours(now, here.office_hours, here.closing_days)
    return choose_team(here.rules, replace(case, moment="kantooruren" if in_office or calmed else "piket"))


def make_opdracht(
    session: Session,
    work: Work,
    meldingen: list[Melding],
    chosen: Category,
    routing: Routing,
    *,
    how: str,
    actor: Actor,
    now: datetime,
    like: Opdracht | None = None,
    place: tuple[float, float] | None = None,
) -> Made:
    """A new opdracht for these locked meldingen, linked, journalled and announced where that is due.

    like: the opdracht it comes from (split, reopened), for its place and danger; without it there is a melding.
    place: lon, lat of its own.
    """
    source = like or meldingen[0]
    gemeente_id = source.gemeente_id
    to = team.team_by_id(session, routing.team_id, scope=[gemeente_id])
    assert to is not None, "a rule refers to a team of its own gemeente"
    danger = source.danger
    suspected = like.danger_suspected if like is not None else any(SUSPECTED in m.flags for m in meldingen)
    received_at = min((m.received_at for m in meldingen), default=source.received_at)
    opdracht = Opdracht(
        gemeente_id=gemeente_id,
        status=BIJ_PARTIJ if to.is_partner else NIEUW,
        version=1,
        category_id=chosen.id,
        team_id=to.id,
        urgency=SPOED if danger else chosen.urgency,
        danger=danger,
        danger_suspected=suspected and not danger,
        location=gemeente.point(*place) if place else source.location,
        location_note=source.location_note,
        address="" if place else source.address,
        wijk_code=source.wijk_code,
        buurt_code=source.buurt_code,
        rule_id=routing.rule_id,
        routing_reason=routing.reason,
        received_at=received_at,
        due_at=deadlines.due_at(received_at, chosen.term_days, gemeente.closing_days(session, scope=[gemeente_id])),
        paused_days=0,
        moves_count=0,
        party_since_at=now if to.is_partner else None,
        party_days=0,
        split_from_id=like.id if like is not None and how == "gesplitst" else None,
        reopened_from_id=like.id if like is not None and how == "heropend" else None,
        created_at=now,
    )
    session.add(opdracht)
    session.flush()
    work.opdrachten[opdracht.id] = opdracht
    for melding in meldingen:
        link_melding(session, melding, opdracht, how=how, reason="", actor=actor, now=now)
    event = journal.record(
        session,
        how,
        gemeente_id=gemeente_id,
        actor=actor,
        now=now,
        melding_id=meldingen[0].id if len(meldingen) == 1 else None,
        opdracht_id=opdracht.id,
        facts={
            "team_id": to.id,
            "rule_id": routing.rule_id,
            "category_id": chosen.id,
            "status": opdracht.status,
            **({"promised_on": meldingen[0].promised_on.isoformat()} if how == "heropend" else {}),
        },
    )
    settle(session, work, event, now=now)
    if opdracht.urgency == SPOED:
        alarm.ring(session, opdracht, event, now=now)
    party_mail.tell_of_new(session, opdracht, event, now=now)
    return Made(opdracht, event)


def join_melding(
    session: Session, work: Work, melding: Melding, opdracht: Opdracht, *, reason: str, actor: Actor, now: datetime
) -> None:
    """Adds a locked melding to a locked open opdracht. The melder reads it on the volgpagina, gets no bericht."""
    link_melding(session, melding, opdracht, how="samengevoegd", reason=reason, actor=actor, now=now)
    if melding.danger:
        make_dangerous(opdracht)
    elif SUSPECTED in melding.flags and not opdracht.danger:
        opdracht.danger_suspected = True
    event = journal.record(
        session,
        "samengevoegd",
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=now,
        melding_id=melding.id,
        opdracht_id=opdracht.id,
        facts={"reason": reason},
    )
    settle(session, work, event, now=now)
    if melding.danger:
        alarm.ring(session, opdracht, event, now=now)


def make_dangerous(opdracht: Opdracht) -> None:
    """Somebody must go now; what was only suspected is so."""
    opdracht.danger, opdracht.danger_suspected, opdracht.urgency = True, False, SPOED


def link_melding(
    session: Session, melding: Melding, opdracht: Opdracht, *, how: str, reason: str, actor: Actor, now: datetime
) -> None:
    """One link with its from and its author."""
    session.add(
        Link(
            gemeente_id=melding.gemeente_id,
            melding_id=melding.id,
            opdracht_id=opdracht.id,
            how=how,
            reason=reason,
            from_at=now,
            made_by=actor.label,
        )
    )
    session.flush()


def settle(session: Session, work: Work, event: journal.Event, *, now: datetime) -> Derived:
    """After a move: terms, statuses, and the berichten that follow from them, all about this event.

    A date that came sooner is only shown: a bericht that says "later" would be wrong.
    """
    changed = renew_terms(session, work, now=now)
    derived = derive_statuses(session, work.meldingen.values(), now=now)
    notices.announce(session, "doorgezet", event, derived.became(DOORGEZET), now=now)
    sooner = [melding for melding, before in changed if melding.promised_on < before]
    moved = [melding for melding, _ in changed]
    silent = [*sooner, *derived.became(DOORGEZET)]
    notices.announce_new_dates(session, moved, event.opdracht_id, silent=silent, now=now)
    return derived


def coordinates(session: Session, place: Melding | Opdracht) -> tuple[float, float]:
    """Longitude and latitude of a row."""
    table = type(place)
    row = session.execute(
        sa.select(sa.func.ST_X(table.location), sa.func.ST_Y(table.location)).where(
            table.id == place.id, table.gemeente_id == place.gemeente_id
        )
    ).one()
    return float(row[0]), float(row[1])


def _given_up(melding: Melding) -> bool:
    """Whether nothing is to be done: another gemeente's, or withdrawn. Danger is looked at, whoever told of it."""
    return bool(melding.referred_to) or (melding.withdrawn_at is not None and not melding.danger)


def _category(session: Session, melding: Melding) -> Category:
    scope = [melding.gemeente_id]
    chosen = category.category_by_id(session, melding.category_id, scope=scope) if melding.category_id else None
    return chosen or category.other_category(session, scope=scope)


def _join_candidate(session: Session, melding: Melding, chosen: Category, *, now: datetime) -> int | None:
    scope = [melding.gemeente_id]
    if melding.same_as_opdracht_id is not None:
        same = opdracht_by_id(session, melding.same_as_opdracht_id, scope=scope)
        if same is not None and same.status not in CLOSED:
            return same.id
    if not (chosen.join_radius_m and chosen.join_days) or melding.category_id is None:
        return None
    # Two workers with the same fallen tree wait for each other here, else both would make an opdracht.
    session.execute(sa.select(sa.func.pg_advisory_xact_lock(7_362_002, chosen.id)))
    lon, lat = coordinates(session, melding)
    since = now - timedelta(days=chosen.join_days)
    return nearest_open(session, chosen.id, lon, lat, radius_m=chosen.join_radius_m, since=since, scope=scope)

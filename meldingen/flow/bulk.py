"""One action on many opdrachten: foretold, asked for, undone while it can be, and done by a worker, each by itself.

Like a door this calls the steps themselves (work, delay, joining, closure): what a person may do with one opdracht he
may do with many, and every refusal is theirs.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..adapters.failures import TemporaryFailure
from ..db import transaction
from ..domain.actor import COORDINATOR, Actor
from ..domain.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from ..store import bulk as kept
from ..store import outbox
from ..store.account import Account
from ..store.bulk import BUSY, DONE, DONE_ITEM, PLANNED, UNDONE, Bulk, BulkItem
from ..store.gemeente import gemeente_by_id
from ..store.melding import claim_key, remember_resource
from ..store.opdracht import Opdracht, melding_ids_of
from . import closure, delay, joining, work
from .apart import each_apart
from .before import undo_s_of
from .closure import NewClosure
from .delay import Why
from .sign_in import staff_actor
from .status import Basis
from .work import HandOver

TASK: Final = "bulk"
MOST: Final = 100
"""Opdrachten in one action: what one page can foretell, and a person can read."""
JOINS: Final = "samenvoegingen"
ACTIONS: Final = ("overdrachten", "planningen", "uitstellingen", JOINS, "afhandelingen")
WORDS: Final = ("reason", "sentence", "partner")
"""Facts that people wrote: they go when the action is over."""


@dataclass(frozen=True)
class Wish:
    """What is to be done with each. facts by action, as JSON keeps them: overdrachten team_id, category_slug, reason;
    planningen day; uitstellingen day, code, sentence; samenvoegingen into_id; afhandelingen outcome, code, sentence,
    partner."""

    action: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Foretold:
    """What would come of one opdracht now. refusal: why not, for people; "" when it can. hears: ids of the meldingen
    whose melder would get a bericht."""

    opdracht_id: int
    version: int
    refusal: str
    hears: frozenset[int]


def foretell(
    session: Session, wish: Wish, chosen: Sequence[Opdracht], *, actor: Actor, now: datetime
) -> Sequence[Foretold]:
    """Does it with each of them, looks, and takes it back: exactly what the steps say, and nothing stays.

    Each by itself, so that no more than one opdracht is locked at a time. Raises InvalidInput for an unknown action.
    """
    _check_action(wish)
    return [_foretell(session, wish, one, actor=actor, now=now) for one in chosen if one.id != _into(wish)]


def _foretell(session: Session, wish: Wish, one: Opdracht, *, actor: Actor, now: datetime) -> Foretold:
    opdracht_id, version, scope = one.id, one.version, [one.gemeente_id]
    melding_ids = melding_ids_of(session, [opdracht_id], scope=scope)
    hears: set[int] = set()
    refusal = ""
    attempt = session.begin_nested()
    try:
        _do(session, wish, opdracht_id, version, actor=actor, now=now)
        session.flush()
        hears = kept.told_at(session, melding_ids, now, scope=scope)
    except DomainError as error:
        refusal = words_of(error)
    finally:
        attempt.rollback()
    return Foretold(opdracht_id, version, refusal, frozenset(hears))


def ask(session: Session, wish: Wish, versions: Mapping[int, int], *, key: str, actor: Actor, now: datetime) -> Bulk:
    """Promises it: begun by a worker when it can no longer be undone. versions: per opdracht id the one that was seen.

    key: of the form, so that a second press is the same action. Raises InvalidInput for nothing chosen, too many, or
    opdrachten of several gemeenten; Forbidden for who does not coordinate there; NotFound.
    """
    _check_action(wish)
    chosen = {number: version for number, version in versions.items() if number != _into(wish)}
    if not chosen:
        raise InvalidInput.of("opdracht", "leeg", "Kies eerst een of meer opdrachten.")
    if len(chosen) > MOST:
        raise InvalidInput.of("opdracht", "te_veel", f"Kies hoogstens {MOST} opdrachten tegelijk.")
    into = _into(wish)
    home = _home_of(session, {*chosen, *([into] if into else [])}, actor)
    place = f"bulk:{actor.label}"
    earlier = claim_key(session, place, key, _hash(wish, chosen), now) if key else None
    if earlier is not None:
        known = kept.bulk_by_id(session, earlier.resource_id or 0, scope=actor.scope)
        if known is None or earlier.body_hash != _hash(wish, chosen):
            raise Conflict("sleutel_hergebruikt", "Deze actie is al gevraagd. Begin opnieuw vanaf de lijst.")
        return known
    wait = timedelta(seconds=undo_s_of(gemeente_by_id(session, home).policy))
    assert actor.account_id is not None, "a coordinator has an account"
    made = Bulk(
        gemeente_id=home,
        account_id=actor.account_id,
        action=wish.action,
        facts=dict(wish.facts),
        status=PLANNED,
        created_at=now,
        due_at=now + wait,
    )
    session.add(made)
    session.flush()
    session.add_all(
        BulkItem(gemeente_id=home, bulk_id=made.id, opdracht_id=number, version=version)
        for number, version in sorted(chosen.items())
    )
    if key:
        remember_resource(session, place, key, made.id)
    outbox.put(
        session,
        outbox.Topic.UPKEEP,
        {"task": TASK, "bulk_id": made.id, "gemeente_id": home},
        gemeente_id=home,
        now=now,
        due_at=made.due_at,
        urgency=outbox.Urgency.SPOED,  # somebody looks at its page
        key=f"{TASK}:{made.id}",
    )
    return made


def undo(session: Session, bulk_id: int, *, actor: Actor, now: datetime) -> Bulk:
    """Takes it back before it begins: nothing happened. Raises NotFound, Forbidden, Conflict when it began or ended."""
    row = kept.lock_bulk(session, bulk_id, scope=actor.scope)
    if row is None:
        raise NotFound("actie_onbekend", "Deze actie kunnen wij niet vinden.")
    actor.require_role(row.gemeente_id, COORDINATOR)
    if row.status == UNDONE:
        return row
    if row.status != PLANNED or now >= row.due_at:
        raise Conflict("al_begonnen", "De actie is al begonnen. Ongedaan maken kan niet meer.")
    _end(row, UNDONE, now)
    return row


def run(engine: sa.Engine, *, bulk_id: int, gemeente_id: int, now: datetime) -> datetime | None:
    """Does it, for the worker: each opdracht and what came of it in one transaction, so once, whoever is killed.

    Returns when to come back while it can still be undone. Raises TemporaryFailure when some could not be done now.
    """
    scope = [gemeente_id]
    with transaction(engine) as session:
        row = kept.lock_bulk(session, bulk_id, scope=scope)
        if row is None or row.status in (DONE, UNDONE):
            return None
        if now < row.due_at:
            return row.due_at
        row.status = BUSY
        waiting = kept.waiting_ids(session, bulk_id, scope=scope)
    each_apart(engine, TASK, waiting, lambda session, number: _do_item(session, number, scope=scope, now=now))
    with transaction(engine) as session:
        row = kept.lock_bulk(session, bulk_id, scope=scope)
        if kept.waiting_ids(session, bulk_id, scope=scope):
            raise TemporaryFailure("Een deel van de actie kon nog niet.")
        if row is not None and row.status == BUSY:
            _end(row, DONE, now)
    return None


def words_of(refusal: DomainError) -> str:
    """Why not, in one sentence for people: of the fields when it names any."""
    return " ".join(one.detail for one in refusal.fields) or refusal.detail


def most_pressing(chosen: Collection[Opdracht]) -> Opdracht:
    """The one that others best join: danger first, then spoed and hoog, then the oldest."""
    rank = {"spoed": 0, "hoog": 1}
    return min(chosen, key=lambda o: (not o.danger, rank.get(o.urgency, 2), o.received_at, o.id))


def _do_item(session: Session, item_id: int, *, scope: Collection[int], now: datetime) -> None:
    item = kept.lock_item(session, item_id, scope=scope)
    row = kept.bulk_by_id(session, item.bulk_id, scope=scope) if item is not None and not item.result else None
    if item is None or row is None:
        return  # another worker was first
    try:
        with session.begin_nested():
            actor = _asker(session, row)
            _do(session, Wish(row.action, row.facts), item.opdracht_id, item.version, actor=actor, now=now)
        item.result = DONE_ITEM
    except DomainError as error:
        item.result, item.words = error.code, words_of(error)


def _asker(session: Session, row: Bulk) -> Actor:
    """Who asked for it, with the rights of now. Raises Forbidden when he may not (any more)."""
    account = session.get_one(Account, row.account_id)
    if not account.active:
        raise Forbidden("geen_recht", "Het account dat dit vroeg is niet meer in gebruik.")
    actor = staff_actor(session, account)
    actor.require_role(row.gemeente_id, COORDINATOR)
    return actor


def _do(session: Session, wish: Wish, opdracht_id: int, version: int, *, actor: Actor, now: datetime) -> None:
    facts = wish.facts
    how: dict[str, Any] = {"basis": Basis(version=version), "actor": actor, "now": now}
    match wish.action:
        case "overdrachten":
            to = HandOver(facts.get("team_id"), facts.get("category_slug"), facts.get("reason", ""))
            work.hand_over(session, opdracht_id, to, **how)
        case "planningen":
            work.plan(session, opdracht_id, date.fromisoformat(facts["day"]), **how)
        case "uitstellingen":
            why = Why(facts.get("code", ""), facts.get("sentence", ""))
            delay.postpone(session, opdracht_id, date.fromisoformat(facts["day"]), why, **how)
        case "samenvoegingen":
            joining.join_opdracht(session, opdracht_id, facts["into_id"], **how)
        case _:
            texts = (facts.get("sentence", ""), facts.get("code", ""), facts.get("partner", ""))
            closure.close_opdracht(session, opdracht_id, NewClosure(facts["outcome"], *texts), **how)


def _check_action(wish: Wish) -> None:
    if wish.action not in ACTIONS:
        raise InvalidInput.of("actie", "leeg", "Kies wat u met de opdrachten wilt doen.")


def _into(wish: Wish) -> int | None:
    """Which opdracht the others join; it is not done itself."""
    return int(wish.facts["into_id"]) if wish.action == JOINS else None


def _home_of(session: Session, ids: Collection[int], actor: Actor) -> int:
    """The one gemeente of all of these, where the actor coordinates."""
    query = sa.select(Opdracht.id, Opdracht.gemeente_id).where(Opdracht.id.in_(ids))
    found = {row.id: row.gemeente_id for row in session.execute(query.where(Opdracht.gemeente_id.in_(actor.scope)))}
    if set(found) != set(ids):
        raise NotFound("opdracht_onbekend", "Een van deze opdrachten kunnen wij niet vinden.")
    homes = set(found.values())
    if len(homes) > 1:
        raise InvalidInput.of("opdracht", "andere_gemeente", "Kies opdrachten van één gemeente tegelijk.")
    home: int = homes.pop()
    actor.require_role(home, COORDINATOR)
    return home


def _end(row: Bulk, status: str, now: datetime) -> None:
    row.status, row.finished_at = status, now
    row.facts = {name: value for name, value in row.facts.items() if name not in WORDS}


def _hash(wish: Wish, chosen: Mapping[int, int]) -> bytes:
    told = [wish.action, dict(wish.facts), sorted(chosen.items())]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).digest()

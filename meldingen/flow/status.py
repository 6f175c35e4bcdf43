"""The ground under every move: locks in one order, versions and operation ids, and the status that follows.

Only this module sets the status of an opdracht or a melding. Not for what a move means: work.py, joining.py,
closure.py and feedback.py say that.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.actor import COORDINATOR, KCC, PIKET, TEAM, Actor
from ..domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    PreconditionRequired,
    Stale,
)
from ..domain.workflow import (
    AFGEHANDELD,
    BIJ_PARTIJ,
    CLOSED,
    GEREED,
    KEEPS_CLOSED,
    OPEN,
    OPGEPAKT,
    PARTY_ACTIONS,
    UNDOES,
    WACHT_OP_MELDER,
    Move,
    OpdrachtFacts,
    check_move,
    melding_status,
    move_named,
    suits,
)
from ..store import gemeente, journal, task
from ..store.melding import Melding, claim_key, forget_key
from ..store.opdracht import (
    Opdracht,
    lock_linked,
    lock_opdrachten,
    melding_ids_of,
    meldingen_of,
    opdracht_ids_of,
    opdrachten_of,
)
from ..store.worklines import WorkLine
from . import notices, party_time, refused
from .before import WITHDRAWAL_ASKED
from .notes import keep_note as keep_note

TAKES_UP = "inbehandelingnames"
NEEDS_OTHER_EYES = (TAKES_UP, "planningen", "samenvoegingen", "afhandelingen")


@dataclass(frozen=True)
class Basis:
    """On what a move was based (KLANTREIS rule 4).

    version: of If-Match, or `basisversie` of an operation queued offline. operation_id: its idempotency key.
    body_hash: of what was asked, so that the same id with another body is refused. device_at: set for offline only.
    """

    version: int | None = None
    operation_id: str | None = None
    body_hash: bytes = b""
    device_at: datetime | None = None

    @property
    def offline(self) -> bool:
        """Whether it waited in a device."""
        return self.device_at is not None


@dataclass(frozen=True)
class Done:
    """What became of a move. overtaken: done, though somebody else changed it meanwhile ("intussen gewijzigd").

    replayed: this operation was done before; nothing changed now. refused: an offline operation that cannot be done
    any more; its words were kept as a note, so the door commits and answers with this refusal.
    """

    opdracht: Opdracht
    overtaken: bool = False
    replayed: bool = False
    refused: DomainError | None = None


@dataclass
class Work:
    """Rows locked for one move: the opdracht that moves, others it touches, and every melding linked to them."""

    opdrachten: dict[int, Opdracht]
    meldingen: dict[int, Melding]
    overtaken: bool = False
    happened_at: datetime | None = None

    def of(self, session: Session, opdracht: Opdracht) -> list[Melding]:
        """The locked meldingen linked now to one of the locked opdrachten, oldest first."""
        ids = melding_ids_of(session, [opdracht.id], scope=[opdracht.gemeente_id])
        return [self.meldingen[i] for i in ids]


def lock_work(
    session: Session, opdracht_ids: Collection[int], *, melding_ids: Collection[int] = (), scope: Collection[int]
) -> Work:
    """Locks the opdrachten by id, then the meldingen linked to them (and `melding_ids`) by id (HUIS Locks).

    Who links or unlinks a melding holds the lock of that opdracht, so the links read here stay true.
    """
    opdrachten = lock_opdrachten(session, opdracht_ids, scope=scope)
    meldingen = lock_linked(session, [o.id for o in opdrachten], melding_ids, scope=scope)
    return Work({o.id: o for o in opdrachten}, {m.id: m for m in meldingen})


Lock = Callable[[Session, int, Collection[int]], Work]


def lock_melding_work(
    session: Session, melding_id: int, *, scope: Collection[int], others: Collection[int] = ()
) -> Work:
    """Locks a melding with all its opdrachten (and `others`) and their meldingen. Raises NotFound.

    The opdrachten are read before the lock; when one was linked in between we let go and start again.
    """
    for _ in range(5):
        step = session.begin_nested()
        ids = opdracht_ids_of(session, [melding_id], scope=scope)
        work = lock_work(session, {*ids, *others}, melding_ids=[melding_id], scope=scope)
        if melding_id not in work.meldingen:
            raise NotFound("melding_onbekend", "Deze melding kunnen wij niet vinden.")
        if set(opdracht_ids_of(session, [melding_id], scope=scope)) == set(ids):
            step.commit()
            return work
        step.rollback()
    raise Conflict("druk", "Er wordt nu veel aan deze melding gewijzigd. Probeer het zo nog eens.")


def begin_move(
    session: Session,
    action: str,
    opdracht_id: int,
    *,
    basis: Basis,
    actor: Actor,
    now: datetime,
    others: Collection[int] = (),
    said: str = "",
    lock: Lock | None = None,
) -> Work | Done:
    """Opens a move: known operation id → Done; else the locked rows, after rights, version and table have agreed.

    others: more opdrachten to lock. said: the words of the operation, kept as a note when an offline one is refused.
    lock: in place of `lock_work`, with what it locks: an opdracht in this scope, and its meldingen.
    Raises NotFound, Forbidden, PreconditionRequired (428), Stale (412), MoveNotAllowed (409).
    """
    scope = actor.scope
    route = f"{action}:{opdracht_id}:{actor.label}"
    if basis.operation_id:
        earlier = claim_key(session, route, basis.operation_id, basis.body_hash, now, resource_id=opdracht_id)
        if earlier is not None:
            if earlier.body_hash != basis.body_hash:
                raise Conflict("sleutel_hergebruikt", "Deze sleutel is al gebruikt voor iets anders.")
            known = _opdracht(lock_opdrachten(session, [opdracht_id], scope=scope))
            overtaken = basis.offline and basis.version is not None and known.version > basis.version + 1
            return Done(known, overtaken=overtaken, replayed=True)
    work = lock(session, opdracht_id, scope) if lock else lock_work(session, {opdracht_id, *others}, scope=scope)
    opdracht = _opdracht([work.opdrachten[i] for i in work.opdrachten if i == opdracht_id])
    if not basis.offline:
        check_rights(opdracht, action, actor, now=now)
        if basis.version is None:
            raise PreconditionRequired(
                "versie_ontbreekt", "Stuur met If-Match mee welke versie van de opdracht u voor u had."
            )
        if basis.version != opdracht.version:
            raise Stale("versie_verouderd", "Iemand anders heeft deze opdracht net gewijzigd. Bekijk hem opnieuw.")
    try:
        check_rights(opdracht, action, actor, now=now)
        check_move(action, opdracht.status)
    except (Forbidden, Conflict) as refusal:
        if basis.offline and action == TAKES_UP and opdracht.status == OPGEPAKT:
            return Done(opdracht, overtaken=True)  # a colleague was first; it is what he wanted
        if not basis.offline or not refused.was_theirs(session, opdracht, refusal, actor):
            raise
        refused.keep_refused(session, opdracht, action, said, refusal, basis.operation_id, actor=actor, now=now)
        if basis.operation_id:
            forget_key(session, route, basis.operation_id)
        return Done(opdracht, refused=refusal)
    work.overtaken = basis.version is not None and basis.version != opdracht.version
    happened = basis.device_at or now
    work.happened_at = max(opdracht.received_at, min(happened, now))
    return work


def check_rights(opdracht: Opdracht, action: str, actor: Actor, *, now: datetime | None = None) -> Move:
    """Whether this actor may ever do this to this opdracht. Raises Forbidden (or NotSignedIn), Conflict: it never fits.
    now: to say whether a closing can still be undone; without it, it cannot.

    Teams move their own opdrachten only. Who closed a reopened problem does not close it again: other eyes look, and
    who keeps it closed is never who closed it, a coordinator too.
    """
    move = move_named(action)
    actor.require_role(opdracht.gemeente_id, *move.roles)
    above_teams = actor.kind == "systeem" or actor.has_role(opdracht.gemeente_id, COORDINATOR)
    by_desk = KCC in move.roles and actor.has_role(opdracht.gemeente_id, KCC)
    by_team = actor.has_role(opdracht.gemeente_id, TEAM, PIKET) and opdracht.team_id in actor.team_ids
    if not (above_teams or by_desk or by_team):
        raise Forbidden("ander_team", "Deze opdracht is van een ander team.")
    if actor.is_party and not may_as_party(opdracht, action, actor):
        raise Forbidden("niet_voor_partij", "Dit kan alleen de gemeente zelf doen. Stel uw vraag, of bel ons.")
    reopened = opdracht.reopened_from_id is not None
    undoable = is_undoable(opdracht, now)
    if action == UNDOES and not undoable:
        raise Conflict("te_laat", "Ongedaan maken kan niet meer: de tijd daarvoor is om.")
    suspected = opdracht.danger_suspected
    if not suits(action, reopened=reopened, urgent=is_urgent(opdracht), suspected=suspected, undoable=undoable):
        raise Conflict("past_niet", f"'{move.words}' past niet bij deze opdracht.")
    if action == KEEPS_CLOSED or (action in NEEDS_OTHER_EYES and not above_teams):
        _refuse_own_closing(opdracht, actor)
    return move


def may_as_party(opdracht: Opdracht | WorkLine, action: str, actor: Actor) -> bool:
    """What an external party may do: its own few steps, and by key only in the categories of that key."""
    mine = actor.category_ids is None or opdracht.category_id in actor.category_ids
    return mine and action in PARTY_ACTIONS


def is_urgent(opdracht: Opdracht | WorkLine) -> bool:
    """Whether somebody must go now: danger, or a category that always is spoed."""
    return opdracht.danger or opdracht.urgency == "spoed"


def check_words(session: Session, opdracht: Opdracht, action: str, actor: Actor) -> None:
    """Whether this actor may leave a note or photo here: as `check_rights`, or because the work was his team's until it
    went to others, so that nothing he did without coverage is lost."""
    try:
        check_rights(opdracht, action, actor)
    except Forbidden as refusal:
        if not refused.was_theirs(session, opdracht, refusal, actor):
            raise


def is_undoable(opdracht: Opdracht | WorkLine, now: datetime | None) -> bool:
    """Whether the last closing can be undone at this moment: its berichten still wait."""
    return opdracht.undo_until is not None and now is not None and now < opdracht.undo_until


def _refuse_own_closing(opdracht: Opdracht, actor: Actor) -> None:
    if opdracht.last_closed_by is not None and opdracht.last_closed_by == actor.account_id:
        raise Forbidden("andere_ogen", "U heeft dit eerder afgehandeld. Laat een collega hiernaar kijken.")


def finish_move(
    session: Session,
    work: Work,
    opdracht: Opdracht,
    kind: str,
    *,
    actor: Actor,
    now: datetime,
    facts: dict[str, Any] | None = None,
    to: str | None = None,
) -> journal.Event:
    """Sets the new status of `opdracht` (None: it stays), raises its version and writes the event."""
    if to is not None:
        set_opdracht_status(session, opdracht, to, now=now)
    opdracht.version += 1
    session.flush()
    return journal.record(
        session,
        kind,
        gemeente_id=opdracht.gemeente_id,
        actor=actor,
        now=work.happened_at or now,
        opdracht_id=opdracht.id,
        facts={"status": opdracht.status, "version": opdracht.version, **(facts or {})},
    )


def set_opdracht_status(session: Session, opdracht: Opdracht, status: str, *, now: datetime) -> None:
    """Moves one locked opdracht; nobody needs to mind one that is closed."""
    change_status(session, opdracht, status, now=now)
    if status in CLOSED:
        task.drop_of_opdracht(session, opdracht.id, now=now, scope=[opdracht.gemeente_id])


def change_status(session: Session, opdracht: Opdracht, status: str, *, now: datetime) -> None:
    """The same without the work items about it; leaving `wacht_op_melder` ends the pause and counts its days
    (KLANTREIS Terms)."""
    if opdracht.status == WACHT_OP_MELDER and status != WACHT_OP_MELDER and opdracht.paused_at is not None:
        closing = gemeente.closing_days(session, scope=[opdracht.gemeente_id])
        days = deadlines.paused_days(opdracht.paused_at, now, closing)
        opdracht.due_at = deadlines.shift_due(opdracht.due_at, days, closing)
        opdracht.paused_days += days
        opdracht.paused_at = None
        if days and status in OPEN:
            _move_promises(session, opdracht, days, closing, now=now)
    if status == WACHT_OP_MELDER and opdracht.paused_at is None:
        opdracht.paused_at = now
    if status == BIJ_PARTIJ:
        party_time.arrive(opdracht, now=now)
    if status in CLOSED:
        party_time.stop(session, opdracht, now=now)
    opdracht.status = status


def _move_promises(session: Session, opdracht: Opdracht, days: int, closing: frozenset[date], *, now: datetime) -> None:
    """The promise waited as long as the term did; its melders hear the new date."""
    waiting = [m for m in meldingen_of(session, opdracht.id, scope=[opdracht.gemeente_id]) if m.withdrawn_at is None]
    for melding in waiting:
        melding.promised_on = deadlines.add_werkdagen(melding.promised_on, days, closing)
    notices.announce_new_dates(session, waiting, opdracht.id, now=now)


@dataclass
class Derived:
    """What a move did to its meldingen: those whose status changed, by what it became."""

    changed: list[tuple[Melding, str, str]] = field(default_factory=list)

    def became(self, status: str) -> list[Melding]:
        """The meldingen that got this status just now."""
        return [melding for melding, _, new in self.changed if new == status]


def derive_statuses(session: Session, meldingen: Iterable[Melding], *, now: datetime) -> Derived:
    """Sets the status of these locked meldingen from their opdrachten as they are now.

    The end of a melding is its last closing, and ends what its melder still asked of a team.
    """
    locked = list(meldingen)
    if not locked:
        return Derived()
    session.flush()
    linked = opdrachten_of(session, [m.id for m in locked], scope={m.gemeente_id for m in locked})
    derived = derive_from(linked, locked, now=now)
    session.flush()
    return derived


def derive_from(linked: Mapping[int, Sequence[Opdracht]], locked: Iterable[Melding], *, now: datetime) -> Derived:
    """The same from opdrachten that were read under these locks. linked: per melding id. Does not flush."""
    derived = Derived()
    for melding in locked:
        facts = [
            OpdrachtFacts(o.status, reopened=o.reopened_from_id is not None, taken_up=o.taken_up_at is not None)
            for o in linked[melding.id]
        ]
        status = melding_status(facts, withdrawn=melding.withdrawn_at is not None, referred=bool(melding.referred_to))
        if status != melding.status:
            derived.changed.append((melding, melding.status, status))
            melding.status = status
            melding.closed_at = None
            if status == AFGEHANDELD:
                ended = (o.closed_at for o in linked[melding.id] if o.closed_at and o.status == GEREED)
                melding.closed_at = max(ended, default=now)
                melding.flags = [flag for flag in melding.flags if flag != WITHDRAWAL_ASKED]
    return derived


def require_open(opdracht: Opdracht) -> None:
    """Raises Conflict when the opdracht is closed."""
    if opdracht.status in CLOSED:
        raise Conflict("opdracht_gesloten", "Deze opdracht is al afgehandeld.")


def _opdracht(found: Collection[Opdracht]) -> Opdracht:
    for opdracht in found:
        return opdracht
    raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")

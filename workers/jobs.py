"""What a worker does with a lot: lease check, the handler of the topic, logging, back-off, parking.

HANDLERS says which flow function does a topic. Not for leasing (store/leases.py), nor for what the work is (flow/).
"""

import time
import traceback
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from meldingen.adapters.failures import PermanentFailure, TemporaryFailure
from meldingen.db import business_now, retry_deadlock, transaction
from meldingen.domain.errors import DomainError, Unavailable
from meldingen.flow import exchange, notices, photos, receipts, routing
from meldingen.store import leases
from meldingen.store.leases import Leased
from meldingen.store.outbox import Topic

from . import apart, schedule
from .context import Context
from .policy import POLICIES, Policy
from .stopping import timed_out

log = structlog.get_logger()

MAX_REASON = 200
LONGEST_ASKED_S = 6 * 3600
"""Whoever asks us to stay away longer is asked again after this."""
RULES_TRIES = 3
"""So often the rules may fail, some ten seconds in all, before a melding goes to the vangnet team."""
TIMED_OUT = "Het werk duurde te lang en is afgebroken."


Handler = Callable[[Context, Leased], datetime | None]
"""Does the work of one row and finishes it. Returns the moment before which it should not be tried again (quiet
hours; that was no attempt), or None when it is done. Raises TemporaryFailure to be tried again, PermanentFailure or a
DomainError to be parked; any other exception is a bug and is tried again, since a repair may come."""


class LeaseLost(Exception):
    """Somebody else has this row now; what this transaction did must not be kept."""


def in_one_transaction(work: Callable[[Session, Leased, datetime], None]) -> Handler:
    """For work on the database alone: it and the finished row are one transaction, so it happens exactly once."""

    def handle(context: Context, entry: Leased) -> None:
        def once() -> None:
            with transaction(context.engine) as session:
                session.info["request_id"] = entry.request_id
                now = business_now(session)
                work(session, entry, now)
                if not leases.finish(session, entry, now=now):
                    raise LeaseLost

        retry_deadlock(once)

    return handle


def in_steps(work: Callable[[Context, Leased], datetime | None]) -> Handler:
    """For work with the outside world: it commits its own steps, no transaction open during a call, and may come
    again after the last one: each step must look whether it was done. The row is finished afterwards."""

    def handle(context: Context, entry: Leased) -> datetime | None:
        until = work(context, entry)
        if until is None:
            _finish(context, entry)
        return until

    return handle


def _finish(context: Context, entry: Leased) -> None:
    with transaction(context.engine) as session:
        leases.finish(session, entry, now=business_now(session))


def _route(session: Session, entry: Leased, now: datetime) -> None:
    ids = entry.payload
    routing.route_melding(session, int(ids["melding_id"]), gemeente_id=int(ids["gemeente_id"]), now=now)


@contextmanager
def _route_lot(context: Context, entries: Sequence[Leased], _goes_on: Callable[[], bool]) -> Iterator["Lot"]:
    """The ordinary ones of a lot, in one transaction with their finished rows."""
    of_melding = {int(entry.payload["melding_id"]): entry for entry in entries}
    scope = {int(entry.payload["gemeente_id"]) for entry in entries}
    with transaction(context.engine) as session:
        now = business_now(session)
        routed = routing.route_ordinary(session, of_melding, scope=scope, now=now)
        done = [of_melding[melding_id] for melding_id in routed]
        if done and not leases.finish_lot(session, done, now=now):
            raise LeaseLost
    yield Lot(_route_somehow, done)


def _route_to_vangnet(session: Session, entry: Leased, now: datetime) -> None:
    ids = entry.payload
    routing.route_to_vangnet(session, int(ids["melding_id"]), gemeente_id=int(ids["gemeente_id"]), now=now)


def _route_somehow(context: Context, entry: Leased) -> datetime | None:
    """By the rules; when these keep raising, whatever it is, the vangnet team gets the melding: somebody must."""
    try:
        return in_one_transaction(_route)(context, entry)
    except (LeaseLost, OperationalError):
        raise
    except Exception as error:
        if entry.attempts < RULES_TRIES or timed_out(error):
            raise
        _log_failure(error, time.monotonic())
        log.error("rules_failed", reason=reason_of(error))
    return in_one_transaction(_route_to_vangnet)(context, entry)


def _photo(context: Context, entry: Leased) -> datetime | None:
    with transaction(context.engine) as session:
        now = business_now(session)
    return photos.process_photo(context.engine, context.adapters.photos, entry.payload, now=now, render=apart.render)


@contextmanager
def _notice_lot(context: Context, entries: Sequence[Leased], goes_on: Callable[[], bool]) -> Iterator["Lot"]:
    """What the berichten of a lot share: that nobody else has them, and a connection to the mail server."""
    payloads = [entry.payload for entry in entries]
    with (
        notices.in_line(context.engine, context.adapters, context.settings, payloads, goes_on=goes_on) as line,
        context.adapters.mail_together(),
    ):
        yield Lot(
            lambda context, entry: _notice(context, entry, line if entry.payload in line.payloads else None),
            began=lambda entry: entry.payload["notice_id"] in line.begun,
        )


def _notice(context: Context, entry: Leased, line: notices.Line | None = None) -> datetime | None:
    """As `in_steps`, with the row finished in the very transaction that records what the provider took."""
    adapters, settings = context.adapters, context.settings
    recorded = []

    def finish(session: Session, now: datetime) -> None:
        recorded.append(leases.finish(session, entry, now=now))

    until = notices.deliver_notice(
        context.engine, adapters, settings, entry.payload, last_try=entry.last_try, line=line, finish=finish
    )
    if until is None and not recorded:
        _finish(context, entry)
    return until


def _receipt(context: Context, entry: Leased) -> datetime | None:
    return receipts.ask_provider(context.engine, context.adapters, context.settings, entry.payload)


def _webhook(context: Context, entry: Leased) -> datetime | None:
    return exchange.tell_partner(context.engine, context.adapters, context.settings, entry.payload)


@dataclass(frozen=True)
class Lot:
    """What is left of a lot that began: `done` is finished already, the rest is done by `one`, row by row.

    began: whether a row is half done, so that it is finished however late it is.
    """

    one: Handler
    done: Sequence[Leased] = ()
    began: Callable[[Leased], bool] = lambda _entry: False


@dataclass(frozen=True)
class Together:
    """A handler that does `one` row, or more for less of rows that were never tried, within `lot`. When entering that
    raises, nothing was done. It is told how to ask whether there is time for another row."""

    one: Handler
    lot: Callable[[Context, Sequence[Leased], Callable[[], bool]], AbstractContextManager[Lot]]

    def __call__(self, context: Context, entry: Leased) -> datetime | None:
        return self.one(context, entry)


HANDLERS: Mapping[Topic, Handler] = MappingProxyType(
    {
        Topic.ROUTE: Together(_route_somehow, _route_lot),
        Topic.PHOTO: in_steps(_photo),
        Topic.NOTICE: Together(_notice, _notice_lot),
        Topic.RECEIPT: in_steps(_receipt),
        Topic.WEBHOOK: in_steps(_webhook),
        Topic.UPKEEP: in_steps(schedule.do_periodic),
    }
)


@dataclass
class Workplace:
    """What one worker process holds. handlers and policies: arguments, so that tests can hand in their own."""

    context: Context
    handlers: Mapping[Topic, Handler]
    policies: Mapping[Topic, Policy]
    stopping: Callable[[], bool]


_workplace: Workplace | None = None


def settle(
    context: Context,
    *,
    handlers: Mapping[Topic, Handler] = HANDLERS,
    policies: Mapping[Topic, Policy] = POLICIES,
    stopping: Callable[[], bool] = lambda: False,
) -> None:
    """Makes this process ready for `run`. stopping: asked between rows, so that a worker can end within seconds."""
    global _workplace
    _workplace = Workplace(context, handlers, policies, stopping)


def run(topic: str, lease: str, ids: Sequence[int]) -> None:
    """The one job RQ knows. It carries ids only; the rows in the database say what is to be done."""
    assert _workplace is not None, "settle() comes first"
    work_lot(_workplace, Topic(topic), UUID(lease), ids)


def work_lot(place: Workplace, topic: Topic, lease: UUID, ids: Sequence[int]) -> None:
    """Does the rows that this lease still holds, one by one; a row that fails never holds up the others.

    What is not begun in time, or when the worker is asked to stop, goes back at once.
    """
    engine, policy = place.context.engine, place.policies[topic]
    with transaction(engine) as session:
        entries = leases.renew(session, ids, lease, terms=policy.terms)
    if not entries:
        log.info("lease_lost", topic=topic, entries=list(ids))
        return
    place.context.adapters.wake()  # there is room in the line again
    ends_at = time.monotonic() + policy.budget_s
    in_time = True
    with ExitStack() as stack:
        lot = _begin_lot(place, entries, stack, lambda: time.monotonic() < ends_at and not place.stopping())
        done = {entry.id for entry in lot.done}
        left = deque(entry for entry in entries if entry.id not in done)
        while left and (lot.began(left[0]) or (in_time and not place.stopping())):
            in_time = _work_entry(place, policy, lot.one, left.popleft()) and time.monotonic() < ends_at
    if left:
        with transaction(engine) as session:
            leases.give_back(session, [entry.id for entry in left], left[0].lease)
        log.info("given_back", topic=topic, entries=len(left))
    place.context.adapters.wake()  # for what this work promised, and the next of its order keys


def _begin_lot(place: Workplace, entries: Sequence[Leased], stack: ExitStack, goes_on: Callable[[], bool]) -> Lot:
    """Begins what rows share until `stack` ends; when that cannot be, each is on its own. goes_on: whether there is
    time for another row."""
    handler, began = place.handlers[Topic(entries[0].topic)], time.monotonic()
    if not isinstance(handler, Together) or any(entry.attempts > 1 for entry in entries):
        return Lot(handler)
    try:
        lot = stack.enter_context(handler.lot(place.context, entries, goes_on))
    except LeaseLost:
        return Lot(handler.one)
    except Exception as error:
        if timed_out(error):
            raise  # the leases run out; then each goes alone
        _log_failure(error, began)
        return Lot(handler.one)
    for entry in lot.done:
        log.info("job_done", **_keys(entry), together=len(lot.done), ms=_ms(began))
    return lot


def _work_entry(place: Workplace, policy: Policy, handler: Handler, entry: Leased) -> bool:
    """Does one row and records how it ended; False when the job's time is up."""
    with structlog.contextvars.bound_contextvars(**_keys(entry)):
        began = time.monotonic()
        try:
            until = handler(place.context, entry)
        except LeaseLost:
            log.warning("lease_lost")
        except Exception as error:
            if timed_out(error):
                _record_failure(place, policy, entry, TIMED_OUT, final=False)
                return False
            final = isinstance(error, PermanentFailure | DomainError) and not isinstance(error, Unavailable)
            _log_failure(error, began)
            asked_s = error.retry_after_s if isinstance(error, TemporaryFailure) else None
            _record_failure(place, policy, entry, reason_of(error), final=final, at_least_s=asked_s or 0)
        else:
            if until is not None:
                with transaction(place.context.engine) as session:
                    leases.hold(session, entry, due_at=until)
            log.info("job_held" if until else "job_done", ms=_ms(began))
    return True


def _record_failure(
    place: Workplace, policy: Policy, entry: Leased, reason: str, *, final: bool, at_least_s: float = 0
) -> None:
    """Postpones the row with a growing wait; parks it when this failure is final or was the last try.

    at_least_s: how long the other side asked us to stay away.
    """
    with transaction(place.context.engine) as session:
        now = business_now(session)
        if final or entry.last_try:
            leases.park(session, entry, now=now, reason=reason)
            log.error("job_parked", reason=reason)
        else:
            wait_s = max(policy.wait_s(entry.attempts), min(at_least_s, LONGEST_ASKED_S))
            leases.postpone(session, entry, due_at=now + timedelta(seconds=wait_s), reason=reason)
            log.warning("job_postponed", reason=reason, wait_s=round(wait_s, 1))


def reason_of(error: Exception) -> str:
    """What may be stored and shown of a failure: adapters promise clean words, everything else only its kind."""
    if isinstance(error, TemporaryFailure | PermanentFailure) and str(error):
        return str(error)[:MAX_REASON]
    if isinstance(error, DomainError):
        return f"Geweigerd: {error.code}"
    return f"Fout in het programma: {type(error).__name__}"


def _log_failure(error: Exception, began: float) -> None:
    """One line. Of a bug the kind and the places in our code, not its words: they may quote a person's data."""
    if isinstance(error, TemporaryFailure | PermanentFailure | DomainError):
        log.info("job_failed", error=type(error).__name__, ms=_ms(began))
        return
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("job_failed", error=type(error).__name__, where=places[-12:], ms=_ms(began))


def _keys(entry: Leased) -> dict[str, Any]:
    return {"request_id": entry.request_id, "topic": entry.topic, "entry": entry.id, "attempts": entry.attempts}


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)

"""The clock: one table of periodic work, put in the outbox under a key per moment, so that two clocks do no harm.

Not for the work itself (flow/upkeep.py and the flows named in the table), nor for what a melding promised: that is a
row with a due time, put by its own transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import SQLAlchemyError

from meldingen.adapters.failures import TemporaryFailure
from meldingen.db import business_now, transaction
from meldingen.flow import (
    access,
    bulk,
    concept,
    delay,
    exchange,
    loketten,
    party,
    party_mail,
    photos,
    privacy_requests,
    proposals,
    questions,
    replies,
    restore,
    retention,
    spoed,
    storm,
    upkeep,
)
from meldingen.store.gemeente import served_ids
from meldingen.store.leases import Leased, pull_forward
from meldingen.store.outbox import Topic, Urgency, put

from .context import Context
from .stopping import Stop, timed_out

log = structlog.get_logger()

TICK_S = 5.0
TIDY_S = 200.0
"""Well within the time of a job."""
EPOCH = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Periodic:
    """Work that comes back. at: how far into each period its moment lies. urgency: SPOED is done by a worker for text.

    work: safe to do twice, or late; returns when to go on when it did not get ready, else None.
    """

    every: timedelta
    work: Callable[[Context, datetime], datetime | None]
    at: timedelta = timedelta(0)
    urgency: int = Urgency.LATER

    def moment(self, now: datetime) -> datetime:
        """The latest moment that is not after `now`. Missed moments are not made up for: the next one does it all."""
        return now - (now - EPOCH - self.at) % self.every


MINUTE, QUARTER, HOUR, DAY = timedelta(minutes=1), timedelta(minutes=15), timedelta(hours=1), timedelta(days=1)
NIGHT = timedelta(hours=1)
"""One o'clock at night UTC: two or three in the Netherlands."""


def _missing_photos(context: Context, now: datetime) -> None:
    """Team and melder see it on their pages, which ask the same question; here it is counted for those who run this."""
    with transaction(context.engine) as session:
        found = photos.missing_photos(session, scope=served_ids(session), now=now)
    if found:
        log.warning("photos_missing", meldingen=len(found), photos=sum(one.expected - one.arrived for one in found))


def _sweep_photos(context: Context, now: datetime) -> None:
    """Files without a row, and uploads that stayed unreadable for 14 days."""
    with transaction(context.engine) as session:
        scope = served_ids(session)
    gone = photos.sweep_photos(context.engine, context.adapters.photos, scope=scope, now=now)
    log.info("photos_swept", files=gone)


def _tidy(context: Context, now: datetime) -> datetime | None:
    """What has had its term; a first night with years of it goes on in the next job."""
    done = retention.tidy(context.engine, now=now, budget_s=TIDY_S)
    return None if done.finished else now


def _take_mail(context: Context, _now: datetime) -> None:
    """What waits in the mailbox. One that is away is tried again in a minute anyway: no row is parked for it."""
    try:
        replies.poll_mailbox(context.engine, context.adapters, context.settings, timed_out=timed_out)
    except TemporaryFailure as failure:
        log.warning("mailbox_away", reason=str(failure))


def _sweep_mail(context: Context, _now: datetime) -> None:
    """Messages that no row refers to any more."""
    with transaction(context.engine) as session:
        scope = served_ids(session)
    gone = replies.sweep_mail(context.engine, context.adapters.photos, scope=scope)
    log.info("mail_swept", files=gone)


PERIODIC: Mapping[str, Periodic] = MappingProxyType(
    {
        "mailbox": Periodic(MINUTE, _take_mail),
        "missing_photos": Periodic(HOUR, _missing_photos),
        "webhooks": Periodic(MINUTE, lambda context, now: exchange.collect_news(context.engine, now=now)),
        "terms": Periodic(QUARTER, lambda context, now: delay.mind_terms(context.engine, now=now)),
        "alarms": Periodic(
            MINUTE, lambda context, now: spoed.mind_alarms(context.engine, now=now), urgency=Urgency.SPOED
        ),
        "questions": Periodic(HOUR, lambda context, now: questions.mind_questions(context.engine, now=now)),
        "party_dates": Periodic(HOUR, lambda context, now: party.mind_dates(context.engine, now=now)),
        "party_mail": Periodic(QUARTER, lambda context, now: party_mail.send_bundles(context.engine, now=now)),
        "categories": Periodic(QUARTER, lambda context, now: proposals.mind_models(context.engine, now=now)),
        "outbox_done": Periodic(HOUR, lambda context, now: upkeep.clear_outbox(context.engine, now=now)),
        "staff_sessions": Periodic(HOUR, lambda context, now: upkeep.clear_staff_sessions(context.engine, now=now)),
        "concepts": Periodic(HOUR, lambda context, now: concept.sweep_concepts(context.engine, now=now)),
        "access_codes": Periodic(HOUR, lambda context, now: upkeep.clear_access_codes(context.engine, now=now)),
        "idempotency": Periodic(DAY, lambda context, now: upkeep.clear_idempotency(context.engine, now=now), at=NIGHT),
        "bulks": Periodic(DAY, lambda context, now: upkeep.clear_bulks(context.engine, now=now), at=NIGHT),
        "retention": Periodic(DAY, _tidy, at=NIGHT),
        "photo_files": Periodic(DAY, _sweep_photos, at=NIGHT),
        "mail_files": Periodic(DAY, _sweep_mail, at=NIGHT),
    }
)


def do_periodic(context: Context, entry: Leased) -> datetime | None:
    """The handler of UPKEEP: periodic work, and what a step left to be tidied once. An unknown task is done with.

    Returns the moment before which a tidying should not be tried again, or None when it is done.
    """
    task = str(entry.payload["task"])
    with transaction(context.engine) as session:
        now = business_now(session)
    if task == "erase_contact":
        about, home = int(entry.payload["melding_id"]), int(entry.payload["gemeente_id"])
        return upkeep.erase_contact(context.engine, melding_id=about, gemeente_id=home, now=now)
    if task == storm.TASK:
        ids = entry.payload
        home, event_id, kinds = int(ids["gemeente_id"]), int(ids["event_id"]), list(ids["category_ids"])
        storm.spread(context.engine, gemeente_id=home, event_id=event_id, category_ids=kinds, now=now)
        return None
    if task == bulk.TASK:
        number, home = int(entry.payload["bulk_id"]), int(entry.payload["gemeente_id"])
        return bulk.run(context.engine, bulk_id=number, gemeente_id=home, now=now)
    if task == "after_erasure":
        restore.clean_up(context.adapters.photos, entry.payload)
        return None
    if task == "privacy_code":
        privacy_requests.send_code(context.engine, context.adapters, context.settings, entry.payload)
        return None
    if task == loketten.TASK:
        loketten.tell_desk(context.engine, context.adapters, context.settings, entry.payload)
        return None
    if task == access.TASK:
        access.send_code(context.engine, context.adapters, context.settings, entry.payload)
        return None
    periodic = PERIODIC.get(task)
    if periodic is None:
        log.warning("periodic_unknown", task=task)
    else:
        return periodic.work(context, now)
    return None


class Clock:
    """Puts what is due. Remembers what it put, so that an idle clock writes nothing, and when it last looked: time
    that went back since (a clock that was wrong and is set right) leaves no work waiting for a moment that was."""

    def __init__(self, engine: sa.Engine, *, table: Mapping[str, Periodic] = PERIODIC) -> None:
        self._engine = engine
        self._table = table
        self._put: dict[str, datetime] = {}
        self._last: datetime | None = None

    def tick(self) -> list[str]:
        """Puts the work whose moment has come; the keys it tried. Keys that are there already change nothing."""
        with transaction(self._engine) as session:
            now = business_now(session)
            if self._last is not None and now < self._last:
                moved = pull_forward(session, since=now, until=self._last)
                log.warning("clock_went_back", seconds=round((self._last - now).total_seconds()), entries=moved)
            moments = {task: periodic.moment(now) for task, periodic in self._table.items()}
            due = {task: at for task, at in moments.items() if self._put.get(task) != at}
            keys = [f"upkeep:{task}:{at:%Y-%m-%dT%H:%M}" for task, at in due.items()]
            for key, task in zip(keys, due, strict=True):
                urgency = self._table[task].urgency
                put(session, Topic.UPKEEP, {"task": task}, gemeente_id=None, now=now, urgency=urgency, key=key)
        self._put, self._last = moments, now
        return keys


def run(clock: Clock, stop: Stop, wake: Callable[[], None], *, tick_s: float = TICK_S) -> None:
    """Ticks until `stop`. Database down: says so once and keeps trying."""
    trouble = ""
    while not stop.asked:
        try:
            if clock.tick():
                wake()
            if trouble:
                log.info("clock_recovered")
            trouble = ""
        except SQLAlchemyError as error:
            if trouble != type(error).__name__:
                trouble = type(error).__name__
                log.warning("clock_waits", error=trouble)
        stop.wait(tick_s)

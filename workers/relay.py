"""The relay: leases what is due in the outbox and hands it to the queue, one RQ job per lot. Does no work itself.

Wakes by NOTIFY on `outbox`, and every 200 ms as a safety net. Two relays at once are fine: rows are leased under
SKIP LOCKED. A relay that dies between lease and queue costs one lease time. Nothing in Redis is trusted or missed.
"""

import contextlib
from collections.abc import Callable, Mapping

import psycopg
import redis
import sqlalchemy as sa
import structlog
from rq import Queue
from rq.serializers import JSONSerializer
from rq.worker_registration import WORKERS_BY_QUEUE_KEY
from sqlalchemy.exc import SQLAlchemyError

from meldingen.adapters.queue import CHANNEL, libpq_url
from meldingen.db import business_now, transaction
from meldingen.store import leases
from meldingen.store.leases import Lot
from meldingen.store.outbox import Topic
from meldingen.store.turns import Turns

from .policy import LANES, POLICIES, Policy, lines_of, queue_for
from .stopping import Stop

log = structlog.get_logger()

POLL_S = 0.2
TROUBLE_WAIT_S = 1.0
FORGET_FAILED_S = 3600


def connect(redis_url: str) -> redis.Redis:
    """A connection to the queue that never hangs for long."""
    return redis.Redis.from_url(redis_url, socket_connect_timeout=3, socket_timeout=5)


class Relay:
    """One relay: its database, its queue, and how patient it is."""

    def __init__(
        self,
        engine: sa.Engine,
        connection: redis.Redis,
        *,
        policies: Mapping[Topic, Policy] = POLICIES,
    ) -> None:
        self._engine = engine
        self._redis = connection
        self._policies = policies
        self._terms = {topic: policy.terms for topic, policy in policies.items()}
        self._turns = Turns()
        self._queues = {
            name: Queue(name, connection=connection, serializer=JSONSerializer) for lane in LANES for name in lane
        }

    def pump(self) -> int:
        """Leases and enqueues until nothing is due or the lines are full; how many lots went."""
        lots = 0
        room = self.room()
        while names := [name for name, places in room.items() if places > 0]:
            lot = self.lease_next(names)
            if lot is None:
                break
            self.enqueue(lot)
            sent_to = queue_for(lot.topic, urgent=lot.urgent)
            for lane in LANES:
                if sent_to in lane:
                    for name in lane[lane.index(sent_to) :]:
                        room[name] -= 1
            lots += 1
        return lots

    def room(self) -> dict[str, int]:
        """How many lots each queue may still get: one waits per worker while it does another, so two in all.

        Less urgent work waits here while more urgent work for the same workers waits in line; spoed may pass the line.
        """
        with self._redis.pipeline(transaction=False) as asked:
            for name, queue in self._queues.items():
                asked.llen(queue.key)
                asked.smembers(WORKERS_BY_QUEUE_KEY % name)
            answers = asked.execute()
            waiting = dict(zip(self._queues, answers[::2], strict=True))
            keys = dict(zip(self._queues, answers[1::2], strict=True))
            for name in self._queues:
                asked.exists(*keys[name] or ["geen"])  # only those that showed themselves lately
            workers = dict(zip(self._queues, asked.execute(), strict=True))
        room = {}
        for lane in LANES:
            in_line = 0
            for name in lane:
                in_line += waiting[name]
                room[name] = max(0, max(1, workers[name]) - in_line)
        return room

    def lease_next(self, names: list[str]) -> Lot | None:
        """Leases the most urgent lot for these queues, committed; of what is as urgent, each gemeente in its turn."""
        lines = [line for name in names for line in lines_of(name)]
        with transaction(self._engine) as session:
            return leases.lease(session, lines, terms=self._terms, now=business_now(session), turns=self._turns)

    def enqueue(self, lot: Lot) -> None:
        """One RQ job for the lot. When the queue refuses, the rows go back at once."""
        queue = self._queues[queue_for(lot.topic, urgent=lot.urgent)]
        try:
            queue.enqueue_call(
                "workers.jobs.run",
                args=(lot.topic.value, str(lot.lease), list(lot.ids)),
                job_id=lot.lease.hex,
                timeout=self._policies[lot.topic].job_timeout_s,
                result_ttl=0,
                failure_ttl=FORGET_FAILED_S,
            )
        except redis.RedisError:
            with transaction(self._engine) as session:
                leases.give_back(session, lot.ids, lot.lease)
            raise
        log.info("lot_sent", topic=lot.topic, entries=len(lot.ids), queue=queue.name)


def run(relay: Relay, database_url: str, stop: Stop, *, poll_s: float = POLL_S) -> None:
    """Pumps until `stop`: at each NOTIFY and each poll. Database or queue down: says so once and keeps trying."""
    ears = Ears(database_url)
    trouble = ""
    while not stop.asked:
        try:
            ears.open()
            relay.pump()
            if trouble:
                log.info("relay_recovered")
            trouble = ""
            ears.wait(poll_s)
        except (SQLAlchemyError, psycopg.Error, redis.RedisError) as error:
            if trouble != type(error).__name__:
                trouble = type(error).__name__
                log.warning("relay_waits", error=trouble)
            ears.close()
            stop.wait(TROUBLE_WAIT_S)
    ears.close()


class Ears:
    """LISTEN on a connection of its own; a lost notification costs one poll."""

    def __init__(self, database_url: str, *, dial: Callable[..., psycopg.Connection] = psycopg.connect) -> None:
        self._url = libpq_url(database_url)
        self._dial = dial
        self._connection: psycopg.Connection | None = None

    def open(self) -> None:
        """Listens, if it does not yet."""
        if self._connection is None or self._connection.closed:
            self._connection = self._dial(self._url, autocommit=True, connect_timeout=3)
            self._connection.execute(f"LISTEN {CHANNEL}")

    def wait(self, seconds: float) -> None:
        """Returns at the first notification, or after `seconds`."""
        assert self._connection is not None
        for _ in self._connection.notifies(timeout=seconds, stop_after=1):
            pass

    def close(self) -> None:
        """Lets the connection go, whatever state it is in."""
        if self._connection is not None:
            with contextlib.suppress(psycopg.Error):
                self._connection.close()
            self._connection = None

"""A worker killed around the one call of a bericht, and what became of that bericht: for tests and for bench/.

Nothing in our code knows of it: the tap before a stand-in holds the conversation, or a lock of our own holds the
record, and then the real worker process gets SIGKILL. What the stand-in received is its own log; beside it stands what
our tables claim. Free of pytest.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import urlsplit

import sqlalchemy as sa

from meldingen import db
from meldingen.adapters.push_wire import make_key
from meldingen.domain.actor import SYSTEM
from meldingen.flow import notices
from meldingen.flow.notices import DOUBT_RESTS_S
from meldingen.settings import Settings
from meldingen.store import journal
from meldingen.store.contact import Contact
from meldingen.store.notice import Delivery, Notice
from meldingen.store.outbox import OutboxEntry
from meldingen.store.push import PushSubscription
from tests import factories
from tests.journeys import processes
from tests.standins.notify import API_KEY, EMAIL_TEMPLATE, TEMPLATE, notify_server
from tests.standins.push import push_server
from tests.standins.smtp import mail_server
from tests.standins.tap import AFTER, BEFORE, DURING, Tap, tap

T = TypeVar("T")
RECORDING: Final = "vastleggen"
POINTS: Final = (BEFORE, DURING, AFTER, RECORDING)
SETTLED: Final = ("verzonden", "bezorgd", "niet_bezorgd")
PATIENCE_S: Final = 90.0
UNTIL_THE_END_S: Final = 90.0 + DOUBT_RESTS_S
"""Whose second try fails too rests before its last one."""
LOOK_AGAIN_S: Final = 0.05
"""Each look is a transaction, which the worker we wait for would rather have."""

Received = Callable[[str], list[bytes]]
"""What the stand-in got under one of our references, oldest first."""


@dataclass(frozen=True)
class Place:
    """One channel with its stand-in behind a tap. settings: what makes the worker use it. contact: of a melder there.

    device: keys of a push subscription. received: from the stand-in's own log. can_tell: it can be asked what it has.
    """

    name: str
    tap: Tap
    settings: Mapping[str, str]
    received: Received
    can_tell: bool
    contact: Mapping[str, str]
    device: Mapping[str, str]


@dataclass(frozen=True)
class Outcome:
    """What became of one bericht whose worker was killed."""

    channel: str
    point: str
    messages: tuple[bytes, ...]
    status: str
    attempts: int
    maybe_double: bool

    @property
    def same(self) -> bool:
        """Whether all that was received is one and the same message."""
        return len(set(self.messages)) == 1


@contextmanager
def smtp_place() -> Iterator[Place]:
    """E-mail by SMTP: nobody can tell."""
    with mail_server() as server, tap(server.port) as held:

        def received(reference: str) -> list[bytes]:
            return [
                bytes(str(m["Message-ID"]) + m.get_body(("plain",)).get_content(), "utf-8")
                for m in server.messages(reference)
            ]

        yield Place(
            "smtp",
            held,
            {"SMTP_URL": f"smtp://127.0.0.1:{held.port}"},
            received,
            False,
            {"email": "jan@example.nl"},
            {},
        )


@contextmanager
def notify_place(kind: str) -> Iterator[Place]:
    """SMS (`sms`) or e-mail (`email`) by NotifyNL, which can be asked."""
    with notify_server() as server, tap(int(urlsplit(server.url).port or 0)) as held:
        template = {"NOTIFYNL_SMS_TEMPLATE": TEMPLATE} if kind == "sms" else {"NOTIFYNL_EMAIL_TEMPLATE": EMAIL_TEMPLATE}
        settings = {"NOTIFYNL_API_KEY": API_KEY, "NOTIFYNL_URL": f"http://127.0.0.1:{held.port}", **template}
        contact = {"phone": "+31612345678"} if kind == "sms" else {"email": "jan@example.nl"}

        def received(reference: str) -> list[bytes]:
            return [text.encode() for text in server.texts(reference)]

        yield Place(f"notify-{kind}", held, settings, received, True, contact, {})


@contextmanager
def push_place() -> Iterator[Place]:
    """Web Push: nobody can tell, and the device shows the same one again."""
    with push_server() as server, tap(int(urlsplit(server.url).port or 0)) as held:
        server.url = f"http://127.0.0.1:{held.port}"
        device = server.device()

        def received(reference: str) -> list[bytes]:
            return [str(sorted(m.items())).encode() for m in device.messages if m["kenmerk"] == reference]

        settings = {"PUSH_SLEUTEL": make_key(), "PUSH_DIENSTEN": server.url}
        keys = {"endpoint": device.endpoint, "p256dh": device.p256dh, "auth": device.auth}
        yield Place("push", held, settings, received, False, {}, keys)


@dataclass
class Stage:
    """A relay and one worker on a database, and the place where they call. worker: the one that will be killed."""

    engine: sa.Engine
    settings: Settings
    place: Place
    logs: Path
    relay: BaseProcess
    worker: BaseProcess

    def kill_at(self, point: str) -> Outcome:
        """Owes one bericht, kills its worker at this point, lets another finish it, and tells what became of it."""
        self.place.tap.hold_at(AFTER if point == RECORDING else point)
        notice_id = owe(self.engine, self.place)
        assert self.place.tap.held.wait(PATIENCE_S), "nobody called"
        with ExitStack() as held:
            if point == RECORDING:
                held.enter_context(lock_delivery(self.engine, notice_id))
                self.place.tap.let_go()
                wait_for(lambda: somebody_waits(self.engine))
            assert self.worker.pid is not None
            os.kill(self.worker.pid, signal.SIGKILL)
            self.worker.join(PATIENCE_S)
        self.place.tap.cut_off()
        expire_lease(self.engine, notice_id)
        self.worker = processes.start("text", self.settings, self.logs / "werker.log")
        wait_for(lambda: finished(self.engine, notice_id), patience_s=UNTIL_THE_END_S)
        (row,) = deliveries(self.engine, notice_id)
        return Outcome(
            self.place.name,
            point,
            tuple(self.place.received(row.reference)),
            row.status,
            row.attempts,
            row.maybe_double,
        )


@contextmanager
def stage(engine: sa.Engine, settings: Mapping[str, str], place: Place, logs: Path) -> Iterator[Stage]:
    """Starts a relay and a worker that call this place; both end with the block."""
    told = Settings.from_env({**settings, **place.settings})
    relay = processes.start("relay", told, logs / "relay.log")
    made = Stage(engine, told, place, logs, relay, processes.start("text", told, logs / "werker.log"))
    try:
        yield made
    finally:
        for process in (made.relay, made.worker):
            process.kill()
            process.join(PATIENCE_S)


def owe(engine: sa.Engine, place: Place) -> int:
    """One bericht to a melder who is reached at this place; the id of its notice. It goes at any hour."""
    with db.transaction(engine) as session:
        now = db.business_now(session)
        waiting = session.scalar(sa.select(sa.func.max(OutboxEntry.id))) or 0
        melding = factories.melding(session, now=now, route=False)
        session.execute(sa.delete(OutboxEntry).where(OutboxEntry.id > waiting))
        known: dict[str, Any] = {"gemeente_id": melding.gemeente_id, "melding_id": melding.id}
        if place.contact:
            session.add(Contact(**known, **place.contact, mobile="phone" in place.contact))
        if place.device:
            session.add(PushSubscription(**known, **place.device, created_at=now))
        session.flush()
        event = journal.record(session, "proef", gemeente_id=melding.gemeente_id, actor=SYSTEM, now=now)
        notices.announce(session, "ontvangst", event, [melding], now=now)
        return session.scalars(sa.select(Notice.id).where(Notice.event_id == event.id)).one()


@contextmanager
def lock_delivery(engine: sa.Engine, notice_id: int) -> Iterator[None]:
    """Holds the record of a bericht: whoever writes down what became of it waits."""
    with engine.connect() as connection, connection.begin():
        row = sa.select(Delivery.id).where(Delivery.notice_id == notice_id).with_for_update()
        assert connection.execute(row).all()
        yield


def somebody_waits(engine: sa.Engine) -> bool:
    """Whether a worker waits for a lock of ours, in the middle of its transaction."""
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with engine.connect() as connection:
        return bool(connection.scalar(sa.text(waiting)))


def expire_lease(engine: sa.Engine, notice_id: int) -> None:
    """Time passes: what the dead worker held may be taken by another."""
    with db.transaction(engine) as session:
        mine = OutboxEntry.payload["notice_id"].as_integer() == notice_id
        session.execute(
            sa.update(OutboxEntry).where(mine, OutboxEntry.done_at.is_(None)).values(lease_until=sa.func.now())
        )


def finished(engine: sa.Engine, notice_id: int) -> bool:
    """Whether every row of this bericht in the outbox is done, and its delivery with it."""
    with db.transaction(engine) as session:
        mine = OutboxEntry.payload["notice_id"].as_integer() == notice_id
        left = sa.select(OutboxEntry.id).where(mine, OutboxEntry.done_at.is_(None))
        return not session.scalars(left).all() and all(row.status in SETTLED for row in deliveries(engine, notice_id))


def deliveries(engine: sa.Engine, notice_id: int) -> list[Delivery]:
    """What our tables claim."""
    with db.transaction(engine) as session:
        return list(session.scalars(sa.select(Delivery).where(Delivery.notice_id == notice_id).order_by(Delivery.id)))


def wait_for(look: Callable[[], T], *, patience_s: float = PATIENCE_S) -> T:
    """What `look` gives once it is true. Raises TimeoutError."""
    end = time.monotonic() + patience_s
    while not (seen := look()):
        if time.monotonic() > end:
            raise TimeoutError(f"niet gezien binnen {patience_s} s")
        time.sleep(LOOK_AGAIN_S)
    return seen

"""For tests of berichten: an installation with a clock that says so, twins for mail and SMS, and a worker by hand."""

import math
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters import Adapters
from meldingen.adapters.mail import MemoryMail
from meldingen.adapters.sms import MemorySms
from meldingen.adapters.storage import MemoryStore
from meldingen.db import business_now, machine_now, set_clock_offset, transaction
from meldingen.domain.actor import SYSTEM
from meldingen.flow import notices
from meldingen.settings import Settings
from meldingen.store import journal
from meldingen.store.callback import Callback, callbacks_of
from meldingen.store.contact import Contact, contact_of
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, deliveries_of, notices_of, steps_of
from meldingen.store.opdracht import Closure
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.task import Task
from tests import factories

SETTINGS = Settings.from_env(
    {
        "DATABASE_URL": "postgresql://nergens/meldingen",
        "REDIS_URL": "redis://127.0.0.1:1",
        "SECRET_KEYS": "alleen-voor-tests-en-nergens-anders-gebruikt",
        "FOTO_MAP": "fotos",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "PUBLIC_URL": "https://meldingen.duinstede.nl",
        "LIMIET_EMAIL": "0",
    }
)
JAN = {"name": "Jan", "email": "jan@example.nl", "phone": "06 12345678"}
MAIL = {"email": "jan@example.nl"}
MOBILE = {"phone": "06 12345678"}
LANDLINE = {"phone": "072 888 00 00"}


@dataclass
class House:
    """One installation on its own database."""

    engine: sa.Engine
    home: Gemeente
    mail: Any = field(default_factory=MemoryMail)
    sms: Any = field(default_factory=MemorySms)
    push: Any = None
    settings: Settings = SETTINGS

    @property
    def adapters(self) -> Adapters:
        return Adapters(
            photos=MemoryStore(),
            mail=self.mail,
            sms=self.sms,
            postvak=None,
            wake=lambda: None,
            queue_is_up=lambda: True,
            push=self.push,
        )

    @property
    def scope(self) -> list[int]:
        return [self.home.id]

    def set_clock(self, moment: datetime) -> None:
        """Business time is `moment` from now on."""
        with transaction(self.engine) as session:
            set_clock_offset(session, math.ceil((moment - machine_now()).total_seconds()))

    def melding(self, **facts: Any) -> Melding:
        """A registered melding whose receipt is not sent and whose routing does not happen."""
        with transaction(self.engine) as session:
            owed = _last_row(session)
            made = factories.melding(session, now=business_now(session), route=False, **facts)
            session.execute(sa.delete(OutboxEntry).where(OutboxEntry.id > owed))
            return made

    def owe(self, kind: str, *meldingen: Melding, facts: dict[str, Any] | None = None) -> journal.Event:
        """Announces a bericht about a new event."""
        with transaction(self.engine) as session:
            now = business_now(session)
            event = journal.record(
                session, f"proef_{kind}", gemeente_id=self.home.id, actor=SYSTEM, now=now, facts=facts
            )
            notices.announce(session, kind, event, [session.get_one(Melding, m.id) for m in meldingen], now=now)
            return event

    def closed(self, melding: Melding, sentence: str = "Het bord is inmiddels vervangen.", **said: Any) -> int:
        """The id of a closure of a work for this melding."""
        with transaction(self.engine) as session:
            now = business_now(session)
            owed = _last_row(session)
            work = factories.melding(session, now=now)
            session.execute(sa.delete(OutboxEntry).where(OutboxEntry.id > owed))
            row = Closure(
                gemeente_id=self.home.id,
                opdracht_id=factories.opdracht_of(session, work).id,
                **{"outcome": "opgelost", "reason": "", "partner": "", **said},
                sentence=sentence,
                closed_at=now,
            )
            session.add(row)
            session.flush()
            return row.id

    def rows(self) -> list[OutboxEntry]:
        """The unfinished rows of the outbox, oldest first."""
        with Session(self.engine, expire_on_commit=False) as session:
            query = sa.select(OutboxEntry).where(OutboxEntry.done_at.is_(None)).order_by(OutboxEntry.id)
            return list(session.scalars(query))

    def owed(self) -> list[OutboxEntry]:
        """Of these the berichten that are still to be sent."""
        return [row for row in self.rows() if row.topic == Topic.NOTICE]

    def deliver(self, row: OutboxEntry, *, last_try: bool = False) -> datetime | None:
        """One try of one row; what is done is finished."""
        until = notices.deliver_notice(self.engine, self.adapters, self.settings, row.payload, last_try=last_try)
        if until is None:
            with transaction(self.engine) as session:
                session.execute(sa.update(OutboxEntry).where(OutboxEntry.id == row.id).values(done_at=machine_now()))
        return until

    def work(self, *, last_try: bool = False) -> None:
        """Delivers until nothing is owed that can go now."""
        waiting: set[int] = set()
        while rows := [row for row in self.owed() if row.id not in waiting]:
            if self.deliver(rows[0], last_try=last_try) is not None:
                waiting.add(rows[0].id)

    def deliveries(self, melding: Melding) -> list[Delivery]:
        """The deliveries of a melding, oldest first."""
        with Session(self.engine, expire_on_commit=False) as session:
            owed = notices_of(session, [melding.id], scope=self.scope)
            return list(deliveries_of(session, [n.id for n in owed], scope=self.scope))

    def steps(self, delivery: Delivery) -> list[tuple[str, int, str]]:
        """What happened to a delivery: state, try and reason."""
        with Session(self.engine) as session:
            return [(s.status, s.attempt, s.reason) for s in steps_of(session, [delivery.id], scope=self.scope)]

    def tasks(self, melding: Melding | None = None) -> list[Task]:
        """The work items, or those about a melding, oldest first."""
        with Session(self.engine, expire_on_commit=False) as session:
            query = sa.select(Task).order_by(Task.id)
            return list(session.scalars(query.where(Task.melding_id == melding.id) if melding else query))

    def ended(self, melding: Melding, kind: str = "gereed") -> list[str]:
        """Why nothing goes (any more) of each bericht of this kind, oldest first; empty: it goes, or was told."""
        with Session(self.engine) as session:
            return [n.ended for n in notices_of(session, [melding.id], scope=self.scope) if n.kind == kind]

    def callbacks(self, melding: Melding) -> list[Callback]:
        with Session(self.engine, expire_on_commit=False) as session:
            return list(callbacks_of(session, [melding.id], scope=self.scope))

    def contact(self, melding: Melding) -> Contact:
        with Session(self.engine, expire_on_commit=False) as session:
            known = contact_of(session, melding.id, scope=self.scope)
            assert known is not None
            return known

    def change(self, row: Any, **values: Any) -> None:
        """Changes a row as another part of the house would."""
        with transaction(self.engine) as session:
            held = session.get_one(type(row), row.id)
            for name, value in values.items():
                setattr(held, name, value)

    def flags(self, melding: Melding) -> list[str]:
        with Session(self.engine) as session:
            return list(session.get_one(Melding, melding.id).flags)


def _last_row(session: Session) -> int:
    return session.scalar(sa.select(sa.func.max(OutboxEntry.id))) or 0


class Killed(BaseException):
    """The worker is gone: nothing after this line of it happens."""


def statuses(made: list[Delivery]) -> list[tuple[str, str]]:
    return [(d.channel, d.status) for d in made]

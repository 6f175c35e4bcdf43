"""For tests of incoming mail: an installation with return addresses, a mail server that sends back, and a mailbox."""

from dataclasses import replace
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters import Adapters
from meldingen.adapters.mail import MemoryMail
from meldingen.adapters.mailbox import MemoryMailbox
from meldingen.adapters.sms import MemorySms
from meldingen.adapters.storage import MemoryStore
from meldingen.db import business_now, transaction
from meldingen.domain.actor import TEAM
from meldingen.flow import notices, replies, work
from meldingen.flow.status import Basis
from meldingen.store.contact import Contact
from meldingen.store.incoming_mail import IncomingMail
from meldingen.store.journal import Event, Note
from meldingen.store.melding import Melding
from meldingen.store.notice import Delivery, DeliveryStep
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import Photo
from meldingen.store.task import Task
from tests import factories
from tests.flow.berichten import JAN, SETTINGS, House

POST = replace(
    SETTINGS,
    mail_from="Meldingen <meldingen@duinstede.nl>",
    mail_bounce="retour@duinstede.nl",
    mail_answer="antwoord@duinstede.nl",
)


class Post:
    """One installation whose mail comes and goes. sender: what carries our mail out."""

    def __init__(self, house: House, now: datetime, *, sender: Any = None, settings: Any = POST) -> None:
        self.house, self.engine, self.settings = house, house.engine, settings
        self.mail = sender or MemoryMail()
        self.sms, self.store, self.box = MemorySms(), MemoryStore(), MemoryMailbox()
        self.at(now + timedelta(hours=1))

    def at(self, moment: datetime) -> None:
        """Business time is `moment` from now on."""
        self.house.set_clock(moment)

    @property
    def adapters(self) -> Adapters:
        return Adapters(
            photos=self.store,
            mail=self.mail,
            sms=self.sms,
            postvak=None,
            wake=lambda: None,
            queue_is_up=lambda: True,
            mailbox=self.box,
        )

    def asked(self, contact: dict[str, str] | None = None) -> tuple[Melding, Opdracht]:
        """A melding whose melder was asked something by mail."""
        with transaction(self.engine) as session:
            now = business_now(session)
            melding = factories.melding(session, now=now, contact=contact or JAN)
            opdracht = factories.opdracht_of(session, melding)
            member = factories.medewerker(
                session, self.house.home, TEAM, team_slug="serviceteam", username=f"t-{melding.number}"
            )
            basis = Basis(version=opdracht.version)
            work.ask_melder(session, opdracht.id, "Staat de paal er nog?", basis=basis, actor=member, now=now)
        self.work()
        return melding, opdracht

    def work(self) -> None:
        """Delivers every bericht that can go."""
        for row in self.house.rows():
            if row.topic == Topic.NOTICE:
                notices.deliver_notice(self.engine, self.adapters, self.settings, row.payload)
                self.house.change(row, done_at=sa.func.clock_timestamp())

    def come(self, *raw: bytes) -> None:
        """These messages come in and are taken."""
        self.box.waiting += raw
        replies.poll_mailbox(self.engine, self.adapters, self.settings)

    def rows(self, table: Any, **by: Any) -> list[Any]:
        """The rows of a table, oldest first."""
        with Session(self.engine, expire_on_commit=False) as session:
            return list(session.scalars(sa.select(table).filter_by(**by).order_by(table.id)))

    def supplements(self, melding: Melding) -> list[tuple[str, str]]:
        """How each aanvulling of a melding came, and its words."""
        notes = {note.id: note.text for note in self.rows(Note, melding_id=melding.id)}
        told = self.rows(Event, melding_id=melding.id, kind="aanvulling")
        return [(e.facts.get("came_by", ""), notes[e.facts["note_id"]]) for e in told]

    def tasks(self) -> list[tuple[str, int | None]]:
        """The open tasks of this test's own mails: kind and melding."""
        return [(task.kind, task.melding_id) for task in self.rows(Task) if task.mail_id is not None]

    def kinds(self) -> list[str]:
        """What became of each message that came in."""
        return [row.kind for row in self.rows(IncomingMail)]

    def question(self, melding: Melding) -> Delivery:
        """The mail with the question."""
        return self.house.deliveries(melding)[-1]


def answer(
    to: str, text: str = "Ja, hij staat er nog.", *, sender: str = "jan@example.nl", **headers: str
) -> EmailMessage:
    """A mail of a melder."""
    made = EmailMessage()
    made["From"], made["To"] = f"Jan <{sender}>", to
    made["Subject"] = headers.pop("Subject", "Re: Een vraag")
    for name, value in headers.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


__all__ = ["POST", "Contact", "DeliveryStep", "IncomingMail", "OutboxEntry", "Photo", "Post", "Task", "answer"]

"""Emptying the rows that know a person, so that what happened stays and who it was does not.

Each function takes meldingen whose rows the caller has locked. What must go, and when: flow/erasure.py and
flow/retention.py. Files and waiting jobs are named here, and done with by the caller.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.orm import Session

from .callback import CallAttempt, Callback
from .contact import Contact, ContactView
from .incoming_mail import IncomingMail
from .journal import Note
from .melding import Idempotency, Melding
from .notice import Delivery, DeliveryStep, Notice
from .opdracht import Closure, Link, Opdracht
from .outbox import OutboxEntry, Topic
from .photo import Photo
from .push import PushSubscription
from .task import OPEN as OPEN_TASK
from .task import Task

GRID_DEGREES = 0.001
"""About a hundred metres: a place in the figures, and no longer somebody's door."""


def clean_reason(column: Any) -> sa.ColumnElement[str]:
    """A reason as it is, or empty when it quotes an address or a number: providers sometimes do."""
    return sa.case((column.op("~")("@|[0-9]{5}"), ""), else_=column)


def drop_person(session: Session, melding_ids: Collection[int], *, scope: Collection[int]) -> int:
    """Removes contact and push subscription of these meldingen; how many rows went."""
    return sum(
        _count(session, sa.delete(table).where(table.melding_id.in_(melding_ids), table.gemeente_id.in_(scope)))
        for table in (Contact, PushSubscription)
    )


def forget_addresses(session: Session, melding_ids: Collection[int], *, now: datetime, scope: Collection[int]) -> None:
    """Empties the address of every bericht about these meldingen, and lets go of what was still to be sent."""
    mine = sa.select(Notice.id).where(Notice.melding_id.in_(melding_ids), Notice.gemeente_id.in_(scope))
    about = sa.and_(Delivery.notice_id.in_(mine), Delivery.gemeente_id.in_(scope))
    session.execute(sa.update(Delivery).where(about, Delivery.address != "").values(address=""))
    orders = [f"melding:{melding_id}" for melding_id in melding_ids]
    waiting = sa.and_(OutboxEntry.order_key.in_(orders), OutboxEntry.topic == Topic.NOTICE.value)
    session.execute(sa.update(OutboxEntry).where(waiting, OutboxEntry.done_at.is_(None)).values(done_at=now))


def empty_messages(session: Session, melding_ids: Collection[int], *, scope: Collection[int]) -> int:
    """Empties what every bericht about these meldingen said, on every channel; how many."""
    mine = sa.select(Notice.id).where(Notice.melding_id.in_(melding_ids), Notice.gemeente_id.in_(scope))
    ids = sa.select(Delivery.id).where(Delivery.notice_id.in_(mine), Delivery.gemeente_id.in_(scope))
    return empty_deliveries(session, list(session.scalars(ids)), scope=scope)


def empty_deliveries(session: Session, delivery_ids: Collection[int], *, scope: Collection[int]) -> int:
    """Empties words, address and provider's id of these deliveries and their steps; how many."""
    session.execute(
        sa.update(DeliveryStep)
        .where(DeliveryStep.delivery_id.in_(delivery_ids), DeliveryStep.gemeente_id.in_(scope))
        .values(provider_id="", reason=clean_reason(DeliveryStep.reason))
    )
    return _count(
        session,
        sa.update(Delivery)
        .where(Delivery.id.in_(delivery_ids), Delivery.gemeente_id.in_(scope))
        .values(address="", subject="", text="", html="", provider_id="", reason=clean_reason(Delivery.reason)),
    )


def empty_words(session: Session, melding_id: int, *, scope: Collection[int]) -> dict[str, int]:
    """Empties what was written by, to or about the melder of one melding; per kind how many rows."""
    mine = sa.select(Callback.id).where(Callback.melding_id == melding_id, Callback.gemeente_id.in_(scope))
    session.execute(sa.update(CallAttempt).where(CallAttempt.terugbelnotitie_id.in_(mine)).values(words=""))
    session.execute(_mine(sa.update(ContactView), ContactView, melding_id, scope).values(words=""))
    return {
        "aantekeningen": _count(session, _mine(sa.update(Note), Note, melding_id, scope).values(text="")),
        "terugbelnotities": _count(
            session, _mine(sa.update(Callback), Callback, melding_id, scope).values(words="", result="")
        ),
        "taken": _count(session, _mine(sa.update(Task), Task, melding_id, scope).values(words="", result="")),
    }


def take_mail(
    session: Session, melding_ids: Collection[int], *, senders: Collection[str] = (), scope: Collection[int]
) -> list[str]:
    """Empties the mail that came about these meldingen; the keys of the raw messages, to be deleted from storage.

    senders: also what came from these addresses without a melding, unless somebody still has to read it.
    """
    unread = sa.exists().where(Task.mail_id == IncomingMail.id, Task.status == OPEN_TASK)
    loose = sa.and_(
        IncomingMail.melding_id.is_(None),
        sa.func.lower(IncomingMail.sender).in_([one.lower() for one in senders]),
        ~unread,
    )
    mine = sa.and_(sa.or_(IncomingMail.melding_id.in_(melding_ids), loose), IncomingMail.gemeente_id.in_(scope))
    return empty_mail(session, list(session.scalars(sa.select(IncomingMail.id).where(mine))), scope=scope)


def empty_mail(session: Session, mail_ids: Collection[int], *, scope: Collection[int]) -> list[str]:
    """Empties these mails; the keys of the raw messages, to be deleted from storage."""
    mine = sa.and_(IncomingMail.id.in_(mail_ids), IncomingMail.gemeente_id.in_(scope))
    keys = session.scalars(sa.select(IncomingMail.raw_key).where(mine, IncomingMail.raw_key != "")).all()
    session.execute(sa.update(IncomingMail).where(mine).values(sender="", subject="", text="", raw_key=""))
    return list(keys)


def take_photos(
    session: Session,
    *,
    melding_ids: Collection[int] = (),
    photo_ids: Collection[int] = (),
    scope: Collection[int],
) -> list[str]:
    """Removes photos of these melders, or these photos; the keys of their files, to be deleted from storage."""
    gone = session.execute(
        sa.delete(Photo)
        .where(sa.or_(Photo.melding_id.in_(melding_ids), Photo.id.in_(photo_ids)), Photo.gemeente_id.in_(scope))
        .returning(Photo.upload_key, Photo.small_key, Photo.large_key)
    ).all()
    return [key for row in gone for key in row if key]


def forget_answers(session: Session, melding_id: int, *, scope: Collection[int]) -> None:
    """Keeps that a request was done, without what it said: a resend is answered "niet meer beschikbaar"."""
    mine = sa.select(Melding.id).where(Melding.id == melding_id, Melding.gemeente_id.in_(scope))
    about = sa.and_(Idempotency.resource_id.in_(mine), Idempotency.scope.startswith("meldingen:"))
    session.execute(sa.update(Idempotency).where(about).values(body_hash=b""))


def blur_place(row: Melding | Opdracht) -> None:
    """Puts a melding or its work on a grid of about a hundred metres, in the wijk and buurt it was in."""
    row.location = sa.func.ST_SnapToGrid(type(row).location, GRID_DEGREES)


def work_ever(session: Session, melding_id: int, *, scope: Collection[int]) -> dict[int, bool]:
    """Every opdracht this melding is or was part of, and whether it was ever of this melder alone."""
    ids = sa.select(Link.opdracht_id).where(Link.melding_id == melding_id, Link.gemeente_id.in_(scope))
    query = (
        sa.select(Link.opdracht_id, sa.func.bool_and(Link.melding_id == melding_id))
        .where(Link.opdracht_id.in_(ids), Link.gemeente_id.in_(scope))
        .group_by(Link.opdracht_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def notes_on(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Note]:
    """The notes of staff on these opdrachten that belong to no melding."""
    mine = sa.and_(Note.opdracht_id.in_(opdracht_ids), Note.melding_id.is_(None), Note.gemeente_id.in_(scope))
    return session.scalars(sa.select(Note).where(mine)).all()


def closures_on(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Closure]:
    """Every closing of these opdrachten."""
    mine = sa.and_(Closure.opdracht_id.in_(opdracht_ids), Closure.gemeente_id.in_(scope))
    return session.scalars(sa.select(Closure).where(mine)).all()


def links_on(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Link]:
    """Every link of these opdrachten, of now and earlier."""
    return session.scalars(sa.select(Link).where(Link.opdracht_id.in_(opdracht_ids), Link.gemeente_id.in_(scope))).all()


def tasks_on(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Task]:
    """The work items about these opdrachten."""
    return session.scalars(sa.select(Task).where(Task.opdracht_id.in_(opdracht_ids), Task.gemeente_id.in_(scope))).all()


def works_of(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Opdracht]:
    """These opdrachten, open or not."""
    mine = sa.and_(Opdracht.id.in_(opdracht_ids), Opdracht.gemeente_id.in_(scope))
    return session.scalars(sa.select(Opdracht).where(mine).order_by(Opdracht.id)).all()


def erased_meldingen(session: Session, *, scope: Collection[int]) -> Sequence[Melding]:
    """The meldingen whose melder was erased on request, oldest first."""
    mine = sa.and_(Melding.erased_at.is_not(None), Melding.gemeente_id.in_(scope))
    return session.scalars(sa.select(Melding).where(mine).order_by(Melding.id)).all()


def _mine(statement: Any, table: Any, melding_id: int, scope: Collection[int]) -> Any:
    return statement.where(table.melding_id == melding_id, table.gemeente_id.in_(scope))


def _count(session: Session, statement: Any) -> int:
    done = session.execute(statement.execution_options(synchronize_session="fetch"))
    return cast("sa.CursorResult[Any]", done).rowcount

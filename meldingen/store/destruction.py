"""What has had its term, as queries; destroying meldingen whole, leaving tombstones; and the word of the archivaris.

A due query gives the ids, category and moment that something counts from, never a row. How long each term is:
domain/retention.py; when and how often: flow/retention.py.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from ..domain.delivery import UNFINISHED
from ..domain.retention import Term, Terms
from ..domain.workflow import DOORVERWEZEN, OPEN
from . import erasure
from .callback import CallAttempt, Callback
from .category import Category
from .contact import Contact
from .incoming_mail import IncomingMail
from .journal import Event, Tombstone
from .melding import Melding
from .notice import Delivery, Notice
from .opdracht import Link, Opdracht
from .outbox import OutboxEntry
from .photo import Photo
from .push import PushSubscription
from .table import Moment, OfGemeente, own
from .task import Task
from .webhook import WebhookCall

ByCategory = Mapping[int | None, Terms]
"""The terms per category id; None: of what has no category."""
Due = Callable[[ByCategory, datetime, Collection[int]], sa.Select[Any]]
"""Gives a query of (id, category_id, since) for the terms, the moment and the scope; without order or limit."""


class RetentionConfirmation(OfGemeente, Base):
    """An archivaris agreed with the terms whose sha256 is `mark` (domain/retention.mark_of). Never changed."""

    __tablename__ = "retention_confirmation"

    name: Mapped[str] = mapped_column(sa.Text)
    role: Mapped[str] = mapped_column(sa.Text)
    mark: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[Moment]
    made_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))

    __table_args__ = own()


def latest_confirmation(session: Session, *, scope: Collection[int]) -> RetentionConfirmation | None:
    """The last word of an archivaris in one gemeente, whichever terms it was about."""
    mine = RetentionConfirmation.gemeente_id.in_(scope)
    return session.scalar(
        sa.select(RetentionConfirmation).where(mine).order_by(RetentionConfirmation.id.desc()).limit(1)
    )


ENDED_AT = sa.func.coalesce(
    Melding.closed_at,
    Melding.withdrawn_at,
    sa.case((Melding.status == DOORVERWEZEN, Melding.received_at)),
)
"""When a melding ended; empty while it is open."""


def due_contacts(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Meldingen whose contact has served: so long after the end, or so long after receipt whatever came of it.

    Those with a contact are few and recent. So each of these is looked up (OFFSET 0 keeps it that way), and not each
    old melding.
    """
    known = sa.union(
        *(sa.select(table.melding_id).where(table.gemeente_id.in_(scope)) for table in (Contact, PushSubscription))
    ).subquery()
    category = Melding.category_id
    served = sa.or_(
        _past(ENDED_AT, Term.CONTACT, category, terms, now),
        _past(Melding.received_at, Term.CONTACT_MAX, category, terms, now),
    )
    since = sa.func.coalesce(ENDED_AT, Melding.received_at).label("since")
    due = sa.select(category, since).where(
        Melding.id == known.c.melding_id, Melding.gemeente_id.in_(scope), Melding.frozen_at.is_(None), served
    )
    found = due.correlate(known).offset(sa.literal_column("0")).lateral()
    return sa.select(known.c.melding_id.label("id"), found.c.category_id, found.c.since).join(found, sa.true())


def due_messages(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Deliveries that ended, to melders and teams, whose words are still there."""
    since = sa.func.coalesce(Delivery.finished_at, Delivery.sent_at, Delivery.created_at)
    columns = (Delivery.subject, Delivery.text, Delivery.html, Delivery.address, Delivery.provider_id)
    return (
        _select(Delivery, since)
        .join(Notice, Notice.id == Delivery.notice_id)
        .outerjoin(Melding, Melding.id == Notice.melding_id)
        .where(Delivery.gemeente_id.in_(scope), Melding.frozen_at.is_(None), Delivery.status.not_in(UNFINISHED))
        .where(_begun(Delivery.created_at, Term.MESSAGE, terms, now))
        .where(
            sa.or_(*(column != "" for column in columns)), _past(since, Term.MESSAGE, Melding.category_id, terms, now)
        )
    )


def due_callbacks(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Terugbelnotities that ended."""
    return _due_words(
        Callback, Callback.finished_at, (Callback.words, Callback.result), Term.CALLBACK, terms, now, scope
    )


def due_tasks(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Work items that ended."""
    return _due_words(Task, Task.finished_at, (Task.words, Task.result), Term.TASK, terms, now, scope)


def due_mails(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Mail that came, with or without a melding."""
    columns = (IncomingMail.sender, IncomingMail.subject, IncomingMail.text, IncomingMail.raw_key)
    return _due_words(IncomingMail, IncomingMail.at, columns, Term.MAIL, terms, now, scope)


def due_photos(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Photos of melders after the end of the melding, of teams after the closing of their work."""
    since = sa.func.coalesce(ENDED_AT, Opdracht.closed_at)
    category = sa.func.coalesce(Melding.category_id, Opdracht.category_id)
    kept = (
        sa.select(Link.id)
        .join(frozen := sa.orm.aliased(Melding), frozen.id == Link.melding_id)
        .where(Link.opdracht_id == Opdracht.id, frozen.frozen_at.is_not(None))
        .exists()
    )
    return (
        _select(Photo, since, category)
        .outerjoin(Melding, Melding.id == Photo.melding_id)
        .outerjoin(Opdracht, Opdracht.id == Photo.opdracht_id)
        .where(Photo.gemeente_id.in_(scope), Melding.frozen_at.is_(None), ~kept)
        .where(_begun(Photo.received_at, Term.PHOTO, terms, now))
        .where(_past(since, Term.PHOTO, category, terms, now))
    )


def due_meldingen(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Meldingen that were carried out, answered or referred, whole."""
    return _due_whole(Term.MELDING, terms, now, scope).where(Melding.withdrawn_at.is_(None))


def due_withdrawn(terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Meldingen that were withdrawn, whole; with danger not before their work is done."""
    return _due_whole(Term.WITHDRAWN, terms, now, scope).where(Melding.withdrawn_at.is_not(None))


def _due_whole(term: Term, terms: ByCategory, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    at_work = (
        sa.select(Link.id)
        .join(Opdracht, Opdracht.id == Link.opdracht_id)
        .where(Link.melding_id == Melding.id, Link.until_at.is_(None), Opdracht.status.in_(OPEN))
        .exists()
    )
    return _select(Melding, ENDED_AT).where(
        Melding.gemeente_id.in_(scope),
        Melding.frozen_at.is_(None),
        _past(ENDED_AT, term, Melding.category_id, terms, now),
        _begun(Melding.received_at, term, terms, now),
        ~at_work,
    )


def _due_words(
    table: Any, since: Any, columns: Sequence[Any], term: Term, terms: ByCategory, now: datetime, scope: Collection[int]
) -> sa.Select[Any]:
    return (
        _select(table, since)
        .outerjoin(Melding, Melding.id == table.melding_id)
        .where(table.gemeente_id.in_(scope), Melding.frozen_at.is_(None), sa.or_(*(column != "" for column in columns)))
        .where(_past(since, term, Melding.category_id, terms, now))
    )


def _select(table: Any, since: Any, category: Any = Melding.category_id) -> sa.Select[Any]:
    found = sa.select(table.id.label("id"), category.label("category_id"), since.label("since"))
    return found.select_from(table)


def _past(since: Any, term: Term, category: Any, terms: ByCategory, now: datetime) -> sa.ColumnElement[bool]:
    """Whether the days of this term, for the category of each row, have passed since then."""
    usual = terms[None][term]
    other = {key: mine[term] for key, mine in terms.items() if key is not None and mine[term] != usual}
    days = sa.case(other, value=category, else_=usual) if other else sa.literal(usual)
    passed: sa.ColumnElement[bool] = since + sa.func.make_interval(0, 0, 0, days) <= now
    return passed


def _begun(moment: Any, term: Term, terms: ByCategory, now: datetime) -> sa.ColumnElement[bool]:
    """What began so recently cannot have had the shortest of these terms: an index leaves it out, unread."""
    early: sa.ColumnElement[bool] = moment <= now - timedelta(days=min(mine[term] for mine in terms.values()))
    return early


def empty_callbacks(session: Session, ids: Collection[int], *, scope: Collection[int]) -> None:
    """Empties what was to be told and what was said."""
    mine = sa.and_(Callback.id.in_(ids), Callback.gemeente_id.in_(scope))
    session.execute(sa.update(Callback).where(mine).values(words="", result=""))
    tries = sa.and_(CallAttempt.terugbelnotitie_id.in_(ids), CallAttempt.gemeente_id.in_(scope))
    session.execute(sa.update(CallAttempt).where(tries).values(words=""))


def empty_tasks(session: Session, ids: Collection[int], *, scope: Collection[int]) -> None:
    """Empties what was to be done and what was."""
    mine = sa.and_(Task.id.in_(ids), Task.gemeente_id.in_(scope))
    session.execute(sa.update(Task).where(mine).values(words="", result=""))


def destroy_meldingen(
    session: Session, ids: Collection[int], *, reason: str, batch: str, now: datetime, scope: Collection[int]
) -> tuple[Sequence[Tombstone], list[str]]:
    """Destroys these locked meldingen with everything that hangs from them; their tombstones, and files to delete.

    Work goes with its last melding. The figures keep their own rows. The journal lets go within this transaction only.
    """
    session.execute(sa.text("SET LOCAL meldingen.upkeep = 'on'"))
    mine = sa.and_(Melding.id.in_(ids), Melding.gemeente_id.in_(scope))
    stones = _bury(session, mine, reason=reason, batch=batch, now=now)
    left = sa.orm.aliased(Link)
    others = sa.exists().where(left.opdracht_id == Link.opdracht_id, left.melding_id.not_in(ids))
    works = session.scalars(
        sa.select(Link.opdracht_id).where(Link.melding_id.in_(ids), Link.gemeente_id.in_(scope), ~others).distinct()
    ).all()
    works = session.scalars(sa.select(Opdracht.id).where(Opdracht.id.in_(works), Opdracht.status.not_in(OPEN))).all()
    team_photos = session.scalars(sa.select(Photo.id).where(Photo.opdracht_id.in_(works))).all()
    files = erasure.take_photos(session, melding_ids=ids, photo_ids=team_photos, scope=scope)
    files += erasure.take_mail(session, ids, scope=scope)
    events = sa.or_(Event.melding_id.in_(ids), Event.opdracht_id.in_(works))
    about = sa.select(Event.id).where(events, Event.gemeente_id.in_(scope))
    owed = sa.or_(Notice.melding_id.in_(ids), sa.and_(Notice.event_id.in_(about), Notice.melding_id.is_(None)))
    session.execute(
        sa.update(Notice).where(Notice.bundled_into.in_(sa.select(Notice.id).where(owed))).values(bundled_into=None)
    )
    session.execute(sa.delete(Notice).where(owed, Notice.gemeente_id.in_(scope)))
    session.execute(sa.delete(WebhookCall).where(WebhookCall.event_id.in_(about), WebhookCall.gemeente_id.in_(scope)))
    session.execute(sa.delete(Melding).where(mine))
    for column in (Opdracht.split_from_id, Opdracht.reopened_from_id):
        session.execute(sa.update(Opdracht).where(column.in_(works)).values({column.key: None}))
    session.execute(sa.delete(Opdracht).where(Opdracht.id.in_(works), Opdracht.gemeente_id.in_(scope)))
    told = sa.exists().where(Notice.event_id == Event.id)
    session.execute(sa.delete(Event).where(events, Event.gemeente_id.in_(scope), ~told))
    orders = [f"{kind}:{melding_id}" for melding_id in ids for kind in ("melding", "toewijzen")]
    session.execute(sa.delete(OutboxEntry).where(OutboxEntry.order_key.in_(orders)))
    return stones, files


def _bury(
    session: Session, mine: sa.ColumnElement[bool], *, reason: str, batch: str, now: datetime
) -> Sequence[Tombstone]:
    query = sa.select(Melding, sa.func.coalesce(Category.slug, ""), ENDED_AT).outerjoin(
        Category, Category.id == Melding.category_id
    )
    known = set(
        session.scalars(sa.select(Tombstone.number).join(Melding, Melding.number == Tombstone.number).where(mine))
    )
    stones = [
        Tombstone(
            gemeente_id=melding.gemeente_id,
            number=melding.number,
            melding_id=melding.id,
            category=slug,
            received_at=melding.received_at,
            closed_at=ended_at,
            destroyed_at=now,
            reason=reason,
            batch=batch,
        )
        for melding, slug, ended_at in session.execute(query.where(mine).order_by(Melding.id))
    ]
    session.add_all(stone for stone in stones if stone.number not in known)
    session.flush()
    return stones

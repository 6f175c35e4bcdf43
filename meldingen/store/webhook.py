"""Partners that want to hear of events at their own address, and what they were or are to be told."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .ending import Ending
from .journal import Event
from .melding import Melding
from .opdracht import Link
from .table import Moment, OfGemeente, Ref, own, refers

SETTLED = timedelta(minutes=5)
"""Longer than any transaction of ours lasts: an event that is not seen after this will never come."""


class Webhook(OfGemeente, Base):
    """One address of a partner. secret: for the HMAC over each message. own_only: only meldingen made by its own app.

    kinds: the types of event it asked for, empty for all. safe_id: every event up to here was looked at; seen_id,
    seen_at: the newest event when we looked last. Ids are given before a commit, so what lies between
    is looked at again.
    """

    __tablename__ = "webhook"

    name: Mapped[str] = mapped_column(sa.Text)
    url: Mapped[str] = mapped_column(sa.Text)
    secret: Mapped[str] = mapped_column(sa.Text)
    kinds: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{}")
    own_only: Mapped[bool] = mapped_column(server_default=sa.true())
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    safe_id: Mapped[Ref] = mapped_column(server_default="0")
    seen_id: Mapped[Ref] = mapped_column(server_default="0")
    seen_at: Mapped[Moment]
    created_at: Mapped[Moment]

    __table_args__ = own(sa.UniqueConstraint("gemeente_id", "name"))


class WebhookCall(OfGemeente, Base):
    """One event of one melding for one address, once. sent_at empty: not taken yet. maybe_double: sent again after
    silence. type and at: of the event."""

    __tablename__ = "webhook_call"

    webhook_id: Mapped[Ref]
    event_id: Mapped[Ref]
    melding_id: Mapped[Ref]
    number: Mapped[str] = mapped_column(sa.Text)
    type: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[Moment]
    attempts: Mapped[int] = mapped_column(server_default="0")
    maybe_double: Mapped[bool] = mapped_column(server_default=sa.false())
    in_doubt: Mapped[bool] = mapped_column(server_default=sa.false())
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    created_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]

    __table_args__ = own(
        refers("webhook_id", "webhook", ondelete="CASCADE"),
        sa.UniqueConstraint("webhook_id", "event_id", "melding_id"),
        sa.Index("ix_webhook_call_unsent", "webhook_id", "event_id", postgresql_where=sa.text("sent_at IS NULL")),
    )


def webhooks_of(session: Session, *, scope: Collection[int]) -> Sequence[Webhook]:
    """The webhooks in scope, by name."""
    return session.scalars(sa.select(Webhook).where(Webhook.gemeente_id.in_(scope)).order_by(Webhook.name)).all()


def webhook_named(session: Session, name: str, *, scope: Collection[int]) -> Webhook | None:
    """The webhook of one partner."""
    return session.scalar(sa.select(Webhook).where(Webhook.name == name, Webhook.gemeente_id.in_(scope)))


def lock_webhook(session: Session, webhook_id: int, *, scope: Collection[int]) -> Webhook | None:
    """Locks one webhook, so that one worker at a time looks for its news."""
    query = sa.select(Webhook).where(Webhook.id == webhook_id, Webhook.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def newest_event_id(session: Session, *, scope: Collection[int]) -> int:
    """The id of the newest event in scope; 0 without any."""
    return session.scalar(sa.select(sa.func.max(Event.id)).where(Event.gemeente_id.in_(scope))) or 0


def add_news(
    session: Session, hook: Webhook, types: Mapping[str, str], *, now: datetime, scope: Collection[int]
) -> int:
    """Adds a call for each event after `safe_id` that this partner asked for and has no call for; how many.

    types: kind of event → type. An event of an opdracht is one of each melding linked to it then. A closing is
    `melding-afgehandeld` for the meldingen that it ended, and of no concern to the others.
    """
    wanted = {kind: name for kind, name in types.items() if not hook.kinds or name in hook.kinds}
    linked = sa.and_(
        Link.opdracht_id == Event.opdracht_id,
        Link.from_at <= Event.at,
        sa.or_(Link.until_at.is_(None), Link.until_at > Event.at),
    )
    about = sa.func.coalesce(Event.melding_id, Link.melding_id)
    ended = sa.exists().where(Ending.event_id == Event.id, Ending.melding_id == about)
    news = (
        sa.select(
            sa.literal(hook.gemeente_id),
            sa.literal(hook.id),
            Event.id,
            Melding.id,
            Melding.number,
            sa.case(wanted, value=Event.kind),
            Event.at,
            sa.literal(now, sa.DateTime(timezone=True)),
        )
        .outerjoin(Link, sa.and_(Event.melding_id.is_(None), linked))
        .join(Melding, sa.and_(Melding.id == about, Melding.gemeente_id == Event.gemeente_id))
        .where(
            Event.gemeente_id == hook.gemeente_id,
            Event.gemeente_id.in_(scope),
            Event.id > hook.safe_id,
            Event.kind.in_(wanted),
            sa.or_(Event.kind != "afgehandeld", ended),
            *([Melding.partner_name == hook.name] if hook.own_only else []),
        )
    )
    columns = ["gemeente_id", "webhook_id", "event_id", "melding_id", "number", "type", "at", "created_at"]
    made = session.execute(
        insert(WebhookCall)
        .from_select(columns, news)
        .on_conflict_do_nothing(index_elements=["webhook_id", "event_id", "melding_id"])
        .returning(WebhookCall.id)
    )
    return len(made.all())


def next_call(session: Session, webhook_id: int, *, scope: Collection[int]) -> WebhookCall | None:
    """The oldest event that this partner has not taken yet."""
    query = sa.select(WebhookCall).where(
        WebhookCall.webhook_id == webhook_id, WebhookCall.sent_at.is_(None), WebhookCall.gemeente_id.in_(scope)
    )
    return session.scalar(query.order_by(WebhookCall.event_id, WebhookCall.id).limit(1))


def call_by_id(session: Session, call_id: int, *, scope: Collection[int]) -> WebhookCall | None:
    """One call, locked."""
    query = sa.select(WebhookCall).where(WebhookCall.id == call_id, WebhookCall.gemeente_id.in_(scope))
    return session.scalar(query.with_for_update())


def forget_calls(session: Session, webhook_id: int, since: datetime, *, scope: Collection[int]) -> int:
    """Makes what happened since this moment unsent again, for a replay; how many."""
    again = session.execute(
        sa.update(WebhookCall)
        .where(WebhookCall.webhook_id == webhook_id, WebhookCall.at >= since, WebhookCall.gemeente_id.in_(scope))
        .values(sent_at=None, in_doubt=False)
        .returning(WebhookCall.id)
    )
    return len(again.all())


def delete_told(session: Session, webhook_id: int, before: datetime, *, scope: Collection[int]) -> None:
    """Forgets what one partner was told before this moment."""
    mine = sa.and_(WebhookCall.webhook_id == webhook_id, WebhookCall.gemeente_id.in_(scope))
    session.execute(sa.delete(WebhookCall).where(mine, WebhookCall.sent_at < before, WebhookCall.at < before))


def count_unsent(session: Session, *, scope: Collection[int]) -> dict[int, int]:
    """How many events each partner has not taken yet, by webhook id."""
    query = sa.select(WebhookCall.webhook_id, sa.func.count().label("waiting")).where(
        WebhookCall.gemeente_id.in_(scope), WebhookCall.sent_at.is_(None)
    )
    rows = session.execute(query.group_by(WebhookCall.webhook_id)).all()
    return {row.webhook_id: row.waiting for row in rows}

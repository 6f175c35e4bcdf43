"""Berichten: one Notice per event and melding, its attempts as Delivery rows per channel."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from ..domain.delivery import DELIVERY_STATUSES, GEPLAND, KLAAR, UNFINISHED
from .journal import Event
from .table import Moment, OfGemeente, Ref, one_of, own, refers, row_by_id

CHANNELS = ("email", "sms", "push", "brief", "telefoon")


class Notice(OfGemeente, Base):
    """One bericht about one event to one melder (melding_id), a team (team_id) or a medewerker (account_id). Unique per
    event and receiver.

    device_id: to a medewerker on this device of his (store/staff_push.py), which may be gone by now; empty: on his
    phone, else by e-mail. An alarm goes all his ways at once, so each way is a bericht with a chain of its own.

    bundled_into: the bericht in whose message this one travelled. ended: why nothing goes (any more), as a code:
    `ingetrokken`, `gewist`, `geen_kanaal`, `ongedaan`; empty while it is under way or after it was told.
    """

    __tablename__ = "notice"

    event_id: Mapped[Ref]
    melding_id: Mapped[Ref | None]
    team_id: Mapped[Ref | None]
    account_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    device_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[Moment]
    bundled_into: Mapped[Ref | None]
    ended: Mapped[str] = mapped_column(sa.Text, server_default="")

    __table_args__ = own(
        refers("bundled_into", "notice"),
        refers("event_id", "journal"),
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("team_id", "team"),
        sa.Index(
            "uq_notice_event_melding",
            "event_id",
            "melding_id",
            unique=True,
            postgresql_where=sa.text("melding_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_notice_event_team",
            "event_id",
            "team_id",
            unique=True,
            postgresql_where=sa.text("team_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_notice_event_account",
            "event_id",
            "account_id",
            "device_id",
            unique=True,
            postgresql_nulls_not_distinct=True,
            postgresql_where=sa.text("account_id IS NOT NULL"),
        ),
        sa.Index("ix_notice_melding_id", "melding_id"),
    )


KEPT_SQL = "subject <> '' OR text <> '' OR html <> '' OR address <> '' OR provider_id <> ''"
"""What retention still has to empty (store/destruction.py)."""


class Delivery(OfGemeente, Base):
    """One try of one channel. address and words are copied when it is made, so a resend is the same message.

    status moves forward only, set by flow/chain.py. `reference`: our own id at the provider (also the Message-ID).
    maybe_double: sent again where the channel cannot tell (KLANTREIS rule 2). carrier_id: the delivery in whose message
    this one travels; they go each step together. slot_at: its turn at the provider, while it waits for it.
    again: 0 for what was owed by the event, 1 and up for each time that a person asked to send it once more.
    """

    __tablename__ = "delivery"

    notice_id: Mapped[Ref]
    channel: Mapped[str] = mapped_column(sa.Text)
    status: Mapped[str] = mapped_column(sa.Text, server_default=GEPLAND)
    address: Mapped[str] = mapped_column(sa.Text, server_default="")
    reference: Mapped[str] = mapped_column(sa.Text, unique=True)
    subject: Mapped[str] = mapped_column(sa.Text, server_default="")
    text: Mapped[str] = mapped_column(sa.Text, server_default="")
    html: Mapped[str] = mapped_column(sa.Text, server_default="")
    provider_id: Mapped[str] = mapped_column(sa.Text, server_default="")
    attempts: Mapped[int] = mapped_column(server_default="0")
    maybe_double: Mapped[bool] = mapped_column(server_default=sa.false())
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    carrier_id: Mapped[Ref | None]
    slot_at: Mapped[Moment | None]
    again: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    due_at: Mapped[Moment]
    created_at: Mapped[Moment]
    sent_at: Mapped[Moment | None]
    finished_at: Mapped[Moment | None]

    __table_args__ = own(
        refers("notice_id", "notice", ondelete="CASCADE"),
        refers("carrier_id", "delivery"),
        one_of("channel", CHANNELS),
        one_of("status", DELIVERY_STATUSES),
        sa.UniqueConstraint("notice_id", "channel", "again"),
        sa.Index("ix_delivery_sent", "gemeente_id", "sent_at", postgresql_where=sa.text("sent_at IS NOT NULL")),
        sa.Index("ix_delivery_kept", "gemeente_id", "id", "created_at", postgresql_where=sa.text(KEPT_SQL)),
        sa.Index(
            "uq_delivery_unfinished",
            "notice_id",
            unique=True,
            postgresql_where=sa.text("status IN ('gepland', 'klaar')"),
        ),
        sa.Index("ix_delivery_carrier_id", "carrier_id", postgresql_where=sa.text("carrier_id IS NOT NULL")),
    )


class DeliveryStep(OfGemeente, Base):
    """One step of a delivery, never changed: which state, when, at which try, the provider's id and the reason."""

    __tablename__ = "delivery_step"

    delivery_id: Mapped[Ref]
    status: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[Moment]
    attempt: Mapped[int] = mapped_column(server_default="0")
    provider_id: Mapped[str] = mapped_column(sa.Text, server_default="")
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")

    __table_args__ = (
        refers("delivery_id", "delivery", ondelete="CASCADE"),
        one_of("status", DELIVERY_STATUSES),
        sa.Index("ix_delivery_step_delivery_id", "delivery_id", "id"),
    )


def notice_by_id(session: Session, notice_id: int, *, scope: Collection[int]) -> Notice | None:
    """One notice in scope."""
    return row_by_id(session, Notice, notice_id, scope=scope)


def notices_of(session: Session, melding_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Notice]:
    """The notices of these meldingen, oldest first."""
    query = sa.select(Notice).where(Notice.melding_id.in_(melding_ids), Notice.gemeente_id.in_(scope))
    return session.scalars(query.order_by(Notice.id)).all()


def deliveries_of(session: Session, notice_ids: Collection[int], *, scope: Collection[int]) -> Sequence[Delivery]:
    """The deliveries of these notices, oldest first."""
    query = sa.select(Delivery).where(Delivery.notice_id.in_(notice_ids), Delivery.gemeente_id.in_(scope))
    return session.scalars(query.order_by(Delivery.id)).all()


def delivery_by_id(session: Session, delivery_id: int, *, scope: Collection[int]) -> Delivery | None:
    """One delivery in scope."""
    return row_by_id(session, Delivery, delivery_id, scope=scope)


def letters_to_post(session: Session, *, scope: Collection[int]) -> Sequence[tuple[Delivery, Notice]]:
    """The letters that nobody has posted yet, with their berichten, oldest first."""
    query = (
        sa.select(Delivery, Notice)
        .join(Notice, sa.and_(Notice.id == Delivery.notice_id, Notice.gemeente_id == Delivery.gemeente_id))
        .where(Delivery.channel == "brief", Delivery.status.in_(UNFINISHED), Delivery.gemeente_id.in_(scope))
    )
    return [(row[0], row[1]) for row in session.execute(query.order_by(Delivery.id))]


def lock_delivery(session: Session, delivery_id: int, *, scope: Collection[int]) -> Delivery | None:
    """Locks one delivery and reads it afresh. Lock its melding first where both are needed."""
    query = sa.select(Delivery).where(Delivery.id == delivery_id, Delivery.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def delivery_by_reference(session: Session, reference: str, *, scope: Collection[int]) -> Delivery | None:
    """The delivery with our reference at a provider."""
    return session.scalar(sa.select(Delivery).where(Delivery.reference == reference, Delivery.gemeente_id.in_(scope)))


def deliveries_carried(session: Session, delivery_id: int, *, scope: Collection[int]) -> Sequence[Delivery]:
    """The deliveries that travel in the message of this one, oldest first, locked and read afresh."""
    query = sa.select(Delivery).where(Delivery.carrier_id == delivery_id, Delivery.gemeente_id.in_(scope))
    query = query.order_by(Delivery.id).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).all()


def steps_of(session: Session, delivery_ids: Collection[int], *, scope: Collection[int]) -> Sequence[DeliveryStep]:
    """The steps of these deliveries, in the order they were taken."""
    query = sa.select(DeliveryStep).where(
        DeliveryStep.delivery_id.in_(delivery_ids), DeliveryStep.gemeente_id.in_(scope)
    )
    return session.scalars(query.order_by(DeliveryStep.id)).all()


def count_certain_failures(session: Session, delivery_id: int, *, scope: Collection[int]) -> int:
    """How many tries of a delivery certainly sent nothing."""
    query = sa.select(sa.func.count(DeliveryStep.attempt.distinct())).where(
        DeliveryStep.delivery_id == delivery_id,
        DeliveryStep.gemeente_id.in_(scope),
        DeliveryStep.status == KLAAR,
        DeliveryStep.reason != "",
    )
    return session.scalar(query) or 0


def count_deliveries(session: Session, *, scope: Collection[int]) -> dict[tuple[str, str], int]:
    """How many deliveries there are per channel and status, for the figures."""
    query = sa.select(Delivery.channel, Delivery.status, sa.func.count()).where(Delivery.gemeente_id.in_(scope))
    rows = session.execute(query.group_by(Delivery.channel, Delivery.status)).all()
    return {(channel, status): count for channel, status, count in rows}


def count_maybe_double(session: Session, *, scope: Collection[int]) -> dict[str, int]:
    """How many messages per channel may have arrived twice, for the figures; what travelled along counts once."""
    query = sa.select(Delivery.channel, sa.func.count()).where(
        Delivery.maybe_double, Delivery.carrier_id.is_(None), Delivery.gemeente_id.in_(scope)
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(Delivery.channel))}


def alarms_of(session: Session, opdracht_id: int, *, scope: Collection[int]) -> Sequence[Event]:
    """The events that rang about one opdracht, oldest first."""
    rang = sa.exists().where(
        Notice.event_id == Event.id, Notice.gemeente_id == Event.gemeente_id, Notice.kind == "alarm"
    )
    query = sa.select(Event).where(Event.opdracht_id == opdracht_id, Event.gemeente_id.in_(scope), rang)
    return session.scalars(query.order_by(Event.id)).all()

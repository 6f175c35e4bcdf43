"""Mail that came back: bounces, automatic answers, and answers of melders. Each is handled once."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, Ref, one_of, own, refers

KINDS = ("bounce", "automatisch", "antwoord", "onbekend", "lus")


class IncomingMail(OfGemeente, Base):
    """One message, known by the sha256 of its bytes. kind: see KINDS; `onbekend`: no melding could be found.

    sender, subject, text: kept only where a person must read it. raw_key: then also the message itself, in storage.
    """

    __tablename__ = "incoming_mail"

    sha256: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    melding_id: Mapped[Ref | None]
    delivery_id: Mapped[Ref | None]
    sender: Mapped[str] = mapped_column(sa.Text, server_default="")
    subject: Mapped[str] = mapped_column(sa.Text, server_default="")
    text: Mapped[str] = mapped_column(sa.Text, server_default="")
    raw_key: Mapped[str] = mapped_column(sa.Text, server_default="")
    at: Mapped[Moment]

    __table_args__ = own(
        refers("melding_id", "melding", ondelete="CASCADE"),
        one_of("kind", KINDS),
        sa.UniqueConstraint("gemeente_id", "sha256"),
        sa.Index("ix_incoming_mail_melding_id", "melding_id"),
    )


_LOCK_CLASS = 4022
"""The first half of our advisory locks on incoming mail, apart from those of others."""


def claim_mail(session: Session, sha256: str, *, scope: Collection[int]) -> IncomingMail | None:
    """The row of a message that came before, or None: then it is ours until this transaction ends."""
    keys = {"class": _LOCK_CLASS, "half": int(sha256[:8], 16) - 2**31}
    session.execute(sa.text("SELECT pg_advisory_xact_lock(:class, :half)"), keys)
    query = sa.select(IncomingMail).where(IncomingMail.sha256 == sha256, IncomingMail.gemeente_id.in_(scope))
    return session.scalar(query)


def mail_by_id(session: Session, mail_id: int, *, scope: Collection[int]) -> IncomingMail | None:
    """One message in scope."""
    return session.scalar(
        sa.select(IncomingMail).where(IncomingMail.id == mail_id, IncomingMail.gemeente_id.in_(scope))
    )


def lock_mail(session: Session, mail_id: int, *, scope: Collection[int]) -> IncomingMail | None:
    """Locks one message and reads it afresh."""
    query = sa.select(IncomingMail).where(IncomingMail.id == mail_id, IncomingMail.gemeente_id.in_(scope))
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def count_since(
    session: Session, since: datetime, *, melding_id: int | None = None, sender: str = "", scope: Collection[int]
) -> int:
    """How many people's mails came since then about this melding, or without one from this sender."""
    query = sa.select(sa.func.count()).where(
        IncomingMail.gemeente_id.in_(scope),
        IncomingMail.at > since,
        IncomingMail.kind.in_(("antwoord", "onbekend", "lus")),
    )
    if melding_id is not None:
        return session.execute(query.where(IncomingMail.melding_id == melding_id)).scalar_one()
    return session.execute(query.where(IncomingMail.melding_id.is_(None), IncomingMail.sender == sender)).scalar_one()


def raw_keys_in_use(session: Session, keys: Collection[str], *, scope: Collection[int]) -> set[str]:
    """Which of these files a message still refers to."""
    query = sa.select(IncomingMail.raw_key).where(IncomingMail.raw_key.in_(keys), IncomingMail.gemeente_id.in_(scope))
    return set(session.scalars(query))

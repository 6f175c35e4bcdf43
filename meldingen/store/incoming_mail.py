"""Mail that came back: bounces, automatic answers, and answers of melders. Each is handled once."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, Ref, one_of, own, refers

KINDS = ("bounce", "automatisch", "antwoord", "onbekend", "lus")


class IncomingMail(OfGemeente, Base):
    """One message, known by the sha256 of its bytes. kind: see KINDS; `onbekend`: no melding could be found.

    sender, subject, text: kept only where a person must read it (`onbekend`). raw_key: the message itself in storage.
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

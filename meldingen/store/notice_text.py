"""The gemeente's own words for its berichten, by version; without a row the words of defaults/texts are used."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from ..db import Base
from .notice import CHANNELS
from .table import Moment, OfGemeente, Ref, one_of, own, refers


class NoticeText(OfGemeente, Base):
    """One version of the words of one kind on one channel, for all categories or for one. Never changed, only retired.

    version: 1, 2, … per kind, channel and category. retired_at: when another took its place, or none at all.
    """

    __tablename__ = "notice_text"

    kind: Mapped[str] = mapped_column(sa.Text)
    channel: Mapped[str] = mapped_column(sa.Text)
    category_id: Mapped[Ref | None]
    version: Mapped[int]
    subject: Mapped[str] = mapped_column(sa.Text, server_default="")
    body: Mapped[str] = mapped_column(sa.Text)
    made_by: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[Moment]
    retired_at: Mapped[Moment | None]

    __table_args__ = own(
        refers("category_id", "category"),
        one_of("channel", CHANNELS),
        sa.Index(
            "uq_notice_text_now",
            "gemeente_id",
            "kind",
            "channel",
            sa.text("coalesce(category_id, 0)"),
            unique=True,
            postgresql_where=sa.text("retired_at IS NULL"),
        ),
        sa.Index(
            "uq_notice_text_version",
            "gemeente_id",
            "kind",
            "channel",
            sa.text("coalesce(category_id, 0)"),
            "version",
            unique=True,
        ),
    )

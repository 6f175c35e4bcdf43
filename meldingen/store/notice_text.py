"""The gemeente's own words for its berichten, by version; without a row the words of defaults/texts are used."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from ..domain.wording import Wording
from .notice import CHANNELS
from .table import Moment, OfGemeente, Ref, one_of, own, refers


class NoticeText(OfGemeente, Base):
    """One version of the words of one kind on one channel, for all categories or for one. Never changed, only retired.

    version: 1, 2, … per kind, channel and category. retired_at: when another took its place, or none at all. Of an
    e-mail the first line of `body` is its heading.
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

    @property
    def wording(self) -> Wording:
        """The text as it is filled."""
        if self.channel != "email":
            return Wording(self.body, subject=self.subject)
        heading, _, body = self.body.partition("\n")
        return Wording(body.strip(), subject=self.subject, heading=heading)


def texts_in_force(
    session: Session, kind: str, channel: str, *, scope: Collection[int]
) -> Mapping[int | None, NoticeText]:
    """The gemeente's own text for each category that has one; None: for all other categories."""
    query = sa.select(NoticeText).where(
        NoticeText.gemeente_id.in_(scope),
        NoticeText.kind == kind,
        NoticeText.channel == channel,
        NoticeText.retired_at.is_(None),
    )
    return {row.category_id: row for row in session.scalars(query)}


def all_in_force(session: Session, *, scope: Collection[int]) -> Sequence[NoticeText]:
    """Every text of the gemeenten in scope that is in force now."""
    query = sa.select(NoticeText).where(NoticeText.gemeente_id.in_(scope), NoticeText.retired_at.is_(None))
    return session.scalars(query.order_by(NoticeText.kind, NoticeText.channel, NoticeText.id)).all()


def versions_of(
    session: Session, kind: str, channel: str, category_id: int | None, *, scope: Collection[int]
) -> Sequence[NoticeText]:
    """Every version of one text, the newest first."""
    query = sa.select(NoticeText).where(
        NoticeText.gemeente_id.in_(scope),
        NoticeText.kind == kind,
        NoticeText.channel == channel,
        NoticeText.category_id.is_not_distinct_from(category_id),
    )
    return session.scalars(query.order_by(NoticeText.version.desc())).all()


def retire(
    session: Session, kind: str, channel: str, category_id: int | None, *, now: datetime, scope: Collection[int]
) -> None:
    """Takes the version in force out of use."""
    session.execute(
        sa.update(NoticeText)
        .where(
            NoticeText.gemeente_id.in_(scope),
            NoticeText.kind == kind,
            NoticeText.channel == channel,
            NoticeText.category_id.is_not_distinct_from(category_id),
            NoticeText.retired_at.is_(None),
        )
        .values(retired_at=now)
    )

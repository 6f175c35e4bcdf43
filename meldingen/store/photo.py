"""The rows of photos; their bytes are in the photo store (adapters/storage.py)."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import Moment, OfGemeente, Ref, one_of, own, refers

ONTVANGEN = "ontvangen"
KLAAR = "klaar"
ONLEESBAAR = "onleesbaar"


class Photo(OfGemeente, Base):
    """One photo of a melder (melding_id) or of a team (opdracht_id). Only what is `klaar` is ever shown.

    public_id: what an address shows. upload_key: the bytes as received, emptied once both sizes are committed.
    public: staff ticked "mag openbaar". far_away: its GPS lies far from the pin (for the team only).
    """

    __tablename__ = "photo"

    public_id: Mapped[str] = mapped_column(sa.Text, unique=True)
    melding_id: Mapped[Ref | None]
    opdracht_id: Mapped[Ref | None]
    kind: Mapped[str] = mapped_column(sa.Text)
    sha256: Mapped[bytes] = mapped_column(sa.LargeBinary)
    size_bytes: Mapped[int]
    status: Mapped[str] = mapped_column(sa.Text, server_default=ONTVANGEN)
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    upload_key: Mapped[str] = mapped_column(sa.Text, server_default="")
    small_key: Mapped[str] = mapped_column(sa.Text, server_default="")
    large_key: Mapped[str] = mapped_column(sa.Text, server_default="")
    width: Mapped[int | None]
    height: Mapped[int | None]
    public: Mapped[bool] = mapped_column(server_default=sa.false())
    far_away: Mapped[bool] = mapped_column(server_default=sa.false())
    received_at: Mapped[Moment]
    processed_at: Mapped[Moment | None]

    __table_args__ = own(
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("opdracht_id", "opdracht", ondelete="CASCADE"),
        one_of("kind", ("melder", "team")),
        one_of("status", (ONTVANGEN, KLAAR, ONLEESBAAR)),
        sa.Index(
            "uq_photo_melding_sha256",
            "melding_id",
            "sha256",
            unique=True,
            postgresql_where=sa.text("melding_id IS NOT NULL"),
        ),
        sa.Index(
            "uq_photo_opdracht_sha256",
            "opdracht_id",
            "sha256",
            unique=True,
            postgresql_where=sa.text("opdracht_id IS NOT NULL"),
        ),
        sa.CheckConstraint("(melding_id IS NULL) <> (opdracht_id IS NULL)", name="owner"),
    )


def photos_of(
    session: Session,
    *,
    melding_ids: Collection[int] = (),
    opdracht_ids: Collection[int] = (),
    scope: Collection[int],
) -> Sequence[Photo]:
    """The photos of these meldingen and opdrachten, oldest first, whatever their status."""
    query = (
        sa.select(Photo)
        .where(
            Photo.gemeente_id.in_(scope),
            sa.or_(Photo.melding_id.in_(melding_ids), Photo.opdracht_id.in_(opdracht_ids)),
        )
        .order_by(Photo.id)
    )
    return session.scalars(query).all()


def photo_by_public_id(session: Session, public_id: str, *, scope: Collection[int]) -> Photo | None:
    """One photo in scope; whether this visitor may see it is the door's question."""
    return session.scalar(sa.select(Photo).where(Photo.public_id == public_id, Photo.gemeente_id.in_(scope)))


def photo_by_id(session: Session, photo_id: int, *, scope: Collection[int]) -> Photo | None:
    """One photo in scope by id, for the worker."""
    return session.scalar(sa.select(Photo).where(Photo.id == photo_id, Photo.gemeente_id.in_(scope)))

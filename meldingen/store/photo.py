"""The rows of photos; their bytes are in the photo store (adapters/storage.py)."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

import sqlalchemy as sa
from geoalchemy2 import Geography
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .gemeente import point
from .melding import Melding
from .opdracht import Link
from .outbox import OutboxEntry, Topic
from .table import Moment, OfGemeente, Ref, one_of, own, refers

LOOKED_FOR = timedelta(days=30)
"""Announced photos that did not come by then do not come any more."""
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


def open_photos_of(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> dict[int, str]:
    """Of each opdracht the public id of one photo that staff ticked "mag openbaar", of its team or of its melders."""
    of_melder = sa.and_(Photo.melding_id == Link.melding_id, Photo.gemeente_id == Link.gemeente_id)
    query = (
        sa.select(Link.opdracht_id, sa.func.min(Photo.public_id))
        .join(Photo, sa.or_(of_melder, Photo.opdracht_id == Link.opdracht_id))
        .where(Link.opdracht_id.in_(opdracht_ids), Link.gemeente_id.in_(scope), Link.until_at.is_(None))
        .where(Photo.public, Photo.status == KLAAR)
        .group_by(Link.opdracht_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def add_photo(
    session: Session,
    *,
    gemeente_id: int,
    public_id: str,
    melding_id: int | None,
    opdracht_id: int | None,
    kind: str,
    sha256: bytes,
    size_bytes: int,
    upload_key: str,
    now: datetime,
) -> Photo | None:
    """A new photo whose bytes are stored already; None when this melding or opdracht has the same bytes.

    Two at the same moment: the second waits for the first and then gets None.
    """
    row = insert(Photo).values(
        gemeente_id=gemeente_id,
        public_id=public_id,
        melding_id=melding_id,
        opdracht_id=opdracht_id,
        kind=kind,
        sha256=sha256,
        size_bytes=size_bytes,
        upload_key=upload_key,
        received_at=now,
    )
    return session.scalar(row.on_conflict_do_nothing().returning(Photo))


def lock_photo(session: Session, photo_id: int, *, scope: Collection[int]) -> Photo | None:
    """Locks one photo and reads it afresh; None when it is gone."""
    query = sa.select(Photo).where(Photo.id == photo_id, Photo.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def metres_from_pin(
    session: Session, melding_id: int, lon: float, lat: float, *, scope: Collection[int]
) -> float | None:
    """How far a position is from where the melder says it is; None when the photo itself was the source."""
    here = sa.cast(point(lon, lat), Geography)
    query = sa.select(sa.func.ST_Distance(sa.cast(Melding.location, Geography), here)).where(
        Melding.id == melding_id, Melding.gemeente_id.in_(scope), Melding.location_source != "foto"
    )
    return session.scalar(query)


def keys_in_use(session: Session, keys: Collection[str], *, scope: Collection[int]) -> frozenset[str]:
    """Which of these storage keys a photo in scope still refers to."""
    columns = (Photo.upload_key, Photo.small_key, Photo.large_key)
    query = sa.select(*columns).where(Photo.gemeente_id.in_(scope), sa.or_(*(column.in_(keys) for column in columns)))
    return frozenset(key for row in session.execute(query) for key in row) & frozenset(keys)


def unreadable_before(session: Session, moment: datetime, *, scope: Collection[int]) -> Sequence[Photo]:
    """Photos found unreadable before a moment whose upload is still kept; locked."""
    query = (
        sa.select(Photo)
        .where(
            Photo.gemeente_id.in_(scope),
            Photo.status == ONLEESBAAR,
            Photo.processed_at < moment,
            Photo.upload_key != "",
        )
        .order_by(Photo.id)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def given_up(session: Session, *, scope: Collection[int]) -> Sequence[Photo]:
    """Photos still waiting whose work was parked after its last try; locked."""
    parked = sa.select(OutboxEntry.payload["photo_id"].as_integer()).where(
        OutboxEntry.topic == Topic.PHOTO.value,
        OutboxEntry.gemeente_id.in_(scope),
        OutboxEntry.parked_at.is_not(None),
        OutboxEntry.done_at.is_(None),
    )
    query = sa.select(Photo).where(Photo.gemeente_id.in_(scope), Photo.status == ONTVANGEN, Photo.id.in_(parked))
    return session.scalars(query.order_by(Photo.id).with_for_update(skip_locked=True)).all()


class MissingPhotos(NamedTuple):
    """A melding that announced more photos than came. arrived: after the melding itself; `expected` counts those."""

    melding_id: int
    expected: int
    arrived: int


def missing_before(session: Session, moment: datetime, *, scope: Collection[int]) -> Sequence[MissingPhotos]:
    """Meldingen received in the LOOKED_FOR before a moment that still wait for announced photos, oldest first."""
    arrived = sa.func.count(Photo.id)
    query = (
        sa.select(Melding.id, Melding.photos_expected, arrived)
        .outerjoin(
            Photo,
            sa.and_(
                Photo.gemeente_id == Melding.gemeente_id,
                Photo.melding_id == Melding.id,
                Photo.received_at > Melding.received_at,
            ),
        )
        .where(Melding.gemeente_id.in_(scope), Melding.photos_expected > sa.literal_column("0"))
        .where(Melding.received_at < moment, Melding.received_at >= moment - LOOKED_FOR)
        .group_by(Melding.id)
        .having(arrived < Melding.photos_expected)
        .order_by(Melding.id)
    )
    return [MissingPhotos(*row) for row in session.execute(query)]

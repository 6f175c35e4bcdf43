"""The melding: what one melder reported. Its person lives in contact.py, its work in opdracht.py."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base, by_driver
from ..domain.abuse import HIDDEN
from ..domain.numbers import MAX_SEQUENCE
from ..domain.workflow import MELDING_STATUSES
from .gemeente import Gemeente
from .table import Id, Moment, OfGemeente, Ref, one_of, own, refers

DESKS = ("", "klacht", "schade", "bezwaar", "handhaving")
ABUSE = ("", "grof", "bedreiging")
WEEK_SQL = "(gemeente_id * 100000 + ((received_at AT TIME ZONE 'UTC'::text)::date - '2000-01-01'::date) / 7)"
"""The gemeente and the week of receipt in one number, first in the indexes of search: so that the newest of one
gemeente are looked through without touching what else has these words (store/search_ways.py)."""
STREET_SQL = """rtrim(lower(substring(address, '^[0-9]*[^,0-9]+'::text)) COLLATE "C")"""
"""What an address says before the number of a house: a street has one spelling here for all who live in it."""


class Melding(OfGemeente, Base):
    """One melding. `status` is derived from its opdrachten and only changed under this row's lock (flow/status.py).

    category_id: the melder's own choice, kept for the figures. promised_on: what the melder was told last;
    first_promised_on: what the receipt said;
    term_days: the term that promise was counted with. flags: `grensgeval`, `gevaar_vermoed`, `plaats_uit_foto`, `bsn`,
    `niet_bereikbaar`, `intrekking_gevraagd`. referred_to: name of another gemeente.
    accuracy_m: how far off the melder's device said it may be, in metres; None when it did not say.
    object_kind, object_code: the thing it is about, as store/public_object.py knows it; empty when none was named.
    desk: the desk that handles what it really is (`klacht`, `schade`, `bezwaar`, `handhaving`), else empty. abuse:
    `grof` or `bedreiging`, hidden by default; else empty.
    token_generation: +1 revokes the follow token. frozen_at: retention leaves it alone; frozen_reason: `claim`,
    `bezwaar`, `loket`. erased_at: its person was erased on request; the volgpagina says "niet meer beschikbaar".
    """

    __tablename__ = "melding"

    number: Mapped[str] = mapped_column(sa.Text, unique=True)
    status: Mapped[str] = mapped_column(sa.Text)
    description: Mapped[str] = mapped_column(sa.Text, server_default="")
    location: Mapped[Any] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    location_source: Mapped[str] = mapped_column(sa.Text)
    location_note: Mapped[str] = mapped_column(sa.Text, server_default="")
    accuracy_m: Mapped[int | None]
    address: Mapped[str] = mapped_column(sa.Text, server_default="")
    wijk_code: Mapped[str | None] = mapped_column(sa.Text)
    buurt_code: Mapped[str | None] = mapped_column(sa.Text)
    area_year: Mapped[int | None]
    category_id: Mapped[Ref | None]
    answers: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))
    questions_version: Mapped[int | None]
    danger: Mapped[bool] = mapped_column(server_default=sa.false())
    flags: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{}")
    intake_channel: Mapped[str] = mapped_column(sa.Text)
    partner_name: Mapped[str] = mapped_column(sa.Text, server_default="")
    entered_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    same_as_opdracht_id: Mapped[Ref | None]
    photos_expected: Mapped[int] = mapped_column(server_default="0")
    received_at: Mapped[Moment]
    first_promised_on: Mapped[date]
    promised_on: Mapped[date]
    term_days: Mapped[int]
    closed_at: Mapped[Moment | None]
    withdrawn_at: Mapped[Moment | None]
    referred_to: Mapped[str] = mapped_column(sa.Text, server_default="")
    desk: Mapped[str] = mapped_column(sa.Text, server_default="")
    abuse: Mapped[str] = mapped_column(sa.Text, server_default="")
    token_generation: Mapped[int] = mapped_column(server_default="1")
    object_kind: Mapped[str] = mapped_column(sa.Text, server_default="")
    object_code: Mapped[str] = mapped_column(sa.Text, server_default="")
    frozen_at: Mapped[Moment | None]
    frozen_reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    erased_at: Mapped[Moment | None]

    __table_args__ = own(
        refers("category_id", "category"),
        one_of("status", MELDING_STATUSES),
        one_of("desk", DESKS),
        one_of("abuse", ABUSE),
        sa.Index("ix_melding_location", "location", postgresql_using="gist"),
        sa.Index(
            "ix_melding_gemeente_id_received_at",
            "gemeente_id",
            sa.text("received_at DESC"),
            sa.text("id DESC"),
        ),
        sa.Index("ix_melding_entered_by", "entered_by", postgresql_where=sa.text("entered_by IS NOT NULL")),
        sa.Index(
            "ix_melding_ontvangen",
            "gemeente_id",
            "received_at",
            "id",
            postgresql_where=sa.text("status = 'ontvangen'"),
        ),
        sa.Index("ix_melding_desk", "gemeente_id", postgresql_where=sa.text("desk <> ''")),
        sa.Index("ix_melding_flagged", "gemeente_id", postgresql_where=sa.text("cardinality(flags) > 0")),
        sa.Index(
            "ix_melding_words",
            sa.text(WEEK_SQL),
            sa.text(
                "to_tsvector('dutch'::regconfig, "
                "(((description || ' '::text) || address) || ' '::text) || location_note)"
            ),
            postgresql_using="gin",
        ),
        sa.Index(
            "ix_melding_street",
            "gemeente_id",
            sa.text(STREET_SQL),
            sa.text("received_at DESC"),
            postgresql_where=sa.text("address <> ''"),
        ),
        sa.Index(
            "ix_melding_number_end",  # no gemeente first: without statistics foreign keys would be checked by it
            sa.literal_column("reverse(number)").label("backwards"),
            postgresql_ops={"backwards": "text_pattern_ops"},
        ),
        sa.Index("ix_melding_photos_expected", "received_at", postgresql_where=sa.text("photos_expected > 0")),
        sa.Index("ix_melding_withdrawn", "gemeente_id", "id", postgresql_where=sa.text("withdrawn_at IS NOT NULL")),
        sa.CheckConstraint("char_length(description) <= 500", name="description"),
    )


class Idempotency(Base):
    """A remembered answer: key, hash of the body and id of what was made; never the answer itself (rule 3)."""

    __tablename__ = "idempotency"

    id: Mapped[Id]
    scope: Mapped[str] = mapped_column(sa.Text)
    key: Mapped[str] = mapped_column(sa.Text)
    body_hash: Mapped[bytes] = mapped_column(sa.LargeBinary)
    resource_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    created_at: Mapped[Moment]

    __table_args__ = (
        sa.UniqueConstraint("scope", "key"),
        sa.Index("ix_idempotency_created_at", "created_at"),
    )


def shown_description() -> sa.ColumnElement[str]:
    """What the melder wrote as lists show it: of abuse and threats only that it is hidden."""
    told = [(sa.and_(Melding.abuse == abuse, Melding.description != ""), words) for abuse, words in HIDDEN.items()]
    return sa.case(*told, else_=Melding.description)


NUMBERS = sa.Sequence("melding_number", maxvalue=MAX_SEQUENCE, cycle=True, metadata=Base.metadata)
"""For a meldingnummer; gaps are normal. Seven digits, then from one again: the year goes before them."""


def melding_by_number(session: Session, number: str, *, scope: Collection[int]) -> Melding | None:
    """One melding in scope by its stored number (ten digits)."""
    return session.scalar(sa.select(Melding).where(Melding.number == number, Melding.gemeente_id.in_(scope)))


def melding_by_id(session: Session, melding_id: int, *, scope: Collection[int]) -> Melding | None:
    """One melding in scope by id."""
    return session.scalar(sa.select(Melding).where(Melding.id == melding_id, Melding.gemeente_id.in_(scope)))


_FOLLOWED = sa.select(Melding).join(Gemeente).where(Melding.id == sa.bindparam("id"), Gemeente.served)


def followed_melding(session: Session, melding_id: int) -> Melding | None:
    """The melding that a follow link names, of a gemeente that is served; whether the link opens it is for auth.py."""
    return session.scalar(_FOLLOWED, {"id": melding_id})


def meldingen_by_ids(session: Session, ids: Collection[int], *, scope: Collection[int]) -> Sequence[Melding]:
    """These meldingen, as far as they are in scope."""
    return session.scalars(sa.select(Melding).where(Melding.id.in_(ids), Melding.gemeente_id.in_(scope))).all()


def abuse_of(session: Session, ids: Collection[int], *, scope: Collection[int]) -> dict[int, str]:
    """Of these meldingen those with abuse or a threat, with which."""
    query = sa.select(Melding.id, Melding.abuse).where(Melding.id.in_(ids), Melding.gemeente_id.in_(scope))
    return {row[0]: row[1] for row in session.execute(query.where(Melding.abuse != ""))}


def meldingen_at_desks(
    session: Session, *, scope: Collection[int], desk: str = "", limit: int = 200
) -> Sequence[Melding]:
    """The meldingen that another desk handles, newest first. desk: of this one only."""
    query = sa.select(Melding).where(Melding.desk != "", Melding.gemeente_id.in_(scope))
    if desk:
        query = query.where(Melding.desk == desk)
    return session.scalars(query.order_by(Melding.received_at.desc(), Melding.id.desc()).limit(limit)).all()


def newest_melding(session: Session, *, scope: Collection[int]) -> Melding | None:
    """The melding in scope that was received last and was not withdrawn."""
    query = sa.select(Melding).where(Melding.gemeente_id.in_(scope), Melding.withdrawn_at.is_(None))
    return session.scalar(query.order_by(Melding.id.desc()).limit(1))


def has_meldingen(session: Session, *, scope: Collection[int]) -> bool:
    """Whether any melding was ever registered in these gemeenten."""
    return session.scalar(sa.select(Melding.id).where(Melding.gemeente_id.in_(scope)).limit(1)) is not None


def lock_meldingen(session: Session, ids: Iterable[int], *, scope: Collection[int]) -> Sequence[Melding]:
    """Locks these meldingen in order of id and reads them afresh. Lock opdrachten first (HUIS Locks)."""
    query = (
        sa.select(Melding)
        .where(Melding.id.in_(sorted(set(ids))), Melding.gemeente_id.in_(scope))
        .order_by(Melding.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).all()


_CLAIM = """
INSERT INTO idempotency (scope, key, body_hash, created_at, resource_id)
VALUES (%(scope)s, %(key)s, %(body_hash)s, %(created_at)s, %(resource_id)s)
ON CONFLICT (scope, key) DO NOTHING RETURNING id
"""


def claim_key(
    session: Session, scope_name: str, key: str, body_hash: bytes, now: datetime, *, resource_id: int | None = None
) -> Idempotency | None:
    """Claims an idempotency key for this transaction: None when it is ours now, else the earlier row.

    resource_id: of what it is about, when that is there already. A second request at the same moment waits here until
    the first commits or rolls back (KLANTREIS rule 3).
    """
    facts = {"scope": scope_name, "key": key, "body_hash": body_hash, "created_at": now, "resource_id": resource_id}
    if by_driver(session, _CLAIM, facts):
        return None
    return session.scalars(sa.select(Idempotency).where(Idempotency.scope == scope_name, Idempotency.key == key)).one()


def melding_of_key(session: Session, scope_name: str, key: str, *, scope: Collection[int]) -> Melding | None:
    """The melding that a request with this idempotency key made before, or None."""
    made = sa.select(Idempotency.resource_id).where(Idempotency.scope == scope_name, Idempotency.key == key)
    return session.scalar(
        sa.select(Melding).where(Melding.id == made.scalar_subquery(), Melding.gemeente_id.in_(scope))
    )


def remember_resource(session: Session, scope_name: str, key: str, resource_id: int) -> None:
    """Stores what the claimed key made."""
    session.execute(
        sa.update(Idempotency)
        .where(Idempotency.scope == scope_name, Idempotency.key == key)
        .values(resource_id=resource_id)
    )


def forget_key(session: Session, scope_name: str, key: str) -> None:
    """Lets a claimed key go: what it asked was refused, and only what was done is remembered."""
    session.execute(sa.delete(Idempotency).where(Idempotency.scope == scope_name, Idempotency.key == key))

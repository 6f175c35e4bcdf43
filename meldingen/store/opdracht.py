"""The opdracht: the work of one team on one problem, and its links to meldingen with a from, a to and an author."""

from collections.abc import Collection, Iterable, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from geoalchemy2 import Geometry
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from ..domain.workflow import OPDRACHT_STATUSES, OPEN, OUTCOMES, WACHT_OP_MELDER
from .category import URGENCIES
from .gemeente import GEOGRAPHY, point
from .melding import Melding
from .table import Moment, OfGemeente, Ref, one_of, own, refers, row_by_id

IN_ORDER = (sa.text("(urgency = 'spoed'::text) DESC"), sa.text("danger_suspected DESC"), "due_at", "id")
"""How worklists are read (store/worklists.py): an index in this order gives the first page without sorting the rest."""
OPEN_SQL = "status IN (" + ", ".join(f"'{s}'" for s in OPEN) + ")"


class Opdracht(OfGemeente, Base):
    """Work for one team. version: raised by moves only (KLANTREIS rule 4). rule_id 0: the vangnet rule.

    due_at: the earliest promise of its meldingen. priority: higher first; urgency plus the number of melders.
    danger_suspected: its words sound dangerous and nobody could be asked; on top of the lists, without an alarm.
    reopened_from_id: whose closing did not hold.
    last_closed_by: who closed that one; other eyes look first.
    moves_count: hand-overs so far.
    warned_due_at: the due_at for which the team was asked for a date (80 % of the term). automatic_delays: how often
    the system gave a new date since a person last did.
    paused_at: since when a question pauses the term; paused_days: werkdagen of earlier pauses.
    party_since_at: since when an external party has it now; party_days: werkdagen of earlier stays with parties;
    party_expected_on: the day that the party named; party_told_at: when the coordinator heard that this day had passed.
    safe_at: when the danger was gone. undo_until: its last closing can be undone until then.
    """

    __tablename__ = "opdracht"

    status: Mapped[str] = mapped_column(sa.Text)
    version: Mapped[int] = mapped_column(server_default="1")
    category_id: Mapped[Ref]
    team_id: Mapped[Ref]
    urgency: Mapped[str] = mapped_column(sa.Text)
    danger: Mapped[bool] = mapped_column(server_default=sa.false())
    danger_suspected: Mapped[bool] = mapped_column(server_default=sa.false())
    priority: Mapped[int] = mapped_column(server_default="0")
    location: Mapped[Any] = mapped_column(Geometry("POINT", 4326, spatial_index=False))
    location_note: Mapped[str] = mapped_column(sa.Text, server_default="")
    address: Mapped[str] = mapped_column(sa.Text, server_default="")
    wijk_code: Mapped[str | None] = mapped_column(sa.Text)
    buurt_code: Mapped[str | None] = mapped_column(sa.Text)
    rule_id: Mapped[int | None] = mapped_column(sa.BigInteger)
    routing_reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    received_at: Mapped[Moment]
    due_at: Mapped[Moment]
    planned_on: Mapped[date | None]
    taken_up_at: Mapped[Moment | None]
    taken_up_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    paused_at: Mapped[Moment | None]
    paused_days: Mapped[int] = mapped_column(server_default="0")
    warned_due_at: Mapped[Moment | None]
    automatic_delays: Mapped[int] = mapped_column(sa.SmallInteger, server_default="0")
    moves_count: Mapped[int] = mapped_column(server_default="0")
    party_since_at: Mapped[Moment | None]
    party_days: Mapped[int] = mapped_column(server_default="0")
    party_expected_on: Mapped[date | None]
    party_told_at: Mapped[Moment | None]
    safe_at: Mapped[Moment | None]
    undo_until: Mapped[Moment | None]
    split_from_id: Mapped[Ref | None]
    reopened_from_id: Mapped[Ref | None]
    last_closed_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    outcome: Mapped[str | None] = mapped_column(sa.Text)
    closed_at: Mapped[Moment | None]
    created_at: Mapped[Moment]

    __table_args__ = own(
        refers("category_id", "category"),
        refers("team_id", "team"),
        refers("split_from_id", "opdracht"),
        refers("reopened_from_id", "opdracht"),
        one_of("status", OPDRACHT_STATUSES),
        one_of("urgency", URGENCIES),
        one_of("outcome", OUTCOMES),
        sa.Index("ix_opdracht_open_team", "team_id", *IN_ORDER, postgresql_where=sa.text(OPEN_SQL)),
        sa.Index("ix_opdracht_open_gemeente", "gemeente_id", *IN_ORDER, postgresql_where=sa.text(OPEN_SQL)),
        sa.Index("ix_opdracht_open_received", "gemeente_id", "received_at", postgresql_where=sa.text(OPEN_SQL)),
        sa.Index(
            "ix_opdracht_open_location",
            "location",
            postgresql_using="gist",
            postgresql_where=sa.text(OPEN_SQL),
        ),
        sa.Index(
            "ix_opdracht_open_near",
            sa.text("(location::geography)"),
            postgresql_using="gist",
            postgresql_where=sa.text(OPEN_SQL),
        ),
        sa.Index(
            "ix_opdracht_party_expected_on",
            "party_expected_on",
            postgresql_where=sa.text("party_since_at IS NOT NULL AND party_expected_on IS NOT NULL"),
        ),
        sa.Index(
            "ix_opdracht_closed",
            "gemeente_id",
            sa.text("closed_at DESC"),
            postgresql_where=sa.text("closed_at IS NOT NULL"),
        ),
        sa.Index(
            "ix_opdracht_reopened_from_id",
            "reopened_from_id",
            postgresql_where=sa.text("reopened_from_id IS NOT NULL"),
        ),
        sa.Index(
            "ix_opdracht_closed_near",
            sa.text("(location::geography)"),
            "closed_at",
            postgresql_using="gist",
            postgresql_where=sa.text("status = 'gereed'"),
        ),
    )


class Link(OfGemeente, Base):
    """A melding answered by an opdracht. until_at empty: now.

    how: `toegewezen`, `samengevoegd`, `gesplitst`, `heropend`.
    """

    __tablename__ = "melding_opdracht"

    melding_id: Mapped[Ref]
    opdracht_id: Mapped[Ref]
    how: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    from_at: Mapped[Moment]
    until_at: Mapped[Moment | None]
    made_by: Mapped[str] = mapped_column(sa.Text)
    ended_by: Mapped[str | None] = mapped_column(sa.Text)

    __table_args__ = (
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("opdracht_id", "opdracht", ondelete="CASCADE"),
        sa.Index(
            "uq_melding_opdracht_now",
            "melding_id",
            "opdracht_id",
            unique=True,
            postgresql_where=sa.text("until_at IS NULL"),
        ),
        sa.Index("ix_melding_opdracht_melding_id", "melding_id"),
        sa.Index("ix_melding_opdracht_opdracht_id", "opdracht_id"),
    )


class Closure(OfGemeente, Base):
    """How one closing ended: outcome, reason and the sentence the melder reads. A fact of its event; never changed."""

    __tablename__ = "closure"

    opdracht_id: Mapped[Ref]
    outcome: Mapped[str] = mapped_column(sa.Text)
    reason: Mapped[str] = mapped_column(sa.Text, server_default="")
    sentence: Mapped[str] = mapped_column(sa.Text, server_default="")
    partner: Mapped[str] = mapped_column(sa.Text, server_default="")
    closed_at: Mapped[Moment]
    closed_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))

    __table_args__ = (
        refers("opdracht_id", "opdracht", ondelete="CASCADE"),
        one_of("outcome", OUTCOMES),
        sa.Index("ix_closure_opdracht_id", "opdracht_id"),
    )


def opdracht_by_id(session: Session, opdracht_id: int, *, scope: Collection[int]) -> Opdracht | None:
    """One opdracht in scope."""
    return row_by_id(session, Opdracht, opdracht_id, scope=scope)


def _ids(name: str) -> sa.BindParameter[Any]:
    return sa.bindparam(name, type_=sa.ARRAY(sa.BigInteger))


_LOCK = (
    sa.select(Opdracht)
    .where(Opdracht.id == sa.any_(_ids("ids")), Opdracht.gemeente_id == sa.any_(_ids("scope")))
    .order_by(Opdracht.id)
    .with_for_update(key_share=True)
    .execution_options(populate_existing=True)
)
_LINKED_NOW = sa.select(Link.melding_id).where(
    Link.opdracht_id == sa.any_(_ids("opdracht_ids")),
    Link.until_at.is_(None),
    Link.gemeente_id == sa.any_(_ids("scope")),
)
_LOCK_LINKED = (
    sa.select(Melding)
    .where(
        Melding.id
        == sa.any_(sa.func.array(_LINKED_NOW.union_all(sa.select(sa.func.unnest(_ids("ids")))).scalar_subquery())),
        Melding.gemeente_id == sa.any_(_ids("scope")),
    )
    .order_by(Melding.id)
    .with_for_update(key_share=True, of=Melding)
    .execution_options(populate_existing=True)
)

_OF_MELDINGEN = (
    sa.select(Link.melding_id, Opdracht)
    .join(Opdracht, Opdracht.id == Link.opdracht_id)
    .where(Link.melding_id == sa.any_(_ids("ids")), Link.until_at.is_(None), Link.gemeente_id == sa.any_(_ids("scope")))
    .order_by(Opdracht.id)
)


def lock_opdrachten(session: Session, ids: Iterable[int], *, scope: Collection[int]) -> Sequence[Opdracht]:
    """Locks these opdrachten in order of id and reads them afresh; the first step of every closing, join and split.

    Rows may refer to a locked one meanwhile (FOR NO KEY UPDATE): a foreign key that is looked at again must not wait
    for somebody who waits for us.
    """
    return session.scalars(_LOCK, {"ids": list(ids), "scope": list(scope)}).all()


def lock_linked(
    session: Session, opdracht_ids: Iterable[int], melding_ids: Iterable[int], *, scope: Collection[int]
) -> Sequence[Melding]:
    """Locks the meldingen linked now to these locked opdrachten, and `melding_ids`, as `lock_meldingen` does."""
    facts = {"opdracht_ids": list(opdracht_ids), "ids": list(melding_ids), "scope": list(scope)}
    return session.scalars(_LOCK_LINKED, facts).all()


def melding_ids_of(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> list[int]:
    """The ids of the meldingen linked now to any of these opdrachten, ascending."""
    query = (
        sa.select(Link.melding_id)
        .where(Link.opdracht_id.in_(opdracht_ids), Link.until_at.is_(None), Link.gemeente_id.in_(scope))
        .distinct()
        .order_by(Link.melding_id)
    )
    return list(session.scalars(query))


def opdracht_ids_of(session: Session, melding_ids: Collection[int], *, scope: Collection[int]) -> list[int]:
    """The ids of the opdrachten linked now to any of these meldingen, ascending."""
    query = (
        sa.select(Link.opdracht_id)
        .where(Link.melding_id.in_(melding_ids), Link.until_at.is_(None), Link.gemeente_id.in_(scope))
        .distinct()
        .order_by(Link.opdracht_id)
    )
    return list(session.scalars(query))


def opdrachten_of(
    session: Session, melding_ids: Collection[int], *, scope: Collection[int]
) -> dict[int, list[Opdracht]]:
    """Per melding id the opdrachten linked now, oldest first."""
    found: dict[int, list[Opdracht]] = {melding_id: [] for melding_id in melding_ids}
    for melding_id, opdracht in session.execute(_OF_MELDINGEN, {"ids": list(melding_ids), "scope": list(scope)}):
        found[melding_id].append(opdracht)
    return found


def meldingen_of(session: Session, opdracht_id: int, *, scope: Collection[int]) -> Sequence[Melding]:
    """The meldingen linked now to one opdracht, oldest first."""
    query = (
        sa.select(Melding)
        .join(Link, Link.melding_id == Melding.id)
        .where(Link.opdracht_id == opdracht_id, Link.until_at.is_(None), Link.gemeente_id.in_(scope))
        .order_by(Melding.received_at, Melding.id)
    )
    return session.scalars(query).all()


def meldingen_by_opdracht(
    session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]
) -> dict[int, list[Melding]]:
    """Per opdracht id the meldingen linked now, oldest first; in one query, however many opdrachten."""
    query = (
        sa.select(Link.opdracht_id, Melding)
        .join(Melding, Melding.id == Link.melding_id)
        .where(Link.opdracht_id.in_(opdracht_ids), Link.until_at.is_(None), Link.gemeente_id.in_(scope))
        .order_by(Melding.received_at, Melding.id)
    )
    found: dict[int, list[Melding]] = {opdracht_id: [] for opdracht_id in opdracht_ids}
    for opdracht_id, melding in session.execute(query):
        found[opdracht_id].append(melding)
    return found


def live_link(session: Session, melding_id: int, opdracht_id: int, *, scope: Collection[int]) -> Link | None:
    """The link that holds now between this melding and this opdracht."""
    return session.scalar(
        sa.select(Link).where(
            Link.melding_id == melding_id,
            Link.opdracht_id == opdracht_id,
            Link.until_at.is_(None),
            Link.gemeente_id.in_(scope),
        )
    )


def waiting_ids(session: Session, *, scope: Collection[int]) -> Sequence[int]:
    """The ids of the opdrachten that wait for a melder, oldest first."""
    query = sa.select(Opdracht.id).where(Opdracht.gemeente_id.in_(scope), Opdracht.status == WACHT_OP_MELDER)
    return session.scalars(query.order_by(Opdracht.id)).all()


def told_of_danger(session: Session, opdracht_id: int, *, but: int, scope: Collection[int]) -> bool:
    """Whether a melding that is or was linked to this opdracht, another than `but`, told of danger."""
    query = (
        sa.select(Link.id)
        .join(Melding, Melding.id == Link.melding_id)
        .where(Link.opdracht_id == opdracht_id, Link.gemeente_id.in_(scope), Melding.id != but, Melding.danger)
    )
    return session.scalar(query.limit(1)) is not None


def nearest_open(
    session: Session,
    category_id: int,
    lon: float,
    lat: float,
    *,
    radius_m: int,
    since: Any,
    scope: Collection[int],
) -> int | None:
    """The id of the nearest open opdracht of this category within radius_m metres, received since `since`."""
    here = sa.cast(point(lon, lat), GEOGRAPHY)
    there = sa.cast(Opdracht.location, GEOGRAPHY)
    query = (
        sa.select(Opdracht.id)
        .where(
            Opdracht.gemeente_id.in_(scope),
            Opdracht.category_id == category_id,
            Opdracht.status.in_(OPEN),
            Opdracht.received_at >= since,
            sa.func.ST_DWithin(there, here, radius_m),
        )
        .order_by(sa.func.ST_Distance(there, here), Opdracht.id)
        .limit(1)
    )
    return session.scalar(query)


def closures_of(session: Session, opdracht_ids: Collection[int], *, scope: Collection[int]) -> dict[int, Closure]:
    """The latest closure per opdracht id."""
    query = (
        sa.select(Closure)
        .where(Closure.opdracht_id.in_(opdracht_ids), Closure.gemeente_id.in_(scope))
        .order_by(Closure.opdracht_id, Closure.id)
    )
    return {closure.opdracht_id: closure for closure in session.scalars(query)}


def closure_by_id(session: Session, closure_id: int, *, scope: Collection[int]) -> Closure | None:
    """One closure in scope: what was said then, whatever happened since."""
    return row_by_id(session, Closure, closure_id, scope=scope)

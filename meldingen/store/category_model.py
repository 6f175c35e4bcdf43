"""What was learned about which words belong to which category, per gemeente, and the past meldingen to learn from.

How it is learned: adapters/learner.py; when, and from what else: flow/proposals.py.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from ..db import Base
from ..domain.privacy import LIMITED
from ..domain.workflow import GEREED
from .category import OTHER, Category
from .contact import Contact
from .melding import Melding
from .opdracht import Link, Opdracht
from .table import Facts, Moment, OfGemeente, own


class CategoryModel(OfGemeente, Base):
    """One gemeente's weights, ready to use. facts: from how many cases, and how often right on those held back.

    A newly learned one is a new row, so that its id says whether a process still has the latest.
    """

    __tablename__ = "category_model"

    made_at: Mapped[Moment]
    weights: Mapped[bytes] = mapped_column(sa.LargeBinary)
    facts: Mapped[Facts] = mapped_column(server_default=sa.text("'{}'::jsonb"))

    __table_args__ = own(sa.UniqueConstraint("gemeente_id"))


class Edition(NamedTuple):
    """Which weights a gemeente has, without the weights."""

    id: int
    made_at: datetime
    facts: Mapping[str, Any]


class Choosable(NamedTuple):
    """A category that can be chosen, with its main category ("" when it stands alone)."""

    slug: str
    name: str
    main_slug: str
    main_name: str


class PastCase(NamedTuple):
    """What somebody wrote and the category people ended with. writer: the same for texts of one person, when known."""

    text: str
    slug: str
    writer: str
    opdracht_id: int


def edition(session: Session, *, scope: Collection[int]) -> Edition | None:
    """Which weights this gemeente has now; None before the first time."""
    query = sa.select(CategoryModel.id, CategoryModel.made_at, CategoryModel.facts)
    row = session.execute(query.where(CategoryModel.gemeente_id.in_(scope))).first()
    return Edition(*row) if row else None


def stored_weights(session: Session, edition_id: int, *, scope: Collection[int]) -> bytes | None:
    """The weights of an edition; None when a newer one took its place."""
    query = sa.select(CategoryModel.weights)
    return session.scalar(query.where(CategoryModel.id == edition_id, CategoryModel.gemeente_id.in_(scope)))


def forget_model(session: Session, *, scope: Collection[int]) -> None:
    """Takes the weights away, to make room for new ones."""
    session.execute(sa.delete(CategoryModel).where(CategoryModel.gemeente_id.in_(scope)))


def choosable(session: Session, *, scope: Collection[int]) -> list[Choosable]:
    """The active categories without subs of their own: what a melder can choose."""
    main, sub = aliased(Category), aliased(Category)
    has_subs = sa.exists().where(sub.parent_id == Category.id, sub.active)
    query = (
        sa.select(Category.slug, Category.name, sa.func.coalesce(main.slug, ""), sa.func.coalesce(main.name, ""))
        .outerjoin(main, main.id == Category.parent_id)
        .where(Category.gemeente_id.in_(scope), Category.active, ~has_subs)
        .order_by(Category.position, Category.id)
    )
    return [Choosable(*row) for row in session.execute(query)]


def past_cases(session: Session, *, limit: int, scope: Collection[int]) -> Sequence[PastCase]:
    """The latest meldingen with the category people ended with, newest first.

    That is the category of the opdracht once it is closed, or as soon as it is another than the melder chose. Left out:
    meldingen of several opdrachten (which words are about which?), those withdrawn, referred, erased or limited, those
    whose melder objects, and "Ander probleem", where nobody said what it is.
    """
    other = aliased(Link)
    alone = ~sa.exists().where(other.melding_id == Link.melding_id, other.id != Link.id, other.until_at.is_(None))
    settled = sa.or_(Opdracht.status == GEREED, Opdracht.category_id != Melding.category_id)
    writer = sa.func.coalesce(
        sa.func.nullif(sa.func.lower(Contact.email), ""),
        sa.func.nullif(Contact.phone, ""),
        sa.cast(Melding.id, sa.Text),
    )
    query = (
        sa.select(Melding.description, Category.slug, writer, Opdracht.id)
        .join(Link, sa.and_(Link.melding_id == Melding.id, Link.until_at.is_(None)))
        .join(Opdracht, Opdracht.id == Link.opdracht_id)
        .join(Category, Category.id == Opdracht.category_id)
        .outerjoin(Contact, Contact.melding_id == Melding.id)
        .where(
            Melding.gemeente_id.in_(scope),
            Melding.description != "",
            Melding.abuse == "",
            Melding.withdrawn_at.is_(None),
            Melding.erased_at.is_(None),
            Melding.referred_to == "",
            Melding.frozen_reason != "bezwaar",
            Melding.desk != "bezwaar",
            sa.literal(LIMITED) != sa.all_(Melding.flags),
            Category.active,
            Category.slug != OTHER,
            settled,
            alone,
        )
        .order_by(Melding.id.desc())
        .limit(limit)
    )
    return [PastCase(*row) for row in session.execute(query)]

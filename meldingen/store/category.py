"""The category tree of a gemeente, seeded from defaults/ by slug and owned by the database afterwards."""

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, aliased, mapped_column

from ..db import Base, by_driver
from ..domain.privacy import NEVER_PUBLIC, NEVER_PUBLIC_MAIN
from .table import OfGemeente, Ref, one_of, own, refers, row_by_id

URGENCIES = ("laag", "normaal", "hoog", "spoed")
OTHER = "ander-probleem"
"""The category whose term counts while nobody chose one (KLANTREIS Terms)."""


class Category(OfGemeente, Base):
    """A main category (parent_id empty) or a sub. phrase: as in "een melding van {phrase}".

    hint: what the melder reads after choosing it, such as "Raak niets aan. Bel ons direct."; may be empty.
    questions: list of {id, label, type, options, required, danger_answer}; questions_version rises with each change.
    retention: days that differ from domain/retention.py, such as {"contact": 60, "melding": 1826}.
    synonyms, examples: everyday words and sentences for it, from which it is proposed.
    beforehand: what to read before reporting, {text, link, link_words, phone, stops}; stops: we take no melding of it.
    join_radius_m and join_days: when set, a new melding joins an open opdracht of this category by itself.
    """

    __tablename__ = "category"

    slug: Mapped[str] = mapped_column(sa.Text)
    parent_id: Mapped[Ref | None]
    name: Mapped[str] = mapped_column(sa.Text)
    hint: Mapped[str] = mapped_column(sa.Text, server_default="")
    phrase: Mapped[str] = mapped_column(sa.Text, server_default="")
    term_days: Mapped[int]
    team_kind: Mapped[str] = mapped_column(sa.Text)
    urgency: Mapped[str] = mapped_column(sa.Text)
    public: Mapped[bool]
    questions: Mapped[list[dict[str, Any]]] = mapped_column(JSONB, server_default=sa.text("'[]'::jsonb"))
    questions_version: Mapped[int] = mapped_column(server_default="1")
    join_radius_m: Mapped[int | None]
    join_days: Mapped[int | None]
    retention: Mapped[dict[str, int]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))
    position: Mapped[int] = mapped_column(server_default="0")
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    synonyms: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{}")
    examples: Mapped[list[str]] = mapped_column(sa.ARRAY(sa.Text), server_default="{}")
    beforehand: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))

    __table_args__ = own(
        sa.UniqueConstraint("gemeente_id", "slug"),
        refers("parent_id", "category"),
        one_of("urgency", URGENCIES),
        sa.CheckConstraint("term_days BETWEEN 1 AND 260", name="term_days"),
    )


def category_by_slug(session: Session, slug: str, *, scope: Collection[int]) -> Category | None:
    """An active category in scope by slug."""
    return session.scalar(
        sa.select(Category).where(Category.slug == slug, Category.active, Category.gemeente_id.in_(scope))
    )


def category_by_id(session: Session, category_id: int, *, scope: Collection[int]) -> Category | None:
    """A category in scope by id, active or not: old meldingen keep theirs."""
    return row_by_id(session, Category, category_id, scope=scope)


def categories_by_ids(session: Session, ids: Collection[int], *, scope: Collection[int]) -> dict[int, Category]:
    """These categories by id, as far as they are in scope."""
    found = session.scalars(sa.select(Category).where(Category.id.in_(ids), Category.gemeente_id.in_(scope)))
    return {one.id: one for one in found}


def categories_of(session: Session, *, scope: Collection[int]) -> Sequence[Category]:
    """The active categories in scope: main categories and subs, in the gemeente's own order."""
    query = sa.select(Category).where(Category.gemeente_id.in_(scope), Category.active)
    return session.scalars(query.order_by(Category.gemeente_id, Category.position, Category.id)).all()


class CategoryName(NamedTuple):
    """A category as a list of choices names it."""

    id: int
    parent_id: int | None
    slug: str
    name: str


_NAMES = """
SELECT id, parent_id, slug, name FROM category
WHERE gemeente_id = ANY(%(scope)s::bigint[]) AND active ORDER BY gemeente_id, position, id
"""


def category_names(session: Session, *, scope: Collection[int]) -> list[CategoryName]:
    """As `categories_of`, by name only: the questions of each, and how to hear it in words, are the most of it."""
    session.flush()
    return [CategoryName._make(row) for row in by_driver(session, _NAMES, {"scope": list(scope)})]


def all_categories_of(session: Session, *, scope: Collection[int]) -> Sequence[Category]:
    """Every category in scope, also those no longer offered: old work keeps its term."""
    return session.scalars(sa.select(Category).where(Category.gemeente_id.in_(scope))).all()


def main_of(session: Session, category: Category, *, scope: Collection[int]) -> Category:
    """The main category this one belongs to; itself when it is one."""
    if category.parent_id is None:
        return category
    main = row_by_id(session, Category, category.parent_id, scope=scope)
    assert main is not None, "a foreign key holds the main category"
    return main


def other_category(session: Session, *, scope: Collection[int]) -> Category:
    """The category "Ander probleem" of one gemeente: its term and team hold while nobody chose another."""
    return session.scalars(sa.select(Category).where(Category.slug == OTHER, Category.gemeente_id.in_(scope))).one()


def public_to_all(of: type[Category] = Category, main: type[Category] | None = None) -> sa.ColumnElement[bool]:
    """`domain.privacy.is_public_category` as a condition on a (possibly aliased) Category in a query.

    main: its main category, when the query has that beside it (outer join).
    """
    if main is not None:
        of_persons: sa.ColumnElement[bool] = sa.func.coalesce(main.slug, "").in_(NEVER_PUBLIC_MAIN)
    else:
        main = aliased(Category)
        of_persons = sa.exists().where(main.id == of.parent_id, main.slug.in_(NEVER_PUBLIC_MAIN))
    return sa.and_(of.public, of.slug.not_in(NEVER_PUBLIC | NEVER_PUBLIC_MAIN), ~of_persons)

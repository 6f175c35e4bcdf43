"""Teams, external parties and the routing rules of a gemeente."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .table import OfGemeente, Ref, one_of, own, refers, row_by_id

KINDS = (
    "serviceteam", "groen", "afval", "verlichting", "riolering", "handhaving", "verkeer", "water", "spelen",
    "plaagdieren", "piket", "kcc", "partij",
)  # fmt: skip
PARTY = "partij"
AT_ONCE, PER_DAY = "meteen", "per_dag"


class Team(OfGemeente, Base):
    """Who carries out opdrachten. kind PARTY: an external party, which never sees contact data.

    news: whether a party hears of each opdracht at once (`meteen`) or of all in one mail a day (`per_dag`).
    link_generation: +1 revokes every signed link this party holds.
    """

    __tablename__ = "team"

    slug: Mapped[str] = mapped_column(sa.Text)
    name: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    email: Mapped[str] = mapped_column(sa.Text, server_default="")
    phone: Mapped[str] = mapped_column(sa.Text, server_default="")
    vangnet: Mapped[bool] = mapped_column(server_default=sa.false())
    news: Mapped[str] = mapped_column(sa.Text, server_default=AT_ONCE)
    link_generation: Mapped[int] = mapped_column(server_default="1")
    active: Mapped[bool] = mapped_column(server_default=sa.true())

    __table_args__ = own(
        sa.UniqueConstraint("gemeente_id", "slug"),
        sa.Index("uq_team_vangnet", "gemeente_id", unique=True, postgresql_where=sa.text("vangnet")),
        one_of("kind", KINDS),
        one_of("news", (AT_ONCE, PER_DAY)),
    )

    @property
    def is_partner(self) -> bool:
        """An external party."""
        return self.kind == PARTY


class RoutingRule(OfGemeente, Base):
    """category or main category × area × moment → team. Empty conditions match everything."""

    __tablename__ = "routing_rule"

    team_id: Mapped[Ref]
    category_id: Mapped[Ref | None]
    area_code: Mapped[str | None] = mapped_column(sa.Text)
    moment: Mapped[str | None] = mapped_column(sa.Text)
    danger: Mapped[bool | None]
    position: Mapped[int] = mapped_column(server_default="100")
    active: Mapped[bool] = mapped_column(server_default=sa.true())

    __table_args__ = own(
        refers("team_id", "team"),
        refers("category_id", "category"),
        one_of("moment", ("kantooruren", "piket")),
    )


def teams_of(session: Session, *, scope: Collection[int]) -> Sequence[Team]:
    """The active teams in scope, by name."""
    return session.scalars(sa.select(Team).where(Team.gemeente_id.in_(scope), Team.active).order_by(Team.name)).all()


def every_team(session: Session, *, scope: Collection[int]) -> Sequence[Team]:
    """Every team in scope by name, also those that no longer work: history names them."""
    return session.scalars(sa.select(Team).where(Team.gemeente_id.in_(scope)).order_by(Team.name)).all()


def team_by_id(session: Session, team_id: int, *, scope: Collection[int]) -> Team | None:
    """One team in scope."""
    return row_by_id(session, Team, team_id, scope=scope)


def team_by_slug(session: Session, slug: str, *, scope: Collection[int]) -> Team | None:
    """One active team in scope by slug."""
    return session.scalar(sa.select(Team).where(Team.slug == slug, Team.active, Team.gemeente_id.in_(scope)))


def vangnet_team(session: Session, *, scope: Collection[int]) -> Team:
    """The team that takes what nobody else takes; every served gemeente has exactly one."""
    return session.scalars(sa.select(Team).where(Team.gemeente_id.in_(scope), Team.vangnet)).one()


def assign_area(session: Session, area_code: str, team: Team) -> None:
    """Gives a team what no rule about a category takes in an area; an area has one such rule."""
    rule = session.scalar(
        sa.select(RoutingRule).where(
            RoutingRule.gemeente_id == team.gemeente_id,
            RoutingRule.area_code == area_code,
            RoutingRule.category_id.is_(None),
            RoutingRule.moment.is_(None),
            RoutingRule.danger.is_(None),
        )
    )
    if rule is None:
        session.add(RoutingRule(gemeente_id=team.gemeente_id, area_code=area_code, team_id=team.id))
    else:
        rule.team_id, rule.active = team.id, True


def rule_rows(session: Session, *, scope: Collection[int]) -> Sequence[RoutingRule]:
    """The active rules of the gemeenten in scope, in the order in which equals are tried."""
    query = sa.select(RoutingRule).where(RoutingRule.gemeente_id.in_(scope), RoutingRule.active)
    return session.scalars(query.order_by(RoutingRule.gemeente_id, RoutingRule.position, RoutingRule.id)).all()


def rule_by_id(session: Session, rule_id: int, *, scope: Collection[int]) -> RoutingRule | None:
    """One active rule in scope."""
    query = sa.select(RoutingRule).where(
        RoutingRule.id == rule_id, RoutingRule.gemeente_id.in_(scope), RoutingRule.active
    )
    return session.scalar(query)

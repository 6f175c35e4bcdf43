"""What a gemeente has set up that says whose work is whose: its rules, teams, office hours and wijken.

Read whole, for several gemeenten in two statements, so that routing a lot asks no more than routing one melding. Not
for choosing between the rules: domain/routing.py.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.routing import Rule
from .area import Area
from .category import Category
from .gemeente import ClosingDay, Gemeente
from .team import RoutingRule, Team


@dataclass(frozen=True)
class Town:
    """One gemeente. rules: the active ones, the vangnet rule (id 0, no conditions) last. partners: the ids of its
    external parties. office_hours: as domain/deadlines.py reads them, or None for the usual ones."""

    rules: Sequence[Rule]
    vangnet_id: int
    partners: frozenset[int]
    office_hours: Mapping[str, Any] | None
    closing_days: frozenset[date]
    has_wijken: bool


_SCOPE: sa.BindParameter[Any] = sa.bindparam("scope", expanding=True)
_TEAMS = sa.select(Team).where(Team.gemeente_id == Gemeente.id)
_TOWNS = sa.select(
    Gemeente.id,
    Gemeente.policy["office_hours"].label("office_hours"),
    sa.select(sa.func.array_agg(ClosingDay.day))
    .where(ClosingDay.gemeente_id == Gemeente.id)
    .scalar_subquery()
    .label("closing"),
    sa.exists().where(Area.gemeente_id == Gemeente.id, Area.active, Area.kind == "wijk").label("has_wijken"),
    _TEAMS.where(Team.vangnet).with_only_columns(Team.id).scalar_subquery().label("vangnet_id"),
    _TEAMS.where(Team.kind == "partij")
    .with_only_columns(sa.func.array_agg(Team.id))
    .scalar_subquery()
    .label("partners"),
).where(Gemeente.id.in_(_SCOPE))
_RULES = (
    sa.select(
        RoutingRule.gemeente_id,
        RoutingRule.id,
        RoutingRule.team_id,
        Category.slug,
        RoutingRule.area_code,
        RoutingRule.moment,
        RoutingRule.danger,
        RoutingRule.position,
    )
    .join(Team, sa.and_(Team.id == RoutingRule.team_id, Team.active))
    .outerjoin(Category, Category.id == RoutingRule.category_id)
    .where(RoutingRule.gemeente_id.in_(_SCOPE), RoutingRule.active)
    .order_by(RoutingRule.position, RoutingRule.id)
)


def towns_of(session: Session, *, scope: Collection[int]) -> dict[int, Town]:
    """The gemeenten in scope by id; every served gemeente has exactly one vangnet team."""
    rules: dict[int, list[Rule]] = {gemeente_id: [] for gemeente_id in scope}
    asked = {"scope": sorted(scope)}
    connection = session.connection()
    for row in connection.execute(_RULES, asked):
        facts = (row.id, row.team_id, row.slug, row.area_code, row.moment, row.danger, row.position)
        rules[row.gemeente_id].append(Rule(*facts))
    return {
        row.id: Town(
            rules=[*rules[row.id], Rule(id=0, team_id=row.vangnet_id, position=10**6)],
            vangnet_id=row.vangnet_id,
            partners=frozenset(row.partners or ()),
            office_hours=row.office_hours,
            closing_days=frozenset(row.closing or ()),
            has_wijken=row.has_wijken,
        )
        for row in connection.execute(_TOWNS, asked)
    }

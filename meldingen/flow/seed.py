"""Gives a served gemeente what it needs to work: teams, categories, routing rules, hours and closing days.

Everything goes by slug: what is there already is left as beheer made it, what is missing is added. The demo gemeente
with its meldingen is demo.py.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.actor import Actor
from ..domain.beforehand import Beforehand
from ..domain.deadlines import local_day
from ..domain.errors import Forbidden
from ..store import journal
from ..store.category import Category, all_categories_of
from ..store.gemeente import ClosingDay, Gemeente, closing_days
from ..store.team import RoutingRule, Team, teams_of
from .library import category_words, read_defaults

CLOSING_YEARS = 3
"""This year and the next two: far enough for every term."""


def seed_gemeente(
    session: Session,
    gemeente: Gemeente,
    *,
    teams: Sequence[Mapping[str, Any]] | None = None,
    actor: Actor,
    now: datetime,
) -> dict[str, int]:
    """Adds what is missing of the defaults and returns how many of each: `teams`, `categorieen`, `regels`, `dagen`.

    teams: {slug, name, kind, area, email, phone}; area: code of the teamgebied it works in. None: one team of each
    kind, when the gemeente has none. Rules are added only when there are none about a category yet. Raises Forbidden
    for anyone but the system itself.
    """
    if actor.kind != "systeem":
        raise Forbidden("geen_recht", "Een gemeente vullen kan alleen met het commando 'meldingen seed'.")
    routing = read_defaults("routing.toml")
    gemeente.policy = {"office_hours": routing["office_hours"], "spoed": routing["spoed"], **gemeente.policy}
    made = {
        "teams": _add_teams(session, gemeente, teams, routing),
        "categorieen": _add_categories(session, gemeente),
        "regels": _add_rules(session, gemeente, teams or (), routing),
        "dagen": _add_closing_days(session, gemeente, routing["closing"], local_day(now).year),
    }
    if any(made.values()):
        journal.record(session, "gemeente_gevuld", gemeente_id=gemeente.id, actor=actor, now=now, facts=made)
    return made


def _add_teams(
    session: Session, gemeente: Gemeente, wanted: Sequence[Mapping[str, Any]] | None, routing: Mapping[str, Any]
) -> int:
    known = {team.slug for team in session.scalars(sa.select(Team).where(Team.gemeente_id == gemeente.id))}
    if wanted is None:
        wanted = () if known else routing["team"]
    has_vangnet = bool(session.scalar(sa.select(Team.id).where(Team.gemeente_id == gemeente.id, Team.vangnet)))
    added = 0
    for team in wanted:
        if team["slug"] in known:
            continue
        is_vangnet = not has_vangnet and team["kind"] == routing["vangnet"]
        has_vangnet = has_vangnet or is_vangnet
        session.add(
            Team(
                gemeente_id=gemeente.id,
                slug=team["slug"],
                name=team["name"],
                kind=team["kind"],
                email=team.get("email", ""),
                phone=team.get("phone", ""),
                vangnet=is_vangnet,
            )
        )
        added += 1
    session.flush()
    return added


def _add_categories(session: Session, gemeente: Gemeente) -> int:
    known = {category.slug: category for category in all_categories_of(session, scope={gemeente.id})}
    added = 0
    for position, main in enumerate(read_defaults("categories.toml")["main"], start=1):
        if main["slug"] not in known:
            known[main["slug"]] = _add_category(session, gemeente, main, None, position * 100)
            added += 1
        for order, sub in enumerate(main["sub"], start=1):
            if sub["slug"] not in known:
                _add_category(session, gemeente, sub, known[main["slug"]], position * 100 + order)
                added += 1
    session.flush()
    return added


def _add_category(
    session: Session, gemeente: Gemeente, facts: Mapping[str, Any], parent: Category | None, position: int
) -> Category:
    synonyms, examples = category_words()[facts["slug"]]
    made = Category(
        gemeente_id=gemeente.id,
        slug=facts["slug"],
        synonyms=list(synonyms),
        examples=list(examples),
        parent_id=parent.id if parent else None,
        name=facts["name"],
        phrase=facts["phrase"],
        hint=facts.get("hint", ""),
        term_days=facts["term_days"],
        team_kind=facts["team_kind"],
        urgency=facts["urgency"],
        public=facts["public"],
        questions=facts.get("questions", []),
        beforehand=Beforehand(**facts.get("beforehand", {})).kept(),
        join_radius_m=facts.get("join_radius_m"),
        join_days=facts.get("join_days"),
        position=position,
    )
    session.add(made)
    if parent is None:
        session.flush()  # its subs refer to the id
    return made


def _add_rules(
    session: Session, gemeente: Gemeente, wanted: Sequence[Mapping[str, Any]], routing: Mapping[str, Any]
) -> int:
    """One rule per team of the kind: for its own area when it has one, else for the whole gemeente."""
    about_category = sa.select(RoutingRule.id).where(
        RoutingRule.gemeente_id == gemeente.id, RoutingRule.category_id.is_not(None)
    )
    if session.scalar(about_category.limit(1)) is not None:
        return 0
    areas = {team["slug"]: team.get("area") for team in wanted}
    teams = teams_of(session, scope={gemeente.id})
    categories = {category.slug: category.id for category in all_categories_of(session, scope={gemeente.id})}
    made = [
        RoutingRule(
            gemeente_id=gemeente.id,
            team_id=team.id,
            category_id=categories[rule["category"]] if "category" in rule else None,
            area_code=areas.get(team.slug),
            moment=rule.get("moment"),
            danger=rule.get("danger"),
            position=position,
        )
        for position, rule in enumerate(routing["rule"], start=1)
        for team in teams
        if team.kind == rule["team_kind"]
    ]
    session.add_all(made)
    session.flush()
    return len(made)


def _add_closing_days(session: Session, gemeente: Gemeente, closing: Mapping[str, Any], first_year: int) -> int:
    years = range(first_year, first_year + CLOSING_YEARS)
    wanted = {
        date.fromisoformat(f"{year}-{yearly['day']}"): yearly["reason"]
        for year in years
        for yearly in closing["every_year"]
    }
    wanted |= {date.fromisoformat(once["day"]): once["reason"] for once in closing["once"]}
    missing = sorted(wanted.keys() - closing_days(session, scope={gemeente.id}))
    session.add_all(ClosingDay(gemeente_id=gemeente.id, day=day, name=wanted[day]) for day in missing)
    session.flush()
    return len(missing)

"""Changing the routing rules of a gemeente, with effect at once; each change is in the journal.

Not for choosing a team: domain/routing.py does that. Opdrachten that were routed keep their rule and reason.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, Actor
from ..domain.errors import FieldError, InvalidInput, NotFound
from ..store import area, category, journal, team
from ..store.team import RoutingRule


@dataclass(frozen=True)
class NewRule:
    """One rule as beheer writes it; None matches everything. position: lower goes first among equals."""

    team_slug: str
    category_slug: str | None = None
    area_code: str | None = None
    moment: str | None = None
    danger: bool | None = None
    position: int = 100


def add_rule(session: Session, gemeente_id: int, new: NewRule, *, actor: Actor, now: datetime) -> RoutingRule:
    """A new rule. Raises Forbidden without the role beheer, InvalidInput with every unknown name at once."""
    actor.require_role(gemeente_id, BEHEER)
    rule = RoutingRule(gemeente_id=gemeente_id, active=True, **_facts(session, gemeente_id, new))
    session.add(rule)
    session.flush()
    _record(session, "regel_gemaakt", rule, actor=actor, now=now)
    return rule


def change_rule(session: Session, rule_id: int, new: NewRule, *, actor: Actor, now: datetime) -> RoutingRule:
    """Replaces what a rule says. Raises NotFound for one that is not there or not of the actor's gemeenten."""
    rule = _rule(session, rule_id, actor)
    for name, value in _facts(session, rule.gemeente_id, new).items():
        setattr(rule, name, value)
    session.flush()
    _record(session, "regel_gewijzigd", rule, actor=actor, now=now)
    return rule


def give_rule(session: Session, rule_id: int, team_slug: str, *, actor: Actor, now: datetime) -> RoutingRule:
    """Gives what a rule catches to another team; its conditions stay. Raises NotFound, InvalidInput."""
    rule = _rule(session, rule_id, actor)
    to = team.team_by_slug(session, team_slug, scope=[rule.gemeente_id])
    if to is None:
        raise InvalidInput.of("team", "onbekend", "Dit team kennen wij niet.")
    if to.id != rule.team_id:
        rule.team_id = to.id
        session.flush()
        _record(session, "regel_gewijzigd", rule, actor=actor, now=now)
    return rule


def remove_rule(session: Session, rule_id: int, *, actor: Actor, now: datetime) -> None:
    """Puts a rule out of use; its row stays, for the opdrachten that name it."""
    rule = _rule(session, rule_id, actor)
    rule.active = False
    session.flush()
    _record(session, "regel_vervallen", rule, actor=actor, now=now)


def _rule(session: Session, rule_id: int, actor: Actor) -> RoutingRule:
    rule = team.rule_by_id(session, rule_id, scope=actor.gemeenten_with(BEHEER))
    if rule is None:
        raise NotFound("regel_onbekend", "Deze routeringsregel kunnen wij niet vinden.")
    return rule


def _facts(session: Session, gemeente_id: int, new: NewRule) -> dict[str, Any]:
    scope = [gemeente_id]
    wrong: list[FieldError] = []
    to = team.team_by_slug(session, new.team_slug, scope=scope)
    if to is None:
        wrong.append(FieldError("team", "onbekend", "Dit team kennen wij niet."))
    chosen = category.category_by_slug(session, new.category_slug, scope=scope) if new.category_slug else None
    if new.category_slug and chosen is None:
        wrong.append(FieldError("categorie", "onbekend", "Deze categorie kennen wij niet."))
    if new.area_code and new.area_code not in {row.code for row in area.areas_of(session, scope=scope)}:
        wrong.append(FieldError("gebied", "onbekend", "Dit gebied kennen wij niet."))
    if wrong or to is None:
        raise InvalidInput.gather(wrong)
    return {
        "team_id": to.id,
        "category_id": chosen.id if chosen else None,
        "area_code": new.area_code or None,
        "moment": new.moment,
        "danger": new.danger,
        "position": new.position,
    }


def _record(session: Session, kind: str, rule: RoutingRule, *, actor: Actor, now: datetime) -> None:
    facts = {
        "rule_id": rule.id,
        "team_id": rule.team_id,
        "category_id": rule.category_id,
        "area_code": rule.area_code,
        "moment": rule.moment,
        "danger": rule.danger,
        "position": rule.position,
    }
    journal.record(session, kind, gemeente_id=rule.gemeente_id, actor=actor, now=now, facts=facts)

"""Which team gets the work, and why, in one sentence a team can read. The rules are kept by store/team.py.

Specific goes before general: category before main category before any, teamgebied before buurt before wijk
before any, a moment before any. A rule about danger goes before all rules that are silent on it, since spoed
is the piket's or the team's whatever the category (KLANTREIS step 4). The vangnet rule, without conditions,
is last.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

Moment = Literal["kantooruren", "piket"]

AREA_KINDS: Final = ("teamgebied", "buurt", "wijk")
"""From specific to general; other kinds of area (water) say nothing about a team."""

_AREA_WORDS: Final = {"teamgebied": "het teamgebied", "buurt": "de buurt", "wijk": "de wijk"}
VANGNET_REASON: Final = "Geen andere regel past, daarom komt dit bij het vangnetteam."


@dataclass(frozen=True)
class Rule:
    """One routing rule of a gemeente. A condition None matches everything. position: lower goes first."""

    id: int
    team_id: int
    category_slug: str | None = None
    area_code: str | None = None
    moment: str | None = None
    danger: bool | None = None
    position: int = 100

    @property
    def is_vangnet(self) -> bool:
        """Whether it matches everything."""
        return (self.category_slug, self.area_code, self.moment, self.danger) == (None, None, None, None)


@dataclass(frozen=True)
class Area:
    """An area at the place of the melding. kind: one of AREA_KINDS; others are passed over."""

    code: str
    kind: str
    name: str = ""


@dataclass(frozen=True)
class Facts:
    """What a choice depends on. areas: all that cover the point. moment: office hours or not, at receipt.

    danger: ticked by the melder or confirmed, or a category of spoed. Names are for the reason only.
    """

    category_slug: str | None
    main_category_slug: str | None = None
    areas: tuple[Area, ...] = ()
    moment: Moment = "kantooruren"
    danger: bool = False
    category_name: str = ""
    main_category_name: str = ""


@dataclass(frozen=True)
class Routing:
    """The team, the rule that chose it and the readable reason; all three are stored with the opdracht."""

    team_id: int
    rule_id: int
    reason: str


class NoVangnet(LookupError):
    """A gemeente without a rule that always matches: a broken set-up, never a matter of input."""


def choose_team(rules: Sequence[Rule], facts: Facts) -> Routing:
    """The team of the most specific rule that fits; ties go by position, then by area code, then by id.

    Two wijken that share a border thus always give the same team, in whatever order they were imported.
    Raises NoVangnet when nothing fits, which the vangnet rule at the end prevents.
    """
    fitting = [rule for rule in rules if _fits(rule, facts)]
    if not fitting:
        raise NoVangnet("no routing rule fits and there is no vangnet rule")
    rule = min(fitting, key=lambda one: _rank(one, facts))
    return Routing(rule.team_id, rule.id, _reason(rule, facts))


def _fits(rule: Rule, facts: Facts) -> bool:
    return (
        rule.category_slug in (None, facts.category_slug, facts.main_category_slug)
        and (rule.area_code is None or _area(rule, facts) is not None)
        and rule.moment in (None, facts.moment)
        and rule.danger in (None, facts.danger)
    )


def _rank(rule: Rule, facts: Facts) -> tuple[bool, int, int, bool, bool, int, str, int]:
    """Lower is more specific."""
    category = 2 if rule.category_slug is None else int(rule.category_slug != facts.category_slug)
    area = _area(rule, facts)
    area_rank = len(AREA_KINDS) if area is None else AREA_KINDS.index(area.kind)
    return (
        rule.danger is not True,
        category,
        area_rank,
        rule.moment is None,
        rule.danger is None,
        rule.position,
        rule.area_code or "",
        rule.id,
    )


def _area(rule: Rule, facts: Facts) -> Area | None:
    """The area at the place that the rule names; the most specific kind when a code is used twice."""
    named = [area for area in facts.areas if area.code == rule.area_code and area.kind in AREA_KINDS]
    return min(named, key=lambda area: AREA_KINDS.index(area.kind), default=None)


def _reason(rule: Rule, facts: Facts) -> str:
    if rule.is_vangnet:
        return VANGNET_REASON
    because = []
    if rule.danger is not None:
        because.append("er gevaar is" if rule.danger else "er geen gevaar is")
    if rule.category_slug is not None:
        if rule.category_slug == facts.category_slug:
            because.append(f"de categorie '{facts.category_name or facts.category_slug}' is")
        else:
            because.append(f"de hoofdcategorie '{facts.main_category_name or facts.main_category_slug}' is")
    area = _area(rule, facts)
    if area is not None:
        because.append(f"de plaats in {_AREA_WORDS[area.kind]} {area.name or area.code} ligt")
    if rule.moment is not None:
        during = "tijdens" if rule.moment == "kantooruren" else "buiten"
        because.append(f"de melding {during} kantooruren kwam")
    *first, last = because
    return f"Gekozen omdat {', '.join(first)} en {last}." if first else f"Gekozen omdat {last}."

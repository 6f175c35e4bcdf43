"""Which opdrachten a list wants: the filter of a page or an app, and the coordinator's lists, as conditions of a query.

The queries themselves: worklists.py.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from ..domain.danger import SUSPECTED
from ..domain.deadlines import AMSTERDAM
from ..domain.workflow import INGEPLAND, OPEN
from .category import Category
from .gemeente import Gemeente
from .journal import Event
from .melding import Melding
from .opdracht import Link, Opdracht
from .team import Team

LISTS = (
    "vangnet",
    "te_laat",
    "termijn_in_gevaar",
    "heropend",
    "grensgeval",
    "niet_bereikbaar",
    "intrekking_gevraagd",
    "gevaar",
    "gevaar_vermoed",
    "partij_te_laat",
)
"""The coordinator's lists: empty at the end of a good day."""


LINKED_NOW = sa.and_(Link.opdracht_id == Opdracht.id, Link.gemeente_id == Opdracht.gemeente_id, Link.until_at.is_(None))
"""A link that holds now, of the opdracht of the query."""

IS_OPEN = Opdracht.status.in_([sa.literal_column(f"'{status}'") for status in OPEN])
"""Work that is not done. Written out as in the indexes that hold only such: with its words as values PostgreSQL could
keep no plan that goes by them, and would plan each look anew, which takes longer than looking."""


@dataclass(frozen=True)
class WorkFilter:
    """What to leave out; empty leaves out nothing. box: west, south, east, north in WGS 84.

    team_slug, team_ids: one team, or several by id. category_slug: a category, or a main category with its subs.
    late_at: only what was due at that moment. text: every word occurs in address, place note, category or melding.
    on_list: one of LISTS; `te_laat` needs late_at. order: `termijn` (soonest due first), `prioriteit` (most pressing
    first) or `ontvangst` (oldest first); `afgehandeld` (last closed first) with closed statuses only.
    """

    team_slug: str | None = None
    team_ids: Collection[int] | None = None
    gemeente_slug: str | None = None
    statuses: Collection[str] = OPEN
    category_slug: str | None = None
    area_code: str | None = None
    danger: bool | None = None
    late_at: datetime | None = None
    text: str = ""
    on_list: str | None = None
    box: tuple[float, float, float, float] | None = None
    order: str = "termijn"


def narrowed(query: sa.Select[Any], wanted: WorkFilter) -> sa.Select[Any]:
    """The query with only what fits the filter."""
    if wanted.on_list is not None:
        query = query.where(on_list(wanted.on_list, wanted.late_at))
    else:
        query = query.where(IS_OPEN if wanted.statuses == OPEN else Opdracht.status.in_(wanted.statuses))
        if wanted.late_at is not None:
            query = query.where(Opdracht.due_at <= wanted.late_at)
    if wanted.order == "afgehandeld":
        query = query.where(Opdracht.closed_at.is_not(None))  # so that ix_opdracht_closed gives them in order
    if wanted.team_slug is not None:
        query = query.where(Team.slug == wanted.team_slug)
    if wanted.team_ids is not None:
        query = query.where(Opdracht.team_id.in_(wanted.team_ids))
    if wanted.gemeente_slug is not None:
        query = query.where(Gemeente.slug == wanted.gemeente_slug)
    if wanted.category_slug is not None:
        main = aliased(Category)
        of_main = sa.select(main.id).where(main.slug == wanted.category_slug, main.gemeente_id == Category.gemeente_id)
        query = query.where(sa.or_(Category.slug == wanted.category_slug, Category.parent_id.in_(of_main)))
    if wanted.area_code is not None:
        query = query.where(sa.or_(Opdracht.wijk_code == wanted.area_code, Opdracht.buurt_code == wanted.area_code))
    if wanted.danger is not None:
        query = query.where(Opdracht.danger.is_(wanted.danger))
    if wanted.box is not None:
        query = query.where(sa.func.ST_Intersects(Opdracht.location, sa.func.ST_MakeEnvelope(*wanted.box, 4326)))
    for word in wanted.text.split()[:10]:
        query = query.where(_mentions(word))
    return query


def on_list(name: str, now: Any) -> sa.ColumnElement[bool]:
    """Whether an opdracht stands on one of the coordinator's lists. Who cannot be reached stays after closing.

    now: a moment, or the parameter that stands for one; None for a list that asks no time.
    """
    if name == "vangnet":
        of_vangnet = sa.select(Team.id, Team.gemeente_id).where(Team.vangnet)
        return sa.and_(IS_OPEN, sa.tuple_(Opdracht.team_id, Opdracht.gemeente_id).in_(of_vangnet))
    if name == "te_laat":
        assert now is not None, "late is late at a moment"
        return sa.and_(IS_OPEN, Opdracht.due_at <= now)
    if name == "termijn_in_gevaar":
        assert now is not None, "a term runs out towards a moment"
        return sa.and_(IS_OPEN, Opdracht.due_at > now, _asked_for_a_date(), ~_in_hand(now))
    if name == "heropend":
        return sa.and_(IS_OPEN, Opdracht.reopened_from_id.is_not(None), Opdracht.taken_up_at.is_(None))
    if name == "gevaar":
        return sa.and_(IS_OPEN, Opdracht.urgency == "spoed", Opdracht.taken_up_at.is_(None))
    if name == "partij_te_laat":
        assert now is not None, "late is late at a moment"
        return sa.and_(IS_OPEN, Opdracht.party_since_at.is_not(None), Opdracht.party_expected_on < _day_of(now))
    if name == SUSPECTED:
        return sa.and_(IS_OPEN, Opdracht.danger_suspected)
    # With its gemeente, which is that of the query too: so those few are read first, and not all open work.
    flagged = sa.tuple_(Opdracht.id, Opdracht.gemeente_id).in_(
        sa.select(Link.opdracht_id, Link.gemeente_id)
        .join(Melding, sa.and_(Melding.id == Link.melding_id, Melding.gemeente_id == Link.gemeente_id))
        .where(
            Link.until_at.is_(None),
            Melding.withdrawn_at.is_(None),
            sa.func.cardinality(Melding.flags) > sa.literal_column("0"),
            sa.literal(name) == sa.any_(Melding.flags),
        )
    )
    return flagged if name == "niet_bereikbaar" else sa.and_(IS_OPEN, flagged)


def _asked_for_a_date() -> sa.ColumnElement[bool]:
    """At 80 % of the term the clock asked the team for a date (domain/delays.py); a new due moment asks afresh."""
    return Opdracht.warned_due_at >= Opdracht.due_at


def _day_of(at: Any) -> sa.ColumnElement[date]:
    """The day here of a moment."""
    return sa.func.date(sa.func.timezone(AMSTERDAM.key, at))


def _in_hand(now: Any) -> sa.ColumnElement[bool]:
    """The team answered: it said "wij halen het" for this date, or planned the work for today or later."""
    last_day = _day_of(Opdracht.due_at - timedelta(microseconds=1))
    kept = (
        sa.select(Event.id)
        .where(
            Event.opdracht_id == Opdracht.id,
            Event.gemeente_id == Opdracht.gemeente_id,
            Event.kind == "op_tijd",
            Event.facts["due_on"].astext == sa.cast(last_day, sa.Text),
        )
        .correlate(Opdracht)
    )
    planned = sa.and_(Opdracht.status == INGEPLAND, Opdracht.planned_on >= _day_of(now))
    return sa.or_(planned, kept.exists())


def _holds(column: Any, word: str) -> sa.ColumnElement[bool]:
    found: sa.ColumnElement[bool] = column.icontains(word, autoescape=True)
    return found


def _mentions(word: str) -> sa.ColumnElement[bool]:
    told = (
        sa.select(Link.id)
        .join(Melding, Melding.id == Link.melding_id)
        .where(LINKED_NOW, sa.or_(_holds(Melding.description, word), Melding.number == word))
        .correlate(Opdracht)
        .exists()
    )
    return sa.or_(
        _holds(Opdracht.address, word),
        _holds(Opdracht.location_note, word),
        _holds(Category.name, word),
        told,
    )

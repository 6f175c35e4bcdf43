"""The counts of /cijfers, per month and per category, wijk, team and kanaal. Each source is one query, however much
there is. Names and which small counts are hidden: flow/cijfers.py. How melders were told: reports_notices.py.

Every count hangs on a moment that does not move (an ending, a receipt, a due date, an answer), never on what a melding
is now, so a past month gives the same answer again.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from ..domain.cijfers import ASKED_AFTER, Term
from .callback import GESPROKEN, VERVALLEN, Callback
from .category import Category
from .ending import ANONIEM, Ending
from .journal import Tombstone
from .melding import Melding
from .notice import Delivery, Notice
from .verdict import Verdict

LEVELS: Final = ("totaal", "hoofdcategorie", "categorie", "wijk", "team", "kanaal")
"""How the counts of a month are divided; every level but the first adds up to the first."""
DESTROYED: Final = "vernietigd"
"""Wijk and kanaal of a melding that retention destroyed."""
_PARTS: Final = ("month", "main", "category", "wijk", "team", "kanaal")
_SETS: Final = {
    "totaal": (),
    "hoofdcategorie": ("main",),
    "categorie": ("main", "category"),
    "wijk": ("wijk",),
    "team": ("team",),
    "kanaal": ("kanaal",),
}


@dataclass(frozen=True)
class Counted:
    """The counts of one row of one level. month None: of the whole period. key, parent: as the level names them."""

    month: date | None
    level: str
    key: Any
    parent: Any
    counts: dict[str, int]


def count_work(session: Session, term: Term, *, scope: Collection[int]) -> list[Counted]:
    """Every count of these months, of the gemeenten in scope (one, for names that mean something)."""
    sources = (_ended, _reopened, _received, _called, _asked, _answered)
    return [row for source in sources for row in source(session, term, scope)]


def _ended(session: Session, term: Term, scope: Collection[int]) -> Iterator[Counted]:
    """What was closed, and still was at the end of its month; the median and p90 also over all months together."""
    month_end = sa.func.timezone("Europe/Amsterdam", Ending.month + sa.text("interval '1 month'"))
    holds = sa.or_(Ending.reopened_at.is_(None), Ending.reopened_at >= month_end)
    in_term_party = sa.func.coalesce(Ending.in_term_party, Ending.in_term_paused).label("in_term_party")
    facts = (Ending.spoed, Ending.in_term, Ending.in_term_paused, in_term_party, Ending.partner, Ending.party_days)
    source = _of_endings(Ending.month, *facts, Ending.werkdagen, Ending.reach).where(
        Ending.gemeente_id.in_(scope), Ending.month.between(term.first, term.last), holds
    )
    rows = source.subquery()
    days = sa.func.percentile_disc
    measures = {
        "afgehandeld": sa.func.count(),
        "op_tijd": sa.func.count().filter(rows.c.in_term_paused),
        "op_tijd_zonder_pauze": sa.func.count().filter(rows.c.in_term),
        "op_tijd_zonder_partij": sa.func.count().filter(rows.c.in_term_party),
        "dagen_bij_partij": sa.func.percentile_disc(0.5).within_group(rows.c.party_days).filter(rows.c.partner),
        "spoed": sa.func.count().filter(rows.c.spoed),
        "spoed_op_tijd": sa.func.count().filter(rows.c.spoed, rows.c.in_term_paused),
        "doorgezet": sa.func.count().filter(rows.c.partner),
        "anoniem": sa.func.count().filter(rows.c.reach == ANONIEM),
        "mediaan": days(0.5).within_group(rows.c.werkdagen),
        "p90": days(0.9).within_group(rows.c.werkdagen),
    }
    yield from _divide(session, rows, measures, whole=True)


def _reopened(session: Session, term: Term, scope: Collection[int]) -> Iterator[Counted]:
    source = _of_endings(month_of(Ending.reopened_at)).where(
        Ending.gemeente_id.in_(scope), Ending.reopened_at >= term.begins_at, Ending.reopened_at < term.ends_at
    )
    yield from _divide(session, source.subquery(), {"heropend": sa.func.count()})


def _received(session: Session, term: Term, scope: Collection[int]) -> Iterator[Counted]:
    """What came in, with what retention destroyed since; nobody's team yet."""
    live = _of_meldingen(month_of(Melding.received_at), (Melding.referred_to != "").label("referred")).where(
        Melding.gemeente_id.in_(scope), Melding.received_at >= term.begins_at, Melding.received_at < term.ends_at
    )
    gone = (
        sa.select(
            month_of(Tombstone.received_at).label("month"),
            sa.func.coalesce(Category.parent_id, Category.id).label("main"),
            Category.id.label("category"),
            sa.literal(DESTROYED).label("wijk"),
            sa.cast(sa.null(), sa.BigInteger).label("team"),
            sa.literal(DESTROYED).label("kanaal"),
            sa.false().label("referred"),
        )
        .select_from(Tombstone)
        .outerjoin(
            Category, sa.and_(Category.slug == Tombstone.category, Category.gemeente_id == Tombstone.gemeente_id)
        )
        .where(
            Tombstone.gemeente_id.in_(scope),
            Tombstone.received_at >= term.begins_at,
            Tombstone.received_at < term.ends_at,
        )
    )
    rows = sa.union_all(live, gone).subquery()
    measures = {"ontvangen": sa.func.count(), "doorverwezen": sa.func.count().filter(rows.c.referred)}
    yield from _divide(session, rows, measures, but="team")


def _called(session: Session, term: Term, scope: Collection[int]) -> Iterator[Counted]:
    """Promises to phone, in the month in which they had to be kept."""
    due = Callback.due_at
    last_moment = due - sa.text("interval '1 microsecond'")
    in_time = sa.and_(Callback.status == GESPROKEN, Callback.finished_at < due)
    needless = sa.and_(Callback.status == VERVALLEN, Callback.finished_at < due)
    source = (
        _of_meldingen(month_of(last_moment), sa.func.coalesce(in_time, sa.false()).label("in_time"))
        .join(Callback, sa.and_(Callback.melding_id == Melding.id, Callback.gemeente_id == Melding.gemeente_id))
        .where(Callback.gemeente_id.in_(scope), due > term.begins_at, due <= term.ends_at)
        .where(sa.not_(sa.func.coalesce(needless, sa.false())))
    )
    rows = source.subquery()
    measures = {"terugbellen": sa.func.count(), "gebeld_op_tijd": sa.func.count().filter(rows.c.in_time)}
    yield from _divide(session, rows, measures, but="team")


def _asked(session: Session, term: Term, scope: Collection[int]) -> Iterator[Counted]:
    """Who was told an end, and so was asked how it was, in the month in which he was told."""
    earlier = aliased(Delivery)
    told = (
        sa.select(Notice.event_id, Notice.melding_id, sa.func.min(Delivery.sent_at).label("told_at"))
        .join(Delivery, sa.and_(Delivery.notice_id == Notice.id, Delivery.gemeente_id == Notice.gemeente_id))
        .where(
            Notice.gemeente_id.in_(scope),
            Notice.kind.in_(ASKED_AFTER),
            Delivery.sent_at >= term.begins_at,
            Delivery.sent_at < term.ends_at,
            ~sa.exists().where(earlier.notice_id == Notice.id, earlier.sent_at < term.begins_at),
        )
        .group_by(Notice.event_id, Notice.melding_id)
        .subquery()
    )
    source = _of_endings(month_of(told.c.told_at), Ending.kind).join(
        told, sa.and_(told.c.event_id == Ending.event_id, told.c.melding_id == Ending.melding_id)
    )
    rows = source.where(Ending.gemeente_id.in_(scope)).subquery()
    asked = {about: [kind for kind, other in ASKED_AFTER.items() if other == about] for about in ("opgelost", "uitleg")}
    measures = {f"gevraagd_{about}": sa.func.count().filter(rows.c.kind.in_(kinds)) for about, kinds in asked.items()}
    yield from _divide(session, rows, measures)


def _answered(session: Session, term: Term, scope: Collection[int]) -> Iterator[Counted]:
    source = (
        _of_endings(month_of(Verdict.at), Verdict.asked, Verdict.answer)
        .join(
            Verdict,
            sa.and_(
                Verdict.event_id == Ending.event_id,
                Verdict.melding_id == Ending.melding_id,
                Verdict.gemeente_id == Ending.gemeente_id,
            ),
        )
        .where(Ending.gemeente_id.in_(scope), Verdict.at >= term.begins_at, Verdict.at < term.ends_at)
    )
    rows = source.subquery()
    measures = {}
    for about in ("opgelost", "uitleg"):
        measures[f"antwoord_{about}"] = sa.func.count().filter(rows.c.asked == about)
        measures[f"ja_{about}"] = sa.func.count().filter(rows.c.asked == about, rows.c.answer)
    yield from _divide(session, rows, measures)


def month_of(moment: Any) -> sa.ColumnElement[date]:
    """The first day of the month in which this moment falls in Amsterdam."""
    return sa.cast(sa.func.date_trunc("month", sa.func.timezone("Europe/Amsterdam", moment)), sa.Date)


def _channel(table: type[Ending] | type[Melding]) -> sa.ColumnElement[str]:
    named = sa.and_(table.intake_channel == "partner", table.partner_name != "")
    return sa.case((named, "partner: " + table.partner_name), else_=table.intake_channel)


def _of_endings(month: Any, *facts: Any) -> sa.Select[Any]:
    """Endings with what they are divided by."""
    return (
        sa.select(
            sa.type_coerce(month, sa.Date).label("month"),
            sa.func.coalesce(Category.parent_id, Category.id).label("main"),
            Ending.category_id.label("category"),
            Ending.wijk_code.label("wijk"),
            Ending.team_id.label("team"),
            _channel(Ending).label("kanaal"),
            *facts,
        )
        .select_from(Ending)
        .outerjoin(Category, sa.and_(Category.id == Ending.category_id, Category.gemeente_id == Ending.gemeente_id))
    )


def _of_meldingen(month: Any, *facts: Any) -> sa.Select[Any]:
    """Meldingen with what they are divided by, but no team."""
    return (
        sa.select(
            month.label("month"),
            sa.func.coalesce(Category.parent_id, Category.id).label("main"),
            Melding.category_id.label("category"),
            Melding.wijk_code.label("wijk"),
            sa.cast(sa.null(), sa.BigInteger).label("team"),
            _channel(Melding).label("kanaal"),
            *facts,
        )
        .select_from(Melding)
        .outerjoin(Category, sa.and_(Category.id == Melding.category_id, Category.gemeente_id == Melding.gemeente_id))
    )


def _divide(
    session: Session, rows: sa.Subquery, measures: dict[str, Any], *, but: str = "", whole: bool = False
) -> Iterator[Counted]:
    """Counts these rows per month and level in one query. whole: also over all months. but: not at this level."""
    sets = [("month", *parts) for parts in _SETS.values()]
    if whole:
        sets += _SETS.values()
    columns = {part: rows.c[part] for part in _PARTS}
    grouping = sa.func.grouping(*columns.values())
    query = sa.select(*columns.values(), grouping.label("grouping_bits"), *(m.label(c) for c, m in measures.items()))
    query = query.group_by(sa.func.grouping_sets(*(sa.tuple_(*(columns[p] for p in parts)) for parts in sets)))
    level_of = {_bits(parts): level for level, parts in _SETS.items()}
    for row in session.execute(query).mappings():
        per_month = not row["grouping_bits"] & _MONTH_BIT
        level = level_of[row["grouping_bits"] & ~_MONTH_BIT]
        key = row[_SETS[level][-1]] if _SETS[level] else None
        parent = row["main"] if level == "categorie" else None
        counts = {code: row[code] or 0 for code in measures}
        if level != but and any(counts.values()):
            yield Counted(row["month"] if per_month else None, level, key, parent, counts)


_MONTH_BIT: Final = 1 << (len(_PARTS) - 1)


def _bits(parts: Sequence[str]) -> int:
    """PostgreSQL's grouping() of a set with these parts, the bit of the month left out."""
    return sum(
        1 << (len(_PARTS) - 1 - place) for place, part in enumerate(_PARTS) if part not in parts and part != "month"
    )

"""Did the melders hear the end: every end of a melding in exactly one group of domain/terugkoppeling.py, as it is now.

And how fast and by which channel berichten go. The counts of the work itself: reports_work.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.cijfers import Term
from ..domain.delivery import BEZORGD, NIET_BEZORGD, UNFINISHED, VERZONDEN
from ..domain.notices import Channel, NoticeKind
from ..domain.terugkoppeling import PROMISE
from .callback import GESPROKEN, Callback
from .callback import OPEN as CALL_OPEN
from .ending import ANONIEM, GEEN_KANAAL, GEWIST, WIL_GEEN_BERICHT, Ending
from .melding import Melding
from .notice import Delivery, Notice
from .outbox import OutboxEntry, Topic

LAPSED: Final = "vervallen"
"""`Notice.ended` of a bericht that a medewerker gave up."""
UNREACHABLE_FLAG: Final = "niet_bereikbaar"
_SHORT: Final = (Channel.SMS, Channel.PUSH)
_HERE: Final = "Europe/Amsterdam"


@dataclass(frozen=True)
class Heard:
    """One end of a melding and how its melder was told. number "": the melding is destroyed."""

    ending_id: int
    melding_id: int
    number: str
    kind: str
    at: datetime
    notice_id: int | None
    group: str
    told_at: datetime | None
    waits_until: datetime | None


@dataclass(frozen=True)
class Traffic:
    """What one channel did in one month: deliveries made, gone out, failed, and perhaps sent twice."""

    month: date
    channel: str
    made: int
    sent: int
    failed: int
    maybe_double: int


def count_heard(session: Session, term: Term, *, now: datetime, scope: Collection[int]) -> dict[tuple[date, str], int]:
    """How many ends there are per month and group."""
    rows = _classified(term, now, scope).subquery()
    query = sa.select(rows.c.month, rows.c.group, sa.func.count()).group_by(rows.c.month, rows.c.group)
    return {(month, group): count for month, group, count in session.execute(query)}


def list_heard(
    session: Session, month: date, group: str, *, now: datetime, scope: Collection[int], limit: int, offset: int = 0
) -> Sequence[Heard]:
    """The ends of one month in one group, oldest first: the same rows that `count_heard` counts."""
    rows = _classified(Term(month, month), now, scope).subquery()
    query = sa.select(*(rows.c[name] for name in Heard.__dataclass_fields__)).where(rows.c.group == group)
    found = session.execute(query.order_by(rows.c.at, rows.c.ending_id).limit(limit).offset(offset))
    return [Heard(*row) for row in found]


def speed(session: Session, term: Term, *, scope: Collection[int]) -> dict[tuple[date, str], float]:
    """The p95 in seconds, per month, of closing → sent (`einde`) and receipt → sent (`ontvangst`).

    Written berichten only; what was held in quiet hours counts from seven.
    """
    told = _told(Ending.at)
    ends = sa.select(
        Ending.month.label("month"), sa.literal("einde").label("what"), (told.c.sent_at - told.c.since).label("took")
    )
    ends = _with_notice(ends).join(told, sa.true())
    ends = ends.where(Ending.gemeente_id.in_(scope), Ending.month.between(term.first, term.last))
    first = _told(Melding.received_at)
    month = sa.cast(sa.func.date_trunc("month", sa.func.timezone(_HERE, Melding.received_at)), sa.Date)
    receipts = (
        sa.select(month, sa.literal("ontvangst"), first.c.sent_at - first.c.since)
        .select_from(Melding)
        .join(Notice, sa.and_(Notice.melding_id == Melding.id, Notice.gemeente_id == Melding.gemeente_id))
        .join(first, sa.true())
        .where(
            Melding.gemeente_id.in_(scope),
            Melding.received_at >= term.begins_at,
            Melding.received_at < term.ends_at,
            Notice.kind == NoticeKind.ONTVANGST,
        )
    )
    rows = sa.union_all(ends.where(told.c.channel.in_(_WRITTEN)), receipts.where(first.c.channel.in_(_WRITTEN)))
    both = rows.subquery()
    seconds = sa.func.extract("epoch", both.c.took)
    p95 = sa.func.percentile_cont(0.95).within_group(seconds)
    query = sa.select(both.c.month, both.c.what, p95).group_by(both.c.month, both.c.what)
    return {(at, what): max(0.0, float(took)) for at, what, took in session.execute(query)}


def traffic(session: Session, term: Term, *, scope: Collection[int]) -> Sequence[Traffic]:
    """What each channel did per month, by when a delivery was made."""
    month = sa.cast(sa.func.date_trunc("month", sa.func.timezone(_HERE, Delivery.created_at)), sa.Date)
    made = sa.func.count()
    query = (
        sa.select(
            month,
            Delivery.channel,
            made,
            made.filter(Delivery.sent_at.is_not(None)),
            made.filter(Delivery.status == NIET_BEZORGD),
            made.filter(Delivery.maybe_double),
        )
        .where(
            Delivery.gemeente_id.in_(scope),
            Delivery.created_at >= term.begins_at,
            Delivery.created_at < term.ends_at,
        )
        .group_by(month, Delivery.channel)
        .order_by(month, Delivery.channel)
    )
    return [Traffic(*row) for row in session.execute(query)]


_WRITTEN: Final = (Channel.EMAIL, Channel.SMS, Channel.PUSH)


def _with_notice(query: sa.Select[Any]) -> sa.Select[Any]:
    """Each ending with the bericht that its melder gets of it."""
    of_it = sa.and_(
        Notice.event_id == Ending.event_id,
        Notice.melding_id == Ending.melding_id,
        Notice.gemeente_id == Ending.gemeente_id,
    )
    return query.select_from(Ending).outerjoin(Notice, of_it)


def _goes_as(column: Any) -> sa.ColumnElement[bool]:
    """Rows about this bericht, or about the one in whose message it travelled."""
    return sa.or_(column == Notice.id, column == Notice.bundled_into)


def _told(since: Any) -> Any:
    """The first message about this bericht that went out and did not come back, and from when its time counts."""
    local = sa.func.timezone(_HERE, since)
    seven = sa.func.date_trunc("day", local) + sa.text("interval '7 hours'")
    next_seven = seven + sa.text("interval '1 day'")
    held = sa.case(
        (sa.extract("hour", local) >= 22, sa.func.timezone(_HERE, next_seven)),
        (sa.extract("hour", local) < 7, sa.func.timezone(_HERE, seven)),
        else_=since,
    )
    counts_from = sa.case((Delivery.channel.in_(_SHORT), held), else_=since)
    return (
        sa.select(Delivery.sent_at, Delivery.channel, counts_from.label("since"))
        .where(
            _goes_as(Delivery.notice_id),
            Delivery.gemeente_id == Notice.gemeente_id,
            Delivery.status.in_((VERZONDEN, BEZORGD)),
            Delivery.sent_at.is_not(None),
        )
        .order_by(Delivery.sent_at, Delivery.id)
        .limit(1)
        .lateral()
    )


def _classified(term: Term, now: datetime, scope: Collection[int]) -> sa.Select[Any]:
    """Every end of these months with its one group; the first condition that holds decides."""
    told = _told(Ending.at)
    unsent = (
        sa.select(Delivery.channel, Delivery.due_at)
        .where(
            _goes_as(Delivery.notice_id),
            Delivery.gemeente_id == Notice.gemeente_id,
            Delivery.status.in_(UNFINISHED),
        )
        .order_by(Delivery.id.desc())
        .limit(1)
        .lateral()
    )
    of_notice = sa.cast(OutboxEntry.payload["notice_id"].astext, sa.BigInteger)
    waits = sa.select(of_notice.label("notice_id"), OutboxEntry.parked_at, OutboxEntry.due_at).where(
        OutboxEntry.topic == Topic.NOTICE.value, OutboxEntry.done_at.is_(None), OutboxEntry.gemeente_id.in_(scope)
    )
    parked = OutboxEntry.parked_at
    waiting = (  # each arm by an index of what is not done: what is, is most of the table
        sa.union_all(waits.where(parked.is_(None)), waits.where(parked.is_not(None)))
        .cte("waiting")
        .prefix_with("MATERIALIZED")
    )
    pending = (
        sa.select(waiting.c.parked_at, waiting.c.due_at)
        .where(_goes_as(waiting.c.notice_id))
        .order_by(waiting.c.parked_at.nulls_first())
        .limit(1)
        .lateral()
    )

    def called(status: str) -> sa.ColumnElement[bool]:
        return sa.exists().where(
            _goes_as(Callback.notice_id), Callback.gemeente_id == Notice.gemeente_id, Callback.status == status
        )

    tried = sa.exists().where(_goes_as(Delivery.notice_id), Delivery.gemeente_id == Notice.gemeente_id)
    gone = sa.or_(
        Notice.ended.in_(("ingetrokken", "gewist", "ongedaan")),
        Melding.id.is_(None),
        Melding.withdrawn_at.is_not(None),
        Melding.erased_at.is_not(None),
    )
    flagged = sa.or_(sa.literal(UNREACHABLE_FLAG) == sa.func.any(Melding.flags), Notice.ended == GEEN_KANAAL)
    night = sa.and_(unsent.c.channel.in_(_SHORT), unsent.c.due_at > now)
    group = sa.case(
        (Ending.reach == ANONIEM, "anoniem"),
        (Ending.reach == WIL_GEEN_BERICHT, "wil_geen_bericht"),
        (Ending.reach == GEWIST, "ingetrokken"),
        (
            told.c.channel.in_(_WRITTEN),
            sa.case((told.c.sent_at - told.c.since <= PROMISE, "binnen_5_minuten"), else_="later"),
        ),
        (sa.or_(told.c.channel == Channel.TELEFOON, called(GESPROKEN)), "telefoon"),
        (told.c.channel == Channel.BRIEF, "brief"),
        (Notice.ended == LAPSED, "gestopt"),
        (gone, "ingetrokken"),
        (called(CALL_OPEN), "wacht_op_bellen"),
        (unsent.c.channel == Channel.BRIEF, "wacht_op_brief"),
        (pending.c.parked_at.is_not(None), "vastgelopen"),
        (sa.and_(pending.c.due_at.is_not(None), night), "stille_uren"),
        (pending.c.due_at.is_not(None), "onderweg"),
        (sa.or_(flagged, Ending.reach == GEEN_KANAAL), "niet_bereikbaar"),
        (tried, "niet_aangekomen"),
        else_="onverklaard",
    )
    query = sa.select(
        Ending.id.label("ending_id"),
        Ending.melding_id,
        sa.func.coalesce(Melding.number, "").label("number"),
        Ending.kind,
        Ending.at,
        Ending.month,
        Notice.id.label("notice_id"),
        group.label("group"),
        told.c.sent_at.label("told_at"),
        sa.case((pending.c.parked_at.is_(None), sa.func.greatest(pending.c.due_at, unsent.c.due_at))).label(
            "waits_until"
        ),
    )
    return (
        _with_notice(query)
        .outerjoin(Melding, sa.and_(Melding.id == Ending.melding_id, Melding.gemeente_id == Ending.gemeente_id))
        .outerjoin(told, sa.true())
        .outerjoin(unsent, sa.true())
        .outerjoin(pending, sa.true())
        .where(Ending.gemeente_id.in_(scope), Ending.month.between(term.first, term.last))
    )

"""/cijfers/terugkoppeling: did every melder hear the end, per month, and melding by melding why not (yet).

Shows how it stands now; the figures that stay are on /cijfers. For the coordinator.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER, COORDINATOR
from ..domain.errors import NotFound
from ..domain.notice_words import CHANNEL_WORDS, KIND_WORDS, STATE_WORDS, reason_words
from ..domain.terugkoppeling import GROUPS, group_named
from ..flow.verdict_report import opinions
from ..store.notice import Delivery, deliveries_of
from ..store.reports_notices import Heard, Traffic, count_heard, list_heard, speed, traffic
from .cijfers import asked_of, month_choices, month_code, month_words, parse_month

pages = Blueprint("terugkoppeling", __name__)

READERS = (COORDINATOR, BEHEER)
LOOKS = (COORDINATOR,)
"""Who reads it melding by melding; beheer sees the counts."""
PAGE = 100


@dataclass(frozen=True)
class MonthLine:
    """One month: how many ends in each group; closed is their sum. The p95's are seconds."""

    month: date
    counts: dict[str, int]
    end_s: float | None
    receipt_s: float | None

    @property
    def closed(self) -> int:
        """Every end of this month."""
        return sum(self.counts.values())

    @property
    def reachable(self) -> int:
        """The ends whose melder left a way to be told."""
        return sum(count for code, count in self.counts.items() if (group := group_named(code)) and group.reachable)


@pages.get("/cijfers/terugkoppeling")
@enter("medewerker", roles=READERS)
def overzicht() -> ResponseReturnValue:
    """The table per month, and what each channel did."""
    here = visit()
    asked = asked_of(here, READERS)
    scope = [asked.sender.id]
    counts = count_heard(here.session, asked.term, now=here.now, scope=scope)
    took = speed(here.session, asked.term, scope=scope)
    lines = [
        MonthLine(
            month,
            {group.code: counts.get((month, group.code), 0) for group in GROUPS},
            took.get((month, "einde")),
            took.get((month, "ontvangst")),
        )
        for month in asked.term.months
    ]
    went = traffic(here.session, asked.term, scope=scope)
    return render_template(
        "werk/terugkoppeling.html",
        asked=asked,
        lines=lines[::-1],
        groups=[group for group in GROUPS if group.code != "onverklaard" or any(x.counts[group.code] for x in lines)],
        traffic=went[::-1],
        share=_shares(went),
        channels=CHANNEL_WORDS,
        opinions=opinions(here.session, asked.term, scope=scope)[::-1],
        months=month_choices(here),
        month_words=month_words,
        code=month_code,
        seconds=seconds_words,
        may_look=here.actor.has_role(asked.sender.id, *LOOKS),
    )


@pages.get("/cijfers/terugkoppeling/<maand>/<groep>")
@enter("medewerker", roles=LOOKS)
def lijst(maand: str, groep: str) -> ResponseReturnValue:
    """The meldingen behind one number of the table: what was tried, and where each waits."""
    here = visit()
    asked = asked_of(here, LOOKS)
    month, group = parse_month(maand), group_named(groep)
    if month is None or group is None:
        raise NotFound("lijst_onbekend", "Deze lijst kennen wij niet.")
    page = max(1, request.args.get("pagina", 1, type=int) if len(request.args.get("pagina", "")) < 6 else 1)
    scope = [asked.sender.id]
    offset = (page - 1) * PAGE
    rows = list_heard(here.session, month, groep, now=here.now, scope=scope, limit=PAGE + 1, offset=offset)
    return render_template(
        "werk/terugkoppeling_lijst.html",
        asked=asked,
        month=month,
        group=group,
        rows=rows[:PAGE],
        tried=_tried(here, rows, scope),
        more=len(rows) > PAGE,
        page=page,
        kinds=KIND_WORDS,
        channels=CHANNEL_WORDS,
        states=STATE_WORDS,
        why=reason_words,
        month_words=month_words,
        code=month_code,
    )


def seconds_words(seconds: float | None) -> str:
    """A time as people say it: "40 seconden", "12 minuten", "3 uur"."""
    if seconds is None:
        return "–"
    if seconds < 100:
        return f"{round(seconds)} seconden"
    return f"{round(seconds / 60)} minuten" if seconds < 100 * 60 else f"{round(seconds / 3600)} uur"


def _shares(went: Sequence[Traffic]) -> dict[tuple[date, str], int]:
    """Which part of what a month sent went by each channel, in whole percents."""
    totals: dict[date, int] = defaultdict(int)
    for row in went:
        totals[row.month] += row.made
    return {(row.month, row.channel): round(100 * row.made / totals[row.month]) for row in went}


def _tried(here: Visit, rows: Sequence[Heard], scope: list[int]) -> dict[int, list[Delivery]]:
    """The deliveries of each of these berichten, oldest first."""
    tried: dict[int, list[Delivery]] = defaultdict(list)
    for delivery in deliveries_of(here.session, [row.notice_id for row in rows if row.notice_id], scope=scope):
        tried[delivery.notice_id].append(delivery)
    return tried

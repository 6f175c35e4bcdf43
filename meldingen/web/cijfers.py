"""/cijfers: what came in and was done, per month and per soort, wijk, team and kanaal, with each definition beside it.

For coordinator and beheer, of one gemeente at a time; also as CSV. Did melders hear the end: terugkoppeling.py.
"""

from dataclasses import dataclass
from datetime import date

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER, COORDINATOR
from ..domain.cijfers import FIGURES, HIDDEN, ROUNDING, Figure, Term, last_months
from ..domain.deadlines import local_day
from ..domain.errors import NotFound
from ..domain.notices import MONTHS
from ..domain.spoed import minute_words
from ..flow.cijfers import Line, Report, Shown, make_report
from ..flow.cijfers_spoed import spoed_figures
from .csv_file import csv_file
from .layout import Sender, senders, show_as

pages = Blueprint("cijfers", __name__)

READERS = (COORDINATOR, BEHEER)
LEVELS = {"hoofdcategorie": "Hoofdsoort", "categorie": "Soort", "wijk": "Wijk", "team": "Team", "kanaal": "Kanaal"}
LONGEST = 60
"""Months in one question."""
UNKNOWN = "–"
SMALL = "< 5*"


@dataclass(frozen=True)
class Asked:
    """What somebody wants to see: of which gemeente, over which months, divided how."""

    sender: Sender
    choices: list[Sender]
    term: Term
    level: str

    @property
    def query(self) -> dict[str, str]:
        """The same question as parameters of a link."""
        first, last = month_code(self.term.first), month_code(self.term.last)
        return {"gemeente": self.sender.slug, "van": first, "tot": last, "per": self.level}


@pages.get("/cijfers")
@enter("medewerker", roles=READERS)
def cijfers() -> ResponseReturnValue:
    """The figures of one gemeente over some months, beside the same months a year before."""
    here = visit()
    asked = asked_of(here, READERS)
    report = make_report(here.session, asked.sender.id, asked.term)
    before = make_report(here.session, asked.sender.id, asked.term.year_before)
    return render_template(
        "werk/cijfers.html",
        asked=asked,
        report=report,
        before=None if before.empty else before,
        figures=FIGURES,
        spoed=spoed_figures(here.session, asked.sender.id, asked.term, now=here.now),
        minute_words=minute_words,
        levels=LEVELS,
        months=month_choices(here),
        shown=shown_words,
        month_words=month_words,
        code=month_code,
        now_month=local_day(here.now).replace(day=1),
        notes=(ROUNDING, HIDDEN),
    )


@pages.get("/cijfers/cijfers.csv")
@enter("medewerker", roles=READERS)
def als_csv() -> Response:
    """Every count of the page per month and level, for a spreadsheet or as open data."""
    here = visit()
    asked = asked_of(here, READERS)
    report = make_report(here.session, asked.sender.id, asked.term)
    head = ["gemeente", "maand", "indeling", "code", "naam", *(figure.code for figure in FIGURES)]
    rows = [_csv_row(asked.sender.slug, line) for line in _lines(report)]
    return csv_file(f"cijfers-{asked.sender.slug}-{'-'.join(map(month_code, asked.term))}.csv", head, rows)


@pages.get("/cijfers/uitleg.csv")
@enter("medewerker", roles=READERS)
def uitleg() -> Response:
    """What each column of the CSV means."""
    rows = [[figure.code, figure.name, figure.unit, figure.definition] for figure in FIGURES]
    rows += [["*", "Afronding", "", ROUNDING], ["<5*", "Verborgen", "", HIDDEN.replace("< 5*", "<5*")]]
    return csv_file("cijfers-uitleg.csv", ["kolom", "naam", "eenheid", "betekenis"], rows)


def asked_of(here: Visit, roles: tuple[str, ...]) -> Asked:
    """The question in the address: the last twelve months of the first gemeente when it says nothing we know."""
    choices = gemeenten_for(here, here.actor.gemeenten_with(*roles))
    slug = request.args.get("gemeente", "")
    chosen = next((one for one in choices if one.slug == slug), None)
    if slug and chosen is None:
        raise NotFound("gemeente_onbekend", "Deze gemeente kennen wij niet, of u heeft er geen rol voor cijfers.")
    sender = show_as((chosen or choices[0]).id)
    usual = last_months(local_day(here.now))
    first = parse_month(request.args.get("van", "")) or usual.first
    last = parse_month(request.args.get("tot", "")) or max(first, usual.last)
    first, last = min(first, last, usual.last), min(max(first, last), usual.last)
    term = Term(max(first, last_months(last, LONGEST).first), last)
    level = request.args.get("per", "")
    return Asked(sender, choices, term, level if level in LEVELS else "hoofdcategorie")


def gemeenten_for(here: Visit, scope: frozenset[int]) -> list[Sender]:
    """The served gemeenten in which this person may read; NotFound when none of them is served (any more)."""
    found = [one for one in senders() if one.id in scope & here.public_scope]
    if not found:
        raise NotFound("gemeente_onbekend", "Uw gemeente wordt hier niet (meer) bediend.")
    return found


def parse_month(words: str) -> date | None:
    """The first day of a month written as 2026-04; None for anything else."""
    try:
        return date.fromisoformat(f"{words}-01") if len(words) == 7 and int(words[:4]) in range(2000, 3000) else None
    except ValueError:
        return None


def month_code(first: date) -> str:
    """A month as addresses and the CSV write it: 2026-04."""
    return f"{first:%Y-%m}"


def month_words(first: date) -> str:
    """A month as people write it: "april 2026"."""
    return f"{MONTHS[first.month - 1]} {first.year}"


def month_choices(here: Visit) -> list[date]:
    """The months one can choose from, newest first."""
    return last_months(local_day(here.now), LONGEST).months[::-1]


def shown_words(figure: Figure, shown: Shown) -> str:
    """One figure as the page writes it."""
    if shown.hidden:
        return SMALL
    if shown.value is None:
        return UNKNOWN
    if figure.unit == "aandeel":
        return f"{shown.value} %"
    number = f"{shown.value:,}".replace(",", ".")
    return f"minstens {number}" if shown.at_least else number


def _lines(report: Report) -> list[Line]:
    return [*report.months, *(line for level in LEVELS for line in report.monthly[level])]


def _csv_row(slug: str, line: Line) -> list[str]:
    assert line.month is not None, "the CSV is per month"
    values = [_csv_value(line.values[figure.code]) for figure in FIGURES]
    return [slug, month_code(line.month), line.level, line.code, line.name, *values]


def _csv_value(shown: Shown) -> str:
    return "<5*" if shown.hidden else "" if shown.value is None else str(shown.value)

"""/antwoorddienst: who answers the phone after hours. Danger first; how open spoed stands; whom to call now.

Entering spoed is the form of the desk (kcc.py), which the flow closes for the rest (flow/intake.py). No contact data of
melders, and nothing that can wait, is ever shown here.
"""

from collections.abc import Sequence
from typing import NamedTuple

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import ANTWOORDDIENST
from ..domain.deadlines import AMSTERDAM
from ..domain.numbers import show_number
from ..domain.spoed import words_to_wait
from ..flow.roster import PIKET_KIND
from ..store.duty import OnDuty, on_duty
from ..store.gemeente import gemeente_by_id
from ..store.team import Team, teams_of
from ..store.terms import OpenSpoed, open_spoed
from .layout import Sender, senders

pages = Blueprint("antwoorddienst", __name__)


class Home(NamedTuple):
    """A gemeente whose phone this is: whom to call now per piketdienst, and what to say to who can wait."""

    sender: Sender
    teams: Sequence[tuple[Team, Sequence[OnDuty]]]
    wait: str


@pages.get("/antwoorddienst")
@enter("medewerker", roles=(ANTWOORDDIENST,))
def spoed() -> ResponseReturnValue:
    """One page: the question, the words to say, who has duty now, and all spoed that is open. `?zoek=` narrows it."""
    here = visit()
    scope = here.actor.gemeenten_with(ANTWOORDDIENST)
    asked = request.args.get("zoek", "").replace("\x00", "").strip()[:100]
    rows = open_spoed(here.session, scope=scope)
    return render_template(
        "werk/antwoorddienst.html",
        homes=[_home(here, one) for one in senders() if one.id in scope],
        rows=[row for row in rows if _fits(row, asked)],
        total=len(rows),
        asked=asked,
        made=request.args.get("gemaakt", "") if request.args.get("gemaakt", "").isdigit() else "",
        stands=how_it_stands,
    )


def how_it_stands(row: OpenSpoed) -> str:
    """What to tell a caller of open spoed."""
    work = row.opdracht
    if work.taken_up_at is None:
        return f"{row.team.name} is gewaarschuwd. Nog niemand heeft het aangenomen."
    return f"{row.team.name} heeft het om {work.taken_up_at.astimezone(AMSTERDAM):%H.%M} uur aangenomen."


def _home(here: Visit, sender: Sender) -> Home:
    teams = [one for one in teams_of(here.session, scope=[sender.id]) if one.kind == PIKET_KIND]
    duties = on_duty(here.session, [one.id for one in teams], here.now, scope=[sender.id])
    home = gemeente_by_id(here.session, sender.id)
    return Home(
        sender,
        [(team, [one for one in duties if one.duty.team_id == team.id]) for team in teams],
        words_to_wait(home.name, home.phone, home.hours, home.website),
    )


def _fits(row: OpenSpoed, asked: str) -> bool:
    """Whether it is what a caller names: its number, its street or its kind."""
    digits = "".join(c for c in asked if c.isdigit())
    told = " ".join([row.opdracht.address, row.opdracht.location_note, row.category.name]).casefold()
    by_number = len(digits) >= 4 and any(digits in number for number in row.numbers)
    return by_number or asked.casefold() in told


@pages.app_template_filter("nummers")
def _numbers(numbers: Sequence[str]) -> str:
    return ", ".join(show_number(number) for number in numbers)

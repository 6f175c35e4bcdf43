"""/piket: who has piketdienst, the hours nobody has, filling the roster, swapping a duty, and where an alarm finds me.

Works without JavaScript. The alarm itself: web/alarm.py.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from ..auth import Visit, enter, visit
from ..domain import roster as rules
from ..domain.actor import ANTWOORDDIENST, BEHEER, COORDINATOR, KCC, PIKET, TEAM, Actor
from ..domain.deadlines import local_day, start_of
from ..domain.errors import DomainError, InvalidInput, NotFound
from ..domain.phone import show_phone
from ..domain.roster import Stretch, stretches
from ..domain.text import whole_number
from ..flow import roster
from ..flow.roster import KEEPERS, NewDuty
from ..store import duty, gemeente
from ..store.account import Account, names_of
from ..store.duty import OnDuty
from ..store.team import Team, teams_of
from .layout import show_as
from .piket_agenda import calendar_links

pages = Blueprint("piket", __name__)

SEES = (TEAM, PIKET, KCC, COORDINATOR, BEHEER, ANTWOORDDIENST)
WEEKS = 4
LONGEST_ID = 9223372036854775807
FIELDS = ("wie", "plaats", "van_dag", "van_tijd", "tot_dag", "tot_tijd", "herhaal_tot", "om_de")
DONE = {
    "gemaakt": "De dienst staat in het rooster.",
    "weg": "De dienst is uit het rooster.",
    "ruilen": "Uw collega's zien dat u deze dienst wilt ruilen. Tot iemand hem overneemt, blijft hij van u.",
    "ruil-terug": "U houdt deze dienst.",
    "overnemen": "U heeft deze dienst overgenomen.",
    "nummer": "Bewaard. Hier bellen wij u bij een alarm.",
    "agenda": "De oude link werkt niet meer. Zet de nieuwe in uw agenda.",
    "proef": "Het proefalarm is onderweg. Komt het niet binnen een minuut? Kijk dan naar uw nummer en uw apparaat.",
}


@dataclass
class RosterDay:
    """One day of the roster. duties: those that begin on it, or run on from before when it is the first shown."""

    day: date
    holiday: str = ""
    duties: list[OnDuty] = field(default_factory=list)
    gaps: list[Stretch] = field(default_factory=list)


@pages.get("/piket")
@enter("medewerker", roles=SEES)
def rooster() -> ResponseReturnValue:
    """The roster of one team for four weeks, who has duty now, and my own duties."""
    return _page(visit(), done=DONE.get(request.args.get("gedaan", ""), ""))


@pages.post("/piket/diensten")
@enter("medewerker", roles=KEEPERS)
def maak() -> ResponseReturnValue:
    """Adds a duty, or one each so many weeks."""
    here = visit()
    form = {name: request.form.get(name, "").replace("\x00", "").strip() for name in FIELDS}

    def add() -> None:
        new = NewDuty(
            team_id=_number("team"),
            account_id=whole_number(form["wie"], LONGEST_ID) or 0,
            place=whole_number(form["plaats"], 99) or 0,
            when=_read_when(form),
        )
        roster.add_duties(here.session, new, actor=here.actor, now=here.now)

    return _do(here, add, "gemaakt", filled=form)


@pages.post(f"/piket/diensten/<int(max={LONGEST_ID}):duty_id>/<any(weg, ruilen, 'ruil-terug', overnemen):actie>")
@enter("medewerker", roles=(TEAM, PIKET, *KEEPERS))
def wijzig(duty_id: int, actie: str) -> ResponseReturnValue:
    """Takes a duty away, asks for a swap, takes that back, or takes over what a colleague asks."""
    here = visit()
    who: dict[str, Any] = {"actor": here.actor, "now": here.now}

    def change() -> None:
        match actie:
            case "weg":
                roster.remove_duty(here.session, duty_id, **who)
            case "overnemen":
                roster.take_over(here.session, duty_id, **who)
            case _:
                roster.ask_swap(here.session, duty_id, actie == "ruilen", **who)

    return _do(here, change, actie)


@pages.post("/piket/nummer")
@enter("medewerker", roles=SEES)
def nummer() -> ResponseReturnValue:
    """My own mobile number and address for alarms."""
    here = visit()
    form = {name: request.form.get(name, "").replace("\x00", "")[:200] for name in ("telefoon", "email")}
    return _do(
        here,
        lambda: roster.set_own_ways(here.session, form["telefoon"], form["email"], actor=here.actor),
        "nummer",
        filled=form,
    )


@pages.post("/piket/agenda")
@enter("medewerker", roles=SEES)
def agenda() -> ResponseReturnValue:
    """New links to my calendars; the old ones stop."""
    here = visit()
    return _do(here, lambda: roster.renew_calendar(here.session, actor=here.actor), "agenda")


def _do(
    here: Visit, change: Callable[[], None], done: str, filled: Mapping[str, str] | None = None
) -> ResponseReturnValue:
    """One change, then the page again; or the page with what was wrong and what was typed."""
    try:
        with here.session.begin_nested():
            change()
    except DomainError as error:
        return _page(here, error=error, filled=filled or {}), error.status
    back = url_for("piket.rooster", gedaan=done, team=_number("team") or None, van=request.form.get("van") or None)
    return redirect(back, 303)


def _page(
    here: Visit, *, done: str = "", error: DomainError | None = None, filled: Mapping[str, str] | None = None
) -> str:
    actor, session = here.actor, here.session
    teams = roster_teams(session, actor)
    if not teams:
        raise NotFound("geen_piket", "Er is geen team met een rooster. Vraag beheer om een team.")
    chosen = next((t for t in teams if t.id == _number("team")), teams[0])
    home = show_as(chosen.gemeente_id)
    first = _monday(request.values.get("van", ""), here.now)
    until = start_of(first + timedelta(weeks=WEEKS))
    held = duty.duties_between(session, start_of(first), until, team_ids=[chosen.id], scope=[chosen.gemeente_id])
    ahead = duty.duties_between(
        session, here.now, here.now + timedelta(days=366), team_ids=[t.id for t in teams], scope=actor.scope
    )
    mine = [one for one in ahead if one.account.id == actor.account_id]
    keeper = actor.has_role(chosen.gemeente_id, *KEEPERS)
    account = session.get_one(Account, actor.account_id)
    return render_template(
        "werk/piket.html",
        teams=teams,
        team=chosen,
        home=home,
        now=here.now,
        on_now=[
            one
            for one in ahead
            if one.duty.team_id == chosen.id and one.duty.from_at <= here.now and one.account.active
        ],
        mine=mine,
        asked=[
            one for one in ahead if one.duty.swap_asked_at and one not in mine and one.duty.team_id in actor.team_ids
        ],
        team_names=_names(session, teams),
        warnings=[one for one in roster.unfilled(session, now=here.now, scope=[chosen.gemeente_id]) if keeper],
        days=_days(session, chosen, held, first, here.now),
        earlier=first - timedelta(weeks=WEEKS),
        later=first + timedelta(weeks=WEEKS),
        first=first,
        keeper=keeper,
        members=[(str(one.id), one.name) for one in roster.members_of(session, chosen)],
        firsts=names_of(session, _firsts(held)),
        values={
            **_empty(here.now),
            "telefoon": show_phone(account.phone) if account.phone else "",
            "email": account.email,
            **(filled or {}),
        },
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        done=done,
        calendars=calendar_links(here, account),
        stretch_words=roster.stretch_words,
        soon={"24 uur": rules.A_DAY, "7 dagen": rules.A_WEEK},
    )


def _names(session: Session, teams: Sequence[Team]) -> dict[int, str]:
    """What each team is called here: two gemeenten may both have a Piketdienst."""
    homes = {one.id: one.name for one in gemeente.served_gemeenten(session)}
    several = len({one.gemeente_id for one in teams}) > 1
    return {one.id: f"{one.name}, {homes[one.gemeente_id]}" if several else one.name for one in teams}


def roster_teams(session: Session, actor: Actor) -> list[Team]:
    """The teams that can have a roster, as far as this person sees them: piketdiensten first, then own teams; for who
    fills rosters every team of ours."""
    found = [one for one in teams_of(session, scope=actor.scope) if not one.is_partner]
    keeps = actor.gemeenten_with(*KEEPERS)
    shown = [
        one for one in found if one.kind == roster.PIKET_KIND or one.id in actor.team_ids or one.gemeente_id in keeps
    ]
    return sorted(shown, key=lambda one: (one.kind != roster.PIKET_KIND, one.id not in actor.team_ids, one.name))


def _days(session: Session, of: Team, held: Sequence[OnDuty], first: date, now: datetime) -> list[RosterDay]:
    last = first + timedelta(weeks=WEEKS, days=-1)
    names = rules.holiday_names(first, last)
    names |= {one.day: one.name for one in gemeente.closing_between(session, first, last, scope=[of.gemeente_id])}
    days = {first + timedelta(days=n): RosterDay(first + timedelta(days=n)) for n in range(WEEKS * 7)}
    for day, name in names.items():
        days[day].holiday = name
    for one in held:
        days[max(first, local_day(one.duty.from_at))].duties.append(one)
    since, until = max(now, start_of(first)), start_of(last + timedelta(days=1))
    active = [one.duty for one in held if one.account.active]
    if since < until:
        for gap in roster.gaps_of(session, of, active, since=since, until=until):
            days[max(first, local_day(gap.from_at))].gaps.append(gap)
    return list(days.values())


def _firsts(held: Sequence[OnDuty]) -> set[int]:
    """Whose duties were swapped."""
    return {one.duty.first_account_id for one in held if one.duty.first_account_id != one.duty.account_id}


def _read_when(form: Mapping[str, str]) -> list[Stretch]:
    errors: dict[str, str] = {}

    def read(name: str, parse: Callable[[str], Any], told: str) -> Any:
        try:
            return parse(form[name])
        except ValueError:
            errors[name] = told
            return None

    begin = read("van_dag", date.fromisoformat, "Kies de dag waarop de dienst begint.")
    end = read("tot_dag", date.fromisoformat, "Kies de dag waarop de dienst eindigt.")
    opens = read("van_tijd", time.fromisoformat, "Schrijf de tijd als 16:30.")
    closes = read("tot_tijd", time.fromisoformat, "Schrijf de tijd als 07:30.")
    until = read("herhaal_tot", date.fromisoformat, "Kies een dag, of laat dit leeg.") if form["herhaal_tot"] else None
    every = whole_number(form["om_de"] or "1", 52)
    if not every:
        errors["om_de"] = "Schrijf een aantal weken van 1 tot en met 52."
    if errors:
        raise InvalidInput.gather([error for name, told in errors.items() for error in _one(name, told)])
    try:
        return stretches(begin, opens, end, closes, until=until, every_weeks=every or 1)
    except ValueError as error:
        raise roster.refuse_wrong(error) from error


def _one(name: str, told: str) -> Sequence[Any]:
    return InvalidInput.of(name, "onjuist", told).fields


def _empty(now: datetime) -> dict[str, str]:
    today = local_day(now)
    return {
        "wie": "", "plaats": "1", "van_dag": today.isoformat(), "van_tijd": "16:30", "herhaal_tot": "", "om_de": "1",
        "tot_dag": (today + timedelta(days=1)).isoformat(), "tot_tijd": "07:30",
    }  # fmt: skip


def _monday(written: str, now: datetime) -> date:
    """The Monday of the week that is asked for, else of this one; not further than a roster is of use."""
    today = local_day(now)
    try:
        asked = date.fromisoformat(written)
    except ValueError:
        asked = today
    asked = min(max(asked, today - timedelta(days=366)), today + timedelta(days=366))
    return asked - timedelta(days=asked.weekday())


def _number(name: str) -> int:
    return whole_number(request.values.get(name, ""), LONGEST_ID) or 0

"""/piket/rooster/<token>.ics: the roster for somebody's own calendar (RFC 5545), by a secret link that he can renew.

One's own duties; for a coordinator also those of a whole gemeente. No numbers or addresses: a calendar may lie with a
company outside. The page that shows the links: piket.py.
"""

from collections.abc import Sequence
from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Response
from icalendar import Calendar, Event

from ..auth import Visit, enter, visit
from ..domain import tokens
from ..domain.actor import COORDINATOR
from ..domain.errors import NotFound
from ..flow.sign_in import staff_actor
from ..store import duty
from ..store.account import Account
from ..store.duty import OnDuty
from ..store.team import teams_of
from .layout import senders

pages = Blueprint("piket_agenda", __name__)

BACK, AHEAD = timedelta(days=31), timedelta(days=366)
REFRESH = timedelta(hours=1)


@pages.get("/piket/rooster/<token>.ics")
@enter("iedereen")
def agenda(token: str) -> Response:
    """The duties that this link is for, while its holder works here; 404 for a link that was renewed or never was."""
    here = visit()
    account, gemeente_id = _holder(here, token)
    actor = staff_actor(here.session, account)
    scope = [gemeente_id] if gemeente_id else sorted(actor.scope)
    held = duty.duties_between(here.session, here.now - BACK, here.now + AHEAD, scope=scope)
    shown = [one for one in held if one.account.active and (gemeente_id or one.account.id == account.id)]
    made = _calendar(here, shown, scope, whole=bool(gemeente_id))
    answer = Response(made.to_ical(), content_type="text/calendar; charset=utf-8")
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Disposition"] = 'inline; filename="piket.ics"'
    return answer


def calendar_links(here: Visit, account: Account) -> list[tuple[str, str]]:
    """What each link holds and its address: the own duties, and each gemeente that this person coordinates."""
    names = {one.id: one.name for one in senders()}
    whole = [(f"Het hele rooster van {names[home]}", home) for home in _whole(here, account) if home in names]
    keys, base = here.settings.secret_keys, here.settings.public_url
    return [
        (
            words,
            f"{base}/piket/rooster/{tokens.calendar_token(keys, account.id, account.calendar_generation, home)}.ics",
        )
        for words, home in [("Mijn diensten", 0), *whole]
    ]


def _holder(here: Visit, token: str) -> tuple[Account, int]:
    """Whose link this is, and of which gemeente (0: his own duties). Raises NotFound."""
    claimed = tokens.read_token(token)
    account = here.session.get(Account, claimed.about_id) if claimed is not None else None
    if claimed is not None and account is not None and account.active:
        for home in (0, *_whole(here, account)):
            if tokens.verify_calendar_token(here.settings.secret_keys, claimed, account.calendar_generation, home):
                return account, home
    raise NotFound("agenda_onbekend", "Deze link werkt niet meer. Haal op /piket een nieuwe.")


def _whole(here: Visit, account: Account) -> list[int]:
    """The gemeenten whose whole roster this person may have."""
    return sorted(staff_actor(here.session, account).gemeenten_with(COORDINATOR))


def _calendar(here: Visit, shown: Sequence[OnDuty], scope: Sequence[int], *, whole: bool) -> Calendar:
    teams = {one.id: one.name for one in teams_of(here.session, scope=scope)}
    host = urlsplit(here.settings.public_url).hostname or "meldingen"
    made = Calendar()
    made.add("prodid", "-//Meldingen//Piketrooster//NL")
    made.add("version", "2.0")
    made.add("x-wr-calname", "Piketrooster" if whole else "Mijn piketdiensten")
    made.add("refresh-interval", REFRESH, parameters={"value": "DURATION"})
    for one in shown:
        event = Event()
        event.add("uid", f"dienst-{one.duty.id}@{host}")
        event.add("dtstamp", here.now)
        event.add("dtstart", one.duty.from_at)
        event.add("dtend", one.duty.until_at)
        team = teams.get(one.duty.team_id, "")
        event.add("summary", f"{one.account.name}: {team}" if whole else f"Piketdienst {team}")
        event.add("description", f"Plaats {one.duty.place}." + (" Wil ruilen." if one.duty.swap_asked_at else ""))
        made.add_component(event)
    return made

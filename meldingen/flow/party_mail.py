"""What an external party hears by mail: a new opdracht at once, or all of them in one mail in the morning of a werkdag,
and its links again when it asks.

Every mail carries a signed link, made when it is sent and never stored, and nothing of a melder but the place. Its
words: notice_facts.py and party_links.py. What a party does behind the link: party.py.
"""

from datetime import datetime, time, timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import transaction
from ..domain import deadlines
from ..domain.actor import SYSTEM
from ..domain.notices import NoticeKind
from ..store import gemeente, journal, party, team
from ..store.journal import Event
from ..store.opdracht import Opdracht
from ..store.team import AT_ONCE, Team
from . import notices
from .apart import each_apart

BUNDLED: Final = "partij_bundel"
ASKED: Final = "partij_link_gevraagd"
MORNING: Final = time(7)
NOT_AGAIN: Final = timedelta(minutes=10)


def tell_of_new(session: Session, opdracht: Opdracht, event: Event, *, now: datetime) -> None:
    """Owes the party that has it now the mail about a new opdracht, when it wants each at once; spoed never waits.

    Where the alarm about this event went to its mailbox (alarm.py), that is the mail.
    """
    to = team.team_by_id(session, opdracht.team_id, scope=[opdracht.gemeente_id])
    if to is not None and to.is_partner and (to.news == AT_ONCE or opdracht.urgency == "spoed"):
        notices.tell_team(session, NoticeKind.OPDRACHT_PARTIJ, event, [to.id], now=now)


def send_links(session: Session, to: Team, *, now: datetime) -> None:
    """Mails a party a fresh link to all that is open for it, to the address we have; nothing when nothing is open.

    Who keeps asking gets one mail per ten minutes, so that nobody fills the mailbox of a party with it.
    """
    last = party.last_told(session, to.id, ASKED, scope=[to.gemeente_id])
    if last is not None and now - last.at < NOT_AGAIN:
        return
    if party.open_work(session, to.id, limit=1, scope=[to.gemeente_id]):
        event = journal.record(
            session, ASKED, gemeente_id=to.gemeente_id, actor=SYSTEM, now=now, facts={"team_id": to.id}
        )
        notices.tell_team(session, NoticeKind.OPDRACHTEN_PARTIJ, event, [to.id], now=now)


def send_links_to(session: Session, address: str, *, now: datetime, scope: frozenset[int]) -> None:
    """The same for every party with this address on file; nothing, and no word of it, for any other address."""
    for to in party.parties_at(session, address, scope=scope):
        send_links(session, to, now=now)


def send_bundles(engine: sa.Engine, *, now: datetime) -> None:
    """In the morning of a werkdag: one mail to each party that wants its new opdrachten together (`per_dag`).

    Safe to do twice, late, or by two at once: what a mail told of is in its event, looked at under the party's lock.
    """
    if now.astimezone(deadlines.AMSTERDAM).time() < MORNING:
        return
    with transaction(engine) as session:
        found: dict[int, int] = {}
        for home in gemeente.served_ids(session):
            closing = gemeente.closing_days(session, scope=[home])
            if deadlines.is_werkdag(deadlines.local_day(now), closing):
                found |= {one.id: home for one in party.daily_parties(session, scope=[home])}
    each_apart(engine, "party_mail", found, lambda session, number: _bundle(session, number, found[number], now=now))


def _bundle(session: Session, team_id: int, home: int, *, now: datetime) -> None:
    to = party.lock_party(session, team_id, scope=[home])
    last = party.last_told(session, team_id, BUNDLED, scope=[home])
    today = deadlines.local_day(now)
    if to is None or (last is not None and deadlines.local_day(last.at) == today):
        return
    new = party.open_work(session, team_id, since=last.at if last else None, scope=[home])
    if new:
        facts = {"team_id": team_id, "opdracht_ids": [row.opdracht.id for row in new]}
        event = journal.record(session, BUNDLED, gemeente_id=home, actor=SYSTEM, now=now, facts=facts)
        notices.tell_team(session, NoticeKind.OPDRACHTEN_PARTIJ, event, [team_id], now=now)

"""Whom an alarm calls: in office hours the team, else who has piketdienst now, at last the coordinator.

The order of turns is domain/spoed.py, ringing again spoed.py. A person is called on his phone and on each of his
devices at the same moment; each is a bericht of its own (store/notice.py), so one that fails holds up no other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain import deadlines
from ..domain.actor import COORDINATOR, PIKET, TEAM
from ..domain.notices import NoticeKind
from ..domain.spoed import spoed_times, turn_of
from ..store import duty, gemeente, staff_push, team
from ..store.account import Account, holders
from ..store.duty import OnDuty
from ..store.journal import Event
from ..store.opdracht import Opdracht
from . import notices


@dataclass(frozen=True)
class Called:
    """Who is called now. phone: the accounts called every way there is; devices: those called on their devices only.

    team: also by the address of the team itself.
    """

    team: bool
    phone: frozenset[int]
    devices: frozenset[int] = frozenset()

    @property
    def people(self) -> frozenset[int]:
        """Everybody who is called by name."""
        return self.phone | self.devices


def ring(session: Session, opdracht: Opdracht, event: Event, *, number: int = 0, now: datetime) -> None:
    """Owes everybody whose turn it is one bericht per way, about this event; a second call changes nothing.

    number: of the ring, 0 the first. A team without any address is on the list of dead letters once, not at each ring.
    """
    scope = [opdracht.gemeente_id]
    called = who_is_called(session, opdracht, number, now=now)
    ways: list[tuple[int, int | None]] = [(one, None) for one in _with_number(session, called.phone)]
    ways += [(one.account_id, one.id) for one in staff_push.devices_of(session, sorted(called.people))]
    notices.tell_people(session, NoticeKind.ALARM, event, ways, now=now)
    to = team.team_by_id(session, opdracht.team_id, scope=scope)
    has_address = to is not None and bool(to.email or to.phone)
    if (called.team and has_address) or (not ways and number == 0):
        notices.tell_team(session, NoticeKind.ALARM, event, [opdracht.team_id], now=now)


def who_is_called(session: Session, opdracht: Opdracht, number: int, *, now: datetime) -> Called:
    """Whose turn ring `number` is, by the roster and the office hours of now."""
    scope = [opdracht.gemeente_id]
    home = gemeente.gemeente_by_id(session, opdracht.gemeente_id)
    at_work = is_at_work(session, opdracht.gemeente_id, now=now)
    duties = reachable_duties(session, opdracht.team_id, now=now, scope=scope)
    turn = turn_of(number, [one.duty.place for one in duties], spoed_times(home.policy), at_work=at_work)
    phone = {one.account.id for one in duties if one.duty.place in turn.places}
    if turn.coordinator:
        phone |= {one.id for one in holders(session, [COORDINATOR], scope=scope)}
    members: Iterable[Account] = ()
    if at_work:
        members = holders(session, [TEAM, PIKET], team_id=opdracht.team_id, scope=scope)
    return Called(turn.team, frozenset(phone), frozenset(one.id for one in members))


def who_hears(session: Session, opdracht: Opdracht, number: int, *, now: datetime) -> frozenset[int]:
    """Everybody who was called so far: their pages ring until somebody accepts. number: of the latest ring.

    Outside office hours without a roster the pages of the whole team ring: its address is all that was called.
    """
    turns = [who_is_called(session, opdracht, one, now=now) for one in range(number + 1)]
    heard = frozenset[int]().union(*(turn.people for turn in turns))
    if any(turn.team for turn in turns):
        scope = [opdracht.gemeente_id]
        heard |= {one.id for one in holders(session, [TEAM, PIKET], team_id=opdracht.team_id, scope=scope)}
    return heard


def is_at_work(session: Session, gemeente_id: int, *, now: datetime) -> bool:
    """Whether these are the office hours of a gemeente; its closing days and holidays are not."""
    home = gemeente.gemeente_by_id(session, gemeente_id)
    closing = gemeente.closing_days(session, scope=[gemeente_id])
    return deadlines.office_hours(now, home.policy.get("office_hours"), closing)


def reachable_duties(session: Session, team_id: int, *, now: datetime, scope: list[int]) -> list[OnDuty]:
    """Who has duty for a team now and can be called at all: somebody without phone, e-mail and device is a gap."""
    duties = duty.on_duty(session, [team_id], now, scope=scope)
    with_device = {one.account_id for one in staff_push.devices_of(session, [one.account.id for one in duties])}
    return [one for one in duties if one.account.phone or one.account.email or one.account.id in with_device]


def _with_number(session: Session, account_ids: Iterable[int]) -> list[int]:
    """Those of these accounts with a phone number or an e-mail address."""
    known = [session.get_one(Account, one) for one in sorted(account_ids)]
    return [one.id for one in known if one.phone or one.email]

"""The roster of the piketdienst: filling it, swapping a duty, and one's own number. Each change is in the journal.

Whom an alarm calls: alarm.py. Holes are shown, never refused: a roster is filled piece by piece.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from ..domain import roster as rules
from ..domain.actor import BEHEER, COORDINATOR, PIKET, TEAM, Actor
from ..domain.contact import check_email
from ..domain.deadlines import AMSTERDAM
from ..domain.errors import Conflict, Forbidden, InvalidInput, NotFound
from ..domain.phone import parse_phone
from ..domain.roster import Stretch
from ..store import duty, gemeente, journal, team
from ..store.account import Account, holders
from ..store.duty import Duty
from ..store.team import Team

KEEPERS = (COORDINATOR, BEHEER)
"""Who fills a roster."""
PIKET_KIND = "piket"
_WRONG = {
    "eindigt": ("tot_dag", "De dienst eindigt vóór hij begint. Kijk naar de dagen en de tijden."),
    "te_lang": ("tot_dag", "Een dienst is hoogstens 14 dagen. Kijk naar de dagen."),
    "te_vaak": ("herhaal_tot", "Dit zijn meer dan 60 diensten. Kies een eerdere dag."),
}


@dataclass(frozen=True)
class NewDuty:
    """Who, for which team and at which place. when: at least one stretch, in order."""

    team_id: int
    account_id: int
    place: int
    when: Sequence[Stretch]


def add_duties(session: Session, new: NewDuty, *, actor: Actor, now: datetime) -> list[Duty]:
    """Adds one duty per stretch, all or none. Raises NotFound for a team that is not the actor's, Forbidden,
    InvalidInput for who is no member, a wrong place, an end that has passed, or hours that somebody holds already."""
    to = _team(session, new.team_id, actor)
    actor.require_role(to.gemeente_id, *KEEPERS)
    scope = [to.gemeente_id]
    if new.account_id not in {one.id for one in members_of(session, to)}:
        raise InvalidInput.of("wie", "onbekend", "Kies iemand van dit team.")
    if not 1 <= new.place <= rules.MOST_PLACES:
        raise InvalidInput.of("plaats", "onbekend", f"Kies een plaats van 1 tot en met {rules.MOST_PLACES}.")
    if new.when[-1].until_at <= now:
        raise InvalidInput.of("tot_dag", "voorbij", "Deze dienst is al voorbij. Kijk naar de dagen.")
    gemeente.lock_gemeente(session, scope=scope)  # two who fill it at once do not both take one hour
    held = duty.duties_between(session, new.when[0].from_at, new.when[-1].until_at, team_ids=[to.id], scope=scope)
    for stretch in new.when:
        _refuse_clash(held, stretch, place=new.place, account_id=new.account_id)
    made = [
        Duty(
            gemeente_id=to.gemeente_id,
            team_id=to.id,
            account_id=new.account_id,
            first_account_id=new.account_id,
            place=new.place,
            from_at=stretch.from_at,
            until_at=stretch.until_at,
        )
        for stretch in new.when
    ]
    session.add_all(made)
    session.flush()
    facts = {"team_id": to.id, "account_id": new.account_id, "place": new.place, "duties": [one.id for one in made]}
    journal.record(session, "dienst_gemaakt", gemeente_id=to.gemeente_id, actor=actor, now=now, facts=facts)
    return made


def remove_duty(session: Session, duty_id: int, *, actor: Actor, now: datetime) -> None:
    """Takes a duty out of the roster; of one that has begun the hours that were served stay. Raises NotFound,
    Forbidden, Conflict when it is over."""
    row = _duty(session, duty_id, actor)
    actor.require_role(row.gemeente_id, *KEEPERS)
    if row.until_at <= now:
        raise Conflict("dienst_voorbij", "Deze dienst is voorbij en blijft staan.")
    _note(session, "dienst_weg", row, actor, now)
    if row.from_at < now:
        row.until_at = now
    else:
        session.delete(row)
    session.flush()


def ask_swap(session: Session, duty_id: int, asked: bool, *, actor: Actor, now: datetime) -> None:
    """Its holder asks colleagues to take a duty over, or takes that back; it stays his until somebody does.

    Raises NotFound, Forbidden for somebody else's, Conflict when it is over.
    """
    row = _duty(session, duty_id, actor)
    if row.account_id != actor.account_id:
        raise Forbidden("niet_uw_dienst", "Dit is niet uw dienst.")
    if row.until_at <= now:
        raise Conflict("dienst_voorbij", "Deze dienst is voorbij.")
    row.swap_asked_at = now if asked else None
    _note(session, "dienst_ruil_gevraagd" if asked else "dienst_ruil_terug", row, actor, now)


def take_over(session: Session, duty_id: int, *, actor: Actor, now: datetime) -> None:
    """A colleague of the team takes over a duty whose holder asks for it. Whose it was first is kept.

    Raises NotFound, Forbidden for who is no member, Conflict when nobody asks any more or he has duty then himself.
    """
    row = _duty(session, duty_id, actor)
    to = _team(session, row.team_id, actor)
    if actor.account_id not in {one.id for one in members_of(session, to)}:
        raise Forbidden("niet_uw_team", "Alleen iemand van dit team kan deze dienst overnemen.")
    if row.swap_asked_at is None or row.until_at <= now:
        raise Conflict("ruil_voorbij", "Deze ruil is er niet meer. Misschien was een collega u voor.")
    others = [
        one
        for one in duty.duties_between(
            session, row.from_at, row.until_at, team_ids=[row.team_id], scope=[row.gemeente_id]
        )
        if one.duty.account_id == actor.account_id and one.duty.id != row.id
    ]
    if others:
        raise Conflict("zelf_dienst", f"U heeft dan zelf al dienst: {stretch_words(others[0].duty)}.")
    facts = {"from_account_id": row.account_id}
    row.account_id, row.swap_asked_at = actor.account_id or 0, None
    _note(session, "dienst_overgenomen", row, actor, now, facts)


def set_own_ways(session: Session, phone: str, email: str, *, actor: Actor) -> None:
    """Where an alarm finds this medewerker himself. Raises InvalidInput with what is wrong in either."""
    mine = session.get_one(Account, actor.account_id)
    number = parse_phone(phone, field="telefoon") if phone.strip() else None
    if number is not None and not number.is_mobile:
        raise InvalidInput.of("telefoon", "geen_mobiel", "Geef een mobiel nummer: een alarm komt per sms.")
    mine.phone, mine.email = number.e164 if number else "", check_email(email, "email") if email.strip() else ""


def renew_calendar(session: Session, *, actor: Actor) -> None:
    """The links to this medewerker's calendars stop; there are new ones."""
    session.get_one(Account, actor.account_id).calendar_generation += 1


def members_of(session: Session, to: Team) -> Sequence[Account]:
    """Who can have duty for a team: its active members, in either role, by name."""
    return holders(session, [PIKET, TEAM], team_id=to.id, scope=[to.gemeente_id])


@dataclass(frozen=True)
class Unfilled:
    """A piketdienst with hours ahead for which nobody is in the roster. empty: nobody is in it at all. used: somebody
    ever was; without a roster the alarm goes to the address of the team, which a gemeente may choose."""

    team: Team
    gaps: Sequence[Stretch]
    empty: bool
    used: bool

    def soon(self, now: datetime, ahead: timedelta) -> int:
        """How many gaps of a roster that is used begin within this time."""
        return sum(gap.from_at < now + ahead for gap in self.gaps) if self.used else 0


def unfilled(session: Session, *, now: datetime, scope: Sequence[int]) -> list[Unfilled]:
    """The piketdiensten of these gemeenten that need people in the next two weeks."""
    until = now + timedelta(days=rules.AHEAD_DAYS)
    teams = [one for one in team.teams_of(session, scope=scope) if one.kind == PIKET_KIND]
    held = duty.duties_between(session, now, until, team_ids=[one.id for one in teams], scope=scope)
    used = duty.last_until(session, [one.id for one in teams], scope=scope)
    found = []
    for one in teams:
        own = [h.duty for h in held if h.duty.team_id == one.id and h.account.active]
        missing = gaps_of(session, one, own, since=now, until=until)
        if missing:
            found.append(Unfilled(one, missing, empty=not own, used=one.id in used))
    return found


def gaps_of(session: Session, of: Team, own: Sequence[Duty], *, since: datetime, until: datetime) -> list[Stretch]:
    """The hours outside office hours for which none of these duties of a team is."""
    home = gemeente.gemeente_by_id(session, of.gemeente_id)
    closing = gemeente.closing_days(session, scope=[of.gemeente_id])
    covered = [Stretch(one.from_at, one.until_at) for one in own]
    return rules.gaps(covered, since, until, home.policy.get("office_hours"), closing)


def stretch_words(one: Duty | Stretch) -> str:
    """From when until when, on Amsterdam's clock: "vr 1 mei 16.30 tot za 2 mei 8.00"."""
    begin, end = one.from_at.astimezone(AMSTERDAM), one.until_at.astimezone(AMSTERDAM)
    if begin.date() == end.date():
        return f"{_day(begin)} {begin:%H.%M} tot {end:%H.%M}"
    return f"{_day(begin)} {begin:%H.%M} tot {_day(end)} {end:%H.%M}"


_DAYS = ("ma", "di", "wo", "do", "vr", "za", "zo")
_MONTHS = ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec")


def _day(moment: datetime) -> str:
    return f"{_DAYS[moment.weekday()]} {moment.day} {_MONTHS[moment.month - 1]}"


def refuse_wrong(error: ValueError) -> InvalidInput:
    """What a form hears of stretches that cannot be (domain/roster.py)."""
    field, words = _WRONG[str(error)]
    return InvalidInput.of(field, str(error), words)


def _refuse_clash(held: Sequence[duty.OnDuty], stretch: Stretch, *, place: int, account_id: int) -> None:
    for one in held:
        if one.duty.from_at >= stretch.until_at or one.duty.until_at <= stretch.from_at:
            continue
        if one.duty.place == place:
            told = f"Plaats {place} is dan al van {one.account.name}: {stretch_words(one.duty)}."
            raise InvalidInput.of("plaats", "bezet", told)
        if one.account.id == account_id:
            told = f"{one.account.name} heeft dan al dienst: {stretch_words(one.duty)}."
            raise InvalidInput.of("wie", "bezet", told)


def _team(session: Session, team_id: int, actor: Actor) -> Team:
    found = team.team_by_id(session, team_id, scope=actor.scope)
    if found is None or found.is_partner:
        raise NotFound("team_onbekend", "Dit team kennen wij niet.")
    return found


def _duty(session: Session, duty_id: int, actor: Actor) -> Duty:
    row = duty.lock_duty(session, duty_id, scope=actor.scope)
    if row is None:
        raise NotFound("dienst_onbekend", "Deze dienst is er niet meer.")
    return row


def _note(
    session: Session, kind: str, row: Duty, actor: Actor, now: datetime, facts: dict[str, int] | None = None
) -> None:
    told = {"duty_id": row.id, "team_id": row.team_id, "account_id": row.account_id, **(facts or {})}
    journal.record(session, kind, gemeente_id=row.gemeente_id, actor=actor, now=now, facts=told)

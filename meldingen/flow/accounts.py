"""Accounts of medewerkers: made, given a new password, and put out of use. Hashing passwords is the door's work.

Only the command line does this until *Beheer* comes; a new password ends every session of the account.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import PIKET, ROLES, TEAM
from ..domain.errors import Conflict, FieldError, InvalidInput, NotFound
from ..domain.text import clean_text
from ..store import account as accounts
from ..store.account import Account, AccountRole
from ..store.gemeente import Gemeente
from ..store.team import team_by_slug

SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class NewRole:
    """One role in one gemeente. team_slug: a must for team and piket; the KCC may be a team as well."""

    gemeente: Gemeente
    role: str
    team_slug: str = ""


def check_password(password: str) -> None:
    """Raises InvalidInput when it is short: length is what counts (NIST SP 800-63B)."""
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput.of(
            "wachtwoord", "te_kort", f"Kies een wachtwoord van {SHORTEST_PASSWORD} tekens of meer, zoals vier woorden."
        )


def add_account(
    session: Session, username: str, name: str, password_hash: str, roles: Sequence[NewRole], *, now: datetime
) -> Account:
    """A new account with its roles. Raises Conflict for a taken name, InvalidInput with all mistakes at once."""
    username = clean_text(username, field="gebruikersnaam", max_length=60).lower()
    name = clean_text(name, field="naam", max_length=100)
    wrong: list[FieldError] = []
    if not username or any(char.isspace() for char in username):
        wrong.append(
            FieldError("gebruikersnaam", "onjuist", "Een gebruikersnaam heeft letters of cijfers, geen spaties.")
        )
    if not name:
        wrong.append(FieldError("naam", "leeg", "Geef de naam van de medewerker."))
    if not roles:
        wrong.append(FieldError("rol", "leeg", "Geef ten minste één rol."))
    rows = []
    for one in roles:
        if one.role not in ROLES:
            wrong.append(FieldError("rol", "onbekend", f"Kies een rol: {', '.join(ROLES)}."))
            continue
        team = team_by_slug(session, one.team_slug, scope=[one.gemeente.id]) if one.team_slug else None
        if team is None and (one.team_slug or one.role in (TEAM, PIKET)):
            wrong.append(FieldError("rol", "team", f"De rol {one.role} hoort bij een bestaand team: {one.role}:TEAM."))
            continue
        rows.append((one.gemeente.id, one.role, team.id if team else None))
    if wrong:
        raise InvalidInput.gather(wrong)
    if accounts.account_by_username(session, username) is not None:
        raise Conflict("naam_bezet", f"Er is al een account '{username}'.")
    made = Account(username=username, name=name, password_hash=password_hash, active=True, created_at=now)
    session.add(made)
    session.flush()
    session.add_all(
        AccountRole(gemeente_id=gemeente_id, account_id=made.id, role=role, team_id=team_id)
        for gemeente_id, role, team_id in dict.fromkeys(rows)
    )
    session.flush()
    return made


def set_password(session: Session, username: str, password_hash: str) -> Account:
    """Gives an account another password and signs every device out. Raises NotFound."""
    known = _account(session, username)
    known.password_hash = password_hash
    accounts.end_sessions(session, known.id)
    return known


def set_active(session: Session, username: str, *, active: bool) -> Account:
    """Puts an account in or out of use; out of use signs every device out. Raises NotFound."""
    known = _account(session, username)
    known.active = active
    if not active:
        accounts.end_sessions(session, known.id)
    return known


def _account(session: Session, username: str) -> Account:
    known = accounts.account_by_username(session, username)
    if known is None:
        raise NotFound("account_onbekend", f"Er is geen account '{username}'.")
    return known

"""Accounts of medewerkers: made, changed by beheer, and by their owner. How one signs in: sign_in.py.

Beheer of one gemeente changes the roles in that gemeente. What opens the whole account (password, second factor, in
use) is only for who has beheer in each of its gemeenten: else one gemeente could walk into another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, PIKET, ROLES, TEAM, Actor
from ..domain.contact import check_email
from ..domain.errors import Conflict, DomainError, FieldError, Forbidden, InvalidInput, NotFound
from ..domain.phone import parse_phone
from ..domain.text import clean_text
from ..store import account as accounts
from ..store import journal
from ..store.account import Account, AccountRole
from ..store.gemeente import Gemeente
from ..store.team import team_by_slug
from . import sign_in

SHORTEST_PASSWORD = 12


@dataclass(frozen=True)
class NewRole:
    """One role in one gemeente. team_slug: a must for team and piket; the KCC may be a team as well."""

    gemeente: Gemeente
    role: str
    team_slug: str = ""


@dataclass(frozen=True)
class Reach:
    """Where an alarm or a new password finds a medewerker; empty when not known. phone: as people write it."""

    email: str = ""
    phone: str = ""


def check_password(password: str) -> None:
    """Raises InvalidInput when it is short: length is what counts (NIST SP 800-63B)."""
    if len(password) < SHORTEST_PASSWORD:
        raise InvalidInput.of(
            "wachtwoord", "te_kort", f"Kies een wachtwoord van {SHORTEST_PASSWORD} tekens of meer, zoals vier woorden."
        )


def add_account(
    session: Session,
    username: str,
    name: str,
    password_hash: str,
    roles: Sequence[NewRole],
    *,
    reach: Reach = Reach(),
    must_change: bool = False,
    actor: Actor,
    now: datetime,
) -> Account:
    """A new account with its roles. must_change: its owner chooses his own password when he first signs in.

    Raises Conflict for a taken name, Forbidden, InvalidInput with all mistakes at once.
    """
    for one in roles:
        actor.require_role(one.gemeente.id, BEHEER)
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
    rows = _role_rows(session, roles, wrong)
    email, phone = _reach(reach, wrong)
    if wrong:
        raise InvalidInput.gather(wrong)
    if accounts.account_by_username(session, username) is not None:
        raise Conflict("naam_bezet", f"Er is al een account '{username}'.")
    made = Account(
        username=username, name=name, password_hash=password_hash, email=email, phone=phone, must_change=must_change,
        active=True, created_at=now,
    )  # fmt: skip
    session.add(made)
    session.flush()
    session.add_all(
        AccountRole(gemeente_id=gemeente_id, account_id=made.id, role=role, team_id=team_id)
        for gemeente_id, role, team_id in dict.fromkeys(rows)
    )
    session.flush()
    _record(session, made, "gemaakt", actor=actor, now=now)
    return made


def change_account(
    session: Session,
    account_id: int,
    gemeente: Gemeente,
    roles: Sequence[NewRole],
    reach: Reach,
    *,
    actor: Actor,
    now: datetime,
) -> Account:
    """Gives an account other roles in one gemeente, and another address and number; roles elsewhere stay.

    Without any role left it can do nothing here. Raises NotFound, Forbidden, InvalidInput, Conflict for who would take
    beheer from himself.
    """
    actor.require_role(gemeente.id, BEHEER)
    known = managed(session, account_id, actor=actor)
    wrong: list[FieldError] = []
    rows = set(_role_rows(session, roles, wrong))
    known.email, known.phone = _reach(reach, wrong)
    if wrong:
        raise InvalidInput.gather(wrong)
    if known.id == actor.account_id and (gemeente.id, BEHEER, None) not in rows:
        raise Conflict("eigen_beheer", "U kunt uw eigen rol beheer niet weghalen. Vraag een collega.")
    here = [row for row in accounts.roles_of(session, known.id) if row.gemeente_id == gemeente.id]
    for row in here:
        if (row.gemeente_id, row.role, row.team_id) not in rows:
            session.delete(row)
    held = {(row.gemeente_id, row.role, row.team_id) for row in here}
    session.add_all(
        AccountRole(gemeente_id=home, account_id=known.id, role=role, team_id=team_id)
        for home, role, team_id in sorted(rows - held, key=str)
    )
    session.flush()
    _record(session, known, "rollen", actor=actor, now=now, gemeente_id=gemeente.id)
    return known


def give_password(session: Session, account_id: int, password_hash: str, *, actor: Actor, now: datetime) -> Account:
    """A password from beheer: every device is signed out, the lock is off, and its owner must choose his own."""
    known = managed(session, account_id, actor=actor, whole=True)
    known.password_hash, known.must_change = password_hash, True
    sign_in.unlock(known)
    accounts.end_sessions(session, known.id)
    _record(session, known, "wachtwoord", actor=actor, now=now)
    return known


def reset_factor(session: Session, account_id: int, *, actor: Actor, now: datetime) -> Account:
    """A lost phone: the next time he signs in he sets up a new second factor. Every device is signed out."""
    known = managed(session, account_id, actor=actor, whole=True)
    sign_in.drop_factor(known)
    accounts.end_sessions(session, known.id)
    _record(session, known, "tweede_stap", actor=actor, now=now)
    return known


def unlock(session: Session, account_id: int, *, actor: Actor, now: datetime) -> Account:
    """Lets somebody try again before the quarter of an hour is over."""
    known = managed(session, account_id, actor=actor)
    sign_in.unlock(known)
    _record(session, known, "slot", actor=actor, now=now)
    return known


def set_in_use(session: Session, account_id: int, *, active: bool, actor: Actor, now: datetime) -> Account:
    """Puts an account in or out of use; out of use signs every device out. Raises Conflict for one's own account."""
    known = managed(session, account_id, actor=actor, whole=True)
    if known.id == actor.account_id:
        raise Conflict("eigen_account", "U kunt uw eigen account niet uitzetten. Vraag een collega.")
    known.active = active
    if not active:
        accounts.end_sessions(session, known.id)
    _record(session, known, "aan" if active else "uit", actor=actor, now=now)
    return known


def sign_out_device(session: Session, account_id: int, session_id: int, *, actor: Actor, now: datetime) -> None:
    """Ends one device, such as a lost tablet: what it kept of us goes the next time it asks."""
    known = managed(session, account_id, actor=actor)
    accounts.end_session_by_id(session, known.id, session_id)
    _record(session, known, "apparaat", actor=actor, now=now)


def choose_password(session: Session, account: Account, password: str, *, but: bytes = b"") -> None:
    """One's own new password; every other device is signed out. but: the hash of this device's secret.

    Raises InvalidInput when it is short or the same as before.
    """
    check_password(password)
    if sign_in.check_own_password(account, password):
        raise InvalidInput.of("wachtwoord", "zelfde", "Kies een ander wachtwoord dan het oude.")
    account.password_hash, account.must_change = sign_in.hash_password(password), False
    accounts.end_sessions(session, account.id, but=but)


def change_reach(account: Account, reach: Reach) -> None:
    """One's own e-mail address and phone number. Raises InvalidInput."""
    wrong: list[FieldError] = []
    email, phone = _reach(reach, wrong)
    if wrong:
        raise InvalidInput.gather(wrong)
    account.email, account.phone = email, phone


def set_password(session: Session, username: str, password_hash: str) -> Account:
    """The operator gives an account another password; every device is signed out. Raises NotFound."""
    known = _account(session, username)
    known.password_hash = password_hash
    sign_in.unlock(known)
    accounts.end_sessions(session, known.id)
    return known


def set_active(session: Session, username: str, *, active: bool) -> Account:
    """The operator puts an account in or out of use; out of use signs every device out. Raises NotFound."""
    known = _account(session, username)
    known.active = active
    if not active:
        accounts.end_sessions(session, known.id)
    return known


def forget_factor(session: Session, username: str) -> Account:
    """The operator takes the second factor away; every device is signed out. Raises NotFound."""
    known = _account(session, username)
    sign_in.drop_factor(known)
    accounts.end_sessions(session, known.id)
    return known


def managed(session: Session, account_id: int, *, actor: Actor, whole: bool = False) -> Account:
    """The locked account that this beheerder may change. whole: everything of it, so in each of its gemeenten.

    Raises NotFound for one without a role in a gemeente of his, Forbidden when it belongs to others as well.
    """
    known = accounts.lock_account(session, account_id)
    homes = {row.gemeente_id for row in accounts.roles_of(session, account_id)}
    mine = actor.gemeenten_with(BEHEER)
    if known is None or not homes & mine:
        raise NotFound("account_onbekend", "Dit account kunnen wij niet vinden.")
    if whole and not homes <= mine:
        raise Forbidden(
            "ook_van_anderen",
            "Dit account werkt ook voor een andere gemeente. Alleen wie daar ook beheer heeft, of de technisch "
            "beheerder, mag dit doen.",
        )
    return known


def _role_rows(
    session: Session, roles: Sequence[NewRole], wrong: list[FieldError]
) -> list[tuple[int, str, int | None]]:
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
    return rows


def _reach(reach: Reach, wrong: list[FieldError]) -> tuple[str, str]:
    email = phone = ""
    try:
        email = check_email(reach.email.strip(), "email") if reach.email.strip() else ""
    except DomainError as error:
        wrong.extend(error.fields)
    try:
        phone = parse_phone(reach.phone, field="telefoon").e164 if reach.phone.strip() else ""
    except DomainError as error:
        wrong.extend(error.fields)
    return email, phone


def _record(
    session: Session, account: Account, what: str, *, actor: Actor, now: datetime, gemeente_id: int | None = None
) -> None:
    """One event in each gemeente of the account, or in this one: who did what to which account."""
    homes = {row.gemeente_id for row in accounts.roles_of(session, account.id)}
    for home in sorted(homes if gemeente_id is None else {gemeente_id}):
        facts = {"account_id": account.id, "what": what}
        journal.record(session, "account_gewijzigd", gemeente_id=home, actor=actor, now=now, facts=facts)


def _account(session: Session, username: str) -> Account:
    known = accounts.account_by_username(session, username)
    if known is None:
        raise NotFound("account_onbekend", f"Er is geen account '{username}'.")
    return known

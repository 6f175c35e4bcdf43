"""Signing in: the password, the second factor, the lock after too many guesses, and the session of one device.

One answer for whatever was wrong, so that nobody learns who has an account. What accounts there are: accounts.py.
"""

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.orm import Session

from ..domain import second_factor
from ..domain.actor import Actor
from ..domain.errors import Conflict, InvalidInput, NotSignedIn
from ..store import account as accounts
from ..store.account import Account, StaffSession
from ..store.team import PARTY

SESSION_HOURS = 12
STAFF_PREFIX = "ms_"
GUESSES = 10
"""Wrong passwords and codes in a row before nobody gets in for a while: a person's bad morning, not a list of words."""
LOCKED_FOR = timedelta(minutes=15)
"""Long enough to stop guessing, short enough that locking a colleague out is no sport."""

_hasher = PasswordHasher()
NOBODY = "$argon2id$v=19$m=65536,t=3,p=4$y1Lj9KSxK/2JijRIZVm3Pw$k88ATASVU9+VO7tgHQaHk25KVDXeprhB5KlEp92WFec"
"""Of a password nobody knows; verified for unknown names too, so that a refusal does not tell who has an account.
Written out, since making one is slow on purpose and every process would."""


def hash_password(password: str) -> str:
    """An argon2id hash with the library's current parameters."""
    return _hasher.hash(password)


def hash_secret(secret: str) -> bytes:
    """What we keep of a session or machine key; they are random, so one plain hash is enough."""
    return hashlib.sha256(secret.encode()).digest()


def check_password(session: Session, username: str, password: str, *, now: datetime) -> Account | None:
    """The account of this name and password; None for whatever is wrong, which counts as a guess.

    As slow for an unknown name, a locked account and one out of use as for a wrong password.
    """
    known = accounts.lock_by_username(session, username)
    fits = _fits(known.password_hash if known else NOBODY, password)
    if known is None or not known.active or is_locked(known, now):
        return None
    if not fits:
        _count_guess(known, now)
        return None
    return known


def check_own_password(account: Account, password: str) -> bool:
    """Whether a signed-in medewerker knows his own password, before he changes what protects the account."""
    return _fits(account.password_hash, password)


def check_code(
    session: Session, account: Account, code: str, *, keys: Sequence[str], now: datetime, at: datetime
) -> bool:
    """Whether this is the code of now of the account's second factor; a wrong one counts as a guess. Each works once.

    at: by the clock of the machine, which the phone goes by, also when business time was moved.
    """
    held = accounts.lock_account(session, account.id)
    if held is None or not held.active or is_locked(held, now):
        return False
    step = second_factor.step_of(second_factor.unseal(keys, held.totp_secret), code, at, after=held.totp_step)
    if step is None:
        _count_guess(held, now)
        return False
    held.totp_step = step
    return True


def is_locked(account: Account, now: datetime) -> bool:
    """Whether nobody gets in now because of too many wrong guesses."""
    return account.locked_until is not None and now < account.locked_until


def has_factor(account: Account) -> bool:
    """Whether a code is asked of this account."""
    return account.totp_confirmed_at is not None


def begin_factor(account: Account, *, keys: Sequence[str], now: datetime) -> str:
    """The secret that is being set up: the one that was begun, or a new one. It asks for nothing until it is confirmed.

    Raises Conflict when the account has a second factor.
    """
    if has_factor(account):
        raise Conflict("al_ingesteld", "Dit account heeft al een tweede stap.")
    secret = second_factor.unseal(keys, account.totp_secret)
    if not secret:
        secret = second_factor.new_secret()
        account.totp_secret = second_factor.seal(keys, secret, now)
    return secret


def confirm_factor(account: Account, code: str, *, keys: Sequence[str], now: datetime, at: datetime) -> None:
    """The first code proves that the phone has the secret; from now on it is asked. Raises InvalidInput.

    at: by the clock of the machine.
    """
    step = second_factor.step_of(second_factor.unseal(keys, account.totp_secret), code, at, after=account.totp_step)
    if step is None:
        raise InvalidInput.of("code", "onjuist", "Deze code klopt niet. Wacht op de volgende code en vul die in.")
    account.totp_step, account.totp_confirmed_at = step, now


def drop_factor(account: Account) -> None:
    """The next time he signs in he sets up a new second factor."""
    account.totp_secret, account.totp_confirmed_at, account.totp_step = "", None, 0


def unlock(account: Account) -> None:
    """Forgets the wrong guesses."""
    account.failures, account.locked_until = 0, None


def open_session(session: Session, account: Account, device: str, *, now: datetime) -> str:
    """Signs a device in; returns the secret of its session, said once. device: in a few words, for its owner."""
    unlock(account)
    secret = STAFF_PREFIX + secrets.token_urlsafe(32)
    session.add(
        StaffSession(
            account_id=account.id,
            secret_hash=hash_secret(secret),
            device=device,
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=SESSION_HOURS),
        )
    )
    return secret


def staff_actor(session: Session, account: Account) -> Actor:
    """The actor of an account with all its roles and teams."""
    return actor_with(account.id, account.name, accounts.held_by(session, account.id))


def actor_with(account_id: int, name: str, held: Sequence[accounts.Held]) -> Actor:
    """The actor of the account that holds these roles."""
    roles: dict[int, frozenset[str]] = {}
    for row in held:
        roles[row.gemeente_id] = roles.get(row.gemeente_id, frozenset()) | {row.role}
    return Actor(
        kind="medewerker",
        account_id=account_id,
        name=name,
        roles=roles,
        team_ids=frozenset(row.team_id for row in held if row.team_id is not None),
        inside=frozenset(row.gemeente_id for row in held if row.team_kind not in (None, PARTY)),
    )


def refusal() -> NotSignedIn:
    """The one sentence for a wrong name, a wrong password, an account out of use and one that is locked."""
    return NotSignedIn(
        "inloggen_mislukt",
        "Deze gebruikersnaam en dit wachtwoord horen niet bij elkaar. "
        f"Na {GUESSES} verkeerde pogingen gaat een account een kwartier op slot.",
    )


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


def _count_guess(account: Account, now: datetime) -> None:
    account.failures += 1
    if account.failures >= GUESSES:
        account.failures, account.locked_until = 0, now + LOCKED_FOR

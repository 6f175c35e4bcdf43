"""Staff accounts with roles per gemeente, their sessions, and machine keys. Passwords only as argon2 hashes."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base, by_driver
from ..domain.actor import ROLES
from .table import Id, Moment, OfGemeente, Ref, one_of, own, refers
from .team import Team


class Account(Base):
    """A medewerker. One account may hold roles in several gemeenten, so it belongs to none.

    email, phone (E.164): where an alarm finds this person, and a new password; empty when not known.
    totp_secret: of the second factor (RFC 6238), base32; it counts once totp_confirmed_at is set. totp_step: the last
    time step that was used, so that a code works once. failures: wrong guesses in a row; locked_until: nobody gets in
    before. must_change: the password was given by beheer. calendar_generation: +1 revokes the links to his roster.
    """

    __tablename__ = "account"

    id: Mapped[Id]
    username: Mapped[str] = mapped_column(sa.Text, unique=True)
    name: Mapped[str] = mapped_column(sa.Text)
    password_hash: Mapped[str] = mapped_column(sa.Text)
    email: Mapped[str] = mapped_column(sa.Text, server_default="")
    phone: Mapped[str] = mapped_column(sa.Text, server_default="")
    totp_secret: Mapped[str] = mapped_column(sa.Text, server_default="")
    totp_confirmed_at: Mapped[Moment | None]
    totp_step: Mapped[int] = mapped_column(sa.BigInteger, server_default="0")
    failures: Mapped[int] = mapped_column(server_default="0")
    locked_until: Mapped[Moment | None]
    must_change: Mapped[bool] = mapped_column(server_default=sa.false())
    calendar_generation: Mapped[int] = mapped_column(server_default="1")
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    created_at: Mapped[Moment]


class AccountRole(OfGemeente, Base):
    """One role of one account in one gemeente; `team_id` for the roles team and piket."""

    __tablename__ = "account_role"

    account_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    role: Mapped[str] = mapped_column(sa.Text)
    team_id: Mapped[Ref | None]

    __table_args__ = own(
        sa.UniqueConstraint("gemeente_id", "account_id", "role", "team_id", postgresql_nulls_not_distinct=True),
        refers("team_id", "team"),
        one_of("role", ROLES),
    )


class StaffSession(Base):
    """A signed-in device. Only a hash of its secret is kept; deleting the row signs the device out.

    device: in a few words ("Chrome op Android"). seen_at: about when it was last used.
    """

    __tablename__ = "staff_session"

    id: Mapped[Id]
    account_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    device: Mapped[str] = mapped_column(sa.Text, server_default="")
    created_at: Mapped[Moment]
    seen_at: Mapped[Moment | None]
    expires_at: Mapped[Moment]

    __table_args__ = (sa.Index("ix_staff_session_account_id", "account_id"),)


class ApiKey(OfGemeente, Base):
    """A partner's machine key; `name` is the kanaal its meldingen carry.

    team_id: the external party whose opdrachten it works on, if any; category_ids: of these categories only.
    """

    __tablename__ = "api_key"

    name: Mapped[str] = mapped_column(sa.Text)
    secret_hash: Mapped[bytes] = mapped_column(sa.LargeBinary, unique=True)
    team_id: Mapped[Ref | None]
    category_ids: Mapped[list[int] | None] = mapped_column(sa.ARRAY(sa.BigInteger))
    active: Mapped[bool] = mapped_column(server_default=sa.true())
    created_at: Mapped[Moment]

    __table_args__ = own(sa.UniqueConstraint("gemeente_id", "name"), refers("team_id", "team"))


def account_by_username(session: Session, username: str) -> Account | None:
    """An account by the name people type, case folded; inactive ones too, so that a refusal takes as long."""
    return session.scalar(sa.select(Account).where(Account.username == username.strip().lower()))


def lock_by_username(session: Session, username: str) -> Account | None:
    """The account of that name, locked: guesses at it are counted one at a time."""
    query = sa.select(Account).where(Account.username == username.strip().lower()).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def lock_account(session: Session, account_id: int) -> Account | None:
    """One account, locked and read afresh."""
    query = sa.select(Account).where(Account.id == account_id).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def roles_of(session: Session, account_id: int) -> Sequence[AccountRole]:
    """Every role of an account, in all its gemeenten: they are what its scope is made of."""
    return session.scalars(sa.select(AccountRole).where(AccountRole.account_id == account_id)).all()


class Held(NamedTuple):
    """One role that somebody holds. team_kind: of the team it is for, None without one."""

    gemeente_id: int
    role: str
    team_id: int | None
    team_kind: str | None


class SignedIn(NamedTuple):
    """Who a live session is of, with every role of this account. seen_at: about when the session was last used."""

    account_id: int
    name: str
    session_id: int
    seen_at: datetime | None
    held: Sequence[Held]


_HELD = sa.select(AccountRole.gemeente_id, AccountRole.role, AccountRole.team_id, Team.kind).outerjoin(
    Team, sa.and_(Team.id == AccountRole.team_id, Team.gemeente_id == AccountRole.gemeente_id)
)
_HELD_BY = _HELD.where(AccountRole.account_id == sa.bindparam("account_id"))
_SIGNED_IN = """
    SELECT a.id, a.name, s.id, s.seen_at, r.gemeente_id, r.role, r.team_id, t.kind
    FROM staff_session s
    JOIN account a ON a.id = s.account_id AND a.active
    LEFT JOIN account_role r ON r.account_id = a.id
    LEFT JOIN team t ON t.id = r.team_id AND t.gemeente_id = r.gemeente_id
    WHERE s.secret_hash = %(secret_hash)s AND s.expires_at > %(now)s
"""


def held_by(session: Session, account_id: int) -> Sequence[Held]:
    """Every role of an account, with the kind of team it is for."""
    return [Held(*row) for row in session.execute(_HELD_BY, {"account_id": account_id})]


def session_account(session: Session, secret_hash: bytes, now: datetime) -> SignedIn | None:
    """The active account of a live session, or None. One query: each request of a medewerker begins with it."""
    rows = by_driver(session, _SIGNED_IN, {"secret_hash": secret_hash, "now": now})
    if not rows:
        return None
    account_id, name, session_id, seen_at = rows[0][:4]
    return SignedIn(account_id, name, session_id, seen_at, [Held(*row[4:]) for row in rows if row[4] is not None])


def touch_session(session: Session, session_id: int, now: datetime) -> None:
    """Notes that a device is used. A request beside this one that notes it too is not waited for."""
    free = sa.select(StaffSession.id).where(StaffSession.id == session_id).with_for_update(skip_locked=True)
    session.execute(sa.update(StaffSession).where(StaffSession.id.in_(free.scalar_subquery())).values(seen_at=now))


def sessions_of(session: Session, account_id: int, now: datetime) -> Sequence[StaffSession]:
    """The devices on which an account is signed in now, the last used first."""
    query = sa.select(StaffSession).where(StaffSession.account_id == account_id, StaffSession.expires_at > now)
    return session.scalars(query.order_by(StaffSession.seen_at.desc().nulls_last(), StaffSession.id.desc())).all()


def end_session_by_id(session: Session, account_id: int, session_id: int) -> None:
    """Signs one device of this account out."""
    session.execute(sa.delete(StaffSession).where(StaffSession.account_id == account_id, StaffSession.id == session_id))


def has_expired(session: Session, secret_hash: bytes, now: datetime) -> bool:
    """Whether this session ended by its time alone: nobody signed it out, and its account still works."""
    query = sa.select(StaffSession.id).join(Account, StaffSession.account_id == Account.id)
    query = query.where(StaffSession.secret_hash == secret_hash, StaffSession.expires_at <= now, Account.active)
    return session.scalar(query) is not None


def end_session(session: Session, secret_hash: bytes) -> None:
    """Signs one device out."""
    session.execute(sa.delete(StaffSession).where(StaffSession.secret_hash == secret_hash))


def end_sessions(session: Session, account_id: int, *, but: bytes = b"") -> None:
    """Signs every device of an account out; but: the secret's hash of the one that stays."""
    session.execute(
        sa.delete(StaffSession).where(StaffSession.account_id == account_id, StaffSession.secret_hash != but)
    )


def key_by_hash(session: Session, secret_hash: bytes) -> ApiKey | None:
    """An active machine key; its row says which gemeente it is for."""
    return session.scalar(sa.select(ApiKey).where(ApiKey.secret_hash == secret_hash, ApiKey.active))


def key_named(session: Session, name: str, *, scope: Collection[int]) -> ApiKey | None:
    """The machine key of that name in scope, withdrawn ones too."""
    return session.scalar(sa.select(ApiKey).where(ApiKey.name == name, ApiKey.gemeente_id.in_(scope)))


def keys_of(session: Session, *, scope: Collection[int]) -> Sequence[ApiKey]:
    """The machine keys in scope by name, withdrawn ones too."""
    return session.scalars(sa.select(ApiKey).where(ApiKey.gemeente_id.in_(scope)).order_by(ApiKey.name)).all()


def accounts_of(session: Session, *, scope: Collection[int]) -> Sequence[Account]:
    """The accounts with a role in scope, by username."""
    holders = sa.select(AccountRole.account_id).where(AccountRole.gemeente_id.in_(scope))
    return session.scalars(sa.select(Account).where(Account.id.in_(holders)).order_by(Account.username)).all()


def role_rows(session: Session, *, scope: Collection[int]) -> Sequence[AccountRole]:
    """Every role held in scope."""
    query = sa.select(AccountRole).where(AccountRole.gemeente_id.in_(scope))
    return session.scalars(query.order_by(AccountRole.account_id, AccountRole.id)).all()


def names_of(session: Session, account_ids: Collection[int]) -> dict[int, str]:
    """The names of these accounts, those that were put out of use too."""
    query = sa.select(Account.id, Account.name).where(Account.id.in_(account_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def holders(
    session: Session, roles: Collection[str], *, team_id: int | None = None, scope: Collection[int]
) -> Sequence[Account]:
    """The active accounts with one of these roles in scope, by name. team_id: for this team only."""
    held = sa.select(AccountRole.account_id).where(AccountRole.role.in_(roles), AccountRole.gemeente_id.in_(scope))
    if team_id is not None:
        held = held.where(AccountRole.team_id == team_id)
    query = sa.select(Account).where(Account.id.in_(held), Account.active)
    return session.scalars(query.order_by(Account.name, Account.id)).all()

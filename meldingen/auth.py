"""Who is at the door: staff by session, a partner by key, a melder by follow token; and which routes they may enter.

Every view declares its visitors with `enter`; a house test refuses a route that does not. What an actor may do with
one row is asked by the flow; here it is only: may this kind of visitor come in at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, wraps
from typing import Literal, ParamSpec, TypeVar

import sqlalchemy as sa
from flask import current_app, g, request
from flask import session as cookie
from flask_wtf.csrf import CSRFProtect
from sqlalchemy.orm import Session

from .adapters import Adapters
from .db import business_now
from .domain import tokens
from .domain.actor import ANONYMOUS, TEAM, Actor
from .domain.errors import Forbidden, NotFound, NotSignedIn
from .domain.privacy import check_not_erased
from .domain.sentence import say
from .flow.sign_in import STAFF_PREFIX, actor_with, hash_secret
from .settings import Settings
from .store import account as accounts
from .store.dossier import MeldingRow, followed_row
from .store.gemeente import served_ids
from .store.melding import Melding, followed_melding

Who = Literal["iedereen", "melder", "partij", "medewerker", "machine"]
P = ParamSpec("P")
R = TypeVar("R")
Followed = TypeVar("Followed", Melding, MeldingRow)

KEY_PREFIX = "mk_"
TOKEN_HEADER = "Volg-Token"  # noqa: S105  the name of a header

csrf = CSRFProtect()
SEEN_EVERY = timedelta(minutes=10)
"""How exact "last used" is: a write per request would be a write too many."""


@dataclass
class Installation:
    """What one process holds: handed to every visit by `create_app`."""

    settings: Settings
    engine: sa.Engine
    adapters: Adapters


class Visit:
    """One request: its session (of the request's one transaction), its moment and its actor."""

    def __init__(self, installation: Installation, session: Session) -> None:
        self.settings = installation.settings
        self.adapters = installation.adapters
        self.session = session

    @cached_property
    def now(self) -> datetime:
        """Business time of this request, the same at each look."""
        return business_now(self.session)

    @cached_property
    def actor(self) -> Actor:
        """Staff or partner; anybody else is anonymous, also with a follow token (see `melder_at`)."""
        return _recognise(self.session, self.now)

    @cached_property
    def public_scope(self) -> frozenset[int]:
        """The ids of every served gemeente: the scope of what anyone may ask."""
        return served_ids(self.session)


def visit() -> Visit:
    """The current request's visit."""
    current: Visit = g.visit
    return current


def installation() -> Installation:
    """What this process holds."""
    held: Installation = current_app.extensions["meldingen"]
    return held


def page_actor() -> Actor:
    """Who is at this page; anonymous when nobody could be recognised any more (an error page)."""
    visit: Visit | None = g.get("visit")
    if visit is None:
        return ANONYMOUS
    if "actor" in visit.__dict__ or visit.session.in_transaction():
        return visit.actor
    return ANONYMOUS


def enter(*who: Who, roles: tuple[str, ...] = ()) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Declares who may enter a view. `medewerker` with `roles`: any of them in any gemeente.

    Staff who come by cookie must carry the CSRF token on anything that changes (SEC-06); bearers need none.
    Raises NotSignedIn (401) or Forbidden (403).
    """

    def declare(view: Callable[P, R]) -> Callable[P, R]:
        @wraps(view)
        def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
            if "iedereen" not in who:
                _admit(visit().actor, who, roles)
            return view(*args, **kwargs)

        guarded.may_enter = (who, roles)  # type: ignore[attr-defined]
        return guarded

    return declare


def _admit(actor: Actor, who: tuple[Who, ...], roles: tuple[str, ...]) -> None:
    if "partij" in who:
        return  # whose link this browser followed: party_access.py
    if actor.kind == "anoniem":
        if "melder" in who:
            return  # the token is checked with the melding it is for, see melder_at
        if session_ran_out():
            raise NotSignedIn("sessie_verlopen", say("Uw sessie is verlopen. Log opnieuw in."))
        raise NotSignedIn("inloggen_nodig", say("Log in om deze pagina te gebruiken."))
    if actor.kind not in who:
        raise Forbidden("geen_recht", "Dit is niet voor uw soort account.")
    if roles and not actor.gemeenten_with(*roles):
        raise Forbidden("geen_recht", "Uw account mag dit niet doen. Vraag uw beheerder.")


def session_ran_out() -> bool:
    """Whether the session of this browser ended by its time: then what a tablet holds need not go (issue 5)."""
    secret, here = cookie.get("medewerker", ""), visit()
    return bool(secret) and accounts.has_expired(here.session, hash_secret(secret), here.now)


def _recognise(session: Session, now: datetime) -> Actor:
    scheme, _, bearer = request.headers.get("Authorization", "").partition(" ")
    bearer = bearer.strip() if scheme.lower() == "bearer" else ""
    if bearer.startswith(KEY_PREFIX):
        key = accounts.key_by_hash(session, hash_secret(bearer))
        if key is None:
            raise NotSignedIn("sleutel_onbekend", "Deze sleutel kennen wij niet, of hij is ingetrokken.")
        return _machine(key)
    secret = bearer if bearer.startswith(STAFF_PREFIX) else "" if bearer else cookie.get("medewerker", "")
    if bearer and not secret:
        raise NotSignedIn("sleutel_onbekend", "Deze sleutel kennen wij niet, of hij is ingetrokken.")
    found = accounts.session_account(session, hash_secret(secret), now) if secret else None
    if found is None:
        if bearer:
            raise NotSignedIn("sessie_verlopen", say("Uw sessie is verlopen. Log opnieuw in."))
        return ANONYMOUS
    if not bearer and request.path.startswith("/api/") and request.method not in ("GET", "HEAD", "OPTIONS"):
        csrf.protect()
    if found.seen_at is None or now - found.seen_at >= SEEN_EVERY:
        accounts.touch_session(session, found.session_id, now)
    return actor_with(found.account_id, found.name, found.held)


def _machine(key: accounts.ApiKey) -> Actor:
    """A partner's app, or the system of an external party: then it works on the opdrachten of that party."""
    return Actor(
        kind="machine",
        key_id=key.id,
        name=key.name,
        roles={key.gemeente_id: frozenset([TEAM] if key.team_id else [])},
        team_ids=frozenset([key.team_id] if key.team_id else []),
        category_ids=None if key.category_ids is None else frozenset(key.category_ids),
    )


def melder_by_token(visit: Visit, token: str) -> tuple[Melding, Actor]:
    """The melding a follow token opens, and its melder as actor.

    Raises NotFound for any token that does not fit, Gone for one that did until its melder was erased.
    """
    return _opened_by(visit, token, followed_melding)


def reader_by_token(visit: Visit, token: str) -> tuple[MeldingRow, Actor]:
    """As `melder_by_token`, for a door that only reads."""
    return _opened_by(visit, token, followed_row)


def _opened_by(visit: Visit, token: str, follow: Callable[[Session, int], Followed | None]) -> tuple[Followed, Actor]:
    claimed = tokens.read_token(token)
    melding = follow(visit.session, claimed.about_id) if claimed else None
    if claimed is None or melding is None:
        raise _no_melding()
    keys = visit.settings.secret_keys
    if not tokens.verify_token(keys, claimed, melding.token_generation):
        if tokens.verify_token(keys, claimed, melding.token_generation - 1):
            check_not_erased(melding.erased_at)  # the link in an old bericht: it was his, and is no more
        raise _no_melding()
    return melding, Actor(kind="melder", melding_id=melding.id, roles={melding.gemeente_id: frozenset()})


def token_was_good(visit: Visit, token: str) -> bool:
    """Whether a follow token that opens nothing now was once ours: it was revoked, or its melding is destroyed."""
    claimed = tokens.read_token(token)
    if claimed is None:
        return False
    melding = followed_row(visit.session, claimed.about_id)
    newest = melding.token_generation if melding else 1
    return any(tokens.verify_token(visit.settings.secret_keys, claimed, one) for one in range(1, newest + 1))


def melder_at(visit: Visit, number: str) -> tuple[Melding, Actor]:
    """The melding `number` for the bearer of its token (header, or the cookie of the volgpagina).

    Raises NotFound when number and token do not belong together: a number alone tells nothing.
    """
    return _of_number(number, melder_by_token(visit, _token_for(number)))


def reader_at(visit: Visit, number: str) -> tuple[MeldingRow, Actor]:
    """As `melder_at`, for a door that only reads."""
    return _of_number(number, reader_by_token(visit, _token_for(number)))


def _token_for(number: str) -> str:
    token: str = request.headers.get(TOKEN_HEADER, "") or cookie.get("volgen", {}).get(number, "")
    return token


def _of_number(number: str, opened: tuple[Followed, Actor]) -> tuple[Followed, Actor]:
    if opened[0].number != number:
        raise _no_melding()
    return opened


def _no_melding() -> NotFound:
    return NotFound(
        "melding_onbekend",
        say("Deze melding kunnen wij niet vinden. Kijk of het nummer klopt en gebruik de link uit ons bericht."),
    )

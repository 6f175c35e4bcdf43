"""Rate limits, counted per process in memory: no store on the path (issue "API quality"). How much: settings.

Strangers are counted per address (IPv6 per /64) and only when they write; staff and partner apps per account or key,
apart from the strangers behind the same address, so the KCC of a gemeente is never in its residents' way. A bearer
that turns out to be nobody's counts as a stranger.
"""

import ipaddress
import math
import time

from flask import Flask, current_app, g, request
from flask import session as cookie
from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

from ..auth import visit
from ..domain.errors import NotSignedIn, TooMany
from .headers import is_api

SAFE = ("GET", "HEAD", "OPTIONS")
TOLD = "U doet veel verzoeken achter elkaar. Wacht {seconds} seconden en probeer het opnieuw."


class Rates:
    """The counters of one process."""

    def __init__(self, public: str, staff: str, login: str) -> None:
        self.public, self.staff, self.login = parse(public), parse(staff), parse(login)
        self._counters = FixedWindowRateLimiter(MemoryStorage())

    def hit(self, limit: RateLimitItem, kind: str, who: str) -> None:
        """Counts one. Raises TooMany beyond the limit."""
        if not self._counters.hit(limit, kind, who):
            self._refuse(limit, kind, who)

    def test(self, limit: RateLimitItem, kind: str, who: str) -> None:
        """Raises TooMany when there is no room left; counts nothing."""
        if not self._counters.test(limit, kind, who):
            self._refuse(limit, kind, who)

    def _refuse(self, limit: RateLimitItem, kind: str, who: str) -> None:
        wait_s = max(1, math.ceil(self._counters.get_window_stats(limit, kind, who).reset_time - time.time()))
        raise TooMany("te_veel_verzoeken", TOLD.format(seconds=wait_s), retry_after_s=wait_s)


def init_app(app: Flask) -> None:
    """One set of counters for this app; strangers are counted before their request touches the database."""
    settings = app.extensions["meldingen"].settings
    app.extensions["rates"] = Rates(settings.rate_public, settings.rate_staff, settings.rate_login)
    app.before_request(_check_stranger)


def rates() -> Rates:
    """The counters of this process."""
    held: Rates = current_app.extensions["rates"]
    return held


def address() -> str:
    """Where the request came from: an IPv4 address, or the /64 of an IPv6 one."""
    written = request.remote_addr or ""
    try:
        found = ipaddress.ip_address(written)
    except ValueError:
        return written
    if found.version == 4:
        return written
    return str(ipaddress.ip_network((found, 64), strict=False))


def _claims() -> bool:
    """Whether the request says it is from somebody we know; the sign-in itself is counted by its own door."""
    return "Authorization" in request.headers or bool(cookie.get("medewerker"))


def _check_stranger() -> None:
    if not is_api() or request.method in SAFE:
        return
    held = rates()
    if _claims():
        held.test(held.public, "onbekend", address())
    else:
        held.hit(held.public, "publiek", address())


def check_claimed() -> None:
    """Counts a writing request of staff or a partner, once known; called within the request's transaction."""
    if request.method in SAFE or not _claims() or "rate_counted" in g:
        return
    g.rate_counted = True
    held = rates()
    try:
        actor = visit().actor
    except NotSignedIn:
        held.hit(held.public, "onbekend", address())
        raise
    if actor.is_staff or actor.kind == "machine":
        held.hit(held.staff, "bekend", actor.label)
    else:
        held.hit(held.public, "publiek", address())


def check_sign_in(username: str) -> None:
    """Counts an attempt to sign in, per address and per account (SEC-08)."""
    held = rates()
    held.hit(held.login, "inloggen", address())
    held.hit(held.login, "account", username.strip().lower())

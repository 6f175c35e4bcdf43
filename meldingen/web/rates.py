"""Rate limits of pages, on the counters that this process keeps for the API too: one visitor, one count (SEC-08).

What staff do on pages is not counted: they are signed in, and each has an account.
"""

import ipaddress
from typing import Protocol, cast

from flask import current_app, request
from flask import session as cookie
from limits import RateLimitItem


class Rates(Protocol):
    """What app.extensions["rates"] can do; it raises TooMany."""

    public: RateLimitItem
    login: RateLimitItem

    def hit(self, limit: RateLimitItem, kind: str, who: str) -> None:
        """Counts one."""


def count_writing() -> None:
    """Counts what a stranger sends, per address. Raises TooMany."""
    if request.method not in ("GET", "HEAD", "OPTIONS") and not cookie.get("medewerker"):
        _rates().hit(_rates().public, "publiek", _address())


def count_guess(kind: str, who: str) -> None:
    """Counts a try at a secret (password, spoken code), per address and per account or number. Raises TooMany."""
    held = _rates()
    held.hit(held.login, "inloggen", _address())
    held.hit(held.login, kind, who.strip().lower())


def _rates() -> Rates:
    return cast(Rates, current_app.extensions["rates"])


def _address() -> str:
    """An IPv4 address, or the /64 of an IPv6 one: that is one household."""
    written = request.remote_addr or ""
    if ":" not in written:
        return written
    return str(ipaddress.ip_network((written.partition("%")[0], 64), strict=False))

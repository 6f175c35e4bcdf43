"""Rate limits, counted per process in memory: no store on the path (issue "API quality"). How much: settings.

One set of counters for API and pages, so that one visitor has one count (SEC-08). Strangers are counted per address
(IPv6 per /64: one household) and only when they write. Who is known is counted by the door that knows him.
"""

import ipaddress
import math
import threading
import time

from flask import Flask, current_app, request
from flask import session as cookie
from limits import RateLimitItem, parse

from .domain.contact import Contact
from .domain.errors import TooMany

SAFE = ("GET", "HEAD", "OPTIONS")
SEARCHES = "300 per minute"
"""Addresses looked up by one visitor: more than a family types, less than who copies a register through us."""
TOLD_MELDER = (
    "Met dit e-mailadres of telefoonnummer is net heel vaak gemeld. Wacht {minutes} minuten en probeer het opnieuw. "
    "Is er haast bij? Bel ons."
)
TOLD = "U doet veel verzoeken achter elkaar. Wacht {seconds} seconden en probeer het opnieuw."


TIDY_EVERY_S = 60.0
STEPS = "300 per minute"
"""Steps of the form from one address; a whole street may share one. What is sent counts as writing."""


class Rates:
    """The counters of one process: fixed windows, each of which begins with its first hit."""

    def __init__(self, public: str, staff: str, login: str, melder: str) -> None:
        self.public, self.staff, self.login = parse(public), parse(staff), parse(login)
        self.melder = parse(melder)
        self.search, self.steps = parse(SEARCHES), parse(STEPS)
        self._windows: dict[tuple[RateLimitItem, str, str], tuple[float, int]] = {}
        self._tidy_at = 0.0
        self._lock = threading.Lock()

    def hit(self, limit: RateLimitItem, kind: str, who: str, told: str = TOLD) -> None:
        """Counts one. Raises TooMany beyond the limit, with these words about so many seconds or minutes."""
        with self._lock:
            now = time.monotonic()
            self._tidy(now)
            ends, count = self._windows.get((limit, kind, who), (0.0, 0))
            if ends <= now:
                ends, count = now + limit.get_expiry(), 0
            self._windows[limit, kind, who] = (ends, count + 1)
        if count >= limit.amount:
            raise _refusal(ends - now, told)

    def test(self, limit: RateLimitItem, kind: str, who: str) -> None:
        """Raises TooMany when there is no room left; counts nothing."""
        now = time.monotonic()
        ends, count = self._windows.get((limit, kind, who), (0.0, 0))
        if ends > now and count >= limit.amount:
            raise _refusal(ends - now)

    def _tidy(self, now: float) -> None:
        """Forgets the windows that are over, now and then; else memory would hold everybody who was ever here."""
        if now >= self._tidy_at:
            self._windows = {name: window for name, window in self._windows.items() if window[0] > now}
            self._tidy_at = now + TIDY_EVERY_S


def _refusal(left_s: float, told: str = TOLD) -> TooMany:
    wait_s = max(1, math.ceil(left_s))
    detail = told.format(seconds=wait_s, minutes=math.ceil(wait_s / 60))
    return TooMany("te_veel_verzoeken", detail, retry_after_s=wait_s)


def init_app(app: Flask) -> None:
    """One set of counters for this app."""
    settings = app.extensions["meldingen"].settings
    app.extensions["rates"] = Rates(
        settings.rate_public, settings.rate_staff, settings.rate_login, settings.rate_melder
    )


def rates() -> Rates:
    """The counters of this process."""
    held: Rates = current_app.extensions["rates"]
    return held


def address() -> str:
    """Where the request came from: an IPv4 address, or the /64 of an IPv6 one."""
    return household(request.remote_addr or "")


def household(written: str) -> str:
    """Who counts as one visitor: an IPv4 address, or the /64 of an IPv6 one."""
    written = written.partition("%")[0]
    try:
        found = ipaddress.ip_address(written)
    except ValueError:
        return written
    if found.version == 4:
        return written
    return str(ipaddress.ip_network((found, 64), strict=False))


def count_page_writing() -> None:
    """Counts what a stranger sends to a page. What staff do there is not counted: they are signed in by name."""
    if request.method not in SAFE and not cookie.get("medewerker"):
        rates().hit(rates().public, "publiek", address())


def count_melder(contact: Contact | None) -> None:
    """Counts a melding of a stranger by his e-mail address and his phone number, from whatever address he sends it: so
    nobody's mailbox is filled with our berichten. What a medewerker or a partner app enters is not counted here.
    Raises TooMany."""
    for who in (contact.email.lower(), contact.phone.e164 if contact.phone else "") if contact else ():
        if who:
            rates().hit(rates().melder, "melder", who, TOLD_MELDER)


def count_step() -> None:
    """Counts a step of the form, and what its page asks meanwhile: many of these are one melding. Raises TooMany."""
    if not cookie.get("medewerker"):
        rates().hit(rates().steps, "stappen", address())


def count_search() -> None:
    """Counts a search for an address, which goes to a service of others: of a medewerker by himself, since a whole
    phone desk shares one address. Raises TooMany."""
    rates().hit(rates().search, "adressen", cookie.get("medewerker") or address())


def count_guess(kind: str, who: str) -> None:
    """Counts a try at a secret (password, spoken code), per address and per account or number. Raises TooMany."""
    held = rates()
    held.hit(held.login, "inloggen", address())
    held.hit(held.login, kind, who.strip().lower())

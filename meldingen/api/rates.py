"""When the API counts a request: strangers before the database is touched, staff and partner apps once known.

Staff and partner apps are counted per account or key, apart from the strangers behind the same address, so the KCC of
a gemeente is never in its residents' way. A bearer that turns out to be nobody's counts as a stranger. The counters:
meldingen/limits.py.
"""

from flask import Flask, g, request
from flask import session as cookie

from ..auth import visit
from ..domain.errors import NotSignedIn
from ..limits import SAFE, address, rates
from .headers import is_api

OWN_COUNT = frozenset({"Openbaar.categorievoorstellen", "Openbaar.gevaarvragen"})
"""Doors that only look and count by themselves: asking while typing must not use up the room to send."""


def init_app(app: Flask) -> None:
    """Strangers are counted before their request touches the database."""
    app.before_request(_check_stranger)


def _claims() -> bool:
    """Whether the request says it is from somebody we know; the sign-in itself is counted by its own door."""
    return "Authorization" in request.headers or bool(cookie.get("medewerker"))


def _check_stranger() -> None:
    if not is_api() or request.method in SAFE or request.endpoint in OWN_COUNT:
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

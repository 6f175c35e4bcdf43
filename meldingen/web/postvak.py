"""/postvak: every message that local mode would have sent, so that a newcomer sees the loop close. Elsewhere: 404."""

from datetime import datetime

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from ..adapters.failures import PermanentFailure
from ..adapters.fates import FATES, USUAL, fate_of
from ..adapters.postvak import Kept, Postvak
from ..auth import enter, installation, visit
from .taal import moment_words

pages = Blueprint("postvak", __name__)

MOST = 100
MAIL_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation"
)
"""A mail brings its own styles and may do nothing else: no script, no form, no request elsewhere."""


@pages.get("/postvak")
@enter("iedereen")
def lijst() -> ResponseReturnValue:
    """The newest messages first."""
    messages = [(message, _fate_words(message)) for message in _postvak().list(MOST)]
    return render_template("postvak.html", messages=messages, most=MOST, fates=FATES)


@pages.get("/postvak/<reference>/html")
@enter("iedereen")
def html(reference: str) -> Response:
    """The HTML part of a mail, for the closed frame on the page; its links open in the page itself."""
    try:
        message = _postvak().get(reference)
    except PermanentFailure:
        message = None
    if message is None or not message.html:
        abort(404)
    response = Response(f'<base target="_top">{message.html}', mimetype="text/html")
    response.headers["Content-Security-Policy"] = MAIL_POLICY
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _fate_words(message: Kept) -> str:
    """What a trial address does with this message, and since or until when that is known; "" for any other."""
    fate = fate_of(message.to)
    if fate is USUAL:
        return ""
    if not message.known_at:
        return f"Proefadres: dit bericht {fate.words}."
    at = datetime.fromisoformat(message.known_at)
    since = f"sinds {moment_words(at)}. Wij vragen het na" if at <= visit().now else f"pas op {moment_words(at)}"
    return f"Proefadres: dit bericht {fate.words}. Dat is bekend {since}."


def _postvak() -> Postvak:
    held = installation()
    if not held.settings.local_mode or held.adapters.postvak is None:
        abort(404)
    return held.adapters.postvak

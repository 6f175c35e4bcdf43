"""/postvak: every message that local mode would have sent, so that a newcomer sees the loop close. Elsewhere: 404."""

from flask import Blueprint, Response, abort, render_template
from flask.typing import ResponseReturnValue

from ..adapters.failures import PermanentFailure
from ..adapters.postvak import Postvak
from ..auth import enter, installation

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
    return render_template("postvak.html", messages=_postvak().list(MOST), most=MOST)


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


def _postvak() -> Postvak:
    held = installation()
    if not held.settings.local_mode or held.adapters.postvak is None:
        abort(404)
    return held.adapters.postvak

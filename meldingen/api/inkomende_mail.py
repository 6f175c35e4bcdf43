"""The door by which a mail server brings a mail that came in: the message itself (RFC 5322), as it is.

Beside /ontvangst/notifynl and like it no part of the public API. What the message means is for flow/replies.py; an
installation may also have its mailbox read instead (MAILBOX_URL).
"""

import hmac

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound

from ..adapters.failures import TemporaryFailure
from ..auth import enter, visit
from ..domain.incoming import MAX_BYTES
from ..flow.desk import Desk
from ..flow.replies import take_mail
from .problems import HTTP, problem

RETRY_S = 60

pages = Blueprint("inkomende_mail", __name__, url_prefix="/ontvangst")


@pages.post("/mail")
@enter("iedereen")
def mail() -> Response:
    """One mail: 200 with what became of it, also when it came before. `Envelope-To` names whom the envelope named.

    401 without our token, compared in constant time; 413 for more than MAX_BYTES; 422 when there is nothing in it; 503
    when it cannot be kept now. 404 when this installation has no token.
    """
    here = visit()
    expected = here.settings.mail_incoming_token
    if not expected:
        raise NotFound
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not hmac.compare_digest(given.strip().encode(), expected.encode()):
        refused = problem(401, "token_onjuist", "Log eerst in", "Stuur het token van MAIL_INKOMEND_TOKEN mee.")
        refused.headers["WWW-Authenticate"] = 'Bearer realm="meldingen"'
        return refused
    if request.content_length is None:
        return problem(411, *HTTP[411])
    if request.content_length > MAX_BYTES:
        return problem(413, "te_groot", "Dit is te groot", f"Een e-mail is hoogstens {MAX_BYTES // 2**20} MB.")
    raw = request.get_data(cache=False)
    if not raw.strip():
        return problem(422, "geen_mail", "Dit is geen e-mail", "Stuur de e-mail zelf, zoals hij binnenkwam.")
    receivers = [one for one in request.headers.get("Envelope-To", "")[:2000].split(",") if one.strip()]
    desk = Desk(here.session, here.adapters, here.settings, here.public_scope, here.now)
    try:
        with here.session.begin_nested():
            kind = take_mail(desk, raw, receivers=receivers)
    except TemporaryFailure:
        away = problem(503, *HTTP[503])
        away.headers["Retry-After"] = str(RETRY_S)
        return away
    return jsonify(soort=kind)

"""/minder-mail: "alleen als het klaar is" for one melding, by the link in the header of a mail (RFC 8058).

A mail program posts here by itself, without cookie or form token: the follow token in the address is the proof.
Following the link changes nothing, since scanners follow links; then a page asks first.
"""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ..auth import enter, melder_by_token, visit
from ..flow import feedback
from .layout import show_as

pages = Blueprint("minder_mail", __name__)


@pages.get("/minder-mail/<token>")
@enter("iedereen")
def vraag(token: str) -> ResponseReturnValue:
    """Asks whether the melder is sure."""
    melding, _ = melder_by_token(visit(), token)
    show_as(melding.gemeente_id)
    return render_template("minder_mail.html", melding=melding, done=False)


@pages.post("/minder-mail/<token>")
@enter("iedereen")
def minder(token: str) -> ResponseReturnValue:
    """Does it; a second time changes nothing. No redirect: RFC 8058 forbids one, and a mail program reads no page."""
    here = visit()
    melding, actor = melder_by_token(here, token)
    feedback.hear_only_the_end(here.session, melding, actor=actor, now=here.now)
    show_as(melding.gemeente_id)
    return render_template("minder_mail.html", melding=melding, done=True)

"""/kcc: the first page of the phone desk: finding a melding, and what waits. Entering one: kcc.py.

Contact data lead to a melding and are shown only on its own page, where the look is logged.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import enter, visit
from ..store.callback import open_callbacks
from ..store.notice import letters_to_post
from ..store.search import find_meldingen
from .kcc import DESK, desk_scope

pages = Blueprint("kcc_zoek", __name__)

FOUND_BY = {
    "nummer": "nummer",
    "telefoon": "telefoonnummer",
    "email": "e-mailadres",
    "naam": "naam",
    "adres": "adres",
    "woorden": "tekst",
}


@pages.get("/kcc")
@enter("medewerker", roles=DESK)
def balie() -> ResponseReturnValue:
    """Search first: most callers ask how something stands. A number that fits opens its melding at once."""
    here = visit()
    scope = desk_scope(here)
    asked = request.args.get("zoek", "")
    hits = find_meldingen(here.session, asked, scope=scope)
    if len(hits) == 1 and hits[0].found_by == "nummer" and asked.strip():
        return redirect(url_for("kcc_melding.melding", nummer=hits[0].melding.number))
    callbacks = open_callbacks(here.session, scope=scope)
    return render_template(
        "werk/kcc.html",
        asked=asked[:200],
        hits=hits,
        found_by=FOUND_BY,
        callbacks=len(callbacks),
        letters=len(letters_to_post(here.session, scope=scope)),
        late=sum(c.due_at <= here.now for c in callbacks),
    )

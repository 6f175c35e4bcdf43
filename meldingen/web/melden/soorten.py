"""Which kinds a text is probably about, to choose from: while typing (js/melden/voorstellen.js), or one press later.

Never a choice: "iets anders" always stands beside them, and what the melder chose is not asked again.
"""

from flask import Blueprint, Response, jsonify, request

from ...auth import enter, visit
from ...domain.text import MAX_LENGTH
from ...flow.proposals import Proposal, propose_categories
from ...limits import count_step
from ..layout import page_sender
from .form import Form

pages = Blueprint("melden_soorten", __name__)

PROPOSED = "voorgesteld"
"""The field that says that the page showed proposals, so that they come once."""


@pages.post("/melden/soorten")
@enter("iedereen")
def soorten() -> Response:
    """At most three kinds for `tekst`, none when unsure. A POST: a text belongs in no address and in no log."""
    count_step()
    sender, text = page_sender(), request.form.get("tekst", "")[:MAX_LENGTH]
    found = propose_categories(visit().session, text, gemeente_id=sender.id) if sender else []
    return jsonify(soorten=[{"slug": one.slug, "naam": one.name, "hoofd": one.main_name} for one in found])


def proposals_for(form: Form) -> list[Proposal]:
    """What to propose to who wrote a text and left the kind open; nothing the second time."""
    values = form.values
    if values["categorie"] or values[PROPOSED] or not values["omschrijving"].strip():
        return []
    return propose_categories(form.here.session, values["omschrijving"], gemeente_id=form.sender.id)

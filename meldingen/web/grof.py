"""Hidden words on staff pages: who marks them, who looks, and the log of that look. The rule: domain/abuse.py."""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.abuse import may_open
from ..domain.actor import COORDINATOR, STAFF_ON_OPDRACHTEN
from ..domain.errors import NotFound
from ..domain.text import whole_number
from ..flow.abuse import mark_abuse
from ..store import contact
from ..store.melding import Melding
from ..store.opdracht import meldingen_of
from .viewer import seen_work, viewer_of

pages = Blueprint("grof", __name__)

LOOK = "grove_tekst"
"""The context of such a look in the log."""


@pages.post("/team/opdracht/<int(max=9223372036854775807):opdracht_id>/grof")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def markeer(opdracht_id: int) -> ResponseReturnValue:
    """Somebody of the team says that a text is abuse or a threat."""
    here = visit()
    row = seen_work(here, viewer_of(here), opdracht_id)
    asked = whole_number(request.form.get("melding", ""))
    mine = meldingen_of(here.session, row.opdracht.id, scope=[row.opdracht.gemeente_id])
    about = next((one for one in mine if one.id == asked), None)
    if about is None:
        raise NotFound("melding_onbekend", "Deze melding hoort niet bij deze opdracht.")
    mark_abuse(here.session, about, request.form.get("grof", ""), actor=here.actor, now=here.now)
    return redirect(url_for("team.opdracht", opdracht_id=opdracht_id, gedaan="grof"), 303)


def openable(here: Visit, about: Melding, *, partner: bool = False) -> bool:
    """Whether this person may look at the hidden words of a melding."""
    return may_open(about.abuse, coordinates=here.actor.has_role(about.gemeente_id, COORDINATOR), partner=partner)


def opened(here: Visit, about: Melding, *, partner: bool = False) -> bool:
    """Whether this page shows the hidden words: asked for in the address (`?toon=` its id), allowed, and logged."""
    if whole_number(request.args.get("toon", "")) != about.id or not openable(here, about, partner=partner):
        return False
    if here.actor.account_id is not None:
        contact.log_view(
            here.session,
            gemeente_id=about.gemeente_id,
            melding_id=about.id,
            account_id=here.actor.account_id,
            context=LOOK,
            now=here.now,
        )
    return True

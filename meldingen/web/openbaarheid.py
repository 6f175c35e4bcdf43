""" "Mag openbaar": which photos others may see, ticked by staff on the page of an opdracht or of a melding.

The form carries every photo that was shown; those with a tick become public, the others do not (any more). What came in
meanwhile is left alone.
"""

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..flow.publicity import MAY_PUBLISH, set_photo_public
from .kcc import DESK
from .kcc_melding import found_melding
from .viewer import seen_work, viewer_of

pages = Blueprint("openbaarheid", __name__)

MOST = 200
"""Photos in one form; more than any page shows."""


@pages.post("/team/opdracht/<int(max=9223372036854775807):opdracht_id>/openbaarheid")
@enter("medewerker", roles=MAY_PUBLISH)
def van_opdracht(opdracht_id: int) -> ResponseReturnValue:
    """The ticks on the page of an opdracht."""
    here = visit()
    seen_work(here, viewer_of(here), opdracht_id)
    _tick(here)
    return redirect(url_for("team.opdracht", opdracht_id=opdracht_id, gedaan="openbaarheid"), 303)


@pages.post("/kcc/melding/<nummer>/openbaarheid")
@enter("medewerker", roles=DESK)
def van_melding(nummer: str) -> ResponseReturnValue:
    """The ticks on the page of a melding."""
    here = visit()
    found = found_melding(here, nummer)
    _tick(here)
    return redirect(url_for("kcc_melding.melding", nummer=found.number, gedaan="openbaarheid"), 303)


def _tick(here: Visit) -> None:
    ticked = set(request.form.getlist("openbaar"))
    for public_id in sorted(set(request.form.getlist("getoond")[:MOST])):
        name = public_id.replace("\x00", "")
        set_photo_public(here.session, name, public_id in ticked, actor=here.actor, now=here.now)

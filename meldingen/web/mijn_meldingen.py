"""/mijn-meldingen: what was reported with this device, without an account. What still waits in the device, its own
script shows (static/js/melden/mijn.js); what was sent, the follow tokens in this browser's cookie open.

Not for another device: that asks for a code first (/mijn-meldingen/toegang).
"""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain import tokens
from ..domain.sentence import say
from ..domain.workflow import AFGEHANDELD, DOORGEZET, DOORVERWEZEN
from ..flow.standing import STATUS_WORDS
from ..store.category import categories_by_ids
from ..store.melding import meldingen_by_ids

pages = Blueprint("mijn_meldingen", __name__)

WORDS = {
    **STATUS_WORDS,
    DOORGEZET: say("Bij een andere organisatie"),
    DOORVERWEZEN: say("Doorverwezen"),
    AFGEHANDELD: say("Klaar"),
}


@dataclass(frozen=True)
class Mine:
    """One melding that this browser may follow. link: the path of its follow link, which the device keeps, since our
    cookie goes when the browser closes."""

    number: str
    link: str
    kind: str
    text: str
    place: str
    received_at: datetime
    status: str
    words: str


@pages.get("/mijn-meldingen")
@enter("iedereen")
def mijn_meldingen() -> ResponseReturnValue:
    """Everything reported with this device, the newest first. Without cookies, as the service worker asks for it, an
    empty page that the script fills with what the device knows."""
    return render_template("mijn_meldingen.html", mine=_followed(visit()))


@pages.post("/mijn-meldingen/vergeten")
@enter("iedereen")
def vergeten() -> ResponseReturnValue:
    """Takes one melding off this device; the melding itself goes on, and its link keeps working."""
    followed = dict(cookie.get("volgen", {}))
    if followed.pop(request.form.get("nummer", ""), None) is not None:
        cookie["volgen"] = followed
    return redirect(url_for("mijn_meldingen.mijn_meldingen"), 303)


def _followed(here: Visit) -> list[Mine]:
    """The meldingen whose tokens fit; a revoked or erased one is left out."""
    held = cookie.get("volgen", {})
    claims = [tokens.read_token(token) for token in held.values()]
    claimed = {claim.about_id: claim for claim in claims if claim is not None}
    known = meldingen_by_ids(here.session, claimed, scope=here.public_scope)
    keys = here.settings.secret_keys
    fitting = [one for one in known if tokens.verify_token(keys, claimed[one.id], one.token_generation)]
    own = [one for one in fitting if one.number in held]
    chosen = {one.category_id for one in own if one.category_id}
    kinds = categories_by_ids(here.session, chosen, scope=here.public_scope)
    return [
        Mine(
            number=one.number,
            link=url_for("volgen.open_link", token=held[one.number]),
            kind=kinds[one.category_id].name if one.category_id and one.category_id in kinds else "",
            text=one.description,
            place=one.address,
            received_at=one.received_at,
            status=one.status,
            words=WORDS.get(one.status, "Klaar"),
        )
        for one in sorted(own, key=lambda one: (one.received_at, one.id), reverse=True)
    ]

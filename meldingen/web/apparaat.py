"""The device of a melder at the volgpagina: switching messages on and off. What shows them is the service worker of
webapp.py.

The page's own script calls these doors (static/js/apparaat.js); without scripts there is no button. Apps use the API.
"""

import hashlib

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from ..auth import enter, melder_at, visit
from ..domain.errors import DomainError
from ..flow.devices import comes_first, forget_device, subscribe_device
from ..store.dossier import MeldingRow
from ..store.melding import Melding
from ..store.push import subscription_of
from .taal import translate

pages = Blueprint("apparaat", __name__)


@pages.post("/volgen/<nummer>/apparaat")
@enter("melder", "medewerker")
def aanmelden(nummer: str) -> ResponseReturnValue:
    """What the browser gave when people pressed the button. Answers 204, or one sentence about why not."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    given = request.form
    try:
        with here.session.begin_nested():
            subscribe_device(
                here.session,
                melding,
                endpoint=given.get("eindpunt", ""),
                p256dh=given.get("p256dh", ""),
                auth=given.get("auth", ""),
                sender=here.adapters.push,
                actor=actor,
                now=here.now,
            )
    except DomainError as error:
        return Response(translate(error.detail), error.status, mimetype="text/plain")
    return Response(status=204)


@pages.post("/volgen/<nummer>/apparaat/weg")
@enter("melder", "medewerker")
def afmelden(nummer: str) -> ResponseReturnValue:
    """No messages on the device any more."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    forget_device(here.session, melding, actor=actor, now=here.now)
    return Response(status=204)


def device_facts(melding: Melding | MeldingRow) -> dict[str, str] | None:
    """What the button needs: our key, a print of the device that is on, and whether it gets every bericht or only what
    fails elsewhere; None when this installation has no push."""
    here = visit()
    if here.adapters.push is None or not here.adapters.push.public_key:
        return None
    kept = subscription_of(here.session, melding.id, scope=[melding.gemeente_id])
    on = kept is not None and kept.refused_at is None
    return {
        "key": here.adapters.push.public_key,
        "device": hashlib.sha256(kept.endpoint.encode()).hexdigest() if kept is not None and on else "",
        "words": "every" if comes_first(here.session, melding) else "else",
    }

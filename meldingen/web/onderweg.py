"""/team/onderweg: the tablet of a team. An empty page, who is signed in, and the day package; what it does with them is
in static/js/onderweg/. What it sends goes to the API (api/opdracht_moves.py).

The page holds nobody's data, so anybody may have it: it also opens without coverage and after a session ended.
"""

import hashlib
from typing import Any

from flask import Blueprint, Response, json, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from ..auth import enter, visit
from ..domain import tokens
from ..domain.actor import STAFF_ON_OPDRACHTEN
from .dagpakket import day_package
from .viewer import viewer_of

pages = Blueprint("onderweg", __name__)


@pages.get("/team/onderweg")
@enter("iedereen")
def schil() -> ResponseReturnValue:
    """The empty page: the service worker keeps it, the scripts fill it."""
    return render_template("onderweg/schil.html")


@pages.get("/team/onderweg/wie")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def wie() -> Response:
    """Who is signed in; a fresh token for what changes something; the key of his queue (domain/tokens.queue_keys), with
    those of retired secrets for what waits longer; and our time, by which a device corrects its own."""
    here = visit()
    key, *earlier = tokens.queue_keys(here.settings.secret_keys, here.actor.account_id or 0)
    return jsonify(
        account={"id": here.actor.account_id, "naam": here.actor.name},
        naam=here.actor.name,
        csrf=generate_csrf(),
        sleutel=key,
        eerdereSleutels=earlier,
        nu=here.now.isoformat(),
    )


@pages.get("/team/onderweg/dag")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def dag() -> Response:
    """The open work of my teams with all that is needed at it. The ETag says whether anything in it changed; when it
    was made does not count for that."""
    here = visit()
    package = day_package(here, viewer_of(here))
    timeless = {name: value for name, value in package.items() if name not in ("gemaakt", "tot")}
    answer = Response(_json(package), mimetype="application/json")
    answer.set_etag(hashlib.sha256(_json(timeless).encode()).hexdigest()[:32], weak=True)
    answer.headers["Cache-Control"] = "private, no-cache"
    answer.make_conditional(request)
    return answer


def _json(facts: dict[str, Any]) -> str:
    return json.dumps(facts, separators=(",", ":"), sort_keys=False)

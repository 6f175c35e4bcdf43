"""What rings for me now, for the page that stays loud (static/js/alarm.js), accepting it, and my devices for alarms.

Who is called when: flow/alarm.py. The steps with an opdracht itself: team_moves.py.
"""

import hashlib
from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from ..auth import enter, visit
from ..domain.actor import STAFF_ON_OPDRACHTEN
from ..domain.errors import DomainError
from ..domain.spoed import minute_words
from ..flow import spoed, work
from ..flow.spoed import SpoedClock
from ..flow.status import Basis
from ..flow.trial_alarm import keep_own_device, ring_trial
from ..store.category import category_by_id
from ..store.staff_push import delete_device, devices_of
from .layout import page_sender
from .piket import SEES
from .viewer import seen_work, viewer_of

pages = Blueprint("alarm", __name__)


@pages.get("/team/alarm")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def klinkt() -> Response:
    """What rings for me now, oldest first, and a token to accept it with. No contact data, nothing a melder wrote."""
    here = visit()
    rings = spoed.ringing_for(here.session, here.actor, now=here.now)
    return jsonify(
        alarmen=[
            {
                "id": one.opdracht.id,
                "soort": category.name
                if (category := category_by_id(here.session, one.opdracht.category_id, scope=here.actor.scope))
                else "",
                "plaats": one.opdracht.address or "Zie de kaart",
                "minuten": (here.now - one.since).total_seconds() // 60,
                "beurt": one.number,
                "pad": f"/team/opdracht/{one.opdracht.id}",
            }
            for one in rings
        ],
        csrf=generate_csrf(),
    )


@pages.post("/team/alarm/<int(max=9223372036854775807):opdracht_id>/aannemen")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def neem_aan(opdracht_id: int) -> ResponseReturnValue:
    """ "Ik neem hem aan": takes it up as it is now. A colleague who was first is told, and that is no mistake."""
    here = visit()
    row = seen_work(here, viewer_of(here), opdracht_id)
    told, kind, status = "U gaat. Maak eerst de plek veilig.", "ok", 200
    try:
        with here.session.begin_nested():
            basis = Basis(version=row.opdracht.version)
            work.take_up(here.session, opdracht_id, basis=basis, actor=here.actor, now=here.now)
    except DomainError as error:
        here.session.expire_all()
        taken = seen_work(here, viewer_of(here), opdracht_id).opdracht.taken_up_at is not None
        told = "Een collega nam deze opdracht net aan." if taken else error.detail
        kind, status = "warning", error.status
    if request.accept_mimetypes.best == "application/json":
        return jsonify(woorden=told, pad=f"/team/opdracht/{opdracht_id}"), status
    flash(told, kind)
    return redirect(url_for("team.opdracht", opdracht_id=opdracht_id), 303)


@pages.post("/piket/apparaat")
@enter("medewerker", roles=SEES)
def apparaat() -> ResponseReturnValue:
    """What the browser gave when somebody pressed the button. Answers 204, or one sentence about why not."""
    here, given = visit(), request.form
    try:
        with here.session.begin_nested():
            keep_own_device(
                here.session,
                here.adapters.push,
                endpoint=given.get("eindpunt", ""),
                p256dh=given.get("p256dh", ""),
                auth=given.get("auth", ""),
                actor=here.actor,
                now=here.now,
            )
    except DomainError as error:
        return Response(error.detail, error.status, mimetype="text/plain")
    return Response(status=204)


@pages.post("/piket/apparaat/weg")
@enter("medewerker", roles=SEES)
def apparaat_weg() -> ResponseReturnValue:
    """No alarms on this device any more."""
    here = visit()
    delete_device(here.session, here.actor.account_id or 0, request.form.get("eindpunt", ""))
    return Response(status=204)


@pages.post("/piket/proefalarm")
@enter("medewerker", roles=SEES)
def proefalarm() -> ResponseReturnValue:
    """Calls me every way there is, and says what became of it."""
    here = visit()
    sender = page_sender()
    for told in ring_trial(here.session, here.adapters, sender.name if sender else "", actor=here.actor):
        flash(told, "info")
    return redirect(url_for("piket.rooster", _anchor="bereik"), 303)


def own_device_facts() -> dict[str, Any] | None:
    """What the button needs: our key and prints of my devices; None when this installation has no push."""
    here = visit()
    if here.adapters.push is None or not here.adapters.push.public_key or not here.actor.is_staff:
        return None
    mine = devices_of(here.session, [here.actor.account_id or 0])
    prints = " ".join(hashlib.sha256(one.endpoint.encode()).hexdigest() for one in mine)
    return {"key": here.adapters.push.public_key, "devices": prints, "count": len(mine)}


def clock_words(clock: SpoedClock | None) -> list[str]:
    """The clock of spoed as a team reads it: "Aangenomen na 4 minuten", "Nog 1 uur 20 om veilig te stellen"."""
    if clock is None:
        return []
    told = []
    if clock.waits is not None:
        told.append(f"Nog niet aangenomen, sinds {minute_words(clock.waits)}")
    if clock.accepted is not None:
        late = clock.accepted > clock.times.accept_min
        told.append(f"Aangenomen na {minute_words(clock.accepted)}{', te laat' if late else ''}")
    if clock.safe is not None:
        late = clock.safe > clock.times.safe_min
        told.append(f"Veilig na {minute_words(clock.safe)}{', te laat' if late else ''}")
    elif clock.left is not None and clock.left >= 0:
        told.append(f"Nog {minute_words(clock.left)} om veilig te stellen")
    elif clock.left is not None:
        told.append(f"{minute_words(-clock.left)} te laat met veiligstellen")
    return told


@pages.app_context_processor
def _words() -> dict[str, Any]:
    return {"clock_words": clock_words, "own_device_facts": own_device_facts}

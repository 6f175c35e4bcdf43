"""/melden/foto/…: the script of the form brings a photo as soon as it is chosen, and takes it off again.

One photo per request, so that a cut-off upload costs one photo; sent again it is the same photo, by its sha256. What an
answer means to the script: 422, this photo will never do, and why; any other refusal, not now: it stays in the device
and travels with the melding or later (static/js/melden/uitbak.js).
"""

from flask import Blueprint, g, request
from flask.typing import ResponseReturnValue

from ...adapters.failures import PermanentFailure, TemporaryFailure
from ...auth import enter, visit
from ...domain.errors import Conflict
from ...domain.sentence import say
from ...flow.concept import end_concept
from ...flow.photos import PhotoResult
from ..problem import problem
from .doors import sent_before
from .form import Form, cookie_key, field_key, keep_cookie, take
from .guard import find_refusal
from .photos import keep_one, take_off

pages = Blueprint("melden_foto", __name__)
pages.after_request(keep_cookie)

RETRY_S = 30
AWAY = say("Wij kunnen uw foto nu niet bewaren. Dat ligt aan ons.")
SENT = say("Uw melding is al verstuurd. Voeg de foto toe op de pagina van uw melding.")
NO_FORM = say("Wij weten niet bij welke melding deze foto hoort. Laad de pagina opnieuw.")


@pages.post("/melden/foto/bewaren")
@enter("iedereen")
def bewaren() -> ResponseReturnValue:
    """Keeps one photo with the form under `sleutel`."""
    form = take(visit())
    refusal = _refuse(form)
    if form is None or refusal is not None:
        return refusal or problem(409, "gemeente_ontbreekt", NO_FORM)
    try:
        kept = keep_one(form, _hold, _save)
    except Conflict as error:
        return problem(error.status, error.code, error.detail)
    except (TemporaryFailure, PermanentFailure):
        return problem(503, "fotos_niet_bewaard", AWAY, retry_after_s=RETRY_S)
    if isinstance(kept, PhotoResult):
        return problem(422, kept.code, kept.detail)
    return {"referentie": kept.reference, "naam": kept.name, "sha256": kept.sha256.hex()}


@pages.post("/melden/foto/weg")
@enter("iedereen")
def weg() -> ResponseReturnValue:
    """Takes the photos that `foto_weg` names off the form; those that are not there are off already."""
    form = take(visit())
    refusal = _refuse(form)
    if refusal is not None:
        return refusal
    if form is not None and form.kept is not None:
        form.hold()
        take_off(form)
        _save(form)
    return {"weg": request.form.getlist("foto_weg")}


def _refuse(form: Form | None) -> ResponseReturnValue | None:
    """Why this is not for a form under way; None when it is."""
    if status := find_refusal(form):
        assert form is not None, "without a form a refusal is raised"
        return problem(status, "geweigerd", next(iter(form.errors.values())), retry_after_s=form.retry_after_s)
    if not field_key():
        return problem(409, "sleutel_ontbreekt", NO_FORM)
    return problem(409, "al_verstuurd", SENT) if sent_before() else None


def _hold(form: Form) -> None:
    """Locks the form. Raises Conflict when it was sent while this waited: the photo must not stay behind alone."""
    form.hold()
    if form.kept is not None and sent_before():
        end_concept(visit().session, form.kept)
        raise Conflict("al_verstuurd", SENT)


def _save(form: Form) -> None:
    """Keeps it; a browser that is at another form by now stays there."""
    form.save()
    if cookie_key() not in ("", form.key):
        g.pop("concept_key")

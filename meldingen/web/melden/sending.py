"""/melden/versturen: a form becomes a melding, once, however often it is sent (KLANTREIS rule 3).

A page gets a redirect to the receipt; a script that asks for JSON gets the numbers, or a problem it can act on: 4xx is
for a person to mend (`stap` and `velden` say where), 429, 5xx and silence are to be tried again with the same key.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from flask import Blueprint, Response, g, redirect, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ...auth import Visit, enter, visit
from ...domain import tokens
from ...domain.actor import ANONYMOUS
from ...domain.errors import Conflict, DomainError, TooMany, Unavailable
from ...domain.intake import MAX_PHOTOS, NewMelding
from ...domain.text import whole_number
from ...flow.intake import register_melding
from ...flow.photos import REASONS, PhotoResult, add_photos, check_uploads
from ...limits import count_melder, count_page_writing
from ...store.melding import Melding
from ..drafts import Draft, Drafts
from ..melding_form import body_hash
from ..problem import problem
from ..taal import _, translate
from ..volgen import remember
from .checks import check_melding, first_wrong
from .doors import back_to, choose_gemeente, sent_before, tell_sent
from .form import Form, keep_cookie, take
from .guard import find_refusal
from .pages import show
from .photos import collect_photos
from .steps import LAST, STEPS

LONGEST_NAME = 40
"""Of a photo's name, on the receipt: it travels in a cookie."""

pages = Blueprint("versturen", __name__)
pages.after_request(keep_cookie)


@pages.post("/melden/versturen")
@enter("iedereen")
def versturen() -> ResponseReturnValue:
    """Sends the form: the concept, with what came along on top of it."""
    here = visit()
    whole = "omschrijving" in request.form or "lon" in request.form
    earlier = sent_before()
    if earlier is not None and not whole:
        return _sent(here, earlier, [], status=200)
    form = take(here)
    refused = find_refusal(form, count_page_writing)
    if form is None:
        return _no_gemeente()
    if refused:
        form.overlay(None)
        return _problem(form, refused, "geweigerd")
    form.hold()
    if not whole and (earlier := sent_before()):  # the first tap finished while the second waited
        form.end()
        return _sent(here, earlier, [], status=200)
    form.overlay(None)
    form.values["fotos_volgen"] = ""  # now they are here
    collect_photos(form)
    found = check_melding(form)
    if found is None:
        form.save()
        return _problem(form, 400) if _wants_json() else back_to(STEPS[first_wrong(form)], form)
    return _register(here, form, found[0])


def _register(here: Visit, form: Form, new: NewMelding) -> ResponseReturnValue:
    """The melding and its photos, in one transaction."""
    new = replace(
        new,
        idempotency_key=form.key,
        body_hash=body_hash(new, form.photos),
        photos_expected=_announced(MAX_PHOTOS - len(form.photos)),
    )
    try:
        count_melder(new.contact)
        with here.session.begin_nested():
            registered = register_melding(here.session, new, photos=len(form.photos), actor=ANONYMOUS, now=here.now)
            # Also when it was sent before: its photos are known by their hash, and the answer says which arrived.
            fates = _add_photos(here, registered.melding, form.drawer, form.photos)
            if form.photos and not new.description and not registered.replayed and not any(r.kept for _, r in fates):
                raise Unavailable(
                    "fotos_niet_bewaard", _("Wij kunnen uw foto nu niet bewaren. Vertel in woorden wat er is.")
                )
    except Conflict:
        earlier = sent_before()
        form.end()
        told = _("Deze melding is al verstuurd. Wat u daarna veranderde, is niet meegegaan.")
        return tell_sent(earlier) if earlier and not _wants_json() else _refuse(form, Conflict("al_verstuurd", told))
    except DomainError as error:
        form.save()
        return _refuse(form, error)
    form.end()
    return _sent(here, registered.melding, fates, status=200 if registered.replayed else 201)


def _announced(room: int) -> int:
    """How many photos the device will bring after the words (`fotosVolgen` of the API)."""
    written = request.form.get("fotos_volgen", "")
    return min(whole_number(written, 99) or 0, room)


def _add_photos(
    here: Visit, melding: Melding, drawer: Drafts, drafts: Sequence[Draft]
) -> list[tuple[Draft, PhotoResult]]:
    """Each photo with how it fared; one whose bytes the store does not give now is to be sent again."""
    opened = [(draft, file) for draft in drafts if (file := drawer.open(draft))]
    accepted, results = check_uploads([file for _, file in opened])
    results += add_photos(here.session, melding, accepted, actor=ANONYMOUS, now=here.now, store=here.adapters.photos)
    fared = {opened[result.position - 1][0].sha256: result for result in results}
    again = PhotoResult(0, "opnieuw_sturen", code="opnieuw_sturen", detail=REASONS["opnieuw_sturen"])
    return [(draft, fared.get(draft.sha256, again)) for draft in drafts]


def _sent(
    here: Visit, melding: Melding, fates: Sequence[tuple[Draft, PhotoResult]], *, status: int
) -> ResponseReturnValue:
    """Where the melding is, for a person or a script; this browser may follow it from now on."""
    remember(here, melding)
    if fates:
        cookie["fotos"] = {melding.number: [[photo.name[-LONGEST_NAME:], r.outcome, r.code] for photo, r in fates]}
    g.concept_key = ""
    receipt = url_for("ontvangen.ontvangen", nummer=melding.number)
    if not _wants_json():
        return redirect(receipt, 303)
    keys = here.settings.secret_keys
    token = tokens.make_token(keys, melding.id, melding.token_generation)
    return {
        "nummer": melding.number,
        "code": tokens.spoken_code(keys, melding.id, melding.token_generation),
        "volgen": f"{here.settings.public_url}/v/{token}",
        "ontvangen": receipt,
        "fotos": [
            {"naam": photo.name, "sha256": photo.sha256.hex(), "uitkomst": one.outcome, "uitleg": translate(one.detail)}
            for photo, one in fates
        ],
    }, status


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _no_gemeente() -> ResponseReturnValue:
    """One of several gemeenten must be named."""
    if _wants_json():
        told = _("Zeg in welke gemeente het is.")
        return _for_script(400, "gemeente_ontbreekt", told, "waar", {"plaats": told})
    return choose_gemeente(400)


def _refuse(form: Form, error: DomainError) -> ResponseReturnValue:
    """A refusal of the flow, at the field it names."""
    if isinstance(error, Unavailable | TooMany):
        form.retry_after_s = error.retry_after_s
    form.filled.refuse(error)
    return _problem(form, error.status, error.code)


def _problem(form: Form, status: int, code: str = "ongeldige_invoer") -> ResponseReturnValue:
    """What is wrong: for a page the step where it can be mended, for a script a problem document."""
    where = first_wrong(form)
    if _wants_json():
        detail = next(iter(form.errors.values()), _("Een paar gegevens kloppen niet."))
        return _for_script(status, code, detail, where, form.errors, retry_after_s=form.retry_after_s)
    step = STEPS[where]
    if step is LAST and check_melding(form) is None:
        step = STEPS[first_wrong(form)]
    return show(step, form, status)


def _for_script(
    status: int, code: str, detail: str, step: str, fields: Mapping[str, str], *, retry_after_s: int = 0
) -> Response:
    """The refusal with the step and the fields in which a person mends it."""
    told = {name: translate(words) for name, words in fields.items()}
    title = _("Uw melding is niet verstuurd")
    return problem(status, code, detail, retry_after_s=retry_after_s, title=title, stap=step, velden=told)

"""/privacy-verzoeken: what people ask about their own data, for KCC and coordinator: what is late first.

Until it is checked who asks, the page tells how many meldingen there are and nothing of what is in them; after that
each look is logged, as on every page with contact data.
"""

import json
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.errors import Conflict, DomainError, NotFound
from ..flow import kcc, privacy_export, privacy_requests, terms
from ..store import contact
from ..store.privacy_request import (
    GECONTROLEERD,
    OPEN,
    PrivacyRequest,
    finished_requests,
    open_requests,
    request_by_id,
)
from .kcc import DESK, desk_scope
from .kcc_melding import CONTACT_FIELDS
from .layout import show_as
from .melding_form import read_contact

pages = Blueprint("privacy_verzoeken", __name__)

LONGEST_ID = 9223372036854775807
ONE = f"/privacy-verzoeken/<int(max={LONGEST_ID}):request_id>"
KIND_WORDS = {
    "inzage": "Inzage: wat bewaren wij van mij?",
    "correctie": "Correctie: dit klopt niet",
    "verwijdering": "Verwijdering: wis mijn gegevens",
    "beperking": "Beperking: gebruik mijn gegevens niet",
}
STATUS_WORDS = {
    "open": "Nog niet bekend wie het vraagt",
    "gecontroleerd": "Wij weten wie het vraagt",
    "uitgevoerd": "Gedaan",
    "afgewezen": "Niet gedaan",
}
HOW_WORDS = {"email": "met een code per e-mail", "sms": "met een code per sms", "balie": "aan de balie"}
DONE = {
    "nieuw": "Het verzoek is opgeschreven.",
    "code": "De code is onderweg. Vraag wie het is om de code te noemen.",
    "controle": "De code klopt. U kunt nu doen wat is gevraagd.",
    "balie": "Opgeschreven dat u een bewijs heeft gezien.",
    "correctie": "De gegevens zijn aangepast.",
    "wissen": "De gegevens zijn gewist.",
    "beperken": "Het gebruik is beperkt.",
    "afronden": "Het verzoek is klaar.",
    "afwijzen": "Opgeschreven dat wij het niet doen.",
}


@pages.get("/privacy-verzoeken")
@enter("medewerker", roles=DESK)
def verzoeken() -> ResponseReturnValue:
    """What is still to be answered, and a form for what somebody asks now."""
    return _list(visit())


@pages.post("/privacy-verzoeken")
@enter("medewerker", roles=DESK)
def begin() -> ResponseReturnValue:
    """Opens a request about an e-mail address, phone or meldingnummer."""
    here = visit()
    kind, who = request.form.get("soort", ""), request.form.get("wie", "")
    try:
        with here.session.begin_nested():
            made = privacy_requests.start_request(here.session, kind, who, actor=here.actor, now=here.now)
    except DomainError as error:
        return _list(here, error=error), error.status
    return redirect(url_for("privacy_verzoeken.verzoek", request_id=made[0].id, gedaan="nieuw"), 303)


@pages.get(ONE)
@enter("medewerker", roles=DESK)
def verzoek(request_id: int) -> ResponseReturnValue:
    """One request: who asks, what is asked, what is to be done next."""
    here = visit()
    return _page(here, _found(here, request_id), done=DONE.get(request.args.get("gedaan", ""), ""))


@pages.post(f"{ONE}/<actie>")
@enter("medewerker", roles=DESK)
def doe(request_id: int, actie: str) -> ResponseReturnValue:
    """One step of a request."""
    here = visit()
    found = _found(here, request_id)
    if actie not in DOINGS:
        raise NotFound("stap_onbekend", "Deze stap bestaat niet.")
    try:
        with here.session.begin_nested():
            wrong = DOINGS[actie](here, found)
    except DomainError as error:
        here.session.expire_all()
        return _page(here, _found(here, request_id), error=error, failed=actie), error.status
    if wrong:
        return _page(here, found, wrong=wrong, failed=actie), 400
    return redirect(url_for("privacy_verzoeken.verzoek", request_id=request_id, gedaan=actie), 303)


@pages.post(f"{ONE}/gegevens.zip")
@enter("medewerker", roles=DESK)
def download(request_id: int) -> ResponseReturnValue:
    """Everything of this person, as one file; what was handed over is kept as a hash and counts."""
    here = visit()
    found = _found(here, request_id)
    try:
        held = privacy_requests.checked_request(here.session, request_id, "inzage", actor=here.actor)
        meldingen = privacy_requests.meldingen_of_request(here.session, held)
        if not meldingen:
            raise Conflict("niets_meer", "Deze meldingen zijn er niet meer.")
    except DomainError as error:
        return _page(here, found, error=error, failed="download"), error.status
    store = here.adapters.photos
    packed, digest, counts = privacy_export.pack(here.session, meldingen, store=store, now=here.now)
    privacy_requests.note_export(held, digest, counts, now=here.now)
    for melding in meldingen:
        _log_look(here, melding.id, melding.gemeente_id, "inzage")
    return _file(packed, "application/zip", f"inzage-{request_id}.zip")


@pages.get(f"{ONE}/bewijs.json")
@enter("medewerker", roles=DESK)
def bewijs(request_id: int) -> ResponseReturnValue:
    """What was done, without anything of the person."""
    proof = privacy_requests.proof_of(_found(visit(), request_id))
    text = json.dumps(proof, ensure_ascii=False, indent=2).encode()
    return _file(text, "application/json", f"bewijs-privacyverzoek-{request_id}.json")


def _file(content: bytes, kind: str, name: str) -> Response:
    answer = Response(content, mimetype=kind)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _code(here: Visit, found: PrivacyRequest) -> str:
    privacy_requests.ask_code(here.session, found.id, actor=here.actor, now=here.now)
    return ""


def _check(here: Visit, found: PrivacyRequest) -> str:
    """A wrong code is no refusal that rolls back: the try must count."""
    code = request.form.get("code", "")[:30]
    keys = here.settings.secret_keys
    right = privacy_requests.check_code(here.session, found.id, code, keys, actor=here.actor, now=here.now)
    return "" if right else "Deze code klopt niet. Vraag de code nog een keer."


def _at_desk(here: Visit, found: PrivacyRequest) -> str:
    if request.form.get("gezien") != "ja":
        return "Zet een vinkje als u een geldig bewijs heeft gezien."
    privacy_requests.check_at_desk(here.session, found.id, actor=here.actor, now=here.now)
    return ""


def _correct(here: Visit, found: PrivacyRequest) -> str:
    """The same contact for every melding of the request; what is left empty goes. Of who withdrew nothing is kept."""
    held = privacy_requests.checked_request(here.session, found.id, "correctie", actor=here.actor)
    form = {name: request.form.get(name, "") for name in CONTACT_FIELDS}
    given = read_contact(form)
    for melding in privacy_requests.meldingen_of_request(here.session, held):
        if melding.withdrawn_at is not None or melding.erased_at is not None:
            continue
        kcc.correct_contact(here.session, melding, given, actor=here.actor, now=here.now)
        _log_look(here, melding.id, melding.gemeente_id, "correctie")
    privacy_requests.finish(here.session, found.id, actor=here.actor, now=here.now)
    return ""


def _erase(here: Visit, found: PrivacyRequest) -> str:
    if request.form.get("zeker") != "ja":
        return "Zet een vinkje als u het zeker weet. Wissen kan niet terug."
    sentences = request.form.get("zinnen") == "ja"
    privacy_requests.erase(here.session, found.id, sentences=sentences, actor=here.actor, now=here.now)
    return ""


def _limit(here: Visit, found: PrivacyRequest) -> str:
    privacy_requests.limit(here.session, found.id, actor=here.actor, now=here.now)
    return ""


def _finish(here: Visit, found: PrivacyRequest) -> str:
    privacy_requests.finish(here.session, found.id, actor=here.actor, now=here.now)
    return ""


def _refuse(here: Visit, found: PrivacyRequest) -> str:
    reason = request.form.get("reden", "")
    privacy_requests.refuse(here.session, found.id, reason, actor=here.actor, now=here.now)
    return ""


DOINGS: dict[str, Callable[[Visit, PrivacyRequest], str]] = {
    "code": _code,
    "controle": _check,
    "balie": _at_desk,
    "correctie": _correct,
    "wissen": _erase,
    "beperken": _limit,
    "afronden": _finish,
    "afwijzen": _refuse,
}
"""Each returns what is wrong with the form, or nothing when it was done."""
FIELD_OF = {"controle": "code", "balie": "gezien", "wissen": "zeker", "afwijzen": "reden"}


def _found(here: Visit, request_id: int) -> PrivacyRequest:
    found = request_by_id(here.session, request_id, scope=desk_scope(here))
    if found is None:
        raise NotFound("verzoek_onbekend", "Dit verzoek kunnen wij niet vinden.")
    show_as(found.gemeente_id)
    return found


def _log_look(here: Visit, melding_id: int, gemeente_id: int, context: str) -> None:
    assert here.actor.account_id is not None, "the door lets medewerkers in only"
    account_id = here.actor.account_id
    contact.log_view(
        here.session, gemeente_id=gemeente_id, melding_id=melding_id, account_id=account_id, context=context,
        now=here.now,
    )  # fmt: skip


def _list(here: Visit, *, error: DomainError | None = None) -> str:
    scope = desk_scope(here)
    return render_template(
        "werk/privacy_verzoeken.html",
        waiting=open_requests(here.session, scope=scope),
        finished=finished_requests(here.session, scope=scope),
        kinds=KIND_WORDS,
        statuses=STATUS_WORDS,
        values={"soort": request.form.get("soort", ""), "wie": request.form.get("wie", "")},
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        now=here.now,
    )


def _page(
    here: Visit,
    found: PrivacyRequest,
    *,
    done: str = "",
    wrong: str = "",
    error: DomainError | None = None,
    failed: str = "",
) -> str:
    errors = {one.field: one.detail for one in error.fields} if error else {}
    if wrong:
        errors[FIELD_OF[failed]] = wrong
    known: Any = []
    if found.status == GECONTROLEERD:
        known = privacy_requests.meldingen_of_request(here.session, found)
        for melding in known:
            _log_look(here, melding.id, melding.gemeente_id, "privacyverzoek")
    return render_template(
        "werk/privacy_verzoek.html",
        row=found,
        meldingen=known,
        count=len(found.melding_ids),
        way=privacy_requests.way_to_check(here.session, found) if found.status == OPEN else "",
        kinds=KIND_WORDS,
        statuses=STATUS_WORDS,
        how=HOW_WORDS,
        freeze_reasons=terms.FREEZE_REASONS,
        refusals=privacy_requests.REFUSALS,
        tries_left=privacy_requests.MOST_TRIES - found.code_tries,
        values=request.form if failed else {},
        errors=errors,
        failed=failed,
        refused=error.detail if error and not error.fields else "",
        done=done,
        now=here.now,
    )

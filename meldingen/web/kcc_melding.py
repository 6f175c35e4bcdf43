"""/kcc/melding: one melding as the phone desk needs it, what the caller adds to it, and the terugbelnotities.

Each look at contact data is logged with its context (KLANTREIS rule 11); what is changed is done on the melder's
behalf, and both are kept.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain import tokens
from ..domain.actor import Actor
from ..domain.deadlines import local_day
from ..domain.errors import DomainError, InvalidInput, NotFound
from ..domain.notice_words import KIND_WORDS
from ..domain.numbers import parse_number, read_aloud, spell_digits
from ..domain.phone import show_phone
from ..domain.text import whole_number
from ..domain.workflow import AFGEHANDELD, OPEN
from ..flow import feedback, joining, kcc, photos, privacy_requests, standing, terms, verdict
from ..flow.routing import coordinates
from ..flow.trail import trails_of
from ..store import callback, category, contact, history, journal, photo
from ..store.melding import Melding, melding_by_id, melding_by_number
from ..store.opdracht import opdrachten_of
from ..store.worklists import is_public_melding, work_near_place
from .kcc import CHANNELS, DESK, NEAR_M, desk_scope
from .layout import show_as
from .melding_form import read_contact
from .staff_history import CHANNELS as CAME_BY
from .staff_history import tell_history
from .team import FLAG_WORDS, answers_in_words
from .viewer import viewer_of

pages = Blueprint("kcc_melding", __name__)

CONTACT_FIELDS = ("naam", "email", "telefoon", "voorkeur", "alleen_gereed", "ook_nacht", "postadres")
LONGEST_ID = 9223372036854775807
KINDS = {**KIND_WORDS, "met_de_hand": "Met de hand gemaakt"}
WHY_CALL = {
    "geen_email_of_mobiel": "Geen e-mailadres of mobiel nummer",
    "bel_mij": "De melder wil gebeld worden",
    "niet_bezorgd": "Een bericht kwam niet aan",
    "met_de_hand": "Gemaakt door een medewerker",
}
ENDS = ("gereed", "niet_opgelost", "overgedragen", "blijft_gesloten")
PREFERENCES = {
    "email": "per e-mail",
    "sms": "per sms",
    "bellen": "door een telefoontje",
    "brief": "per brief",
    "push": "op een eigen apparaat",
}
DONE = {
    "aanvullingen": "De aanvulling is bewaard.",
    "intrekkingen": "De melding is ingetrokken, of het team beslist erover. U ziet het hieronder.",
    "heropeningen": "De melding is heropend. De coördinator kijkt er eerst naar.",
    "terugbelnotities": "De terugbelnotitie is gemaakt.",
    "fotos": "De foto's zijn ontvangen. Zij staan hier zodra zij zijn nagekeken.",
    "aansluitingen": "De melding is aangesloten bij de andere opdracht.",
    "gegevens": "De gegevens van de melder zijn bewaard.",
    "bevriezingen": "Wij bewaren alles van deze melding tot u zegt dat het niet meer hoeft.",
    "ontdooiingen": "De gewone bewaartermijnen gelden weer.",
    "gebruik": "De melding wordt weer gewoon gebruikt.",
    "openbaarheid": "Bewaard wie de foto's mag zien.",
}


@pages.get("/kcc/melding/<nummer>")
@enter("medewerker", roles=DESK)
def melding(nummer: str) -> ResponseReturnValue:
    """The melding whole; `?nieuw=ja` right after entering it, with the number to read aloud."""
    here = visit()
    found = found_melding(here, nummer)
    fresh = request.args.get("nieuw") == "ja" and found.entered_by == here.actor.account_id
    return _page(here, found, done=DONE.get(request.args.get("gedaan", ""), ""), fresh=fresh)


@pages.post("/kcc/melding/<nummer>/<actie>")
@enter("medewerker", roles=DESK)
def doe(nummer: str, actie: str) -> ResponseReturnValue:
    """What the caller adds, asks or tells; on the melder's behalf."""
    here = visit()
    found = found_melding(here, nummer)
    if actie not in DOINGS:
        raise NotFound("stap_onbekend", "Deze stap bestaat niet.")
    actor = replace(here.actor, on_behalf_of_melding=found.id)
    try:
        with here.session.begin_nested():
            DOINGS[actie](here, found, actor)
    except DomainError as error:
        here.session.expire_all()
        return _page(here, found_melding(here, nummer), error=error, failed=actie), error.status
    return redirect(url_for("kcc_melding.melding", nummer=found.number, gedaan=actie), 303)


@pages.get("/kcc/terugbelnotities")
@enter("medewerker", roles=DESK)
def terugbelnotities() -> ResponseReturnValue:
    """The open promises to phone, the most pressing first; numbers are on the page of each."""
    here = visit()
    rows = callback.open_with_melding(here.session, scope=desk_scope(here))
    return render_template("werk/terugbelnotities.html", rows=rows, now=here.now, kinds=KINDS, why=WHY_CALL)


@pages.get(f"/kcc/terugbelnotities/<int(max={LONGEST_ID}):callback_id>")
@enter("medewerker", roles=DESK)
def terugbelnotitie(callback_id: int) -> ResponseReturnValue:
    """One promise: who, which number, what to tell. The look is logged."""
    return _call_page(visit(), callback_id)


@pages.post(f"/kcc/terugbelnotities/<int(max={LONGEST_ID}):callback_id>")
@enter("medewerker", roles=DESK)
def gebeld(callback_id: int) -> ResponseReturnValue:
    """What came of the call."""
    here = visit()
    version = request.form.get("versie", "")
    known = whole_number(version, 10**9)
    outcome, words = request.form.get("uitkomst", ""), request.form.get("tekst", "")
    try:
        with here.session.begin_nested():
            row = kcc.record_call(
                here.session, callback_id, outcome, words, version=known, actor=here.actor, now=here.now
            )
            _judge(here, row, words)
    except DomainError as error:
        here.session.expire_all()
        return _call_page(here, callback_id, error=error), error.status
    return redirect(url_for("kcc_melding.terugbelnotities"), 303)


def _judge(here: Visit, row: callback.Callback, words: str) -> None:
    """What the caller said of the end, when the KCC asked; "nee" opens the melding again, as on the volgpagina."""
    said = request.form.get("oordeel", "")
    about = melding_by_id(here.session, row.melding_id, scope=[row.gemeente_id])
    if said not in ("ja", "nee") or row.status != callback.GESPROKEN or about is None:
        return
    actor = replace(here.actor, on_behalf_of_melding=about.id)
    feedback.judge(here.session, about, answer=said == "ja", words=words, via="telefoon", actor=actor, now=here.now)


def found_melding(here: Visit, nummer: str) -> Melding:
    """The melding with this number, for whose phone this is; the page becomes that of its gemeente. Raises NotFound."""
    try:
        number = parse_number(nummer)
    except InvalidInput as error:
        raise NotFound("melding_onbekend", "Deze melding kunnen wij niet vinden.") from error
    found = melding_by_number(here.session, number, scope=desk_scope(here))
    if found is None:
        raise NotFound("melding_onbekend", "Deze melding kunnen wij niet vinden.")
    show_as(found.gemeente_id)
    return found


def _look(here: Visit, melding_id: int, gemeente_id: int, context: str) -> contact.Contact | None:
    """The contact, and the log of this look."""
    known = contact.contact_of(here.session, melding_id, scope=[gemeente_id])
    if known is not None and here.actor.account_id is not None:
        contact.log_view(
            here.session,
            gemeente_id=gemeente_id,
            melding_id=melding_id,
            account_id=here.actor.account_id,
            context=context,
            now=here.now,
        )
    return known


def _supplement(here: Visit, found: Melding, actor: Actor) -> None:
    feedback.add_supplement(here.session, found, request.form.get("tekst", ""), actor=actor, now=here.now)


def _withdraw(here: Visit, found: Melding, actor: Actor) -> None:
    feedback.withdraw_melding(here.session, found, reason=request.form.get("reden", ""), actor=actor, now=here.now)


def _reopen(here: Visit, found: Melding, actor: Actor) -> None:
    feedback.reopen_melding(here.session, found, words=request.form.get("heropen_tekst", ""), actor=actor, now=here.now)


def _call_back(here: Visit, found: Melding, actor: Actor) -> None:
    kcc.make_callback(here.session, found, request.form.get("bel_tekst", ""), actor=actor, now=here.now)


def _add_photos(here: Visit, found: Melding, actor: Actor) -> None:
    files = [file for file in request.files.getlist("foto") if file.filename]
    accepted, results = photos.check_uploads(files)
    store = here.adapters.photos
    results += photos.add_photos(here.session, found, accepted, actor=actor, now=here.now, store=store)
    if not any(result.kept for result in results):
        raise InvalidInput.of("foto", "leeg", " ".join(r.detail for r in results) or "Kies eerst een foto.")


def _join(here: Visit, found: Melding, actor: Actor) -> None:
    into = request.form.get("opdracht", "")
    if not (into.isascii() and into.isdigit() and len(into) < 19):
        raise InvalidInput.of("opdracht", "leeg", "Kies bij welke opdracht deze melding hoort.")
    joining.add_to_opdracht(here.session, found.id, int(into), actor=actor, now=here.now)


def _correct(here: Visit, found: Melding, actor: Actor) -> None:
    """The look is logged apart from that of the page: here the data were changed."""
    form = {name: request.form.get(name, "") for name in CONTACT_FIELDS}
    kcc.correct_contact(here.session, found, read_contact(form), actor=actor, now=here.now)
    _look(here, found.id, found.gemeente_id, "correctie")


def _contact_values(known: contact.Contact | None, failed: str) -> dict[str, str]:
    """What stands in the form to correct: what was typed when that was refused, else what we have."""
    if failed == "gegevens":
        return {name: request.form.get(name, "") for name in CONTACT_FIELDS}
    if known is None:
        return dict.fromkeys(CONTACT_FIELDS, "")
    phone = show_phone(known.phone) if known.phone else ""
    ticks = ["ja" if ticked else "" for ticked in (known.only_when_done, known.night_too)]
    values = (known.name, known.email, phone, known.preference or "", *ticks, known.postal_address)
    return dict(zip(CONTACT_FIELDS, values, strict=True))


def _freeze(here: Visit, found: Melding, actor: Actor) -> None:
    terms.freeze(here.session, found, request.form.get("bevriezen_reden", ""), actor=actor, now=here.now)


def _unfreeze(here: Visit, found: Melding, actor: Actor) -> None:
    terms.unfreeze(here.session, found, actor=actor, now=here.now)


def _unlimit(here: Visit, found: Melding, actor: Actor) -> None:
    privacy_requests.set_limited(here.session, found, False, actor=actor, now=here.now)


DOINGS: dict[str, Callable[[Visit, Melding, Actor], None]] = {
    "aanvullingen": _supplement,
    "intrekkingen": _withdraw,
    "heropeningen": _reopen,
    "terugbelnotities": _call_back,
    "fotos": _add_photos,
    "aansluitingen": _join,
    "gegevens": _correct,
    "bevriezingen": _freeze,
    "ontdooiingen": _unfreeze,
    "gebruik": _unlimit,
}


def _page(
    here: Visit,
    found: Melding,
    *,
    done: str = "",
    fresh: bool = False,
    error: DomainError | None = None,
    failed: str = "",
) -> str:
    scope = [found.gemeente_id]
    session = here.session
    viewer = viewer_of(here)
    parts = standing.parts_of(session, found)
    links = history.links_of(session, found.id, scope=scope)
    lon, lat = coordinates(session, found)
    own = {o.id for o in opdrachten_of(session, [found.id], scope=scope)[found.id]}
    all_photos = photo.photos_of(session, melding_ids=[found.id], opdracht_ids=own, scope=scope)
    still_open = any(part.status in OPEN for part in parts) or not parts
    near = work_near_place(session, lon, lat, viewer.sees, radius_m=NEAR_M, scope=scope) if still_open else []
    categories = category.all_categories_of(session, scope=scope)
    known = _look(here, found.id, found.gemeente_id, "beller" if fresh else "melding")
    code = tokens.spoken_code(here.settings.secret_keys, found.id, found.token_generation)
    facts: dict[str, Any] = {
        "viewer": viewer,
        "melding": found,
        "category": next((c for c in categories if c.id == found.category_id), None),
        "status_words": standing.status_words(
            found.status, parts, referred_to=found.referred_to, today=local_day(here.now)
        ),
        "parts": parts,
        "today": local_day(here.now),
        "contact": known,
        "contact_values": _contact_values(known, failed),
        "can_correct": found.withdrawn_at is None and found.erased_at is None,
        "freeze_reasons": terms.FREEZE_REASONS,
        "preferences": PREFERENCES,
        "answers": answers_in_words([found], categories)[found.id],
        "photos": all_photos,
        "may_publish": is_public_melding(session, found.id, scope=scope),
        "missing": photos.missing_of(found, all_photos, now=here.now),
        "notes": [n for n in journal.notes_of(session, melding_ids=[found.id], scope=scope) if n.kind == "notitie"],
        "history": tell_history(
            session, melding_ids=[found.id], opdracht_ids=[link.opdracht_id for link in links], scope=scope
        ),
        "trails": trails_of(session, [found.id], scope=scope)[found.id],
        "callbacks": callback.callbacks_of(session, [found.id], scope=scope),
        "near": [(row, metres) for row, metres in near if row.opdracht.id not in own],
        "aloud": read_aloud(found.number),
        "code": f"{code[:4]} {code[4:]}",
        "code_aloud": spell_digits(f"{code[:4]} {code[4:]}"),
        "came_by": CHANNELS.get(found.intake_channel) or CAME_BY.get(found.intake_channel, found.partner_name),
        "can_reopen": found.status == AFGEHANDELD and found.erased_at is None,
        "can_withdraw": still_open and found.withdrawn_at is None and found.erased_at is None and not found.referred_to,
        "kinds": KINDS,
        "why": WHY_CALL,
        "flag_words": FLAG_WORDS,
        "lon": lon,
        "lat": lat,
        "tiles": here.settings.map_tiles_url,
        "now": here.now,
    }
    errors = {one.field: one.detail for one in error.fields} if error else {}
    return render_template(
        "werk/kcc_melding.html",
        **facts,
        done=done,
        fresh=fresh,
        failed=failed,
        errors=errors,
        refused=error.detail if error else "",
    )


def _call_page(here: Visit, callback_id: int, *, error: DomainError | None = None) -> str:
    row = callback.callback_by_id(here.session, callback_id, scope=desk_scope(here))
    about = melding_by_id(here.session, row.melding_id, scope=[row.gemeente_id]) if row else None
    if row is None or about is None:
        raise NotFound("terugbelnotitie_onbekend", "Deze terugbelnotitie kunnen wij niet vinden.")
    show_as(row.gemeente_id)
    return render_template(
        "werk/terugbelnotitie.html",
        row=row,
        melding=about,
        contact=_look(here, about.id, row.gemeente_id, "terugbelnotitie"),
        asked=verdict.question_for(here.session, about, now=here.now) if row.kind in ENDS else None,
        values={
            "tekst": request.form.get("tekst", ""),
            "uitkomst": request.form.get("uitkomst", ""),
            "oordeel": request.form.get("oordeel", "niet_gevraagd"),
        },
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        now=here.now,
        kinds=KINDS,
        why=WHY_CALL,
    )

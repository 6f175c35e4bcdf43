"""/kcc/melding: one melding as the phone desk needs it, and what the caller adds to it.

When his data are shown: kcc_contact.py. What is changed is done on the melder's behalf, and both are kept. Phoning
back: terugbellen.py.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain import tokens
from ..domain.abuse import sounds_like
from ..domain.actor import Actor
from ..domain.deadlines import local_day
from ..domain.errors import DomainError, InvalidInput, NotFound
from ..domain.loketten import WORDS
from ..domain.numbers import parse_number, read_aloud, spell_digits
from ..domain.phone import show_phone
from ..domain.text import whole_number
from ..domain.workflow import AFGEHANDELD, OPEN
from ..flow import abuse, feedback, joining, kcc, loketten, photos, privacy_requests, resend, standing, terms
from ..flow.looks import OTHERWISE, REASONS, own_reason
from ..flow.routing import coordinates
from ..flow.spoken import say_how_it_stands
from ..flow.trail import trails_of
from ..store import callback, category, contact, history, journal, photo
from ..store.dossier import dossier_of
from ..store.melding import Melding, melding_by_number
from ..store.opdracht import opdrachten_of
from ..store.worklists import is_public_melding, work_near_place
from .grof import openable, opened
from .kcc import CHANNELS, DESK, NEAR_M, desk_scope
from .kcc_contact import context_of_page, look
from .layout import show_as
from .melding_form import read_contact
from .staff_history import CHANNELS as CAME_BY
from .staff_history import tell_history
from .team import FLAG_WORDS, answers_in_words
from .terugbellen import KINDS, WHY_CALL, desk_of
from .viewer import viewer_of

pages = Blueprint("kcc_melding", __name__)

CONTACT_FIELDS = ("naam", "email", "telefoon", "voorkeur", "alleen_gereed", "ook_nacht", "postadres")
LONGEST_ID = 9223372036854775807
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
    "herzendingen": "Het bericht gaat opnieuw naar de melder.",
    "links": "De link om te volgen gaat naar de melder.",
    "loketten": "Het loket krijgt de feiten, en de melder hoort wie het behandelt.",
    "loketten_terug": "Het is weer een gewone melding.",
    "grof": "De tekst is verborgen. Het werk gaat gewoon door.",
    "weer_tonen": "De tekst is weer te lezen.",
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
    via = context_of_page() or None
    return redirect(url_for("kcc_melding.melding", nummer=found.number, gedaan=actie, via=via), 303)


@pages.post("/kcc/melding/<nummer>/contact")
@enter("medewerker", roles=DESK)
def toon_contact(nummer: str) -> ResponseReturnValue:
    """The melding with the melder's data, for a reason in somebody's own words; the ready ones are in the address."""
    here = visit()
    found = found_melding(here, nummer)
    try:
        words = own_reason(request.form.get("waarom", ""), "waarom")
    except InvalidInput as error:
        return _page(here, found, error=error, failed="contact"), error.status
    return _page(here, found, context=OTHERWISE, words=words)


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
    look(here, found, "correctie")


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


def _send_again(here: Visit, found: Melding, actor: Actor) -> None:
    """A button says what and how: "12:email"."""
    notice, _, channel = request.form.get("bericht", "").partition(":")
    resend.send_again(desk_of(here), found, whole_number(notice) or 0, channel, actor=actor)


def _send_link(here: Visit, found: Melding, actor: Actor) -> None:
    resend.send_link(desk_of(here), found, request.form.get("kanaal", ""), actor=actor)


def _hand_to_desk(here: Visit, found: Melding, actor: Actor) -> None:
    loketten.hand_to_desk(here.session, found, request.form.get("loket", ""), actor=actor, now=here.now)


def _take_back(here: Visit, found: Melding, actor: Actor) -> None:
    loketten.take_back(here.session, found, actor=actor, now=here.now)


def _hide(here: Visit, found: Melding, actor: Actor) -> None:
    abuse.mark_abuse(here.session, found, request.form.get("grof", ""), actor=actor, now=here.now)


def _show_again(here: Visit, found: Melding, actor: Actor) -> None:
    abuse.clear_abuse(here.session, found, actor=actor, now=here.now)


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
    "herzendingen": _send_again,
    "links": _send_link,
    "loketten": _hand_to_desk,
    "loketten_terug": _take_back,
    "grof": _hide,
    "weer_tonen": _show_again,
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
    context: str = "",
    words: str = "",
) -> str:
    """context: why the melder's data are shown, when it is not in the address. words: the same in own words."""
    scope = [found.gemeente_id]
    session = here.session
    viewer = viewer_of(here)
    parts = standing.parts_of(dossier_of(session, found))
    links = history.links_of(session, found.id, scope=scope)
    lon, lat = coordinates(session, found)
    own = {o.id for o in opdrachten_of(session, [found.id], scope=scope)[found.id]}
    all_photos = photo.photos_of(session, melding_ids=[found.id], opdracht_ids=own, scope=scope)
    still_open = any(part.status in OPEN for part in parts) or not parts
    near = work_near_place(session, lon, lat, viewer.sees, radius_m=NEAR_M, scope=scope) if still_open else []
    categories = category.all_categories_of(session, scope=scope)
    known = contact.contact_of(session, found.id, scope=scope)
    context = context or ("beller" if fresh else context_of_page())
    shown = look(here, found, context, words) if context else None
    trails = trails_of(session, [found.id], scope=scope)[found.id]
    chosen = next((c for c in categories if c.id == found.category_id), None)
    code = tokens.spoken_code(here.settings.secret_keys, found.id, found.token_generation)
    shown_abuse = bool(found.abuse) and opened(here, found)
    facts: dict[str, Any] = {
        "opened": shown_abuse,
        "openable": bool(found.abuse) and openable(here, found),
        "sounds_like": sounds_like(found.description),
        "viewer": viewer,
        "melding": found,
        "category": chosen,
        "spoken": say_how_it_stands(found, parts, trails, category_name=chosen.name if chosen else "", now=here.now),
        "status_words": standing.status_words(
            found.status, parts, referred_to=found.referred_to, today=local_day(here.now)
        ),
        "parts": parts,
        "today": local_day(here.now),
        "contact": shown,
        "has_contact": known is not None,
        "has_phone": known is not None and bool(known.phone),
        "reasons": REASONS,
        "kept": f"?via={context}" if context in REASONS else "",
        "contact_values": _contact_values(shown, failed),
        "can_correct": found.withdrawn_at is None
        and found.erased_at is None
        and (shown or known is None or failed == "gegevens"),
        "desks": WORDS,
        "freeze_reasons": terms.FREEZE_REASONS,
        "preferences": PREFERENCES,
        "answers": answers_in_words([found], categories)[found.id],
        "photos": all_photos,
        "may_publish": is_public_melding(session, found.id, scope=scope),
        "missing": photos.missing_of(found, all_photos, now=here.now),
        "notes": [n for n in journal.notes_of(session, melding_ids=[found.id], scope=scope) if n.kind == "notitie"],
        "history": tell_history(
            session,
            melding_ids=[found.id],
            opdracht_ids=[link.opdracht_id for link in links],
            opened=found.id if shown_abuse else None,
            scope=scope,
        ),
        "trails": trails,
        "again": resend.ways_again(desk_of(here), found, trails),
        "link_ways": resend.can_send_link(desk_of(here), found),
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

"""/melden: from an empty form to a number, with or without JavaScript. Who reports here is a melder, staff too.

Steps of one address, all by POST: the form, what we still ask (questions of the category, the same problem nearby),
checking, sending. What was filled in and the photos travel along; nothing is in the database before "versturen".
"""

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError

from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..auth import Visit, csrf, enter, melder_at, visit
from ..domain import tokens
from ..domain.actor import ANONYMOUS
from ..domain.errors import Conflict, DomainError, Unavailable
from ..domain.intake import MAX_PHOTOS, NewMelding, danger_answered
from ..domain.text import looks_like_bsn, personal_kinds
from ..flow.intake import register_melding
from ..flow.photos import REASONS, PhotoResult, add_photos, check_uploads
from ..flow.places import Placed, place_melding
from ..flow.storm import current_storm
from ..store.category import Category, categories_of, category_by_id
from ..store.gemeente import gemeente_by_id
from ..store.melding import Melding
from ..store.outline import Spot, bounds_of, spots_of
from .drafts import Draft, Drafts
from .keys import form_key
from .layout import Sender, page_sender, senders, show_as
from .melding_form import HONEYPOT, Filled, body_hash, read_melding
from .plek import Near, near_here
from .volgen import remember

pages = Blueprint("formulier", __name__)

OTHER = "ander-probleem"
AWAY = "Wij kunnen nu geen foto's bewaren. U kunt uw foto later nasturen, op de pagina van uw melding."
NOT_KEPT = "Wij kunnen uw foto nu niet bewaren. Vertel in woorden wat er is."
SENT_BEFORE = "Deze melding is al verstuurd. Wilt u iets toevoegen? Doe dat bij 'Melding volgen'."
EXPIRED = (
    "De pagina stond lang open, of uw browser bewaart onze cookie niet. Alles staat er nog: verstuur het nog een keer."
)


@pages.get("/melden")
@enter("iedereen")
def melden() -> ResponseReturnValue:
    """The empty form; `?categorie=` and `?gemeente=` fill in a part, for links from elsewhere."""
    sender = page_sender()
    if sender is None:
        return render_template("kies_gemeente.html")
    filled = Filled.read(request.args)
    return _form(sender, filled, [], [])


@pages.post("/melden")
@enter("iedereen")
def stuur() -> ResponseReturnValue:
    """Each step of the form; `actie` says which button was pressed."""
    sender = page_sender()
    if sender is None:
        return render_template("kies_gemeente.html"), 400
    here = visit()
    filled = Filled.read(request.form)
    try:
        csrf.protect()
    except CSRFError:
        filled.errors["formulier"] = EXPIRED
    if request.form.get(HONEYPOT):
        filled.errors[HONEYPOT] = "Laat dit veld leeg. Het is er om computers te herkennen."
    drawer = Drafts(here.adapters.photos, here.settings.secret_keys, sender.id)
    drafts, refused = _collect_photos(drawer)
    action = request.form.get("actie", "controleren")
    if action == "wijzigen" and not filled.errors:
        return _form(sender, filled, drafts, refused)
    chosen = _chosen(here, sender, filled)
    spots = spots_of(here.session, scope=[sender.id])
    new = read_melding(filled, spots=spots, chosen=chosen, photos=drafts, gemeente_slug=sender.slug)
    placed = _place(here, filled, new)
    if new is None or placed is None or filled.errors:
        return _form(sender, filled, drafts, refused, status=400)
    if action == "versturen":
        return _send(here, sender, filled, new, drawer, drafts)
    near = near_here(here, new.location, chosen)
    asks_more = chosen is not None and chosen.questions and filled.values["vragen_van"] != chosen.slug
    shows_near = near and filled.values["nabij_van"] != "ja"
    if asks_more or shows_near:
        return _more(sender, filled, drafts, refused, chosen if asks_more else None, near if shows_near else [])
    return _review(sender, filled, new, placed, chosen, drafts, refused, near)


@pages.get("/melden/<nummer>/ontvangen")
@enter("melder", "medewerker")
def ontvangen(nummer: str) -> ResponseReturnValue:
    """The receipt on screen: number, promise, how to follow it, and how each photo fared. Made to be printed."""
    here = visit()
    melding, _ = melder_at(here, nummer)
    show_as(melding.gemeente_id)
    fates = [
        PhotoResult(position, outcome, code=code, detail=REASONS.get(code, ""))
        for position, outcome, code in cookie.get("fotos", {}).get(nummer, [])
    ]
    token = tokens.make_token(here.settings.secret_keys, melding.id, melding.token_generation)
    return render_template(
        "ontvangen.html",
        melding=melding,
        category=_category_of(here, melding),
        fates=fates,
        follow_url=here.settings.public_url + "/v/" + token,
        code=tokens.spoken_code(here.settings.secret_keys, melding.id, melding.token_generation),
    )


def _collect_photos(drawer: Drafts) -> tuple[list[Draft], list[str]]:
    """The photos of earlier steps that were not taken off, and those of this one; and why others are refused."""
    taken_off = set(request.form.getlist("foto_weg"))
    drafts = [d for d in drawer.read(request.form.getlist("foto_bewaard")) if d.reference not in taken_off]
    files = [file for file in request.files.getlist("foto") if file.filename]
    accepted, results = check_uploads(files)
    refused = [f"{files[result.position - 1].filename}: {result.detail}" for result in results]
    try:
        for upload in accepted:
            name = files[upload.position - 1].filename or ""
            if upload.sha256 in {draft.sha256 for draft in drafts}:
                continue
            if len(drafts) >= MAX_PHOTOS:
                refused.append(f"{name}: {REASONS['te_veel_fotos']}")
                continue
            drafts.append(drawer.keep(upload, name))
    except (TemporaryFailure, PermanentFailure):
        refused.append(AWAY)
    return drafts, refused


def _chosen(here: Visit, sender: Sender, filled: Filled) -> Category | None:
    slug = filled.values["categorie"]
    found = next((c for c in categories_of(here.session, scope=[sender.id]) if c.slug == slug), None)
    if slug and found is None:
        filled.errors["categorie"] = "Deze soort kennen wij niet. Kies een andere, of 'Ik weet het niet'."
    return found


def _place(here: Visit, filled: Filled, new: NewMelding | None) -> Placed | None:
    """Where it is, or the refusal of a place outside our gemeenten noted at the field."""
    if new is None or new.location is None:
        return None
    location = new.location
    return filled.attempt(lambda: place_melding(here.session, location, new.gemeente_slug, actor=ANONYMOUS), None)


def _send(
    here: Visit, sender: Sender, filled: Filled, new: NewMelding, drawer: Drafts, drafts: list[Draft]
) -> ResponseReturnValue:
    """Registers the melding and its photos in one transaction; a second tap on the button finds the first."""
    key = form_key() or secrets.token_hex(16)
    new = replace(new, idempotency_key=key, body_hash=body_hash(new, drafts))
    try:
        with here.session.begin_nested():
            registered = register_melding(here.session, new, photos=len(drafts), actor=ANONYMOUS, now=here.now)
            melding = registered.melding
            results: list[PhotoResult] = []
            if not registered.replayed:
                results = _add_photos(here, melding, drawer, drafts)
            if drafts and not new.description and not registered.replayed and not any(r.kept for r in results):
                raise Unavailable("fotos_niet_bewaard", NOT_KEPT)
    except Conflict:
        filled.errors["formulier"] = SENT_BEFORE
        return _form(sender, filled, drafts, [], status=409)
    except DomainError as error:
        filled.refuse(error)
        return _form(sender, filled, drafts, [], status=error.status)
    remember(here, melding)
    if results:
        cookie["fotos"] = {melding.number: [[r.position, r.outcome, r.code] for r in results]}
    return redirect(url_for("formulier.ontvangen", nummer=melding.number), 303)


def _add_photos(here: Visit, melding: Melding, drawer: Drafts, drafts: Sequence[Draft]) -> list[PhotoResult]:
    opened = [drawer.open(draft) for draft in drafts]
    accepted, results = check_uploads([file for file in opened if file is not None])
    results += add_photos(here.session, melding, accepted, actor=ANONYMOUS, now=here.now, store=here.adapters.photos)
    lost = sum(file is None for file in opened)
    results += [
        PhotoResult(len(opened) - lost + n, "opnieuw_sturen", code="opnieuw_sturen", detail=REASONS["opnieuw_sturen"])
        for n in range(1, lost + 1)
    ]
    return sorted(results, key=lambda result: result.position)


def _category_of(here: Visit, melding: Melding) -> Category | None:
    if melding.category_id is None:
        return None
    return category_by_id(here.session, melding.category_id, scope=[melding.gemeente_id])


def category_groups(categories: Sequence[Category]) -> list[tuple[str, list[tuple[str, str]]]]:
    """The options of the category field: each main category with its subs; one without subs stands alone."""
    mains = [c for c in categories if c.parent_id is None]
    groups: list[tuple[str, list[tuple[str, str]]]] = []
    for main in mains:
        subs = [(c.slug, c.name) for c in categories if c.parent_id == main.id]
        groups.append((main.name, subs) if subs else ("", [(main.slug, main.name)]))
    return groups


def _base(sender: Sender, filled: Filled, drafts: Sequence[Draft], refused: Sequence[str]) -> dict[str, Any]:
    errors = filled.errors
    return {
        "values": filled.values,
        "answers": filled.answers,
        "errors": errors,
        "drafts": drafts,
        "refused": refused,
        "honeypot": HONEYPOT,
        "several": len(senders()) > 1,
        "gemeente": sender.slug,
    }


def _form(
    sender: Sender, filled: Filled, drafts: Sequence[Draft], refused: Sequence[str], *, status: int = 200
) -> ResponseReturnValue:
    here = visit()
    categories = categories_of(here.session, scope=[sender.id])
    chosen = next((c for c in categories if c.slug == filled.values["categorie"]), None)
    spots: Sequence[Spot] = spots_of(here.session, scope=[sender.id])
    page = render_template(
        "melden.html",
        **_base(sender, filled, drafts, refused),
        groups=category_groups(categories),
        chosen=chosen,
        spots=[("", [(spot.code, spot.name) for spot in spots])],
        tiles=here.settings.map_tiles_url,
        bounds=",".join(f"{side:.5f}" for side in bounds_of(here.session, scope=[sender.id]) or ()),
        room=MAX_PHOTOS - len(drafts),
        storm=current_storm(gemeente_by_id(here.session, sender.id), here.now),
    )
    return page, status


def _more(
    sender: Sender,
    filled: Filled,
    drafts: Sequence[Draft],
    refused: Sequence[str],
    chosen: Category | None,
    near: Sequence[Near],
) -> ResponseReturnValue:
    return render_template("melden_meer.html", **_base(sender, filled, drafts, refused), chosen=chosen, near=near)


def _review(
    sender: Sender,
    filled: Filled,
    new: NewMelding,
    placed: Placed,
    chosen: Category | None,
    drafts: Sequence[Draft],
    refused: Sequence[str],
    near: Sequence[Near],
) -> ResponseReturnValue:
    return render_template(
        "melden_controleren.html",
        **_base(sender, filled, drafts, refused),
        new=new,
        placed=placed,
        chosen=chosen,
        danger=new.danger or danger_answered(chosen.questions if chosen else (), new.answers),
        asked=_asked(chosen, new),
        bsn=looks_like_bsn(new.description),
        personal=personal_kinds(new.description),
        same=next((one for one in near if str(one.opdracht_id) == new.same_as), None),
        key=secrets.token_hex(16),
    )


def _asked(chosen: Category | None, new: NewMelding) -> list[tuple[str, str]]:
    """Each answered question with its answer in words."""
    if chosen is None:
        return []
    rows = []
    for question in chosen.questions:
        given = new.answers.get(question["id"])
        if given is not None:
            words = ", ".join(given) if isinstance(given, list) else str(given)
            rows.append((question["label"], words.capitalize() if question["type"] == "janee" else words))
    return rows

"""/kcc/nieuw: entering a melding for a caller. Finding one: kcc_zoek.py; one melding whole: kcc_melding.py."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import COORDINATOR, KCC
from ..domain.errors import DomainError, Forbidden, InvalidInput
from ..domain.intake import NewMelding, parse_location
from ..domain.phone import parse_phone
from ..domain.text import clean_text, looks_like_bsn, whole_number
from ..flow.intake import register_melding
from ..flow.places import Placed, place_melding
from ..store.category import Category, categories_of
from ..store.outline import spots_of
from ..store.search import Hit, meldingen_of_caller
from ..store.workfilter import WorkFilter
from ..store.worklists import WorkRow, list_opdrachten, work_near_place
from .categories import asked_category, category_groups
from .keys import form_key
from .layout import Sender, senders, show_as
from .melding_form import Filled, body_hash, read_melding
from .viewer import Viewer, viewer_of

pages = Blueprint("kcc", __name__)

DESK = (KCC, COORDINATOR)
NEAR_M = 150
CHANNELS = {
    "telefoon": "Telefoon",
    "balie": "Balie",
    "e_mail": "E-mail",
    "post": "Post",
    "social_media": "Social media",
    "eigen_waarneming": "Eigen waarneming",
}


@dataclass
class Entry:
    """A melding being entered: for which gemeente, what was filled in, and what the caller might mean."""

    here: Visit
    viewer: Viewer
    sender: Sender
    filled: Filled

    @property
    def values(self) -> dict[str, str]:
        """The fields by name."""
        return self.filled.values


def desk_scope(here: Visit) -> frozenset[int]:
    """The gemeenten whose phone this person answers."""
    return here.actor.gemeenten_with(*DESK)


@pages.get("/kcc/nieuw")
@enter("medewerker", roles=DESK)
def nieuw() -> ResponseReturnValue:
    """The empty form; `?telefoon=` fills in a known caller."""
    return _form(_entry(request.args))


@pages.post("/kcc/nieuw")
@enter("medewerker", roles=DESK)
def bewaar() -> ResponseReturnValue:
    """`controleren` reads the melding back and shows what is near; `opslaan` stores it; `wijzigen` goes back."""
    entry = _entry(request.form)
    action = request.form.get("actie", "controleren")
    if action == "wijzigen":
        return _form(entry)
    chosen = _chosen(entry)
    new = _read(entry, chosen)
    placed = _place(entry, new)
    if new is None or placed is None or entry.filled.errors:
        return _form(entry, status=400)
    if action == "opslaan":
        return _store(entry, new)
    unasked = chosen is not None and chosen.questions and entry.values["vragen_van"] != chosen.slug
    return render_template(
        "werk/kcc_controleren.html",
        **_base(entry),
        new=new,
        placed=placed,
        chosen=chosen,
        questions=chosen if unasked else None,
        near=_near(entry, new),
        earlier=_earlier(entry),
        bsn=looks_like_bsn(new.description),
        key=secrets.token_hex(16),
    )


@pages.get("/kcc/nabij")
@enter("medewerker", roles=DESK)
def nabij() -> ResponseReturnValue:
    """The open work near a pin while the caller talks; empty when there is nothing."""
    here = visit()
    try:
        location = parse_location(_number(request.args.get("lon", "")), _number(request.args.get("lat", "")))
    except InvalidInput:
        return ""
    near = near_rows(here, viewer_of(here), location.lon, location.lat)
    return render_template("werk/kcc_nabij.html", near=near, value=request.args.get("aansluiten", "")) if near else ""


@pages.get("/kcc/vragen")
@enter("medewerker", roles=DESK)
def vragen() -> ResponseReturnValue:
    """What to say and to ask about a category; empty when there is nothing."""
    here = visit()
    mine = [s for s in senders() if s.id in desk_scope(here)]
    sender = next((s for s in mine if s.slug == request.args.get("gemeente")), None)
    chosen = asked_category(here, sender)
    return render_template("werk/kcc_gekozen.html", chosen=chosen, answers={}, errors={}) if chosen else ""


@pages.get("/kcc/beller")
@enter("medewerker", roles=DESK)
def beller() -> ResponseReturnValue:
    """The earlier meldingen of a phone number or e-mail address; empty when there are none."""
    here = visit()
    hits = earlier_of(here, request.args.get("telefoon", ""), request.args.get("email", ""))
    return render_template("werk/kcc_eerder.html", earlier=hits) if hits else ""


def near_rows(here: Visit, viewer: Viewer, lon: float, lat: float) -> Sequence[tuple[WorkRow, float]]:
    """The open opdrachten near a place, nearest first."""
    return work_near_place(here.session, lon, lat, viewer.sees, radius_m=NEAR_M, scope=desk_scope(here), limit=8)


def _near(entry: Entry, new: NewMelding) -> Sequence[tuple[WorkRow, float | None]]:
    """Near the pin; without one the open work at the same address, since the middle of a buurt says nothing."""
    place = new.location
    if place is not None and place.source != "buurt":
        return near_rows(entry.here, entry.viewer, place.lon, place.lat)
    if not entry.values["adres"].strip():
        return []
    same = WorkFilter(text=entry.values["adres"].replace("\x00", ""))
    rows = list_opdrachten(entry.here.session, same, entry.viewer.sees, scope=desk_scope(entry.here), limit=8)
    return [(row, None) for row in rows]


def earlier_of(here: Visit, phone: str, email: str) -> Sequence[Hit]:
    """What this caller reported before."""
    try:
        known = parse_phone(phone, field="telefoon").e164 if phone.strip() else ""
    except InvalidInput:
        known = ""
    return meldingen_of_caller(
        here.session, phone=known, email=email.strip().replace("\x00", ""), scope=desk_scope(here)
    )


def _entry(form: Any) -> Entry:
    here = visit()
    mine = [s for s in senders() if s.id in desk_scope(here)]
    if not mine:
        raise Forbidden("geen_gemeente", "Uw account hoort bij een gemeente die wij niet (meer) bedienen.")
    sender = next((s for s in mine if s.slug == form.get("gemeente")), mine[0])
    show_as(sender.id)
    filled = Filled.read(form)
    filled.values["kanaal"] = form.get("kanaal", "") if form.get("kanaal") in CHANNELS else "telefoon"
    filled.values["notitie"] = form.get("notitie", "")
    filled.values["aansluiten"] = form.get("aansluiten", "")
    filled.values["gemeente"] = sender.slug
    return Entry(here, viewer_of(here), sender, filled)


def _chosen(entry: Entry) -> Category | None:
    slug = entry.values["categorie"]
    found = next((c for c in categories_of(entry.here.session, scope=[entry.sender.id]) if c.slug == slug), None)
    if slug and found is None:
        entry.filled.errors["categorie"] = "Deze soort kennen wij niet. Kies een andere, of laat het open."
    return found


def _read(entry: Entry, chosen: Category | None) -> NewMelding | None:
    """The melding in the form with what only the desk knows: kanaal, note, and the work the caller is joined to."""
    filled, values = entry.filled, entry.values
    note = filled.attempt(lambda: clean_text(values["notitie"], field="notitie"), "")
    if values["gevaar"] not in ("ja", "nee"):
        filled.errors["gevaar"] = "Vraag eerst of er gevaar is."
    spots = spots_of(entry.here.session, scope=[entry.sender.id])
    new = read_melding(filled, spots=spots, chosen=chosen, photos=[], gemeente_slug=entry.sender.slug)
    if new is None:
        return None
    joined = values["aansluiten"]
    return replace(
        new,
        intake_channel=values["kanaal"],
        kcc_note=note,
        same_as=None,
        join_opdracht_id=whole_number(joined),
    )


def _place(entry: Entry, new: NewMelding | None) -> Placed | None:
    if new is None or new.location is None:
        return None
    location = new.location
    return entry.filled.attempt(
        lambda: place_melding(
            entry.here.session, location, new.gemeente_slug, actor=entry.here.actor, note=new.kcc_note
        ),
        None,
    )


def _store(entry: Entry, new: NewMelding) -> ResponseReturnValue:
    here = entry.here
    key = form_key() or secrets.token_hex(16)
    new = replace(new, idempotency_key=key, body_hash=body_hash(new, []))
    try:
        with here.session.begin_nested():
            made = register_melding(here.session, new, actor=here.actor, now=here.now).melding
    except DomainError as error:
        entry.filled.refuse(error)
        return _form(entry, status=error.status)
    return redirect(url_for("kcc_melding.melding", nummer=made.number, nieuw="ja"), 303)


def _earlier(entry: Entry) -> Sequence[Hit]:
    return earlier_of(entry.here, entry.values["telefoon"], entry.values["email"])


def _base(entry: Entry) -> dict[str, Any]:
    return {
        "viewer": entry.viewer,
        "values": entry.values,
        "answers": entry.filled.answers,
        "errors": entry.filled.errors,
        "channels": list(CHANNELS.items()),
        "gemeenten": [s for s in senders() if s.id in desk_scope(entry.here)],
        "gemeente": entry.sender.slug,
        "now": entry.here.now,
    }


def _form(entry: Entry, *, status: int = 200) -> ResponseReturnValue:
    here, scope = entry.here, [entry.sender.id]
    categories = categories_of(here.session, scope=scope)
    page = render_template(
        "werk/kcc_nieuw.html",
        **_base(entry),
        groups=category_groups(categories),
        chosen=next((c for c in categories if c.slug == entry.values["categorie"]), None),
        spots=[("", [(spot.code, spot.name) for spot in spots_of(here.session, scope=scope)])],
        earlier=_earlier(entry),
        tiles=here.settings.map_tiles_url,
        searches=here.adapters.geocoder.searches,
    )
    return page, status


def _number(written: str) -> float | str:
    try:
        return float(written)
    except ValueError:
        return written

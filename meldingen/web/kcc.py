"""/kcc/nieuw: entering a melding for a caller, on one screen. What the screen asks meanwhile: kcc_gesprek.py.

Without JavaScript the same form goes by a page that reads it back (`controleren`). Finding a melding: kcc_zoek.py; one
melding whole: kcc_melding.py.
"""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from ..auth import Visit, enter, visit
from ..domain.errors import Conflict, DomainError, Forbidden
from ..domain.intake import NewMelding
from ..domain.objects import ObjectRef, read_ref
from ..domain.text import clean_text, looks_like_bsn, whole_number
from ..flow import concept
from ..flow.intake import register_melding
from ..flow.objects import find_object
from ..flow.places import Placed, place_melding
from ..store.category import Category, categories_of
from ..store.concept import Concept
from ..store.melding import Melding, melding_of_key
from ..store.outline import Spot, spots_of
from ..store.search import Hit
from ..store.workfilter import WorkFilter
from ..store.worklists import WorkRow, list_opdrachten
from .categories import category_groups
from .kcc_beller import DESK as DESK
from .kcc_beller import ENTERS as ENTERS
from .kcc_beller import NEAR_M as NEAR_M
from .kcc_beller import desk_scope as desk_scope
from .kcc_beller import earlier_of, near_rows
from .kcc_beller import entry_scope as entry_scope
from .kcc_klaar import stored_panel
from .keys import form_key
from .layout import Sender, senders, show_as
from .melding_form import Filled, body_hash, read_location, read_melding
from .problem import problem
from .viewer import viewer_of

pages = Blueprint("kcc", __name__)

CHANNELS = {
    "telefoon": "Telefoon",
    "balie": "Balie",
    "e_mail": "E-mail",
    "post": "Post",
    "social_media": "Social media",
    "eigen_waarneming": "Eigen waarneming",
}
OWN_FIELDS = ("notitie", "aansluiten")
"""What only the desk fills in, besides `kanaal`."""
LAST_CHANNEL = "kanaal"
"""In the session cookie: what was picked last, so that it is picked once."""
TELLS = ("omschrijving", "adres", "toelichting", "lon", "telefoon", "naam", "email", "notitie")
"""Fields that make a form worth keeping."""


@dataclass
class Entry:
    """A melding being entered: for which gemeente, what was filled in, and under which key it is kept and sent."""

    here: Visit
    mine: Sequence[Sender]
    sender: Sender
    filled: Filled
    key: str

    @property
    def values(self) -> dict[str, str]:
        """The fields by name."""
        return self.filled.values

    @property
    def tells_something(self) -> bool:
        """Whether anything was filled in that would be missed."""
        return any(self.values[name].strip() for name in TELLS)


@pages.get("/kcc/nieuw")
@enter("medewerker", roles=ENTERS)
def nieuw() -> ResponseReturnValue:
    """The screen: empty, or with `?verder=` one that was begun before; `?telefoon=` fills in a caller."""
    here = visit()
    kept = _begun(here, request.args.get("verder", ""))
    if kept is None:
        return screen(read_entry(request.args))
    if earlier := sent_already(here, kept.key):
        concept.end_concept(here.session, kept)
        return redirect(url_for("kcc_melding.melding", nummer=earlier.number, nieuw="ja"))
    values, answers = concept.values_of(kept)
    form = MultiDict([*values.items(), *((f"antwoord_{name}", one) for name, some in answers.items() for one in some)])
    return screen(read_entry(form, key=kept.key))


@pages.post("/kcc/nieuw")
@enter("medewerker", roles=ENTERS)
def bewaar() -> ResponseReturnValue:
    """`controleren` reads the melding back and shows what is near; `opslaan` stores it; `wijzigen` goes back.

    A script that asks for JSON gets what to read aloud, or a problem with the sentence of each field.
    """
    entry = read_entry(request.form)
    action = request.form.get("actie", "controleren")
    if action == "wijzigen":
        return screen(entry)
    new, placed, chosen = read_whole(entry)
    if new is None or placed is None or entry.filled.errors:
        return _refuse(entry, 400)
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
    )


def read_entry(form: MultiDict[str, str], *, key: str = "") -> Entry:
    """What was filled in. The place decides the gemeente, else the one that was chosen, else the first of this person.

    Raises Forbidden for an account whose gemeenten are not served any more.
    """
    here = visit()
    mine = [s for s in senders() if s.id in entry_scope(here)]
    if not mine:
        raise Forbidden("geen_gemeente", "Uw account hoort bij een gemeente die wij niet (meer) bedienen.")
    sender = next((s for s in mine if s.slug == form.get("gemeente")), mine[0])
    filled = Filled.read(form)
    last = cookie.get(LAST_CHANNEL, "telefoon")
    filled.values["kanaal"] = next((one for one in (form.get("kanaal"), last) if one in CHANNELS), "telefoon")
    filled.values.update({name: form.get(name, "") for name in OWN_FIELDS})
    entry = Entry(here, mine, sender, filled, key or form_key() or secrets.token_hex(16))
    if len(mine) > 1:
        _follow_place(entry)
    show_as(entry.sender.id)
    filled.values["gemeente"] = entry.sender.slug
    return entry


def read_whole(entry: Entry) -> tuple[NewMelding | None, Placed | None, Category | None]:
    """The melding in the form, whose place it is and its category; what is wrong is in the errors of the form."""
    chosen = _chosen(entry)
    new = _read(entry, chosen)
    return new, _place(entry, new), chosen


def sent_already(here: Visit, key: str) -> Melding | None:
    """The melding that a form of this person became."""
    return melding_of_key(here.session, f"meldingen:{here.actor.label}", key, scope=entry_scope(here))


def _begun(here: Visit, written: str) -> Concept | None:
    number, account_id = whole_number(written), here.actor.account_id
    if not number or account_id is None:
        return None
    return concept.find_own(here.session, number, account_id, scope=entry_scope(here))


def _follow_place(entry: Entry) -> None:
    """Moves the form to the gemeente in which its place lies, when this person answers the phone there."""
    trial = Filled(dict(entry.values))
    location = read_location(trial, _spots(entry))
    if location is None:
        return
    placed = trial.attempt(
        lambda: place_melding(entry.here.session, location, entry.sender.slug, actor=entry.here.actor, note="?"), None
    )
    entry.sender = next((s for s in entry.mine if placed and s.id == placed.gemeente.id), entry.sender)


def _spots(entry: Entry) -> Sequence[Spot]:
    return spots_of(entry.here.session, scope=[one.id for one in entry.mine])


def _near(entry: Entry, new: NewMelding) -> Sequence[tuple[WorkRow, float | None]]:
    """Near the pin; without one the open work at the same address, since the middle of a buurt says nothing."""
    viewer, scope, place = viewer_of(entry.here), desk_scope(entry.here), new.location
    if place is not None and place.source != "buurt":
        return near_rows(entry.here, viewer, place.lon, place.lat, scope=scope)
    if not entry.values["adres"].strip():
        return []
    same = WorkFilter(text=entry.values["adres"].replace("\x00", ""))
    rows = list_opdrachten(entry.here.session, same, viewer.sees, scope=scope, limit=8)
    return [(row, None) for row in rows]


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
    new = read_melding(filled, spots=_spots(entry), chosen=chosen, photos=[], gemeente_slug=entry.sender.slug)
    if new is None:
        return None
    return replace(
        new,
        intake_channel=values["kanaal"],
        kcc_note=note,
        same_as=None,
        join_opdracht_id=whole_number(values["aansluiten"]),
        object=_thing(entry),
    )


def _thing(entry: Entry) -> ObjectRef | None:
    """The thing with a number that it is about; nothing when it is not there any more: the place stands."""
    named = read_ref(entry.values["object"])
    if named is None:
        return None
    try:
        return named if find_object(entry.here.session, named, scope=[entry.sender.id]) else None
    except DomainError:
        return None


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
    new = replace(new, idempotency_key=entry.key, body_hash=body_hash(new, []))
    try:
        with here.session.begin_nested():
            made = register_melding(here.session, new, actor=here.actor, now=here.now).melding
    except Conflict as error:
        return _refuse_again(entry, error)
    except DomainError as error:
        entry.filled.refuse(error)
        return _refuse(entry, error.status)
    kept = concept.find_concept(here.session, entry.key, scope=entry_scope(here), now=here.now)
    if kept is not None and kept.account_id == here.actor.account_id:
        concept.end_concept(here.session, kept)
    cookie[LAST_CHANNEL] = entry.values["kanaal"]
    if _wants_json():
        return {"nummer": made.number, "html": stored_panel(here, made)}, 201
    if here.actor.enters_only_spoed(made.gemeente_id):
        return redirect(url_for("antwoorddienst.spoed", gemaakt=made.number), 303)
    return redirect(url_for("kcc_melding.melding", nummer=made.number, nieuw="ja"), 303)


def _refuse_again(entry: Entry, error: Conflict) -> ResponseReturnValue:
    """This form was stored before with other words, from another tab perhaps: that melding stands."""
    earlier = sent_already(entry.here, entry.key)
    if earlier is None or not _wants_json():
        entry.filled.refuse(error)
        return _refuse(entry, error.status)
    told = "Deze melding is al opgeslagen. Wat u daarna veranderde, is niet meegegaan."
    return problem(409, "al_opgeslagen", told, nummer=earlier.number)


def _refuse(entry: Entry, status: int) -> ResponseReturnValue:
    if not _wants_json():
        return screen(entry, status=status)
    errors = entry.filled.errors
    return problem(status, "ongeldige_invoer", next(iter(errors.values()), "Er klopt iets nog niet."), velden=errors)


def _wants_json() -> bool:
    return request.accept_mimetypes.best_match(["text/html", "application/json"]) == "application/json"


def _earlier(entry: Entry) -> Sequence[Hit]:
    values = entry.values
    return earlier_of(entry.here, values["telefoon"], values["email"], scope=desk_scope(entry.here))


def _base(entry: Entry) -> dict[str, Any]:
    return {
        "viewer": viewer_of(entry.here),
        "values": entry.values,
        "answers": entry.filled.answers,
        "errors": entry.filled.errors,
        "channels": list(CHANNELS.items()),
        "gemeenten": entry.mine,
        "gemeente": entry.sender.slug,
        "key": entry.key,
        "now": entry.here.now,
    }


def screen(entry: Entry, *, status: int = 200) -> ResponseReturnValue:
    """The screen with what was filled in, what is wrong with it, and what this person began before."""
    here, scope = entry.here, [entry.sender.id]
    categories = categories_of(here.session, scope=scope)
    assert here.actor.account_id is not None, "only medewerkers come in"
    begun = concept.begun_by(here.session, here.actor.account_id, scope=entry_scope(here), now=here.now)
    page = render_template(
        "werk/kcc_nieuw.html",
        **_base(entry),
        groups=category_groups(categories),
        chosen=next((c for c in categories if c.slug == entry.values["categorie"]), None),
        spots=[("", [(spot.code, spot.name) for spot in _spots(entry)])],
        begun=[(one, _words_of(one)) for one in begun if one.key != entry.key],
        earlier=_earlier(entry),
        searches=here.adapters.geocoder.searches,
        tiles=here.settings.map_tiles_url,
    )
    return page, status


def _words_of(kept: Concept) -> str:
    """What a form was about, to know it by; without who called."""
    values: Mapping[str, str] = concept.values_of(kept)[0]
    return next((values[name] for name in ("omschrijving", "adres", "toelichting") if values.get(name)), "")

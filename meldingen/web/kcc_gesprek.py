"""What the screen of the desk asks and keeps while the caller talks. The screen itself: kcc.py.

Each answer is a small piece, at the cost of a few queries whatever there is to find. What tells of a person travels by
POST: it belongs in no address and in no log.
"""

from typing import Any

from flask import Blueprint, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import generate_csrf

from ..auth import Visit, enter, visit
from ..domain.address import search_words, split_corner
from ..domain.danger import hear
from ..domain.errors import Conflict, DomainError, InvalidInput
from ..domain.intake import parse_location
from ..domain.spoed import words_to_wait
from ..domain.text import looks_like_bsn, whole_number
from ..flow import concept
from ..flow.danger import words_of
from ..flow.places import address_at, place_melding
from ..limits import count_search
from ..store.category import categories_of
from ..store.gemeente import gemeente_by_id
from ..store.said_places import places_said
from .categories import asked_category
from .kcc import ENTERS, Entry, desk_scope, entry_scope, read_entry, read_whole, sent_already
from .kcc_beller import earlier_of, known_callers, near_rows
from .kcc_klaar import promise_of, told_before
from .layout import Sender, senders
from .plek import Found, find_places, place_words
from .problem import problem
from .viewer import viewer_of

pages = Blueprint("kcc_gesprek", __name__)

NEEDED = {
    "gevaar": ("of er gevaar is", ("gevaar",)),
    "plaats": ("waar het is", ("lon", "buurt")),
    "omschrijving": ("wat er is", ("omschrijving",)),
}
"""What to ask while none of its fields is filled in: that is no mistake, the caller is still talking."""


@pages.get("/kcc/nabij")
@enter("medewerker", roles=ENTERS)
def nabij() -> ResponseReturnValue:
    """The open work near a pin while the caller talks, of the chosen kind first; empty when there is nothing."""
    here = visit()
    try:
        location = parse_location(_number(request.args.get("lon", "")), _number(request.args.get("lat", "")))
    except InvalidInput:
        return ""
    kind = request.args.get("categorie", "")
    near = near_rows(here, viewer_of(here), location.lon, location.lat, scope=desk_scope(here), category=kind)
    return (
        render_template("werk/kcc_nabij.html", near=near, value=request.args.get("aansluiten", ""), kind=kind)
        if near
        else ""
    )


@pages.get("/kcc/vragen")
@enter("medewerker", roles=ENTERS)
def vragen() -> ResponseReturnValue:
    """What to say and to ask about a category; empty when there is nothing."""
    here = visit()
    chosen = asked_category(here, _asked(here))
    return render_template("werk/kcc_gekozen.html", chosen=chosen, answers={}, errors={}) if chosen else ""


@pages.get("/kcc/nieuw/soorten")
@enter("medewerker", roles=ENTERS)
def soorten() -> ResponseReturnValue:
    """Every kind that can be chosen in a gemeente, with the everyday words to find it by."""
    here = visit()
    asked = _asked(here)
    rows = categories_of(here.session, scope=[asked.id] if asked else [])
    names = {row.id: row.name for row in rows}
    parents = {row.parent_id for row in rows}
    found = [
        {
            "slug": row.slug,
            "naam": row.name,
            "hoofd": names.get(row.parent_id, "") if row.parent_id else "",
            "woorden": " ".join(row.synonyms),
        }
        for row in rows
        if row.id not in parents
    ]
    return jsonify(soorten=found)


@pages.post("/kcc/nieuw/plekken")
@enter("medewerker", roles=ENTERS)
def plekken() -> ResponseReturnValue:
    """What the caller may mean: an address, a street, a corner, a thing with a number, or what others called so before.

    `weg`: nobody can tell now.
    """
    here, typed = visit(), request.form.get("zoek", "").replace("\x00", "")
    mine = [one for one in senders() if one.id in entry_scope(here)]
    only = mine[0].slug if len(mine) == 1 else ""
    corner = split_corner(typed)
    found: list[Found] | None
    if corner:
        one, other = (find_places(here, street, gemeente=only, typing=True) for street in corner)
        found = [_corner(one[0], other[0])] if one and other else []
    else:
        found = find_places(here, typed, gemeente=only, typing=True)
    said = [] if corner else places_said(here.session, typed, scope=desk_scope(here)) if search_words(typed) else []
    before = [Found(", ".join(filter(None, (one.note, one.address))), one.lon, one.lat, "adres") for one in said]
    shown = [
        {"tekst": one.text, "lon": one.lon, "lat": one.lat, "bron": one.source, "object": one.thing}
        for one in [*(found or ()), *before]
    ]
    return jsonify(gevonden=shown, weg=found is None and not before)


@pages.post("/kcc/nieuw/plek")
@enter("medewerker", roles=ENTERS)
def plek() -> ResponseReturnValue:
    """Where a pin is, in words, and in which gemeente: that one's kinds count. `fout`: what to do about a place."""
    here = visit()
    try:
        location = parse_location(_number(request.form.get("lon", "")), _number(request.form.get("lat", "")))
        count_search()
        address = address_at(here.adapters.geocoder, location.lon, location.lat)
        placed = place_melding(here.session, location, None, actor=here.actor, note="?")
    except DomainError as error:
        return jsonify(woorden="", fout=error.detail, adres="", gemeente="")
    home = next((one for one in senders() if one.id == placed.gemeente.id and one.id in entry_scope(here)), None)
    wrong = ""
    if home is None:
        wrong = f"Deze plek ligt in {placed.gemeente.name}. Daar mag u niet voor melden."
    elif placed.referred_to:
        wrong = f"Deze plek ligt in {placed.referred_to}. Wij leggen het vast en verwijzen de beller daarheen."
    elif "buiten_grens" in placed.flags:
        wrong = "Deze plek ligt buiten de gemeente. Schrijf in de notitie waarom u haar toch opslaat."
    words = place_words(placed, address)
    return jsonify(woorden=words, fout=wrong, adres=address, gemeente=home.slug if home else "")


@pages.post("/kcc/nieuw/beller")
@enter("medewerker", roles=ENTERS)
def beller() -> ResponseReturnValue:
    """Who calls from this number or address, and what he reported before; empty when nobody did. Looks are logged."""
    here, scope = visit(), desk_scope(visit())
    phone, email = request.form.get("telefoon", ""), request.form.get("email", "")
    callers = known_callers(here, phone, email, scope=scope)
    earlier = earlier_of(here, phone, email, scope=scope)
    if not callers and not earlier:
        return ""
    return render_template("werk/kcc_beller.html", callers=callers, earlier=earlier)


@pages.post("/kcc/nieuw/stand")
@enter("medewerker", roles=ENTERS)
def stand() -> ResponseReturnValue:
    """Keeps what was typed, and says how far it is: what is still to be asked, or what to read aloud."""
    here = visit()
    entry = read_entry(request.form)
    if earlier := sent_already(here, entry.key):
        return problem(409, "al_opgeslagen", "Deze melding is al opgeslagen.", nummer=earlier.number)
    try:
        _keep(entry)
    except Conflict as error:
        return problem(409, error.code, error.detail)
    return _summary(entry)


@pages.post("/kcc/nieuw/weggooien")
@enter("medewerker", roles=ENTERS)
def weggooien() -> ResponseReturnValue:
    """Throws away what this person began; a form that is gone already is fine."""
    here = visit()
    number, account_id = whole_number(request.form.get("concept", "")), here.actor.account_id
    key = request.form.get("sleutel", "")
    kept = None
    if number and account_id is not None:
        kept = concept.find_own(here.session, number, account_id, scope=entry_scope(here))
    elif key and "\x00" not in key:
        kept = concept.find_concept(here.session, key, scope=entry_scope(here), now=here.now)
    if kept is not None and kept.account_id == account_id:
        concept.end_concept(here.session, kept)
    return "", 204


@pages.get("/kcc/nieuw/wie")
@enter("medewerker", roles=ENTERS)
def wie() -> ResponseReturnValue:
    """Who is signed in now, and a token for the form: for a screen whose session ended and began again."""
    return jsonify(account=visit().actor.account_id, token=generate_csrf())


def _corner(one: Found, other: Found) -> Found:
    """A corner of two streets: between them to look for on the map, where a person puts the pin. No geocoder of ours
    knows where streets meet, and a pin in the middle of one of them would send a team to the wrong place."""
    words = f"Hoek {one.text.split(',')[0]} en {other.text.split(',')[0]}"
    return Found(words, (one.lon + other.lon) / 2, (one.lat + other.lat) / 2, "hoek")


def _asked(here: Visit) -> Sender | None:
    """The gemeente in the address, when this person answers its phone."""
    return next(
        (one for one in senders() if one.slug == request.args.get("gemeente") and one.id in entry_scope(here)), None
    )


def _keep(entry: Entry) -> None:
    """The form in the database, for this person. Raises Conflict when the key is somebody else's."""
    if not entry.tells_something:
        return
    here, scope = entry.here, entry_scope(entry.here)
    kept = concept.hold_concept(here.session, entry.key, gemeente_id=entry.sender.id, scope=scope, now=here.now)
    begun = kept.filled or kept.account_id is not None
    if begun and kept.account_id != here.actor.account_id:
        raise Conflict("formulier_van_ander", "Dit formulier is van een ander. Begin een nieuwe melding.")
    concept.save_concept(
        here.session,
        kept,
        gemeente_id=entry.sender.id,
        values=entry.values,
        answers=entry.filled.answers,
        account_id=here.actor.account_id,
        now=here.now,
    )


def _summary(entry: Entry) -> str:
    here = entry.here
    new, placed, chosen = read_whole(entry)
    errors = entry.filled.errors
    home = gemeente_by_id(here.session, entry.sender.id)
    said = entry.values["omschrijving"][:2000]
    asked = [name for name, (_, fields) in NEEDED.items() if not any(entry.values[one].strip() for one in fields)]
    facts: dict[str, Any] = {
        "missing": [NEEDED[name][0] for name in asked],
        "wrong": [sentence for name, sentence in errors.items() if name not in asked],
        "bsn": looks_like_bsn(said),
        "alarming": entry.values["gevaar"] != "ja" and hear(said, words_of(home.policy)).suspected,
        "danger": entry.values["gevaar"] == "ja",
    }
    if entry.values["gevaar"] == "nee" and here.actor.enters_only_spoed(home.id):
        facts["wrong"] = [f"Dit kan wachten. {words_to_wait(home.name, home.phone, home.hours, home.website)}"]
        return render_template("werk/kcc_stand.html", **facts)
    if new is None or placed is None or errors:
        return render_template("werk/kcc_stand.html", **facts)
    promised = promise_of(here, placed, chosen)
    told = told_before(here, new, placed, chosen, promised)
    return render_template(
        "werk/kcc_stand.html", **facts, new=new, placed=placed, chosen=chosen, promised=promised, told=told
    )


def _number(written: str) -> float | str:
    try:
        return float(written)
    except ValueError:
        return written

"""What an external party does with an opdracht on its page: name a date, ask, send photos, close.

Each is a form of ours that calls one flow function, as that of a team does. What it reads: partij.py.
"""

import hashlib
import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import Actor
from ..domain.errors import DomainError, InvalidInput, Stale
from ..domain.sentence import say
from ..domain.text import whole_number
from ..flow import closure, library, party, photos
from ..flow.status import Basis, check_rights
from ..party_access import party_at
from ..store.category import main_of
from ..store.opdracht import Opdracht
from ..store.party import PartyWork
from .closing import read_closure, solved_choices, unsolved_choices
from .keys import form_key
from .partij import ID, Typed, work_of, work_page
from .taal import translate

pages = Blueprint("partijwerk", __name__)

FIELDS = ("datum", "vraag", "keuze", "zin")
CHANGED = say("De gemeente heeft deze opdracht net gewijzigd. Kijk nog een keer.")
Doing = Callable[[Visit, PartyWork, Actor, Typed], None]


@pages.post(f"/partij/opdracht/{ID}/<actie>")
@enter("partij")
def doe(opdracht_id: int, actie: str) -> ResponseReturnValue:
    """Does one of the small steps and shows the opdracht again; closing it has a page of its own."""
    here = visit()
    team, actor = party_at(here)
    row = work_of(here, team, opdracht_id)
    if row is None or actie not in DOINGS:
        return redirect(url_for("partij.opdracht", opdracht_id=opdracht_id), 303)
    typed = _typed()

    def act() -> None:
        party.see(here.session, row.opdracht, actor=actor, now=here.now)  # who does something saw it
        DOINGS[actie](here, row, actor, typed)

    status = _attempt(here, typed, act)
    if status or typed.not_kept:
        fresh = work_of(here, team, opdracht_id) or row
        return work_page(here, team, fresh, typed, status or 200)
    return redirect(url_for("partij.opdracht", opdracht_id=opdracht_id, gedaan=actie), 303)


@pages.get(f"/partij/opdracht/{ID}/klaar")
@enter("partij")
def vraag_klaar(opdracht_id: int) -> ResponseReturnValue:
    """The form that closes it."""
    here = visit()
    team, _actor = party_at(here)
    row = work_of(here, team, opdracht_id)
    if row is None:
        return redirect(url_for("partij.opdracht", opdracht_id=opdracht_id), 303)
    return _closing_page(here, row, Typed(), 200)


@pages.post(f"/partij/opdracht/{ID}/klaar")
@enter("partij")
def klaar(opdracht_id: int) -> ResponseReturnValue:
    """Closes it with a photo or without; a bad photo never undoes the closing."""
    here = visit()
    team, actor = party_at(here)
    row = work_of(here, team, opdracht_id)
    if row is None:
        return redirect(url_for("partij.opdracht", opdracht_id=opdracht_id), 303)
    typed = _typed()

    def close() -> None:
        said = read_closure(typed.values["keuze"], typed.values["zin"], "", _ready(here, row))
        closure.close_opdracht(here.session, row.opdracht.id, said, basis=_basis(typed), actor=actor, now=here.now)
        _keep_photos(here, row.opdracht, actor, typed)

    if status := _attempt(here, typed, close):
        fresh = work_of(here, team, opdracht_id) or row
        return _closing_page(here, fresh, typed, status)
    return render_template("partij/klaar.html", row=row, not_kept=typed.not_kept)


def _expect(here: Visit, row: PartyWork, actor: Actor, typed: Typed) -> None:
    try:
        day = date.fromisoformat(typed.values["datum"])
    except ValueError as error:
        raise InvalidInput.of("datum", "geen_datum", say("Kies een dag.")) from error
    party.expect(here.session, row.opdracht.id, day, basis=_basis(typed), actor=actor, now=here.now)


def _ask(here: Visit, row: PartyWork, actor: Actor, typed: Typed) -> None:
    party.ask(here.session, row.opdracht.id, typed.values["vraag"], actor=actor, now=here.now)


def _photos(here: Visit, row: PartyWork, actor: Actor, typed: Typed) -> None:
    check_rights(row.opdracht, "fotos", actor)
    if not _keep_photos(here, row.opdracht, actor, typed) and not typed.not_kept:
        raise InvalidInput.of("foto", "leeg", say("Kies eerst een foto."))


DOINGS: dict[str, Doing] = {"gezien": lambda *_: None, "verwacht": _expect, "vraag": _ask, "foto": _photos}


def _keep_photos(here: Visit, opdracht: Opdracht, actor: Actor, typed: Typed) -> int:
    """Keeps the photos of the form; how many."""
    files = [file for file in request.files.getlist("foto") if file.filename]
    accepted, results = photos.check_uploads(files)
    store = here.adapters.photos
    results += photos.add_photos(here.session, opdracht, accepted, actor=actor, now=here.now, store=store)
    typed.not_kept = [f"{files[r.position - 1].filename}: {translate(r.detail)}" for r in results if not r.kept]
    return sum(r.kept for r in results)


def _attempt(here: Visit, typed: Typed, act: Callable[[], Any]) -> int:
    """Does it whole or not at all; the status of a refusal, which stands in `typed`, or 0."""
    try:
        with here.session.begin_nested():
            act()
    except Stale as error:
        here.session.expire_all()
        typed.refused = CHANGED
        return error.status
    except DomainError as error:
        here.session.expire_all()
        own = {one.field: one.detail for one in error.fields}
        typed.errors, typed.refused = own, "" if own else error.detail
        return error.status
    return 0


def _closing_page(here: Visit, row: PartyWork, typed: Typed, status: int) -> ResponseReturnValue:
    page = render_template(
        "partij/afhandelen.html",
        row=row,
        work=row.opdracht,
        solved=[(value, translate(words)) for value, words in solved_choices(_ready(here, row))],
        unsolved=unsolved_choices(),
        typed=typed,
        key=form_key() or secrets.token_hex(16),
    )
    return page, status


def _ready(here: Visit, row: PartyWork) -> list[str]:
    main = main_of(here.session, row.category, scope=[row.opdracht.gemeente_id])
    return list(library.closing_sentences(main.slug))


def _typed() -> Typed:
    return Typed({name: request.form.get(name, "").replace("\x00", "") for name in FIELDS})


def _basis(typed: Typed) -> Basis:
    """The version and the key that the form carried, so that a second tap finds the first."""
    key = form_key()
    body = hashlib.sha256(repr(sorted(typed.values.items())).encode()).digest()
    version = whole_number(request.form.get("versie", ""), 10**9)
    return Basis(version=version, operation_id=key or None, body_hash=body if key else b"")

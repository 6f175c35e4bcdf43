"""/kcc: the first page of the phone desk: finding a melding, and what waits. Entering one: kcc.py.

What is found appears while somebody types (static/js/kcc_zoek.js); without JavaScript the form asks for it. Contact
data lead to a melding and are shown only on its own page, where the look is logged.
"""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.loketten import WORDS
from ..store.callback import open_callbacks
from ..store.melding import meldingen_at_desks
from ..store.notice import letters_to_post
from ..store.search import LONGEST, find_meldingen
from .kcc import DESK, desk_scope
from .layout import senders
from .live import part_answer, wants_part

pages = Blueprint("kcc_zoek", __name__)

FOUND_BY = {
    "nummer": "nummer",
    "bijna_nummer": "een nummer dat erop lijkt",
    "telefoon": "telefoonnummer",
    "deel_telefoon": "een deel van het telefoonnummer",
    "email": "e-mailadres",
    "naam": "naam",
    "adres": "adres",
    "woorden": "tekst",
    "lijkt_op": "wat erop lijkt",
}
OF_CALLER = ("telefoon", "deel_telefoon", "email")
"""Found by what only the caller or his melding tells: who opens it has him on the line."""


@pages.get("/kcc")
@enter("medewerker", roles=DESK)
def balie() -> ResponseReturnValue:
    """Search first: most callers ask how something stands. A number that fits opens its melding at once.

    With `?deel=ja` only what waits, for the page that keeps itself up to date.
    """
    here = visit()
    if wants_part():
        return part_answer(render_template("werk/kcc_tellers.html", **_counts(here)))
    asked = request.args.get("zoek", "")
    found = _found(here, asked)
    hits = found["hits"]
    if len(hits) == 1 and hits[0].found_by == "nummer" and asked.strip():
        return redirect(url_for("kcc_melding.melding", nummer=hits[0].melding.number))
    return render_template("werk/kcc.html", **found, **_counts(here))


@pages.get("/kcc/zoeken")
@enter("medewerker", roles=DESK)
def zoeken() -> ResponseReturnValue:
    """What was found so far, while somebody types; empty for a text without meaning yet."""
    return render_template("werk/kcc_gevonden.html", **_found(visit(), request.args.get("zoek", "")))


@pages.get("/kcc/loketten")
@enter("medewerker", roles=DESK)
def andere_loketten() -> ResponseReturnValue:
    """What is really a klacht, schadeclaim, bezwaar or handhavingsverzoek; `?soort=` shows one desk."""
    here = visit()
    kind = request.args.get("soort", "") if request.args.get("soort") in WORDS else ""
    scope = desk_scope(here)
    names = {one.id: one.name for one in senders() if one.id in scope}
    return render_template(
        "werk/loketten.html",
        rows=meldingen_at_desks(here.session, scope=scope, desk=kind),
        desks=WORDS,
        kind=kind,
        names=names if len(names) > 1 else {},
    )


def _counts(here: Visit) -> dict[str, int]:
    """What waits for the desk; the page asks for it again while it is open."""
    scope = desk_scope(here)
    callbacks = open_callbacks(here.session, scope=scope)
    return {
        "callbacks": len(callbacks),
        "letters": len(letters_to_post(here.session, scope=scope)),
        "late": sum(one.due_at <= here.now for one in callbacks),
    }


def _found(here: Visit, asked: str) -> dict[str, Any]:
    """The hits, and the names of the gemeenten when this person answers the phone of several."""
    scope = desk_scope(here)
    names = {one.id: one.name for one in senders() if one.id in scope}
    return {
        "asked": asked[:LONGEST],
        "hits": find_meldingen(here.session, asked, scope=scope),
        "found_by": FOUND_BY,
        "of_caller": OF_CALLER,
        "names": names if len(names) > 1 else {},
    }

"""/bulk: one action on the opdrachten that a coordinator ticked: what, what would come of it, yes, and how it goes;
and which were done lately, by whom.

Ticking is on /team and /storm/groepen. The page of a running action keeps itself up to date (live.js).
"""

import secrets
from collections.abc import Mapping, Sequence
from datetime import date
from math import ceil
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import COORDINATOR
from ..domain.errors import DomainError, InvalidInput, NotFound
from ..domain.text import whole_number
from ..domain.workflow import NIET_OPGELOST, OPGELOST, OVERGEDRAGEN
from ..flow import bulk, library
from ..flow.bulk import JOINS, MOST, Foretold, Wish
from ..store import bulk as kept
from ..store.category import categories_of
from ..store.worklists import WorkRow, work_rows
from .categories import category_groups
from .keys import form_key
from .layout import show_as
from .live import part_answer, part_path, wants_part
from .viewer import Viewer, viewer_of

pages = Blueprint("bulk", __name__)

ACTION_WORDS = {
    "overdrachten": "Overdragen",
    "planningen": "Inplannen",
    "uitstellingen": "Nieuwe datum geven",
    "samenvoegingen": "Samenvoegen tot één opdracht",
    "afhandelingen": "Afhandelen",
}
FIELDS = ("team", "categorie", "reden", "plandatum", "datum", "zin", "into", "keuze", "partij")
RECENT = 50
NUMBER = "int(max=9223372036854775807)"
OUTCOMES = (
    (OPGELOST, "Opgelost"),
    *((f"{NIET_OPGELOST}:{one.slug}", f"Niet opgelost: {one.label}") for one in library.reasons().values()),
    (OVERGEDRAGEN, "Overgedragen aan een andere partij"),
)


@pages.post("/bulk/nieuw")
@enter("medewerker", roles=(COORDINATOR,))
def nieuw() -> ResponseReturnValue:
    """The form of the action, for what was ticked; back to the list when nothing was."""
    here = visit()
    chosen, action = _chosen(), request.form.get("actie", "")
    rows = work_rows(here.session, list(chosen), viewer_of(here).sees, scope=here.actor.scope)
    if not rows or action not in ACTION_WORDS:
        flash("Kies eerst een of meer opdrachten, en wat u ermee wilt doen.", "warning")
        return redirect(_back(), 303)
    return _page(here, action, rows)


@pages.post("/bulk/voorbeeld")
@enter("medewerker", roles=(COORDINATOR,))
def voorbeeld() -> ResponseReturnValue:
    """What would come of each opdracht, before anything happens."""
    here = visit()
    chosen, action = _chosen(), request.form.get("actie", "")
    rows = work_rows(here.session, list(chosen), viewer_of(here).sees, scope=here.actor.scope)
    if not rows or action not in ACTION_WORDS:
        raise NotFound("actie_onbekend", "Deze actie kennen wij niet. Begin opnieuw vanaf de lijst.")
    try:
        wish = read_wish(action)
    except InvalidInput as error:
        return _page(here, action, rows, error=error), error.status
    told = bulk.foretell(here.session, wish, [row.opdracht for row in rows], actor=here.actor, now=here.now)
    here.session.expire_all()
    rows = work_rows(here.session, list(chosen), viewer_of(here).sees, scope=here.actor.scope)
    return _page(here, action, rows, told={one.opdracht_id: one for one in told})


@pages.post("/bulk")
@enter("medewerker", roles=(COORDINATOR,))
def vraag() -> ResponseReturnValue:
    """Yes: promised, and undone while it can be."""
    here = visit()
    wish = read_wish(request.form.get("actie", ""))
    versions = {number: version for number, version in _chosen().items() if version}
    made = bulk.ask(here.session, wish, versions, key=form_key(), actor=here.actor, now=here.now)
    return redirect(url_for("bulk.actie", bulk_id=made.id), 303)


@pages.get("/bulk")
@enter("medewerker", roles=(COORDINATOR,))
def lijst() -> ResponseReturnValue:
    """What was done lately with many at once: who, what, how many, when, and undo while it can be."""
    here = visit()
    rows = kept.recent_bulks(here.session, RECENT, scope=here.actor.gemeenten_with(COORDINATOR))
    return render_template("werk/bulk_lijst.html", rows=rows, words=ACTION_WORDS, now=here.now)


@pages.get(f"/bulk/<{NUMBER}:bulk_id>")
@enter("medewerker", roles=(COORDINATOR,))
def actie(bulk_id: int) -> ResponseReturnValue:
    """How it goes: seconds to undo, progress, and what came of each."""
    return _how_it_goes(visit(), bulk_id)


@pages.post(f"/bulk/<{NUMBER}:bulk_id>/ongedaan")
@enter("medewerker", roles=(COORDINATOR,))
def ongedaan(bulk_id: int) -> ResponseReturnValue:
    """Takes it back."""
    here = visit()
    try:
        with here.session.begin_nested():
            bulk.undo(here.session, bulk_id, actor=here.actor, now=here.now)
    except DomainError as error:
        if isinstance(error, NotFound):
            raise
        answer = _how_it_goes(here, bulk_id, refused=error.detail)
        answer.status_code = error.status
        return answer
    return redirect(url_for("bulk.actie", bulk_id=bulk_id), 303)


def read_wish(action: str) -> Wish:
    """What the form asks for. Raises InvalidInput with every field error at once where the steps would not say so."""
    form = {name: request.form.get(name, "").replace("\x00", "") for name in FIELDS}
    match action:
        case "overdrachten":
            team_id, slug = whole_number(form["team"], 2**63 - 1), form["categorie"] or None
            if team_id is None and slug is None:
                raise InvalidInput.of("team", "leeg", "Kies een team of een andere soort.")
            return Wish(action, {"team_id": team_id, "category_slug": slug, "reason": form["reden"]})
        case "planningen":
            return Wish(action, {"day": _day(form["plandatum"], "plandatum")})
        case "uitstellingen":
            if not form["reden"] and not form["zin"].strip():
                raise InvalidInput.of("reden", "leeg", "Vertel de melders waarom het later wordt. Kies een reden.")
            day = _day(form["datum"], "datum")
            return Wish(action, {"day": day, "code": form["reden"], "sentence": form["zin"]})
        case "samenvoegingen":
            into = whole_number(form["into"], 2**63 - 1)
            if into is None:
                raise InvalidInput.of("into", "leeg", "Kies in welke opdracht de andere opgaan.")
            return Wish(action, {"into_id": into})
        case "afhandelingen":
            outcome, _, code = form["keuze"].partition(":")
            if not outcome:
                raise InvalidInput.of("keuze", "leeg", "Kies hoe het is afgelopen.")
            facts = {"outcome": outcome, "code": code, "sentence": form["zin"], "partner": form["partij"]}
            return Wish(action, facts)
        case _:
            raise InvalidInput.of("actie", "leeg", "Kies wat u met de opdrachten wilt doen.")


def _day(written: str, field: str) -> str:
    try:
        return date.fromisoformat(written).isoformat()
    except ValueError as error:
        raise InvalidInput.of(field, "geen_datum", "Kies een dag.") from error


def _chosen() -> dict[int, int]:
    """The opdrachten of the form, with the version that was seen where the form carries one ("12:3")."""
    found: dict[int, int] = {}
    for one in request.form.getlist("opdracht")[: 10 * MOST]:
        number, _, version = one.partition(":")
        known = whole_number(number, 2**63 - 1)
        if known is not None:
            found[known] = whole_number(version, 10**9) or 0
    return dict(list(found.items())[:MOST])


def _back() -> str:
    path = request.form.get("terug", "")
    return path if path.startswith(("/team", "/storm/groepen")) and "\\" not in path else url_for("team.lijst")


def _page(
    here: Visit,
    action: str,
    rows: Sequence[WorkRow],
    *,
    told: Mapping[int, Foretold] | None = None,
    error: InvalidInput | None = None,
) -> str:
    viewer = viewer_of(here)
    home = rows[0].opdracht.gemeente_id
    show_as(home)
    values = {name: request.form.get(name, "") for name in FIELDS}
    if action == JOINS and not values["into"]:
        values["into"] = str(bulk.most_pressing([row.opdracht for row in rows]).id)
    can = {number: one for number, one in (told or {}).items() if not one.refusal}
    return render_template(
        "werk/bulk_nieuw.html",
        action=action,
        words=ACTION_WORDS[action],
        rows=rows,
        told=told,
        can=can,
        hears=len({melding for one in can.values() for melding in one.hears}),
        values=values,
        fields=FIELDS,
        errors={one.field: one.detail for one in error.fields} if error else {},
        key=secrets.token_hex(16),
        back=_back(),
        viewer=viewer,
        now=here.now,
        most=MOST,
        **_options(here, viewer, home),
    )


def _options(here: Visit, viewer: Viewer, home: int) -> dict[str, Any]:
    """What the fields offer, of the gemeente of the first opdracht."""
    own = [(str(t.id), t.name) for t in viewer.teams if t.gemeente_id == home and not t.is_partner]
    partners = [(str(t.id), t.name) for t in viewer.teams if t.gemeente_id == home and t.is_partner]
    return {
        "team_groups": [("Teams", own)] + ([("Externe partijen", partners)] if partners else []),
        "category_groups": category_groups(categories_of(here.session, scope=[home])),
        "reasons": [(r.slug, r.label, r.sentence) for r in library.delay_reasons().values() if not r.by_system],
        "outcomes": OUTCOMES,
    }


def _how_it_goes(here: Visit, bulk_id: int, *, refused: str = "") -> Response:
    row = kept.bulk_by_id(here.session, bulk_id, scope=here.actor.gemeenten_with(COORDINATOR))
    if row is None:
        raise NotFound("actie_onbekend", "Deze actie kunnen wij niet vinden.")
    show_as(row.gemeente_id)
    items = kept.items_of(here.session, bulk_id, scope=[row.gemeente_id])
    facts: dict[str, Any] = {
        "row": row,
        "words": ACTION_WORDS[row.action],
        "items": items,
        "done": sum(bool(one.item.result) for one in items),
        "refusals": [one for one in items if one.item.result not in ("", kept.DONE_ITEM)],
        "left_s": max(0, ceil((row.due_at - here.now).total_seconds())),
    }
    if wants_part():
        return part_answer(render_template("werk/bulk_stand.html", **facts))
    return make_response(render_template("werk/bulk.html", **facts, refused=refused, live=part_path()))

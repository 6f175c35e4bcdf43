"""What a team does with an opdracht: each step a form of its own, by POST, with the version it was based on.

The doors only read the form and call one flow function. Somebody was first: the page comes back with what he did.
"""

import secrets
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import enter, visit
from ..domain.actor import COORDINATOR, STAFF_ON_OPDRACHTEN
from ..domain.deadlines import local_day, next_werkdag
from ..domain.errors import DomainError, Forbidden, InvalidInput, MoveNotAllowed, NotFound, Stale
from ..domain.intake import parse_location
from ..domain.notices import when_words
from ..domain.phone import show_phone
from ..domain.workflow import move_named
from ..flow import closure, feedback, joining, library, photos, undo, work
from ..flow.joining import Split
from ..flow.work import HandOver
from ..store.category import Category, categories_of, main_of
from ..store.contact import contacts_of
from ..store.melding import melding_by_id
from ..store.opdracht import meldingen_of
from ..store.team import Team
from ..store.worklists import work_near
from . import team_terms
from .categories import category_groups
from .closing import read_closure, solved_choices, unsolved_choices
from .layout import show_as
from .staff_history import changes_since, tell_history
from .step import FIELDS, Step, number, team_id_of, whole
from .taal import day_words
from .team import DONE_WORDS, due_words, work_facts
from .viewer import seen_work, viewer_of
from .zinhulp import hints_of

pages = Blueprint("stappen", __name__)

NEAR_M = 250
OWN_WORDS = (
    "gevaarbesluiten",
    "notities",
    "fotos",
    "losmaken",
    "intrekkingen",
    "inbehandelingnames",
    "terugdraaiingen",
)
"""Steps without a page of their own: their form is on the page of the opdracht."""
TO_MELDER = {"afhandelingen": "zin", "uitstellingen": "zin", "vragen": "vraag", "afwijzingen": "reden"}
"""What the melder will read, so what hints are for."""


@pages.get("/team/opdracht/<int(max=9223372036854775807):opdracht_id>/<actie>")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def vraag(opdracht_id: int, actie: str) -> ResponseReturnValue:
    """The form of one step; a step that is not possible now says so on the page of the opdracht."""
    if actie in OWN_WORDS:
        return redirect(url_for("team.opdracht", opdracht_id=opdracht_id))
    step = _step(opdracht_id, actie)
    return _answer(step)


@pages.post("/team/opdracht/<int(max=9223372036854775807):opdracht_id>/<actie>")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def doe(opdracht_id: int, actie: str) -> ResponseReturnValue:
    """Does one step and goes back to the opdracht; or comes back with what was wrong or what happened meanwhile."""
    step = _step(opdracht_id, actie)
    if request.form.get("nakijken"):
        return _answer(step)
    try:
        with step.here.session.begin_nested():
            DOINGS[actie](step)
    except Stale as error:
        step.here.session.expire_all()
        return _answer(step, error=error, status=error.status)
    except MoveNotAllowed as error:
        return _answer(step, error=error, status=error.status)
    except DomainError as error:
        step.refuse(error)
        return _answer(step, error=None if step.errors else error, status=error.status)
    if step.not_kept:
        done = {"done": DONE_WORDS[actie], "refused": " ".join(step.not_kept)}
        row = seen_work(step.here, step.viewer, opdracht_id)
        return render_template("werk/opdracht.html", **work_facts(step.here, step.viewer, row), **done)
    return redirect(url_for("team.opdracht", opdracht_id=opdracht_id, gedaan=actie), 303)


def _step(opdracht_id: int, action: str) -> Step:
    if action not in DOINGS:
        raise NotFound("stap_onbekend", "Deze stap bestaat niet.")
    here = visit()
    viewer = viewer_of(here)
    row = seen_work(here, viewer, opdracht_id)
    show_as(row.gemeente.id)
    return Step(here, viewer, row, action, {name: request.form.get(name, "") for name in FIELDS})


def _take_up(step: Step) -> None:
    work.take_up(step.here.session, step.row.opdracht.id, basis=step.basis, **step.who)


def _plan(step: Step) -> None:
    written = request.form.get("dag") or step.values["plandatum"]
    try:
        day = date.fromisoformat(written)
    except ValueError as error:
        raise InvalidInput.of("plandatum", "geen_datum", "Kies een dag.") from error
    work.plan(step.here.session, step.row.opdracht.id, day, basis=step.basis, **step.who)


def _hand_over(step: Step) -> None:
    to = HandOver(team_id_of(step), step.values["categorie"].replace("\x00", "") or None, step.values["reden"])
    work.hand_over(step.here.session, step.row.opdracht.id, to, basis=step.basis, **step.who)


def _give_back(step: Step) -> None:
    if not step.values["reden"].strip():
        raise InvalidInput.of("reden", "leeg", "Schrijf op waarom dit niet van u is. Dan kan het vangnetteam verder.")
    work.give_back(step.here.session, step.row.opdracht.id, step.values["reden"], basis=step.basis, **step.who)


def _split(step: Step) -> None:
    place = None
    if step.values["lon"] and step.values["lat"]:
        location = parse_location(number(step.values["lon"]), number(step.values["lat"]), field="lon")
        place = (location.lon, location.lat)
    slug = step.values["categorie"].replace("\x00", "")
    if not slug:
        raise InvalidInput.of("categorie", "leeg", "Kies wat het andere probleem is.")
    split = Split(slug, team_id_of(step), place, step.values["reden"])
    joining.split_opdracht(step.here.session, step.row.opdracht.id, split, basis=step.basis, **step.who)


def _join(step: Step) -> None:
    into = whole(step.values["opdracht"])
    if into is None:
        raise InvalidInput.of("opdracht", "leeg", "Kies met welke opdracht deze samen hoort.")
    joining.join_opdracht(step.here.session, step.row.opdracht.id, into, basis=step.basis, **step.who)


def _undo_join(step: Step) -> None:
    melding_id = whole(request.form.get("melding", "")) or 0
    joining.undo_join(step.here.session, melding_id, step.row.opdracht.id, **step.who)


def _note(step: Step) -> None:
    work.add_note(step.here.session, step.row.opdracht.id, step.values["tekst"], **step.who)


def _photos(step: Step) -> None:
    if "fotos" not in {move.action for move in step.viewer.moves(step.row.opdracht)}:
        raise Forbidden("ander_team", "Deze opdracht is van een ander team.")
    if not _add_photos(step):
        raise InvalidInput.of("foto", "leeg", " ".join(step.not_kept) or "Kies eerst een foto.")


def _add_photos(step: Step) -> int:
    """Adds the photos of the form to the opdracht; returns how many are kept. A bad one never undoes the step."""
    files = [file for file in request.files.getlist("foto") if file.filename]
    accepted, results = photos.check_uploads(files)
    store = step.here.adapters.photos
    results += photos.add_photos(step.here.session, step.row.opdracht, accepted, store=store, **step.who)
    step.not_kept = [f"{files[r.position - 1].filename}: {r.detail}" for r in results if not r.kept]
    return sum(r.kept for r in results)


def _close(step: Step) -> None:
    said = read_closure(step.values["keuze"], step.values["zin"], step.values["partij"], _ready_sentences(step))
    closure.close_opdracht(step.here.session, step.row.opdracht.id, said, basis=step.basis, **step.who)
    _add_photos(step)


def _undo(step: Step) -> None:
    undo.undo_closing(step.here.session, step.row.opdracht.id, basis=step.basis, **step.who)


def _decide_withdrawal(step: Step) -> None:
    session = step.here.session
    melding = melding_by_id(session, whole(request.form.get("melding", "")) or 0, scope=[step.row.gemeente.id])
    if melding is None or melding.id not in {
        m.id for m in meldingen_of(session, step.row.opdracht.id, scope=[step.row.gemeente.id])
    }:
        raise NotFound("melding_onbekend", "Deze melding hoort niet bij deze opdracht.")
    granted = request.form.get("besluit") == "ja"
    feedback.decide_withdrawal(session, melding, step.row.opdracht.id, granted=granted, **step.who)


DOINGS: dict[str, Callable[[Step], None]] = {
    "inbehandelingnames": _take_up,
    "planningen": _plan,
    "uitstellingen": team_terms.postpone,
    "verwachtingen": team_terms.expect,
    "veiligstellingen": team_terms.make_safe,
    "gevaarbesluiten": team_terms.judge_danger,
    "afwijzingen": team_terms.keep_closed,
    "vragen": team_terms.ask,
    "overdrachten": _hand_over,
    "teruggaven": _give_back,
    "splitsingen": _split,
    "samenvoegingen": _join,
    "losmaken": _undo_join,
    "afhandelingen": _close,
    "terugdraaiingen": _undo,
    "notities": _note,
    "fotos": _photos,
    "intrekkingen": _decide_withdrawal,
}


def _answer(step: Step, *, error: DomainError | None = None, status: int = 200) -> ResponseReturnValue:
    """The form of the step with what was filled in; the page of the opdracht when the step has no form (any more)."""
    step.row = seen_work(step.here, step.viewer, step.row.opdracht.id)
    told = _told(step, error)
    possible = {move.action for move in step.viewer.moves(step.row.opdracht)}
    if step.action in OWN_WORDS or step.action not in possible:
        if not any(told.values()):
            words = " ".join(step.errors.values())
            told["refused"] = words or "Deze stap kan nu niet. Hieronder ziet u wat wel kan."
        page = render_template("werk/opdracht.html", **work_facts(step.here, step.viewer, step.row), **told)
        return page, status if status != 200 else 409
    facts = {
        "viewer": step.viewer,
        "row": step.row,
        "work": step.row.opdracht,
        "action": step.action,
        "move": move_named(step.action),
        "values": step.values,
        "errors": step.errors,
        "key": secrets.token_hex(16),
        "tiles": step.here.settings.map_tiles_url,
        "hints": hints_of(step.values.get(TO_MELDER.get(step.action, ""), "")),
        "asked": "nakijken" in request.form,
    }
    template = "werk/afhandelen.html" if step.action == "afhandelingen" else "werk/stap.html"
    return render_template(template, **facts, **told, **_extra(step)), status


def _told(step: Step, error: DomainError | None) -> dict[str, Any]:
    """What the page says on top: what others did since the version in the form, or the refusal."""
    if error is None:
        return {"overtaken": [], "refused": ""}
    partner = step.row.opdracht.gemeente_id in step.viewer.partner_of
    if isinstance(error, Stale | MoveNotAllowed) and step.basis.version is not None:
        history = tell_history(
            step.here.session,
            opdracht_ids=[step.row.opdracht.id],
            name_people=not partner,
            scope=[step.row.opdracht.gemeente_id],
        )
        since = changes_since(history, step.basis.version)
        if since:
            return {"overtaken": since, "refused": ""}
    return {"overtaken": [], "refused": error.detail}


def _extra(step: Step) -> dict[str, Any]:
    """What the form of this step needs besides the opdracht."""
    session, row = step.here.session, step.row
    scope = [row.opdracht.gemeente_id]
    match step.action:
        case "planningen":
            today = local_day(step.here.now)
            first = next_werkdag(today)
            monday = next_werkdag(today + timedelta(days=6 - today.weekday()))
            days = [(today, "Vandaag"), (first, "Volgende werkdag")]
            days += [(monday, day_words(monday).capitalize())] if monday != first else []
            return {"quick_days": [(day.isoformat(), words) for day, words in days]}
        case "overdrachten" | "splitsingen":
            own = [(str(t.id), t.name) for t in step.viewer.teams if t.gemeente_id == scope[0] and not t.is_partner]
            partners = [(str(t.id), t.name) for t in step.viewer.teams if t.gemeente_id == scope[0] and t.is_partner]
            groups = [("Teams", own)] + ([("Externe partijen", partners)] if partners else [])
            return {
                "team_groups": groups,
                "category_groups": category_groups(categories_of(session, scope=scope)),
            }
        case "samenvoegingen":
            return {"near": _near_options(step), "near_m": NEAR_M}
        case "afhandelingen":
            return _closing_options(step)
        case _:
            return team_terms.options(step)


def _near_options(step: Step) -> list[tuple[str, str, str]]:
    rows = work_near(
        step.here.session, step.row.opdracht, step.viewer.sees, radius_m=NEAR_M, scope=step.here.actor.scope
    )
    return [
        (
            str(row.opdracht.id),
            f"{row.category.name}, {round(metres)} meter verderop",
            f"{row.team.name}. {due_words(row.opdracht, step.here.now).striptags()}. "
            f"{row.melders} {'melding' if row.melders == 1 else 'meldingen'}. "
            + step.viewer.shown(row.words, row.opdracht.gemeente_id)[:120],
        )
        for row, metres in rows
    ]


def _closing_options(step: Step) -> dict[str, Any]:
    """The ready sentences, and the beginning of what each melder reads."""
    session, work_row = step.here.session, step.row
    scope = [work_row.opdracht.gemeente_id]
    meldingen = meldingen_of(session, work_row.opdracht.id, scope=scope)
    reachable = contacts_of(session, [m.id for m in meldingen], scope=scope)
    first = next((m for m in meldingen if m.id in reachable), None)
    categories: Sequence[Category] = categories_of(session, scope=scope)
    phrase = next((c.phrase for c in categories if first and c.id == first.category_id), work_row.category.phrase)
    preview = (
        f"U heeft {when_words(first.received_at, step.here.now)} een melding gedaan van {phrase}." if first else ""
    )
    return {
        "solved": solved_choices(_ready_sentences(step)),
        "unsolved": unsolved_choices(),
        "holder": _holder(work_row.team) if work_row.team.is_partner else "",
        "may_transfer": step.here.actor.has_role(scope[0], COORDINATOR),
        "preview": preview,
    }


def _holder(party: Team) -> str:
    """Who has it, as the melder may read it when it is closed as overgedragen; the coordinator writes the rest."""
    return ", ".join(filter(None, (party.name, show_phone(party.phone) if party.phone else "")))


def _ready_sentences(step: Step) -> Sequence[str]:
    main = main_of(step.here.session, step.row.category, scope=[step.row.gemeente.id])
    return library.closing_sentences(main.slug)

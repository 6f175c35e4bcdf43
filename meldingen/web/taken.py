"""/taken: work items of the KCC and the coordinator, and one item whole: what, the melding, its history, finishing it.

Phoning and opening again are steps of their own (flow/kcc.py, flow/feedback.py); done from here they end the item too.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import COORDINATOR, KCC, Actor
from ..domain.errors import DomainError, NotFound
from ..domain.text import whole_number
from ..domain.workflow import AFGEHANDELD
from ..flow import feedback, kcc, tasks
from ..store import incoming_mail, task
from ..store.melding import Melding, melding_by_id
from ..store.opdracht import opdracht_by_id
from ..store.task import Task
from .layout import show_as
from .live import part_answer, part_path, wants_part
from .staff_history import tell_history
from .viewer import viewer_of

pages = Blueprint("taken", __name__)

DESK = (KCC, COORDINATOR)
LONGEST_ID = 9223372036854775807
KINDS = {
    "spoed_niet_opgepakt": "Spoed, niet opgepakt",
    "veilig_te_laat": "Spoed, nog niet veilig",
    "derde_verplaatsing": "Voor de derde keer verplaatst",
    "zelf_schrijven": "Zelf een nieuwe datum noemen",
    "automatisch_uitgesteld": "Het systeem noemde een datum",
    "tablet_conflict": "Op de tablet gedaan, niet uitgevoerd",
    "niet_bereikbaar": "Melder niet bereikt",
    "team_niet_bereikbaar": "Team niet bereikt",
    "antwoord_na_sluiten": "Antwoord na het sluiten",
    "uitleg_onduidelijk": "Uitleg niet duidelijk",
    "mail_lezen": "E-mail lezen",
    "mail_zonder_melding": "E-mail zonder melding",
    "partij_vraagt": "Vraag van een externe partij",
    "partij_te_laat": "Externe partij is niet klaar",
    "bericht_vervallen": "Het einde vertellen",
    "ander_loket": "Overbrengen naar een ander loket",
    "bedreiging": "Bedreiging",
    "contact_verloopt": "Gegevens van de melder gaan weg",
}
DONE = {
    "klaar": "De taak is klaar.",
    "terugbellen": "De terugbelnotitie is gemaakt. De taak is klaar.",
    "heropenen": "De melding is heropend. De taak is klaar.",
}


def kind_words(kind: str) -> str:
    """A kind of item as people read it."""
    return KINDS.get(kind) or kind.replace("_", " ").capitalize()


@pages.get("/taken")
@enter("medewerker", roles=DESK)
def lijst() -> ResponseReturnValue:
    """The items of this person's roles, late ones first; `?soort=` shows one kind."""
    here = visit()
    kind = request.args.get("soort", "").replace("\x00", "")[:60]
    whose = tasks.minded_by(here.actor) if kind else tasks.whose(here.actor)
    counts = task.count_open(here.session, whose, scope=here.actor.scope)
    facts: dict[str, Any] = {
        "rows": task.open_tasks(here.session, whose, scope=here.actor.scope, kind=kind),
        "counts": sorted(counts.items(), key=lambda pair: kind_words(pair[0])),
        "total": sum(counts.values()),
        "kind": kind,
        "kind_words": kind_words,
        "now": here.now,
    }
    if wants_part():
        return part_answer(render_template("werk/taken_lijst.html", **facts))
    return render_template(
        "werk/taken.html",
        coordinates=bool(here.actor.gemeenten_with(COORDINATOR)),
        done=DONE.get(request.args.get("gedaan", ""), ""),
        live=part_path(),
        **facts,
    )


@pages.get(f"/taken/<int(max={LONGEST_ID}):task_id>")
@enter("medewerker", roles=DESK)
def taak(task_id: int) -> ResponseReturnValue:
    """One item whole."""
    here = visit()
    return _page(here, _seen(here, task_id))


@pages.post(f"/taken/<int(max={LONGEST_ID}):task_id>/<actie>")
@enter("medewerker", roles=DESK)
def doe(task_id: int, actie: str) -> ResponseReturnValue:
    """Finishes the item: with a sentence, a promise to phone, or by opening the melding again."""
    here = visit()
    row = _seen(here, task_id)
    if actie not in DOINGS:
        raise NotFound("stap_onbekend", "Deze stap bestaat niet.")
    words, version = request.form.get("tekst", ""), request.form.get("versie", "")
    known = whole_number(version, 10**9)
    try:
        with here.session.begin_nested():
            result = DOINGS[actie](here, row, words)
            tasks.finish_task(here.session, task_id, result, version=known, actor=here.actor, now=here.now)
    except DomainError as error:
        here.session.expire_all()
        return _page(here, _seen(here, task_id), error=error, words=words), error.status
    return redirect(url_for("taken.lijst", gedaan=actie), 303)


def _finish(_here: Visit, _row: Task, words: str) -> str:
    return words


def _call_back(here: Visit, row: Task, words: str) -> str:
    kcc.make_callback(here.session, _about(here, row), words, actor=_for_melder(here, row), now=here.now)
    return "Er is een terugbelnotitie gemaakt."


def _reopen(here: Visit, row: Task, words: str) -> str:
    feedback.reopen_melding(here.session, _about(here, row), words=words, actor=_for_melder(here, row), now=here.now)
    return "De melding is heropend."


DOINGS: dict[str, Callable[[Visit, Task, str], str]] = {
    "klaar": _finish,
    "terugbellen": _call_back,
    "heropenen": _reopen,
}


def _for_melder(here: Visit, row: Task) -> Actor:
    return replace(here.actor, on_behalf_of_melding=row.melding_id)


def _about(here: Visit, row: Task) -> Melding:
    found = melding_by_id(here.session, row.melding_id or 0, scope=[row.gemeente_id])
    if found is None:
        raise NotFound("melding_onbekend", "Bij deze taak hoort geen melding.")
    return found


def _seen(here: Visit, task_id: int) -> Task:
    """The item, for who holds its role or coordinates; what is somebody else's does not exist."""
    row = task.task_by_id(here.session, task_id, scope=here.actor.scope)
    if row is None or not here.actor.has_role(row.gemeente_id, row.role, COORDINATOR):
        raise NotFound("taak_onbekend", "Deze taak kunnen wij niet vinden.")
    show_as(row.gemeente_id)
    return row


def _page(here: Visit, row: Task, *, error: DomainError | None = None, words: str = "") -> str:
    session, scope = here.session, [row.gemeente_id]
    melding = melding_by_id(session, row.melding_id, scope=scope) if row.melding_id else None
    work = opdracht_by_id(session, row.opdracht_id, scope=scope) if row.opdracht_id else None
    history = tell_history(
        session,
        melding_ids=[melding.id] if melding else [],
        opdracht_ids=[work.id] if work else [],
        scope=scope,
    )
    return render_template(
        "werk/taak.html",
        row=row,
        melding=melding,
        work=work,
        mail=incoming_mail.mail_by_id(session, row.mail_id, scope=scope) if row.mail_id else None,
        history=history,
        viewer=viewer_of(here),
        can_reopen=melding is not None and melding.status == AFGEHANDELD,
        kind_words=kind_words,
        words=words,
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        now=here.now,
    )

"""/kcc/terugbelnotities: who must be phoned, who does it, and what came of each call.

The list shows no numbers; the page of one does, and that look is logged (kcc_contact.py).
"""

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.errors import DomainError, NotFound
from ..domain.notice_words import KIND_WORDS
from ..domain.text import whole_number
from ..flow import feedback, kcc, verdict
from ..store import callback
from ..store.melding import melding_by_id
from .kcc import DESK, desk_scope
from .kcc_contact import look
from .layout import show_as

pages = Blueprint("terugbellen", __name__)

LONGEST_ID = 9223372036854775807
KINDS = {**KIND_WORDS, "met_de_hand": "Met de hand gemaakt"}
WHY_CALL = {
    "geen_email_of_mobiel": "Geen e-mailadres of mobiel nummer",
    "bel_mij": "De melder wil gebeld worden",
    "niet_bezorgd": "Een bericht kwam niet aan",
    "met_de_hand": "Gemaakt door een medewerker",
}
ENDS = ("gereed", "niet_opgelost", "overgedragen", "blijft_gesloten")


@pages.get("/kcc/terugbelnotities")
@enter("medewerker", roles=DESK)
def terugbelnotities() -> ResponseReturnValue:
    """The open promises to phone, the most pressing first; numbers are on the page of each."""
    here = visit()
    rows = callback.open_with_melding(here.session, scope=desk_scope(here))
    return render_template("werk/terugbelnotities.html", rows=rows, now=here.now, kinds=KINDS, why=WHY_CALL)


@pages.get(f"/kcc/terugbelnotities/<int(max={LONGEST_ID}):callback_id>")
@enter("medewerker", roles=DESK)
def terugbelnotitie(callback_id: int) -> ResponseReturnValue:
    """One promise: who, which number, what to tell. The look is logged."""
    return _call_page(visit(), callback_id)


@pages.post(f"/kcc/terugbelnotities/<int(max={LONGEST_ID}):callback_id>")
@enter("medewerker", roles=DESK)
def gebeld(callback_id: int) -> ResponseReturnValue:
    """What came of the call."""
    here = visit()
    version = request.form.get("versie", "")
    known = whole_number(version, 10**9)
    outcome, words = request.form.get("uitkomst", ""), request.form.get("tekst", "")
    try:
        with here.session.begin_nested():
            row = kcc.record_call(
                here.session, callback_id, outcome, words, version=known, actor=here.actor, now=here.now
            )
            _judge(here, row, words)
    except DomainError as error:
        here.session.expire_all()
        return _call_page(here, callback_id, error=error), error.status
    return redirect(url_for("terugbellen.terugbelnotities"), 303)


def _judge(here: Visit, row: callback.Callback, words: str) -> None:
    """What the caller said of the end, when the KCC asked; "nee" opens the melding again, as on the volgpagina."""
    said = request.form.get("oordeel", "")
    about = melding_by_id(here.session, row.melding_id, scope=[row.gemeente_id])
    if said not in ("ja", "nee") or row.status != callback.GESPROKEN or about is None:
        return
    actor = replace(here.actor, on_behalf_of_melding=about.id)
    feedback.judge(here.session, about, answer=said == "ja", words=words, via="telefoon", actor=actor, now=here.now)


def _call_page(here: Visit, callback_id: int, *, error: DomainError | None = None) -> str:
    row = callback.callback_by_id(here.session, callback_id, scope=desk_scope(here))
    about = melding_by_id(here.session, row.melding_id, scope=[row.gemeente_id]) if row else None
    if row is None or about is None:
        raise NotFound("terugbelnotitie_onbekend", "Deze terugbelnotitie kunnen wij niet vinden.")
    show_as(row.gemeente_id)
    return render_template(
        "werk/terugbelnotitie.html",
        row=row,
        melding=about,
        contact=look(here, about, "terugbelnotitie"),
        asked=verdict.question_for(here.session, about, now=here.now) if row.kind in ENDS else None,
        values={
            "tekst": request.form.get("tekst", ""),
            "uitkomst": request.form.get("uitkomst", ""),
            "oordeel": request.form.get("oordeel", "niet_gevraagd"),
        },
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        now=here.now,
        kinds=KINDS,
        why=WHY_CALL,
    )

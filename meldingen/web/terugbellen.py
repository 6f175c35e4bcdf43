"""/kcc/terugbelnotities: who must be phoned, who does it, what came of each call, and writing when nobody answers.

The list shows no numbers; the page of one does, and that look is logged (kcc_contact.py).
"""

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.errors import DomainError, NotFound
from ..domain.notice_words import KIND_WORDS
from ..domain.notices import Channel, is_reachable
from ..domain.text import whole_number
from ..flow import calling, feedback, kcc, reach, verdict
from ..flow.desk import Desk
from ..store import callback
from ..store.account import accounts_of
from ..store.melding import melding_by_id
from .kcc import DESK, desk_scope
from .kcc_contact import look
from .layout import senders, show_as

pages = Blueprint("terugbellen", __name__)

LONGEST_ID = 9223372036854775807
KINDS = {**KIND_WORDS, "met_de_hand": "Met de hand gemaakt"}
WHY_CALL = {
    "geen_email_of_mobiel": "Geen e-mailadres of mobiel nummer",
    "bel_mij": "De melder wil gebeld worden",
    "niet_bezorgd": "Een bericht kwam niet aan",
    "met_de_hand": "Gemaakt door een medewerker",
}
DONE = {
    "gesproken": "Gesproken. De terugbelnotitie is klaar.",
    "niet_bereikt": "De poging is bewaard. De notitie blijft staan.",
    "teruggeven": "De terugbelnotitie is weer van iedereen.",
    "stoppen": "Wij bellen niet meer. De melder krijgt het op een andere manier te horen.",
}
ENDS = ("gereed", "niet_opgelost", "overgedragen", "blijft_gesloten")


@pages.get("/kcc/terugbelnotities")
@enter("medewerker", roles=DESK)
def terugbelnotities() -> ResponseReturnValue:
    """The open promises to phone, the most pressing first; numbers are on the page of each."""
    here = visit()
    rows = callback.open_with_melding(here.session, scope=desk_scope(here))
    names = {one.id: one.name for one in senders() if one.id in desk_scope(here)}
    return render_template(
        "werk/terugbelnotities.html",
        rows=rows,
        owners=calling.owner_names(desk_of(here), [row for row, _ in rows]),
        me=here.actor.account_id,
        names=names if len(names) > 1 else {},
        late=sum(row.due_at <= here.now for row, _ in rows),
        done=DONE.get(request.args.get("gedaan", ""), ""),
        now=here.now,
        kinds=KINDS,
        why=WHY_CALL,
    )


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
    return redirect(url_for("terugbellen.terugbelnotities", gedaan=outcome), 303)


@pages.post(f"/kcc/terugbelnotities/<int(max={LONGEST_ID}):callback_id>/<actie>")
@enter("medewerker", roles=DESK)
def doe(callback_id: int, actie: str) -> ResponseReturnValue:
    """Who phones: "ik bel", giving it back; and writing instead when nobody answers."""
    here = visit()
    version = whole_number(request.form.get("versie", ""), 10**9)
    desk = desk_of(here)
    try:
        with here.session.begin_nested():
            match actie:
                case "nemen" | "overnemen":
                    over = actie == "overnemen"
                    calling.take_call(desk, callback_id, version=version, actor=here.actor, over=over)
                case "teruggeven":
                    calling.give_back(desk, callback_id, version=version, actor=here.actor)
                case "stoppen":
                    given = request.form.get("stop_tekst", ""), request.form.get("kanaal", "")
                    calling.stop_calling(desk, callback_id, *given, version=version, actor=here.actor)
                case _:
                    raise NotFound("stap_onbekend", "Deze stap bestaat niet.")
    except DomainError as error:
        here.session.expire_all()
        return _call_page(here, callback_id, error=error), error.status
    if actie in ("nemen", "overnemen"):
        return redirect(url_for("terugbellen.terugbelnotitie", callback_id=callback_id), 303)
    return redirect(url_for("terugbellen.terugbelnotities", gedaan=actie), 303)


def desk_of(here: Visit) -> Desk:
    """What a step of a bericht works with, for this desk."""
    return Desk(here.session, here.adapters, here.settings, desk_scope(here), here.now)


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
    names = {one.id: one.name for one in accounts_of(here.session, scope=[row.gemeente_id])}
    facts = reach.facts_of(here.session, [about.id], scope=[row.gemeente_id], adapters=here.adapters)[about.id]
    return render_template(
        "werk/terugbelnotitie.html",
        row=row,
        tries=callback.attempts_of(here.session, [row.id], scope=[row.gemeente_id])[row.id],
        names=names,
        me=here.actor.account_id,
        may_stop=calling.may_stop(row),
        instead=[one for one in (Channel.EMAIL, Channel.SMS, Channel.BRIEF) if is_reachable(facts, one)],
        melding=about,
        contact=look(here, about, "terugbelnotitie"),
        asked=verdict.question_for(here.session, about, now=here.now) if row.kind in ENDS else None,
        values={
            "tekst": request.form.get("tekst", ""),
            "uitkomst": request.form.get("uitkomst", ""),
            "stop_tekst": request.form.get("stop_tekst", ""),
            "oordeel": request.form.get("oordeel", "niet_gevraagd"),
        },
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        now=here.now,
        kinds=KINDS,
        why=WHY_CALL,
    )

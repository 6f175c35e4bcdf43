"""/beheer/vastgelopen: work that was given up, with what it is about and why; again, or no more with a reason.

A coordinator sees that of his gemeenten; beheer also what is of no gemeente. On the command line: `meldingen outbox`.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.errors import DomainError
from ..domain.notice_words import KIND_WORDS
from ..flow.dead_letters import KEEPERS, MUST_BE_DONE, let_lapse, scope_of, try_again
from ..store.dead_letters import DeadLetter, count_dead_letters, list_dead_letters
from .kcc import DESK
from .layout import senders

pages = Blueprint("vastgelopen", __name__)

MOST = 200
"""Rows on the page; the rest follows when these are gone."""
NUMBER = "int(max=9223372036854775807)"
OWN_RULES, BUG = "Geweigerd: ", "Fout in het programma: "


@pages.get("/beheer/vastgelopen")
@enter("medewerker", roles=KEEPERS)
def lijst() -> ResponseReturnValue:
    """All of it, oldest first."""
    return _page(visit(), done=request.args.get("gedaan", ""))


@pages.post("/beheer/vastgelopen/opnieuw")
@enter("medewerker", roles=KEEPERS)
def opnieuw() -> ResponseReturnValue:
    """Tries the ticked rows again; what is no longer given up is left alone."""
    here = visit()
    chosen = [int(one) for one in request.form.getlist("regel")[:MOST] if one.isascii() and one.isdigit()]
    tried = try_again(here.session, [one for one in chosen if one < 2**63], actor=here.actor, now=here.now)
    return redirect(url_for("vastgelopen.lijst", gedaan=f"opnieuw-{tried}"), 303)


@pages.post(f"/beheer/vastgelopen/<{NUMBER}:entry_id>/vervallen")
@enter("medewerker", roles=KEEPERS)
def vervallen(entry_id: int) -> ResponseReturnValue:
    """Ends one row for a reason."""
    here = visit()
    try:
        with here.session.begin_nested():
            let_lapse(here.session, entry_id, request.form.get("reden", ""), actor=here.actor, now=here.now)
    except DomainError as error:
        words = " ".join(one.detail for one in error.fields) or error.detail
        return _page(here, refused=words, at=entry_id), error.status
    return redirect(url_for("vastgelopen.lijst", gedaan="vervallen"), 303)


def _page(here: Visit, *, done: str = "", refused: str = "", at: int = 0) -> str:
    scope, loose = scope_of(here.actor)
    return render_template(
        "werk/vastgelopen.html",
        rows=list_dead_letters(here.session, scope=scope, loose=loose, limit=MOST),
        count=count_dead_letters(here.session, scope=scope, loose=loose),
        homes={one.id: one.name for one in senders()},
        several=len(scope) > 1 or loose,
        about=about_words,
        why=reason_words,
        may_look=bool(here.actor.gemeenten_with(*DESK)),
        must_be_done=MUST_BE_DONE,
        now=here.now,
        done=done,
        refused=refused,
        at=at,
    )


def about_words(row: DeadLetter) -> str:
    """What a row is about, without the number of its melding."""
    match row.topic:
        case "bericht":
            kind = KIND_WORDS.get(row.kind, row.kind)
            return f"Bericht '{kind}' aan {row.team or 'de melder'}" if kind else "Bericht dat er niet meer is"
        case "toewijzen":
            return "Een team kiezen"
        case "foto":
            return "Foto nakijken en verkleinen"
        case "ontvangstbewijs":
            return f"Navragen of het bericht '{KIND_WORDS.get(row.kind, row.kind)}' aankwam"
        case "webhook":
            return "Bericht aan een andere app"
        case "onderhoud":
            return f"Opruimen ({row.task})"
        case _:
            return row.topic.capitalize()


def reason_words(reason: str) -> str:
    """Why it was given up, in a sentence."""
    if reason.startswith(OWN_RULES):
        return f"Onze eigen regels laten dit niet toe ({reason.removeprefix(OWN_RULES)})."
    if reason.startswith(BUG):
        return f"Er zit een fout in het programma. Meld dit aan uw leverancier ({reason.removeprefix(BUG)})."
    return f"{reason[:1].upper()}{reason[1:].rstrip('.')}." if reason else "Er is geen reden bekend."

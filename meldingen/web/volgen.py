"""/volgen: the way to the page of a melding, by the link of a bericht or by its number and spoken code.

The follow link carries the token once in its path and leaves it in the cookie. Nothing changes by following a link:
mail scanners follow links (SEC-06). What the page shows: volgpagina.py; what a melder does there: melderswoord.py.
"""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, reader_at, reader_by_token, token_was_good, visit
from ..domain import tokens, workflow
from ..domain.errors import Gone, InvalidInput, NotFound
from ..domain.numbers import parse_number
from ..domain.sentence import say
from ..flow import verdict
from ..limits import count_guess
from ..store.dossier import MeldingRow
from ..store.melding import Melding, melding_by_number
from .taal import _
from .volgpagina import Typed, follow_page

pages = Blueprint("volgen", __name__)

MOST_FOLLOWED = 20
"""Follow tokens a browser keeps; the oldest goes, its link in the bericht stays."""
NO_MATCH = say("Dit nummer en deze code horen niet bij elkaar. Kijk nog eens in ons bericht, of bel ons.")


@pages.get("/v/<token>")
@enter("iedereen")
def open_link(token: str) -> ResponseReturnValue:
    """The link of a bericht: keeps the token in the cookie and goes on to the page, whose address tells nothing.

    With `?antwoord=`, a yes or no in a bericht, it goes on to the question; the answer itself is a form there. A link
    that opens nothing (any more) tells why, and how to go on.
    """
    here = visit()
    try:
        melding = reader_by_token(here, token)[0]
    except Gone:
        return render_template("volgen_link.html", why="gewist"), 410
    except NotFound:
        was = token_was_good(here, token)
        return render_template("volgen_link.html", why="ingetrokken" if was else "onbekend"), 410 if was else 404
    remember(here, melding)
    if not request.args.get("antwoord"):
        return redirect(url_for("volgen.volg", nummer=melding.number), 303)
    if verdict.question_for(here.session, melding, now=here.now) is not None:
        return redirect(url_for("volgen.volg", nummer=melding.number, _anchor="oordeel"), 303)
    flash(_why_no_question(melding), "info")
    return redirect(url_for("volgen.volg", nummer=melding.number), 303)


def _why_no_question(melding: MeldingRow) -> str:
    """A yes or no that comes when nothing is asked (any more)."""
    if melding.status == workflow.HEROPEND:
        return _("U liet al weten dat het niet is opgelost. Wij kijken er opnieuw naar.")
    if melding.status == workflow.AFGEHANDELD:
        why = _("Deze vraag kon u 30 dagen lang beantwoorden.")
    else:
        why = _("Over deze melding vragen wij nu niets.")
    return f"{why} {_('Wilt u nog iets zeggen? Dat kan op deze pagina, of bel ons.')}"


@pages.get("/volgen")
@enter("iedereen")
def zoek() -> ResponseReturnValue:
    """For who has no link at hand: number and code, and what this browser follows already."""
    return _search(request.args.get("nummer", "")[:30], {}, 200)


@pages.post("/volgen")
@enter("iedereen")
def open_by_code() -> ResponseReturnValue:
    """Opens a melding by its number and the spoken code; tries are counted."""
    here = visit()
    number, code = request.form.get("nummer", "")[:30], request.form.get("code", "")[:30]
    try:
        found = parse_number(number, field="nummer")
    except InvalidInput as error:
        return _search(number, {"nummer": error.detail}, 400)
    if not code.strip():
        return _search(number, {"code": _("Vul de code van 8 cijfers in.")}, 400)
    count_guess("volgcode", found)
    melding = melding_by_number(here.session, found, scope=here.public_scope)
    keys = here.settings.secret_keys
    if melding is None or not tokens.verify_spoken_code(keys, code, melding.id, melding.token_generation):
        return _search(number, {"code": NO_MATCH}, 400)
    remember(here, melding)
    return redirect(url_for("volgen.volg", nummer=melding.number), 303)


@pages.get("/volgen/<nummer>")
@enter("melder", "medewerker")
def volg(nummer: str) -> ResponseReturnValue:
    """The page of one melding; without its token, or with one that no longer opens it, the form that asks the code."""
    if nummer not in cookie.get("volgen", {}):
        return _search(nummer[:30], {}, 404, locked=True)
    try:
        melding = reader_at(visit(), nummer)[0]
    except NotFound:
        cookie["volgen"] = {known: token for known, token in cookie["volgen"].items() if known != nummer}
        return _search(nummer[:30], {}, 404, locked=True)
    return follow_page(melding, Typed())


def remember(here: Visit, melding: Melding | MeldingRow) -> None:
    """Keeps the follow token in this browser, so that the page of the melding opens."""
    followed = dict(cookie.get("volgen", {}))
    followed.pop(melding.number, None)
    followed[melding.number] = tokens.make_token(here.settings.secret_keys, melding.id, melding.token_generation)
    cookie["volgen"] = dict(list(followed.items())[-MOST_FOLLOWED:])


def _search(number: str, errors: dict[str, str], status: int, *, locked: bool = False) -> ResponseReturnValue:
    followed = [known for known in reversed(cookie.get("volgen", {})) if len(known) == 10 and known.isdigit()]
    page = render_template("volgen_zoek.html", number=number, errors=errors, followed=followed, locked=locked)
    return page, status

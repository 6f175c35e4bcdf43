"""/mijn-meldingen/toegang: a melder's meldingen on this device, by a one-time link or code to his e-mail or phone.

The answer is the same whether we know an address or not. Opening the link changes nothing: a button does (SEC-06).
"""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ..auth import enter, visit
from ..domain.errors import DomainError, TooMany
from ..domain.sentence import say
from ..flow import access
from ..limits import count_guess
from ..store.melding import Melding
from .layout import Sender, page_sender, show_as, with_gemeente
from .taal import _
from .volgen import remember

pages = Blueprint("toegang", __name__)

WRONG = say("Deze code klopt niet, of hij werkt niet meer. Kijk nog eens goed, of vraag een nieuwe code.")
ASKED, LINK = "toegang", "toegang_link"
"""What the cookie holds meanwhile: the address that was filled in and its gemeente; the token of the link."""


@pages.get("/mijn-meldingen/toegang")
@enter("iedereen")
def vraag() -> ResponseReturnValue:
    """Asks for the address we may know."""
    sender = page_sender()
    if sender is None:
        return render_template("kies_gemeente.html", path="/mijn-meldingen/toegang")
    return _ask(sender, "", {}, 200)


@pages.post("/mijn-meldingen/toegang")
@enter("iedereen")
def stuur() -> ResponseReturnValue:
    """Has a code sent, if we know the address, and says neither yes nor no."""
    here, sender = visit(), page_sender()
    if sender is None:
        return render_template("kies_gemeente.html", path="/mijn-meldingen/toegang"), 400
    written = request.form.get("adres", "")[:330]
    try:
        to = access.read_address(written, field="adres")
        count_guess("toegang", to.value)
        access.ask_code(here.session, sender.id, to, here.settings.secret_keys, now=here.now)
    except DomainError as error:
        return _ask(sender, written, {"adres": error.detail}, error.status)
    cookie[ASKED] = {"adres": written.strip(), "gemeente": sender.id}
    return redirect(url_for("toegang.code"), 303)


@pages.get("/mijn-meldingen/toegang/code")
@enter("iedereen")
def code() -> ResponseReturnValue:
    """Where the code is filled in; the form can be left to read it, and opened again."""
    return _code({}, 200) if ASKED in cookie else redirect(url_for("toegang.vraag"), 303)


@pages.post("/mijn-meldingen/toegang/code")
@enter("iedereen")
def open_met_code() -> ResponseReturnValue:
    """Tries the code; each try counts."""
    here = visit()
    if ASKED not in cookie:
        return redirect(url_for("toegang.vraag"), 303)
    asked = cookie[ASKED]
    given = request.form.get("code", "")[:30]
    if not given.strip():
        return _code({"code": _("Vul de code van 8 cijfers in.")}, 400)
    to = access.read_address(asked["adres"], field="adres")
    try:
        count_guess("toegang", to.value)
    except TooMany as error:
        return _code({"code": error.detail}, error.status)
    found = access.open_by_code(here.session, asked["gemeente"], to, given, here.settings.secret_keys, now=here.now)
    return _code({"code": WRONG}, 400) if found is None else _opened(found)


@pages.get("/t/<token>")
@enter("iedereen")
def link(token: str) -> ResponseReturnValue:
    """The link of the message: keeps the token in the cookie and goes on to a page whose address tells nothing."""
    cookie[LINK] = token[:60]
    return redirect(url_for("toegang.openen"), 303)


@pages.get("/mijn-meldingen/toegang/openen")
@enter("iedereen")
def openen() -> ResponseReturnValue:
    """A button, while the link works; else how to get another one."""
    here = visit()
    keys, scope = here.settings.secret_keys, here.public_scope
    works = access.link_works(here.session, cookie.get(LINK, ""), keys, now=here.now, scope=scope)
    return render_template("toegang/openen.html", works=works), 200 if works else 410


@pages.post("/mijn-meldingen/toegang/openen")
@enter("iedereen")
def open_met_link() -> ResponseReturnValue:
    """Uses the link, once."""
    here = visit()
    keys, scope = here.settings.secret_keys, here.public_scope
    found = access.open_by_link(here.session, cookie.get(LINK, ""), keys, now=here.now, scope=scope)
    return (render_template("toegang/openen.html", works=False), 410) if found is None else _opened(found)


def _opened(found: Sequence[Melding]) -> ResponseReturnValue:
    """This browser follows them from now on; the newest is the last that is forgotten."""
    for melding in reversed(found):
        remember(visit(), melding)
    for name in (ASKED, LINK):
        cookie.pop(name, None)
    if not found:
        flash(_("Bij dit adres staan geen meldingen meer."), "info")
    elif len(found) == 1:
        flash(_("Uw melding staat nu ook op dit apparaat."), "ok")
    else:
        flash(_("Uw %(n)s meldingen staan nu ook op dit apparaat.", n=len(found)), "ok")
    return redirect(with_gemeente("/mijn-meldingen", page_sender()), 303)


def _ask(sender: Sender, written: str, errors: dict[str, str], status: int) -> ResponseReturnValue:
    return render_template("toegang/vraag.html", written=written, errors=errors, gemeente=sender.slug), status


def _code(errors: dict[str, str], status: int) -> ResponseReturnValue:
    show_as(cookie[ASKED]["gemeente"])
    by_mail = "@" in cookie[ASKED]["adres"]
    page = render_template(
        "toegang/code.html", address=cookie[ASKED]["adres"], by_mail=by_mail, minutes=access.MINUTES, errors=errors
    )
    return page, status

"""Signing in and out of medewerkers with a local account: the password. What is asked after it: tweede_stap.py."""

from flask import Blueprint, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ..auth import enter, session_ran_out, visit
from ..flow.sign_in import check_password, hash_secret, refusal
from ..limits import count_guess
from ..store import account as accounts
from . import half_in
from .layout import start_path

pages = Blueprint("inloggen", __name__)

LONGEST = 200
"""Code points of a name or password that we look at: hashing a book is work for an attacker to give us."""


@pages.get("/inloggen")
@enter("iedereen")
def inloggen() -> ResponseReturnValue:
    """The form; who is signed in already goes to his own start page."""
    if visit().actor.is_staff:
        return redirect(start_path(visit().actor))
    return render_template("inloggen.html", errors={}, username="", onward=_onward(), signed_out=not session_ran_out())


@pages.post("/inloggen")
@enter("iedereen")
def aanmelden() -> ResponseReturnValue:
    """Checks name and password. One sentence for whatever was wrong, and the name is kept."""
    here = visit()
    username = request.form.get("gebruikersnaam", "").replace("\x00", "").strip()
    password = request.form.get("wachtwoord", "")
    errors = {}
    if not username:
        errors["gebruikersnaam"] = "Vul uw gebruikersnaam in."
    if not password:
        errors["wachtwoord"] = "Vul uw wachtwoord in."
    if not errors:
        count_guess("account", username[:LONGEST])
        account = check_password(here.session, username[:LONGEST], password[:LONGEST], now=here.now)
        if account is not None:
            leave()
            return half_in.begin(here, account, _onward())
        errors["gebruikersnaam"] = refusal().detail
    page = render_template("inloggen.html", errors=errors, username=username[:LONGEST], onward=_onward())
    return page, 401 if password and username else 400


@pages.post("/uitloggen")
@enter("iedereen")
def uitloggen() -> ResponseReturnValue:
    """Ends the session on our side too, so that a copied cookie is worth nothing."""
    leave()
    return redirect(url_for("inloggen.inloggen"), 303)


def leave() -> None:
    """Ends the medewerker's session of this browser and gives forms a new token; follow links stay."""
    if secret := cookie.pop("medewerker", None):
        accounts.end_session(visit().session, hash_secret(secret))
    cookie.pop("csrf_token", None)


def _onward() -> str:
    """The page that asked to sign in first: a path of our own, nothing else (no open redirect)."""
    path = request.values.get("naar", "")
    if path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable() and "\\" not in path:
        return path
    return ""

"""/account: what a medewerker arranges himself: password, phone with codes, where alarms find him, signed-in devices.

What beheer arranges for others: accounts.py.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..db import machine_now
from ..domain.errors import DomainError, InvalidInput
from ..flow import accounts, sign_in
from ..flow.accounts import Reach
from ..limits import count_guess
from ..store.account import Account, end_session_by_id, end_sessions, lock_account, roles_of, sessions_of
from ..store.team import every_team
from .accounts import ROLE_WORDS
from .layout import senders
from .tweede_stap import confirm, set_up_facts

pages = Blueprint("mijn_account", __name__)

LONGEST = 200


@pages.get("/account")
@enter("medewerker")
def account() -> ResponseReturnValue:
    """What belongs to the person who is signed in."""
    here = visit()
    return _page(here, _own(here))


@pages.post("/account/<doel>")
@enter("medewerker")
def wijzig(doel: str) -> ResponseReturnValue:
    """One change; the page says what was done or what was wrong."""
    here = visit()
    known = _own(here)
    if doel not in DOINGS:
        return redirect(url_for("mijn_account.account"), 303)
    try:
        with here.session.begin_nested():
            done = DOINGS[doel](here, known)
    except DomainError as error:
        wrong = {one.field: one.detail for one in error.fields} or {doel: error.detail}
        return _page(here, known, wrong), error.status
    flash(done, "ok")
    return redirect(url_for("mijn_account.account", _anchor="tweede-stap" if doel == "nieuwe-telefoon" else None), 303)


def _password(here: Visit, known: Account) -> str:
    _check_old(known)
    accounts.choose_password(here.session, known, request.form.get("wachtwoord", "")[:LONGEST], but=_this_device())
    return "Uw wachtwoord is gewijzigd. Op uw andere apparaten bent u uitgelogd."


def _reach(_here: Visit, known: Account) -> str:
    accounts.change_reach(known, Reach(_given("email"), _given("telefoon")))
    return "Bewaard."


def _begin(here: Visit, known: Account) -> str:
    """Sets the phone up anew, for who knows his password: whoever finds a screen open must not take the account."""
    _check_old(known)
    sign_in.drop_factor(known)
    sign_in.begin_factor(known, keys=here.settings.secret_keys, now=machine_now())
    return "Stel nu uw telefoon in."


def _confirm(here: Visit, known: Account) -> str:
    count_guess("account", known.username)
    confirm(here, known)
    return "De tweede stap is ingesteld. Bij het inloggen vragen wij voortaan een code."


def _device(here: Visit, known: Account) -> str:
    chosen = _given("apparaat")
    if chosen == "andere":
        end_sessions(here.session, known.id, but=_this_device())
        return "Op al uw andere apparaten bent u uitgelogd."
    if chosen.isdecimal():
        end_session_by_id(here.session, known.id, int(chosen))
    return "Dat apparaat is uitgelogd."


DOINGS: dict[str, Callable[[Visit, Account], str]] = {
    "wachtwoord": _password,
    "bereik": _reach,
    "nieuwe-telefoon": _begin,
    "code": _confirm,
    "apparaten": _device,
}
"""Each gives the words of what was done."""


def _page(here: Visit, known: Account, errors: dict[str, str] | None = None) -> str:
    names = {one.id: one.name for one in senders()}
    teams = {t.id: t.name for t in every_team(here.session, scope=here.actor.scope)}
    return render_template(
        "werk/mijn_account.html",
        known=known,
        roles=[
            (names[row.gemeente_id], ROLE_WORDS[row.role], teams.get(row.team_id or 0, ""))
            for row in roles_of(here.session, known.id)
        ],
        devices=sessions_of(here.session, known.id, here.now),
        this_device=_this_device(),
        factor=sign_in.has_factor(known),
        setting_up=set_up_facts(here, known) if known.totp_secret and not sign_in.has_factor(known) else {},
        errors=errors or {},
        given=request.form,
    )


def _own(here: Visit) -> Account:
    known = lock_account(here.session, here.actor.account_id or 0)
    assert known is not None, "who is signed in has an account"
    return known


def _check_old(known: Account) -> None:
    count_guess("account", known.username)
    if not sign_in.check_own_password(known, request.form.get("oud", "")[:LONGEST]):
        raise InvalidInput.of("oud", "onjuist", "Dit is niet uw wachtwoord van nu.")


def _this_device() -> bytes:
    return sign_in.hash_secret(cookie.get("medewerker", ""))


def _given(name: str) -> str:
    return request.form.get(name, "").replace("\x00", "")[:LONGEST]

"""What is asked after the password: the code of one's phone, setting that up the first time, a password of one's own.

Who is half signed in: half_in.py. Changing it later: mijn_account.py.
"""

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..db import machine_now
from ..domain.errors import DomainError
from ..domain.second_factor import address_for_app
from ..flow import accounts, sign_in
from ..limits import count_guess
from ..store.account import Account
from . import half_in
from .half_in import Half
from .layout import page_sender
from .qr import qr_code

pages = Blueprint("tweede_stap", __name__)

LONGEST, LONGEST_PASSWORD = 20, 200
"""Code points that we look at."""
WRONG_CODE = "Deze code klopt niet, of is al gebruikt. Wacht op de volgende code in uw app."


@pages.route("/inloggen/code", methods=["GET", "POST"])
@enter("iedereen")
def code() -> ResponseReturnValue:
    """Asks for the six digits. A wrong code counts as a guess, like a wrong password."""
    return _ask(half_in.CODE, _check_code, "inloggen_code.html", 401)


@pages.route("/inloggen/instellen", methods=["GET", "POST"])
@enter("iedereen")
def instellen() -> ResponseReturnValue:
    """Sets the phone up, with a QR code or by typing the key; the first code proves that it worked."""
    return _ask(half_in.SET_UP, _set_up, "inloggen_instellen.html", 400, set_up_facts)


@pages.route("/inloggen/wachtwoord", methods=["GET", "POST"])
@enter("iedereen")
def wachtwoord() -> ResponseReturnValue:
    """A password of one's own, in the place of the one that beheer gave."""
    return _ask(half_in.CHOOSE, _choose_password, "inloggen_wachtwoord.html", 400)


def _ask(
    step: str,
    answer: Callable[[Visit, Half], dict[str, str]],
    template: str,
    refused: int,
    facts: Callable[[Visit, Account], Mapping[str, object]] = lambda _here, _account: {},
) -> ResponseReturnValue:
    """One step, for who is asked it now; anybody else goes on to what he is asked, or back to the beginning.

    answer: what was sent, and the sentence of each field that is wrong. refused: the status of the page then.
    """
    here = visit()
    half = half_in.who(here)
    if half is None:
        return redirect(url_for("inloggen.inloggen"))
    if half_in.step_of(here, half) != step:
        return half_in.go_on(here, half)
    errors: dict[str, str] = {}
    if request.method == "POST":
        errors = answer(here, half)
        if not errors:
            return half_in.go_on(here, half)
    return render_template(template, errors=errors, **facts(here, half.account)), refused if errors else 200


def _check_code(here: Visit, half: Half) -> dict[str, str]:
    count_guess("account", half.account.username)
    given = request.form.get("code", "")[:LONGEST]
    keys = here.settings.secret_keys
    half.factor = sign_in.check_code(here.session, half.account, given, keys=keys, now=here.now, at=machine_now())
    if half.factor:
        return {}
    return {"code": sign_in.refusal().detail if sign_in.is_locked(half.account, here.now) else WRONG_CODE}


def _set_up(here: Visit, half: Half) -> dict[str, str]:
    count_guess("account", half.account.username)
    try:
        confirm(here, half.account)
    except DomainError as error:
        return {one.field: one.detail for one in error.fields}
    half.factor = True
    return {}


def _choose_password(here: Visit, half: Half) -> dict[str, str]:
    try:
        accounts.choose_password(here.session, half.account, request.form.get("wachtwoord", "")[:LONGEST_PASSWORD])
    except DomainError as error:
        return {one.field: one.detail for one in error.fields}
    return {}


def confirm(here: Visit, account: Account) -> None:
    """The code in the form proves that the phone is set up. Raises InvalidInput."""
    given = request.form.get("code", "")[:LONGEST]
    sign_in.confirm_factor(account, given, keys=here.settings.secret_keys, now=here.now, at=machine_now())


def set_up_facts(here: Visit, account: Account) -> dict[str, object]:
    """What a page needs to set a phone up: the QR code and the key in groups of four."""
    secret = sign_in.begin_factor(account, keys=here.settings.secret_keys, now=machine_now())
    sender = page_sender()
    issuer = f"Meldingen {sender.name}" if sender else "Meldingen"
    groups = " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))
    return {"qr": qr_code(address_for_app(secret, account.username, issuer)), "key": groups}

"""Who gave the right password and still has something to do: a code, setting up his phone, or a password of his own.

What was done stands in the signed cookie for ten minutes, bound to the password of then. Not a session: with it one can
do nothing else.
"""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask import redirect, request
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ..auth import Visit
from ..domain.device import device_words
from ..flow import sign_in
from ..store.account import Account, lock_account
from .layout import start_path

NAME = "half"
LASTS = timedelta(minutes=10)
CODE, SET_UP, CHOOSE = "/inloggen/code", "/inloggen/instellen", "/inloggen/wachtwoord"


@dataclass
class Half:
    """Somebody half signed in. factor: whether his code was right."""

    account: Account
    factor: bool
    onward: str


def begin(here: Visit, account: Account, onward: str) -> ResponseReturnValue:
    """After the right password: on to what is still asked, or in."""
    return go_on(here, Half(account, False, onward))


def who(here: Visit) -> Half | None:
    """Who is half signed in in this browser, with his account locked; None when nobody is (any more)."""
    kept = cookie.get(NAME)
    if not kept or datetime.fromisoformat(kept["until"]) <= here.now:
        return None
    account = lock_account(here.session, int(kept["account"]))
    if account is None or not account.active or not hmac.compare_digest(kept["proof"], _proof(account)):
        return None
    return Half(account, bool(kept["factor"]), str(kept["onward"]))


def go_on(here: Visit, half: Half) -> ResponseReturnValue:
    """To the next thing that is asked; with nothing left to ask, the device is signed in."""
    path = step_of(here, half)
    if path:
        cookie[NAME] = {
            "account": half.account.id,
            "until": (here.now + LASTS).isoformat(),
            "proof": _proof(half.account),
            "factor": half.factor,
            "onward": half.onward,
        }
        return redirect(path, 303)
    cookie.pop(NAME, None)
    device = device_words(request.headers.get("User-Agent", ""))
    cookie["medewerker"] = sign_in.open_session(here.session, half.account, device, now=here.now)
    return redirect(half.onward or start_path(sign_in.staff_actor(here.session, half.account)), 303)


def step_of(here: Visit, half: Half) -> str:
    """Where this person must go before he is in; empty when he may. On one machine nobody needs a second factor."""
    if not half.factor:
        if sign_in.has_factor(half.account):
            return CODE
        if not here.settings.local_mode:
            return SET_UP
    return CHOOSE if half.account.must_change else ""


def _proof(account: Account) -> str:
    return hashlib.sha256(account.password_hash.encode()).hexdigest()[:32]

"""Signing in over the API: a bearer token for an app of staff. Pages sign in with a cookie (web/inloggen.py)."""

from datetime import timedelta
from typing import Any

from flask import Response, request
from flask import session as cookie

from ..auth import Visit, enter, visit
from ..db import machine_now
from ..domain.device import device_words
from ..domain.errors import Forbidden, NotSignedIn
from ..flow import sign_in
from ..limits import count_guess
from ..store.account import Account, end_session
from . import problems
from .door import Door, described
from .headers import BASE
from .schemas.staff import SignInIn, SignInOut

door = Door("Sessies", __name__, url_prefix=BASE, description="Inloggen en uitloggen voor apps van medewerkers.")


@door.post("/sessies")
@enter("iedereen")
@door.arguments(SignInIn())
@door.response(201, SignInOut())
@described(
    "Log in",
    "Met de naam en het wachtwoord van een eigen account, en de code van zijn tweede stap. Het token staat één keer in "
    "dit antwoord. Zonder code waar die nodig is: 401 `code_nodig`. Een eerste wachtwoord wijzigen en de tweede stap "
    "instellen kan alleen op onze inlogpagina: 403.",
    fails=(401, 403),
)
def post_sessie(given: dict[str, Any]) -> Any:
    """A session for twelve hours. A refusal is answered and not raised, so that the guess stays counted."""
    here = visit()
    count_guess("account", given["username"])
    account = sign_in.check_password(here.session, given["username"], given["password"], now=here.now)
    refused = _refusal(here, account, given.get("code", ""))
    if account is None or refused is not None:
        return problems.answer(refused or sign_in.refusal())
    device = device_words(request.headers.get("User-Agent", ""))
    return {
        "token": sign_in.open_session(here.session, account, device, now=here.now),
        "name": account.name,
        "expires_at": here.now + timedelta(hours=sign_in.SESSION_HOURS),
    }


def _refusal(here: Visit, account: Account | None, code: str) -> NotSignedIn | Forbidden | None:
    """Why this person does not get in with this password and code; None when he does."""
    if account is None:
        return sign_in.refusal()
    if sign_in.has_factor(account):
        if not code:
            return NotSignedIn("code_nodig", "Stuur ook de code van uw telefoon mee.")
        keys = here.settings.secret_keys
        if not sign_in.check_code(here.session, account, code, keys=keys, now=here.now, at=machine_now()):
            return NotSignedIn("code_onjuist", "Deze code klopt niet, of is al gebruikt.")
    elif not here.settings.local_mode:
        return Forbidden("tweede_stap_nodig", "Log eerst op onze website in en stel de tweede stap in.")
    if account.must_change:
        return Forbidden("wachtwoord_wijzigen", "Log eerst op onze website in en kies een eigen wachtwoord.")
    return None


@door.delete("/sessies/huidige")
@enter("medewerker")
@door.response(204)
@described("Log uit", "Het token van dit verzoek werkt daarna niet meer.")
def delete_sessie() -> Response:
    """Ends the session of this request: its bearer's, else that of the cookie of our pages."""
    here = visit()
    _, _, bearer = request.headers.get("Authorization", "").partition(" ")
    end_session(here.session, sign_in.hash_secret(bearer.strip() or cookie.pop("medewerker", "")))
    return Response(status=204)

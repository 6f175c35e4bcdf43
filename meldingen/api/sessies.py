"""Signing in over the API: a bearer token for an app of staff. Pages sign in with a cookie (web/inloggen.py)."""

from datetime import timedelta
from typing import Any

from flask import Response, request
from flask import session as cookie

from ..auth import STAFF_SESSION_HOURS, enter, hash_secret, sign_in, visit
from ..limits import count_guess
from ..store.account import end_session
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
    "Met de naam en het wachtwoord van een eigen account. Het token staat één keer in dit antwoord.",
    fails=(401,),
)
def post_sessie(given: dict[str, Any]) -> dict[str, Any]:
    """A session for twelve hours."""
    here = visit()
    count_guess("account", given["username"])
    account, secret = sign_in(here.session, given["username"], given["password"], here.now)
    return {
        "token": secret,
        "name": account.name,
        "expires_at": here.now + timedelta(hours=STAFF_SESSION_HOURS),
    }


@door.delete("/sessies/huidige")
@enter("medewerker")
@door.response(204)
@described("Log uit", "Het token van dit verzoek werkt daarna niet meer.")
def delete_sessie() -> Response:
    """Ends the session of this request: its bearer's, else that of the cookie of our pages."""
    here = visit()
    _, _, bearer = request.headers.get("Authorization", "").partition(" ")
    end_session(here.session, hash_secret(bearer.strip() or cookie.pop("medewerker", "")))
    return Response(status=204)

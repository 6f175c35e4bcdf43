"""Refusals and accidents as a page: what went wrong, how to go on, and the gemeente's phone number (KLANTREIS rule 12).

The API has its own translator (api/problems.py); this one leaves its paths alone.
"""

from collections.abc import Callable
from typing import Any

import structlog
from flask import Flask, Response, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, SQLAlchemyError
from werkzeug.exceptions import HTTPException

from ..adapters.failures import out_of_room
from ..domain.errors import DomainError, NotSignedIn
from ..domain.sentence import say
from .problem import problem

log = structlog.get_logger()
Handler = Callable[[Any], Any]

SCRIPTS = "/team/onderweg/"
"""What the scripts of the tablet fetch: they read a refusal as JSON, and never follow one to a page."""
MACHINES = ("/api/", "/gezond/", "/metrics", "/ontvangst/")
WORDS = {
    400: (say("Dit verzoek klopt niet"), say("Ga terug en probeer het nog een keer.")),
    403: (say("Dit mag u niet"), say("Uw account mag deze pagina niet openen.")),
    404: (say("Deze pagina bestaat niet"), say("Kijk of het adres klopt. Of ga naar de startpagina.")),
    405: (say("Dit kan hier niet"), say("Ga naar de startpagina en begin opnieuw.")),
    413: (
        say("Dit is te groot"),
        say("Foto's mogen samen niet groter zijn dan 100 MB. Kies minder of kleinere foto's."),
    ),
    429: (say("Even wachten"), say("U doet te veel verzoeken achter elkaar. Probeer het over een minuut opnieuw.")),
}
SORRY = (say("Er ging iets mis bij ons"), say("Probeer het over een paar minuten opnieuw. Lukt het dan niet? Bel ons."))
NO_ROOM = (
    say("Uw foto's lukken nu niet"),
    say("Wij hebben nu geen ruimte voor foto's. Ga terug en verstuur uw melding zonder foto's, of bel ons."),
)
EXPIRED = (say("De pagina was verlopen"), say("Ga terug, ververs de pagina en probeer het nog een keer."))


def init_app(app: Flask) -> None:
    """Answers errors of pages. Handlers that the API registered before stay in charge of its own paths."""
    for kind, page in ((DomainError, _refusal), (HTTPException, _http), (Exception, _accident)):
        earlier = app.error_handler_spec[None][None].get(kind)
        app.register_error_handler(kind, _for_pages(page, earlier))


def _for_pages(
    page: Callable[[Any], ResponseReturnValue], earlier: Callable[[Any], Any] | None
) -> Callable[[Any], Any]:
    def answer(error: Any) -> Any:
        if not request.path.startswith(MACHINES):
            return page(error)
        if earlier is not None:
            return earlier(error)
        if isinstance(error, HTTPException):
            return error
        raise error

    return answer


def _refusal(error: DomainError) -> ResponseReturnValue:
    if request.path.startswith(SCRIPTS):
        return problem(error.status, error.code, error.detail)
    if isinstance(error, NotSignedIn) and error.code in ("inloggen_nodig", "sessie_verlopen"):
        return redirect(
            url_for("inloggen.inloggen", naar=request.full_path.rstrip("?") if request.method == "GET" else None)
        )
    response = error_page(error.status, error.title, error.detail)
    if retry_after_s := getattr(error, "retry_after_s", None):
        response.headers["Retry-After"] = str(retry_after_s)
    return response


def _http(error: HTTPException) -> ResponseReturnValue:
    status = error.code or 500
    if error.response is not None or status < 400:
        return error  # a redirect, or an answer that is complete
    if isinstance(error, CSRFError):
        return error_page(400, *EXPIRED)
    response = error_page(status, *WORDS.get(status, SORRY if status >= 500 else WORDS[400]))
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _accident(error: Exception) -> ResponseReturnValue:
    """Ours, never the visitor's: logged with its trace, told without details (SEC-05)."""
    log.error("page_failed", exc_info=error)
    if isinstance(error, DataError):  # a value that no column takes: a hole in a door, but the visitor's value
        return error_page(400, *WORDS[400])
    if isinstance(error, SQLAlchemyError) or out_of_room(error):
        response = error_page(503, *(NO_ROOM if out_of_room(error) else SORRY))
        response.headers["Retry-After"] = "60"
        return response
    return error_page(500, *SORRY)


def error_page(status: int, title: str, detail: str) -> Response:
    """One error page; `X-Request-Id` on it is what the helpdesk asks for."""
    return make_response(
        render_template("fout.html", title=title, detail=detail, request_id=g.get("request_id", "")), status
    )

"""Every refusal of the API as application/problem+json (RFC 9457): DomainError, HTTP errors, and what broke.

The one table from errors to HTTP for the JSON doors; pages have their own (web/errors.py). No caller's value is
echoed here: only names of fields, codes and our own sentences (KLANTREIS rule 14).
"""

from typing import Any

import structlog
from flask import Response, g, json
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, NotFound, RequestEntityTooLarge
from werkzeug.routing import RequestRedirect

from ..adapters.failures import out_of_room
from ..db import is_read_only
from ..domain.beforehand import NotOurs
from ..domain.errors import DomainError, MoveNotAllowed, TooMany, Unavailable
from .schemas.beforehand import BeforehandOut

log = structlog.get_logger()

MIMETYPE = "application/problem+json"
TYPE_PREFIX = "urn:meldingen:fout:"

HTTP: dict[int, tuple[str, str, str]] = {
    400: ("ongeldig_verzoek", "Dit verzoek klopt niet", "Wij kunnen dit verzoek niet lezen. Kijk of de vorm klopt."),
    401: ("inloggen_nodig", "Log eerst in", "Log in om dit te doen."),
    403: ("geen_recht", "Dit mag u niet", "U mag dit niet doen."),
    404: ("niet_gevonden", "Niet gevonden", "Dit adres bestaat niet. Kijk of u het goed heeft overgenomen."),
    405: ("methode_niet_mogelijk", "Dit kan hier niet", "Deze methode kan hier niet. In 'Allow' staat wat wel kan."),
    406: ("vorm_niet_mogelijk", "Deze vorm hebben wij niet", "Wij antwoorden met application/json. Vraag daarom."),
    408: ("te_traag", "Dit duurde te lang", "Het verzoek kwam te langzaam binnen. Probeer het opnieuw."),
    411: ("lengte_ontbreekt", "De lengte ontbreekt", "Stuur mee hoe lang het verzoek is (Content-Length)."),
    413: ("te_groot", "Dit is te groot", "Dit verzoek is te groot. Stuur ten hoogste 5 foto's van elk 20 MB."),
    414: ("adres_te_lang", "Dit adres is te lang", "Het adres van dit verzoek is te lang."),
    415: (
        "soort_niet_mogelijk",
        "Deze soort gegevens lezen wij niet",
        "Stuur application/json, of bij een melding met foto's multipart/form-data.",
    ),
    422: ("niet_mogelijk", "Dit kan hier niet", "Dit verzoek is goed te lezen, maar hier niet mogelijk."),
    431: ("kopregels_te_groot", "Dit is te groot", "De kopregels van dit verzoek zijn te groot."),
    500: ("storing", "Er ging iets mis bij ons", "Dit is onze fout. Probeer het later nog eens."),
    501: ("methode_onbekend", "Dit kan hier niet", "Deze methode kennen wij niet."),
    503: ("tijdelijk_dicht", "Dat lukt nu niet", "Het lukt nu even niet. Probeer het over een minuut nog eens."),
}
"""Status → code, title, detail, for refusals that Flask and Werkzeug raise themselves."""

CSRF = ("csrf_ontbreekt", "Dit mag u niet", "Laad de pagina opnieuw en probeer het nog eens (X-CSRF-Token).")
NO_ROOM = (
    "geen_ruimte",
    "Dat lukt nu niet",
    "Wij hebben nu geen ruimte voor foto's. Stuur uw melding zonder foto's, of probeer het later nog eens.",
)
OUR_RETRY_S = 30


def answer(error: Exception) -> Response:
    """The answer to any error of the API; what we did not foresee is logged whole and told in general words."""
    if isinstance(error, DomainError):
        return _domain(error)
    if isinstance(error, RequestRedirect):  # a trailing or double slash is another address: 404 (ADR-04)
        error = NotFound()
    if isinstance(error, CSRFError):
        return problem(403, *CSRF)
    if isinstance(error, HTTPException):
        return _http(error)
    if isinstance(error, (OperationalError, PoolTimeout)) or is_read_only(getattr(error, "orig", None)):
        log.exception("api_database_unavailable")
        return _with(problem(503, *HTTP[503]), {"Retry-After": str(OUR_RETRY_S)})
    if out_of_room(error):
        log.exception("api_out_of_room")
        return _with(problem(503, *NO_ROOM), {"Retry-After": str(OUR_RETRY_S)})
    log.exception("api_failed")
    if isinstance(error, DataError):  # a value that no column takes: a hole in a door, but the caller's value
        return problem(400, *HTTP[400])
    return problem(500, *HTTP[500])


def problem(status: int, code: str, title: str, detail: str, **more: Any) -> Response:
    """One problem document. more: members beside the standard ones, such as `errors` or `mogelijk`."""
    body = {
        "type": TYPE_PREFIX + code,
        "title": title,
        "status": status,
        "detail": detail,
        "instance": "urn:meldingen:verzoek:" + g.get("request_id", ""),
        "code": code,
        **more,
    }
    return Response(json.dumps(body, sort_keys=False), status, mimetype=MIMETYPE)


def _domain(error: DomainError) -> Response:
    more: dict[str, Any] = {}
    headers: dict[str, str] = {}
    if error.fields:
        more["errors"] = [{"field": f.field, "code": f.code, "detail": f.detail} for f in error.fields]
    if isinstance(error, MoveNotAllowed):
        more["mogelijk"] = list(error.possible)
    if isinstance(error, NotOurs):
        more["eerstDit"] = BeforehandOut().dump(error.beforehand)
    if isinstance(error, (TooMany, Unavailable)):
        headers["Retry-After"] = str(error.retry_after_s)
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Bearer realm="meldingen"'
    return _with(problem(error.status, error.code, error.title, error.detail, **more), headers)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    if status not in HTTP:
        status = 500 if status >= 500 else 400
    if isinstance(error, RequestEntityTooLarge):
        status = 413
    if status == 500:
        log.error("api_http_error", code=error.code)
    kept = {
        name: value
        for name, value in error.get_headers()
        if name.lower() in ("allow", "retry-after", "www-authenticate")
    }
    return _with(problem(status, *HTTP[status]), kept)


def _with(response: Response, headers: dict[str, str]) -> Response:
    response.headers.update(headers)
    return response

"""JSON doors: parse, authorise, call one flow function, answer."""

from typing import Any

from flask import Flask
from werkzeug.exceptions import HTTPException

from ..domain.errors import DomainError
from . import (
    apparaten,
    beheer,
    contactgegevens,
    fotos,
    headers,
    inkomende_mail,
    meldingen,
    ontvangst,
    oordelen,
    opdracht_moves,
    opdrachten,
    openapi,
    partij,
    plek,
    problems,
    public,
    rates,
    sessies,
    taken,
    terugbelnotities,
    unchanged,
    well_known,
)
from .door import CONVERTERS

DOORS = (
    meldingen.door,
    oordelen.door,
    fotos.door,
    apparaten.door,
    public.door,
    plek.door,
    opdrachten.door,
    opdracht_moves.door,
    partij.door,
    terugbelnotities.door,
    contactgegevens.door,
    taken.door,
    beheer.door,
    sessies.door,
)
"""Every group of operations, in the order of the description; one line per new one."""


def init_app(app: Flask) -> None:
    """Registers the API on the app."""
    app.url_map.merge_slashes = False  # a double slash is another address: 404, no redirect (ADR-04)
    headers.init_app(app)
    rates.init_app(app)
    api = openapi.make_api(app)
    for name, (converter, shape) in CONVERTERS.items():
        app.url_map.converters[name] = converter
        api.register_converter(converter, _shown(shape))
    for door in DOORS:
        api.register_blueprint(door)
    app.register_blueprint(openapi.pages)
    app.register_blueprint(well_known.pages)
    app.register_blueprint(ontvangst.pages)
    app.register_blueprint(inkomende_mail.pages)
    app.wsgi_app = unchanged.Unchanged(app)  # type: ignore[method-assign]
    for kind in (DomainError, HTTPException, Exception):
        app.register_error_handler(kind, _answer)


def _shown(shape: dict[str, Any]) -> Any:
    return lambda _converter: dict(shape)


def _answer(error: Exception) -> Any:
    """Refusals of the API's own paths; pages have their own translator, which looks first (web/errors.py)."""
    if headers.is_api():
        return problems.answer(error)
    if isinstance(error, HTTPException):
        return error
    raise error

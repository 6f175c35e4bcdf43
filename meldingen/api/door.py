"""The blueprint all JSON doors share: our parser, rate limits, early refusals, and the words of the description.

A door reads: path and who may enter, what comes in, what goes out, how it is described, and then ten lines.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import marshmallow as ma
from flask import request
from flask_smorest import Blueprint
from werkzeug.datastructures import MIMEAccept
from werkzeug.exceptions import NotAcceptable
from werkzeug.routing import BaseConverter, ValidationError

from . import rates
from .crs import asked_crs
from .fields import MAX_ID
from .parsing import PARSER, refuse_unknown_query
from .schemas.base import Shape

ACCESS = "x-toegang"
FAILS = "x-fouten"
PART = "x-deel"
JSON_TYPES = ("application/json", "application/problem+json")
View = Callable[..., Any]
Decorator = Callable[[View], View]


class Id(BaseConverter):
    """A number of ours in a path; more digits than we can have is an address that does not exist (404)."""

    regex = r"[1-9][0-9]{0,15}"

    def to_python(self, value: str) -> int:
        """The number."""
        if int(value) > MAX_ID:
            raise ValidationError
        return int(value)


class Nummer(BaseConverter):
    """A meldingnummer in a path: ten digits."""

    regex = r"[0-9]{10}"


class FotoId(BaseConverter):
    """The public id of a photo."""

    regex = r"[A-Za-z0-9_-]{8,64}"


CONVERTERS: dict[str, tuple[type[BaseConverter], dict[str, Any]]] = {
    "id": (Id, {"type": "integer", "minimum": 1, "maximum": MAX_ID, "format": "int64"}),
    "nummer": (Nummer, {"type": "string", "pattern": "^[0-9]{10}$", "example": "2670001234"}),
    "foto": (FotoId, {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,64}$"}),
}


class Door(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """A group of operations, named in Dutch for the OAS."""

    ARGUMENTS_PARSER = PARSER

    def add_url_rule(
        self,
        rule: str,
        endpoint: str | None = None,
        view_func: View | None = None,
        provide_automatic_options: bool | None = None,
        **options: Any,
    ) -> None:
        """Registers a view behind the checks that need neither its body nor its arguments."""
        assert view_func is not None
        super().add_url_rule(rule, endpoint, _checked(view_func), provide_automatic_options, **options)

    def get(self, rule: str, **options: Any) -> Decorator:
        """A reading door."""
        return super().get(rule, **options)  # type: ignore[no-any-return]

    def post(self, rule: str, **options: Any) -> Decorator:
        """A door that makes something."""
        return super().post(rule, **options)  # type: ignore[no-any-return]

    def put(self, rule: str, **options: Any) -> Decorator:
        """A door that replaces something."""
        return super().put(rule, **options)  # type: ignore[no-any-return]

    def delete(self, rule: str, **options: Any) -> Decorator:
        """A door that takes something away."""
        return super().delete(rule, **options)  # type: ignore[no-any-return]

    def arguments(self, shape: ma.Schema, **options: Any) -> Decorator:
        """What comes in; a shape with an example shows it, and one with a form part says so."""
        if isinstance(shape, Shape) and shape.example is not None:
            options.setdefault("example", shape.example)
        parse: Decorator = super().arguments(shape, **options)
        if isinstance(shape, Shape) and shape.multipart:
            return lambda view: Blueprint.doc(**{PART: shape.multipart})(parse(view))
        return parse

    def response(self, status: int, shape: ma.Schema | dict[str, Any] | None = None, **options: Any) -> Decorator:
        """What goes out; a shape with an example shows it."""
        if isinstance(shape, Shape) and shape.example is not None:
            options.setdefault("example", shape.example)
        return super().response(status, shape, **options)  # type: ignore[no-any-return]


def _checked(view: View) -> View:
    produces = getattr(view, "produces", JSON_TYPES)
    parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    takes_query = any(parameter.get("in") == "query" for parameter in parameters)

    @wraps(view)
    def checked(*args: Any, **kwargs: Any) -> Any:
        if not _acceptable(request.accept_mimetypes, produces):
            raise NotAcceptable
        rates.check_claimed()
        refuse_unknown_query(takes_query)
        asked_crs()
        return view(*args, **kwargs)

    checked._apidoc.setdefault("manual_doc", {})[ACCESS] = checked.may_enter  # type: ignore[attr-defined]
    return checked


def _acceptable(accept: MIMEAccept, produces: Sequence[str]) -> bool:
    return not accept or accept.best_match(produces) is not None


def described(
    summary: str, description: str, *, fails: Sequence[int] = (), produces: Sequence[str] = JSON_TYPES, **doc: Any
) -> Decorator:
    """The Dutch words of an operation and the refusals that only it knows; the usual ones are added by openapi.py.

    produces: the media types it can answer with, for Accept.
    """

    def declare(view: View) -> View:
        documented: View = Blueprint.doc(**{"summary": summary, "description": description, FAILS: list(fails), **doc})(
            view
        )
        documented.produces = tuple(produces) + JSON_TYPES[1:]  # type: ignore[attr-defined]
        return documented

    return declare

"""What all shapes of the API share: strict loading with Dutch refusals, and one worked example each."""

from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, ClassVar, NamedTuple

import marshmallow as ma
from marshmallow.decorators import POST_DUMP, PRE_DUMP

from ..fields import Codes, Moment

_AS_IS: dict[type[ma.fields.Field[Any]], type] = {
    ma.fields.String: str,
    ma.fields.Integer: int,
    ma.fields.Boolean: bool,
    Codes: list,
}
"""Per kind of field the values that are JSON already, so that nothing is to be done with them."""
Tell = Callable[[Any, str, Any], Any]


class Outgoing(NamedTuple):
    """A field of an answer: its name in the code and outside, the type of what goes as it is, and how the rest goes."""

    name: str
    outside: str
    as_is: type | None
    tell: Tell
    field: ma.fields.Field[Any]


class Shape(ma.Schema):
    """A JSON object. Unknown names are refused when reading. example: a whole one, shown in the OAS and tested.

    multipart: the name of the part when it may also come as JSON in a form with files.
    """

    example: ClassVar[Any] = None
    multipart: ClassVar[str] = ""

    error_messages: dict[str, str] = {
        "unknown": "onbekend_veld|Dit veld kennen wij niet. Haal het weg.",
        "type": "geen_object|Hier hoort een object tussen accolades.",
    }

    class Meta:
        """Refuse what we do not know, keep the order of the code."""

        unknown = ma.RAISE

    @cached_property
    def _outgoing(self) -> list[Outgoing]:
        """The fields of an answer, in the order of the code."""
        return [
            Outgoing(
                name,
                field.data_key or name,
                next((is_ for kind, is_ in _AS_IS.items() if isinstance(field, kind)), None),
                _how_told(field),
                field,
            )
            for name, field in self.dump_fields.items()
        ]

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """As marshmallow does it, but what is JSON already goes out without being asked about: most of a long list."""
        if many:
            return super()._serialize(obj, many=many)
        known = obj.get if isinstance(obj, dict) else partial(getattr, obj)
        told = {}
        for name, outside, as_is, tell, field in self._outgoing:
            value = known(name, ma.missing)
            if value is ma.missing:
                value = field.serialize(name, obj, accessor=self.get_attribute)  # it may have a default
            elif value is not None and type(value) is not as_is:
                value = tell(value, name, obj)
            if value is not ma.missing:
                told[outside] = value
        return told


def _how_told(field: ma.fields.Field[Any]) -> Tell:
    """How a value of a field goes out: a shape within a shape straight away, unless it has something to do before or
    after, which marshmallow asks anew for each."""
    if isinstance(field, ma.fields.Nested) and isinstance(shape := field.schema, Shape):
        hooks = shape._hooks[PRE_DUMP] or shape._hooks[POST_DUMP]
        if not hooks and not (field.many or shape.many):
            return lambda value, _name, _obj: None if value is None else shape._serialize(value)
    if isinstance(field, ma.fields.List) and not isinstance(field, Codes):
        tell = _how_told(field.inner)
        return lambda values, name, obj: [tell(value, name, obj) for value in values]
    return field._serialize


class FieldProblem(Shape):
    """One thing wrong in one field."""

    field = ma.fields.String(metadata={"description": "Pad van het veld, zoals u het schreef."})
    code = ma.fields.String(metadata={"description": "Vaste code voor programma's."})
    detail = ma.fields.String(metadata={"description": "Uitleg voor mensen."})


class Problem(Shape):
    """A refusal (RFC 9457)."""

    type = ma.fields.String(required=True, metadata={"format": "uri"})
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    instance = ma.fields.String(metadata={"format": "uri", "description": "Nummer van dit verzoek, voor de helpdesk."})
    code = ma.fields.String(required=True, metadata={"description": "Vaste code voor programma's."})
    errors = ma.fields.List(ma.fields.Nested(FieldProblem), metadata={"description": "Alle fouten, per veld."})
    mogelijk = ma.fields.List(ma.fields.String(), metadata={"description": "Wat wel kan, bij een stap die niet kan."})


class TimelineEntry(Shape):
    """One line of the timeline, in plain words."""

    at = Moment(data_key="op", required=True)
    text = ma.fields.String(data_key="tekst", required=True)

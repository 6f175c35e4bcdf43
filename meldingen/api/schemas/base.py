"""What all shapes of the API share: strict loading with Dutch refusals, and one worked example each."""

from functools import cached_property
from typing import Any, ClassVar

import marshmallow as ma

from ..fields import Moment

_AS_IS: dict[type[ma.fields.Field[Any]], type] = {
    ma.fields.String: str,
    ma.fields.Integer: int,
    ma.fields.Boolean: bool,
}
"""Per kind of field the values that are JSON already, so that nothing is to be done with them."""


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
    def _outgoing(self) -> list[tuple[str, str, type | None, ma.fields.Field[Any]]]:
        """Of each field its name in the code, its name outside, and the type of what goes out as it is."""
        return [
            (
                name,
                field.data_key or name,
                next((is_ for kind, is_ in _AS_IS.items() if isinstance(field, kind)), None),
                field,
            )
            for name, field in self.dump_fields.items()
        ]

    def _serialize(self, obj: Any, *, many: bool = False) -> Any:
        """As marshmallow does it, but what is JSON already goes out without being asked about: most of a long list."""
        if many or not isinstance(obj, dict):
            return super()._serialize(obj, many=many)
        told = {}
        for name, outside, as_is, field in self._outgoing:
            value = obj.get(name, ma.missing)
            if value is ma.missing:
                value = field.serialize(name, obj, accessor=self.get_attribute)  # it may have a default
            elif value is not None and type(value) is not as_is:
                value = field._serialize(value, name, obj)
            if value is not ma.missing:
                told[outside] = value
        return told


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

"""What all shapes of the API share: strict loading with Dutch refusals, and one worked example each."""

from typing import Any, ClassVar

import marshmallow as ma

from ..fields import Moment


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

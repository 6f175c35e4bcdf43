"""The oordeel of a melder about the end: what is asked of him, what he says, and "it is not solved"."""

import marshmallow as ma

from ..fields import Choice, Day, Flag, Moment, Slug, Text, Whole
from .base import Shape


class AskedOut(Shape):
    """What the melder is asked about the end, and what he said so far."""

    about = Choice(
        "opgelost",
        "uitleg",
        data_key="vraag",
        required=True,
        metadata={"description": "`opgelost`: is het opgelost? `uitleg`: is onze uitleg duidelijk?"},
    )
    until = Moment(data_key="tot", required=True)
    open = ma.fields.Boolean(
        data_key="kanNog",
        required=True,
        metadata={"description": "Of `antwoord` nog kan. Zo niet, dan kunnen alleen de andere twee nog veranderen."},
    )
    answer = ma.fields.Boolean(data_key="antwoord", required=True, allow_none=True)
    enough = ma.fields.Boolean(data_key="genoegGehoord", required=True, allow_none=True)
    mark = ma.fields.Integer(data_key="cijfer", required=True, allow_none=True)


class VerdictIn(Shape):
    """Yes or no, why, and what the melder thinks of how we did it, if he likes to say."""

    example = {"antwoord": True, "genoegGehoord": True, "cijfer": 8}
    answer = Flag(data_key="antwoord", required=True)
    text = Text(data_key="tekst", load_default="")
    enough = Flag(
        data_key="genoegGehoord", metadata={"description": "Hoorde de melder genoeg van ons? Zonder: zoals het was."}
    )
    mark = Whole(least=1, most=10, data_key="cijfer", metadata={"description": "Zonder: zoals het was."})


class VerdictOut(Shape):
    """The answer is kept. status: of the melding after it."""

    example = {
        "antwoord": True,
        "status": "afgehandeld",
        "tekst": "Dank u wel voor uw antwoord.",
        "op": "2026-04-22T08:02:00Z",
        "genoegGehoord": True,
        "cijfer": 8,
    }
    answer = ma.fields.Boolean(data_key="antwoord", required=True)
    enough = ma.fields.Boolean(data_key="genoegGehoord", allow_none=True)
    mark = ma.fields.Integer(data_key="cijfer", allow_none=True)
    status = ma.fields.String(required=True)
    text = ma.fields.String(data_key="tekst", required=True)
    at = Moment(data_key="op", required=True)


class OpinionsQuery(ma.Schema):
    """Which gemeente and months; without: all yours, the last twelve months."""

    gemeente = Slug(metadata={"description": "Alleen van deze gemeente."})
    since = Day(data_key="van", metadata={"description": "Een dag in de eerste maand."})
    until = Day(data_key="tot", metadata={"description": "Een dag in de laatste maand."})


class OpinionOut(Shape):
    """What the melders of one month said of us. Numbers below five are hidden."""

    gemeente = Slug(required=True)
    month = ma.fields.String(data_key="maand", required=True, metadata={"pattern": "^[0-9]{4}-[0-9]{2}$"})
    answers = ma.fields.Integer(data_key="antwoorden", required=True, allow_none=True)
    enough = ma.fields.Integer(
        data_key="genoegGehoordProcent", required=True, allow_none=True, metadata={"minimum": 0, "maximum": 100}
    )
    mark = ma.fields.Float(data_key="cijfer", required=True, allow_none=True, metadata={"minimum": 1, "maximum": 10})
    hidden = ma.fields.List(
        ma.fields.String(),
        data_key="verborgen",
        required=True,
        metadata={"description": "Wat leeg is omdat het over minder dan 5 mensen gaat of dat verraadt."},
    )


class OpinionsOut(Shape):
    """Month by month, the oldest first; months without an answer are left out."""

    example = {
        "oordelen": [
            {
                "gemeente": "bergen-nh",
                "maand": "2026-04",
                "antwoorden": 41,
                "genoegGehoordProcent": 78,
                "cijfer": 7.6,
                "verborgen": [],
            }
        ]
    }
    opinions = ma.fields.List(ma.fields.Nested(OpinionOut), data_key="oordelen", required=True)


class ReopenIn(Shape):
    """What is still wrong, if the melder wants to say."""

    example = {"tekst": "De tegel ligt weer los."}
    text = Text(data_key="tekst", load_default="")


class ReopenOut(Shape):
    """The melding is open again."""

    example = {"status": "heropend", "tekst": "Uw melding is heropend.", "op": "2026-04-22T08:02:00Z"}
    status = Choice("heropend", required=True)
    text = ma.fields.String(data_key="tekst", required=True)
    at = Moment(data_key="op", required=True)

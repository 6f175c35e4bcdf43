"""Work items of KCC and coordinator."""

import marshmallow as ma

from ..fields import Choice, Moment, Text, Whole
from .base import Shape

TASK = {
    "id": 4,
    "versie": 1,
    "soort": "antwoord_na_sluiten",
    "rol": "kcc",
    "tekst": "De melder schreef nog iets, nadat de melding klaar was.",
    "status": "open",
    "nummer": "2670001234",
    "opdracht": None,
    "aangemaaktOp": "2026-04-15T09:12:00Z",
    "uiterlijkOp": "2026-04-17T22:00:00Z",
    "resultaat": "",
}


class TaskOut(Shape):
    """One item."""

    id = Whole(required=True)
    version = ma.fields.Integer(data_key="versie", required=True)
    kind = ma.fields.String(data_key="soort", required=True)
    role = Choice("kcc", "coordinator", data_key="rol", required=True)
    words = ma.fields.String(data_key="tekst", required=True)
    status = Choice("open", "klaar", "vervallen", required=True)
    number = ma.fields.String(data_key="nummer", required=True, allow_none=True)
    opdracht_id = ma.fields.Integer(data_key="opdracht", required=True, allow_none=True)
    created_at = Moment(data_key="aangemaaktOp", required=True)
    due_at = Moment(data_key="uiterlijkOp", required=True)
    result = ma.fields.String(data_key="resultaat", required=True)


class OneTaskOut(TaskOut):
    """One item after a step."""

    example = {**TASK, "versie": 2, "status": "klaar", "resultaat": "Gebeld en uitgelegd."}


class TasksOut(Shape):
    """The open items of the asker's roles, late ones first."""

    example = {"taken": [TASK]}
    tasks = ma.fields.List(ma.fields.Nested(TaskOut), data_key="taken", required=True)


class FinishTaskIn(Shape):
    """What was done."""

    example = {"tekst": "Gebeld en uitgelegd."}
    words = Text(data_key="tekst", required=True, filled=True)

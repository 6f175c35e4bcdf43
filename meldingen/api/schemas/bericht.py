"""What we sent the melder of a melding, and what became of it, as the API shows it: addresses masked."""

import marshmallow as ma

from ...domain.delivery import DELIVERY_STATUSES
from ...store.notice import CHANNELS
from ..fields import Choice, Moment
from .base import Shape


class NoticeWayOut(Shape):
    """One way a bericht went."""

    channel = Choice(*CHANNELS, data_key="kanaal", required=True)
    status = Choice(*DELIVERY_STATUSES, required=True)
    to = ma.fields.String(data_key="naar", required=True, metadata={"description": "Het adres, deels verborgen."})
    text = ma.fields.String(data_key="tekst", required=True)
    at = Moment(data_key="op", required=True, allow_none=True)


class NoticeOut(Shape):
    """One bericht to the melder."""

    example = {
        "soort": "gereed",
        "naam": "Klaar",
        "op": "2026-04-15T09:12:00Z",
        "wegen": [
            {
                "kanaal": "email",
                "status": "bezorgd",
                "naar": "j…@example.nl",
                "tekst": "Per e-mail naar j…@example.nl: aangekomen.",
                "op": "2026-04-15T09:12:31Z",
            }
        ],
        "einde": "",
    }
    kind = ma.fields.String(data_key="soort", required=True)
    name = ma.fields.String(data_key="naam", required=True)
    at = Moment(data_key="op", required=True, metadata={"description": "Wanneer het gebeurde."})
    ways = ma.fields.List(ma.fields.Nested(NoticeWayOut), data_key="wegen", required=True)
    end = ma.fields.String(
        data_key="einde", required=True, metadata={"description": "Leeg, of waarom er niets (meer) komt."}
    )

"""What a melder reads before reporting: on the list of categories, and in the refusal of one that is not ours."""

import marshmallow as ma

from .base import Shape


class BeforehandOut(Shape):
    """Whom to phone or where to go first."""

    example = {
        "tekst": "Ruikt u gas of is de stroom uitgevallen? Bel dan het landelijke storingsnummer.",
        "link": "https://www.gasenstroomstoringen.nl",
        "linkTekst": "Actuele storingen",
        "telefoon": "0800-9009",
        "stopt": True,
    }
    text = ma.fields.String(data_key="tekst", required=True)
    link = ma.fields.String(required=True, metadata={"description": "Leeg, of een adres met https://."})
    link_words = ma.fields.String(data_key="linkTekst", required=True)
    phone = ma.fields.String(data_key="telefoon", required=True, metadata={"description": "Zoals mensen het lezen."})
    stops = ma.fields.Boolean(
        data_key="stopt",
        required=True,
        metadata={"description": "Wij nemen hiervan geen melding aan: een ander gaat hierover."},
    )

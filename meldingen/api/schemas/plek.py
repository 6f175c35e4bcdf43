"""Where it is: addresses to choose from, and things in public space with a number on them."""

from typing import Any

import marshmallow as ma

from ...domain.address import LONGEST
from ...domain.objects import KIND, MAX_CODE, ObjectRef, read_ref
from ..crs import Place
from ..fields import Slug, Text, Whole
from ..paging import PageQuery
from .base import Shape
from .public import CrsQuery

NO_CODE = "code_onjuist|Dit kan geen nummer zijn. Typ het over zoals het er staat."
ABOUT = {"soort": "lichtmast", "code": "BRG-0412"}


class ObjectIn(Shape):
    """Which thing a melding is about: the number that is on it."""

    kind = Slug(
        data_key="soort",
        metadata={"description": "Zoals in /objecten. Mag weg als het nummer maar bij één soort voorkomt."},
    )
    code = Text(max_length=MAX_CODE, filled=True, required=True, metadata={"description": "Het nummer dat erop staat."})

    @ma.post_load
    def _ref(self, data: dict[str, Any], **_: Any) -> ObjectRef:
        found = read_ref(f"{data['kind']}:{data['code']}" if "kind" in data else data["code"])
        if found is None or ":" in data["code"]:
            raise ma.ValidationError(
                {"code": ["code_onjuist|Dit kan geen nummer zijn. Typ het over zoals het er staat."]}
            )
        return found


class ObjectRefOut(Shape):
    """The thing that a melding is about."""

    kind = ma.fields.String(data_key="soort", required=True)
    code = ma.fields.String(required=True)


class ObjectsQuery(PageQuery, CrsQuery):
    """Which things: around a place, within a box, or with a number."""

    lon = ma.fields.String(metadata={"type": "number", "description": "Lengte, samen met lat."})
    lat = ma.fields.String(metadata={"type": "number", "description": "Breedte, samen met lon."})
    radius_m = Whole(
        least=10, most=500, load_default=100, data_key="straal", metadata={"description": "In meters, rond de plek."}
    )
    bbox = Text(
        max_length=200, metadata={"description": "Links, onder, rechts, boven.", "example": "4.6,52.6,4.8,52.7"}
    )
    bbox_crs = Text(
        data_key="bbox-crs", max_length=100, metadata={"description": "Stelsel van bbox; zonder is het WGS 84."}
    )
    code = Text(max_length=MAX_CODE, metadata={"description": "Het nummer dat erop staat."})
    kind = Slug(data_key="soort", metadata={"description": "Alleen van deze soort."})
    category = Slug(
        data_key="categorie", metadata={"description": "Alleen wat bij deze hoofdcategorie hoort; rond een plek."}
    )
    gemeente = Slug(metadata={"description": "Alleen van deze gemeente."})


class ObjectOut(Shape):
    """A thing with a number."""

    kind = ma.fields.String(data_key="soort", required=True, metadata={"pattern": f"^{KIND.pattern}$"})
    code = ma.fields.String(required=True)
    name = ma.fields.String(data_key="naam", required=True, metadata={"description": "Mag leeg zijn."})
    category = ma.fields.String(
        data_key="categorie", required=True, metadata={"description": "Waar een melding erover meestal over gaat."}
    )
    gemeente_slug = Slug(data_key="gemeente", required=True)
    location = Place(data_key="locatie", required=True)
    metres = ma.fields.Integer(data_key="afstandMeter", metadata={"description": "Alleen rond een plek."})


class ObjectsOut(Shape):
    """A page of things."""

    example = {
        "objecten": [
            {
                **ABOUT,
                "naam": "",
                "categorie": "lantaarnpaal-brandt-niet",
                "gemeente": "bergen-nh",
                "locatie": {"type": "Point", "coordinates": [4.7019, 52.6701]},
                "afstandMeter": 12,
            }
        ]
    }
    objects = ma.fields.List(ma.fields.Nested(ObjectOut), data_key="objecten", required=True)


class AddressQuery(CrsQuery):
    """What somebody is looking for."""

    words = Text(
        data_key="zoek",
        max_length=LONGEST,
        required=True,
        metadata={"description": "Straat en huisnummer, of postcode en huisnummer.", "example": "1861GE 12"},
    )
    gemeente = Slug(metadata={"description": "Alleen van deze gemeente."})


class AddressOut(Shape):
    """An address, or a whole street with a point in its middle."""

    text = ma.fields.String(data_key="tekst", required=True)
    location = Place(data_key="locatie", required=True)
    whole_street = ma.fields.Boolean(data_key="heleStraat", required=True)


class AddressesOut(Shape):
    """What may be meant, likeliest first."""

    example = {
        "beschikbaar": True,
        "adressen": [
            {
                "tekst": "Breelaan 12, 1861GE Bergen",
                "locatie": {"type": "Point", "coordinates": [4.7019, 52.6701]},
                "heleStraat": False,
            }
        ],
    }
    available = ma.fields.Boolean(
        data_key="beschikbaar",
        required=True,
        metadata={"description": "`false`: er is nu geen adreszoeker. Kies de plek op een andere manier."},
    )
    addresses = ma.fields.List(ma.fields.Nested(AddressOut), data_key="adressen", required=True)

"""What anyone reads: categories, gemeenten, places, meldingen nearby and the coordinate systems."""

import marshmallow as ma

from ..crs import CRS84, SUPPORTED, Place
from ..fields import Choice, Day, Moment, Slug, Text, Whole
from .base import Shape
from .beforehand import BeforehandOut


class QuestionOut(Shape):
    """An extra question of a category."""

    id = ma.fields.String(required=True, metadata={"description": "Naam van het antwoord in `antwoorden`."})
    label = ma.fields.String(data_key="vraag", required=True)
    type = Choice("tekst", "getal", "janee", "keuze", "meerkeuze", data_key="soort", required=True)
    options = ma.fields.List(ma.fields.String(), data_key="opties")
    required = ma.fields.Boolean(data_key="verplicht")


class CategoryOut(Shape):
    """A category that a melder can choose."""

    slug = Slug(required=True)
    main_slug = Slug(
        data_key="hoofdcategorie", allow_none=True, metadata={"description": "Leeg bij een hoofdcategorie."}
    )
    name = ma.fields.String(data_key="naam", required=True)
    hint = ma.fields.String(
        required=True,
        metadata={"description": "Raad om te tonen na het kiezen. Mag leeg zijn."},
    )
    gemeente_slug = Slug(data_key="gemeente", required=True)
    term_days = ma.fields.Integer(data_key="termijnWerkdagen", required=True)
    danger = ma.fields.Boolean(data_key="spoed", required=True, metadata={"description": "Bel bij gevaar altijd."})
    public = ma.fields.Boolean(
        data_key="openbaar", required=True, metadata={"description": "Of meldingen hiervan op de kaart komen."}
    )
    questions = ma.fields.List(ma.fields.Nested(QuestionOut), data_key="vragen", required=True)
    questions_version = ma.fields.Integer(
        data_key="vragenVersie", required=True, metadata={"description": "Gaat omhoog als de vragen veranderen."}
    )
    beforehand = ma.fields.Nested(
        BeforehandOut,
        data_key="eerstDit",
        required=True,
        allow_none=True,
        metadata={"description": "Wat de melder eerst leest. Met `stopt` nemen wij geen melding aan."},
    )


class CategoriesOut(Shape):
    """All categories."""

    example = {
        "categorieen": [
            {
                "slug": "lantaarnpaal-kapot",
                "hoofdcategorie": "verlichting",
                "naam": "Lantaarnpaal is kapot",
                "hint": "",
                "gemeente": "bergen-nh",
                "termijnWerkdagen": 5,
                "spoed": False,
                "openbaar": True,
                "vragen": [{"id": "lichtmast", "vraag": "Welk nummer staat op de paal?", "soort": "tekst"}],
                "vragenVersie": 1,
                "eerstDit": None,
            }
        ]
    }
    categories = ma.fields.List(ma.fields.Nested(CategoryOut), data_key="categorieen", required=True)


class BannerOut(Shape):
    """What stands on every page for a while."""

    text = ma.fields.String(data_key="tekst", required=True)
    until = Moment(data_key="tot", required=True, metadata={"description": "Daarna niet meer tonen."})


class ProposalIn(Shape):
    """What somebody is typing."""

    example = {"tekst": "lantarenpaal doet het niet", "gemeente": "bergen-nh"}
    text = Text(data_key="tekst", required=True, metadata={"description": "Wat de melder tot nu toe schreef."})
    gemeente = Slug(metadata={"description": "Voor welke gemeente; niet nodig als er één is."})


class ProposalOut(Shape):
    """A category to propose."""

    slug = Slug(required=True)
    name = ma.fields.String(data_key="naam", required=True)
    main_slug = ma.fields.String(
        data_key="hoofdcategorie", required=True, metadata={"description": "Leeg als de categorie er geen heeft."}
    )
    main_name = ma.fields.String(data_key="hoofdnaam", required=True)


class ProposalsOut(Shape):
    """At most three."""

    example = {
        "categorieen": [
            {
                "slug": "lantaarnpaal-brandt-niet",
                "naam": "Lantaarnpaal brandt niet",
                "hoofdcategorie": "verlichting",
                "hoofdnaam": "Straatverlichting",
            }
        ]
    }
    categories = ma.fields.List(ma.fields.Nested(ProposalOut), data_key="categorieen", required=True)


class GemeenteOut(Shape):
    """A gemeente of this installation."""

    slug = Slug(required=True)
    name = ma.fields.String(data_key="naam", required=True)
    code = ma.fields.String(required=True, metadata={"description": "CBS-code, zoals GM0373."})
    phone = ma.fields.String(data_key="telefoon")
    hours = ma.fields.String(data_key="openingstijden")
    email = ma.fields.String()
    website = ma.fields.String()
    banner = ma.fields.Nested(
        BannerOut,
        data_key="mededeling",
        required=True,
        allow_none=True,
        metadata={"description": "Wat iedereen nu moet weten, zoals een storing. Toon het bovenaan."},
    )


class GemeentenOut(Shape):
    """All gemeenten."""

    example = {
        "gemeenten": [
            {
                "slug": "bergen-nh",
                "naam": "Bergen (NH)",
                "code": "GM0373",
                "telefoon": "072 888 00 00",
                "openingstijden": "maandag tot en met vrijdag van 8.30 tot 17.00 uur",
                "email": "info@voorbeeld.nl",
                "website": "https://voorbeeld.nl",
                "mededeling": None,
            }
        ]
    }
    gemeenten = ma.fields.List(ma.fields.Nested(GemeenteOut), required=True)


class GemeentenQuery(ma.Schema):
    """Which gemeente."""

    gemeente = Slug(metadata={"description": "Alleen van deze gemeente."})


class DangerIn(Shape):
    """What a melder wrote until now."""

    example = {"tekst": "Er steekt een losse draad uit de lantaarnpaal", "gemeente": "bergen-nh"}
    text = Text(data_key="tekst", required=True, metadata={"description": "Wat de melder tot nu toe schreef."})
    gemeente = Slug(metadata={"description": "Voor welke gemeente; zonder geldt wat een van onze gemeenten vraagt."})


class DangerOut(Shape):
    """Whether to ask "Is het nu gevaarlijk?"."""

    example = {"vragen": True}
    ask = ma.fields.Boolean(data_key="vragen", required=True)


class CrsQuery(ma.Schema):
    """In which coordinate system the answer is wanted; crs.py reads it."""

    crs = ma.fields.String(
        metadata={
            "description": "Coördinatenstelsel van het antwoord; zonder is het WGS 84, eerst de lengte.",
            "enum": list(SUPPORTED),
            "example": CRS84,
        }
    )


class PointQuery(CrsQuery):
    """A place in a query."""

    lon = ma.fields.String(required=True, metadata={"type": "number", "description": "Lengte, zoals 4.7019."})
    lat = ma.fields.String(required=True, metadata={"type": "number", "description": "Breedte, zoals 52.6701."})


class AreaOut(Shape):
    """A wijk or buurt."""

    code = ma.fields.String(required=True)
    name = ma.fields.String(data_key="naam", required=True)


class LocationOut(Shape):
    """What we know of a place."""

    example = {
        "locatie": {"type": "Point", "coordinates": [4.7019, 52.6701]},
        "vanOns": True,
        "gemeente": "Bergen (NH)",
        "gemeenteSlug": "bergen-nh",
        "wijk": {"code": "WK037300", "naam": "Bergen"},
        "buurt": {"code": "BU03730000", "naam": "Bergen Centrum"},
        "afstandTotGrensMeter": 0,
    }
    location = Place(data_key="locatie", required=True)
    ours = ma.fields.Boolean(data_key="vanOns", required=True, metadata={"description": "Of wij hier meldingen doen."})
    gemeente = ma.fields.String(allow_none=True, metadata={"description": "Naam van de gemeente, als wij die kennen."})
    gemeente_slug = Slug(data_key="gemeenteSlug", allow_none=True)
    wijk = ma.fields.Nested(AreaOut, allow_none=True)
    buurt = ma.fields.Nested(AreaOut, allow_none=True)
    metres = ma.fields.Integer(
        data_key="afstandTotGrensMeter",
        allow_none=True,
        metadata={"description": "Hoe ver buiten de dichtstbijzijnde gemeente van ons; 0 erin."},
    )
    address = ma.fields.String(data_key="adres", metadata={"description": "Alleen als er een adreszoeker is."})


class NearbyQuery(PointQuery):
    """Where to look, and how far."""

    radius_m = Whole(least=10, most=500, load_default=100, data_key="straal", metadata={"description": "In meters."})
    category = Slug(data_key="categorie", metadata={"description": "Alleen van deze categorie."})


class NearbyItem(Shape):
    """An open problem that others reported, without words or persons."""

    public_id = ma.fields.String(
        data_key="id", required=True, metadata={"description": "Geef dit mee als `zelfdeAls`: dit heb ik ook."}
    )
    category_slug = Slug(data_key="categorie", required=True)
    category_name = ma.fields.String(data_key="categorieNaam", required=True)
    status_words = ma.fields.String(data_key="statusTekst", required=True)
    location = Place(data_key="locatie", required=True)
    metres = ma.fields.Integer(data_key="afstandMeter", required=True)
    received_on = Day(data_key="gemeldDatum", required=True)
    count = ma.fields.Integer(data_key="aantalMeldingen", required=True)


class NearbyOut(Shape):
    """The open problems near a place."""

    example = {
        "meldingen": [
            {
                "id": "p1f3kq7y2mzt8wbn",
                "categorie": "lantaarnpaal-kapot",
                "categorieNaam": "Lantaarnpaal is kapot",
                "statusTekst": "ingepland",
                "locatie": {"type": "Point", "coordinates": [4.7019, 52.6701]},
                "afstandMeter": 24,
                "gemeldDatum": "2026-04-13",
                "aantalMeldingen": 3,
            }
        ]
    }
    meldingen = ma.fields.List(ma.fields.Nested(NearbyItem), required=True)


class CrsOut(Shape):
    """The coordinate systems we know, the default first (ADR-40)."""

    example = {"crs": list(SUPPORTED)}
    crs = ma.fields.List(ma.fields.String(metadata={"format": "uri"}), required=True)

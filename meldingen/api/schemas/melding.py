"""What a melder, the KCC or a partner app sends and reads about one melding."""

from typing import Any

import marshmallow as ma
from flask import request

from ...domain.contact import MAX_NAME, PREFERENCES, parse_contact
from ...domain.errors import InvalidInput
from ...domain.intake import INTAKE_CHANNELS, MAX_ACCURACY_M, MAX_ADDRESS, MAX_PHOTOS
from ..crs import Place
from ..fields import Choice, Day, Flag, Free, Moment, Nested, Refuses, Slug, Text, Whole
from .base import Shape, TimelineEntry
from .bericht import NoticeOut
from .oordeel import AskedOut
from .plek import ObjectIn, ObjectRefOut

CHANNELS = tuple(channel for channel in INTAKE_CHANNELS if channel != "partner")
PLACE = {"type": "Point", "coordinates": [4.7019, 52.6701]}


class Raw(Refuses, ma.fields.String):
    """A text that the whole of the contact is judged with, so that all its mistakes come at once."""

    def _deserialize(self, value: Any, *_: Any, **__: Any) -> Any:
        return value


class ContactIn(Shape):
    """How the melder can be reached; all of it optional, never a BSN."""

    name = Raw(data_key="naam", metadata={"maxLength": MAX_NAME})
    email = Raw(metadata={"format": "email", "maxLength": 320})
    phone = Raw(data_key="telefoon", metadata={"maxLength": 50, "description": "Zoals u het schrijft, ook +31…"})
    preference = Raw(
        data_key="voorkeur", metadata={"enum": list(PREFERENCES), "description": "Hoe u het liefst bericht krijgt."}
    )
    only_when_done = Flag(
        data_key="alleenAlsHetKlaarIs", load_default=False, metadata={"description": "Alleen bericht als het klaar is."}
    )
    night_too = Flag(
        data_key="ookSNachts", load_default=False, metadata={"description": "Ook tussen 22 en 7 uur een sms of push."}
    )
    postal_address = Raw(
        data_key="postadres",
        metadata={"maxLength": MAX_ADDRESS, "description": "Regels van een envelop, voor een brief op papier."},
    )

    @ma.validates_schema(skip_on_field_errors=False)
    def _judge(self, data: dict[str, Any], **_: Any) -> None:
        try:
            data["read"] = parse_contact(**data, prefix="")
        except InvalidInput as error:
            raise ma.ValidationError({f.field: [f"{f.code}|{f.detail}"] for f in error.fields}) from error

    @ma.post_load
    def _contact(self, data: dict[str, Any], **_: Any) -> Any:
        return data["read"]  # as _judge read it


class MeldingIn(Shape):
    """A new melding: a place and one of text and photo; all else is optional."""

    multipart = "melding"
    example = {
        "locatie": PLACE,
        "omschrijving": "Het verkeersbord op de hoek ligt op de stoep.",
        "categorie": "verkeersbord-kapot",
        "contact": {"naam": "J. de Vries", "email": "j.devries@voorbeeld.nl", "voorkeur": "email"},
    }
    gemeente_slug = Slug(data_key="gemeente", metadata={"description": "Mag weg: dan beslist de plaats."})
    location = Place(data_key="locatie")
    source = Choice("pin", "adres", "gps", data_key="locatieBron", load_default="pin")
    accuracy_m = Whole(
        most=MAX_ACCURACY_M,
        data_key="nauwkeurigheidMeter",
        metadata={"description": "Zo ver kan het ernaast zijn."},
    )
    object = Nested(ObjectIn, metadata={"description": "Het ding waar het om gaat. Dan mag de plaats weg."})
    address = Text(data_key="adres", max_length=MAX_ADDRESS, load_default="")
    location_note = Text(data_key="locatieToelichting", load_default="", metadata={"example": "Achter de kerk."})
    description = Text(data_key="omschrijving", load_default="", metadata={"description": "Wat u ziet."})
    category_slug = Slug(data_key="categorie", metadata={"description": "Weet u het niet: laat weg."})
    answers = Free(
        data_key="antwoorden", load_default=dict, metadata={"description": "Op de vragen van de categorie, per id."}
    )
    danger = Flag(data_key="gevaar", load_default=False, metadata={"description": "Nu gevaar voor mensen."})
    danger_answer = Choice(
        "ja",
        "nee",
        data_key="gevaarAntwoord",
        metadata={"description": "Op uw vraag 'Is het nu gevaarlijk?'. Alleen als u het vroeg; zie /gevaarvragen."},
    )
    photos_expected = Whole(
        data_key="fotosVolgen",
        least=0,
        most=MAX_PHOTOS,
        load_default=0,
        metadata={"description": "Hoeveel foto's u hierna nog stuurt."},
    )
    contact = Nested(ContactIn)
    same_as = Text(
        data_key="zelfdeAls", max_length=20, metadata={"description": "Dit heb ik ook: een id van /meldingen-nabij."}
    )
    intake_channel = Choice(
        *CHANNELS, data_key="kanaal", metadata={"description": "Alleen medewerkers kiezen; anders is het `app`."}
    )
    join_opdracht_id = Whole(data_key="opdracht", metadata={"description": "Alleen medewerkers: hoort hierbij."})
    kcc_note = Text(data_key="notitie", load_default="", metadata={"description": "Alleen medewerkers."})

    @ma.validates_schema(pass_original=True, skip_on_field_errors=False)
    def _complete(self, _data: dict[str, Any], original: Any, **_: Any) -> None:
        if not isinstance(original, dict) or request.files or request.method != "POST":
            return
        errors = {}
        if "locatie" not in original and not original.get("object"):
            errors["locatie"] = ["plaats_ontbreekt|Zeg waar het is: een plek op de kaart, of een adres met die plek."]
        said = original.get("omschrijving")
        if not (said.strip() if isinstance(said, str) else said) and not original.get("fotosVolgen"):
            errors["omschrijving"] = ["tekst_of_foto_ontbreekt|Vertel wat u ziet, of stuur een foto mee."]
        if errors:
            raise ma.ValidationError(errors)


class PhotoResultOut(Shape):
    """How one photo fared."""

    position = ma.fields.Integer(data_key="volgnummer", required=True, metadata={"description": "1 is de eerste."})
    outcome = Choice("ontvangen", "al_ontvangen", "geweigerd", "opnieuw_sturen", data_key="uitkomst", required=True)
    public_id = ma.fields.String(data_key="id")
    code = ma.fields.String()
    detail = ma.fields.String(metadata={"description": "Waarom niet, in gewone taal."})

    @ma.post_dump
    def _leave_out_empty(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value != ""}


class PhotoResultsOut(Shape):
    """How the photos fared, in the order they came."""

    example = {"fotos": [{"volgnummer": 1, "uitkomst": "ontvangen", "id": "3f9c2d5e8a7b4c1d9e0f1a2b3c4d5e6f"}]}
    photos = ma.fields.List(ma.fields.Nested(PhotoResultOut), data_key="fotos", required=True)


class NamedOut(Shape):
    """Something with a short name and a name."""

    slug = Slug(required=True)
    name = ma.fields.String(data_key="naam", required=True)


class GemeenteContactOut(NamedOut):
    """Who handles it, and how to phone them."""

    phone = ma.fields.String(data_key="telefoon")
    hours = ma.fields.String(data_key="openingstijden")


class UnderstoodOut(Shape):
    """What we understood of a new melding."""

    location = Place(data_key="locatie", required=True)
    source = ma.fields.String(data_key="locatieBron", required=True)
    address = ma.fields.String(data_key="adres")
    location_note = ma.fields.String(data_key="locatieToelichting")
    object = ma.fields.Nested(ObjectRefOut, metadata={"description": "Alleen als het om een ding met een nummer gaat."})
    wijk = ma.fields.String(allow_none=True)
    category = ma.fields.Nested(NamedOut, data_key="categorie", allow_none=True)
    description = ma.fields.String(data_key="omschrijving")
    danger = ma.fields.Boolean(
        data_key="gevaar",
        required=True,
        metadata={"description": "Gezegd, geantwoord, of gehoord in de tekst: wij geven het meteen door."},
    )
    danger_suspected = ma.fields.Boolean(
        data_key="gevaarVermoed",
        required=True,
        metadata={"description": "De tekst klinkt gevaarlijk. Iemand kijkt er eerst naar; er is geen alarm."},
    )


class WarningOut(Shape):
    """Something the writer may want to mend."""

    code = ma.fields.String(required=True)
    detail = ma.fields.String(required=True)


class MeldingMade(Shape):
    """The answer to a new melding: its number, what we promise, and how to follow it."""

    example = {
        "nummer": "2670001234",
        "toonNummer": "26 7000 1234",
        "status": "ontvangen",
        "volgToken": "kP0W1v2xY3z4A5b6C7d8E9fAAQ",
        "volgUrl": "https://meldingen.voorbeeld.nl/v/kP0W1v2xY3z4A5b6C7d8E9fAAQ",
        "beloofdeDatum": "2026-04-21",
        "gemeente": {"slug": "bergen-nh", "naam": "Bergen (NH)", "telefoon": "072 888 00 00", "openingstijden": ""},
        "begrepen": {
            "locatie": PLACE,
            "locatieBron": "pin",
            "adres": "",
            "locatieToelichting": "",
            "wijk": "WK037300",
            "categorie": {"slug": "verkeersbord-kapot", "naam": "Verkeersbord is kapot of weg"},
            "omschrijving": "Het verkeersbord op de hoek ligt op de stoep.",
            "gevaar": False,
            "gevaarVermoed": False,
        },
        "waarschuwingen": [],
        "fotos": [],
    }
    number = ma.fields.String(data_key="nummer", required=True)
    shown_number = ma.fields.String(data_key="toonNummer", required=True)
    status = ma.fields.String(required=True)
    token = ma.fields.String(data_key="volgToken", required=True)
    follow_url = ma.fields.String(data_key="volgUrl", required=True, metadata={"format": "uri"})
    promised_on = Day(data_key="beloofdeDatum", required=True)
    referred_to = ma.fields.String(
        data_key="doorverwezenNaar",
        metadata={"description": "De gemeente waar deze plek bij hoort, als wij dat niet zijn."},
    )
    gemeente = ma.fields.Nested(GemeenteContactOut, required=True)
    understood = ma.fields.Nested(UnderstoodOut, data_key="begrepen", required=True)
    warnings = ma.fields.List(ma.fields.Nested(WarningOut), data_key="waarschuwingen", required=True)
    photos = ma.fields.List(ma.fields.Nested(PhotoResultOut), data_key="fotos", required=True)


class PhotoOut(Shape):
    """A photo that may be looked at."""

    public_id = ma.fields.String(data_key="id", required=True)
    kind = Choice("melder", "team", data_key="van", required=True)
    public = ma.fields.Boolean(
        data_key="openbaar", required=True, metadata={"description": "Of een medewerker hem voor iedereen openstelde."}
    )
    small = ma.fields.String(data_key="klein", required=True, metadata={"format": "uri-reference"})
    large = ma.fields.String(data_key="groot", required=True, metadata={"format": "uri-reference"})
    received_at = Moment(data_key="ontvangenOp", required=True)


class PublicityIn(Shape):
    """Whether anyone may see a photo."""

    example = {"openbaar": True}
    public = Flag(data_key="openbaar", required=True)


class PublicityOut(PublicityIn):
    """The photo as it is now."""

    example = {"id": "3f9c2d5e8a7b4c1d9e0f1a2b3c4d5e6f", "openbaar": True}
    public_id = ma.fields.String(data_key="id", required=True)


class PartOut(Shape):
    """The work of one team on this melding."""

    category_name = ma.fields.String(data_key="categorie", required=True)
    team_name = ma.fields.String(data_key="team", required=True)
    status = ma.fields.String(required=True)
    words = ma.fields.String(data_key="tekst", required=True)
    outcome = Choice("opgelost", "niet_opgelost", "overgedragen", data_key="uitkomst", allow_none=True)
    planned_on = Day(data_key="geplandeDatum", allow_none=True)


class ContactOut(Shape):
    """The melder's data, for those who phone and write; each look is logged."""

    example = {
        "naam": "J. de Vries",
        "email": "j.devries@voorbeeld.nl",
        "telefoon": "+31728880000",
        "voorkeur": "email",
        "alleenAlsHetKlaarIs": False,
        "ookSNachts": False,
        "postadres": "",
    }
    name = ma.fields.String(data_key="naam")
    email = ma.fields.String()
    phone = ma.fields.String(data_key="telefoon")
    preference = ma.fields.String(data_key="voorkeur", allow_none=True)
    only_when_done = ma.fields.Boolean(data_key="alleenAlsHetKlaarIs")
    night_too = ma.fields.Boolean(data_key="ookSNachts")
    postal_address = ma.fields.String(data_key="postadres")


class MeldingOut(Shape):
    """How a melding stands."""

    example = {
        "nummer": "2670001234",
        "toonNummer": "26 7000 1234",
        "status": "afgehandeld",
        "statusTekst": "Opgelost",
        "gemeente": MeldingMade.example["gemeente"],
        "ontvangenOp": "2026-04-14T06:47:00Z",
        "beloofdeDatum": "2026-04-21",
        "locatie": PLACE,
        "adres": "",
        "locatieToelichting": "",
        "categorie": {"slug": "verkeersbord-kapot", "naam": "Verkeersbord is kapot of weg"},
        "omschrijving": "Het verkeersbord op de hoek ligt op de stoep.",
        "gevaar": False,
        "opdrachten": [
            {
                "categorie": "Verkeersbord is kapot of weg",
                "team": "Serviceteam Bergen",
                "status": "gereed",
                "tekst": "Opgelost: Het bord is inmiddels vervangen.",
                "uitkomst": "opgelost",
                "geplandeDatum": None,
            }
        ],
        "tijdlijn": [
            {"op": "2026-04-14T06:47:00Z", "tekst": "Wij hebben uw melding ontvangen."},
            {"op": "2026-04-15T09:12:00Z", "tekst": "Opgelost: Het bord is inmiddels vervangen."},
        ],
        "berichten": [NoticeOut.example],
        "fotos": [],
        "fotosOntbreken": 0,
        "oordeel": {
            "vraag": "opgelost",
            "tot": "2026-05-15T09:12:00Z",
            "kanNog": True,
            "antwoord": None,
            "genoegGehoord": None,
            "cijfer": None,
        },
    }
    number = ma.fields.String(data_key="nummer", required=True)
    shown_number = ma.fields.String(data_key="toonNummer", required=True)
    status = ma.fields.String(required=True)
    status_words = ma.fields.String(data_key="statusTekst", required=True)
    gemeente = ma.fields.Nested(GemeenteContactOut, required=True)
    received_at = Moment(data_key="ontvangenOp", required=True)
    promised_on = Day(data_key="beloofdeDatum", required=True)
    referred_to = ma.fields.String(data_key="doorverwezenNaar")
    location = Place(data_key="locatie", required=True)
    address = ma.fields.String(data_key="adres")
    location_note = ma.fields.String(data_key="locatieToelichting")
    object = ma.fields.Nested(ObjectRefOut, metadata={"description": "Alleen als het om een ding met een nummer gaat."})
    category = ma.fields.Nested(NamedOut, data_key="categorie", allow_none=True)
    description = ma.fields.String(data_key="omschrijving")
    danger = ma.fields.Boolean(data_key="gevaar", required=True)
    parts = ma.fields.List(ma.fields.Nested(PartOut), data_key="opdrachten", required=True)
    timeline = ma.fields.List(ma.fields.Nested(TimelineEntry), data_key="tijdlijn", required=True)
    notices = ma.fields.List(
        ma.fields.Nested(NoticeOut),
        data_key="berichten",
        required=True,
        metadata={"description": "Wat wij de melder stuurden, het nieuwste eerst."},
    )
    photos = ma.fields.List(ma.fields.Nested(PhotoOut), data_key="fotos", required=True)
    photos_missing = ma.fields.Integer(data_key="fotosOntbreken", required=True)
    question = ma.fields.Nested(
        TimelineEntry,
        data_key="vraag",
        metadata={"description": "Wat een team nu van de melder wil weten. Antwoord met een aanvulling."},
    )
    verdict = ma.fields.Nested(
        AskedOut, data_key="oordeel", metadata={"description": "Alleen na het einde, 30 dagen lang."}
    )

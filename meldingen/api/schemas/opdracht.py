"""What teams, KCC and coordinators read and do: opdrachten and the moves on them."""

import marshmallow as ma

from ...domain.workflow import OPDRACHT_STATUSES, OUTCOMES
from ...flow.library import delay_reasons, reasons
from ...flow.refused import DECISIONS
from ...store.worklists import ORDERS
from ..crs import Place
from ..fields import Choice, Codes, Day, Flag, Moment, Slug, Text, Whole
from ..paging import PageQuery
from .base import Shape, TimelineEntry
from .melding import PLACE, NamedOut, PhotoOut, PhotoResultOut
from .plek import ObjectRefOut
from .public import CrsQuery


class OpdrachtenQuery(PageQuery, CrsQuery):
    """Which opdrachten, in which order."""

    gemeente_slug = Slug(data_key="gemeente", metadata={"description": "Alleen van deze gemeente."})
    team_slug = Slug(data_key="team", metadata={"description": "Alleen van dit team."})
    category_slug = Slug(data_key="categorie", metadata={"description": "Alleen van deze categorie."})
    area_code = Text(data_key="gebied", max_length=20, metadata={"description": "Code van een wijk of buurt."})
    status = Choice(
        "open", *OPDRACHT_STATUSES, load_default="open", metadata={"description": "`open` is alles wat nog loopt."}
    )
    danger = Flag(data_key="gevaar", metadata={"description": "Alleen met, of alleen zonder gevaar."})
    order = Choice(
        *ORDERS, data_key="volgorde", load_default="termijn", metadata={"description": "Wat bovenaan staat."}
    )
    bbox = Text(
        max_length=200, metadata={"description": "Links, onder, rechts, boven.", "example": "4.6,52.6,4.8,52.7"}
    )
    bbox_crs = Text(
        data_key="bbox-crs", max_length=100, metadata={"description": "Stelsel van bbox; zonder is het WGS 84."}
    )


class OpdrachtItem(Shape):
    """An opdracht in a list."""

    id = Whole(required=True)
    version = ma.fields.Integer(data_key="versie", required=True)
    status = Choice(*OPDRACHT_STATUSES, required=True)
    status_words = ma.fields.String(data_key="statusTekst", required=True)
    gemeente = ma.fields.Nested(NamedOut, required=True)
    category = ma.fields.Nested(NamedOut, data_key="categorie", required=True)
    team = ma.fields.Nested(NamedOut, required=True)
    location = Place(data_key="locatie", required=True)
    address = ma.fields.String(data_key="adres")
    location_note = ma.fields.String(data_key="locatieToelichting")
    wijk_code = ma.fields.String(data_key="wijk", allow_none=True)
    danger = ma.fields.Boolean(data_key="gevaar", required=True)
    danger_suspected = ma.fields.Boolean(
        data_key="gevaarVermoed",
        required=True,
        metadata={"description": "De tekst klinkt gevaarlijk, en niemand kon het vragen. Staat bovenaan; kijk eerst."},
    )
    urgency = Choice("laag", "normaal", "hoog", "spoed", data_key="urgentie", required=True)
    priority = ma.fields.Integer(data_key="prioriteit", required=True)
    received_at = Moment(data_key="ontvangenOp", required=True)
    due_at = Moment(data_key="uiterlijkOp", required=True)
    planned_on = Day(data_key="geplandeDatum", allow_none=True)
    party_since_at = Moment(
        data_key="bijPartijSinds",
        allow_none=True,
        metadata={"description": "Sinds wanneer een externe partij hem heeft."},
    )
    expected_on = Day(
        data_key="verwachteDatum", allow_none=True, metadata={"description": "De dag die de externe partij noemde."}
    )
    melders = ma.fields.Integer(data_key="aantalMeldingen", required=True)
    possible = Codes(data_key="mogelijk", required=True)


ITEM = {
    "id": 12,
    "versie": 3,
    "status": "opgepakt",
    "statusTekst": "opgepakt",
    "gemeente": {"slug": "bergen-nh", "naam": "Bergen (NH)"},
    "categorie": {"slug": "verkeersbord-kapot", "naam": "Verkeersbord is kapot of weg"},
    "team": {"slug": "serviceteam-bergen", "naam": "Serviceteam Bergen"},
    "locatie": PLACE,
    "adres": "",
    "locatieToelichting": "Op de hoek bij de bakker.",
    "wijk": "WK037300",
    "gevaar": False,
    "gevaarVermoed": False,
    "urgentie": "normaal",
    "prioriteit": 100,
    "ontvangenOp": "2026-04-14T06:47:00Z",
    "uiterlijkOp": "2026-04-21T22:00:00Z",
    "geplandeDatum": None,
    "bijPartijSinds": None,
    "verwachteDatum": None,
    "aantalMeldingen": 1,
    "mogelijk": ["planningen", "vragen", "overdrachten", "afhandelingen", "notities", "fotos"],
}


class OpdrachtenOut(Shape):
    """A page of opdrachten."""

    example = {"opdrachten": [ITEM]}
    opdrachten = ma.fields.List(ma.fields.Nested(OpdrachtItem), required=True)


class LinkedMelding(Shape):
    """A melding that this opdracht answers."""

    number = ma.fields.String(data_key="nummer", required=True)
    description = ma.fields.String(data_key="omschrijving")
    object = ma.fields.Nested(ObjectRefOut, metadata={"description": "Alleen als het om een ding met een nummer gaat."})
    received_at = Moment(data_key="ontvangenOp", required=True)
    intake_channel = ma.fields.String(data_key="kanaal", required=True)
    flags = ma.fields.List(ma.fields.String(), data_key="kenmerken", required=True)
    can_be_reached = ma.fields.Boolean(data_key="bereikbaar", required=True)
    photos_missing = ma.fields.Integer(
        data_key="fotosOntbreken", required=True, metadata={"description": "Aangekondigd, en na een uur niet gekomen."}
    )


class NoteOut(Shape):
    """Words of a colleague or a melder."""

    kind = ma.fields.String(data_key="soort", required=True)
    text = ma.fields.String(data_key="tekst", required=True)
    at = Moment(data_key="op", required=True)


class ClosureOut(Shape):
    """How it was closed."""

    outcome = Choice(*OUTCOMES, data_key="uitkomst", required=True)
    reason = ma.fields.String(data_key="reden")
    sentence = ma.fields.String(data_key="zin")
    partner = ma.fields.String(data_key="partij")
    closed_at = Moment(data_key="op", required=True)


class OpdrachtOut(OpdrachtItem):
    """An opdracht with everything a team needs."""

    example = {
        **ITEM,
        "reden": "Verkeersborden in Bergen gaan naar Serviceteam Bergen.",
        "meldingen": [
            {
                "nummer": "2670001234",
                "omschrijving": "Het verkeersbord op de hoek ligt op de stoep.",
                "ontvangenOp": "2026-04-14T06:47:00Z",
                "kanaal": "app",
                "kenmerken": [],
                "bereikbaar": True,
                "fotosOntbreken": 0,
            }
        ],
        "notities": [],
        "fotos": [],
        "afhandelingen": [],
        "tijdlijn": [{"op": "2026-04-14T06:47:02Z", "tekst": "toegewezen"}],
    }
    routing_reason = ma.fields.String(data_key="reden", metadata={"description": "Waarom dit team."})
    meldingen = ma.fields.List(ma.fields.Nested(LinkedMelding), required=True)
    notes = ma.fields.List(ma.fields.Nested(NoteOut), data_key="notities", required=True)
    photos = ma.fields.List(ma.fields.Nested(PhotoOut), data_key="fotos", required=True)
    closures = ma.fields.List(ma.fields.Nested(ClosureOut), data_key="afhandelingen", required=True)
    timeline = ma.fields.List(ma.fields.Nested(TimelineEntry), data_key="tijdlijn", required=True)


class MoveIn(Shape):
    """What any move may carry when it waited in a device without coverage (KLANTREIS rule 4)."""

    base_version = Whole(
        data_key="basisversie", metadata={"description": "Alleen na wachten zonder bereik: de versie van toen."}
    )
    device_at = Moment(
        data_key="apparaattijd", metadata={"description": "Alleen na wachten zonder bereik: wanneer het echt gebeurde."}
    )


class UndoIn(MoveIn):
    """Somebody closed it by mistake."""

    example = {}


class DecidedIn(Shape):
    """What a person made of a step that was refused."""

    example = {"stap": "3f0c1b9e-6a4d-4f7e-9a51-0c2d7d1f1a11", "besluit": "laten"}
    operation_id = Text(data_key="stap", required=True, filled=True, max_length=100)
    decision = Choice(*DECISIONS, data_key="besluit", required=True)


class DecidedOut(DecidedIn):
    """The same, kept."""


class TakeUpIn(MoveIn):
    """Somebody starts."""

    example = {}


class PlanIn(MoveIn):
    """The day of the work."""

    example = {"plandatum": "2026-04-16"}
    planned_on = Day(data_key="plandatum", required=True)


class ExpectIn(MoveIn):
    """The day on which an external party thinks to be ready."""

    example = {"datum": "2026-04-16"}
    expected_on = Day(data_key="datum", required=True)


class PostponeIn(MoveIn):
    """A new date and why; or the word that the promised date will be met."""

    example = {"datum": "2026-04-24", "reden": "onderdeel-besteld", "zin": "De nieuwe mast komt woensdag."}
    new_date = Day(data_key="datum", metadata={"description": "De volgende werkdag of later, na wat was beloofd."})
    reason = Choice(*(slug for slug, known in delay_reasons().items() if not known.by_system), data_key="reden")
    sentence = Text(data_key="zin", load_default="", metadata={"description": "Deze zin leest de melder."})
    on_time = Flag(data_key="opTijd", load_default=False, metadata={"description": "Zonder datum: u haalt de termijn."})

    @ma.validates_schema
    def _one_of_both(self, data: dict[str, object], **_: object) -> None:
        if bool(data.get("on_time")) == ("new_date" in data):
            raise ma.ValidationError({"datum": ["leeg|Noem een nieuwe datum, of laat weten dat u het haalt."]})


class JudgeDangerIn(MoveIn):
    """Whether what sounded dangerous is dangerous."""

    example = {"gevaar": True, "tekst": "Gebeld met de melder: de draden liggen bloot."}
    danger = Flag(data_key="gevaar", required=True)
    words = Text(data_key="tekst", load_default="", metadata={"description": "Voor collega's."})


class MakeSafeIn(MoveIn):
    """The danger is gone."""

    example = {"tekst": "De tak ligt aan de kant. Hij moet nog worden opgehaald."}
    words = Text(data_key="tekst", load_default="", metadata={"description": "Voor collega's."})


class KeepClosedIn(MoveIn):
    """Why a reopened melding stays closed."""

    example = {"reden": "Wij zijn opnieuw gaan kijken. De stoep is veilig."}
    reason = Text(data_key="reden", required=True, filled=True, metadata={"description": "Deze zin leest de melder."})


class AskIn(MoveIn):
    """A question to one melder."""

    example = {"vraag": "Bij welk huisnummer ligt het?"}
    question = Text(data_key="vraag", required=True, filled=True)
    number = Text(
        data_key="melding",
        max_length=10,
        metadata={"description": "Nummer van wie u het vraagt; zonder is het de eerste die te bereiken is."},
    )


class HandOverIn(MoveIn):
    """To another team, category or party."""

    example = {"team": "groen", "reden": "Dit is een tak, geen bord."}
    team_slug = Slug(data_key="team")
    category_slug = Slug(data_key="categorie")
    reason = Text(data_key="reden", load_default="")

    @ma.validates_schema
    def _something(self, data: dict[str, object], **_: object) -> None:
        if "team_slug" not in data and "category_slug" not in data:
            raise ma.ValidationError({"team": ["leeg|Kies een team of een categorie."]})


class GiveBackIn(MoveIn):
    """Not ours."""

    example = {"reden": "Dit is van de provincie."}
    reason = Text(data_key="reden", required=True, filled=True)


class SplitIn(MoveIn):
    """A second opdracht beside this one."""

    example = {"categorie": "straatverlichting-kapot", "locatie": PLACE, "reden": "De lamp ernaast is ook stuk."}
    category_slug = Slug(data_key="categorie", required=True)
    team_slug = Slug(data_key="team")
    location = Place(data_key="locatie", metadata={"description": "Als de tweede plek een andere is."})
    reason = Text(data_key="reden", load_default="")


class JoinIn(MoveIn):
    """Into which other opdracht."""

    example = {"opdracht": 15}
    into_id = Whole(data_key="opdracht", required=True)


class CloseIn(MoveIn):
    """The end: outcome, one plain sentence, and why not when it is not solved."""

    example = {"uitkomst": "opgelost", "zin": "Het bord is inmiddels vervangen."}
    multipart = "afhandeling"
    outcome = Choice(*OUTCOMES, data_key="uitkomst", required=True)
    sentence = Text(data_key="zin", load_default="", metadata={"description": "Deze zin leest de melder."})
    reason = Choice(*reasons(), data_key="reden", metadata={"description": "Bij niet opgelost: waarom."})
    partner = Text(
        data_key="partij", load_default="", metadata={"description": "Bij overgedragen: wie, en hoe te bereiken."}
    )


class NoteIn(Shape):
    """Words for colleagues; the melder never sees them."""

    example = {"tekst": "Sleutel van het hek ligt bij de receptie."}
    text = Text(data_key="tekst", required=True, filled=True)


class PartyAskIn(Shape):
    """A question of an external party to who gave it the work."""

    example = {"tekst": "Mag de weg een uur dicht?"}
    text = Text(data_key="tekst", required=True, filled=True)


class SeenOut(Shape):
    """When an external party first looked at an opdracht."""

    example = {"gezienOp": "2026-04-14T08:02:00Z"}
    seen_at = Moment(data_key="gezienOp", required=True)


class MoveOut(Shape):
    """How the opdracht stands after the move."""

    example = {
        "id": 12,
        "versie": 4,
        "status": "ingepland",
        "statusTekst": "ingepland",
        "intussenGewijzigd": False,
        "alGedaan": False,
        "mogelijk": ["inbehandelingnames", "planningen", "afhandelingen"],
    }
    id = Whole(required=True)
    version = ma.fields.Integer(data_key="versie", required=True)
    status = Choice(*OPDRACHT_STATUSES, required=True)
    status_words = ma.fields.String(data_key="statusTekst", required=True)
    overtaken = ma.fields.Boolean(
        data_key="intussenGewijzigd",
        required=True,
        metadata={"description": "Iemand anders was u voor; het is wel gedaan."},
    )
    replayed = ma.fields.Boolean(
        data_key="alGedaan", required=True, metadata={"description": "Deze opdracht aan ons was al eerder uitgevoerd."}
    )
    possible = Codes(data_key="mogelijk", required=True)
    undo_until = Moment(
        data_key="ongedaanTot",
        metadata={"description": "Na afhandelen: tot wanneer dat ongedaan kan. Zolang wacht het bericht."},
    )
    new_id = Whole(data_key="nieuweOpdracht", metadata={"description": "Bij splitsen en losmaken: de andere opdracht."})
    photos = ma.fields.List(
        ma.fields.Nested(PhotoResultOut),
        data_key="fotos",
        metadata={"description": "Alleen met foto's erbij: hoe het met elke foto ging."},
    )

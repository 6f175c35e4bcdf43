"""What staff use beside opdrachten: signing in, terugbelnotities, teams and routing rules."""

import marshmallow as ma

from ...flow.looks import REASONS
from ...store.team import KINDS
from ..fields import Choice, Flag, Moment, Slug, Text, Whole
from .base import Shape


class SignInIn(Shape):
    """Name and password of a local account, and the code of its second factor."""

    example = {"gebruikersnaam": "team-bergen", "wachtwoord": "een lange zin die u onthoudt"}
    username = Text(data_key="gebruikersnaam", max_length=100, required=True, filled=True)
    password = ma.fields.String(
        data_key="wachtwoord",
        required=True,
        metadata={"format": "password", "maxLength": 200},
        error_messages={**Text.default_error_messages},
        validate=ma.validate.Length(max=200, error="te_lang|Een wachtwoord heeft ten hoogste 200 tekens."),
    )
    code = Text(max_length=20, metadata={"description": "De zes cijfers van de tweede stap, als die is ingesteld."})


class SignInOut(Shape):
    """A session; its token is said once."""

    example = {"token": "ms_eenLangeReeksTekens", "naam": "Team Bergen", "verlooptOp": "2026-04-14T18:47:00Z"}
    token = ma.fields.String(required=True, metadata={"description": "Stuur mee als Authorization: Bearer."})
    name = ma.fields.String(data_key="naam", required=True)
    expires_at = Moment(data_key="verlooptOp", required=True)


class LookQuery(ma.Schema):
    """Why somebody must see a melder's data."""

    reason = Choice(
        *REASONS,
        data_key="aanleiding",
        required=True,
        metadata={
            "description": "Waarom u de gegevens nodig heeft: "
            + ", ".join(f"`{code}` ({words.lower()})" for code, words in REASONS.items())
            + "."
        },
    )


class CallbackOut(Shape):
    """A promise to phone somebody."""

    id = Whole(required=True)
    version = ma.fields.Integer(data_key="versie", required=True)
    number = ma.fields.String(data_key="nummer", required=True)
    kind = ma.fields.String(data_key="soort", required=True)
    reason = ma.fields.String(data_key="reden", required=True)
    words = ma.fields.String(data_key="tekst", required=True)
    status = Choice("open", "gesproken", "vervallen", required=True)
    attempts = ma.fields.Integer(data_key="pogingen", required=True)
    created_at = Moment(data_key="aangemaaktOp", required=True)
    due_at = Moment(data_key="uiterlijkOp", required=True)
    name = ma.fields.String(data_key="naam")
    phone = ma.fields.String(data_key="telefoon")


CALLBACK = {
    "id": 3,
    "versie": 1,
    "nummer": "2670001234",
    "soort": "gereed",
    "reden": "bel_mij",
    "tekst": "Het bord is inmiddels vervangen.",
    "status": "open",
    "pogingen": 0,
    "aangemaaktOp": "2026-04-15T09:12:00Z",
    "uiterlijkOp": "2026-04-17T22:00:00Z",
    "naam": "J. de Vries",
    "telefoon": "+31728880000",
}


class CallbacksOut(Shape):
    """The open terugbelnotities, the most pressing first."""

    example = {"terugbelnotities": [CALLBACK]}
    callbacks = ma.fields.List(ma.fields.Nested(CallbackOut), data_key="terugbelnotities", required=True)


class OneCallbackOut(CallbackOut):
    """One terugbelnotitie."""

    example = {**CALLBACK, "status": "gesproken", "versie": 2}


class CallbackIn(Shape):
    """What to tell or ask by phone."""

    example = {"tekst": "Vraag of de stoep weer vlak is."}
    words = Text(data_key="tekst", required=True, filled=True)


class CallIn(Shape):
    """How the call went."""

    example = {"uitkomst": "gesproken", "tekst": "Mevrouw is blij dat het bord er weer staat."}
    outcome = Choice("gesproken", "niet_bereikt", data_key="uitkomst", required=True)
    words = Text(data_key="tekst", load_default="")
    verdict = Flag(
        data_key="oordeel", metadata={"description": "Als u ernaar vroeg: is het opgelost, of is de uitleg duidelijk?"}
    )


class TeamOut(Shape):
    """A team or party."""

    slug = Slug(required=True)
    name = ma.fields.String(data_key="naam", required=True)
    kind = Choice(*KINDS, data_key="soort", required=True)
    gemeente_slug = Slug(data_key="gemeente", required=True)
    vangnet = ma.fields.Boolean(required=True)


class TeamsOut(Shape):
    """The teams."""

    example = {
        "teams": [
            {
                "slug": "serviceteam-bergen",
                "naam": "Serviceteam Bergen",
                "soort": "serviceteam",
                "gemeente": "bergen-nh",
                "vangnet": True,
            }
        ]
    }
    teams = ma.fields.List(ma.fields.Nested(TeamOut), required=True)


class RuleIn(Shape):
    """category or main category × area × moment → team; what is left out matches everything."""

    example = {"gemeente": "bergen-nh", "team": "groen", "categorie": "boom", "gebied": "WK037300"}
    gemeente_slug = Slug(data_key="gemeente", required=True)
    team_slug = Slug(data_key="team", required=True)
    category_slug = Slug(data_key="categorie", allow_none=True, load_default=None)
    area_code = Text(data_key="gebied", max_length=20, allow_none=True, load_default=None)
    moment = Choice("kantooruren", "piket", allow_none=True, load_default=None)
    danger = Flag(data_key="gevaar", allow_none=True, load_default=None)
    position = Whole(data_key="volgorde", least=0, most=10_000, load_default=100)


class RuleOut(RuleIn):
    """A routing rule as it is."""

    example = {
        "id": 7,
        "gemeente": "bergen-nh",
        "team": "groen",
        "categorie": "boom",
        "gebied": "WK037300",
        "moment": None,
        "gevaar": None,
        "volgorde": 100,
    }
    id = Whole(required=True)


class RulesOut(Shape):
    """The routing rules."""

    example = {"routeringsregels": [RuleOut.example]}
    rules = ma.fields.List(ma.fields.Nested(RuleOut), data_key="routeringsregels", required=True)

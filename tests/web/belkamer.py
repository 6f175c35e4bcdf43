"""A phone room for tests and bench: a desk where addresses can be found, kinds are proposed, and callers are known."""

from dataclasses import replace

from meldingen.adapters.geocoder import FixedGeocoder
from meldingen.db import business_now
from meldingen.flow import proposals
from meldingen.store.category import category_by_slug
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht

from .conftest import World
from .desk import Desk, make_desk

STREET = "Dorpsstraat 12, 1861KT Werkdorp"
FAR_STREET = "Molenweg 3, 1861GE Werkdorp"
CALLER = {"name": "Fatima Özdemir", "phone": "06 12345678", "email": "fatima@example.nl", "preference": "sms"}
KINDS = {
    "losse-tegel": (("stoeptegel", "trottoir"), ("Er ligt een stoeptegel los", "De tegels van de stoep liggen scheef")),
    "gat-in-de-weg": (("kuil", "asfalt"), ("Er zit een diep gat in de weg", "Kuil in het asfalt")),
    "gras-te-hoog": (("gazon", "maaien"), ("Het gras is te hoog", "Er is niet gemaaid in het park")),
    "boom-omgevallen": (("boom", "tak"), ("Er ligt een boom over de weg", "Een boom is omgewaaid")),
}
QUESTIONS = [
    {"id": "diep", "label": "Hoe diep is het gat?", "type": "keuze", "options": ["een vinger", "een hand"],
     "required": False, "danger_answer": None},
]  # fmt: skip


def make_room(world: World, *, teach: bool = True) -> Desk:
    """A desk of a new gemeente in which two addresses are known. teach: learn what texts are about, for seconds."""
    desk = make_desk(world)
    held = world.app.extensions["meldingen"]
    places = {(round(desk.lon + east, 6), round(desk.lat, 6)): text for text, east in ((STREET, 0), (FAR_STREET, 0.02))}
    held.adapters = replace(held.adapters, geocoder=FixedGeocoder(places))
    with world.session() as session, session.begin():
        home = [desk.gemeente_id]
        for slug, (words, examples) in KINDS.items():
            kind = category_by_slug(session, slug, scope=home)
            assert kind is not None
            kind.synonyms, kind.examples = list(words), list(examples)
            kind.questions = QUESTIONS if slug == "gat-in-de-weg" else []
        if not teach:
            return desk
        lesson = proposals.learn(proposals.material_of(session, desk.gemeente_id))
        assert lesson is not None
        proposals.keep(session, lesson, gemeente_id=desk.gemeente_id, now=business_now(session))
    return desk


def known_caller(desk: Desk) -> tuple[Melding, Opdracht]:
    """Somebody who reported a loose tile before, at STREET."""
    return desk.melding(description="Tegel los bij de bakker", contact=CALLER)

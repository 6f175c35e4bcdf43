"""What a melder says of the end: "not solved", the oordeel with a mark, and what all of them said, per month."""

import hashlib
from typing import Any

from ..auth import enter, visit
from ..domain.actor import BEHEER, COORDINATOR
from ..domain.cijfers import Term, last_months
from ..domain.deadlines import local_day
from ..domain.errors import InvalidInput
from ..domain.workflow import HEROPEND
from ..flow import feedback, verdict
from ..flow.once import done_before
from ..flow.verdict_report import opinions
from ..store.gemeente import served_gemeenten
from .door import Door, described
from .headers import BASE
from .moving import KeyHeader
from .reading import author_for, melding_at
from .schemas.oordeel import OpinionsOut, OpinionsQuery, ReopenIn, ReopenOut, VerdictIn, VerdictOut

MOST_YEARS = 5

door = Door("Oordeel", __name__, url_prefix=BASE, description="Wat een melder van het einde vindt.")

REOPENED = "Uw melding is heropend. Een ander kijkt er opnieuw naar. U hoort van ons hoe het verder gaat."


@door.post("/meldingen/<nummer:nummer>/heropeningen")
@enter("melder", "medewerker")
@door.arguments(KeyHeader(), location="headers")
@door.arguments(ReopenIn())
@door.response(201, ReopenOut())
@described(
    "Laat weten dat het niet is opgelost",
    "Kan tot 30 dagen na het afhandelen. Dan komt er een nieuwe opdracht, en iemand anders kijkt er eerst naar. "
    "Medewerkers doen dit namens de melder.",
    fails=(409,),
)
def post_heropening(head: dict[str, Any], given: dict[str, Any], nummer: str) -> Any:
    """The verdict of the melder: not solved."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    author, words = author_for(actor, melding), given["text"]
    what, digest = f"heropeningen:{melding.id}", hashlib.sha256(words.encode()).digest()
    before = done_before(here.session, what, head.get("key"), digest, actor=author, now=here.now)
    if before is None:
        feedback.reopen_melding(here.session, melding, words=words, actor=author, now=here.now)
    return {"status": HEROPEND, "text": REOPENED, "at": before or here.now}


THANKS = "Dank u wel voor uw antwoord."


@door.post("/meldingen/<nummer:nummer>/oordelen")
@enter("melder", "medewerker")
@door.arguments(KeyHeader(), location="headers")
@door.arguments(VerdictIn())
@door.response(201, VerdictOut())
@described(
    "Geef een oordeel over het einde",
    "Na opgelost: is het opgelost? Na een ander einde: is onze uitleg duidelijk? Tot 30 dagen na het afhandelen; het "
    "antwoord mag nog veranderen. `false` op de eerste vraag heropent de melding; stuur `genoegGehoord` en `cijfer` "
    "dan mee, of later met hetzelfde antwoord.",
    fails=(409,),
)
def post_oordeel(head: dict[str, Any], given: dict[str, Any], nummer: str) -> Any:
    """What the melder says of the end."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    author, via = author_for(actor, melding), "telefoon" if actor.is_staff else "api"
    what, said = f"oordelen:{melding.id}", f"{given['answer']}:{given['text']}"
    more = {name: given[name] for name in ("enough", "mark") if name in given}
    if more:
        said = f"{said}:{sorted(more.items())}"
    digest = hashlib.sha256(said.encode()).digest()
    before = done_before(here.session, what, head.get("key"), digest, actor=author, now=here.now)
    known = verdict.said_about(here.session, melding, now=here.now)
    only_more = bool(more) and known is not None and not known.open and known.answer == given["answer"]
    if before is None and not only_more:
        facts: dict[str, Any] = {"answer": given["answer"], "words": given["text"], "via": via}
        feedback.judge(here.session, melding, **facts, actor=author, now=here.now)
        known = verdict.said_about(here.session, melding, now=here.now)
    if before is None and more and known is not None:
        whole: dict[str, Any] = {"enough": known.enough, "mark": known.mark} | more
        verdict.say_more(here.session, melding, **whole, actor=author, now=here.now)
        known = verdict.said_about(here.session, melding, now=here.now)
    return {
        "answer": given["answer"],
        "enough": known.enough if known else None,
        "mark": known.mark if known else None,
        "status": melding.status,
        "text": THANKS,
        "at": before or here.now,
    }


NAMES = {"answers": "antwoorden", "enough": "genoegGehoordProcent", "mark": "cijfer"}


@door.get("/oordelen")
@enter("medewerker", roles=(COORDINATOR, BEHEER))
@door.arguments(OpinionsQuery(), location="query")
@door.response(200, OpinionsOut())
@described(
    "Toon wat melders van ons vonden",
    "Per maand: hoeveel melders iets zeiden over het einde, welk deel genoeg van ons hoorde, en het gemiddelde cijfer. "
    "Wat over minder dan 5 mensen gaat, is verborgen.",
)
def get_oordelen(query: dict[str, Any]) -> dict[str, Any]:
    """The months, as /cijfers/terugkoppeling shows them."""
    here = visit()
    mine = here.actor.gemeenten_with(COORDINATOR, BEHEER)
    slugs = {row.id: row.slug for row in served_gemeenten(here.session) if row.id in mine}
    wanted = query.get("gemeente")
    scope = [row_id for row_id, slug in slugs.items() if wanted in (None, slug)]
    if wanted and not scope:
        raise InvalidInput.of("gemeente", "onbekend", "Deze gemeente kennen wij niet, of u werkt er niet.")
    usual = last_months(local_day(here.now))
    first = query["since"].replace(day=1) if "since" in query else usual.first
    last = query["until"].replace(day=1) if "until" in query else usual.last
    if last < first or last.year - first.year > MOST_YEARS:
        raise InvalidInput.of("tot", "periode", f"Kies een periode van ten hoogste {MOST_YEARS} jaar.")
    return {
        "opinions": [
            {
                "gemeente": slugs[one.gemeente_id],
                "month": f"{one.month:%Y-%m}",
                "answers": one.answers,
                "enough": one.enough,
                "mark": one.mark,
                "hidden": sorted(NAMES[name] for name in one.hidden),
            }
            for one in opinions(here.session, Term(first, last), scope=scope)
        ]
    }

"""What a melder says of the end: "not solved", the oordeel with a mark, and what all of them said, per month."""

import hashlib
from typing import Any

from ..auth import enter, visit
from ..domain.workflow import HEROPEND
from ..flow import feedback, verdict
from ..flow.once import done_before
from .door import Door, described
from .headers import BASE
from .moving import KeyHeader
from .reading import author_for, melding_at
from .schemas.oordeel import ReopenIn, ReopenOut, VerdictIn, VerdictOut

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

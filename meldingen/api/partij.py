"""What an external party does with its own system (a key of `meldingen sleutel nieuw --partij`): see, say when, ask.

Listing, notes, photos and closing are the doors everybody uses (opdrachten.py, opdracht_moves.py); there a key sees and
does only what is with its party and in its categories. The same by a link in a mail, without a key: web/partij.py.
"""

import hashlib
from typing import Any

from ..auth import enter, visit
from ..domain.actor import TEAM
from ..domain.errors import Forbidden
from ..flow import party
from ..flow.once import done_before
from .door import Door, described
from .headers import BASE
from .moving import KeyHeader, basis_of, outcome_of
from .opdracht_moves import PATH, move
from .opdrachten import row_for
from .schemas.opdracht import ExpectIn, NoteOut, PartyAskIn, SeenOut

door = Door(
    "Externe partijen",
    __name__,
    url_prefix=BASE,
    description="Voor het eigen systeem van een externe partij, met een sleutel voor haar opdrachten.",
)


@move(
    "verwachtingen",
    ExpectIn(),
    "Noem de dag waarop u klaar denkt te zijn",
    "Alleen bij `bij_partij`. De melder leest deze dag; de termijn en de belofte veranderen er niet door. Is de dag "
    "voorbij, dan vraagt de coördinator hoe het staat.",
    machine=True,
    at=door,
)
def post_verwachting(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """When the party thinks to be ready."""
    here = visit()
    row_for(here, opdracht_id)  # not a word about the day to who may not know the opdracht
    basis = basis_of(head, given)
    day = given["expected_on"]
    return outcome_of(here, party.expect(here.session, opdracht_id, day, basis=basis, actor=here.actor, now=here.now))


@door.post(f"{PATH}/inzagen")
@enter("machine", roles=(TEAM,))
@door.response(201, SeenOut())
@described("Meld dat u de opdracht heeft gezien", "De gemeente ziet wanneer. De eerste keer telt; vaker mag.")
def post_inzage(opdracht_id: int) -> dict[str, Any]:
    """The party looked."""
    here = visit()
    opdracht = row_for(here, opdracht_id).opdracht
    return {"seen_at": party.see(here.session, opdracht, actor=here.actor, now=here.now)}


@door.post(f"{PATH}/partijvragen")
@enter("machine", roles=(TEAM,))
@door.arguments(KeyHeader(), location="headers")
@door.arguments(PartyAskIn())
@door.response(
    201,
    NoteOut(),
    example={"soort": "partij_vraag", "tekst": PartyAskIn.example["tekst"], "op": "2026-04-14T08:02:00Z"},
)
@described(
    "Stel de gemeente een vraag",
    "Wie u de opdracht gaf en de coördinator krijgen bericht. Het antwoord staat bij de notities van de opdracht, met "
    "soort `partij_antwoord`.",
    fails=(409,),
)
def post_partijvraag(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> dict[str, Any]:
    """The party asks."""
    here = visit()
    if not here.actor.is_party:
        raise Forbidden("geen_recht", "Dit kan alleen een externe partij.")
    row_for(here, opdracht_id)
    text = given["text"]
    what, digest = f"partijvragen:{opdracht_id}", hashlib.sha256(text.encode()).digest()
    before = done_before(here.session, what, head.get("key"), digest, actor=here.actor, now=here.now)
    if before is None:
        party.ask(here.session, opdracht_id, text, actor=here.actor, now=here.now)
    return {"kind": "partij_vraag", "text": text, "at": before or here.now}

"""Terugbelnotities for the KCC: who is to be phoned, and what came of it."""

import hashlib
from dataclasses import replace
from typing import Any

from ..auth import Visit, enter, visit
from ..domain.actor import SEES_CONTACT, STAFF_ON_OPDRACHTEN
from ..flow.feedback import judge
from ..flow.kcc import make_callback, record_call
from ..flow.once import done_before
from ..store.callback import GESPROKEN, Callback, callbacks_of, open_callbacks
from ..store.melding import Melding, melding_by_id
from .door import Door, described
from .headers import BASE
from .moving import KeyHeader, VersionHeader
from .opdrachten import ETAG
from .reading import contact_for, melding_at
from .schemas.staff import CALLBACK, CallbackIn, CallbacksOut, CallIn, OneCallbackOut

door = Door("Terugbelnotities", __name__, url_prefix=BASE, description="Wie nog gebeld wordt, voor KCC en coördinator.")


@door.get("/terugbelnotities")
@enter("medewerker", roles=SEES_CONTACT)
@door.response(200, CallbacksOut())
@described(
    "Toon de terugbelnotities",
    "Wie nog gebeld moet worden, de dringendste eerst. Elke blik op een nummer wordt vastgelegd.",
)
def get_terugbelnotities() -> dict[str, Any]:
    """The open ones in scope."""
    here = visit()
    rows = open_callbacks(here.session, scope=here.actor.gemeenten_with(*SEES_CONTACT))
    return {"callbacks": [_shown(here, row) for row in rows]}


@door.post("/meldingen/<nummer:nummer>/terugbelnotities")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
@door.arguments(KeyHeader(), location="headers")
@door.arguments(CallbackIn())
@door.response(201, OneCallbackOut(), example=CALLBACK, headers=ETAG)
@described(
    "Beloof de melder terug te bellen",
    "Binnen 2 werkdagen. Kan alleen als er een telefoonnummer bij de melding staat. Naam en nummer zijn er alleen voor "
    "KCC en coördinator.",
    fails=(409,),
)
def post_terugbelnotitie(head: dict[str, Any], given: dict[str, Any], nummer: str) -> Any:
    """A promise to phone, made by hand."""
    here = visit()
    melding, actor = melding_at(here, nummer)
    words = given["words"]
    what, digest = f"terugbelnotities:{melding.id}", hashlib.sha256(words.encode()).digest()
    before = done_before(here.session, what, head.get("key"), digest, actor=actor, now=here.now)
    if before is None:
        row = make_callback(here.session, melding, words, actor=actor, now=here.now)
    else:
        made = callbacks_of(here.session, [melding.id], scope=[melding.gemeente_id])
        row = next(one for one in made if one.created_at == before and one.words == words)
    return _shown(here, row), 201, {"ETag": f'"{row.version}"'}


@door.post("/terugbelnotities/<id:callback_id>/afhandelingen")
@enter("medewerker", roles=SEES_CONTACT)
@door.arguments(VersionHeader(), location="headers")
@door.arguments(CallIn())
@door.response(201, OneCallbackOut(), headers=ETAG)
@described(
    "Leg een belpoging vast",
    "`gesproken` sluit de notitie, `niet_bereikt` telt de poging en houdt hem open.",
    fails=(409, 412, 428),
)
def post_belpoging(head: dict[str, Any], given: dict[str, Any], callback_id: int) -> Any:
    """What came of a call."""
    here = visit()
    row = record_call(
        here.session,
        callback_id,
        given["outcome"],
        given["words"],
        version=head.get("version"),
        actor=here.actor,
        now=here.now,
    )
    if given.get("verdict") is not None and row.status == GESPROKEN:
        about = melding_by_id(here.session, row.melding_id, scope=[row.gemeente_id])
        assert about is not None, "a foreign key holds the melding"
        actor = replace(here.actor, on_behalf_of_melding=about.id)
        said: dict[str, Any] = {"answer": given["verdict"], "words": given["words"], "via": "telefoon"}
        judge(here.session, about, **said, actor=actor, now=here.now)
    return _shown(here, row), 201, {"ETag": f'"{row.version}"'}


def _shown(here: Visit, row: Callback) -> dict[str, Any]:
    melding = melding_by_id(here.session, row.melding_id, scope=[row.gemeente_id])
    assert isinstance(melding, Melding), "a foreign key holds the melding"
    known = contact_for(here, melding, "terugbelnotitie") or {}
    return {
        "id": row.id,
        "version": row.version,
        "number": melding.number,
        "kind": row.kind,
        "reason": row.reason,
        "words": row.words,
        "status": row.status,
        "attempts": row.attempts,
        "created_at": row.created_at,
        "due_at": row.due_at,
        "name": known.get("name", ""),
        "phone": known.get("phone", ""),
    }

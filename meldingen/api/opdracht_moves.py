"""The moves on an opdracht, one door each: parse, call the flow, answer with the state after it.

Online a move carries If-Match; what waited in a device carries its id, basisversie and apparaattijd (KLANTREIS rule 4).
"""

import hashlib
from typing import Any

from flask import request

from ..auth import Visit, Who, enter, visit
from ..domain.actor import STAFF_ON_OPDRACHTEN
from ..domain.errors import FieldError, InvalidInput, NotFound, Unavailable
from ..flow import closure, delay, feedback, joining, spoed, undo, work
from ..flow.once import done_before
from ..flow.photos import add_photos, check_uploads
from ..flow.refused import decide_refused
from ..flow.status import Done, check_words
from ..store.melding import melding_by_number
from ..store.opdracht import Opdracht, opdracht_by_id
from .door import Decorator, Door, View, described
from .headers import BASE
from .moving import KeyHeader, MoveHeader, basis_of, outcome_of, team_id_of
from .opdrachten import ETAG, row_for
from .parsing import FILES, files_only
from .schemas.base import Shape
from .schemas.melding import PhotoResultsOut
from .schemas.opdracht import (
    AskIn,
    CloseIn,
    DecidedIn,
    DecidedOut,
    GiveBackIn,
    HandOverIn,
    JoinIn,
    JudgeDangerIn,
    KeepClosedIn,
    MakeSafeIn,
    MoveOut,
    NoteIn,
    NoteOut,
    PlanIn,
    PostponeIn,
    SplitIn,
    TakeUpIn,
    UndoIn,
)

door = Door(
    "Werk aan opdrachten", __name__, url_prefix=BASE, description="Oppakken, inplannen, overdragen, afhandelen."
)

PATH = "/opdrachten/<id:opdracht_id>"


def move(
    name: str, shape: Shape, summary: str, description: str, *, machine: bool = False, at: Door = door
) -> Decorator:
    """A door for one action of the workflow table: POST …/<name>, its headers, body and refusals.

    machine: also for the key of an external party. at: in this group of operations.
    """
    who: tuple[Who, ...] = ("medewerker", "machine") if machine else ("medewerker",)

    def declare(view: View) -> View:
        view = described(summary, description, fails=(409, 412, 428))(view)
        view = at.response(201, MoveOut(), headers=ETAG)(view)
        view = at.arguments(shape)(view)
        view = at.arguments(MoveHeader(), location="headers")(view)
        view = enter(*who, roles=STAFF_ON_OPDRACHTEN)(view)
        return at.post(f"{PATH}/{name}")(view)

    return declare


@move("inbehandelingnames", TakeUpIn(), "Pak een opdracht op", "U begint eraan.")
def post_inbehandelingname(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """Somebody starts."""
    here = visit()
    basis = basis_of(head, given)
    return outcome_of(here, work.take_up(here.session, opdracht_id, basis=basis, actor=here.actor, now=here.now))


@move("planningen", PlanIn(), "Plan een opdracht in", "De melder leest de dag op de volgpagina.")
def post_planning(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """A day for the work."""
    here = visit()
    _existing(here, opdracht_id)  # not a word about the day to who may not know the opdracht
    basis = basis_of(head, given)
    done = work.plan(here.session, opdracht_id, given["planned_on"], basis=basis, actor=here.actor, now=here.now)
    return outcome_of(here, done)


@move(
    "uitstellingen",
    PostponeIn(),
    "Noem een nieuwe datum",
    "Met een reden of een zin, voordat de beloofde datum voorbij is: elke melder krijgt bericht. Of `opTijd`: u haalt "
    "de termijn, en de vraag om een datum stopt.",
)
def post_uitstelling(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """A new date, or the word that the promised one will be met."""
    here = visit()
    _existing(here, opdracht_id)
    facts: dict[str, Any] = {"basis": basis_of(head, given), "actor": here.actor, "now": here.now}
    if given["on_time"]:
        return outcome_of(here, delay.keep_date(here.session, opdracht_id, **facts))
    why = delay.Why(given.get("reason", ""), given["sentence"])
    return outcome_of(here, delay.postpone(here.session, opdracht_id, given["new_date"], why, **facts))


@move(
    "veiligstellingen", MakeSafeIn(), "Meld dat het gevaar weg is", "De melder krijgt bericht; de rest is gewoon werk."
)
def post_veiligstelling(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """The danger is gone."""
    here = visit()
    basis = basis_of(head, given)
    done = spoed.make_safe(here.session, opdracht_id, given["words"], basis=basis, actor=here.actor, now=here.now)
    return outcome_of(here, done)


@move(
    "gevaarbesluiten",
    JudgeDangerIn(),
    "Zeg of vermoed gevaar echt is",
    "Bij `gevaarVermoed`. Is het gevaarlijk, dan wordt het spoed en krijgt het team alarm.",
)
def post_gevaarbesluit(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """Somebody looked at what sounded dangerous."""
    here = visit()
    basis = basis_of(head, given)
    who: dict[str, Any] = {"basis": basis, "actor": here.actor, "now": here.now}
    return outcome_of(here, spoed.judge_danger(here.session, opdracht_id, given["danger"], given["words"], **who))


@move(
    "afwijzingen",
    KeepClosedIn(),
    "Houd een heropende melding gesloten",
    "Alleen de coördinator, en niet wie de melding afhandelde. De melder leest de reden en hoe klagen kan.",
)
def post_afwijzing(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """Looked at again: the earlier outcome stays."""
    here = visit()
    basis = basis_of(head, given)
    done = feedback.keep_closed(here.session, opdracht_id, given["reason"], basis=basis, actor=here.actor, now=here.now)
    return outcome_of(here, done)


@move("vragen", AskIn(), "Stel een melder een vraag", "De termijn staat stil tot het antwoord komt.")
def post_vraag(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """A question to one melder."""
    here = visit()
    scope = [_existing(here, opdracht_id).gemeente_id]
    basis = basis_of(head, given)
    chosen = melding_by_number(here.session, given["number"], scope=scope) if given.get("number") else None
    if given.get("number") and chosen is None:
        raise InvalidInput.of("melding", "onbekend", "Deze melding hoort niet bij deze opdracht.")
    done = work.ask_melder(
        here.session,
        opdracht_id,
        given["question"],
        melding_id=chosen.id if chosen else None,
        basis=basis,
        actor=here.actor,
        now=here.now,
    )
    return outcome_of(here, done)


@move(
    "overdrachten",
    HandOverIn(),
    "Draag een opdracht over",
    "Naar een ander team of een externe partij, of naar een andere categorie.",
)
def post_overdracht(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """To another team, category or party."""
    here = visit()
    basis = basis_of(head, given)
    to = work.HandOver(_team(here, given, opdracht_id), given.get("category_slug"), given["reason"])
    return outcome_of(here, work.hand_over(here.session, opdracht_id, to, basis=basis, actor=here.actor, now=here.now))


@move("teruggaven", GiveBackIn(), "Geef een opdracht terug", "Niet van uw team: het vangnetteam krijgt hem meteen.")
def post_teruggave(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """Not ours."""
    here = visit()
    basis = basis_of(head, given)
    done = work.give_back(here.session, opdracht_id, given["reason"], basis=basis, actor=here.actor, now=here.now)
    return outcome_of(here, done)


@move(
    "splitsingen",
    SplitIn(),
    "Splits een opdracht",
    "Een tweede opdracht ernaast, eventueel op een eigen plek. `Content-Crs` zegt in welk stelsel die is.",
)
def post_splitsing(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """A second opdracht for the same meldingen."""
    here = visit()
    basis = basis_of(head, given)
    split = joining.Split(
        given["category_slug"], _team(here, given, opdracht_id), given.get("location"), given["reason"]
    )
    done, second = joining.split_opdracht(here.session, opdracht_id, split, basis=basis, actor=here.actor, now=here.now)
    return outcome_of(here, done, second)


@move("samenvoegingen", JoinIn(), "Voeg opdrachten samen", "De meldingen gaan naar de andere opdracht; deze vervalt.")
def post_samenvoeging(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """All its meldingen join another open one."""
    here = visit()
    basis = basis_of(head, given)
    into_id = given["into_id"]
    return outcome_of(
        here, joining.join_opdracht(here.session, opdracht_id, into_id, basis=basis, actor=here.actor, now=here.now)
    )


@door.delete(f"{PATH}/samenvoegingen/<nummer:nummer>")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
@door.response(200, MoveOut(), headers=ETAG)
@described("Maak een melding los", "De melding krijgt weer een eigen opdracht.", fails=(409,))
def delete_samenvoeging(opdracht_id: int, nummer: str) -> Any:
    """Undoes one join."""
    here = visit()
    row = row_for(here, opdracht_id)
    melding = melding_by_number(here.session, nummer, scope=[row.opdracht.gemeente_id])
    if melding is None:
        raise NotFound("niet_gekoppeld", "Deze melding hoort niet bij deze opdracht.")
    made = joining.undo_join(here.session, melding.id, opdracht_id, actor=here.actor, now=here.now)
    answer, _, headers = outcome_of(here, Done(row.opdracht), made)
    return answer, 200, headers


@move(
    "afhandelingen",
    CloseIn(),
    "Handel een opdracht af",
    "Uitkomst, één zin voor de melder, en een foto als u wilt (multipart met het deel `afhandeling`). De melder krijgt "
    "meteen bericht.",
    machine=True,
)
def post_afhandeling(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """The end: outcome, reason, sentence, photo."""
    here = visit()
    uploads, refused = check_uploads(request.files.getlist(FILES))
    basis = basis_of(head, given, b"".join(upload.sha256 for upload in uploads))
    new = closure.NewClosure(**given)
    done = closure.close_opdracht(here.session, opdracht_id, new, basis=basis, actor=here.actor, now=here.now)
    facts: dict[str, Any] = {"actor": here.actor, "now": here.now, "store": here.adapters.photos}
    kept = add_photos(here.session, done.opdracht, uploads, **facts) if uploads else []
    return outcome_of(here, done, photos=sorted([*kept, *refused], key=lambda result: result.position))


@move(
    "terugdraaiingen",
    UndoIn(),
    "Maak een afhandeling ongedaan",
    "Zolang `ongedaanTot` niet voorbij is, door wie afhandelde of de coördinator. Alles wordt zoals het was en de "
    "melder krijgt geen bericht.",
)
def post_terugdraaiing(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> Any:
    """Closed by mistake."""
    here = visit()
    basis = basis_of(head, given)
    return outcome_of(here, undo.undo_closing(here.session, opdracht_id, basis=basis, actor=here.actor, now=here.now))


@door.post(f"{PATH}/tabletbesluiten")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
@door.arguments(KeyHeader(), location="headers")
@door.arguments(DecidedIn())
@door.response(201, DecidedOut())
@described(
    "Zeg wat er werd van een geweigerde stap",
    "Wat zonder bereik gedaan was en niet meer kon, staat bij de coördinator op de lijst, tot iemand erover besluit.",
)
def post_tabletbesluit(_head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> dict[str, Any]:
    """A person decided; saying so twice is saying so once."""
    here = visit()
    decide_refused(here.session, opdracht_id, given["operation_id"], given["decision"], actor=here.actor, now=here.now)
    return given


@door.post(f"{PATH}/notities")
@enter("medewerker", "machine", roles=STAFF_ON_OPDRACHTEN)
@door.arguments(KeyHeader(), location="headers")
@door.arguments(NoteIn())
@door.response(
    201, NoteOut(), example={"soort": "notitie", "tekst": NoteIn.example["tekst"], "op": "2026-04-14T08:02:00Z"}
)
@described("Schrijf een notitie", "Voor collega's; de melder ziet hem niet.", fails=(409,))
def post_notitie(head: dict[str, Any], given: dict[str, Any], opdracht_id: int) -> dict[str, Any]:
    """Words for colleagues."""
    here = visit()
    text = given["text"]
    what, digest = f"notities:{opdracht_id}", hashlib.sha256(text.encode()).digest()
    before = done_before(here.session, what, head.get("key"), digest, actor=here.actor, now=here.now)
    if before is None:
        work.add_note(here.session, opdracht_id, text, actor=here.actor, now=here.now)
    return {"kind": "notitie", "text": text, "at": before or here.now}


@door.post(f"{PATH}/fotos")
@enter("medewerker", "machine", roles=STAFF_ON_OPDRACHTEN)
@door.response(201, PhotoResultsOut())
@described(
    "Voeg foto's van het werk toe",
    "Ten hoogste 5 per verzoek. De melder ziet ze op de volgpagina.",
    fails=(415,),
    requestBody={
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["foto"],
                    "properties": {"foto": {"type": "array", "items": {"type": "string", "format": "binary"}}},
                }
            }
        },
    },
)
def post_opdracht_foto(opdracht_id: int) -> Any:
    """Photos of the team."""
    here = visit()
    opdracht = _existing(here, opdracht_id)
    check_words(here.session, opdracht, "fotos", here.actor)
    files_only(request)
    uploads, refused = check_uploads(request.files.getlist(FILES))
    if refused and not uploads:
        raise InvalidInput.gather([FieldError(f"{FILES}.{r.position}", r.code, r.detail) for r in refused])
    kept = add_photos(here.session, opdracht, uploads, actor=here.actor, now=here.now, store=here.adapters.photos)
    if kept and all(result.outcome == "opnieuw_sturen" for result in kept):
        raise Unavailable("opslag_weg", "Wij kunnen uw foto nu niet bewaren. Probeer het over een minuut opnieuw.")
    return {"photos": sorted([*kept, *refused], key=lambda result: result.position)}


def _team(here: Visit, given: dict[str, Any], opdracht_id: int) -> int | None:
    """The team named in the body, of the gemeente of this opdracht."""
    return team_id_of(here, given.get("team_slug"), _existing(here, opdracht_id).gemeente_id)


def _existing(here: Visit, opdracht_id: int) -> Opdracht:
    """The opdracht in the actor's gemeenten; whether it is theirs to move is the flow's question."""
    found = opdracht_by_id(here.session, opdracht_id, scope=here.actor.scope)
    if found is None:
        raise NotFound("opdracht_onbekend", "Deze opdracht kunnen wij niet vinden.")
    return found

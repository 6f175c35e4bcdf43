"""The life of an opdracht as ONE table of allowed moves, and the status of a melding derived from its opdrachten.

Every page asks this table which buttons to show, every refusal says from it which moves are possible.
Who may do it *in this gemeente* is the actor's business; who may do it *at all* stands here. No I/O.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from .actor import COORDINATOR, KCC, PIKET, TEAM
from .errors import MoveNotAllowed
from .sentence import say

# Statuses of an opdracht.
NIEUW = "nieuw"
OPGEPAKT = "opgepakt"
INGEPLAND = "ingepland"
WACHT_OP_MELDER = "wacht_op_melder"
BIJ_PARTIJ = "bij_partij"
GEREED = "gereed"
VERVALLEN = "vervallen"

OPEN = (NIEUW, OPGEPAKT, INGEPLAND, WACHT_OP_MELDER, BIJ_PARTIJ)
CLOSED = (GEREED, VERVALLEN)
OPDRACHT_STATUSES = OPEN + CLOSED

# Statuses of a melding.
ONTVANGEN = "ontvangen"
IN_BEHANDELING = "in_behandeling"
DOORGEZET = "doorgezet"
HEROPEND = "heropend"
AFGEHANDELD = "afgehandeld"
INGETROKKEN = "ingetrokken"
DOORVERWEZEN = "doorverwezen"
MELDING_STATUSES = (
    ONTVANGEN, IN_BEHANDELING, INGEPLAND, WACHT_OP_MELDER, DOORGEZET, HEROPEND, AFGEHANDELD, INGETROKKEN, DOORVERWEZEN,
)  # fmt: skip

# Outcomes of an opdracht (KLANTREIS step 7 and "Status": overgedragen is the coordinator's).
OPGELOST = "opgelost"
NIET_OPGELOST = "niet_opgelost"
OVERGEDRAGEN = "overgedragen"
OUTCOMES = (OPGELOST, NIET_OPGELOST, OVERGEDRAGEN)

WORKERS = (TEAM, PIKET, COORDINATOR)
DESK = (TEAM, PIKET, KCC, COORDINATOR)


MAKES_SAFE = "veiligstellingen"
"""Only where there was danger or spoed."""
JUDGES_DANGER = "gevaarbesluiten"
"""The word of a team or the KCC on danger that is only suspected; then it is spoed, or it is not."""
UNDOES = "terugdraaiingen"
"""Within the time that the gemeente gives for it, before any melder heard of the closing."""
EXPECTS = "verwachtingen"
"""The day on which an external party thinks to be ready. Promise and norm run on."""
PARTY_ACTIONS = (EXPECTS, "afhandelingen", "notities", "fotos")
"""What an external party does without an account; the rest is for who gave it the work."""
KEEPS_CLOSED = "afwijzingen"
"""The coordinator's answer to a reopening that changes nothing: only on an opdracht made by reopening."""


class Move(NamedTuple):
    """One row of the table. `to` None: the status stays. `words`: the button, in the words of a team."""

    action: str
    words: str
    from_statuses: tuple[str, ...]
    to: str | None
    roles: tuple[str, ...]
    why: str


MOVES: tuple[Move, ...] = (
    Move("inbehandelingnames", "Oppakken", (NIEUW, INGEPLAND, WACHT_OP_MELDER, BIJ_PARTIJ), OPGEPAKT, WORKERS,
         "Someone starts; an answer from the melder or the party's return brings the work back too."),
    Move("planningen", "Inplannen", (NIEUW, OPGEPAKT, INGEPLAND, WACHT_OP_MELDER), INGEPLAND, WORKERS,
         "A day is known; planning again moves the day."),
    Move("uitstellingen", "Nieuwe datum", OPEN, None, WORKERS,
         "A date and a reason before the promised date passes, or the word that it will be met (KLANTREIS step 6)."),
    Move(EXPECTS, "Verwachte datum", (BIJ_PARTIJ,), None, WORKERS,
         "An external party says when it thinks to be ready; the coordinator writes down what it said by phone."),
    Move(MAKES_SAFE, "Veiliggesteld", OPEN, None, WORKERS,
         "The danger is gone; what is left is ordinary work (KLANTREIS step 4)."),
    Move(JUDGES_DANGER, "Is het gevaarlijk?", OPEN, None, DESK,
         "Words sounded dangerous and nobody could be asked: confirmed it is spoed, else ordinary work."),
    Move("vragen", "Vraag aan melder", (NIEUW, OPGEPAKT, INGEPLAND), WACHT_OP_MELDER, DESK,
         "The term pauses while one melder is asked (KLANTREIS Terms)."),
    Move("overdrachten", "Overdragen", OPEN, NIEUW, DESK,
         "Another team or category starts afresh; an external party makes it bij_partij (see PARTY_MOVE)."),
    Move("teruggaven", "Teruggeven", OPEN, NIEUW, WORKERS,
         "Giving it back sends it to the vangnet team at once (KLANTREIS Status)."),
    Move("splitsingen", "Splitsen", OPEN, None, WORKERS,
         "A second opdracht beside this one; this one goes on."),
    Move("samenvoegingen", "Samenvoegen", OPEN, None, DESK,
         "Its meldingen join another open opdracht; left without meldingen it lapses."),
    Move("afhandelingen", "Afhandelen", (NIEUW, OPGEPAKT, INGEPLAND, WACHT_OP_MELDER, BIJ_PARTIJ), GEREED, WORKERS,
         "Closing is allowed from any open status: three taps in the field (KLANTREIS step 7)."),
    Move(KEEPS_CLOSED, "Blijft gesloten", OPEN, VERVALLEN, (COORDINATOR,),
         "Looked at again after a reopening; the melder hears why and where to complain (KLANTREIS Reopening)."),
    Move(UNDOES, "Ongedaan maken", (GEREED,), None, WORKERS,
         "A closing by mistake: for a short while all goes back to what it was, and nobody hears (flow/undo.py)."),
    Move("notities", "Notitie", OPDRACHT_STATUSES, None, DESK, "Words need no status and no version."),
    Move("fotos", "Foto", OPDRACHT_STATUSES, None, DESK, "Photos need no status and no version."),
)  # fmt: skip

_BY_ACTION = {move.action: move for move in MOVES}
VERSIONED = (
    "inbehandelingnames",
    "planningen",
    "uitstellingen",
    EXPECTS,
    MAKES_SAFE,
    JUDGES_DANGER,
    "vragen",
    "overdrachten",
    "teruggaven",
    "splitsingen",
    "samenvoegingen",
    "afhandelingen",
    KEEPS_CLOSED,
    UNDOES,
)
"""Only moves raise the version; notes, photos and aanvullingen need none (KLANTREIS rule 4)."""


def possible_moves(status: str, roles: Iterable[str]) -> list[Move]:
    """The moves open to holders of any of `roles` on an opdracht in `status`, in the order of the table."""
    held = set(roles)
    return [move for move in MOVES if status in move.from_statuses and not held.isdisjoint(move.roles)]


@cache
def fitting_moves(
    status: str, roles: frozenset[str], *, reopened: bool, urgent: bool, suspected: bool, undoable: bool
) -> tuple[Move, ...]:
    """Of `possible_moves` those that `suits`; remembered, since a list asks it for each line."""
    facts = {"reopened": reopened, "urgent": urgent, "suspected": suspected, "undoable": undoable}
    return tuple(move for move in possible_moves(status, roles) if suits(move.action, **facts))


def suits(action: str, *, reopened: bool, urgent: bool, suspected: bool, undoable: bool = False) -> bool:
    """Whether this action means anything on such an opdracht: danger that is gone or only suspected, a reopening
    that was not needed, a closing of which nobody heard yet."""
    if action == UNDOES:
        return undoable
    if action == KEEPS_CLOSED:
        return reopened
    if action == JUDGES_DANGER:
        return suspected
    return urgent or action != MAKES_SAFE


def move_named(action: str) -> Move:
    """The table's row of an action; KeyError for a name that is not in the table."""
    return _BY_ACTION[action]


def check_move(action: str, status: str) -> Move:
    """The table's row for `action` from `status`. Raises MoveNotAllowed naming the moves that are possible."""
    move = move_named(action)
    if status not in move.from_statuses:
        possible = [m for m in MOVES if status in m.from_statuses and m.action != UNDOES]  # that one is for a minute
        words = ", ".join(m.words.lower() for m in possible)
        raise MoveNotAllowed(
            "stap_niet_mogelijk",
            f"Deze opdracht is {STATUS_WORDS[status]}. '{move.words}' kan dan niet. Wat wel kan: {words}.",
            possible=[m.action for m in possible],
        )
    return move


STATUS_WORDS = {
    NIEUW: say("nieuw"),
    OPGEPAKT: say("opgepakt"),
    INGEPLAND: say("ingepland"),
    WACHT_OP_MELDER: say("wacht op de melder"),
    BIJ_PARTIJ: say("bij een andere partij"),
    GEREED: say("gereed"),
    VERVALLEN: say("vervallen"),
    ONTVANGEN: say("ontvangen"),
    IN_BEHANDELING: say("in behandeling"),
    DOORGEZET: say("doorgezet"),
    HEROPEND: say("heropend"),
    AFGEHANDELD: say("afgehandeld"),
    INGETROKKEN: say("ingetrokken"),
    DOORVERWEZEN: say("doorverwezen"),
}


@dataclass(frozen=True)
class OpdrachtFacts:
    """What the status of a melding depends on, for each opdracht it is linked to now.

    reopened: made by reopening this melding. taken_up: ever taken up since it was made.
    """

    status: str
    reopened: bool = False
    taken_up: bool = False


def melding_status(opdrachten: Iterable[OpdrachtFacts], *, withdrawn: bool = False, referred: bool = False) -> str:
    """The status of a melding: the first line of KLANTREIS "Status of a melding" that fits.

    `opdrachten`: every opdracht linked now, lapsed ones may be left in (they count as closed).
    """
    if withdrawn:
        return INGETROKKEN
    if referred:
        return DOORVERWEZEN
    facts = [o for o in opdrachten if o.status != VERVALLEN]
    still_open = [o for o in facts if o.status in OPEN]
    if not facts:
        return ONTVANGEN
    if not still_open:
        return AFGEHANDELD
    if any(o.reopened for o in still_open) and not any(o.taken_up for o in still_open if o.reopened):
        return HEROPEND
    if any(o.status == WACHT_OP_MELDER for o in still_open):
        return WACHT_OP_MELDER
    if all(o.status == BIJ_PARTIJ for o in still_open):
        return DOORGEZET
    if all(o.status == INGEPLAND for o in still_open):
        return INGEPLAND
    if any(o.status in (OPGEPAKT, GEREED) for o in facts):
        return IN_BEHANDELING
    return ONTVANGEN

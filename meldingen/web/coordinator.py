"""/coordinator: every list that must be empty at the end of the day, with its count, one click each (issue 5).

The lists themselves: /team (store/workfilter.py), /taken (store/task.py), /piket and /beheer/vastgelopen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import COORDINATOR
from ..domain.roster import A_WEEK
from ..flow import tasks
from ..flow.dead_letters import scope_of
from ..flow.roster import unfilled
from ..store.dead_letters import count_dead_letters
from ..store.task import PARTY_LATE, count_open
from ..store.worklines import count_lists
from ..store.worklists import unrouted_meldingen
from .live import part_answer, part_path, wants_part
from .taken import KINDS, kind_words
from .team import LIST_WORDS, LOST_AFTER
from .viewer import viewer_of

pages = Blueprint("coordinator", __name__)

LOST, STUCK, GAPS = "zonder_eigenaar", "vastgelopen", "piket_gaten"
GROUPS: Sequence[tuple[str, Sequence[str]]] = (
    (
        "Gevaar en spoed",
        (
            "lijst:gevaar",
            "lijst:gevaar_vermoed",
            "taak:spoed_niet_opgepakt",
            "taak:veilig_te_laat",
            "taak:bedreiging",
            GAPS,
        ),
    ),
    (
        "Wie doet het?",
        (LOST, "lijst:vangnet", "lijst:grensgeval", "taak:derde_verplaatsing", "taak:tablet_conflict"),
    ),
    (
        "Op tijd",
        (
            "lijst:te_laat",
            "lijst:termijn_in_gevaar",
            "lijst:partij_te_laat",
            "taak:partij_vraagt",
            "taak:zelf_schrijven",
            "taak:automatisch_uitgesteld",
        ),
    ),
    (
        "De melder",
        ("lijst:heropend", "lijst:intrekking_gevraagd", "taak:antwoord_na_sluiten", "lijst:niet_bereikbaar"),
    ),
)
"""In the order of what cannot wait; kinds of items that are not named here follow under `REST`."""
ON_A_LIST = frozenset({PARTY_LATE})
"""Kinds of items of which every opdracht stands on a list of the same; counting both would count one thing twice."""
REST = "De rest"
OWN_WORDS = {"spoed_niet_opgepakt": "Spoed, te lang niet opgepakt"}
"""Beside the list of spoed that nobody took up yet."""


@dataclass(frozen=True)
class List:
    """One list of the day. what: stable, for the page's ids."""

    what: str
    words: str
    path: str
    count: int


@pages.get("/coordinator")
@enter("medewerker", roles=(COORDINATOR,))
def vandaag() -> ResponseReturnValue:
    """The lists of the day; with `?deel=ja` only what changes."""
    groups = day_lists(visit())
    total = sum(one.count for _, lists in groups for one in lists)
    if wants_part():
        return part_answer(render_template("werk/coordinator_lijsten.html", groups=groups, total=total))
    return render_template("werk/coordinator.html", groups=groups, total=total, live=part_path())


def day_lists(here: Visit) -> Sequence[tuple[str, Sequence[List]]]:
    """Each list with its count, by group; in a constant number of queries."""
    session, scope, now = here.session, here.actor.scope, here.now
    on_lists = count_lists(session, viewer_of(here).sees, scope=scope, now=now)
    kinds = count_open(session, tasks.minded_by(here.actor), scope=scope)
    known, loose = scope_of(here.actor)
    coordinates = sorted(here.actor.gemeenten_with(COORDINATOR))
    gaps = sum(one.soon(now, A_WEEK) for one in unfilled(session, now=now, scope=coordinates))
    found = {
        GAPS: List(GAPS, "Gaten in het piketrooster deze week", "/piket", gaps),
        LOST: List(
            LOST,
            "Zonder eigenaar",
            "/team#zonder-eigenaar",
            len(unrouted_meldingen(session, before=now - LOST_AFTER, scope=scope)),
        ),
        STUCK: List(
            STUCK, "Vastgelopen werk", "/beheer/vastgelopen", count_dead_letters(session, scope=known, loose=loose)
        ),
    }
    for name, words in LIST_WORDS.items():
        found[f"lijst:{name}"] = List(f"lijst-{name}", words, f"/team?lijst={name}", on_lists[name])
    for kind in (one for one in {**KINDS, **kinds} if one not in ON_A_LIST):
        path = f"/taken?soort={kind}"
        found[f"taak:{kind}"] = List(f"taak-{kind}", OWN_WORDS.get(kind) or kind_words(kind), path, kinds.get(kind, 0))
    return _in_groups(found)


def _in_groups(found: Mapping[str, List]) -> Sequence[tuple[str, Sequence[List]]]:
    named = [(head, [found[what] for what in whats if what in found]) for head, whats in GROUPS]
    told = {what for _, whats in GROUPS for what in whats}
    return [*named, (REST, [one for what, one in found.items() if what not in told])]

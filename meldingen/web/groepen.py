"""/storm/groepen: open opdrachten of one kind on one spot, on a map and as a list: join a group, or tell its melders.

Joining goes by way of /bulk, with its preview and its time to undo.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import COORDINATOR
from ..domain.errors import DomainError
from ..domain.text import whole_number
from ..flow import bulk, storm
from ..store.clusters import Cluster, clusters, waiting_of
from ..store.worklists import WorkRow, work_rows
from .keys import form_key
from .viewer import viewer_of

pages = Blueprint("groepen", __name__)

METRES = (25, 50, 100, 250)
DAYS = (1, 7, 30)
METRES_USUAL, DAYS_USUAL = 100, 7


@dataclass(frozen=True)
class Group:
    """A cluster as the page shows it: its opdrachten, and the one that the others best join."""

    cluster: Cluster
    rows: Sequence[WorkRow]
    into: WorkRow

    @property
    def ids(self) -> str:
        """As a box of the form carries it."""
        return ",".join(str(number) for number in self.cluster.opdracht_ids)


@pages.get("/storm/groepen")
@enter("medewerker", roles=(COORDINATOR,))
def lijst() -> ResponseReturnValue:
    """The groups there are now, most meldingen first."""
    return _page(visit())


@pages.post("/storm/groepen")
@enter("medewerker", roles=(COORDINATOR,))
def vertel() -> ResponseReturnValue:
    """Counts who would be told, or with `zeker` tells them."""
    here = visit()
    chosen = _chosen()
    if not request.form.get("zeker"):
        scope = here.actor.gemeenten_with(COORDINATOR)
        return _page(here, count=len(waiting_of(here.session, chosen, scope=scope)))
    try:
        with here.session.begin_nested():
            text = request.form.get("tekst", "")
            told = storm.tell_groups(here.session, chosen, text, key=form_key(), actor=here.actor, now=here.now)
    except DomainError as error:
        here.session.expire_all()
        return _page(here, error=error), error.status
    words = "1 melding" if told == 1 else f"{told} meldingen"
    flash(f"Het bericht gaat naar wie te bereiken is, van {words}.", "ok")
    return redirect(url_for("groepen.lijst"), 303)


def _chosen() -> list[int]:
    """The opdrachten of the groups that were ticked."""
    written = [one for box in request.form.getlist("groep") for one in box.split(",")]
    numbers = (whole_number(one, 2**63 - 1) for one in written[:10_000])
    return sorted({number for number in numbers if number is not None})


def _page(here: Visit, *, count: int | None = None, error: DomainError | None = None) -> str:
    viewer = viewer_of(here)
    metres = _one_of("afstand", METRES, METRES_USUAL)
    days = _one_of("dagen", DAYS, DAYS_USUAL)
    scope = here.actor.gemeenten_with(COORDINATOR)
    found = clusters(here.session, viewer.sees, since=here.now - timedelta(days=days), metres=metres, scope=scope)
    known = work_rows(here.session, [n for one in found for n in one.opdracht_ids], viewer.sees, scope=scope)
    by_id = {row.opdracht.id: row for row in known}
    return render_template(
        "werk/groepen.html",
        groups=[_group(one, [by_id[n] for n in one.opdracht_ids]) for one in found],
        metres=metres,
        days=days,
        metres_options=[(str(n), f"{n} meter") for n in METRES],
        days_options=[(str(n), "Vandaag en gisteren" if n == 1 else f"Laatste {n} dagen") for n in DAYS],
        chosen=request.form.getlist("groep"),
        text=request.form.get("tekst", ""),
        count=count,
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        key=secrets.token_hex(16),
        tiles=here.settings.map_tiles_url,
        most=bulk.MOST,
        now=here.now,
    )


def _group(cluster: Cluster, rows: Sequence[WorkRow]) -> Group:
    best = bulk.most_pressing([row.opdracht for row in rows])
    return Group(cluster, rows, next(row for row in rows if row.opdracht.id == best.id))


def _one_of(name: str, allowed: Sequence[int], usual: int) -> int:
    asked = whole_number(request.values.get(name, ""), 10_000)
    return asked if asked is not None and asked in allowed else usual

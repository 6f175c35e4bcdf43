"""/storm: what the coordinator tells everybody while it storms, until when, and telling who waits, after a count."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER, COORDINATOR
from ..domain.deadlines import AMSTERDAM, at_local
from ..domain.errors import DomainError, NotFound
from ..flow import storm
from ..store.category import categories_of
from ..store.gemeente import gemeente_by_id
from .layout import senders, show_as

pages = Blueprint("storm", __name__)

ROLES = (COORDINATOR, BEHEER)
OWN_NAMES = {"tot": "dag", "categorie": "soort"}
DONE = {
    "bewaren": "Bewaard. Melders lezen dit nu op het formulier en in de ontvangstbevestiging.",
    "vertellen": "Wij sturen het bericht nu naar de melders.",
    "stoppen": "Het bericht is voorbij.",
}


@pages.get("/storm")
@enter("medewerker", roles=ROLES)
def pagina() -> ResponseReturnValue:
    """The text there is now, per gemeente of this coordinator."""
    here = visit()
    return _page(here, _home(here))


@pages.post("/storm/<actie>")
@enter("medewerker", roles=ROLES)
def doe(actie: str) -> ResponseReturnValue:
    """Keeps the text, counts who would be told, tells them, or ends it."""
    here = visit()
    home = _home(here)
    chosen = request.form.getlist("soort")
    if actie == "tellen":
        return _page(here, home, count=storm.count_melders(here.session, home, chosen), chosen=chosen)
    who: dict[str, Any] = {"actor": here.actor, "now": here.now}
    try:
        with here.session.begin_nested():
            match actie:
                case "bewaren":
                    until = _moment(request.form.get("dag", ""), request.form.get("uur", ""))
                    storm.set_storm(here.session, home, request.form.get("tekst", ""), until, **who)
                case "vertellen":
                    storm.tell_melders(here.session, home, chosen, **who)
                case "stoppen":
                    storm.end_storm(here.session, home, **who)
                case _:
                    raise NotFound("stap_onbekend", "Deze stap bestaat niet.")
    except NotFound:
        raise
    except DomainError as error:
        here.session.expire_all()
        return _page(here, home, error=error, chosen=chosen), error.status
    return redirect(url_for("storm.pagina", gedaan=actie, gemeente=request.form.get("gemeente") or None), 303)


def _home(here: Visit) -> int:
    """The gemeente this page is about: the one asked for, else the first of this person's."""
    mine = [s for s in senders() if s.id in here.actor.gemeenten_with(*ROLES)]
    asked = request.values.get("gemeente", "")
    home = next((s for s in mine if s.slug == asked), mine[0] if mine else None)
    if home is None:
        raise NotFound("gemeente_onbekend", "Deze gemeente kennen wij niet.")
    show_as(home.id)
    return home.id


def _page(
    here: Visit,
    home: int,
    *,
    error: DomainError | None = None,
    count: int | None = None,
    chosen: Sequence[str] = (),
) -> str:
    now = storm.current_storm(gemeente_by_id(here.session, home), here.now)
    ends = now.until.astimezone(AMSTERDAM) if now else None
    mains = [c for c in categories_of(here.session, scope=[home]) if c.parent_id is None]
    return render_template(
        "werk/storm.html",
        storm=now,
        values={
            "tekst": request.form.get("tekst", now.text if now else ""),
            "dag": request.form.get("dag", ends.date().isoformat() if ends else ""),
            "uur": request.form.get("uur", f"{ends:%H:%M}" if ends else "18:00"),
        },
        kinds=[(c.slug, c.name, "") for c in mains],
        chosen=list(chosen),
        count=count,
        mine=[s for s in senders() if s.id in here.actor.gemeenten_with(*ROLES)],
        errors={OWN_NAMES.get(one.field, one.field): one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        done=DONE.get(request.args.get("gedaan", ""), "") if request.method == "GET" else "",
    )


def _moment(day: str, clock: str) -> datetime | None:
    try:
        return at_local(date.fromisoformat(day), time.fromisoformat(clock))
    except ValueError:
        return None

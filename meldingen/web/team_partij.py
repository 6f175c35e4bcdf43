"""On the page of an opdracht: how it stands with the external party that has it, our answer to it, and its link again.

What the party itself sees and does: partij.py and partij_werk.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import STAFF_ON_OPDRACHTEN
from ..domain.deadlines import local_day
from ..domain.errors import Forbidden, InvalidInput, NotFound
from ..flow import party as steps
from ..flow import party_mail, party_time
from ..store import party
from ..store.journal import Note
from ..store.opdracht import Opdracht
from .viewer import seen_work, viewer_of

pages = Blueprint("team_partij", __name__)


@dataclass(frozen=True)
class AtParty:
    """How an opdracht stands with the party that has it. asked: its last question has no answer. late: the day it named
    is over."""

    days: int
    seen_at: datetime | None
    talk: Sequence[Note]
    asked: bool
    late: bool
    may_answer: bool


def at_party(here: Visit, work: Opdracht) -> AtParty | None:
    """For the page of an opdracht; None when no party has it."""
    if work.party_since_at is None:
        return None
    scope = [work.gemeente_id]
    talk = party.conversation(here.session, work.id, scope=scope)
    return AtParty(
        days=work.party_days + party_time.days_of_stay(here.session, work, now=here.now),
        seen_at=party.seen_at(here.session, work.id, work.team_id, scope=scope),
        talk=talk,
        asked=steps.is_asked(talk),
        late=work.party_expected_on is not None and work.party_expected_on < local_day(here.now),
        may_answer=steps.may_answer(here.session, work, here.actor),
    )


@pages.post("/team/opdracht/<int(max=9223372036854775807):opdracht_id>/partij/<wat>")
@enter("medewerker", roles=STAFF_ON_OPDRACHTEN)
def zeg(opdracht_id: int, wat: str) -> ResponseReturnValue:
    """Our answer to the party (`antwoord`), or a fresh link to its address on file (`link`)."""
    here = visit()
    row = seen_work(here, viewer_of(here), opdracht_id)
    back = redirect(url_for("team.opdracht", opdracht_id=opdracht_id, _anchor="bij-partij"), 303)
    if wat == "antwoord":
        try:
            steps.answer(here.session, opdracht_id, request.form.get("antwoord", ""), actor=here.actor, now=here.now)
        except InvalidInput as error:
            flash(error.fields[0].detail if error.fields else error.detail, "error")
            return back
        flash("Uw antwoord is verstuurd.", "ok")
        return back
    if wat != "link" or not row.team.is_partner:
        raise NotFound("stap_onbekend", "Deze stap bestaat niet.")
    if not steps.may_answer(here.session, row.opdracht, here.actor):
        raise Forbidden("geen_recht", "Dit kan wie de opdracht overdroeg, het KCC of de coördinator.")
    party_mail.send_links(here.session, row.team, now=here.now)
    flash(f"{row.team.name} krijgt een mail met een nieuwe link.", "ok")
    return back

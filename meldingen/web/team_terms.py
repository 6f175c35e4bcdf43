"""The steps around a promise: a new date, the date of a party, danger that is gone, keeping a reopened melding closed,
and a question.

Their forms and choices; the forms themselves are answered by team_moves.py.
"""

from datetime import date
from typing import Any

from flask import request

from ..domain.deadlines import local_day, next_werkdag
from ..domain.delays import first_date
from ..domain.errors import InvalidInput
from ..domain.numbers import show_number
from ..domain.workflow import KEEPS_CLOSED
from ..flow import delay, feedback, library, party, spoed, work
from ..flow.delay import Why
from ..store.gemeente import closing_days
from ..store.opdracht import meldingen_of
from .step import Step, whole
from .taal import day_words


def postpone(step: Step) -> None:
    """A new date and why; or "wij halen het"."""
    opdracht_id = step.row.opdracht.id
    if request.form.get("op_tijd"):
        delay.keep_date(step.here.session, opdracht_id, basis=step.basis, **step.who)
        return
    try:
        day = date.fromisoformat(step.values["datum"])
    except ValueError as error:
        raise InvalidInput.of("datum", "geen_datum", "Kies een dag.") from error
    why = Why(step.values["reden"], step.values["zin"])
    delay.postpone(step.here.session, opdracht_id, day, why, basis=step.basis, **step.who)


def expect(step: Step) -> None:
    """The day on which an external party thinks to be ready, as it told us."""
    try:
        day = date.fromisoformat(step.values["datum"])
    except ValueError as error:
        raise InvalidInput.of("datum", "geen_datum", "Kies een dag.") from error
    party.expect(step.here.session, step.row.opdracht.id, day, basis=step.basis, **step.who)


def make_safe(step: Step) -> None:
    """The danger is gone."""
    spoed.make_safe(step.here.session, step.row.opdracht.id, step.values["tekst"], basis=step.basis, **step.who)


def judge_danger(step: Step) -> None:
    """What sounded dangerous is, or is not."""
    said = request.form.get("besluit", "")
    if said not in ("ja", "nee"):
        raise InvalidInput.of("besluit", "leeg", "Kies of het gevaarlijk is.")
    opdracht_id, words = step.row.opdracht.id, step.values["tekst"]
    spoed.judge_danger(step.here.session, opdracht_id, said == "ja", words, basis=step.basis, **step.who)


def keep_closed(step: Step) -> None:
    """Looked at again: it stays closed, with the reason that the melder reads."""
    feedback.keep_closed(step.here.session, step.row.opdracht.id, step.values["reden"], basis=step.basis, **step.who)


def ask(step: Step) -> None:
    """A question to one melder: the chosen one, else the first who can be reached."""
    chosen = whole(step.values["melding"])
    question = step.values["vraag"]
    work.ask_melder(step.here.session, step.row.opdracht.id, question, melding_id=chosen, basis=step.basis, **step.who)


def options(step: Step) -> dict[str, Any]:
    """What the form of one of these steps needs besides the opdracht."""
    session, opdracht = step.here.session, step.row.opdracht
    scope = [opdracht.gemeente_id]
    match step.action:
        case "uitstellingen":
            closing = closing_days(session, scope=scope)
            first = first_date(step.here.now, closing)
            suggested = delay.suggested_date(session, opdracht, now=step.here.now)
            chosen = step.values["datum"] or suggested.isoformat()
            return {
                "chosen_date": chosen,
                "first_date": first.isoformat(),
                "suggested": day_words(suggested),
                "reasons": [(r.slug, r.label, r.sentence) for r in library.delay_reasons().values() if not r.by_system],
            }
        case "vragen":
            able = work.who_can_be_asked(session, meldingen_of(session, opdracht.id, scope=scope))
            return {
                "can_be_asked": [(str(m.id), f"Melding {show_number(m.number)}", "") for m in able],
                "first_asked": str(able[0].id) if able else "",
            }
        case _:
            return {"keeps_closed": step.action == KEEPS_CLOSED, "tomorrow": next_werkdag(local_day(step.here.now))}

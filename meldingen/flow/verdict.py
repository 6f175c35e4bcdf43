"""What a melder is asked about the end, and what he said: once per end, changeable while it is asked.

"Is het opgelost?" after opgelost, "is onze uitleg duidelijk?" after any other end (KLANTREIS step 9). Opening the
melding again after "nee" is feedback.py's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from ..domain.actor import KCC, Actor
from ..domain.deadlines import terugbel_due_at
from ..domain.notices import NoticeKind
from ..domain.workflow import AFGEHANDELD
from ..store import ending, gemeente, journal, task
from ..store.melding import Melding
from ..store.verdict import put, verdict_on

ASKED_FOR: Final = timedelta(days=30)
"""How long the question stays open (KLANTREIS step 9)."""
SOLVED: Final = "opgelost"
CLEAR: Final = "uitleg"
_ABOUT: Final = {
    NoticeKind.GEREED: SOLVED,
    NoticeKind.NIET_OPGELOST: CLEAR,
    NoticeKind.OVERGEDRAGEN: CLEAR,
    NoticeKind.BLIJFT_GESLOTEN: CLEAR,
}


@dataclass(frozen=True)
class Question:
    """What is asked now. event_id: of the end. about: SOLVED or CLEAR. answer: what was said before, if anything."""

    event_id: int
    about: str
    answer: bool | None = None


def question_for(session: Session, melding: Melding, *, now: datetime) -> Question | None:
    """What this melder is asked; None when his melding is open, its end was too long ago, or was not kept."""
    if melding.status != AFGEHANDELD or melding.closed_at is None or melding.erased_at is not None:
        return None
    last = ending.last_end(session, melding.id, scope=[melding.gemeente_id])
    about = _ABOUT.get(NoticeKind(last.kind)) if last is not None else None
    if last is None or about is None or now - last.at > ASKED_FOR:
        return None
    given = verdict_on(session, melding.id, last.event_id, scope=[melding.gemeente_id])
    return Question(last.event_id, about, given.answer if given is not None else None)


def keep_answer(
    session: Session,
    melding: Melding,
    asked: Question,
    *,
    answer: bool,
    note_id: int | None,
    via: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Keeps the answer to this question, or changes it. An explanation that is not clear becomes work for the KCC.

    The melding is locked by who calls. note_id: what was said with it.
    """
    scope = [melding.gemeente_id]
    put(session, melding, asked.event_id, asked=asked.about, answer=answer, via=via, note_id=note_id, at=now)
    journal.record(
        session,
        "oordeel",
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=now,
        melding_id=melding.id,
        facts={"asked": asked.about, "answer": answer, "via": via, **({"note_id": note_id} if note_id else {})},
    )
    if asked.about != CLEAR:
        return
    if answer:
        task.drop_open(session, [melding.id], kind=task.UNCLEAR, now=now, scope=scope)
    elif not task.has_open(session, melding.id, task.UNCLEAR, scope=scope):
        task.put(
            session,
            task.UNCLEAR,
            gemeente_id=melding.gemeente_id,
            role=KCC,
            words="De melder vindt onze uitleg niet duidelijk. Leg het nog een keer uit, liefst aan de telefoon.",
            now=now,
            due_at=terugbel_due_at(now, gemeente.closing_days(session, scope=scope)),
            melding_id=melding.id,
        )

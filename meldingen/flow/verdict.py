"""What a melder is asked about the end, and what he said: once per end, changeable while it is asked.

"Is het opgelost?" after opgelost, "is onze uitleg duidelijk?" after any other end (KLANTREIS step 9); then, if he
likes, whether he heard enough of us and a mark. Opening the melding again after "nee" is feedback.py's.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy.orm import Session

from ..domain.actor import KCC, Actor
from ..domain.deadlines import terugbel_due_at
from ..domain.errors import Conflict, InvalidInput
from ..domain.notices import NoticeKind
from ..domain.sentence import say
from ..domain.workflow import AFGEHANDELD
from ..store import ending, gemeente, journal, task
from ..store.dossier import Dossier, EndRow, MeldingRow, VerdictRow
from ..store.melding import Melding, lock_meldingen
from ..store.verdict import Verdict, put, put_more, verdict_on

ASKED_FOR: Final = timedelta(days=30)
"""How long the question stays open (KLANTREIS step 9)."""
LOWEST_MARK, HIGHEST_MARK = 1, 10
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
    """What is asked of this end, until `until`. event_id: of the end. about: SOLVED or CLEAR. answer: what was said.

    enough, mark: what was said more, if anything. open: the answer can be given or changed; False once "nee" opened the
    melding again, when only enough and mark can.
    """

    event_id: int
    about: str
    until: datetime
    answer: bool | None = None
    enough: bool | None = None
    mark: int | None = None
    open: bool = True


def question_for(session: Session, melding: Melding | MeldingRow, *, now: datetime) -> Question | None:
    """What this melder is asked; None when his melding is open, its end was too long ago, or was not kept."""
    asked = said_about(session, melding, now=now)
    return asked if asked is not None and asked.open else None


def said_about(session: Session, melding: Melding | MeldingRow, *, now: datetime) -> Question | None:
    """As `question_for`, and also for an end that did not hold, as long as an answer about it stands."""
    if melding.erased_at is not None:
        return None
    last = ending.last_end(session, melding.id, scope=[melding.gemeente_id])
    if last is None:
        return None
    given = verdict_on(session, melding.id, last.event_id, scope=[melding.gemeente_id])
    return _about(melding, last, given, now)


def said_in(dossier: Dossier, *, now: datetime) -> Question | None:
    """As `said_about`, by what was read already."""
    if dossier.melding.erased_at is not None or not dossier.ends:
        return None
    last = dossier.ends[-1]
    given = next((one for one in dossier.verdicts if one.event_id == last.event_id), None)
    return _about(dossier.melding, last, given, now)


def _about(
    melding: Melding | MeldingRow,
    last: ending.Ending | EndRow,
    given: Verdict | VerdictRow | None,
    now: datetime,
) -> Question | None:
    """given: what he said of this last end."""
    about = _ABOUT.get(NoticeKind(last.kind))
    if about is None or now - last.at > ASKED_FOR:
        return None
    is_open = melding.status == AFGEHANDELD and melding.closed_at is not None
    if given is None:
        return Question(last.event_id, about, last.at + ASKED_FOR) if is_open else None
    return Question(last.event_id, about, last.at + ASKED_FOR, given.answer, given.enough, given.mark, is_open)


def say_more(
    session: Session, melding: Melding, *, enough: bool | None, mark: int | None, actor: Actor, now: datetime
) -> None:
    """Whether he heard enough of us, and a mark of 1 to 10; both may be left out, and changed while it is asked.

    Raises Conflict when no answer stands to which this belongs, InvalidInput for another mark.
    """
    if mark is not None and not LOWEST_MARK <= mark <= HIGHEST_MARK:
        raise InvalidInput.of(
            "cijfer",
            "geen_cijfer",
            say(
                "Kies een cijfer van %(laagst)s tot en met %(hoogst)s.",
                laagst=LOWEST_MARK,
                hoogst=HIGHEST_MARK,
            ),
        )
    lock_meldingen(session, [melding.id], scope=[melding.gemeente_id])
    said = said_about(session, melding, now=now)
    if said is None or said.answer is None:
        raise Conflict("geen_vraag", say("Over deze melding vragen wij nu niets. Bel ons als u iets wilt zeggen."))
    if (said.enough, said.mark) == (enough, mark):
        return
    put_more(session, melding.id, said.event_id, enough=enough, mark=mark, scope=[melding.gemeente_id])
    journal.record(
        session,
        "oordeel_aangevuld",
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=now,
        melding_id=melding.id,
        facts={"enough": enough, "mark": mark},
    )


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

"""The words of danger of a gemeente: its lists, hearing a text with them, and what a later word of a melder does.

At intake the flags say it (intake.py) and routing makes the alarm. The word of a team or the KCC on what is only
suspected: spoed.py.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, Actor
from ..domain.danger import BY_WORDS, SUSPECTED, DangerWords, Heard, check_words, hear
from ..domain.errors import FieldError, InvalidInput, Stale, gathered
from ..domain.workflow import OPEN
from ..store import gemeente, journal
from ..store.gemeente import Gemeente
from ..store.melding import Melding
from . import alarm, routing
from .library import danger_defaults
from .status import Work

ASKING, ALARMING = "danger_words", "alarm_words"
"""The lists in the policy of a gemeente; without one, ours counts."""


def words_of(policy: Mapping[str, Any]) -> DangerWords:
    """The lists that count in the gemeente with this policy: its own, or those we ship."""
    ours = danger_defaults()
    return DangerWords(
        tuple(policy.get(ASKING, ours.asking)), tuple(policy.get(ALARMING, ours.alarming)), ours.harmless
    )


def mark_of(words: DangerWords) -> str:
    """A short mark of both lists as somebody saw them, so that he overwrites nothing another kept meanwhile."""
    return hashlib.sha256(json.dumps([words.asking, words.alarming]).encode()).hexdigest()[:16]


def read_words(asking: str, alarming: str) -> DangerWords:
    """Two lists as beheer types them. Raises InvalidInput with what is wrong in either: `vragen`, `alarm`."""
    wrong: list[FieldError] = []
    read = DangerWords(
        gathered(wrong, lambda: check_words(asking, field="vragen"), ()),
        gathered(wrong, lambda: check_words(alarming, field="alarm"), ()),
        danger_defaults().harmless,
    )
    if wrong:
        raise InvalidInput.gather(wrong)
    return read


def set_words(
    session: Session, gemeente_id: int, words: DangerWords | None, *, seen: str, actor: Actor, now: datetime
) -> None:
    """Keeps the lists of a gemeente, or goes back to ours (None). seen: the mark of those that were shown.

    Raises Forbidden, Stale when somebody was first. The same lists change nothing.
    """
    actor.require_role(gemeente_id, BEHEER)
    home = session.get_one(Gemeente, gemeente_id, with_for_update=True, populate_existing=True)
    before = words_of(home.policy)
    if mark_of(before) != seen:
        raise Stale("intussen_gewijzigd", "Iemand anders heeft de woorden intussen gewijzigd. Kijk eerst wat er staat.")
    rest = {name: value for name, value in home.policy.items() if name not in (ASKING, ALARMING)}
    own = {} if words is None else {ASKING: list(words.asking), ALARMING: list(words.alarming)}
    if {**rest, **own} == home.policy:
        return
    home.policy = {**rest, **own}
    after = words_of(home.policy)
    facts = {"own": words is not None, "asking": len(after.asking), "alarming": len(after.alarming)}
    journal.record(session, "gevaarwoorden_gewijzigd", gemeente_id=gemeente_id, actor=actor, now=now, facts=facts)
    session.flush()


def mind_supplement(session: Session, work: Work, melding: Melding, text: str, *, actor: Actor, now: datetime) -> Heard:
    """A later word of a melder, by mail, page or API, where nobody can be asked: the short list alarms, the rest is
    looked at. Words of staff are judged by who writes them. The melding and its opdrachten are locked in `work`.
    """
    home = gemeente.gemeente_by_id(session, melding.gemeente_id)
    heard = Heard() if actor.is_staff else hear(text, words_of(home.policy))
    if not heard.suspected:
        return heard
    kind = BY_WORDS if heard.alarming else SUSPECTED
    melding.danger = melding.danger or bool(heard.alarming)
    melding.flags = [*(flag for flag in melding.flags if flag not in (SUSPECTED, kind)), kind]
    for opdracht in work.opdrachten.values():
        if opdracht.status not in OPEN or opdracht.danger:
            continue
        if heard.alarming:
            routing.make_dangerous(opdracht)
        opdracht.danger_suspected = not heard.alarming
        facts = {"status": opdracht.status, "from_melding_id": melding.id}
        event = journal.record(
            session, kind, gemeente_id=home.id, actor=actor, now=now, opdracht_id=opdracht.id, facts=facts
        )
        if heard.alarming:
            routing.settle(session, work, event, now=now)
            alarm.ring(session, opdracht, event, now=now)
    session.flush()
    return heard

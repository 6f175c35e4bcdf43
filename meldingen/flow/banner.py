"""What stands on every page for a while: an outage, or what else everybody must know. A text with an end.

Not for a storm, which is told in berichten too: storm.py. Kept in the policy of the gemeente.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from ..domain.actor import BEHEER, COORDINATOR, Actor
from ..domain.errors import FieldError, InvalidInput, gathered
from ..domain.text import clean_text
from ..store import journal
from ..store.gemeente import Gemeente

MAX_TEXT = 300
LONGEST = timedelta(days=14)
MAY_SET = (BEHEER, COORDINATOR)


@dataclass(frozen=True)
class Banner:
    """A text that everybody reads until a moment."""

    text: str
    until: datetime

    def shows(self, now: datetime) -> bool:
        """Whether it is not over."""
        return now < self.until


def read_banner(kept: dict[str, Any] | None) -> Banner | None:
    """What was set last, as the policy of a gemeente has it; perhaps over already."""
    return Banner(str(kept["text"]), datetime.fromisoformat(kept["until"])) if kept and kept.get("until") else None


def current_banner(home: Gemeente, now: datetime) -> Banner | None:
    """What everybody reads now."""
    kept = read_banner(home.policy.get("banner"))
    return kept if kept is not None and kept.shows(now) else None


def set_banner(
    session: Session, gemeente_id: int, text: str, until: datetime | None, *, actor: Actor, now: datetime
) -> Banner:
    """Puts it on every page, at once. Raises Forbidden, InvalidInput naming `tekst` and `tot`."""
    actor.require_role(gemeente_id, *MAY_SET)
    wrong: list[FieldError] = []
    text = gathered(wrong, lambda: clean_text(text, field="tekst", max_length=MAX_TEXT), "")
    if not text and not wrong:
        wrong.append(FieldError("tekst", "leeg", "Schrijf op wat iedereen moet weten."))
    if until is None or until <= now:
        wrong.append(FieldError("tot", "datum_voorbij", "Kies een moment dat nog komt."))
    elif until - now > LONGEST:
        wrong.append(FieldError("tot", "datum_te_ver", "Kies een moment binnen 14 dagen."))
    if wrong or until is None:
        raise InvalidInput.gather(wrong)
    home = _lock(session, gemeente_id)
    home.policy = {**home.policy, "banner": {"text": text, "until": until.isoformat()}}
    facts = {"until": until.isoformat()}
    journal.record(session, "balk_aan", gemeente_id=gemeente_id, actor=actor, now=now, facts=facts)
    session.flush()
    return Banner(text, until)


def end_banner(session: Session, gemeente_id: int, *, actor: Actor, now: datetime) -> None:
    """It is over before its time. A second time changes nothing."""
    actor.require_role(gemeente_id, *MAY_SET)
    home = _lock(session, gemeente_id)
    if home.policy.get("banner"):
        home.policy = {name: value for name, value in home.policy.items() if name != "banner"}
        journal.record(session, "balk_uit", gemeente_id=gemeente_id, actor=actor, now=now)
        session.flush()


def _lock(session: Session, gemeente_id: int) -> Gemeente:
    return session.get_one(Gemeente, gemeente_id, with_for_update=True, populate_existing=True)

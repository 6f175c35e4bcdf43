"""What a closing writes at once (store/closing.py) against what other steps write one by one, column by column."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import COORDINATOR
from meldingen.domain.notices import NoticeKind
from meldingen.domain.workflow import AFGEHANDELD, GEREED, WACHT_OP_MELDER
from meldingen.flow import closure, endings, notices
from meldingen.flow.before import WITHDRAWAL_ASKED
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store import journal, task
from meldingen.store.closing import DERIVED, MOVED, Closed, store_closing
from meldingen.store.ending import Ending
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import OutboxEntry
from tests import factories


@pytest.mark.parametrize("undo_s", [0, 60])
def test_what_a_closing_writes_at_once_is_what_others_write_one_by_one(
    session: Session, now: datetime, undo_s: int
) -> None:
    home = factories.gemeente(session)
    home.policy = {**home.policy, "undo_s": undo_s}
    chief = factories.medewerker(session, home, COORDINATOR)
    told = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    work = factories.opdracht_of(session, told)
    minded = {"gemeente_id": home.id, "role": "coordinator", "words": "Kijk even.", "now": now, "due_at": now}
    task.put(session, task.PARTY_ASKS, opdracht_id=work.id, **minded)
    later = now + timedelta(days=1)
    closure.close_opdracht(
        session, work.id, NewClosure("opgelost", "Klaar."), basis=Basis(version=work.version), actor=chief, now=later
    )
    event = session.scalars(sa.select(Event).order_by(Event.id.desc())).first()
    assert event is not None and event.kind == "afgehandeld"
    facts = {"gemeente_id": home.id, "actor": chief, "now": later, "opdracht_id": work.id, "facts": event.facts}
    again = journal.record(session, event.kind, **facts)
    endings.remember_ends(session, again, work, {NoticeKind.GEREED: [told]}, now=later)
    wait = later + timedelta(seconds=undo_s) if undo_s else None
    notices.announce(session, NoticeKind.GEREED, again, [told], now=later, not_before=wait)
    for table, but in ((Event, {"id"}), (Ending, {"id", "event_id"}), (Notice, {"id", "event_id"})):
        assert _differing(session, table.__table__) == but
    assert _differing(session, OutboxEntry.__table__) == {"id", "payload"}
    payloads = session.scalars(sa.select(OutboxEntry.payload).order_by(OutboxEntry.id.desc()).limit(2)).all()
    assert payloads[0].keys() == payloads[1].keys()
    assert [one.status for one in session.scalars(sa.select(task.Task))] == [task.VERVALLEN]


def test_a_closing_writes_all_that_it_changes(session: Session, now: datetime, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an opdracht that waited for its melder and was with a party, and of a melding that was to be withdrawn."""
    home = factories.gemeente(session)
    chief = factories.medewerker(session, home, COORDINATOR)
    told = factories.melding(session, now=now, contact={"email": "bo@example.nl"})
    told.flags = [WITHDRAWAL_ASKED, "grensgeval"]
    work = factories.opdracht_of(session, told)
    work.status, work.paused_at, work.party_since_at = WACHT_OP_MELDER, now, now
    changed: dict[type, set[str]] = {}

    def noted(session: Session, closed: Closed, *rest: Any, **facts: Any) -> None:
        for row in (closed.opdracht, *closed.changed):
            changed[type(row)] = set(sa.inspect(row).committed_state)
        store_closing(session, closed, *rest, **facts)

    monkeypatch.setattr(closure, "store_closing", noted)
    basis, later = Basis(version=work.version), now + timedelta(days=9)
    closure.close_opdracht(session, work.id, NewClosure("opgelost", "Klaar."), basis=basis, actor=chief, now=later)
    assert changed == {Opdracht: set(MOVED), Melding: {*DERIVED, "flags"}}
    assert (work.status, work.paused_at, work.party_since_at) == (GEREED, None, None), "whoever has it reads it anew"
    assert work.paused_days > 0 and work.party_days > 0 and work.closed_at == later
    assert (told.status, told.closed_at, told.flags) == (AFGEHANDELD, later, ["grensgeval"])


def _differing(session: Session, table: sa.FromClause) -> set[str]:
    """In what the last two rows of a table differ."""
    newest = sa.select(table).order_by(table.c.id.desc()).limit(2)
    one, other = session.execute(newest).mappings().all()
    return {name for name in one if one[name] != other[name]}

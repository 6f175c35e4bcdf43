"""What a bericht tells beyond its golden file: the storm text while it lasts, and what a team reads of a melder."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from meldingen.domain.actor import SYSTEM
from meldingen.flow import notice_facts, texts
from meldingen.store import journal
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Note
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from tests import factories

from .berichten import SETTINGS


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


def receipt(session: Session, melding: Melding, now: datetime, channel: str) -> str:
    event = journal.record(
        session, "ontvangen", gemeente_id=melding.gemeente_id, actor=SYSTEM, now=now, melding_id=melding.id
    )
    notice = Notice(gemeente_id=melding.gemeente_id, event_id=event.id, melding_id=melding.id, kind="ontvangst", at=now)
    facts = notice_facts.facts_for_melder(session, SETTINGS, notice, event, melding, channel, now=now)
    return texts.write(session, "ontvangst", channel, facts).text


def test_the_storm_text_stands_in_the_receipt_while_it_lasts(session: Session, home: Gemeente, now: datetime) -> None:
    melding = factories.melding(session, now=now)
    home.policy = {
        "storm": {"text": "Door de storm duurt het langer.", "until": (now + timedelta(hours=3)).isoformat()}
    }
    assert "Door de storm duurt het langer." in receipt(session, melding, now, "email")
    assert "Door de storm duurt het langer." in receipt(session, melding, now, "sms")
    assert "storm" not in receipt(session, melding, now + timedelta(hours=3), "email")
    home.policy = {}
    assert "storm" not in receipt(session, melding, now, "email")


@pytest.mark.parametrize(
    ("slug", "read"), [("serviceteam", "Bel mij op 06 12345678."), ("waterschap", "Bel mij op ▒▒▒.")]
)
def test_an_answer_reaches_the_team_and_a_partner_reads_it_masked(
    session: Session, home: Gemeente, now: datetime, slug: str, read: str
) -> None:
    melding = factories.melding(session, now=now)
    note = Note(
        gemeente_id=home.id, melding_id=melding.id, kind="aanvulling", text="Bel mij op 06 12345678.",
        made_by="melder", at=now,
    )  # fmt: skip
    session.add(note)
    session.flush()
    event = journal.record(
        session, "aanvulling", gemeente_id=home.id, actor=SYSTEM, now=now, melding_id=melding.id,
        facts={"note_id": note.id},
    )  # fmt: skip
    to = factories.team(session, home, slug)
    notice = Notice(gemeente_id=home.id, event_id=event.id, team_id=to.id, kind="antwoord_ontvangen", at=now)
    facts = notice_facts.facts_for_team(session, SETTINGS, notice, event, to, now=now)
    words = texts.write(session, "antwoord_ontvangen", "email", facts)
    assert f"De melder schrijft: {read}" in words.text
    work = factories.opdracht_of(session, melding)
    assert ("/partij/" if to.is_partner else f"/team/{work.id}") in words.text

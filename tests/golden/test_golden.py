"""Every bericht × channel as a file in this folder: what a melder, a team or the KCC reads, word for word.

After changing a text on purpose, write the files anew and read the difference before committing it:

    GOLDEN=schrijf python3 -m meldingen.local db pytest tests/golden
"""

import os
import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import SYSTEM
from meldingen.domain.merge_fields import channels_of
from meldingen.domain.notices import TEAM_KINDS, NoticeKind, sms_segments
from meldingen.domain.numbers import make_number
from meldingen.flow import notice_facts, texts
from meldingen.store import journal
from meldingen.store.gemeente import Gemeente, point
from meldingen.store.journal import Note
from meldingen.store.melding import Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Closure, Opdracht
from tests import factories
from tests.flow.berichten import SETTINGS

FOLDER = Path(__file__).parent
CASES = sorted((kind.value, channel.value) for kind in NoticeKind for channel in channels_of(kind))
SAID: dict[str, dict[str, str]] = {
    "gereed": {"outcome": "opgelost", "sentence": "Het bord is inmiddels vervangen."},
    "deels_klaar": {"outcome": "opgelost", "sentence": "Het bord is inmiddels vervangen."},
    "niet_opgelost": {
        "outcome": "niet_opgelost",
        "reason": "eigen-terrein",
        "sentence": "Wij hebben de eigenaar gebeld.",
    },
    "overgedragen": {"outcome": "overgedragen", "partner": "Provincie Noord-Holland, 0800 0200 600."},
}
STORM = {"text": "Er zijn veel bomen omgewaaid. Wij helpen eerst op de weg.", "until": "2026-04-15T12:00+02:00"}
TO_PARTY = ("opdracht_partij", "opdrachten_partij", "partij_antwoord")
LINK = re.compile(r"/partij/[\w-]+")
"""Made of the id of a team, which is another in every run."""
NOTES = {
    "vraag": "Aan welke kant van de weg stond het bord?",
    "vertraagd": "Het nieuwe bord is nog niet gemaakt.",
    "blijft_gesloten": "Het bord hoort bij de winkel.",
    "antwoord_ontvangen": "Het bord stond aan de kant van het water.",
    "partij_vraagt": "Mag de weg een uur dicht?",
    "partij_antwoord": "Ja, na 9 uur. Bel 06 12345678 als u begint.",
}


@pytest.fixture
def home(session: Session) -> Gemeente:
    row = factories.gemeente(session)
    row.website = "https://www.duinstede.nl"
    row.policy = {
        "referral": "Doe uw melding bij de gemeente {naam}. Die gemeente gaat over deze plek.",
        "klacht": "klachten@duinstede.nl",
    }
    return row


@pytest.fixture
def melding(session: Session, home: Gemeente, now: datetime) -> Melding:
    """One fixed melding: its number and link are the same in every run."""
    sign = factories.category(session, home, "bord")
    sign.phrase = "een vernield verkeersbord"
    row = Melding(
        id=4242,
        gemeente_id=home.id,
        number=make_number(2026, 1234),
        status="ontvangen",
        description="Het bord ligt om.",
        location=point(*factories.HOME),
        location_source="pin",
        location_note="Bij de bushalte",
        address="Dorpsstraat 1, Duinstede",
        category_id=sign.id,
        answers={},
        flags=[],
        intake_channel="app",
        received_at=now,
        first_promised_on=date(2026, 4, 21),
        promised_on=date(2026, 4, 23),
        term_days=5,
    )
    session.add(row)
    session.flush()
    work = Opdracht(
        id=77,
        gemeente_id=home.id,
        status="nieuw",
        category_id=sign.id,
        team_id=factories.team(session, home, "piket").id,
        urgency="spoed",
        danger=True,
        location=point(*factories.HOME),
        location_note="Bij de bushalte",
        address="Dorpsstraat 1, Duinstede",
        received_at=now,
        due_at=now,
        created_at=now,
    )
    session.add(work)
    session.flush()
    session.execute(
        sa.text(
            "INSERT INTO melding_opdracht (gemeente_id, melding_id, opdracht_id, how, from_at, made_by)"
            " VALUES (:gemeente, 4242, 77, 'toegewezen', :now, 'systeem')"
        ),
        {"gemeente": home.id, "now": now},
    )
    return row


def written(session: Session, home: Gemeente, melding: Melding, kind: str, channel: str, now: datetime) -> texts.Words:
    """The words of one bericht, its event recorded as the flow records it, two hours later on the same day."""
    facts: dict[str, Any] = {}
    if kind in SAID:
        closure = Closure(
            gemeente_id=home.id, opdracht_id=77, closed_at=now, **{"reason": "", "partner": "", **SAID[kind]}
        )
        session.add(closure)
        session.flush()
        facts["closure_id"] = closure.id
    if kind in NOTES:
        note = Note(gemeente_id=home.id, opdracht_id=77, kind="vraag", text=NOTES[kind], made_by="systeem", at=now)
        session.add(note)
        session.flush()
        facts["note_id"] = note.id
    if kind == "ingepland":
        facts["planned_on"] = "2026-04-16"
    if kind == "verwacht":
        facts |= {"team_id": factories.team(session, home, "waterschap").id, "expected_on": "2026-04-16"}
    if kind == "ander_loket":
        facts["desk"] = "klacht"
        desks = {"klacht": {"naam": "de klachtencoördinator", "contact": "www.duinstede.nl/klacht"}}
        home.policy = {**home.policy, "loketten": desks}
    if kind == "doorgezet":
        facts["team_id"] = factories.team(session, home, "waterschap").id
    if kind == "storm":
        home.policy = {**home.policy, "storm": STORM}
    if kind == "doorverwezen":
        melding.referred_to = "Alkmaar"
    event = journal.record(session, kind, gemeente_id=home.id, actor=SYSTEM, now=now, opdracht_id=77, facts=facts)
    to = factories.team(session, home, "waterschap" if kind in TO_PARTY else "piket")
    if kind in TO_PARTY:
        session.execute(sa.update(Opdracht).where(Opdracht.id == 77).values(team_id=to.id))
    notice = Notice(
        gemeente_id=home.id,
        event_id=event.id,
        melding_id=None if kind in TEAM_KINDS else melding.id,
        team_id=to.id if kind in TEAM_KINDS else None,
        kind=kind,
        at=now,
    )
    later = now + timedelta(hours=2)
    if kind in TEAM_KINDS:
        told = notice_facts.facts_for_team(session, SETTINGS, notice, event, to, now=later)
    else:
        told = notice_facts.facts_for_melder(session, SETTINGS, notice, event, melding, channel, now=later)
    words = texts.write(session, kind, channel, told)
    return replace(words, text=LINK.sub("/partij/token", words.text), html=LINK.sub("/partij/token", words.html))


@pytest.mark.parametrize(("kind", "channel"), CASES)
def test_word_for_word(
    session: Session, home: Gemeente, melding: Melding, now: datetime, kind: str, channel: str
) -> None:
    words = written(session, home, melding, kind, channel, now)
    subject = f"Onderwerp: {words.subject}\n\n" if words.subject else ""
    files = {f"{kind}.{channel}.txt": subject + words.text.rstrip("\n") + "\n"}
    if channel == "email":
        files[f"{kind}.email.html"] = words.html + "\n"
    for name, content in files.items():
        if os.environ.get("GOLDEN") == "schrijf":
            (FOLDER / name).write_text(content, encoding="utf-8")
        assert (FOLDER / name).read_text(encoding="utf-8") == content, f"{name}: zie de uitleg bovenin dit bestand"


@pytest.mark.parametrize(("kind", "channel"), [case for case in CASES if case[1] == "sms"])
def test_an_sms_is_one_message(
    session: Session, home: Gemeente, melding: Melding, now: datetime, kind: str, channel: str
) -> None:
    text = written(session, home, melding, kind, channel, now).text
    segments = sms_segments(text)
    assert (segments.encoding, segments.count) == ("GSM-7", 1), f"{segments.units}: {text}"


def test_no_file_is_left_over() -> None:
    expected = {f"{kind}.{channel}.txt" for kind, channel in CASES}
    expected |= {f"{kind}.email.html" for kind, channel in CASES if channel == "email"}
    assert {path.name for path in FOLDER.iterdir() if path.suffix in (".txt", ".html")} == expected


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.name)
def test_plain_dutch(path: Path) -> None:
    """MSG-18: no sentence of more than 20 words, no word of officials, always u."""
    text = re.sub(r"https?://\S+", "", path.read_text(encoding="utf-8").split("Met vriendelijke groet")[0])
    sentences = [part for part in re.split(r"[.?!:]\s|\n", text) if part.strip()]
    assert max(len(sentence.split()) for sentence in sentences) <= 20, sentences
    assert not re.search(r"\b(je|jij|jouw|jullie|betreffende|teneinde|middels|derhalve|inzake)\b", text, re.IGNORECASE)
    assert "None" not in text and "{" not in text

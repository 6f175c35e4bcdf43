"""Terugbelnotities: made by hand or for a bericht, called once by one colleague, with version and author."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, Actor
from meldingen.domain.errors import (
    Conflict,
    DomainError,
    Forbidden,
    InvalidInput,
    NotFound,
    NotSignedIn,
    PreconditionRequired,
    Stale,
)
from meldingen.flow import kcc
from meldingen.store.callback import Callback, open_callbacks
from meldingen.store.gemeente import ClosingDay, Gemeente
from meldingen.store.journal import history_of
from meldingen.store.melding import Melding
from tests import factories


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def agent(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, factories.KCC)


@pytest.fixture
def melding(session: Session, home: Gemeente, now: datetime) -> Melding:
    return factories.melding(session, now=now, route=False, contact={"phone": "072 888 00 00"})


def made(session: Session, melding: Melding, agent: Actor, now: datetime) -> Callback:
    return kcc.make_callback(session, melding, "Vraag of de stoep weer vlak is.", actor=agent, now=now)


def test_made_by_hand_is_on_the_list_with_its_deadline(
    session: Session, home: Gemeente, melding: Melding, agent: Actor, now: datetime
) -> None:
    session.add(ClosingDay(gemeente_id=home.id, day=now.date() + timedelta(days=1), name="Studiedag"))
    session.flush()
    row = made(session, melding, agent, now)
    assert (row.reason, row.status, row.version) == ("met_de_hand", "open", 1)
    assert row.due_at == datetime.fromisoformat("2026-04-18T00:00+02:00")
    assert open_callbacks(session, scope=[home.id]) == [row]
    event = history_of(session, melding_ids=[melding.id], scope=[home.id])[-1]
    assert (event.kind, event.actor) == ("terugbelnotitie_gemaakt", agent.label)
    assert "stoep" not in str(event.facts)


def test_not_reached_stays_open_and_spoken_ends_it(
    session: Session, home: Gemeente, melding: Melding, agent: Actor, now: datetime
) -> None:
    melding.flags = [*melding.flags, "niet_bereikbaar"]
    row = made(session, melding, agent, now)
    row = kcc.record_call(session, row.id, "niet_bereikt", "", version=1, actor=agent, now=now)
    assert (row.status, row.attempts, row.version) == ("open", 1, 2)
    assert melding.flags == ["niet_bereikbaar"]
    row = kcc.record_call(session, row.id, "gesproken", "Het is goed zo.", version=2, actor=agent, now=now)
    assert (row.status, row.attempts, row.version, row.result) == ("gesproken", 2, 3, "Het is goed zo.")
    assert (row.finished_at, row.finished_by) == (now, agent.account_id)
    assert melding.flags == []
    assert open_callbacks(session, scope=[home.id]) == []
    kinds = [(e.kind, e.facts.get("outcome")) for e in history_of(session, melding_ids=[melding.id], scope=[home.id])]
    assert kinds[-2:] == [("gebeld", "niet_bereikt"), ("gebeld", "gesproken")]


@pytest.mark.parametrize(
    ("outcome", "words", "version", "refusal"),
    [
        ("gesproken", "", None, PreconditionRequired),
        ("gesproken", "", 2, Stale),
        ("gesproken", "", 0, Stale),
        ("misschien", "", 1, InvalidInput),
        ("gesproken", "x" * 501, 1, InvalidInput),
        ("gesproken", "a\x00b", 1, InvalidInput),
    ],
)
def test_refusals(
    session: Session,
    melding: Melding,
    agent: Actor,
    now: datetime,
    outcome: str,
    words: str,
    version: int | None,
    refusal: type[DomainError],
) -> None:
    row = made(session, melding, agent, now)
    with pytest.raises(refusal):
        kcc.record_call(session, row.id, outcome, words, version=version, actor=agent, now=now)
    assert (row.attempts, row.version) == (0, 1)


def test_a_colleague_who_was_first_ends_it_once(
    session: Session, melding: Melding, agent: Actor, now: datetime
) -> None:
    row = made(session, melding, agent, now)
    kcc.record_call(session, row.id, "gesproken", "", version=1, actor=agent, now=now)
    with pytest.raises(Stale):
        kcc.record_call(session, row.id, "gesproken", "", version=1, actor=agent, now=now)
    with pytest.raises(Conflict):
        kcc.record_call(session, row.id, "gesproken", "", version=2, actor=agent, now=now)


def test_who_may(session: Session, home: Gemeente, melding: Melding, agent: Actor, now: datetime) -> None:
    row = made(session, melding, agent, now)
    groen = factories.medewerker(session, home, factories.TEAM, team_slug="groen")
    made(session, melding, groen, now)
    with pytest.raises(Forbidden):
        kcc.record_call(session, row.id, "gesproken", "", version=1, actor=groen, now=now)
    with pytest.raises(NotSignedIn):
        made(session, melding, ANONYMOUS, now)
    elsewhere = factories.gemeente(session, name="Elders", code="GM9002", west=5.0)
    stranger = factories.medewerker(session, elsewhere, factories.KCC)
    with pytest.raises(NotFound):
        kcc.record_call(session, row.id, "gesproken", "", version=1, actor=stranger, now=now)
    with pytest.raises(Forbidden):
        made(session, melding, stranger, now)


def test_there_must_be_words_and_a_number(session: Session, home: Gemeente, agent: Actor, now: datetime) -> None:
    unknown = factories.melding(session, now=now, route=False)
    mail_only = factories.melding(session, now=now, route=False, contact={"email": "jan@example.nl"})
    for melding in (unknown, mail_only):
        with pytest.raises(Conflict):
            made(session, melding, agent, now)
    callable_one = factories.melding(session, now=now, route=False, contact={"phone": "06 12345678"})
    with pytest.raises(InvalidInput):
        kcc.make_callback(session, callable_one, "  ", actor=agent, now=now)

"""What the figures remember of an end, written while it is true; a reopening marks it, and later changes leave it."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import COORDINATOR, TEAM, Actor
from meldingen.flow import closure, feedback, joining, work
from meldingen.flow.closure import NewClosure
from meldingen.flow.status import Basis
from meldingen.store.contact import Contact
from meldingen.store.ending import Ending
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.push import PushSubscription
from tests import factories


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def boss(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, COORDINATOR)


def close(session: Session, opdracht: Opdracht, actor: Actor, now: datetime, **facts: Any) -> None:
    session.refresh(opdracht)
    said = NewClosure(**{"outcome": "opgelost", "sentence": "De tegel ligt weer vast.", **facts})
    closure.close_opdracht(session, opdracht.id, said, basis=Basis(version=opdracht.version), actor=actor, now=now)


def endings(session: Session, of: Melding) -> list[Ending]:
    return list(session.scalars(sa.select(Ending).where(Ending.melding_id == of.id).order_by(Ending.id)))


def test_an_end_keeps_its_facts(session: Session, home: Gemeente, boss: Actor, now: datetime) -> None:
    told = factories.melding(session, now=now, contact={"email": "jan@example.nl"})
    tile = factories.opdracht_of(session, told)
    close(session, tile, boss, now + timedelta(days=10))
    (end,) = endings(session, told)
    assert (end.kind, end.reach, end.month, end.werkdagen) == ("gereed", "bereikbaar", date(2026, 4, 1), 8)
    assert (end.in_term, end.in_term_paused, end.spoed, end.partner) == (False, False, False, False)
    assert (end.team_id, end.category_id, end.closed_at) == (tile.team_id, told.category_id, told.closed_at)
    session.execute(sa.delete(Contact))
    session.refresh(end)
    assert end.reach == "bereikbaar", "also when the person is gone"


def test_a_device_that_is_gone_is_no_anonymous_melder(
    session: Session, home: Gemeente, boss: Actor, now: datetime
) -> None:
    melding = factories.melding(session, now=now)
    keys = {"endpoint": "https://push.example.net/1", "p256dh": "a", "auth": "b", "created_at": now}
    session.add(PushSubscription(gemeente_id=home.id, melding_id=melding.id, refused_at=now, **keys))
    close(session, factories.opdracht_of(session, melding), boss, now + timedelta(days=1))
    assert [end.reach for end in endings(session, melding)] == ["geen_kanaal"], "he left a way, and it failed"


def test_who_cannot_be_told_and_why(session: Session, home: Gemeente, boss: Actor, now: datetime) -> None:
    nobody = factories.melding(session, now=now)
    named = factories.melding(session, now=now, contact={"name": "Jan"})
    bounced = factories.melding(session, now=now, contact={"email": "jan@example.nl"})
    known = session.scalars(sa.select(Contact).where(Contact.melding_id == bounced.id)).one()
    known.email_refused_at = now
    for melding in (nobody, named, bounced):
        close(session, factories.opdracht_of(session, melding), boss, now)
    reaches = [endings(session, m)[0].reach for m in (nobody, named, bounced)]
    assert reaches == ["anoniem", "anoniem", "geen_kanaal"]


def test_one_end_however_many_opdrachten(session: Session, home: Gemeente, boss: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now)
    tile = factories.opdracht_of(session, melding)
    _, lamp = joining.split_opdracht(
        session, tile.id, joining.Split("gras-te-hoog"), basis=Basis(version=tile.version), actor=boss, now=now
    )
    assert lamp is not None
    close(session, tile, boss, now + timedelta(hours=1))
    assert endings(session, melding) == []
    close(session, lamp, boss, now + timedelta(hours=2), outcome="overgedragen", partner="Het waterschap")
    (end,) = endings(session, melding)
    assert (end.kind, end.team_id, end.partner) == ("overgedragen", lamp.team_id, True)


def test_everybody_on_one_opdracht_has_an_end(session: Session, home: Gemeente, boss: Actor, now: datetime) -> None:
    first = factories.melding(session, now=now, category_slug="boom-omgevallen")
    second = factories.melding(session, now=now, category_slug="boom-omgevallen")
    close(session, factories.opdracht_of(session, first), boss, now)
    assert [e.spoed for m in (first, second) for e in endings(session, m)] == [True, True]


def test_waiting_for_the_melder_is_kept_apart(session: Session, home: Gemeente, boss: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now, category_slug="boom-omgevallen", contact={"email": "jan@example.nl"})
    tree = factories.opdracht_of(session, melding)
    work.ask_melder(session, tree.id, "Welke boom?", basis=Basis(version=tree.version), actor=boss, now=now)
    feedback.add_supplement(session, melding, "De eik.", actor=factories.ANONYMOUS, now=now + timedelta(days=2))
    close(session, tree, boss, now + timedelta(days=2))
    (end,) = endings(session, melding)
    assert (end.in_term, end.in_term_paused) == (False, True)


def test_a_reopening_marks_the_end_and_the_next_end_is_another(
    session: Session, home: Gemeente, boss: Actor, now: datetime
) -> None:
    melding = factories.melding(session, now=now)
    team = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
    close(session, factories.opdracht_of(session, melding), team, now)
    again = feedback.reopen_melding(
        session, melding, words="Nee", actor=factories.ANONYMOUS, now=now + timedelta(days=1)
    )
    close(session, again, boss, now + timedelta(days=2))
    first, second = endings(session, melding)
    assert (first.reopened_at, second.reopened_at) == (now + timedelta(days=1), None)


def test_a_reopening_that_was_kept_closed_undoes_nothing(
    session: Session, home: Gemeente, boss: Actor, now: datetime
) -> None:
    melding = factories.melding(session, now=now)
    team = factories.medewerker(session, home, TEAM, team_slug="serviceteam")
    tile = factories.opdracht_of(session, melding)
    close(session, tile, team, now, outcome="niet_opgelost")
    again = feedback.reopen_melding(session, melding, words="Nee", actor=factories.ANONYMOUS, now=now)
    split = joining.Split("gras-te-hoog")
    _, grass = joining.split_opdracht(session, again.id, split, basis=Basis(version=again.version), actor=boss, now=now)
    assert grass is not None
    session.refresh(again)
    feedback.keep_closed(session, again.id, "Wij keken.", basis=Basis(version=again.version), actor=boss, now=now)
    close(session, grass, boss, now)
    assert [end.kind for end in endings(session, melding)] == ["niet_opgelost", "niet_opgelost"]


def test_who_withdrew_has_no_end(session: Session, home: Gemeente, boss: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now, danger=True)
    feedback.withdraw_melding(session, melding, reason="", actor=factories.ANONYMOUS, now=now)
    close(session, factories.opdracht_of(session, melding), boss, now)
    assert endings(session, melding) == []

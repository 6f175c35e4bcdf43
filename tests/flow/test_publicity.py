"""Others see a photo only after staff ticked "mag openbaar", and never one of a problem that is not public."""

from datetime import datetime

import pytest
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, Actor
from meldingen.domain.errors import Conflict, Forbidden, NotFound, NotSignedIn
from meldingen.flow.publicity import may_be_public, set_photo_public
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import history_of
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.photo import KLAAR, Photo, add_photo
from tests import factories


@pytest.fixture
def home(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def agent(session: Session, home: Gemeente) -> Actor:
    return factories.medewerker(session, home, factories.KCC)


def photo_of(session: Session, owner: Melding | Opdracht, now: datetime, *, status: str = KLAAR) -> Photo:
    of_melding = isinstance(owner, Melding)
    made = add_photo(
        session,
        gemeente_id=owner.gemeente_id,
        public_id=f"foto{owner.id:08}{of_melding}",
        melding_id=owner.id if of_melding else None,
        opdracht_id=None if of_melding else owner.id,
        kind="melder" if of_melding else "team",
        sha256=b"x",
        size_bytes=1,
        upload_key="",
        now=now,
    )
    assert made is not None
    made.status = status
    session.flush()
    return made


def test_ticked_once_and_hidden_again(session: Session, home: Gemeente, agent: Actor, now: datetime) -> None:
    melding = factories.melding(session, now=now)
    photo = photo_of(session, melding, now)
    for public in (True, True, False, False):
        assert set_photo_public(session, photo.public_id, public, actor=agent, now=now).public is public
    events = history_of(session, melding_ids=[melding.id], scope=[home.id])
    told = [(event.kind, event.actor, event.facts) for event in events if "openbaar" in event.kind]
    facts = {"photo_id": photo.id}
    assert told == [("foto_openbaar", agent.label, facts), ("foto_niet_openbaar", agent.label, facts)]


def test_a_team_decides_about_its_own_work_only(session: Session, home: Gemeente, now: datetime) -> None:
    melding = factories.melding(session, now=now)
    work = factories.opdracht_of(session, melding)
    theirs = [photo_of(session, melding, now), photo_of(session, work, now)]
    mine = factories.medewerker(session, home, factories.TEAM, team_slug="serviceteam")
    other = factories.medewerker(session, home, factories.TEAM, team_slug="groen")
    stranger = factories.medewerker(session, factories.gemeente(session, name="Elders", code="GM9002", west=4.8), "kcc")
    for photo in theirs:
        with pytest.raises(Forbidden):
            set_photo_public(session, photo.public_id, True, actor=other, now=now)
        with pytest.raises(NotFound):
            set_photo_public(session, photo.public_id, True, actor=stranger, now=now)
        with pytest.raises((NotFound, NotSignedIn)):
            set_photo_public(session, photo.public_id, True, actor=ANONYMOUS, now=now)
        assert set_photo_public(session, photo.public_id, True, actor=mine, now=now).public
    work.team_id = factories.team(session, home, "waterschap").id
    session.flush()
    party = factories.medewerker(session, home, factories.TEAM, team_slug="waterschap")
    with pytest.raises(Forbidden):
        set_photo_public(session, theirs[0].public_id, False, actor=party, now=now)


@pytest.mark.parametrize("status", ["ontvangen", "onleesbaar"])
def test_what_is_not_processed_is_nobody_s_to_show(
    session: Session, home: Gemeente, agent: Actor, now: datetime, status: str
) -> None:
    photo = photo_of(session, factories.melding(session, now=now), now, status=status)
    with pytest.raises(Conflict, match="foto_niet_klaar"):
        set_photo_public(session, photo.public_id, True, actor=agent, now=now)


def test_persons_and_drugs_are_never_public(session: Session, home: Gemeente, agent: Actor, now: datetime) -> None:
    factories.category(session, home, "drugs", public=False)
    told = factories.melding(session, now=now, category_slug="drugs")
    unknown = factories.melding(session, now=now, category_slug=None)
    for owner, public in [(told, False), (factories.opdracht_of(session, told), False), (unknown, True)]:
        photo = photo_of(session, owner, now)
        assert may_be_public(session, photo) is public
        if not public:
            with pytest.raises(Conflict, match="nooit_openbaar"):
                set_photo_public(session, photo.public_id, True, actor=agent, now=now)
            assert not set_photo_public(session, photo.public_id, False, actor=agent, now=now).public

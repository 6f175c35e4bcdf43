"""Others see a photo only after staff ticked "mag openbaar", and never one of a problem that is not public."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.domain.actor import ANONYMOUS, Actor
from meldingen.domain.errors import Conflict, Forbidden, NotFound, NotSignedIn
from meldingen.domain.privacy import is_public_category
from meldingen.flow.publicity import may_be_public, set_photo_public
from meldingen.store.category import Category, public_to_all
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import history_of
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.photo import KLAAR, Photo, add_photo
from meldingen.store.worklists import is_public_melding, is_public_work, open_nearby
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


def test_queries_and_the_rule_say_the_same(session: Session, home: Gemeente) -> None:
    main = factories.category(session, home, "overlast")
    street = session.scalars(sa.select(Category).where(Category.slug == "straat")).one()
    for slug, parent, public in [
        ("stank-of-rook", main, True), ("ratten", street, True),
        ("stoeptegel", street, True), ("paaltje", street, False),
    ]:  # fmt: skip
        factories.category(session, home, slug, parent=parent, public=public)
    shown = set(session.scalars(sa.select(Category.slug).where(public_to_all())))
    rows = session.scalars(sa.select(Category)).all()
    slugs = {row.id: row.slug for row in rows}
    assert shown == {
        row.slug for row in rows if is_public_category(row.slug, slugs.get(row.parent_id or 0), public=row.public)
    }
    assert "stoeptegel" in shown and not shown & {"overlast", "stank-of-rook", "ratten", "paaltje"}


@pytest.mark.parametrize(("slug", "parent"), [("ratten", "straat"), ("stank-of-rook", "overlast")])
def test_what_is_about_persons_stays_hidden_though_its_flag_says_public(
    session: Session, home: Gemeente, agent: Actor, now: datetime, slug: str, parent: str
) -> None:
    main = session.scalar(sa.select(Category).where(Category.slug == parent)) or factories.category(
        session, home, parent
    )
    factories.category(session, home, slug, parent=main, public=True)
    melding = factories.melding(session, now=now, category_slug=slug)
    work = factories.opdracht_of(session, melding)
    assert not is_public_melding(session, melding.id, scope=[home.id])
    assert not is_public_work(session, work.id, scope=[home.id])
    assert list(open_nearby(session, *factories.HOME, radius_m=500, scope=[home.id])) == []
    with pytest.raises(Conflict, match="nooit_openbaar"):
        set_photo_public(session, photo_of(session, melding, now).public_id, True, actor=agent, now=now)

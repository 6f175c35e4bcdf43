"""What has had its term goes on its day and not before, also from files; what may not go yet stays."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.storage import MemoryStore
from meldingen.db import make_engine, transaction
from meldingen.domain.actor import BEHEER, KCC, SYSTEM, Actor
from meldingen.domain.errors import Conflict, Forbidden, InvalidInput, NotFound, Stale
from meldingen.domain.loketten import WORDS
from meldingen.domain.privacy import PERSONAL_FIELDS
from meldingen.domain.retention import Term
from meldingen.flow import erasure, loketten, restore, retention, terms
from meldingen.store.category import Category
from meldingen.store.contact import Contact
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event, Tombstone
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Link, Opdracht
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import Photo
from meldingen.store.task import CONTACT_GOES, Task
from tests import factories
from tests.flow.berichten import SETTINGS, House
from tests.flow.filled import CONTACT, OWNED, fill, says, traces
from workers import schedule
from workers.context import Context
from workers.jobs import Leased

DAY = timedelta(days=1)
A_YEAR = {Term.MESSAGE, Term.CALLBACK, Term.TASK, Term.MAIL, Term.PHOTO, "upload"}


def columns(*ended: Any) -> set[str]:
    """The personal columns of a melding whose term is one of these."""
    return {f"{one.table}.{one.column}" for one in PERSONAL_FIELDS if one.term in ended and one.table not in OWNED}


class Archive:
    """One installation on its own database, with a photo store that remembers."""

    def __init__(self, engine: sa.Engine, home: Gemeente, agent: Actor, now: datetime) -> None:
        self.engine, self.home, self.agent, self.now = engine, home, agent, now
        self.store = MemoryStore()
        self.beheer = replace(agent, roles={home.id: frozenset({BEHEER, KCC})})

    def melding(self, **facts: Any) -> int:
        """A melding with something everywhere, handled and closed at `now`; its id."""
        with transaction(self.engine) as session:
            made = factories.melding(session, now=self.now, **{"contact": CONTACT, **facts})
            work = fill(session, made, self.agent.account_id or 0, self.now, store=self.store)
            ended = {"status": "afgehandeld", "closed_at": self.now}
            session.execute(sa.update(Melding).where(Melding.id == made.id).values(**ended))
            done = {"status": "gereed", "closed_at": self.now, "outcome": "opgelost"}
            session.execute(sa.update(Opdracht).where(Opdracht.id == work.id).values(**done))
            session.execute(sa.delete(OutboxEntry))
            return made.id

    def confirm(self) -> None:
        """The archivaris agrees with the terms as they are."""
        with transaction(self.engine) as session:
            seen = terms.mark(session, self.home.id)
            terms.confirm_terms(session, self.home.id, name="A. Chief", role="archivaris", seen=seen,
                                actor=self.beheer, now=self.now)  # fmt: skip

    def tidy(self, after: timedelta) -> dict[Term, int]:
        """A night so long after `now`, with the jobs it leaves; what went per term."""
        done = retention.tidy(self.engine, now=self.now + after, scope=[self.home.id])
        assert done.finished
        self.work()
        return {term: rows for term, rows in done.rows.items() if rows}

    def work(self) -> None:
        """The worker's turn with the files and the list."""
        with transaction(self.engine) as session:
            about = OutboxEntry.payload["task"].astext == "after_erasure"
            rows = session.scalars(sa.select(OutboxEntry).where(about, OutboxEntry.done_at.is_(None))).all()
            session.execute(sa.delete(OutboxEntry).where(about))
        house = House(self.engine, self.home)
        context = Context(SETTINGS, self.engine, replace(house.adapters, photos=self.store))
        for row in rows:
            entry = Leased(row.id, UUID(int=1), Topic.UPKEEP, row.gemeente_id, row.payload, 1, "", last_try=False)
            assert schedule.do_periodic(context, entry) is None

    def left(self) -> set[str]:
        with Session(self.engine) as session:
            return traces(session)

    def files(self) -> list[str]:
        return sorted(file.key for file in self.store.listing() if not file.key.startswith("wissen/"))

    def all(self, table: Any) -> list[Any]:
        with Session(self.engine, expire_on_commit=False) as session:
            return list(session.scalars(sa.select(table).order_by(table.id)))


@pytest.fixture(scope="module")
def ground(clone: Any) -> Iterator[sa.Engine]:
    engine = make_engine(clone().render_as_string(hide_password=False), pool_size=4)
    yield engine
    engine.dispose()


@pytest.fixture
def archive(ground: sa.Engine, now: datetime) -> Archive:
    """Empty but for one gemeente: what earlier tests here left is gone."""
    with transaction(ground) as session:
        session.execute(sa.text("SET LOCAL meldingen.upkeep = 'on'"))
        for table in reversed(Melding.metadata.sorted_tables):
            session.execute(sa.delete(table))
        home = factories.gemeente(session)
        agent = factories.medewerker(session, home, KCC)
    return Archive(ground, home, agent, now)


def test_every_personal_column_goes_on_its_day_and_not_before(archive: Archive) -> None:
    archive.melding()
    archive.confirm()
    everything = columns(*Term, "upload")
    assert archive.left() == everything and len(archive.files()) == 7
    assert archive.tidy(90 * DAY - DAY) == {} and archive.left() == everything
    assert archive.tidy(90 * DAY) == {Term.CONTACT: 1}
    everything -= columns(Term.CONTACT)
    assert archive.left() == everything
    assert archive.tidy(364 * DAY) == {} and archive.left() == everything
    went = archive.tidy(365 * DAY)
    assert went == {Term.MESSAGE: 1, Term.CALLBACK: 1, Term.TASK: 1, Term.MAIL: 1, Term.PHOTO: 2}
    everything -= columns(*A_YEAR)
    assert archive.left() == everything and archive.files() == []
    assert archive.tidy(1825 * DAY) == {} and archive.left() == everything
    assert archive.tidy(1826 * DAY) == {Term.MELDING: 1} and archive.left() == set()
    assert archive.tidy(1826 * DAY) == {}, "twice does no harm"
    with Session(archive.engine) as session:
        assert says(session, "jansen") == set()
    assert archive.all(Opdracht) == archive.all(Link) == archive.all(Photo) == []
    assert {event.kind for event in archive.all(Event)} == {"termijnen_bevestigd"}
    (stone,) = archive.all(Tombstone)
    assert (stone.category, stone.reason, stone.closed_at) == ("losse-tegel", "melding", archive.now)
    assert stone.batch.startswith(f"{archive.now + 1826 * DAY:%Y%m%d}-")


def goodbyes(archive: Archive) -> list[Task]:
    """The melders who will not hear the end, as the KCC sees them."""
    with Session(archive.engine) as session:
        return list(session.scalars(sa.select(Task).where(Task.kind == CONTACT_GOES)))


def test_open_work_is_left_alone_but_contact_at_most_a_year(archive: Archive) -> None:
    with transaction(archive.engine) as session:
        made = factories.melding(session, now=archive.now, contact=CONTACT)
    archive.confirm()
    archive.tidy(334 * DAY)
    assert goodbyes(archive) == []
    assert archive.tidy(364 * DAY) == archive.tidy(364 * DAY) == {}
    assert [(one.melding_id, one.role) for one in goodbyes(archive)] == [(made.id, "kcc")]
    assert archive.tidy(365 * DAY) == {Term.CONTACT: 1}
    assert archive.tidy(3000 * DAY) == {} and archive.all(Melding)[0].id == made.id


def test_without_the_archivaris_only_the_person_goes(archive: Archive) -> None:
    archive.melding()
    assert set(archive.tidy(2000 * DAY)) == {Term.CONTACT, Term.MESSAGE, Term.CALLBACK, Term.TASK, Term.MAIL}
    assert archive.left() == columns(Term.MELDING, Term.PHOTO, "upload")
    with transaction(archive.engine) as session:
        waiting = retention.preview(session, scope=[archive.home.id], now=archive.now + 2000 * DAY)
    assert [(one.term, one.rows, one.waits) for one in waiting] == [(Term.PHOTO, 2, True), (Term.MELDING, 1, True)]
    archive.confirm()
    with transaction(archive.engine) as session:
        slug = "losse-tegel"
        terms.set_term(session, archive.home.id, slug, "melding", 3652, actor=archive.beheer, now=archive.now)
    assert archive.tidy(2000 * DAY) == {}, "another term asks for his word again"
    archive.confirm()
    assert set(archive.tidy(2000 * DAY)) == {Term.PHOTO}, "and the term of the category counts"
    assert set(archive.tidy(3652 * DAY)) == {Term.MELDING}


def test_the_dry_run_tells_what_the_night_does_and_changes_nothing(archive: Archive) -> None:
    archive.melding()
    archive.melding(category_slug="gras-te-hoog")
    archive.confirm()
    with transaction(archive.engine) as session:
        found = retention.preview(session, scope=[archive.home.id], now=archive.now + 365 * DAY)
    assert [(one.category, one.rows) for one in found if one.term == Term.CONTACT] == [
        ("Gras te hoog", 1), ("Losse tegel", 1)
    ]  # fmt: skip
    assert {one.oldest for one in found} == {archive.now} and not any(one.waits for one in found)
    totals: dict[Term, int] = {}
    for one in found:
        totals[one.term] = totals.get(one.term, 0) + one.rows
    assert archive.left() == columns(*Term, "upload")
    assert archive.tidy(365 * DAY) == totals


def test_a_claim_stops_everything_until_it_is_over(archive: Archive) -> None:
    melding_id = archive.melding()
    archive.confirm()
    with transaction(archive.engine) as session:
        melding = session.get_one(Melding, melding_id)
        terms.freeze(session, melding, "claim", actor=archive.beheer, now=archive.now)
        terms.freeze(session, melding, "claim", actor=archive.beheer, now=archive.now)
        with pytest.raises(InvalidInput):
            terms.freeze(session, melding, "zomaar", actor=archive.beheer, now=archive.now)
        with pytest.raises(Forbidden):
            nobody = replace(archive.agent, roles={archive.home.id: frozenset({"team"})})
            terms.freeze(session, melding, "claim", actor=nobody, now=archive.now)
    assert archive.tidy(3000 * DAY) == {} and archive.left() == columns(*Term, "upload")
    with transaction(archive.engine) as session:
        terms.unfreeze(session, session.get_one(Melding, melding_id), actor=archive.beheer, now=archive.now)
    assert [event.kind for event in archive.all(Event) if event.facts.get("reason") == "claim"] == [
        "bevroren", "ontdooid"
    ]  # fmt: skip
    assert set(archive.tidy(3000 * DAY)) > {Term.CONTACT} and archive.left() == set()


def test_the_mark_of_a_desk_stops_everything_until_it_is_off(archive: Archive) -> None:
    ids = {desk: archive.melding() for desk in WORDS}
    archive.confirm()
    who: dict[str, Any] = {"actor": archive.agent, "now": archive.now}
    with transaction(archive.engine) as session:
        for desk, number in ids.items():
            loketten.hand_to_desk(session, session.get_one(Melding, number), desk, **who)
    assert archive.tidy(3000 * DAY) == {} and archive.left() >= columns(*Term, "upload")
    with transaction(archive.engine) as session, pytest.raises(Conflict, match="bevroren"):
        erasure.erase_melder(session, ids["klacht"], scope=[archive.home.id], **who)
    with transaction(archive.engine) as session:
        for number in ids.values():
            loketten.take_back(session, session.get_one(Melding, number), **who)
    archive.tidy(3000 * DAY)
    assert archive.all(Melding) == []


def test_what_a_person_froze_stays_frozen_when_the_mark_goes(archive: Archive) -> None:
    melding_id = archive.melding()
    archive.confirm()
    with transaction(archive.engine) as session:
        melding = session.get_one(Melding, melding_id)
        who: dict[str, Any] = {"actor": archive.agent, "now": archive.now}
        terms.freeze(session, melding, "claim", **who)
        loketten.hand_to_desk(session, melding, "schade", **who)
        loketten.take_back(session, melding, **who)
        assert melding.frozen_reason == "claim", "the mark was wrong, the claim is not"
        terms.unfreeze(session, melding, **who)
        loketten.hand_to_desk(session, melding, "schade", **who)
        terms.unfreeze(session, melding, **who)
        assert melding.desk == "schade" and melding.frozen_at is None, "the desk is ready with it"
    archive.tidy(3000 * DAY)
    assert archive.all(Melding) == []


def test_withdrawn_goes_after_a_year_and_with_danger_after_its_work(archive: Archive) -> None:
    ids = [archive.melding(), archive.melding(description="gevaar", danger=True)]
    archive.confirm()
    with transaction(archive.engine) as session:
        gone = {"status": "ingetrokken", "withdrawn_at": archive.now, "closed_at": None}
        session.execute(sa.update(Melding).values(**gone))
        work = factories.opdracht_of(session, session.get_one(Melding, ids[1]))
        session.execute(sa.update(Opdracht).where(Opdracht.id == work.id).values(status="opgepakt", closed_at=None))
    assert Term.WITHDRAWN not in archive.tidy(364 * DAY)
    assert archive.tidy(365 * DAY)[Term.WITHDRAWN] == 1
    assert [stone.reason for stone in archive.all(Tombstone)] == ["ingetrokken"]
    assert [melding.id for melding in archive.all(Melding)] == ids[1:]


def test_shared_work_goes_with_its_last_melding(archive: Archive) -> None:
    first = archive.melding()
    archive.confirm()
    work = archive.all(Opdracht)[0]
    with transaction(archive.engine) as session:
        later = factories.melding(session, now=archive.now, contact={"email": "mo@example.nl"}, route=False)
        session.add(
            Link(gemeente_id=archive.home.id, melding_id=later.id, opdracht_id=work.id, how="samengevoegd",
                 from_at=archive.now, made_by="systeem")
        )  # fmt: skip
        ended = {"status": "afgehandeld", "closed_at": archive.now + 10 * DAY}
        session.execute(sa.update(Melding).where(Melding.id == later.id).values(**ended))
    archive.tidy(1826 * DAY)
    assert [melding.id for melding in archive.all(Melding)] == [later.id] and archive.all(Opdracht)
    assert first in [stone.melding_id for stone in archive.all(Tombstone)]
    archive.tidy(1836 * DAY)
    assert archive.all(Melding) == archive.all(Opdracht) == []


def test_photos_that_may_show_people_go_after_thirty_days(archive: Archive) -> None:
    with transaction(archive.engine) as session:
        main = factories.category(session, archive.home, "overlast")
        factories.category(session, archive.home, "overlast-van-personen", parent=main)
    archive.melding(category_slug="overlast-van-personen")
    archive.confirm()
    assert archive.tidy(29 * DAY) == {} and archive.tidy(30 * DAY) == {Term.PHOTO: 2}


def test_two_nights_at_once_bury_each_melding_once(archive: Archive) -> None:
    ids = [archive.melding() for _ in range(6)]
    archive.confirm()
    at, start, failed = archive.now + 2000 * DAY, threading.Barrier(2), []

    def night() -> None:
        start.wait()
        try:
            retention.tidy(archive.engine, now=at, scope=[archive.home.id])
        except Exception as error:  # a thread's error is no test's error by itself
            failed.append(error)

    nights = [threading.Thread(target=night) for _ in range(2)]
    for one in nights:
        one.start()
    for one in nights:
        one.join()
    assert failed == []
    assert [stone.melding_id for stone in archive.all(Tombstone)] == ids and archive.left() == set()


def test_what_cannot_be_confirmed_or_set(archive: Archive) -> None:
    who: dict[str, Any] = {"actor": archive.beheer, "now": archive.now}
    with transaction(archive.engine) as session:
        home, seen = archive.home.id, terms.mark(session, archive.home.id)
        with pytest.raises(Stale):
            terms.confirm_terms(session, home, name="A", role="archivaris", seen="oud", **who)
        for name, role in (("", "archivaris"), ("A", "")):
            with pytest.raises(InvalidInput):
                terms.confirm_terms(session, home, name=name, role=role, seen=seen, **who)
        with pytest.raises(Forbidden):
            terms.confirm_terms(session, home, name="A", role="b", seen=seen, actor=archive.agent, now=archive.now)
        with pytest.raises(NotFound):
            terms.set_term(session, home, "bestaat-niet", "melding", 10, **who)
        terms.set_term(session, home, "losse-tegel", "melding", 10, **who)
        terms.set_term(session, home, "losse-tegel", "melding", None, **who)
        chosen = session.scalars(sa.select(Category).where(Category.slug == "losse-tegel")).one()
        assert chosen.retention == {} and terms.mark(session, home) == seen


def test_a_restored_backup_loses_again_what_was_gone(archive: Archive) -> None:
    """The rows of the backup are put back by hand; the list in the store is not in the backup."""
    destroyed, erased = archive.melding(), archive.melding()
    archive.confirm()
    tables = [t for t in reversed(Melding.metadata.sorted_tables) if t.name in ("contact", "melding")]
    with transaction(archive.engine) as session:
        backup = {table: session.execute(sa.select(table)).mappings().all() for table in reversed(tables)}
        erasure.erase_melder(session, erased, scope=[archive.home.id], actor=SYSTEM, now=archive.now)
        long_ago = {"received_at": archive.now - 1827 * DAY, "closed_at": archive.now - 1826 * DAY}
        session.execute(sa.update(Melding).where(Melding.id == destroyed).values(long_ago))
    archive.tidy(timedelta())
    assert [melding.id for melding in archive.all(Melding)] == [erased]
    with transaction(archive.engine) as session:
        session.execute(sa.delete(Tombstone))
        session.execute(sa.delete(Melding).where(Melding.id == erased))
        for table, rows in backup.items():
            session.execute(sa.insert(table), [dict(row) for row in rows])
    assert len(archive.all(Contact)) == 2
    lines = list(restore.read_lines(archive.store, scope=[archive.home.id]))
    again = restore.repeat(archive.engine, lines, actor=SYSTEM, now=archive.now + DAY)
    assert again == restore.Repeated(destroyed=1, erased=1, contacts=0, gone=0)
    archive.work()
    assert [stone.melding_id for stone in archive.all(Tombstone)] == [destroyed]
    (left,) = archive.all(Melding)
    assert (left.id, left.description, archive.all(Contact)) == (erased, "", [])
    assert restore.repeat(archive.engine, lines, actor=SYSTEM, now=archive.now).gone == 2, "twice does no harm"


def test_a_list_of_another_installation_does_nothing(archive: Archive) -> None:
    melding_id = archive.melding()
    line = {"melding_id": melding_id, "number": "2600000000", "what": "vernietigd", "at": "2026-01-01T00:00:00+00:00"}
    done = restore.repeat(archive.engine, [(archive.home.id, line)], actor=SYSTEM, now=archive.now)
    assert done.gone == 1 and len(archive.all(Melding)) == 1
    assert list(restore.parse_lines(["", "{", "[]", '{"melding_id": "1"}'])) == []

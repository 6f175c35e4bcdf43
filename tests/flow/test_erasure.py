"""Erasing a melder on request: every word of his goes, what happened stays, and nothing that still runs undoes it."""

import contextlib
import hashlib
import io
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.sms import Receipt
from meldingen.adapters.storage import MemoryStore
from meldingen.db import business_now, transaction
from meldingen.domain.actor import SYSTEM, Actor
from meldingen.domain.contact import parse_contact
from meldingen.domain.errors import Conflict, Gone
from meldingen.flow import deliveries, erasure, feedback, intake, kcc, photos, routing
from meldingen.store.contact import Contact
from meldingen.store.journal import Event
from meldingen.store.melding import Idempotency, Melding
from meldingen.store.notice import Notice
from meldingen.store.opdracht import Closure, Opdracht, melding_ids_of
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.search import find_meldingen
from tests import factories
from tests.flow.berichten import JAN, SETTINGS, House
from tests.flow.filled import CONTACT, TRACE, fill, says, traces
from workers import schedule
from workers.context import Context
from workers.jobs import Leased

KEPT = {"melding.location", "opdracht.location", "melding_opdracht.reason", "contact_view.account_id"}
"""Columns that erasing on request leaves: a place on a coarse grid, how work was shared out, who of us looked."""


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


def erase(session: Session, melding: Melding, now: datetime, **how: Any) -> erasure.Erased:
    return erasure.erase_melder(session, melding.id, scope=[melding.gemeente_id], actor=SYSTEM, now=now, **how)


@pytest.fixture
def filled(session: Session, store: MemoryStore, now: datetime) -> Melding:
    home = factories.gemeente(session)
    agent = factories.medewerker(session, home, factories.KCC)
    melding = factories.melding(session, now=now, contact=CONTACT)
    fill(session, melding, agent.account_id or 0, now, store=store)
    return melding


def test_nothing_of_the_person_is_left_and_the_work_goes_on(session: Session, filled: Melding, now: datetime) -> None:
    number, generation, status = filled.number, filled.token_generation, filled.status
    place = session.scalar(sa.select(sa.func.ST_AsText(Opdracht.location)))
    done = erase(session, filled, now, sentences=True)
    assert says(session, "jansen") | says(session, "jo@example") | says(session, "612345678") == set()
    work = session.scalars(sa.select(Opdracht)).one()
    assert (work.status, work.category_id) == ("nieuw", filled.category_id)
    assert session.scalar(sa.select(sa.func.ST_AsText(Opdracht.location))) == place, "open work keeps its place"
    assert (filled.number, filled.status, filled.token_generation) == (number, status, generation + 1)
    assert done.counts["contactgegevens"] == 2 and done.counts["berichten"] == 1
    assert sorted(key.split("/")[0] for key in done.files) == ["groot", "klein", "post", "upload"]
    assert list(find_meldingen(session, TRACE, scope=[filled.gemeente_id])) == []
    event = session.scalars(sa.select(Event).where(Event.kind == "gewist")).one()
    assert set(event.facts) == {"counts"}
    assert erase(session, filled, now).counts == {}, "a second time changes nothing"


def test_closed_work_of_him_alone_keeps_less(session: Session, filled: Melding, now: datetime) -> None:
    work = session.scalars(sa.select(Opdracht)).one()
    session.execute(sa.update(Opdracht).values(status="gereed", closed_at=now, outcome="opgelost"))
    session.expire_all()
    erase(session, filled, now)
    assert (work.address, work.location_note) == ("", "")
    assert session.scalars(sa.select(Closure.sentence)).one() == "Gemaakt voor ▒▒▒."
    left = traces(session) - KEPT - {"closure.sentence", "closure.partner"}
    assert left == {"photo.small_key", "photo.large_key", "photo.upload_key", "photo.sha256"}, "the team's own photo"


def test_another_melder_on_the_work_notices_nothing(session: Session, store: MemoryStore, now: datetime) -> None:
    home = factories.gemeente(session)
    agent = factories.medewerker(session, home, factories.KCC)
    first = factories.melding(session, now=now, contact=CONTACT)
    work = fill(session, first, agent.account_id or 0, now, store=store)
    other = factories.melding(
        session, now=now, contact=JAN, description="Ook bij Jo Jansen.", join_opdracht_id=work.id, route=True
    )
    erase(session, first, now, sentences=True)
    assert melding_ids_of(session, [work.id], scope=[home.id]) == [first.id, other.id]
    known = session.scalars(sa.select(Contact)).one()
    assert (known.melding_id, known.email, other.description) == (other.id, "jan@example.nl", "Ook bij Jo Jansen.")
    assert session.scalars(sa.select(Closure.sentence)).one() == "Gemaakt voor ▒▒▒.", "shared work keeps its sentence"
    assert session.scalars(sa.select(Notice.ended).where(Notice.melding_id == other.id)).all() == [""]
    assert work.address == f"Hoek {TRACE}".replace(TRACE, "▒▒▒")
    assert other.erased_at is None and other.token_generation == 1


def test_a_frozen_melding_waits(session: Session, filled: Melding, now: datetime) -> None:
    filled.frozen_at, filled.frozen_reason = now, "claim"
    with pytest.raises(Conflict, match="bevroren") as refused:
        erase(session, filled, now)
    assert "schadeclaim" in refused.value.detail


def test_nothing_comes_in_again(session: Session, filled: Melding, store: MemoryStore, now: datetime) -> None:
    erase(session, filled, now)
    melder = Actor(kind="melder", melding_id=filled.id, roles={filled.gemeente_id: frozenset()})
    desk = replace(SYSTEM, roles={filled.gemeente_id: frozenset({factories.KCC})})
    upload = photos.Upload(1, io.BytesIO(b"jpg"), hashlib.sha256(b"jpg").digest(), 3, "image/jpeg", None)
    late = [
        lambda: feedback.add_supplement(session, filled, "Jo Jansen hier", actor=melder, now=now),
        lambda: feedback.withdraw_melding(session, filled, reason="Jo", actor=melder, now=now),
        lambda: feedback.reopen_melding(session, filled, words="Jo", actor=melder, now=now),
        lambda: kcc.correct_contact(session, filled, parse_contact(**CONTACT), actor=desk, now=now),
        lambda: photos.add_photos(session, filled, [upload], actor=melder, now=now, store=store),
    ]
    for again in late:
        with pytest.raises(Gone):
            again()
    new = factories.new_melding(idempotency_key=f"sleutel-{filled.id}", body_hash=b"hash", description=TRACE)
    with pytest.raises(Gone):
        intake.register_melding(session, new, actor=Actor(kind="anoniem"), now=now)
    assert session.scalars(sa.select(Idempotency.body_hash)).all() == [b""]
    assert says(session, "jansen") == set()


class TestWorkers:
    """The worker's own functions, called after the erasure with what they held before it."""

    def erased(self, house: House, melding: Melding) -> None:
        with transaction(house.engine) as session:
            erase(session, session.get_one(Melding, melding.id), business_now(session))

    def test_a_leased_bericht_sends_nothing(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("heropend", melding)
        (held,) = house.rows()
        self.erased(house, melding)
        assert [row.topic for row in house.rows()] == [Topic.UPKEEP], "the waiting row is done with"
        assert house.deliver(held) is None
        assert house.mail.sent == {} and house.deliveries(melding) == []
        with Session(house.engine) as session:
            assert (
                session.scalars(sa.select(Notice.ended).where(Notice.melding_id == melding.id)).all() == ["gewist"] * 2
            )

    def test_a_resend_after_a_failed_try_sends_nothing(self, house: House) -> None:
        melding = house.melding(contact=JAN)
        house.owe("heropend", melding)
        (held,) = house.rows()
        house.mail.fail_with = TemporaryFailure("mailserver is weg")
        with contextlib.suppress(TemporaryFailure):
            house.deliver(held)
        house.mail.fail_with = None
        self.erased(house, melding)
        assert house.deliver(held) is None and house.mail.sent == {}
        (tried,) = house.deliveries(melding)
        assert (tried.status, tried.reason, tried.address, tried.text) == ("niet_bezorgd", "gewist", "", "")

    @pytest.mark.parametrize("status", ["bezorgd", "niet_bezorgd"])
    def test_a_late_receipt_changes_nothing(self, house: House, status: str) -> None:
        melding = house.melding(contact=JAN)
        house.owe("heropend", melding)
        house.work()
        (sent,) = house.deliveries(melding)
        self.erased(house, melding)
        with transaction(house.engine) as session:
            desk = deliveries.Desk(session, house.adapters, SETTINGS, frozenset(house.scope), business_now(session))
            deliveries.record_receipt(desk, sent.reference, Receipt("p-jo", status, "550 jan@example.nl"))
        (after,) = house.deliveries(melding)
        assert (after.status, after.provider_id, after.address) == ("verzonden", "", "")
        assert house.flags(melding) == [] and len(house.deliveries(melding)) == 1

    def test_routing_comes_late_and_makes_work_without_a_person(self, house: House) -> None:
        melding = house.melding(contact=JAN, description=TRACE)
        self.erased(house, melding)
        with transaction(house.engine) as session:
            now = business_now(session)
            routing.route_melding(session, melding.id, gemeente_id=house.home.id, now=now)
            found = session.get_one(Melding, melding.id)
            work = factories.opdracht_of(session, found)
            assert (found.description, work.location_note, work.status) == ("", "", "nieuw")
        assert [row.topic for row in house.rows() if row.topic == Topic.NOTICE] == []

    def test_a_photo_in_hand_is_not_kept(self, house: House) -> None:
        melding, store = house.melding(contact=JAN), MemoryStore()
        upload = photos.Upload(1, io.BytesIO(b"jpg"), hashlib.sha256(b"jpg").digest(), 3, "image/jpeg", None)
        with transaction(house.engine) as session:
            held = session.get_one(Melding, melding.id)
            photos.add_photos(session, held, [upload], actor=SYSTEM, now=business_now(session), store=store)
        payload = next(row.payload for row in house.rows() if row.topic == Topic.PHOTO)
        self.erased(house, melding)
        self.clean_up(house, store)
        with Session(house.engine) as session:
            photos.process_photo(house.engine, store, payload, now=business_now(session))
        assert [file.key for file in store.listing() if not file.key.startswith("wissen/")] == []

    def test_files_go_after_the_commit_and_the_list_tells_ids_only(self, house: House) -> None:
        melding, store = house.melding(contact=JAN), MemoryStore()
        self.erased(house, melding)
        self.clean_up(house, store)
        self.clean_up(house, store)
        (file,) = store.listing(f"wissen/{house.home.id}")
        line = store.get(file.key).decode()
        assert melding.number in line and "gewist" in line and "jan" not in line.lower()

    def clean_up(self, house: House, store: MemoryStore) -> None:
        """The worker's turn with what the erasure promised."""
        with Session(house.engine) as session:
            about = OutboxEntry.payload["task"].astext == "after_erasure"
            rows = session.scalars(sa.select(OutboxEntry).where(about).order_by(OutboxEntry.id)).all()
        context = Context(SETTINGS, house.engine, replace(house.adapters, photos=store))
        for row in rows:
            entry = Leased(row.id, UUID(int=1), Topic.UPKEEP, row.gemeente_id, row.payload, 1, "", last_try=False)
            assert schedule.do_periodic(context, entry) is None


def test_the_alarm_of_his_work_still_goes(house: House, now: datetime) -> None:
    melding = house.melding(contact=JAN, danger=True)
    with transaction(house.engine) as session:
        routing.route_melding(session, melding.id, gemeente_id=house.home.id, now=business_now(session))
        erase(session, session.get_one(Melding, melding.id), business_now(session) + timedelta(seconds=1))
    for row in house.rows():
        if row.topic == Topic.NOTICE:
            house.deliver(row)
    assert [to for to in (mail.to for mail in house.mail.sent.values()) if "jan" in to] == []
    assert len(house.mail.sent) == 1, "the team hears of the danger"

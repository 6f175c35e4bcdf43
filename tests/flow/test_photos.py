"""Photos at the door and on their way in: nothing lost, nothing twice, never more than allowed."""

from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters import images
from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.storage import MemoryStore
from meldingen.domain.actor import ANONYMOUS, Actor
from meldingen.flow import photos
from meldingen.flow.photos import add_photos, check_uploads
from meldingen.store.gemeente import Gemeente
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import ONLEESBAAR, ONTVANGEN, Photo
from tests import factories
from tests.flow.photo_world import FormFile, different, uploads
from tests.photos import BERGEN, photo, raw_png


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


@pytest.fixture
def gemeente(session: Session) -> Gemeente:
    return factories.gemeente(session)


@pytest.fixture
def melding(session: Session, now: datetime, gemeente: Gemeente) -> Melding:
    return factories.melding(session, now=now, route=False)


class TestCheckUploads:
    def test_accepted_and_refused_keep_their_place_in_the_request(self) -> None:
        files = [FormFile(photo()), FormFile(b"%PDF-1.7"), FormFile(photo("png", gps=BERGEN))]
        accepted, refused = check_uploads(files)
        assert [(upload.position, upload.content_type) for upload in accepted] == [(1, "image/jpeg"), (3, "image/png")]
        assert [(result.position, result.outcome, result.code) for result in refused] == [(2, "geweigerd", "geen_foto")]
        assert refused[0].detail == "Dit is een pdf en geen foto. Stuur een foto, bijvoorbeeld een JPG."
        assert photos.place_of(accepted) == pytest.approx(BERGEN, abs=1e-5)

    def test_the_sixth_is_refused(self) -> None:
        accepted, refused = check_uploads([FormFile(data) for data in different(7)])
        assert len(accepted) == 5
        assert [(result.position, result.code) for result in refused] == [(6, "te_veel_fotos"), (7, "te_veel_fotos")]
        assert not any(result.kept for result in refused)

    def test_a_field_left_empty_is_no_photo(self) -> None:
        assert check_uploads([FormFile(b"", ""), FormFile(b"", None)]) == ([], [])

    def test_a_bomb_is_refused_beside_a_good_photo(self) -> None:
        accepted, refused = check_uploads([FormFile(raw_png(40_000, 40_000, body=b"")), FormFile(photo())])
        assert [result.code for result in refused] == ["te_veel_pixels"]
        assert [upload.position for upload in accepted] == [2]

    def test_an_empty_file_is_told(self) -> None:
        assert check_uploads([FormFile(b"")])[1][0].code == "leeg"

    @pytest.mark.parametrize(
        "name", ["../../x.jpg", "a\0b.jpg", "\ud800.jpg", "x" * 10_000, "<script>.jpg", "foto.exe"]
    )
    def test_a_file_name_plays_no_part_and_is_echoed_nowhere(self, name: str) -> None:
        accepted, refused = check_uploads([FormFile(photo(), name), FormFile(b"x", name)])
        assert len(accepted) == 1
        assert name not in repr(accepted) + repr(refused)

    def test_too_large_is_read_no_further(self) -> None:
        file = FormFile(photo() + b"\0" * 30_000_000)
        assert check_uploads([file])[1][0].code == "te_groot"
        assert file.stream.tell() == images.MAX_BYTES + 1

    def test_every_reason_is_a_sentence(self) -> None:
        assert all(reason.endswith(".") and len(reason) < 120 for reason in photos.REASONS.values())


class TestAddPhotos:
    def test_bytes_row_journal_and_outbox(
        self, session: Session, store: MemoryStore, melding: Melding, now: datetime
    ) -> None:
        data = photo()
        (result,) = add_photos(session, melding, uploads(data), actor=ANONYMOUS, now=now, store=store)
        assert (result.outcome, result.detail, result.kept) == ("ontvangen", "", True)
        row = session.scalars(sa.select(Photo)).one()
        assert (row.public_id, row.status, row.kind) == (result.public_id, ONTVANGEN, "melder")
        assert (row.melding_id, row.opdracht_id, row.received_at) == (melding.id, None, now)
        assert store.get(row.upload_key) == data
        event = session.scalars(sa.select(Event).order_by(Event.id.desc())).first()
        assert event is not None
        assert (event.kind, event.facts) == ("foto_ontvangen", {"photo_id": row.id})
        entry = session.scalars(sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.PHOTO)).one()
        assert entry.order_key is None
        assert entry.payload == {"photo_id": row.id, "gemeente_id": melding.gemeente_id}

    def test_a_resend_is_the_same_photo(
        self, session: Session, store: MemoryStore, melding: Melding, now: datetime
    ) -> None:
        first = add_photos(session, melding, uploads(photo()), actor=ANONYMOUS, now=now, store=store)
        again = add_photos(session, melding, uploads(photo(), photo()), actor=ANONYMOUS, now=now, store=store)
        assert [result.outcome for result in again] == ["al_ontvangen"] * 2
        assert {result.public_id for result in again} == {first[0].public_id}
        assert all(result.kept for result in again)
        assert session.scalars(sa.select(OutboxEntry.id).where(OutboxEntry.topic == Topic.PHOTO)).one()
        assert len(list(store.listing())) == 1

    def test_twice_in_one_request_is_once(
        self, session: Session, store: MemoryStore, melding: Melding, now: datetime
    ) -> None:
        results = add_photos(session, melding, uploads(photo(), photo()), actor=ANONYMOUS, now=now, store=store)
        assert [result.outcome for result in results] == ["ontvangen", "al_ontvangen"]
        assert results[0].public_id == results[1].public_id

    def test_the_same_bytes_on_another_melding_are_another_photo(
        self, session: Session, store: MemoryStore, melding: Melding, gemeente: Gemeente, now: datetime
    ) -> None:
        other = factories.melding(session, now=now, route=False)
        for owner in (melding, other):
            (result,) = add_photos(session, owner, uploads(photo()), actor=ANONYMOUS, now=now, store=store)
            assert result.outcome == "ontvangen"

    def test_five_per_melding_and_unreadable_ones_do_not_count(
        self, session: Session, store: MemoryStore, melding: Melding, now: datetime
    ) -> None:
        add_photos(session, melding, uploads(*different(4)), actor=ANONYMOUS, now=now, store=store)
        more = uploads(*different(7)[4:])
        results = add_photos(session, melding, more, actor=ANONYMOUS, now=now, store=store)
        assert [result.outcome for result in results] == ["ontvangen", "geweigerd", "geweigerd"]
        assert results[1].detail == "U kunt hoogstens 5 foto's sturen. Deze foto is niet bewaard."
        assert len(list(store.listing())) == 5
        session.execute(sa.update(Photo).where(Photo.public_id == results[0].public_id).values(status=ONLEESBAAR))
        session.expire_all()
        results = add_photos(session, melding, more[1:], actor=ANONYMOUS, now=now, store=store)
        assert [result.outcome for result in results] == ["ontvangen", "geweigerd"]

    def test_a_resend_of_an_unreadable_photo_says_why(
        self, session: Session, store: MemoryStore, melding: Melding, now: datetime
    ) -> None:
        add_photos(session, melding, uploads(photo()), actor=ANONYMOUS, now=now, store=store)
        row = session.scalars(sa.select(Photo)).one()
        row.status, row.reason = ONLEESBAAR, "onvolledig"
        session.flush()
        (result,) = add_photos(session, melding, uploads(photo()), actor=ANONYMOUS, now=now, store=store)
        assert (result.outcome, result.code) == ("geweigerd", "onvolledig")
        assert "Stuur de foto nog een keer" in result.detail

    def test_storage_away_costs_one_try_and_loses_nothing_else(
        self, session: Session, store: MemoryStore, melding: Melding, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tries = []

        def away(key: str, data: bytes) -> None:
            tries.append(key)
            raise TemporaryFailure("opslag is weg")

        monkeypatch.setattr(store, "put", away)
        results = add_photos(session, melding, uploads(*different(3)), actor=ANONYMOUS, now=now, store=store)
        assert [result.outcome for result in results] == ["opnieuw_sturen"] * 3
        assert all("nog een keer" in result.detail and not result.kept for result in results)
        assert len(tries) == 1
        assert session.scalar(sa.select(sa.func.count()).select_from(Photo)) == 0

    def test_storage_that_goes_away_halfway(
        self, session: Session, store: MemoryStore, melding: Melding, now: datetime, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put = store.put

        def put_once(key: str, data: bytes) -> None:
            put(key, data)
            store.down = True

        monkeypatch.setattr(store, "put", put_once)
        results = add_photos(session, melding, uploads(*different(3)), actor=ANONYMOUS, now=now, store=store)
        assert [result.outcome for result in results] == ["ontvangen", "opnieuw_sturen", "opnieuw_sturen"]

    def test_a_team_adds_to_its_opdracht(
        self, session: Session, store: MemoryStore, gemeente: Gemeente, now: datetime
    ) -> None:
        opdracht = factories.opdracht_of(session, factories.melding(session, now=now))
        actor = Actor(kind="medewerker", roles={gemeente.id: frozenset({"team"})}, account_id=7)
        for lot in (different(5), different(9)[5:]):
            results = add_photos(session, opdracht, uploads(*lot), actor=actor, now=now, store=store)
            assert {result.outcome for result in results} == {"ontvangen"}
        assert add_photos(session, opdracht, uploads(different(1)[0]), actor=actor, now=now, store=store)[0].kept
        rows = session.scalars(sa.select(Photo)).all()
        assert {(row.kind, row.opdracht_id, row.melding_id) for row in rows} == {("team", opdracht.id, None)}
        events = session.scalars(
            sa.select(Event).where(Event.opdracht_id == opdracht.id, Event.kind == "foto_ontvangen")
        )
        assert [event.actor for event in events] == ["medewerker:7"] * 9

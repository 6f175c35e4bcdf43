"""Photos in the worker and after: only what was processed is shown, and what is left over is swept."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.adapters import images
from meldingen.adapters.failures import TemporaryFailure
from meldingen.db import transaction
from meldingen.domain.actor import ANONYMOUS
from meldingen.flow import photos
from meldingen.flow.photos import PhotoResult, add_photos, process_photo
from meldingen.store.melding import Melding
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import KLAAR, ONLEESBAAR, ONTVANGEN, Photo
from tests import factories
from tests.factories import HOME
from tests.flow.photo_world import World, different, uploads
from tests.photos import UPRIGHT, corners, photo, quarters, size_of

NEARBY = (HOME[0] + 0.0049, HOME[1])
"""About 330 metres east of the pin."""
FAR = (HOME[0] + 0.0100, HOME[1])
"""About 680 metres east of the pin."""


@pytest.fixture
def world(committed_engine: sa.Engine, now: datetime) -> Iterator[World]:
    yield World(committed_engine, now)


BROKEN = photo(picture=quarters())[:-2000]


class TestProcessPhoto:
    def test_both_sizes_upright_and_the_upload_gone(self, world: World) -> None:
        world.send(photo(size=(3000, 2000), orientation=6, gps=HOME))
        world.work()
        (row,) = world.photos()
        assert (row.status, row.upload_key, row.reason) == (KLAAR, "", "")
        assert (row.width, row.height, row.processed_at) == (1600, 1067, world.now)
        large, small = world.store.get(row.large_key), world.store.get(row.small_key)
        assert (size_of(large), size_of(small)) == ((1600, 1067), (320, 213))
        assert corners(large) == corners(small) == UPRIGHT
        assert world.keys() == {row.large_key, row.small_key}
        assert not row.far_away

    @pytest.mark.parametrize(
        ("taken_at", "source", "far_away"),
        [
            (HOME, "pin", False),
            (NEARBY, "pin", False),
            (FAR, "pin", True),
            (FAR, "adres", True),
            (FAR, "foto", False),
            (None, "pin", False),
        ],
    )
    def test_far_from_the_pin_is_a_flag(
        self, world: World, taken_at: tuple[float, float] | None, source: str, far_away: bool
    ) -> None:
        with transaction(world.engine) as session:
            session.execute(sa.update(Melding).values(location_source=source))
        world.send(photo(gps=taken_at))
        world.work()
        assert world.photos()[0].far_away is far_away

    def test_unreadable_is_told_and_kept_for_people(self, world: World) -> None:
        world.send(BROKEN)
        world.work()
        (row,) = world.photos()
        assert (row.status, row.reason, row.processed_at) == (ONLEESBAAR, "onvolledig", world.now)
        assert world.keys() == {row.upload_key}
        assert world.events() == ["foto_ontvangen", "foto_onleesbaar"]
        world.work()
        assert world.events() == ["foto_ontvangen", "foto_onleesbaar"]

    def test_done_twice_is_done_once(self, world: World) -> None:
        world.send(photo())
        world.work()
        before = world.photos()[0].processed_at
        world.now += timedelta(hours=1)
        world.work()
        assert world.photos()[0].processed_at == before

    @pytest.mark.parametrize("moment", ["get", "put", "delete"])
    def test_storage_away_is_for_the_next_attempt(
        self, world: World, monkeypatch: pytest.MonkeyPatch, moment: str
    ) -> None:
        world.send(photo())

        def away(*_: object) -> None:
            raise TemporaryFailure("opslag is weg")

        with monkeypatch.context() as patch:
            patch.setattr(world.store, moment, away)
            again = world.work()
            assert again == [world.now + timedelta(seconds=10)]
            world.now += timedelta(hours=4)
            assert world.work() == ([None] if moment == "delete" else [world.now + timedelta(minutes=15)])
            world.now += timedelta(days=2)
            if moment != "delete":
                with pytest.raises(TemporaryFailure):
                    world.work()
        world.work()
        (row,) = world.photos()
        assert row.status == KLAAR
        world.store.grow_older(90_000)
        world.sweep()
        assert world.keys() == {row.small_key, row.large_key}

    def test_a_worker_that_dies_before_it_records_is_followed_by_another(
        self, world: World, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        world.send(photo())

        def die(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(photos.photo_store, "lock_photo", die)
            with pytest.raises(KeyboardInterrupt):
                world.work()
        assert world.photos()[0].status == ONTVANGEN
        world.work()
        (row,) = world.photos()
        assert row.status == KLAAR
        assert world.keys() == {row.small_key, row.large_key}

    def test_an_upload_that_is_not_there_is_told(self, world: World) -> None:
        world.send(photo())
        world.store.delete(world.photos()[0].upload_key)
        world.work()
        assert (world.photos()[0].status, world.photos()[0].reason) == (ONLEESBAAR, "niet_verwerkt")

    def test_a_destroyed_melding_leaves_no_photo(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        world.send(photo())
        render = images.render

        def destroy_meanwhile(data: bytes) -> dict[int, bytes]:
            with transaction(world.engine) as session:
                session.execute(sa.delete(Photo))
            return render(data)

        monkeypatch.setattr(images, "render", destroy_meanwhile)
        world.work()
        world.work()
        assert world.photos() == []
        assert world.keys() == set(), "what this worker made goes at once"

    def test_another_gemeente_in_the_payload_finds_nothing(self, world: World) -> None:
        world.send(photo())
        payload = {"photo_id": world.photos()[0].id, "gemeente_id": world.gemeente_id + 1}
        process_photo(world.engine, world.store, payload, now=world.now)
        assert world.photos()[0].status == ONTVANGEN


class TestAtTheSameMoment:
    def together(self, *calls: Callable[[], Any]) -> None:
        barrier = threading.Barrier(len(calls))

        def start(call: Callable[[], Any]) -> None:
            barrier.wait()
            call()

        threads = [threading.Thread(target=start, args=(call,)) for call in calls]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def test_the_same_photo_four_times(self, world: World) -> None:
        found: list[PhotoResult] = []
        self.together(*[lambda: found.extend(world.send(photo()))] * 4)
        assert sorted(result.outcome for result in found) == ["al_ontvangen"] * 3 + ["ontvangen"]
        assert len({result.public_id for result in found}) == 1
        assert len(world.photos()) == 1
        world.store.grow_older(90_000)
        world.sweep()
        assert world.keys() == {world.photos()[0].upload_key}

    def test_four_times_two_is_still_five(self, world: World) -> None:
        made = different(8)
        self.together(*(lambda lot=lot: world.send(*lot) for lot in zip(made[::2], made[1::2], strict=True)))
        assert len(world.photos()) == 5

    def test_a_team_sends_the_same_photo_from_two_tablets(self, world: World) -> None:
        with transaction(world.engine) as session:
            opdracht = factories.opdracht_of(session, world.melding)
        found: list[PhotoResult] = []
        self.together(*[lambda: found.extend(world.send(photo(), owner=opdracht))] * 4)
        assert sorted(result.outcome for result in found) == ["al_ontvangen"] * 3 + ["ontvangen"]
        assert len({result.public_id for result in found}) == 1

    def test_two_workers_on_one_photo(self, world: World) -> None:
        world.send(photo())
        self.together(world.work, world.work)
        (row,) = world.photos()
        assert row.status == KLAAR
        assert world.keys() == {row.small_key, row.large_key}


class TestSweep:
    def test_a_file_without_a_row_goes_after_a_day_and_not_before(self, world: World) -> None:
        world.send(photo())
        world.store.put(f"upload/{world.gemeente_id}/verdwaald", b"x")
        world.store.put(f"groot/{world.gemeente_id}/verdwaald.jpg", b"x")
        world.store.put("tmp/half", b"x")
        assert world.sweep() == 0
        world.store.grow_older(90_000)
        assert world.sweep() == 3
        assert world.keys() == {world.photos()[0].upload_key}

    def test_another_gemeente_is_left_alone(self, world: World) -> None:
        world.store.put(f"upload/{world.gemeente_id + 1}/van-een-ander", b"x")
        world.store.grow_older(90_000)
        assert world.sweep() == 0

    def test_a_request_that_rolled_back_leaves_nothing(self, world: World) -> None:
        with pytest.raises(RuntimeError), transaction(world.engine) as session:
            add_photos(session, world.melding, uploads(photo()), actor=ANONYMOUS, now=world.now, store=world.store)
            raise RuntimeError
        assert len(world.keys()) == 1
        world.store.grow_older(90_000)
        assert world.sweep() == 1
        assert world.keys() == set()

    def test_an_unreadable_upload_goes_after_fourteen_days(self, world: World) -> None:
        world.send(BROKEN)
        world.work()
        assert world.sweep(timedelta(days=13, hours=23)) == 0
        assert world.sweep(timedelta(days=14, seconds=1)) == 1
        (row,) = world.photos()
        assert (row.status, row.upload_key) == (ONLEESBAAR, "")
        assert world.keys() == set()
        world.work()
        assert world.photos()[0].status == ONLEESBAAR

    def test_work_that_was_given_up_is_told_and_can_be_done_again(self, world: World) -> None:
        world.send(photo())
        with transaction(world.engine) as session:
            parked = sa.update(OutboxEntry).where(OutboxEntry.topic == Topic.PHOTO)
            session.execute(parked.values(parked_at=world.now))
        world.sweep()
        assert (world.photos()[0].status, world.photos()[0].reason) == (ONLEESBAAR, "niet_verwerkt")
        assert world.events()[-1] == "foto_onleesbaar"
        world.work()
        assert (world.photos()[0].status, world.photos()[0].reason) == (KLAAR, "")

    def test_many_files_in_lots(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(photos, "_SWEEP_LOT", 3)
        for number in range(10):
            world.store.put(f"klein/{world.gemeente_id}/{number}.jpg", b"x")
        world.store.grow_older(90_000)
        assert world.sweep() == 10


class TestMissingPhotos:
    def missing(self, world: World, later: timedelta) -> list[tuple[int, int, int]]:
        with transaction(world.engine) as session:
            found = photos.missing_photos(session, scope=(world.gemeente_id,), now=world.now + later)
            return [tuple(row) for row in found]

    def test_told_after_an_hour_until_all_are_there(self, world: World) -> None:
        hour = timedelta(hours=1, seconds=1)
        assert self.missing(world, timedelta(minutes=59)) == []
        assert self.missing(world, hour) == [(world.melding.id, 2, 0)]
        world.send(different(1)[0])
        assert self.missing(world, hour) == [(world.melding.id, 2, 0)]  # came along with the melding itself
        world.now += timedelta(minutes=5)
        world.send(different(2)[1])
        assert self.missing(world, hour) == [(world.melding.id, 2, 1)]
        world.send(different(3)[2])
        assert self.missing(world, hour) == []

    def test_another_gemeente_does_not_see_it(self, world: World) -> None:
        with transaction(world.engine) as session:
            later = datetime(2027, 1, 1, tzinfo=UTC)
            assert photos.missing_photos(session, scope=(world.gemeente_id + 1,), now=later) == []

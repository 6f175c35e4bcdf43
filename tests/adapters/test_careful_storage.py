"""A store that is slow keeps nobody waiting: neither one that never answers, nor one that drips."""

import threading
from collections.abc import Iterator

import pytest

from meldingen.adapters.careful_storage import CarefulStore
from meldingen.adapters.failures import PermanentFailure, TemporaryFailure
from meldingen.adapters.storage import MemoryStore, S3Store
from tests.adapters.s3_server import ACCESS_KEY, BUCKET, s3_server


class Stuck(MemoryStore):
    """Answers when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()

    def put(self, key: str, data: bytes) -> None:
        """Keeps it at last."""
        self.go.wait(10)
        super().put(key, data)


@pytest.fixture
def stuck() -> Iterator[Stuck]:
    made = Stuck()
    yield made
    made.go.set()


def test_who_waits_stops_waiting_and_the_next_hears_at_once(stuck: Stuck) -> None:
    store = CarefulStore(stuck, patience_s=0.05, at_once=2)
    for _ in range(2):
        with pytest.raises(TemporaryFailure, match="te traag"):
            store.put("upload/a", b"a")
    patient = CarefulStore(stuck, patience_s=10, at_once=1)
    waiting = threading.Thread(target=patient.put, args=("upload/b", b"b"))
    waiting.start()
    while patient._free.acquire(blocking=False):
        patient._free.release()
    with pytest.raises(TemporaryFailure, match="al te veel"):
        patient.get("upload/b")
    stuck.go.set()
    waiting.join()
    assert patient.get("upload/b") == b"b"


def test_it_passes_on_what_the_store_says() -> None:
    store = CarefulStore(MemoryStore())
    store.check()
    store.put("upload/a", b"a")
    assert store.exists("upload/a") and [file.key for file in store.listing()] == ["upload/a"]
    store.delete("upload/a")
    with pytest.raises(PermanentFailure):
        store.get("upload/a")


def test_a_store_that_drips_is_too_slow() -> None:
    """Each byte comes within the time-out of the connection, the whole never does."""
    with s3_server() as server:
        inner = S3Store(bucket=BUCKET, endpoint=server.endpoint, access_key=ACCESS_KEY, secret_key="geheim")
        inner.put("upload/a", b"a" * 64)
        server.drip_s = 0.05
        with pytest.raises(TemporaryFailure, match="te traag"):
            CarefulStore(inner, patience_s=0.3).get("upload/a")
        server.drip_s = 0.0


def test_who_asks_one_thing_after_another_always_finds_the_place_free() -> None:
    """No answer may come before its place is free again: on a machine that has too much to do, the thread that frees
    it may be the last to get its turn."""

    class Late(threading.BoundedSemaphore):
        def release(self, n: int = 1) -> None:
            threading.Event().wait(0.05)
            super().release(n)

    store = CarefulStore(MemoryStore(), at_once=1)
    store._free = Late(1)
    for _ in range(3):
        store.exists("upload/a")

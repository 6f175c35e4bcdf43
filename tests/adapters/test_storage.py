"""Every photo store keeps the same promises: plain files, S3 over its real protocol, and memory."""

import errno
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from meldingen.adapters import storage
from meldingen.adapters.failures import PermanentFailure, TemporaryFailure
from meldingen.adapters.storage import FileStore, MemoryStore, PhotoStore, S3Store
from tests.adapters.s3_server import ACCESS_KEY, BUCKET, S3Server, s3_server


@pytest.fixture(scope="module")
def running_s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3(running_s3: S3Server) -> S3Server:
    """The S3 server, empty and well-behaved."""
    running_s3.files.clear()
    running_s3.requests.clear()
    running_s3.refuse_with, running_s3.cut_after = None, None
    running_s3.wait_s, running_s3.page_size = 0.0, 1000
    return running_s3


def s3_store(server: S3Server, *, bucket: str = BUCKET, access_key: str = ACCESS_KEY) -> S3Store:
    return S3Store(bucket=bucket, endpoint=server.endpoint, access_key=access_key, secret_key="geheim")


@pytest.fixture(params=["bestanden", "s3", "geheugen"])
def store(request: pytest.FixtureRequest, tmp_path: Path, s3: S3Server) -> PhotoStore:
    stores: dict[str, PhotoStore] = {
        "bestanden": FileStore(tmp_path / "fotos"),
        "s3": s3_store(s3),
        "geheugen": MemoryStore(),
    }
    return stores[request.param]


EVERY_BYTE = bytes(range(256)) * 9
BAD_KEYS = [
    "",
    "/etc/passwd",
    "../x",
    "upload/../../x",
    "upload//x",
    "upload/",
    ".verborgen",
    "upload/.x",
    "a b",
]
BAD_KEYS += [
    "x\0y",
    "x\n",
    "UPLOAD/x",
    "é",
    "a" * 101,
    "a/b/c/d/e/f/g",
    "x.jpg.",
    "x..jpg",
    "%2e%2e/x",
    "a\\b",
]


class TestEveryStore:
    def test_gives_back_what_was_put(self, store: PhotoStore) -> None:
        store.put("upload/ab/abc123", EVERY_BYTE)
        assert store.get("upload/ab/abc123") == EVERY_BYTE
        assert store.exists("upload/ab/abc123")

    def test_keeps_20_mb(self, store: PhotoStore) -> None:
        data = os.urandom(1_000_000) * 20
        store.put("upload/groot", data)
        assert store.get("upload/groot") == data

    def test_keeps_nothing_at_all(self, store: PhotoStore) -> None:
        store.put("upload/leeg", b"")
        assert store.get("upload/leeg") == b""

    def test_a_second_put_replaces(self, store: PhotoStore) -> None:
        store.put("klein/a.jpg", b"eerste")
        store.put("klein/a.jpg", b"2")
        assert store.get("klein/a.jpg") == b"2"

    def test_what_is_not_there_is_a_permanent_failure(self, store: PhotoStore) -> None:
        assert not store.exists("upload/niets")
        with pytest.raises(PermanentFailure):
            store.get("upload/niets")

    def test_a_key_that_starts_like_another_is_not_that_other(self, store: PhotoStore) -> None:
        store.put("upload/abcdef", b"x")
        assert not store.exists("upload/abc")

    def test_delete_twice_is_fine(self, store: PhotoStore) -> None:
        store.put("upload/weg", b"x")
        store.delete("upload/weg")
        store.delete("upload/weg")
        assert not store.exists("upload/weg")

    def test_lists_with_ages(self, store: PhotoStore) -> None:
        for key in ("upload/aa/een", "upload/bb/twee", "klein/drie.jpg", "uploads-anders"):
            store.put(key, b"x")
        assert {file.key for file in store.listing("upload")} == {"upload/aa/een", "upload/bb/twee"}
        everything = list(store.listing())
        assert len(everything) == 4
        assert all(-2 < file.age_s < 60 for file in everything)

    def test_lists_nothing_where_nothing_is(self, store: PhotoStore) -> None:
        assert list(store.listing("upload")) == []

    @pytest.mark.parametrize("key", BAD_KEYS)
    def test_refuses_a_key_that_is_not_ours(self, store: PhotoStore, key: str) -> None:
        calls = (store.get, store.delete, store.exists, lambda k: store.put(k, b"x"))
        for call in calls:
            with pytest.raises(PermanentFailure):
                call(key)
        assert list(store.listing()) == []

    def test_many_at_once_on_one_key_leave_one_whole_file(self, store: PhotoStore) -> None:
        bodies = [bytes([number]) * 200_000 for number in range(8)]
        threads = [threading.Thread(target=store.put, args=("upload/samen", body)) for body in bodies]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.get("upload/samen") in bodies
        assert [file.key for file in store.listing()] == ["upload/samen"]


class TestFileStore:
    def test_only_this_user_may_read(self, tmp_path: Path) -> None:
        old = os.umask(0)
        try:
            FileStore(tmp_path / "a" / "fotos").put("upload/ab/x", b"x")
        finally:
            os.umask(old)
        root = tmp_path / "a" / "fotos"
        assert stat.S_IMODE((root / "upload/ab/x").stat().st_mode) == 0o600
        for folder in (root, root / "upload", root / "upload/ab", root / "tmp"):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700

    def test_a_failed_write_leaves_the_old_file_and_nothing_else(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        store = FileStore(tmp_path)
        store.put("upload/x", b"oud")

        def full_disk(_: int) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        monkeypatch.setattr(storage.os, "fsync", full_disk)
        with pytest.raises(TemporaryFailure, match="No space left"):
            store.put("upload/x", b"nieuw")
        assert store.get("upload/x") == b"oud"
        assert [file.key for file in store.listing()] == ["upload/x"]

    def test_bytes_are_flushed_before_the_name_is_given(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        order: list[str] = []
        flush, rename = os.fsync, Path.replace
        monkeypatch.setattr(storage.os, "fsync", lambda fd: (order.append("flush"), flush(fd))[1])
        monkeypatch.setattr(Path, "replace", lambda a, b: (order.append("rename"), rename(a, b))[1])
        store = FileStore(tmp_path)
        store.put("upload/x", b"1")
        order.clear()
        store.put("upload/x", b"2")
        assert order == ["flush", "rename", "flush"]

    def test_what_a_crash_left_behind_is_listed(self, tmp_path: Path) -> None:
        store = FileStore(tmp_path)
        store.put("upload/x", b"x")
        (tmp_path / "tmp" / "0123abcd").write_bytes(b"half")
        os.utime(tmp_path / "tmp" / "0123abcd", (time.time() - 90_000,) * 2)
        ages = {file.key: file.age_s for file in store.listing()}
        assert ages["tmp/0123abcd"] > 86_400

    def test_a_place_that_cannot_be_used_is_temporary(self, tmp_path: Path) -> None:
        (tmp_path / "fotos").write_text("een bestand waar een map hoort")
        store = FileStore(tmp_path / "fotos")
        for call in (store.get, store.delete, store.exists, lambda key: store.put(key, b"x")):
            with pytest.raises(TemporaryFailure):
                call("upload/x")
        with pytest.raises(TemporaryFailure):
            list(store.listing())


class TestS3Store:
    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (503, "SlowDown"),
            (500, "InternalError"),
            (403, "AccessDenied"),
            (400, "BadDigest"),
            (429, "TooMany"),
        ],
    )
    def test_what_may_pass_or_be_mended_is_temporary(self, s3: S3Server, status: int, code: str) -> None:
        s3.refuse_with = (status, code)
        store = s3_store(s3)
        for call in (store.get, store.delete, store.exists, lambda key: store.put(key, b"x")):
            with pytest.raises(TemporaryFailure, match=code):
                call("upload/x")

    def test_a_wrong_bucket_or_key_is_temporary_because_people_mend_it(self, s3: S3Server) -> None:
        for store in (s3_store(s3, bucket="anders"), s3_store(s3, access_key="fout")):
            with pytest.raises(TemporaryFailure):
                store.get("upload/x")
            with pytest.raises(TemporaryFailure):
                store.exists("upload/x")

    def test_too_large_is_permanent(self, s3: S3Server) -> None:
        s3.refuse_with = (400, "EntityTooLarge")
        with pytest.raises(PermanentFailure):
            s3_store(s3).put("upload/x", b"x")

    def test_nobody_home_is_temporary_and_quick(self) -> None:
        store = S3Store(bucket="b", endpoint="http://127.0.0.1:9", access_key="a", secret_key="b")
        started = time.monotonic()
        with pytest.raises(TemporaryFailure):
            store.put("upload/x", b"x")
        assert time.monotonic() - started < 10

    def test_a_silent_server_is_given_up_on(self, s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(storage, "READ_TIMEOUT_S", 0.2)
        s3.wait_s = 1.0
        started = time.monotonic()
        with pytest.raises(TemporaryFailure):
            s3_store(s3).get("upload/x")
        assert time.monotonic() - started < 3

    def test_an_answer_cut_short_is_temporary(self, s3: S3Server) -> None:
        store = s3_store(s3)
        store.put("upload/x", EVERY_BYTE)
        s3.cut_after = 100
        with pytest.raises(TemporaryFailure):
            store.get("upload/x")

    def test_pages_through_a_long_list(self, s3: S3Server) -> None:
        store = s3_store(s3)
        for number in range(7):
            store.put(f"upload/{number}", b"x")
        s3.page_size = 3
        assert len(list(store.listing("upload"))) == 7

    def test_one_request_per_call(self, s3: S3Server) -> None:
        store = s3_store(s3)
        store.put("upload/x", b"x")
        store.get("upload/x")
        store.delete("upload/x")
        assert [line.split("?")[0] for line in s3.requests] == [
            f"{verb} /{BUCKET}/upload/x" for verb in ("PUT", "GET", "DELETE")
        ]


def test_memory_store_can_be_away() -> None:
    store = MemoryStore()
    store.put("upload/x", b"x")
    store.down = True
    for call in (store.get, store.delete, store.exists, lambda key: store.put(key, b"x")):
        with pytest.raises(TemporaryFailure):
            call("upload/x")
    with pytest.raises(TemporaryFailure):
        list(store.listing())
    store.down = False
    store.grow_older(90_000)
    assert next(iter(store.listing())).age_s > 86_400

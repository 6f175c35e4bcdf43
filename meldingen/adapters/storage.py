"""Where the bytes of photos are kept: plain files on one machine, S3-compatible storage, or memory.

A store knows keys and bytes; which photo belongs to which melding is for `store/photo.py`. Keys are made by
us, never from a file name. Nothing in a store is served directly: a door reads it and decides who may see it.
"""

import contextlib
import os
import re
import secrets
import threading
import time
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from hashlib import md5
from pathlib import Path
from typing import Any, Protocol

from .failures import PermanentFailure, TemporaryFailure

_PART = r"[a-z0-9][a-z0-9_-]{0,99}(\.[a-z0-9]{1,8})?"
_KEY = re.compile(rf"{_PART}(/{_PART}){{0,5}}")
_UNFINISHED = "tmp"
"""Folder of half-written files. Listed like the others, so the sweep of files without a row takes them."""

ROOM_BYTES = 32 * 2**20
"""With less free than this the disk is as good as full: the largest photo, its sizes and a neighbour's."""

CONNECT_TIMEOUT_S = 3
READ_TIMEOUT_S = 10
ATTEMPTS = 2
"""Together about 26 seconds for a call to S3: below the time-out of a job, bearable for a waiting melder."""


@dataclass(frozen=True)
class StoredFile:
    """One file as a listing tells it: its key, and its age in seconds by the clock of the store itself."""

    key: str
    age_s: float


class PhotoStore(Protocol):
    """What every store can do. Each call raises only TemporaryFailure or PermanentFailure."""

    def put(self, key: str, data: bytes) -> None:
        """Keep `data` under `key`, replacing what was there. When it returns, the bytes survive a crash."""

    def get(self, key: str) -> bytes:
        """The bytes under `key`; PermanentFailure when there is nothing."""

    def delete(self, key: str) -> None:
        """Remove `key`; nothing there is fine, so that a second try is too."""

    def exists(self, key: str) -> bool:
        """Whether there is something under `key`."""

    def check(self) -> None:
        """Returns when a photo can be kept now, asked as cheaply as can be; else TemporaryFailure."""

    def listing(self, prefix: str = "") -> Iterator[StoredFile]:
        """Everything kept under the folder `prefix` (no slash at its end; empty is all), in no order."""


def _check_key(key: str) -> str:
    """The key itself when it is one of ours: lower case, digits, `-`, `_`, slashes, one suffix a part."""
    if not _KEY.fullmatch(key):
        raise PermanentFailure("ongeldige sleutel")
    return key


@contextlib.contextmanager
def _file_failures() -> Iterator[None]:
    """Turn what the file system says into our two words. A full or read-only disk is mended by people."""
    try:
        yield
    except FileNotFoundError as error:
        raise PermanentFailure("bestand is er niet") from error
    except OSError as error:
        raise TemporaryFailure(f"bestandsopslag: {error.strerror or type(error).__name__}") from error


class FileStore:
    """Plain files under one folder that only this user may read. For one machine, or a shared volume."""

    def __init__(self, root: Path) -> None:
        """`root` is made when first needed: a missing volume is the failure of a call, not of the start."""
        self._root = root

    def put(self, key: str, data: bytes) -> None:
        """Write beside, flush, then rename: a reader or a crash sees the old file or the new, never half."""
        target = self._root / _check_key(key)
        unfinished = self._root / _UNFINISHED / secrets.token_hex(16)
        with _file_failures():
            self._make_folder(target.parent)
            self._make_folder(unfinished.parent)
            try:
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
                with os.fdopen(os.open(unfinished, flags, 0o600), "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(target)
            except BaseException:
                unfinished.unlink(missing_ok=True)
                raise
            _flush_folder(target.parent)

    def get(self, key: str) -> bytes:
        """Read the whole file."""
        with _file_failures():
            return (self._root / _check_key(key)).read_bytes()

    def delete(self, key: str) -> None:
        """Remove the file; its folder stays."""
        with _file_failures():
            (self._root / _check_key(key)).unlink(missing_ok=True)

    def check(self) -> None:
        """There is a folder with room for a photo."""
        with _file_failures():
            self._make_folder(self._root)
            disk = os.statvfs(self._root)
        if disk.f_bavail * disk.f_frsize < ROOM_BYTES:
            raise TemporaryFailure("bestandsopslag: bijna vol")

    def exists(self, key: str) -> bool:
        """Whether the file is there; a store whose folder cannot be made or entered is down, not empty."""
        with _file_failures():
            self._make_folder(self._root)
            return (self._root / _check_key(key)).is_file()

    def listing(self, prefix: str = "") -> Iterator[StoredFile]:
        """Walk the folder; what disappears on the way is left out."""
        top = self._root / _check_key(prefix) if prefix else self._root
        with _file_failures():
            for folder, _, names in os.walk(top, onerror=_unless_missing):
                for name in names:
                    path = Path(folder, name)
                    with contextlib.suppress(FileNotFoundError):
                        age_s = time.time() - path.stat().st_mtime
                        yield StoredFile(path.relative_to(self._root).as_posix(), age_s)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        if folder != self._root:
            self._make_folder(folder.parent)
        folder.mkdir(mode=0o700, parents=folder == self._root, exist_ok=True)
        _flush_folder(folder.parent)


def _unless_missing(error: OSError) -> None:
    """Let a listing fail on a folder it may not read, instead of taking it for empty."""
    if not isinstance(error, FileNotFoundError):
        raise error


def _flush_folder(folder: Path) -> None:
    """Flush a folder, so that a name made or changed in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class S3Store:
    """One bucket of S3 or of anything that speaks its protocol. The bucket must exist: we never make one."""

    def __init__(self, *, bucket: str, endpoint: str | None, access_key: str, secret_key: str) -> None:
        """`endpoint` is the address of an S3-compatible service, or None for Amazon's own."""
        import boto3  # here, so that the embedded default does not pay 30 MB for a store it does not use
        from botocore.config import Config

        self._bucket = bucket
        self._client = boto3.client(
            "s3",
            endpoint_url=endpoint or None,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
            config=Config(
                signature_version="s3v4",
                connect_timeout=CONNECT_TIMEOUT_S,
                read_timeout=READ_TIMEOUT_S,
                retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
                s3={"addressing_style": "path" if endpoint else "auto"},
                # Compatible services do not all know the checksum trailers; Content-MD5 they all do.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        )

    def put(self, key: str, data: bytes) -> None:
        """One request, with a checksum, so that the other side refuses damaged bytes."""
        checksum = b64encode(md5(data, usedforsecurity=False).digest()).decode("ascii")
        with _s3_failures():
            self._client.put_object(
                Bucket=self._bucket,
                Key=_check_key(key),
                Body=data,
                ContentMD5=checksum,
                ContentType="application/octet-stream",
            )

    def get(self, key: str) -> bytes:
        """Read the whole object."""
        with _s3_failures():
            body = self._client.get_object(Bucket=self._bucket, Key=_check_key(key))["Body"]
            with contextlib.closing(body):
                return bytes(body.read())

    def delete(self, key: str) -> None:
        """Remove the object."""
        with _s3_failures():
            self._client.delete_object(Bucket=self._bucket, Key=_check_key(key))

    def check(self) -> None:
        """The bucket answers."""
        self.exists("gezond")

    def exists(self, key: str) -> bool:
        """Ask for the first key that starts so; a HEAD could not tell a missing bucket from a missing key."""
        with _s3_failures():
            page = self._client.list_objects_v2(Bucket=self._bucket, Prefix=_check_key(key), MaxKeys=1)
            return any(item["Key"] == key for item in page.get("Contents", ()))

    def listing(self, prefix: str = "") -> Iterator[StoredFile]:
        """Page through the bucket, a thousand keys at a time."""
        folder = f"{_check_key(prefix)}/" if prefix else ""
        with _s3_failures():
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=folder)
            for page in pages:
                there = _date_of(page)
                for item in page.get("Contents", ()):
                    yield StoredFile(item["Key"], (there - item["LastModified"]).total_seconds())


def _date_of(page: Any) -> datetime:
    """The clock of the other side, from the Date header that HTTP obliges it to send."""
    return parsedate_to_datetime(page["ResponseMetadata"]["HTTPHeaders"]["date"])


@contextlib.contextmanager
def _s3_failures() -> Iterator[None]:
    """Turn what S3 or the way to it says into our two words.

    Only a missing object and one that is too large are permanent. A refused access key or a missing bucket is
    a setting that people mend, and damage on the way is chance; then the work must go on by itself.
    """
    from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in ("NoSuchKey", "EntityTooLarge"):
            raise PermanentFailure(f"opslag: {code}") from error
        raise TemporaryFailure(f"opslag: {code}") from error
    except (HTTPClientError, HTTPError, BotoCoreError, OSError) as error:
        raise TemporaryFailure(f"opslag: {type(error).__name__}") from error


class MemoryStore:
    """A store in memory, for tests and trials. `down = True` makes each call fail as a store that is away."""

    def __init__(self) -> None:
        """Start empty and up."""
        self.down = False
        self._files: dict[str, tuple[bytes, float]] = {}
        self._lock = threading.Lock()

    def put(self, key: str, data: bytes) -> None:
        """Keep a copy."""
        with self._up(key):
            self._files[key] = (bytes(data), time.monotonic())

    def get(self, key: str) -> bytes:
        """The bytes, or PermanentFailure."""
        with self._up(key):
            if key not in self._files:
                raise PermanentFailure("bestand is er niet")
            return self._files[key][0]

    def delete(self, key: str) -> None:
        """Forget it."""
        with self._up(key):
            self._files.pop(key, None)

    def check(self) -> None:
        """It is not down."""
        with self._up("gezond"):
            return

    def exists(self, key: str) -> bool:
        """Whether it is kept."""
        with self._up(key):
            return key in self._files

    def listing(self, prefix: str = "") -> Iterator[StoredFile]:
        """What is kept at the moment of asking."""
        with self._up(prefix or "alles"):
            found = list(self._files.items())
        for key, (_, stored_at) in found:
            if not prefix or key.startswith(f"{prefix}/"):
                yield StoredFile(key, time.monotonic() - stored_at)

    def grow_older(self, seconds: float) -> None:
        """Let everything kept so far be `seconds` older, for tests of the sweep."""
        with self._lock:
            self._files = {key: (data, at - seconds) for key, (data, at) in self._files.items()}

    @contextlib.contextmanager
    def _up(self, key: str) -> Iterator[None]:
        _check_key(key)
        if self.down:
            raise TemporaryFailure("opslag is weg")
        with self._lock:
            yield

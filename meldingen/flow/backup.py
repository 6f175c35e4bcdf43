"""Making a back-up: one snapshot of the database, every file that its rows know, and a sealed manifest at the end.

A photo is stored before its row and never changes, so files copied after the snapshot are all that the snapshot needs.
A back-up is a folder that gets its name when everything in it is on the disk: one that was killed never has a name.
Putting one back: put_back.py. The files: backup_photos.py.
"""

import fcntl
import heapq
import os
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import IO

import sqlalchemy as sa

from ..adapters import postgres_tools
from ..adapters.sealing import Age, Plain, Sealing
from ..adapters.storage import PhotoStore
from ..domain import backup as rules
from ..domain.backup import BadBackup, Manifest, Part
from ..store import whole
from . import backup_photos, restore
from .backup_photos import Copied, Progress

KEYS = "sleutels"
"""The keys of the files that a back-up under way needs; with it a killed one can be tidied up."""
TRIAL = "sleutelproef"
"""A small encrypted file: who can open it has the right key."""


@dataclass(frozen=True)
class Place:
    """Where back-ups are kept, and for whom. secrets: of the installation; the first seals. recipients: of age."""

    folder: Path
    secret_keys: tuple[str, ...]
    recipients: tuple[str, ...] = ()

    @property
    def sealing(self) -> Sealing:
        """How new files are kept."""
        return Age(self.recipients) if self.recipients else Plain()

    def names(self) -> list[str]:
        """The finished back-ups, oldest first."""
        return sorted(path.name for path in self.folder.glob("*") if rules.is_name(path.name))

    def manifest(self, name: str) -> Manifest:
        """What one back-up says of itself. Raises BadBackup."""
        try:
            text = (self.folder / name / rules.MANIFEST).read_text(encoding="utf-8")
        except OSError as error:
            raise BadBackup(f"Er is geen back-up {name} in {self.folder}.") from error
        return rules.read_manifest(text, self.secret_keys)


def make_backup(
    engine: sa.Engine, store: PhotoStore, place: Place, *, release: str, now: datetime, progress: Progress
) -> tuple[str, Manifest]:
    """Makes one back-up; its name and manifest. While another runs here: BadBackup.

    Raises PermanentFailure when pg_dump fails, TemporaryFailure when the photo store is away; then there is none.
    """
    with _alone(place.folder):
        name = rules.new_name(now, secrets.token_hex(4))
        half = place.folder / f"{rules.HALF}{name}"
        half.mkdir(mode=0o700)
        before = _before(place)
        with engine.connect() as connection:
            snapshot = whole.take_snapshot(connection)
            revision, server = whole.revision(connection), whole.server_major(connection)
            parts = [_dump(engine, half, snapshot, server, place.sealing)]
            rows = whole.count_rows(connection)
            total = _write_keys(half / KEYS, heapq.merge(whole.file_keys(connection), _wiped(store)))
        copied, gone = _copy(engine, store, place, half, before, total, progress)
        parts.append(backup_photos.hash_file(half / rules.PHOTOS, rules.PHOTOS))
        if place.recipients:
            parts.append(_write(half / f"{TRIAL}{place.sealing.suffix}", TRIAL.encode(), place.sealing))
        manifest = Manifest(
            made_at=now.isoformat(),
            release=release,
            sealed_for=place.recipients,
            parts=tuple(parts),
            pool=rules.pool_name(place.recipients),
            photos=copied.photos,
            photo_bytes=copied.size,
            lost=len(copied.missing),
            gone=gone,
            rows=rows,
            revision=revision,
            server=server,
        )
        text = rules.write_manifest(manifest, place.secret_keys[0]).encode()
        (half / KEYS).unlink()
        _write(half / rules.MANIFEST, text, Plain())
        half.rename(place.folder / name)
        _flush(place.folder)
    return name, manifest


def copy_erasures(store: PhotoStore, place: Place) -> int:
    """Only what was erased and destroyed, into the pool: quick enough for every hour. How many files it holds."""
    with _alone(place.folder):
        pool = place.folder / rules.pool_name(place.recipients)
        keys = _wiped(store)
        scratch = place.folder / f"{rules.HALF}lijst"
        try:
            copied = backup_photos.copy_files(
                store, keys, pool, scratch, sealing=place.sealing, earlier=None, total=len(keys),
                progress=lambda _done, _total: None,
            )  # fmt: skip
        finally:
            scratch.unlink(missing_ok=True)
    return copied.photos


def check_backup(place: Place, name: str, *, deep: bool, progress: Progress) -> Manifest:
    """Looks whether a back-up is whole: seal, parts with their hashes, and its photos (deep: with hashes too).

    Touches nothing. Raises BadBackup.
    """
    manifest = place.manifest(name)
    for part in manifest.parts:
        file = place.folder / name / part.name
        if not file.is_file() or backup_photos.hash_file(file, part.name) != part:
            raise BadBackup(f"{part.name} ontbreekt of is veranderd.")
    suffix = Age.suffix if manifest.sealed_for else Plain.suffix
    backup_photos.check_files(
        place.folder / name / rules.PHOTOS, place.folder / manifest.pool, suffix, deep=deep, total=manifest.photos,
        progress=progress,
    )  # fmt: skip
    return manifest


def tidy(place: Place, *, keep: int) -> list[str]:
    """Removes all but the newest `keep` back-ups, what killed ones left, and the photos that only these needed.

    keep 0: every back-up stays. The names that went. The list of erasures always stays.
    """
    with _alone(place.folder):
        gone = rules.too_many(place.names(), keep) if keep else []
        halves = [path for path in place.folder.glob(f"{rules.HALF}*") if path.is_dir()]
        manifests = {name: place.manifest(name) for name in place.names()}
        for pool in [path for path in place.folder.glob(f"{rules.POOL}*") if path.is_dir()]:
            mine = {name: one for name, one in manifests.items() if one.pool == pool.name}
            suffix = Plain.suffix if pool.name == rules.POOL else Age.suffix
            candidates = [*(_keys_of(place, name) for name in mine if name in gone), *map(_half_keys, halves)]
            kept = [_keys_of(place, name) for name in mine if name not in gone]
            backup_photos.forget_files(heapq.merge(*candidates), heapq.merge(*kept), pool, suffix)
        for path in [*halves, *(place.folder / name for name in gone)]:
            shutil.rmtree(path)
    return gone


def _copy(
    engine: sa.Engine, store: PhotoStore, place: Place, half: Path, before: Path | None, total: int, progress: Progress
) -> tuple[Copied, int]:
    """Copies what the snapshot knows. A photo that was processed meanwhile lost its upload and has its sizes: these
    come instead. The other half of the answer: how many files went because their rows did."""
    pool, file = place.folder / rules.pool_name(place.recipients), half / rules.PHOTOS

    def copy(keys: Iterator[str], target: Path, earlier: Path | None, count: int) -> Copied:
        return backup_photos.copy_files(
            store, keys, pool, target, sealing=place.sealing, earlier=earlier, total=count, progress=progress
        )

    with (half / KEYS).open(encoding="ascii") as lines:
        copied = copy((line.rstrip("\n") for line in lines), file, before, total)
    if not copied.missing:
        return copied, 0
    with engine.connect() as connection:
        lost = sorted(whole.keys_still_known(connection, copied.missing))
    instead = sorted(key for missing in copied.missing for key in backup_photos.keys_after(missing))
    with (half / KEYS).open("a", encoding="ascii") as keys:
        keys.writelines(f"{key}\n" for key in instead)  # out of order: only a killed back-up is tidied by it
    more = copy(iter(instead), half / "meer", None, len(instead))
    backup_photos.merge_lists(file, half / "meer", half / "samen")
    (half / "meer").unlink()
    (half / "samen").replace(file)
    return Copied(copied.photos + more.photos, copied.size + more.size, lost), len(copied.missing) - len(lost)


def _dump(engine: sa.Engine, half: Path, snapshot: str, server: int, sealing: Sealing) -> Part:
    url = engine.url.render_as_string(hide_password=False)
    name = f"{rules.DUMP}{sealing.suffix}"

    def write(file: IO[bytes]) -> None:
        with postgres_tools.dumping(url, snapshot=snapshot, server=server) as dump:
            sealing.close(dump, file)

    backup_photos.write_whole(half / name, write)
    return backup_photos.hash_file(half / name, name)


def _write(path: Path, data: bytes, sealing: Sealing) -> Part:
    backup_photos.write_whole(path, lambda file: sealing.close(BytesIO(data), file))
    return backup_photos.hash_file(path, path.name)


def _write_keys(file: Path, keys: Iterator[str]) -> int:
    with file.open("w", encoding="ascii") as out:
        return sum(out.write(f"{key}\n") > 0 for key in keys)


def _wiped(store: PhotoStore) -> list[str]:
    return sorted(file.key for file in store.listing(restore.FOLDER))


def _before(place: Place) -> Path | None:
    """The list of photos of the newest back-up in the same pool."""
    for name in reversed(place.names()):
        try:
            if place.manifest(name).pool == rules.pool_name(place.recipients):
                return place.folder / name / rules.PHOTOS
        except BadBackup:
            continue  # told when it is checked; this one does without it
    return None


def _keys_of(place: Place, name: str) -> Iterator[str]:
    return (part.name for part in backup_photos.read_list(place.folder / name / rules.PHOTOS) if _may_go(part.name))


def _half_keys(half: Path) -> Sequence[str]:
    if not (half / KEYS).is_file():
        return []
    return sorted(filter(_may_go, (half / KEYS).read_text(encoding="ascii").splitlines()))


def _may_go(key: str) -> bool:
    return not key.startswith(f"{restore.FOLDER}/")


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One at a time in this folder; the lock goes with the process."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / ".slot").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BadBackup(f"In {folder} loopt al een back-up.") from error
        yield


def _flush(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

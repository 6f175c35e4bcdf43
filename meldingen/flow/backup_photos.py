"""The photos of a back-up: copied once into a pool that all back-ups share, and listed by each with their hashes.

A file of the photo store never changes under its name, so a name that the pool has is not copied again: the second
back-up is quick. Lists are sorted by key and walked side by side; memory stays flat with millions of photos.
"""

import hashlib
import heapq
import json
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import IO, NamedTuple, TypeVar

from ..adapters.failures import PermanentFailure
from ..adapters.sealing import Sealing
from ..adapters.storage import PhotoStore
from ..domain.backup import BadBackup, Part

T = TypeVar("T")
R = TypeVar("R")
HANDS = 8
"""Files at once: a store far away answers slowly, not rarely."""
Progress = Callable[[int, int], None]
"""Told how many files of how many are done."""


class Copied(NamedTuple):
    """What became of the files a back-up needs: how many it has, their bytes as kept, and the keys without a file."""

    photos: int
    size: int
    missing: list[str]


def copy_files(
    store: PhotoStore,
    keys: Iterable[str],
    pool: Path,
    target: Path,
    *,
    sealing: Sealing,
    earlier: Path | None,
    total: int,
    progress: Progress,
) -> Copied:
    """Sees to it that the pool has the file of each key (sorted), and writes the list of them to `target`.

    earlier: the list of the back-up before this one. A file that stood in the pool without a list is hashed, not
    trusted. Raises TemporaryFailure when the store is away.
    """
    known = _Walker(read_list(earlier)) if earlier is not None else _Walker(iter(()))

    def one(work: tuple[str, Part | None]) -> Part | str:
        key, listed = work
        file = pool / f"{key}{sealing.suffix}"
        if listed is not None and file.is_file() and file.stat().st_size == listed.size:
            return listed
        try:
            return hash_file(file, key) if file.is_file() else _keep(store.get(key), file, key, sealing)
        except PermanentFailure:
            return key

    photos = size = 0
    missing: list[str] = []
    with target.open("w", encoding="ascii") as out:
        for done, result in enumerate(_ahead(one, ((key, known.find(key)) for key in keys)), start=1):
            if isinstance(result, str):
                missing.append(result)
            else:
                photos, size = photos + 1, size + result.size
                out.write(_line(result))
            progress(done, total)
        out.flush()
        os.fsync(out.fileno())
    return Copied(photos, size, missing)


def check_files(file: Path, pool: Path, suffix: str, *, deep: bool, total: int, progress: Progress) -> None:
    """Looks whether the pool has each file of a list in its size and, when deep, with its hash. Raises BadBackup."""

    def one(part: Part) -> None:
        path = pool / f"{part.name}{suffix}"
        if not path.is_file() or path.stat().st_size != part.size:
            raise BadBackup(f"Van de foto's ontbreekt {part.name}, of hij is niet heel.")
        if deep and hash_file(path, part.name) != part:
            raise BadBackup(f"De foto {part.name} is veranderd.")

    seen = 0
    for seen, _ in enumerate(_ahead(one, read_list(file)), start=1):
        progress(seen, total)
    if seen != total:
        raise BadBackup(f"De lijst van foto's noemt er {seen}; het manifest zegt {total}.")


def return_files(store: PhotoStore, file: Path, pool: Path, *, sealing: Sealing, total: int, progress: Progress) -> int:
    """Puts each file of a list that the store does not have into it; how many. Raises TemporaryFailure, BadBackup."""

    def one(part: Part) -> bool:
        if store.exists(part.name):
            return False
        path = pool / f"{part.name}{sealing.suffix}"
        if hash_file(path, part.name) != part:
            raise BadBackup(f"De foto {part.name} is veranderd.")
        _give(store, part.name, path, sealing)
        return True

    returned = 0
    for done, was_missing in enumerate(_ahead(one, read_list(file)), start=1):
        returned += was_missing
        progress(done, total)
    return returned


def return_folder(store: PhotoStore, folder: str, pools: Sequence[Path], *, sealing: Sealing) -> None:
    """Puts what any back-up knows of one folder into the store, also what is newer than the one that is put back."""
    for pool in pools:
        for path in sorted((pool / folder).rglob(f"*{sealing.suffix}")):
            key = path.relative_to(pool).as_posix().removesuffix(sealing.suffix)
            if path.is_file() and not path.name.startswith(".") and not store.exists(key):
                _give(store, key, path, sealing)


def forget_files(candidates: Iterable[str], kept: Iterable[str], pool: Path, suffix: str) -> int:
    """Removes from the pool what is among the candidates and not among the kept (both sorted); how many."""
    gone, stays = 0, _Walker(Part(key, 0, "") for key in kept)
    last = ""
    for key in candidates:
        if key == last:
            continue
        last = key
        if stays.find(key) is None:
            file = pool / f"{key}{suffix}"
            gone += file.is_file()
            file.unlink(missing_ok=True)
    return gone


def keys_after(key: str) -> tuple[str, ...]:
    """Where the sizes of an upload are once it was processed and is gone itself; empty for any other file."""
    folder, _, rest = key.partition("/")
    return (f"klein/{rest}.jpg", f"groot/{rest}.jpg") if folder == "upload" else ()


def read_list(file: Path) -> Iterator[Part]:
    """The lines of a list, one at a time. Raises BadBackup when one is damaged."""
    with file.open(encoding="ascii") as lines:
        for line in lines:
            try:
                key, size, sha256 = json.loads(line)
            except ValueError as error:
                raise BadBackup("De lijst van foto's is beschadigd.") from error
            yield Part(key, size, sha256)


def merge_lists(one: Path, other: Path, target: Path) -> None:
    """Two sorted lists as one."""
    with target.open("w", encoding="ascii") as out:
        out.writelines(map(_line, heapq.merge(read_list(one), read_list(other), key=lambda part: part.name)))
        out.flush()
        os.fsync(out.fileno())


def hash_file(path: Path, name: str) -> Part:
    """What a file is, as it lies there."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        return Part(name, file.tell(), digest)


def write_whole(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """A file that has all its bytes on the disk before it has its name."""
    half = path.with_name(f".{path.name}.half")
    with half.open("wb") as file:
        half.chmod(0o600)
        write(file)
        file.flush()
        os.fsync(file.fileno())
    half.replace(path)


def _keep(data: bytes, path: Path, key: str, sealing: Sealing) -> Part:
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda file: sealing.close(BytesIO(data), file))
    return hash_file(path, key)


def _give(store: PhotoStore, key: str, path: Path, sealing: Sealing) -> None:
    plain = BytesIO()
    with path.open("rb") as kept:
        try:
            sealing.open(kept, plain)
        except PermanentFailure as failure:
            raise BadBackup(f"De foto {key}: {failure}.") from failure
    store.put(key, plain.getvalue())


def _line(part: Part) -> str:
    return json.dumps([part.name, part.size, part.sha256]) + "\n"


class _Walker:
    """Walks along a sorted list while sorted names are asked."""

    def __init__(self, parts: Iterator[Part]) -> None:
        self._parts = parts
        self._at = next(parts, None)

    def find(self, name: str) -> Part | None:
        """The line of this name, or None."""
        while self._at is not None and self._at.name < name:
            self._at = next(self._parts, None)
        return self._at if self._at is not None and self._at.name == name else None


def _ahead(work: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """The results in the order of the items, some of them worked on at once."""
    with ThreadPoolExecutor(HANDS) as hands:
        under_way: deque[Future[R]] = deque()
        try:
            for item in items:
                under_way.append(hands.submit(work, item))
                if len(under_way) >= 4 * HANDS:
                    yield under_way.popleft().result()
            while under_way:
                yield under_way.popleft().result()
        except BaseException:
            hands.shutdown(wait=True, cancel_futures=True)
            raise

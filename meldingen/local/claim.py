"""One parent at a time per clone and kind (`lokaal`, `test`): a lock that the kernel drops when its holder dies,
however it dies."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from meldingen.local import processes
from meldingen.local.places import Places, make_folder, unwritable
from meldingen.local.problem import SetupProblem


def records(places: Places, kind: str) -> Path:
    """The folder with a record per child."""
    return make_folder(places.local / "run" / kind)


def mark(places: Places, kind: str) -> str:
    """What the environment of every child of this clone and kind carries."""
    return f"{kind}:{places.root}"


def _open(places: Places, kind: str) -> TextIO:
    path = make_folder(places.local / "run") / f"{kind}.lock"
    try:
        return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+", encoding="utf-8")
    except OSError as error:
        raise unwritable(path.parent, error) from error


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(file: TextIO) -> tuple[int, str]:
    file.seek(0)
    try:
        facts = json.loads(file.read())
        return int(facts["pid"]), str(facts["what"])
    except (ValueError, KeyError, TypeError):
        return 0, ""


@contextlib.contextmanager
def hold(places: Places, kind: str, what: str) -> Iterator[None]:
    """Be the only parent of this kind; `what` is told to whoever comes second. Raises SetupProblem when someone else
    is."""
    with _open(places, kind) as file:
        if not _try_lock(file):
            pid, doing = _holder(file)
            raise SetupProblem(
                f"Hier draait al {doing or 'een ander commando'} (proces {pid}): stop dat eerst met make stop."
            )
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"pid": os.getpid(), "what": what}))
        file.flush()
        yield


@contextlib.contextmanager
def wait_turn(places: Places) -> Iterator[None]:
    """Install one at a time: `make run` and `make test` share what they install."""
    with _open(places, "inrichten") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def held(places: Places, kind: str) -> bool:
    """Whether there is a parent of this kind now."""
    with _open(places, kind) as file:
        return not _try_lock(file)


def stop(places: Places, kind: str, timeout_s: float = 90) -> bool:
    """Ask the parent of this kind to stop and wait for it; return whether there was one."""
    with _open(places, kind) as file:
        if _try_lock(file):
            return False
        pid, _ = _holder(file)
        if pid:
            processes.send(pid, signal.SIGTERM)
        if not processes.wait_gone(lambda: not _try_lock(file), timeout_s):
            raise SetupProblem(f"Proces {pid} stopt niet: beëindig het met kill -9 {pid} en herhaal make stop.")
        return True

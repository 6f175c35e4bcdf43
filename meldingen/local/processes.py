"""Knowing a process again: by its id together with the moment it was born, never by its name.

A record per child survives a `kill -9` of the parent; the next start stops exactly those processes, and (on Linux)
whatever they left behind, which carries the mark of this clone in its environment.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from meldingen.local.places import write_private

MARK = "MELDINGEN_LOKAAL_PLEK"
PROC = Path("/proc")


@dataclass(frozen=True)
class Record:
    """What is written down about a child: enough to recognise it, and how it wants to be stopped."""

    name: str
    pid: int
    born: str
    stop_signal: int
    order: int


def born(pid: int) -> str | None:
    """The birth of process `pid` as a text that no later process with the same id will have; None when there is no
    such process."""
    if PROC.joinpath("self", "stat").exists():
        try:
            fields = (
                PROC.joinpath(str(pid), "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            )
            boot = PROC.joinpath("sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
        except (OSError, ValueError):
            return None
        return None if fields[0] == "Z" else f"{boot} {fields[19]}"
    done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip() or None


def alive(record: Record) -> bool:
    """Whether the recorded process still runs; another process that got its id does not count."""
    return born(record.pid) == record.born


def remember(folder: Path, record: Record) -> None:
    """Write the record down."""
    write_private(folder / f"{record.name}.json", json.dumps(asdict(record)))


def forget(folder: Path, name: str) -> None:
    """The child is gone and so may its record."""
    (folder / f"{name}.json").unlink(missing_ok=True)


def recorded(folder: Path) -> list[Record]:
    """All records in `folder`, the last started first; a half or foreign file is thrown away."""
    found: list[Record] = []
    for file in folder.glob("*.json"):
        try:
            found.append(Record(**json.loads(file.read_text(encoding="utf-8"))))
        except (OSError, ValueError, TypeError):
            file.unlink(missing_ok=True)
    return sorted(found, key=lambda record: record.order, reverse=True)


def send(pid: int, signal_number: int) -> None:
    """Send a signal; a process that has just gone is fine."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal_number)


def wait_gone(still_there: Callable[[], bool], timeout_s: float) -> bool:
    """Wait until it is gone; False when it is still there after `timeout_s`."""
    until = time.monotonic() + timeout_s
    while still_there():
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    return True


def marked(mark: str) -> list[int]:
    """The processes that carry this clone's mark in their environment, save ourselves and our forebears. Linux only,
    else empty."""
    ours = {os.getpid(), *forebears(os.getpid())}
    wanted = f"{MARK}={mark}".encode()
    found: list[int] = []
    for folder in PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if int(folder.name) not in ours and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def forebears(pid: int) -> Iterable[int]:
    """The chain of parents of `pid`."""
    while pid > 1:
        try:
            stat = PROC.joinpath(str(pid), "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
        pid = int(stat.rpartition(")")[2].split()[1])
        yield pid


def stop_leftovers(folder: Path, mark: str, timeout_s: float = 10) -> list[str]:
    """Stop what an earlier parent left running, the last started first; return the names of what was stopped.

    Only for a caller that holds the clone's lock: then no parent is alive to look after them.
    """
    stopped: list[str] = []
    for record in recorded(folder):
        if alive(record):
            stopped.append(record.name)
            send(record.pid, record.stop_signal)
            if not wait_gone(lambda record=record: alive(record), timeout_s):  # type: ignore[misc]
                send(record.pid, signal.SIGKILL)
                wait_gone(lambda record=record: alive(record), timeout_s)  # type: ignore[misc]
        forget(folder, record.name)
    orphans = {pid: born(pid) for pid in marked(mark)}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid, birth in orphans.items():
            if birth is not None and born(pid) == birth:
                send(pid, number)
        if wait_gone(lambda: any(birth is not None and born(pid) == birth for pid, birth in orphans.items()), 3):
            break
    return stopped

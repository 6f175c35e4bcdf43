"""The one parent: starts the children in order, starts again what dies, and stops all of them in reverse order, and
nothing else.

Each child leads its own session, so that Ctrl-C in the terminal reaches the parent alone and the order of stopping is
ours.
"""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from meldingen.local import processes
from meldingen.local.console import say, seconds
from meldingen.local.places import Unprivileged
from meldingen.local.problem import SetupProblem

FIRST_WAIT_S = 0.5
LONGEST_WAIT_S = 30.0
SETTLED_S = 60.0
LOG_LIMIT = 5_000_000


@dataclass(frozen=True)
class Child:
    """What to run and how to treat it. `ready` answers whether it does its work; `stop_signal` asks it to end
    decently."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path
    user: Unprivileged | None = None
    stop_signal: int = signal.SIGTERM
    stop_timeout_s: float = 10.0
    ready: Callable[[], bool] = lambda: True
    ready_timeout_s: float = 30.0


@dataclass
class _Running:
    child: Child
    process: subprocess.Popen[bytes]
    order: int
    began: float
    failures: int = 0
    again_at: float | None = None


@dataclass
class Supervisor:
    """Looks after the children of one clone. `records` is the folder with a record per child, `mark` what their
    environment carries."""

    records: Path
    mark: str
    stopping: threading.Event = field(default_factory=threading.Event)
    interruptible: bool = True
    _running: list[_Running] = field(default_factory=list)

    def listen(self) -> None:
        """Let Ctrl-C, a polite kill and a closed terminal ask for the same orderly end.

        While things are being prepared that is an interrupt; while a child is being started or looked after, a flag.
        """
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._asked_to_stop)

    def _asked_to_stop(self, *_: object) -> None:
        self.stopping.set()
        if self.interruptible:
            self.interruptible = False
            raise KeyboardInterrupt

    def start(self, *children: Child) -> None:
        """Start children side by side and wait until all are ready. Raises SetupProblem with the end of the log of
        one that is not."""
        begun = []
        self.interruptible = False
        for child in children:
            running = _Running(child, self._spawn(child, len(self._running)), len(self._running), time.monotonic())
            self._running.append(running)
            begun.append(running)
        for running in begun:
            self._await_ready(running)
        if self.stopping.is_set():
            raise KeyboardInterrupt
        self.interruptible = True

    def watch(self) -> None:
        """Look after the children until someone asks to stop."""
        self.interruptible = False
        while not self.stopping.wait(0.25):
            for running in self._running:
                self._look_after(running)

    def stop(self) -> None:
        """Stop every child, the last started first."""
        self.interruptible = False
        while self._running:
            running = self._running.pop()
            self._stop_one(running)
            processes.forget(self.records, running.child.name)

    def pid(self, name: str) -> int | None:
        """The process id of a child that runs now."""
        for running in self._running:
            if running.child.name == name and running.process.poll() is None:
                return running.process.pid
        return None

    def pause(self, name: str) -> None:
        """End a child at once and leave it so until `resume`: for trials of what the others do without it."""
        for running in self._running:
            if running.child.name == name:
                running.again_at = math.inf
                kill_group(running.process.pid)
                running.process.wait()

    def resume(self, name: str) -> None:
        """Let a paused child start again, by whoever watches."""
        for running in self._running:
            if running.child.name == name and running.again_at is not None:
                running.again_at = 0.0

    def _spawn(self, child: Child, order: int) -> subprocess.Popen[bytes]:
        rotate(child.log)
        with child.log.open("ab") as log:
            process = subprocess.Popen(
                list(child.argv),
                env={**child.env, processes.MARK: self.mark},
                cwd=child.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                user=child.user.uid if child.user else None,
                group=child.user.gid if child.user else None,
                extra_groups=[] if child.user else None,
            )
        birth = processes.born(process.pid) or ""
        processes.remember(self.records, processes.Record(child.name, process.pid, birth, child.stop_signal, order))
        return process

    def _await_ready(self, running: _Running) -> None:
        child = running.child
        until = time.monotonic() + child.ready_timeout_s
        while not child.ready():
            if self.stopping.is_set():
                return
            if running.process.poll() is not None:
                raise SetupProblem(
                    f"{child.name} stopte meteen weer: {last_line(child.log)} (alles staat in {child.log})"
                )
            if time.monotonic() > until:
                raise SetupProblem(
                    f"{child.name} gaf na {child.ready_timeout_s:.0f} s nog geen antwoord; kijk in {child.log}"
                )
            self.stopping.wait(0.05)

    def _look_after(self, running: _Running) -> None:
        child = running.child
        if running.again_at is None:
            if not self._ended(running):
                return
            if time.monotonic() - running.began > SETTLED_S:
                running.failures = 0
            wait_s = back_off(running.failures)
            running.failures += 1
            running.again_at = time.monotonic() + wait_s
            say(f"  ! {child.name} is gestopt ({last_line(child.log)}); over {seconds(wait_s)} start ik het opnieuw")
        elif time.monotonic() >= running.again_at:
            running.again_at = None
            running.began = time.monotonic()
            running.process = self._spawn(child, running.order)

    def _ended(self, running: _Running) -> bool:
        """Whether the child has died; the rest of its session is ended before its process id can be anyone else's."""
        if running.process.returncode is not None:
            return True
        if hasattr(os, "waitid"):
            seen = os.waitid(os.P_PID, running.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if seen is None:
                return False
            kill_group(running.process.pid)
        return running.process.poll() is not None

    def _stop_one(self, running: _Running) -> None:
        if not self._ended(running):
            processes.send(running.process.pid, running.child.stop_signal)
            if not processes.wait_gone(lambda: not self._ended(running), running.child.stop_timeout_s):
                say(f"  ! {running.child.name} stopt niet uit zichzelf en is afgebroken")
                kill_group(running.process.pid)
        running.process.wait()


def kill_group(group: int) -> None:
    """End all that is left of a session whose leader we know to be ours."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)


def back_off(failures: int) -> float:
    """Seconds to wait before start number `failures` + 2: doubling from half a second to half a minute."""
    return min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(failures, 10))


def rotate(log: Path) -> None:
    """Keep a log from growing without end: one older part is kept."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".oud.log"))


def last_line(log: Path) -> str:
    """The last thing a child said."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 4000))
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        lines = []
    return lines[-1][:300] if lines else "zonder iets te zeggen"

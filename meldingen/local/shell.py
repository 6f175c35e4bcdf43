"""Runs one helper program to its end, quietly: what it said goes to a log and is quoted only when it fails."""

from __future__ import annotations

import os
import re
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from meldingen.local.places import Unprivileged
from meldingen.local.problem import SetupProblem


class Stopped(Exception):
    """The work was broken off from outside: Ctrl-C, or a failure elsewhere that makes it useless."""


_stopped = threading.Event()
_busy: set[subprocess.Popen[str]] = set()


NAMED_ERROR = re.compile(r"(E:|FATAL|ERROR|Error:|npm error|[\w.]+(Error|Exception): )")


class CommandFailed(Exception):
    """A helper program ended with an error; `last` is the last thing it said that means something."""

    def __init__(self, program: str, code: int, output: str) -> None:
        super().__init__(f"{program}: {code}")
        self.program = program
        self.code = code
        self.output = output

    @property
    def last(self) -> str:
        """The line a person needs: the last one that names an error, else the last line at all."""
        lines = [line.strip() for line in self.output.splitlines() if line.strip()]
        named = [line for line in lines if NAMED_ERROR.match(line)]
        errors = [line for line in lines if "error" in line.lower() and "background on this error" not in line.lower()]
        return (named or errors or lines or [f"{self.program} stopte met code {self.code}"])[-1][:300]


def run(
    argv: Sequence[str | Path],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    log: Path | None = None,
    user: Unprivileged | None = None,
    timeout_s: float = 900,
) -> str:
    """Run `argv` without a keyboard and return its standard output; standard error joins it in `log`. Raises
    CommandFailed."""
    command = [str(part) for part in argv]
    if _stopped.is_set():
        raise Stopped
    try:
        process = subprocess.Popen(
            command,
            env=dict(os.environ) | {"LC_ALL": "C.UTF-8"} | dict(env or {}),
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            user=user.uid if user else None,
            group=user.gid if user else None,
            extra_groups=[] if user else None,
        )
    except OSError as error:
        raise CommandFailed(command[0], 127, f"{command[0]}: {error.strerror}") from error
    _busy.add(process)
    try:
        out, err = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired as error:
        raise CommandFailed(command[0], 124, f"{command[0]}: na {timeout_s:.0f} s nog niet klaar") from error
    finally:
        _busy.discard(process)
        if process.poll() is None:
            process.kill()
            process.communicate()
    if log is not None:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"$ {' '.join(command)}\n{out}{err}\n")
    if _stopped.is_set():
        raise Stopped
    if process.returncode != 0:
        raise CommandFailed(command[0], process.returncode, out + err)
    return out


def stop_busy() -> None:
    """End the helper programs that other threads wait for, and let those threads start no others."""
    _stopped.set()
    for process in list(_busy):
        process.terminate()


def problem(sentence: str, failure: CommandFailed) -> SetupProblem:
    """Join our sentence to what the program itself gave as the reason."""
    return SetupProblem(f"{sentence} ({failure.last})")

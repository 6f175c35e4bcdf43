"""Gets everything that must be fetched once, side by side: packages, PostGIS, browser libraries, and for the tests a
browser too.

What is there already costs nothing. `DATABASE_URL` and `REDIS_URL` switch off the part they replace.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from meldingen.local import browser, claim, frontend, postgis, python_env
from meldingen.local.console import say, step
from meldingen.local.places import Places
from meldingen.local.postgis import Binaries
from meldingen.local.shell import stop_busy

Purpose = Literal["run", "test", "db"]


@dataclass(frozen=True)
class Provisions:
    """What was found or fetched; None is what was not asked for."""

    binaries: Binaries | None
    chromium: Path | None = None
    spectral: Path | None = None


def needs_database() -> bool:
    """Whether the private database is ours to make."""
    return not os.environ.get("DATABASE_URL")


def obtain(places: Places, purpose: Purpose, *, wanted_major: int | None) -> Provisions:
    """Have everything in place for `make run`, `make test` or `make db`. Raises SetupProblem with the first thing
    that fails."""
    lock = python_env.RUN_LOCK if purpose == "run" else python_env.TEST_LOCK

    def libraries() -> object:
        if frontend.system_node() is None:
            packages.result()  # node then comes as a wheel, which needs the environment
        return frontend.spectral(places) if purpose == "test" else frontend.ensure(places)

    with claim.wait_turn(places):
        pool = ThreadPoolExecutor(max_workers=4)
        packages = pool.submit(_told, "Python-pakketten", lambda: python_env.ensure(places, lock))
        jobs: dict[str, Future[object]] = {"python": packages}
        if needs_database():
            jobs["postgis"] = pool.submit(_told, "PostGIS", lambda: postgis.obtain(places, wanted_major))
        if purpose == "test":
            jobs["chromium"] = pool.submit(_told, "Chromium voor de browsertests", lambda: browser.obtain(places))
        if purpose != "db":
            jobs["npm"] = pool.submit(_told, "Browserbibliotheken", libraries)
        try:
            done, _ = wait(jobs.values(), return_when=FIRST_EXCEPTION)
            for job in done:
                job.result()
        except BaseException:
            stop_busy()
            pool.shutdown(wait=True, cancel_futures=True)
            raise
        pool.shutdown()
    results = {name: job.result() for name, job in jobs.items()}
    binaries, chromium, linter = results.get("postgis"), results.get("chromium"), results.get("npm")
    return Provisions(
        binaries if isinstance(binaries, Binaries) else None,
        chromium if isinstance(chromium, Path) else None,
        linter if isinstance(linter, Path) else None,
    )


def _told(what: str, work: Callable[[], object]) -> object:
    with step(what):
        return work()


def show_sources(provisions: Provisions) -> None:
    """Tell where the database comes from: the one thing people ask when something is odd."""
    if provisions.binaries is not None:
        say(f"  · PostgreSQL {provisions.binaries.major} uit {provisions.binaries.folder}")

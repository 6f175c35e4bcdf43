"""Where the PostgreSQL with PostGIS comes from: found on the machine, else unpacked from Debian packages, else one
sentence.

`DATABASE_URL` never reaches this module: whoever sets it brings the whole database. Starting the server is
`cluster.py`'s work.
"""

from __future__ import annotations

import contextlib
import os
import re
import shlex
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from meldingen.local import apt
from meldingen.local.places import Places
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, run

OLDEST_MAJOR = 13
PRUNED = (
    "libgdal*",
    "libllvm*",
    "libsfcgal*",
    "postgresql-common*",
    "postgresql-client-common",
    "locales*",
    "ssl-cert",
    "tzdata*",
)
CHECKS = tuple(
    f"usr/lib/postgresql/*/{file}"
    for file in ("bin/postgres", "bin/initdb", "bin/psql", "lib/postgis-3.so", "lib/pg_trgm.so", "lib/unaccent.so")
)
PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL that has PostGIS: its programs, its major version and what its processes need in their
    environment."""

    folder: Path
    major: int
    env: tuple[tuple[str, str], ...] = ()

    def programs(self, home: Path) -> Path:
        """A folder with pg_dump and pg_restore of this version that anybody may start, for `meldingen backup`."""
        if not self.env:
            return self.folder
        made = home / "pg"
        made.mkdir(parents=True, exist_ok=True)
        told = " ".join(f"{name}={shlex.quote(value)}" for name, value in self.env)
        for name in ("pg_dump", "pg_restore"):
            (made / name).write_text(f'#!/bin/sh\nexec env {told} {shlex.quote(str(self.folder / name))} "$@"\n')
            (made / name).chmod(0o755)
        return made


def bin_folders(pattern_places: Sequence[str] = PLACES) -> list[Path]:
    """Every folder on this machine that holds a PostgreSQL server, the usual places and `pg_config` on the PATH."""
    found: list[Path] = []
    for pattern in pattern_places:
        found += sorted(Path("/").glob(pattern.lstrip("/")))
    on_path = shutil.which("pg_config")
    if on_path is not None:
        with contextlib.suppress(CommandFailed):  # a pg_config that does not work says nothing about the others
            found.append(Path(run([on_path, "--bindir"]).strip()))
    unique = dict.fromkeys(folder.resolve() for folder in found)
    return [
        folder for folder in unique if os.access(folder / "postgres", os.X_OK) and os.access(folder / "initdb", os.X_OK)
    ]


def major_of(folder: Path) -> int | None:
    """The major version of the server in `folder`, or None when it cannot be run."""
    try:
        match = re.search(r"\(PostgreSQL\) (\d+)", run([folder / "postgres", "--version"]))
    except CommandFailed:
        return None
    return int(match[1]) if match else None


def has_postgis(folder: Path, major: int) -> bool:
    """Whether this PostgreSQL can do CREATE EXTENSION postgis: its control file lies in one of the shared folders."""
    shared = [Path(f"/usr/share/postgresql/{major}"), *folder.parent.glob("share/postgresql*"), folder.parent / "share"]
    if (folder / "pg_config").exists():
        with contextlib.suppress(CommandFailed):  # Debian's pg_config is another package, perhaps absent or broken
            shared.append(Path(run([folder / "pg_config", "--sharedir"]).strip()))
    return any((place / "extension" / "postgis.control").exists() for place in shared)


def choose(found: Iterable[tuple[Path, int]], wanted_major: int | None) -> Binaries | None:
    """The newest suitable server, or exactly the version that existing data was made with."""
    suitable = [(major, folder) for folder, major in found if major >= OLDEST_MAJOR and wanted_major in (None, major)]
    if not suitable:
        return None
    major, folder = max(suitable)
    return Binaries(folder, major)


def installed(wanted_major: int | None) -> Binaries | None:
    """A PostgreSQL with PostGIS that the machine already has."""
    versions = [(folder, major_of(folder)) for folder in bin_folders()]
    return choose([(f, m) for f, m in versions if m is not None and has_postgis(f, m)], wanted_major)


def unpacked(target: Path, wanted_major: int | None) -> Binaries | None:
    """The PostgreSQL of an earlier unpacking, complete with the environment in which it finds its libraries and
    grids."""
    if not (target / apt.COMPLETE).exists():
        return None
    for extension in target.glob("usr/share/postgresql/*/extension"):
        control = extension / "postgis.control"
        if not control.is_symlink() and not control.exists():
            control.symlink_to("postgis-3.control")  # Debian does this at installation, by update-alternatives
    folders = sorted(target.glob("usr/lib/postgresql/*/bin"))
    chosen = choose([(folder, int(folder.parent.name)) for folder in folders], wanted_major)
    if chosen is None:
        return None
    env = (("LD_LIBRARY_PATH", apt.library_path(target)), ("PROJ_DATA", str(target / "usr" / "share" / "proj")))
    return Binaries(chosen.folder, chosen.major, env)


def packages(search: apt.Search) -> list[str]:
    """Name the newest server with PostGIS that the package lists offer, or nothing."""
    package = apt.newest_match(search("^postgresql-[0-9]+-postgis-3$"), r"^postgresql-(\d+)-postgis-3(?= )")
    return [package.removesuffix("-postgis-3"), package, f"{package}-scripts"] if package else []


def nowhere(wanted_major: int | None = None) -> SetupProblem:
    """The sentence for a machine on which we cannot get PostGIS ourselves."""
    version = f" versie {wanted_major}" if wanted_major else ""
    return SetupProblem(
        f"Ik vind hier geen PostgreSQL{version} met PostGIS en kan die niet zelf ophalen: "
        "installeer het pakket 'postgis' (macOS: brew install postgis; "
        "Fedora: dnf install postgresql-server postgis; Arch: pacman -S postgis) "
        "of zet DATABASE_URL op een bestaande PostGIS-database."
    )


def obtain(places: Places, wanted_major: int | None = None) -> Binaries:
    """Find or fetch a PostgreSQL with PostGIS, in the order of `docs/opzetten.md`. Raises SetupProblem."""
    target = places.home / "apt" / "postgis"
    found = unpacked(target, wanted_major) or installed(wanted_major)
    if found is not None:
        return found
    if not apt.available():
        raise nowhere(wanted_major)
    private = apt.PrivateApt(target.with_name("postgis-apt"), places.logs / "apt.log")
    apt.unpack(private, target, packages, PRUNED, CHECKS)
    found = unpacked(target, wanted_major)
    if found is None:
        raise nowhere(wanted_major)
    return found

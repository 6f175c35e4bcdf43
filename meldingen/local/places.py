"""Where things live: `.lokaal/` in the clone, and for root a second, closed home that PostgreSQL's unprivileged user
can reach.

Also the secrets that are made once and kept 0600. Knows paths and file modes, nothing about what is put in them.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import secrets
from dataclasses import dataclass
from pathlib import Path

from meldingen.local.console import say
from meldingen.local.problem import SetupProblem

ROOT = Path(__file__).resolve().parents[2]
SOCKET_LIMIT = 100
"""A unix socket's whole path must stay under 104 bytes (macOS) or 108 (Linux); a longer one is refused by the
kernel."""


@dataclass(frozen=True)
class Unprivileged:
    """The account PostgreSQL runs as when we are root, because PostgreSQL refuses to run as root."""

    name: str
    uid: int
    gid: int


@dataclass(frozen=True)
class Places:
    """The folders of one clone. `home` holds what PostgreSQL must be able to reach; for an ordinary user it is
    `.lokaal` itself."""

    root: Path
    local: Path
    home: Path
    unprivileged: Unprivileged | None

    @property
    def venv_python(self) -> Path:
        """The interpreter that has the locked packages."""
        return self.local / "venv" / "bin" / "python"

    @property
    def logs(self) -> Path:
        """One log file per child, besides what the installers said."""
        return self.local / "logs"

    @property
    def vendor(self) -> Path:
        """The browser libraries that the pages serve themselves."""
        return self.root / "meldingen" / "web" / "static" / "vendor"


def choose_unprivileged() -> Unprivileged | None:
    """Find the account for PostgreSQL: none needed for an ordinary user; for root `postgres` when it exists, else
    `nobody`."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Unprivileged(name, entry.pw_uid, entry.pw_gid)
    raise SetupProblem(
        "PostgreSQL mag niet als root draaien en er is geen gebruiker 'nobody': "
        "maak die aan of start als gewone gebruiker."
    )


def home_for_root(root: Path, base: Path = Path("/var/lib")) -> Path:
    """Name root's second home after the path of the clone, so that two clones never share one."""
    return base / f"meldingen-{hashlib.sha256(str(root).encode()).hexdigest()[:12]}"


def make_folder(folder: Path, mode: int = 0o700) -> Path:
    """Make `folder` (and its parents) if needed, or say which folder cannot be written and what mends it."""
    try:
        folder.mkdir(mode=mode, parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise unwritable(folder, None)
    return folder


def unwritable(folder: Path, error: OSError | None) -> SetupProblem:
    """The sentence for a folder in which we may not write."""
    reason = f" ({error.strerror})" if error is not None and error.strerror else ""
    return SetupProblem(
        f"In de map {folder} kan ik niet schrijven{reason}: geef uzelf schrijfrecht, "
        f"bijvoorbeeld met: sudo chown -R $(id -un) {folder if folder.exists() else folder.parent}"
    )


def open_places(root: Path = ROOT, base: Path = Path("/var/lib")) -> Places:
    """Make the folders of this clone, with for root the closed second home and the link to it."""
    local = make_folder(root / ".lokaal")
    make_folder(local / "logs")
    unprivileged = choose_unprivileged()
    if unprivileged is None:
        return Places(root, local, local, None)
    home = home_for_root(root, base)
    mark = keep_secret(local / "plek")
    if home.exists() and _read(home / "plek") not in ("", mark):
        old = home.with_name(f"{home.name}-oud-{secrets.token_hex(3)}")
        home.rename(old)
        say(f"  · Hier stond eerder een andere kopie: haar gegevens staan nu in {old}")
    make_folder(home)
    os.chown(home, 0, unprivileged.gid)
    home.chmod(0o710)
    if not (home / "plek").exists():
        write_private(home / "plek", mark)
    link = local / "gegevens"
    if not link.is_symlink():
        link.symlink_to(home)
    return Places(root, local, home, unprivileged)


def keep_secret(path: Path, size: int = 32) -> str:
    """Return the secret kept in `path`, made at the first call; only its owner may read the file."""
    kept = _read(path)
    if kept:
        return kept
    made = secrets.token_urlsafe(size)
    write_private(path, made)
    return made


def write_private(path: Path, text: str) -> None:
    """Write `text` so that no moment exists at which others can read it, and no half file is ever left."""
    half = path.with_name(path.name + ".half")
    half.unlink(missing_ok=True)
    try:
        handle = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise unwritable(path.parent, error) from error
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    half.replace(path)


def fits_socket(folder: Path, name: str = ".s.PGSQL.5432") -> bool:
    """Whether a unix socket `name` in `folder` stays within what every kernel accepts."""
    return len(os.fsencode(folder / name)) <= SOCKET_LIMIT


def stamp_of(*parts: str | bytes | Path) -> str:
    """A fingerprint of texts and files, by which a step knows that its work is already done."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.read_bytes() if isinstance(part, Path) else part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()


def stamped(path: Path, stamp: str) -> bool:
    """Whether `path` holds exactly this stamp."""
    return _read(path) == stamp


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return ""

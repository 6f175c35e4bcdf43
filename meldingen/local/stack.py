"""A running database and queue with the environment that leads to them: the ground under `make run`, `make test` and
`make db`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from meldingen.local import claim, processes
from meldingen.local.cluster import Cluster
from meldingen.local.console import say, step
from meldingen.local.places import Places, keep_secret, make_folder
from meldingen.local.problem import SetupProblem
from meldingen.local.provision import Provisions, needs_database
from meldingen.local.queue_server import QueueServer
from meldingen.local.supervisor import Child, Supervisor


@dataclass(frozen=True)
class Stack:
    """The parts of one clone and kind."""

    places: Places
    kind: str
    supervisor: Supervisor

    @property
    def cluster(self) -> Cluster:
        """The private database cluster; the one for tests forgets at a power cut."""
        test = self.kind == "test"
        return Cluster(self.places, self.places.home / ("postgres-test" if test else "postgres"), durable=not test)

    @property
    def queue(self) -> QueueServer:
        """The private queue server."""
        return QueueServer(self.places, self.places.local / ("valkey-test" if self.kind == "test" else "valkey"))

    def environment(self) -> dict[str, str]:
        """What leads to the packages of this clone."""
        return dict(os.environ) | {
            "PATH": f"{self.places.venv_python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": str(self.places.root),
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "",  # a warm start needs compiled modules
            "PYTHONPYCACHEPREFIX": str(self.places.local / "pycache"),
        }

    def running_environment(self) -> dict[str, str]:
        """What leads to the parts that somebody else started and that run now."""
        env = self.environment()
        if needs_database():
            env["DATABASE_URL"] = self.cluster.url()
        if not os.environ.get("REDIS_URL"):
            env["REDIS_URL"] = self.queue.url()
        return env

    def start(self, provisions: Provisions) -> dict[str, str]:
        """Start what is ours to start and return the environment for everything that uses it."""
        env = self.environment()
        children: list[Child] = []
        if provisions.binaries is not None:
            if self.cluster.major() is None:
                with step("Database aanmaken"):
                    self.cluster.make(provisions.binaries)
            children.append(self.cluster.child(provisions.binaries, f"database-{self.kind}"))
            env["DATABASE_URL"] = self.cluster.url()
            env["PATH"] = f"{provisions.binaries.programs(self.places.local)}{os.pathsep}{env['PATH']}"
        if not os.environ.get("REDIS_URL"):
            self.queue.configure()
            children.append(self.queue.child(f"wachtrij-{self.kind}"))
            env["REDIS_URL"] = self.queue.url()
        if children:
            with step("Database en wachtrij starten"):
                self.supervisor.start(*children)
        if provisions.binaries is not None:
            self.cluster.ensure_database(provisions.binaries)
        return env


@contextmanager
def opened(places: Places, kind: str, what: str) -> Iterator[Stack]:
    """Be the only parent of this kind, with what an earlier one left behind stopped; stop everything at the end."""
    with claim.hold(places, kind, what):
        folder = claim.records(places, kind)
        stack = Stack(places, kind, Supervisor(folder, claim.mark(places, kind)))
        clear_leftovers(stack)
        stack.supervisor.listen()
        try:
            yield stack
        finally:
            stack.supervisor.stop()


def clear_leftovers(stack: Stack) -> None:
    """Stop what a killed parent left running. Only for the holder of the claim."""
    left = processes.stop_leftovers(claim.records(stack.places, stack.kind), claim.mark(stack.places, stack.kind))
    if left:
        say(f"  · Gestopt wat een eerdere start achterliet: {', '.join(left)}")
    if needs_database():
        stack.cluster.free()


def forget_data(stack: Stack, *extra: Path) -> None:
    """Throw away the cluster, the queue and `extra` folders of this kind; nothing may be running."""
    for folder in (stack.cluster.folder, stack.queue.folder, *extra):
        shutil.rmtree(folder, ignore_errors=True)
        if folder.exists():
            raise SetupProblem(f"De map {folder} kan niet worden verwijderd: haal die zelf weg.")


def app_environment(stack: Stack, env: dict[str, str], port: int) -> dict[str, str]:
    """What the application itself is told; whatever the person has set already stays."""
    local = stack.places.local
    made = {
        "SECRET_KEYS": keep_secret(local / "geheim", 48),
        "LOKALE_MODUS": "1",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "FOTO_MAP": str(make_folder(local / "fotos")),
        "POSTVAK_MAP": str(make_folder(local / "postvak")),
        "GEOCODER_URL": "demo",
    }
    return made | env

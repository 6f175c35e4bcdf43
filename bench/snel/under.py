"""`python -m bench.snel.under SERVER --port P --workers N --threads M`: our application under another WSGI server.

Only to compare (`servers.py`); what these need beside Python is the extra `bench`. Each gets as many threads as granian
has for us: those that work and those that read bodies (bodies.py).
"""

from __future__ import annotations

import argparse
import os
import socket
from typing import Any

from meldingen.app import create_app
from meldingen.bodies import READERS
from meldingen.forking import share
from workers.stopping import die_with_parent


def gunicorn(port: int, processes: int, threads: int) -> None:
    """Threads that share a poll of connections, under a parent that looks after the processes."""
    from gunicorn.app.base import BaseApplication

    app = create_app()
    share()

    class Ours(BaseApplication):
        def load_config(self) -> None:
            settings = {
                "bind": f"127.0.0.1:{port}",
                "workers": processes,
                "threads": threads,
                "worker_class": "gthread",
            }
            for name, value in {**settings, "keepalive": 75, "preload_app": True}.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            return app

    Ours().run()


def waitress(port: int, processes: int, threads: int) -> None:
    """One loop that reads and writes, and threads that work; it knows no processes, so they are forked here."""
    from waitress import serve

    app, listening = _ready(port, processes)
    serve(app, sockets=[listening], threads=threads, connection_limit=1000)


def _ready(port: int, processes: int) -> tuple[Any, socket.socket]:
    app = create_app()
    share()
    listening = socket.create_server(("127.0.0.1", port), backlog=1024)
    parent = os.getpid()
    for _ in range(processes - 1):
        if os.fork() == 0:
            die_with_parent(parent)
            break
    return app, listening


SERVERS = {"gunicorn": gunicorn, "waitress": waitress}

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("server", choices=SERVERS)
    for name in ("--port", "--workers", "--threads"):
        parser.add_argument(name, type=int, required=True)
    asked = parser.parse_args()
    SERVERS[asked.server](asked.port, asked.workers, asked.threads + READERS)

"""The WSGI server of `meldingen serve`: granian, and how it is set (DECISIONS, "granian serves")."""

import sys

from .bodies import READERS
from .forking import made_once

HEADERS_MS = 10_000
"""Who has not finished the headers by then is hung up on. It costs no thread, only one of CONNECTIONS."""
CONNECTIONS = 4096
"""Open at once in one process, idle ones too; past it nobody new is let in. The server's own 1024 over all processes is
what one laptop can hold open. Each costs a file descriptor (`ulimit -n`)."""
STOP_S = 8
"""How long a request in hand may take at the end. A worker of granian asked to stop while it starts never hears it."""


def serve(
    target: str, *, port: int, processes: int, threads: int, host: str = "127.0.0.1", factory: bool = False
) -> None:
    """Serves `target` (module:name) until it is asked to stop. factory: the name makes the app; else it is one."""
    from granian import Granian  # here: only who serves needs it
    from granian.constants import Interfaces
    from granian.http import HTTP1Settings

    loading = made_once(target, factory=factory) if sys.platform == "linux" else {}
    Granian(
        target,
        factory=factory,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads + READERS,
        backpressure=CONNECTIONS,
        http1_settings=HTTP1Settings(header_read_timeout=HEADERS_MS),
        websockets=False,
        workers_kill_timeout=STOP_S,
        log_access=False,
    ).serve(**loading)

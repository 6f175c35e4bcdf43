"""The WSGI server of `meldingen serve`, with what was measured to be best (DECISIONS, "De webserver")."""

STOP_S = 8
"""How long a request in hand may take at the end. A worker of granian asked to stop while it starts never hears it."""


def serve(
    target: str, *, port: int, processes: int, threads: int, host: str = "127.0.0.1", factory: bool = False
) -> None:
    """Serves `target` (module:name) until it is asked to stop. factory: the name makes the app; else it is one."""
    from granian import Granian  # here: only who serves needs it
    from granian.constants import Interfaces

    Granian(
        target,
        factory=factory,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=processes,
        blocking_threads=threads,
        websockets=False,
        workers_kill_timeout=STOP_S,
        log_access=False,
    ).serve()

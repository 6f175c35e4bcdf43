"""A real relay, worker or clock in a process of its own, with the handlers and the patience of a test."""

import os
from collections.abc import Mapping
from functools import partial
from multiprocessing.process import BaseProcess
from pathlib import Path

from meldingen.app import configure_logging
from meldingen.settings import Settings
from tests import forked
from workers import main
from workers.stopping import Stop, die_with_parent

from .handlers import HANDLERS, policies


def start(part: str, settings: Settings, options: Mapping[str, float], log: Path) -> BaseProcess:
    """Starts one part, or `all` under one parent. options: see handlers.policies. log: where it writes."""
    return forked.start(be, part, settings, dict(options), log)


def be(part: str, settings: Settings, options: dict[str, float], log: Path) -> None:
    """Runs in the new process until SIGTERM."""
    die_with_parent(os.getppid())
    with log.open("wb") as written:
        os.dup2(written.fileno(), 1)
        os.dup2(written.fileno(), 2)
    configure_logging("INFO")
    patience = policies(**options)  # type: ignore[arg-type]
    parts = {
        "relay": partial(main.be_relay, settings, policies=patience),
        "text": partial(main.be_text_worker, settings, handlers=HANDLERS, policies=patience),
        "heavy": partial(main.be_heavy_worker, settings, handlers=HANDLERS, policies=patience),
        "clock": partial(main.be_clock, settings),
        "upkeep": partial(main.be_heavy_worker, settings),
        "alarms": partial(main.be_text_worker, settings),
    }
    if part == "all":
        main.keep_alive(
            [main.Part(name, work) for name, work in parts.items() if name not in ("upkeep", "alarms")],
            Stop().listen(),
            grace_s=2,
        )
    else:
        parts[part]()

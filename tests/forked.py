"""A process of a test, forked from one server that has imported everything and holds no connection: a start takes a
moment, not seconds. Not for what a test wants to see start by itself (tests/local)."""

import multiprocessing
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any

from sqlalchemy.orm import configure_mappers

import workers.main  # noqa: F401  with all that its parts import

HOMES = ["tests.journeys.processes", "tests.workers.process"]
"""Python keeps one such server, with what the first who asked wanted: so all of them ask for the same."""
configure_mappers()  # once, in the server


def start(target: Callable[..., None], *args: Any) -> BaseProcess:
    """Starts a process that does this; target: a function of a module."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(HOMES)
    process = context.Process(target=target, args=args)
    process.start()
    return process

"""Starts relay, clock and RQ workers under one parent, starts again what died, and ends all of it within seconds.

The parent holds no connection of its own: each part is forked before it makes any.
"""

import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

import structlog
from sqlalchemy.orm import configure_mappers

from meldingen.adapters import build
from meldingen.adapters.images import warm_up
from meldingen.adapters.queue import NotifyWake, queue_is_up
from meldingen.db import make_engine
from meldingen.forking import share
from meldingen.settings import Settings
from meldingen.store.outbox import Topic

from . import giving_way, jobs, relay, rq_workers, schedule
from .context import Context
from .policy import POLICIES, Policy
from .stopping import Stop, die_with_parent

log = structlog.get_logger()

FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.5, 10.0
STEADY_S = 60.0
"""A part that lived this long starts again without a growing pause."""
GRACE_S = 8.0
"""How long the work in hand may take at the end; the lease brings back what is cut off."""


@dataclass
class Part:
    """One process to keep alive. work: runs in it until SIGTERM."""

    name: str
    work: Callable[[], None]
    process: BaseProcess | None = None
    started_at: float = 0.0
    start_at: float = 0.0
    pause_s: float = field(default=FIRST_PAUSE_S)

    def died(self, clock: float) -> None:
        """Sets when to start again: sooner after a long life, later after each short one."""
        if clock - self.started_at > STEADY_S:
            self.pause_s = FIRST_PAUSE_S
        self.process = None
        self.start_at = clock + self.pause_s
        self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)


def parts_of(settings: Settings, *, only: str = "", text_workers: int = 1, heavy_workers: int = 1) -> list[Part]:
    """The parts of one machine. only: `relay`, `klok` or `werker`; empty for all of them."""
    parts = []
    if only in ("", "relay"):
        parts.append(Part("relay", lambda: be_relay(settings)))
    if only in ("", "klok"):
        parts.append(Part("klok", lambda: be_clock(settings)))
    if only in ("", "werker"):
        parts += [Part(f"werker-{n}", lambda: be_text_worker(settings)) for n in range(1, text_workers + 1)]
        parts += [Part(f"fotowerker-{n}", lambda: be_heavy_worker(settings)) for n in range(1, heavy_workers + 1)]
    return parts


def keep_alive(parts: Sequence[Part], stop: Stop, *, grace_s: float = GRACE_S) -> None:
    """Runs the parts until `stop`; then ends them, at first kindly."""
    context = multiprocessing.get_context("fork")
    configure_mappers()  # once, before anything is forked: each part has them and starts in half the time
    share()
    giving_way.together()
    try:
        while not stop.asked:
            clock = time.monotonic()
            for part in parts:
                if part.process is None and part.start_at <= clock:
                    part.process = _fork(context, part)
                    part.started_at = clock
            alive = {part.process.sentinel: part for part in parts if part.process is not None}
            resting = [part.start_at for part in parts if part.process is None]
            patience = max(0.0, min(resting) - time.monotonic()) if resting else None
            for ended in wait([*alive, stop.fileno()], patience):
                if isinstance(ended, int) and ended in alive:
                    part = alive[ended]
                    assert part.process is not None
                    part.process.join()
                    log.error("part_died", part=part.name, exit_code=part.process.exitcode)
                    part.died(time.monotonic())
    finally:
        end(parts, grace_s=grace_s)


def end(parts: Sequence[Part], *, grace_s: float) -> None:
    """Asks every part to finish what it has in hand; what still runs after the grace is cut off."""
    for patience in (grace_s, 1.5, None):
        running = [part.process for part in parts if part.process is not None and part.process.is_alive()]
        for process in running:
            if patience is None:
                process.kill()
            else:
                process.terminate()  # the second time an RQ worker takes its work-horse down with it
        deadline = time.monotonic() + (patience or 5.0)
        for process in running:
            process.join(max(0.0, deadline - time.monotonic()))


def _fork(context: multiprocessing.context.ForkContext, part: Part) -> BaseProcess:
    """Starts a part with fresh signal handling: a signal that comes in between waits until the child is ready."""
    signals = {signal.SIGTERM, signal.SIGINT}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    try:
        process = context.Process(target=_be, args=(part, multiprocessing.current_process().pid), name=part.name)
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    log.info("part_started", part=part.name, pid=process.pid)
    return process


def _be(part: Part, parent: int) -> None:
    """In the child."""
    Stop.leave()
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM, signal.SIGINT})
    die_with_parent(parent)
    structlog.contextvars.bind_contextvars(part=part.name)
    part.work()


def be_relay(settings: Settings, *, policies: Mapping[Topic, Policy] = POLICIES) -> None:
    """The relay of this process, until SIGTERM."""
    stop = Stop().listen()
    engine = make_engine(settings.database_url, pool_size=1, clock_moves=settings.local_mode)
    pump = relay.Relay(engine, relay.connect(settings.redis_url), policies=policies)
    relay.run(pump, settings.database_url, stop)


def be_clock(settings: Settings) -> None:
    """The clock of this process, until SIGTERM."""
    stop = Stop().listen()
    engine = make_engine(settings.database_url, pool_size=1, clock_moves=settings.local_mode)
    schedule.run(schedule.Clock(engine), stop, NotifyWake(settings.database_url))


def be_text_worker(
    settings: Settings,
    *,
    handlers: Mapping[Topic, jobs.Handler] = jobs.HANDLERS,
    policies: Mapping[Topic, Policy] = POLICIES,
) -> None:
    """A long-lived RQ worker, until SIGTERM."""
    os.nice(giving_way.TEXT)
    if _queue_awaited(settings):
        worker = rq_workers.text_worker(relay.connect(settings.redis_url))
        jobs.settle(_context(settings), handlers=handlers, policies=policies, stopping=worker.asked_to_stop)
        worker.work(logging_level="WARNING")


def be_heavy_worker(
    settings: Settings,
    *,
    handlers: Mapping[Topic, jobs.Handler] = jobs.HANDLERS,
    policies: Mapping[Topic, Policy] = POLICIES,
) -> None:
    """A forking RQ worker, until SIGTERM."""
    os.nice(giving_way.HEAVY)
    if _queue_awaited(settings):
        warm_up()  # once, before a process is forked for each picture: that one needs half of its time for it
        context = _context(settings)
        worker = rq_workers.heavy_worker(relay.connect(settings.redis_url), context.engine)
        jobs.settle(context, handlers=handlers, policies=policies, stopping=worker.asked_to_stop)
        worker.work(logging_level="WARNING")


def _context(settings: Settings) -> Context:
    return Context(
        settings, make_engine(settings.database_url, pool_size=2, clock_moves=settings.local_mode), build(settings)
    )


def _queue_awaited(settings: Settings) -> bool:
    """Waits until the queue answers; False when the process was asked to end first."""
    stop = Stop().listen()
    told = False
    while not stop.asked and not queue_is_up(settings.redis_url):
        if not told:
            log.warning("worker_waits", error="queue down")
            told = True
        stop.wait(0.5)
    stop.leave()
    return not stop.asked

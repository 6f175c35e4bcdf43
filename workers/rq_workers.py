"""The two kinds of RQ worker: a long-lived one for text, a forking one for photos and upkeep. What a job does: jobs.py.

Measured: a fork costs 15 to 25 ms a job and 40 to 68 jobs/s, without it 155 to 289. Rows and messages are short, and
our own code; a photo is a stranger's file and may take its process along, so the picture is made apart (apart.py).
"""

import contextlib
import resource
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

import redis
import sqlalchemy as sa
from rq import SimpleWorker, Worker, worker_registration
from rq.exceptions import StopRequested
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker.base import WorkerStatus

from .policy import HEAVY_QUEUES, PHOTO_QUEUE, TEXT_QUEUES
from .stopping import die_with_parent

SHOWS_ITSELF_EVERY_S = 5
SHOWN_AGAIN_S = 1.0
QUEUE_WAIT_S = 2.0
CPU_MARGIN_S = 5


class Present:
    """What both kinds share: quiet RQ logs, short waits, an end that is not missed, and being seen again after the
    queue was wiped."""

    max_connection_wait_time = QUEUE_WAIT_S
    log_result_lifespan = False
    connection: redis.Redis
    get_state: Callable[[], str]
    _asked_to_stop = False
    _shown_at = 0.0

    def heartbeat(self, timeout: int | None = None, pipeline: Any = None) -> None:
        """Besides RQ's sign of life: registers anew, since a wiped queue has forgotten us. RQ asks for it four times a
        job, which is half of what a job costs; once a second, in one round trip, says as much.

        Ends an idle worker that was asked to: RQ raises that in the very line at work, and one of a log keeps it."""
        if self._asked_to_stop and self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        if pipeline is not None:
            self._show(timeout, pipeline)
        elif timeout is not None or time.monotonic() > self._shown_at + SHOWN_AGAIN_S:
            with self.connection.pipeline(transaction=False) as shown:
                self._show(timeout, shown)
                shown.execute()
            self._shown_at = time.monotonic()

    def _show(self, timeout: int | None, pipeline: Any) -> None:
        super().heartbeat(timeout, pipeline=pipeline)  # type: ignore[misc]
        worker_registration.register(self, pipeline=pipeline)  # type: ignore[arg-type]

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """SIGTERM: begins no further row, and ends when the row in hand is done."""
        self._asked_to_stop = True
        super().request_stop(signum, frame)  # type: ignore[misc]

    def subscribe(self) -> None:
        """No commands over the queue: whoever reaches it should not steer our processes. Saves a thread, too."""

    def unsubscribe(self) -> None:
        """There is nothing to end."""

    def asked_to_stop(self) -> bool:
        """Whether a signal asked to end."""
        return self._asked_to_stop


class TextWorker(Present, SimpleWorker):
    """Routes and delivers in one long-lived process."""


class HeavyWorker(Present, Worker):
    """Does photos itself, but for the picture (apart.py); anything else in a work-horse per job, which may die without
    taking the worker along."""

    engine: sa.Engine

    def execute_job(self, job: Job, queue: Queue) -> None:
        """As one of RQ's two kinds does it."""
        if queue.name != PHOTO_QUEUE:
            super().execute_job(job, queue)
            return
        self.perform_job(job, queue, self.prepare_execution(job))
        self.set_state(WorkerStatus.IDLE)

    def main_work_horse(self, job: Job, queue: Queue) -> None:
        """In the fork: its own database connections, an end with its parent, bounds on processor time and memory."""
        assert self.pid is not None
        die_with_parent(self.pid)
        self.engine.dispose(close=False)
        with contextlib.suppress(ValueError, OSError):
            limit_s = int(job.timeout or 0) + CPU_MARGIN_S
            resource.setrlimit(resource.RLIMIT_CPU, (limit_s, limit_s + CPU_MARGIN_S))
        super().main_work_horse(job, queue)


def text_worker(connection: redis.Redis) -> TextWorker:
    """A worker for the text queues, most urgent first."""
    return TextWorker(TEXT_QUEUES, connection=connection, **_habits())


def heavy_worker(connection: redis.Redis, engine: sa.Engine) -> HeavyWorker:
    """A worker for photos and upkeep. engine: disposed of in each fork, never shared."""
    worker = HeavyWorker(HEAVY_QUEUES, connection=connection, job_monitoring_interval=5, **_habits())
    worker.engine = engine
    return worker


def _habits() -> dict[str, Any]:
    return {
        "serializer": JSONSerializer,
        "worker_ttl": 15 + SHOWS_ITSELF_EVERY_S,  # RQ waits for work at most this minus 15 s between signs of life
        "log_job_description": False,
    }

"""A workshop for tests: real relay and worker processes, rows to give them, and looking at what they did."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa

from meldingen import db
from meldingen.settings import Settings
from meldingen.store.outbox import OutboxEntry, Topic, put

from .process import start

T = TypeVar("T")
DEADLINE_S = 60.0


def until(look: Callable[[], T], *, deadline_s: float = DEADLINE_S) -> T:
    """What `look` gives once it is true; fails the test when that takes too long."""
    end = time.monotonic() + deadline_s
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            pytest.fail(f"niet gezien binnen {deadline_s} s")
        time.sleep(0.02)


@dataclass
class Workshop:
    """Processes of one test on its own database and queue."""

    engine: sa.Engine
    settings: Settings
    logs: Path
    running: list[BaseProcess] = field(default_factory=list)

    def start(self, part: str, **options: float) -> BaseProcess:
        """A relay, a text or heavy worker, a clock, or all of them; options: see handlers.policies."""
        process = start(part, self.settings, options, self.logs / f"{part}-{len(self.running)}.log")
        self.running.append(process)
        return process

    def stop(self) -> None:
        """Ends what this test started."""
        for process in self.running:
            process.kill()
        for process in self.running:
            process.join(10)

    def put(self, topic: Topic = Topic.NOTICE, do: str = "ok", **options: Any) -> int:
        """One row in the outbox, committed; its id."""
        with db.transaction(self.engine) as session:
            now = db.business_now(session)
            put(session, topic, {"do": do}, gemeente_id=None, now=now, **options)
            return session.scalars(sa.select(sa.func.max(OutboxEntry.id))).one()

    def entry(self, entry_id: int) -> OutboxEntry:
        """The row as it is now."""
        with db.transaction(self.engine) as session:
            return session.get_one(OutboxEntry, entry_id)

    def done(self, *ids: int) -> bool:
        """Whether all these rows are done."""
        with db.transaction(self.engine) as session:
            entry = OutboxEntry
            query = sa.select(sa.func.count()).where(entry.id.in_(ids), entry.done_at.is_not(None))
            return session.scalar(query) == len(ids)

    def parked(self, *ids: int) -> bool:
        """Whether all these rows are given up."""
        return all(self.entry(entry_id).parked_at is not None for entry_id in ids)

    def leased(self, *ids: int) -> bool:
        """Whether all these rows are in somebody's hands."""
        return all(self.entry(entry_id).lease is not None for entry_id in ids)

    def trace(self, what: str = "done") -> list[int]:
        """The rows that left this trace, in order."""
        with db.transaction(self.engine) as session:
            query = sa.text("SELECT entry FROM trace WHERE what = :what ORDER BY id")
            return list(session.scalars(query, {"what": what}))

    def pids(self) -> set[int]:
        """The processes that left a trace."""
        with db.transaction(self.engine) as session:
            return set(session.scalars(sa.text("SELECT pid FROM trace")))

    def open_gate(self) -> None:
        """Lets those that wait go on."""
        with db.transaction(self.engine) as session:
            session.execute(sa.text("INSERT INTO gate VALUES (true)"))

    def log(self) -> list[dict[str, Any]]:
        """Every structured line that any process wrote."""
        lines = []
        for file in sorted(self.logs.glob("*.log")):
            for line in file.read_text(encoding="utf-8").splitlines():
                while line.startswith("{"):  # two processes may write at the same moment
                    told, end = json.JSONDecoder().raw_decode(line)
                    lines.append(told)
                    line = line[end:]
        return lines

    def said(self, event: str, **keys: Any) -> list[dict[str, Any]]:
        """The log lines of this event with these keys."""
        return [line for line in self.log() if line["event"] == event and keys.items() <= line.items()]

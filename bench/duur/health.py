"""What must stay flat: memory per process, connections, the outbox and its table. Looked at now and then, judged at the
end by what the second half did.
"""

import re
import statistics
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psycopg

from bench.chaos.ground import QUEUE, SITE, WORKERS, Ground, children_of

MIB = 1024**2
TABLES = ("outbox", "pace", "melding", "opdracht", "notice", "delivery", "journal")
FACTS = """
    SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections,
        coalesce((SELECT extract(epoch FROM k.at - min(o.due_at)) FROM outbox o
            WHERE o.done_at IS NULL AND o.parked_at IS NULL AND o.due_at <= k.at), 0)::float AS oldest_s,
        (SELECT count(*) FROM outbox o WHERE o.done_at IS NULL AND o.parked_at IS NULL AND o.due_at <= k.at) AS due,
        (SELECT count(*) FROM outbox o WHERE o.parked_at IS NOT NULL AND o.done_at IS NULL) AS parked,
        pg_relation_size('ix_outbox_line')::float / 1048576 AS line_mib
    FROM (SELECT now() + offset_s * interval '1 s' AS at FROM klok) k
"""
SIZES = """
    SELECT s.relname, pg_total_relation_size(s.relid)::float / greatest(s.n_live_tup, 1000), s.n_dead_tup,
        s.n_tup_upd, s.n_tup_hot_upd, s.autovacuum_count
    FROM pg_stat_user_tables s WHERE s.relname = ANY(%s)
"""
SLACK = 0.10
"""So much of its own size a thing may change in the second half and still be flat."""


@dataclass
class Figure:
    """One thing looked at. floor: what counts as nothing, in its own unit. values: with the second of each look."""

    name: str
    unit: str
    floor: float
    values: list[tuple[float, float]] = field(default_factory=list)

    @property
    def slope(self) -> float:
        """What it grew per hour in the second half of the run, by a straight line through it."""
        half = self.values[len(self.values) // 2 :]
        if len(half) < 3:
            return 0.0
        return statistics.linear_regression([at for at, _ in half], [value for _, value in half]).slope * 3600

    @property
    def verdict(self) -> str:
        """`vlak`, or `groeit` when the second half added more than SLACK of it and more than `floor`."""
        half = [at for at, _ in self.values[len(self.values) // 2 :]]
        grown = self.slope * (half[-1] - half[0]) / 3600
        return "groeit" if grown > max(self.floor, SLACK * self.values[len(self.values) // 2][1]) else "vlak"

    def row(self) -> str:
        """Start, middle, end, slope and verdict, as a row of the table."""
        three = (self.values[0], self.values[len(self.values) // 2], self.values[-1])
        cells = [f"{value:.1f}" for _, value in three]
        return f"| {self.name} ({self.unit}) | {' | '.join(cells)} | {self.slope:+.1f} | {self.verdict} |"


class Health:
    """Looks at an installation. figures: by name, each with all that was seen."""

    def __init__(self, ground: Ground, url: str) -> None:
        self._ground, self._url, self._began = ground, url, time.monotonic()
        self.figures: dict[str, Figure] = {}
        self.hot: dict[str, tuple[int, int, int]] = {}

    def look(self) -> None:
        """One look at everything."""
        for name, mib in self._memory().items():
            self._see(name, "MiB PSS", 8.0, mib)
        with psycopg.connect(self._url, autocommit=True) as connection:
            row = connection.execute(FACTS).fetchone()
            assert row is not None
            sizes = connection.execute(SIZES, (list(TABLES),)).fetchall()
        for (name, unit, floor), value in zip(
            (
                ("verbindingen", "aantal", 4),
                ("oudste in de outbox", "s", 2),
                ("te doen in de outbox", "regels", 200),
                ("opgegeven", "regels", 0),
                ("index ix_outbox_line", "MiB", 2),
            ),
            row,
            strict=True,
        ):
            self._see(name, unit, floor, float(value))
        for table, each, dead, updated, hot, vacuumed in sizes:
            self._see(f"{table} per rij", "bytes", 200, each)
            self._see(f"{table} dood", "rijen", 2500, dead)
            self.hot[table] = (updated, hot, vacuumed)

    def _see(self, name: str, unit: str, floor: float, value: float) -> None:
        figure = self.figures.setdefault(name, Figure(name, unit, floor))
        figure.values.append((time.monotonic() - self._began, value))

    def _memory(self) -> Mapping[str, float]:
        """PSS in MiB: the website, each part of the workers, the queue, and PostgreSQL with all its processes."""
        ground = self._ground
        found = {
            "website": _pss([ground.pid(SITE) or 0, *ground.children(SITE)]),
            "wachtrij": _pss([ground.pid(QUEUE) or 0]),
        }
        for part in ("relay", "klok", "werker-1", "werker-2", "fotowerker-1"):
            pid = ground.part(part)
            if pid is not None:
                found[part] = _pss([pid])
        server = ground.stack.cluster.data / "postmaster.pid"
        with suppress(OSError, ValueError):
            parent = int(server.read_text().splitlines()[0])
            found["PostgreSQL"] = _pss([parent, *children_of(parent)])
        found["werkers samen"] = _pss([ground.pid(WORKERS) or 0, *ground.children(WORKERS)])
        return {name: value / MIB for name, value in found.items() if value}


def _pss(pids: Sequence[int]) -> float:
    """Bytes that these processes have for themselves, with their share of what they have together."""
    total = 0
    for pid in pids:
        with suppress(OSError):
            found = re.search(r"^Pss:\s+(\d+) kB", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M)
            total += int(found[1]) * 1024 if found else 0
    return float(total)

"""What a run costs, read from the kernel and from PostgreSQL: processor time, memory, statements. Linux."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from .ground import Ground

TICKS = os.sysconf("SC_CLK_TCK")
PROC = Path("/proc")
QUIET_SHARE = 0.05
"""So much of the machine may go to what is not ours before a run is called noisy."""


def tree(roots: Iterable[int]) -> list[int]:
    """These processes and all that come from them, now."""
    children: dict[int, list[int]] = {}
    for folder in PROC.iterdir():
        if folder.name.isdigit() and (fields := _stat(int(folder.name))):
            children.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], list(roots)
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        waiting += children.get(pid, [])
    return found


def cpu_s(root: int) -> float:
    """Processor seconds of a process and all that came from it, also of what has ended since."""
    return sum(sum(map(int, fields[11:15])) for pid in tree([root]) if (fields := _stat(pid))) / TICKS


def pss_mib(root: int) -> float:
    """The proportional share of memory of a process and all that come from it, in MiB."""
    total = 0
    for pid in tree([root]):
        try:
            rollup = (PROC / str(pid) / "smaps_rollup").read_text()
        except OSError:
            continue
        total += int(re.findall(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[0])
    return total / 1024


def busy_s() -> float:
    """Processor seconds that the whole machine has worked."""
    fields = (PROC / "stat").read_text().split("\n", 1)[0].split()[1:]
    return sum(int(fields[n]) for n in (0, 1, 2, 5, 6, 7)) / TICKS


@dataclass
class Cost:
    """What a stretch of time cost. cpu: seconds per part. foreign: the share of the machine that others took."""

    seconds: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)
    foreign: float = 0.0

    def ms_per(self, operations: int, *parts: str) -> float:
        """Processor milliseconds per operation of these parts together; of all parts when none is named."""
        chosen = [seconds for part, seconds in self.cpu.items() if not parts or part in parts]
        return sum(chosen) / operations * 1000 if operations else 0.0

    @property
    def quiet(self) -> bool:
        """Whether nobody else was on the machine."""
        return self.foreign <= QUIET_SHARE


@contextmanager
def metered(ground: Ground, **others: int) -> Iterator[Cost]:
    """The cost of the block, filled in at its end. others: processes of a baseline, by name."""
    cost, roots = Cost(), ground.roots() | others
    before, busy, own = {name: cpu_s(pid) for name, pid in roots.items()}, busy_s(), _own_s()
    began = time.perf_counter()
    yield cost
    cost.seconds = time.perf_counter() - began
    cost.cpu = {name: cpu_s(pid) - before[name] for name, pid in roots.items()}
    ours = sum(cost.cpu.values()) + _own_s() - own
    machine = cost.seconds * (os.cpu_count() or 1)
    cost.foreign = max(0.0, busy_s() - busy - ours) / machine if machine else 0.0


@contextmanager
def counted(ground: Ground) -> Iterator[dict[str, int]]:
    """The statements PostgreSQL did during the block, filled in at its end: how often each."""
    found: dict[str, int] = {}
    with ground.database() as link:
        link.execute("ALTER SYSTEM SET pg_stat_statements.track = 'top'")
        link.execute("SELECT pg_reload_conf()")
        time.sleep(0.3)
        link.execute("SELECT pg_stat_statements_reset()")
    yield found
    with ground.database() as link:
        rows = link.execute("SELECT query, calls FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%'")
        for query, calls in rows.fetchall():
            found[query] = found.get(query, 0) + calls
        link.execute("ALTER SYSTEM RESET pg_stat_statements.track")
        link.execute("SELECT pg_reload_conf()")


def _own_s() -> float:
    """What this process and those it started and waited for (the generator) used."""
    return sum(os.times()[:4])


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, from the state on; empty when it has gone."""
    try:
        return (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []

"""The rows about the installation itself: its memory at rest, and which server with how many threads."""

from __future__ import annotations

import time

from meldingen import db

from . import baselines
from .gauges import metered, pss_mib
from .ground import Ground
from .intake import posts
from .table import Plan, Row, Sticks

THREADS = (1, 2, 4, 8, 16)
REST_S = db.REST_S + 15.0
"""Rest is when the connections that nobody needs have been ended as well."""


def memory(ground: Ground, _plan: Plan, _sticks: Sticks) -> list[Row]:
    """The whole installation, after each part did some work: website, relay, clock, workers, PostgreSQL and Valkey."""
    with ground.workers(text=1, photos=1):
        ground.fire(posts(ground, 1), seconds=30, connections=4, most=50).only(201)
        ground.wait("de outbox leeg", lambda: ground.left() == 0, 300)
        time.sleep(REST_S)
        parts = {name: pss_mib(pid) for name, pid in ground.roots().items()}
    row = Row("geheugen in rust", sum(parts.values()), "MiB PSS", 600, at_most=True, peers="–")
    row.note = "2 processen website, een werker, een fotowerker; " + ", ".join(
        f"{name} {mib:.0f}" for name, mib in sorted(parts.items())
    )
    return [row]


def server(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """POST melding with other numbers of threads per process; the default comes back afterwards."""
    requests, rows, usual = posts(ground, plan.seed + 11), [], ground.threads
    for threads in THREADS:
        _again(ground, threads)
        ground.fire(requests, seconds=1, connections=plan.connections).only(201)
        with metered(ground) as cost:
            heard = ground.fire(requests, seconds=plan.seconds / 2, connections=plan.connections)
        row = Row(f"POST melding, {threads} draden per proces", heard.per_s, "/s", heard=heard, cost=cost)
        row.yardstick = sticks.get(baselines.pgbench)
        rows.append(row)
        ground.clear_outbox()
    _again(ground, usual)
    return rows


def _again(ground: Ground, threads: int) -> None:
    ground.end("website")
    ground.threads = threads
    ground.serve()

"""The row that chooses the WSGI server: our application under each, with as many processes and threads."""

from __future__ import annotations

from importlib.util import find_spec

from bench.load import request_bytes
from meldingen.local.commands import healthy

from .gauges import metered, pss_mib
from .ground import API, PROCESSES, Ground
from .intake import posts
from .table import Plan, Row, Sticks

OTHERS = ("gunicorn", "waitress")


def servers(ground: Ground, plan: Plan, _sticks: Sticks) -> list[Row]:
    """POST melding and GET categorieën under granian, as `meldingen serve` does, and under what else is there."""
    asked = {
        "POST melding": posts(ground, plan.seed + 12),
        "GET categorieën": [request_bytes("GET", f"{API}/categorieen")],
    }
    rows = []
    for name in ("granian", *filter(find_spec, OTHERS)):
        _again(ground, name)
        for what, requests in asked.items():
            ground.fire(requests, seconds=1, connections=plan.connections)
            with metered(ground) as cost:
                heard = ground.fire(requests, seconds=plan.seconds, connections=plan.connections)
            row = Row(f"{what} onder {name}", heard.per_s, "/s", heard=heard, cost=cost)
            row.note = f"geheugen {pss_mib(ground.roots()['website']):.0f} MiB"
            rows.append(row)
        ground.clear_outbox()
    _again(ground, "granian")
    return rows


def _again(ground: Ground, name: str) -> None:
    ground.end("website")
    if name == "granian":
        ground.serve()
        return
    words = ["--port", str(ground.port), "--workers", str(PROCESSES), "--threads", str(ground.threads)]
    ground.run("website", "bench.snel.under", name, *words)
    ground.wait("de website", lambda: healthy(ground.port))

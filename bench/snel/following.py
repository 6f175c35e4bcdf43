"""The rows about what follows the answer: routing, receipts at the mail server, the team's list, and closing."""

from __future__ import annotations

import json
import time

from bench.load import Firing, Heard, Order, request_bytes

from . import baselines
from .gauges import Cost, counted, metered
from .ground import API, Ground
from .intake import ledger, posts
from .table import Plan, Row, Sticks

BACKLOG_S = 3
"""A backlog is as many meldingen as the target does in this time: at most MOST."""
MOST = 2000
LISTED_PER_S, BESIDE_PER_S = 50.0, 100.0
CLOSED_ALONE = 20


def routed(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """A backlog of meldingen without contact: outbox to opdracht."""
    count = min(MOST, round(600 * min(plan.seconds, BACKLOG_S)))
    ground.settle()  # the demo and the first look of the clock are not of this row either
    last = ground.one("SELECT max(id) FROM melding")  # what other rows of the table left undone is not of this one
    ground.fire(posts(ground, plan.seed + 4, mail=False), seconds=600, connections=plan.connections, most=count).only(
        201
    )
    cost, seconds = _drained(ground)
    row = Row("outbox → toegewezen", count / seconds, "/s", 600, cost=cost, note=f"{count} regels", operations=count)
    alone = ground.one(f"SELECT count(*) FROM melding m WHERE m.id > {last} AND NOT EXISTS "
                       "(SELECT 1 FROM melding_opdracht l WHERE l.melding_id = m.id)")  # fmt: skip
    row.wrong = [f"{alone} zonder opdracht"] if alone else []
    row.yardstick = sticks.get(baselines.pgbench)
    return [row]


def receipts(ground: Ground, plan: Plan, _sticks: Sticks) -> list[Row]:
    """A backlog with an e-mail address each, until the mail server has every receipt; then beside an intake."""
    ground.settle()
    count, before = min(MOST, round(250 * min(plan.seconds, BACKLOG_S))), len(ground.mails())
    ground.fire(posts(ground, plan.seed + 5), seconds=600, connections=plan.connections, most=count).only(201)
    cost, seconds = _drained(ground)
    mails = len(ground.mails()) - before
    row = Row("outbox → ontvangst bij de mailserver", mails / seconds, "/s", 250, cost=cost, operations=count)
    row.note = f"{count} meldingen, elk ook toegewezen"
    row.wrong = [] if mails == count else [f"{mails} mails van {count} meldingen"]
    return [row, *_beside(ground, plan)]


def _beside(ground: Ground, plan: Plan) -> list[Row]:
    """Receipts while meldingen come in, and how long the mail comes after the answer."""
    with ground.workers():
        _awake(ground)
        stored, before = ground.stored(), len(ground.mails())
        with metered(ground) as cost:
            heard = ground.fire(posts(ground, plan.seed + 6), seconds=plan.seconds, per_s=BESIDE_PER_S)
        sent_in_time = len(ground.mails()) - before
        ground.wait("elke ontvangst weg", lambda: len(ground.mails()) - before >= heard.statuses[201], 300)
    row = Row("ontvangst, naast een aanname van 100/s", sent_in_time / heard.seconds, "/s", 100 * 0.95, cost=cost)
    row.heard, row.wrong = heard, ledger(ground, heard.statuses[201], stored, set(heard.statuses))
    return [row]


def listed(ground: Ground, plan: Plan, _sticks: Sticks) -> list[Row]:
    """From the 201 to the opdracht on its team's list, at 50/s: when another connection sees its row."""
    with ground.workers():
        _awake(ground)
        with ground.database() as link:
            link.execute("CREATE TABLE IF NOT EXISTS bench_gezien (id bigint PRIMARY KEY, at timestamptz NOT NULL)")
            link.execute("TRUNCATE bench_gezien")
            link.execute("INSERT INTO bench_gezien SELECT id, now() FROM opdracht")
            requests = posts(ground, plan.seed + 7)
            firing = Firing(Order(ground.port, requests, plan.seconds, 16, LISTED_PER_S, keep=True))
            until = time.monotonic() + plan.seconds + 5
            while time.monotonic() < until or ground.left():
                link.execute("INSERT INTO bench_gezien SELECT id, clock_timestamp() FROM opdracht o "
                             "WHERE NOT EXISTS (SELECT 1 FROM bench_gezien g WHERE g.id = o.id)")  # fmt: skip
                time.sleep(0.02)
            heard = firing.heard()
            heard.only(201)
            found = link.execute(
                "SELECT m.number, extract(epoch FROM g.at)::float8 FROM bench_gezien g "
                "JOIN melding_opdracht l ON l.opdracht_id = g.id JOIN melding m ON m.id = l.melding_id"
            )
            seen = dict(found.fetchall())
            link.execute("DROP TABLE bench_gezien")
    numbers = [json.loads(body)["nummer"] for body in heard.bodies]
    answered = zip(numbers, heard.ended_at, strict=True)
    waits = Heard(heard.seconds, took_ms=[max(0.0, seen[n] - at) * 1000 for n, at in answered if n in seen])
    row = Row("201 → op de lijst van het team, p95 bij 50/s", waits.percentile(95) / 1000, "s", 1, at_most=True)
    row.heard, row.wrong = waits, [] if len(waits.took_ms) == len(numbers) else ["niet alles op een lijst"]
    return [row]


def closing(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """Closing opdrachten as fast as they come, then one at a time until its notice is at the mail server."""
    count = min(MOST, round(600 * plan.seconds)) + 2 * CLOSED_ALONE
    ground.fire(posts(ground, plan.seed + 8), seconds=600, connections=plan.connections, most=count).only(201)
    ground.settle()
    head = ground.sign_in("coordinator")
    with ground.database() as link:
        found = link.execute(
            "SELECT id, version FROM opdracht WHERE status = 'nieuw' ORDER BY id DESC LIMIT %s", (count,)
        )
        asked = [_close(one, version, head) for one, version in found.fetchall()]
    few, alone, many = asked[:CLOSED_ALONE], asked[CLOSED_ALONE : 2 * CLOSED_ALONE], asked[2 * CLOSED_ALONE :]
    with counted(ground) as statements:
        ground.fire(few, seconds=60, connections=1, most=len(few)).only(201)
    with metered(ground) as cost:
        heard = ground.fire(many, seconds=600, connections=plan.connections, most=len(many))
    row = Row(
        "opdracht afhandelen", heard.per_s, "/s", 600, heard=heard, cost=cost, yardstick=sticks.get(baselines.pgbench)
    )
    row.queries, row.peers = sum(statements.values()) / len(few), "11,5/s / 44–50/s"
    row.wrong = [f"antwoord {status}" for status in set(heard.statuses) - {201}]
    ground.settle()
    return [row, _told(ground, alone)]


def _told(ground: Ground, asked: list[bytes]) -> Row:
    """Idle, undo at 0: from the tap to the gereedmelding at the mail server."""
    waits = Heard()
    with ground.workers():
        _awake(ground)
        for one in asked:
            before = len(ground.mails())
            heard = ground.fire([one], seconds=10, connections=1, most=1)
            heard.only(201)
            ground.wait("het bericht", lambda before=before: len(ground.mails()) > before, 30)  # type: ignore[misc]
            waits.took_ms.append((ground.mails()[-1] - heard.ended_at[0]) * 1000 + heard.took_ms[0])
    row = Row(
        "afhandelen → bericht bij de mailserver, in rust (p50)", waits.percentile(50) / 1000, "s", 0.1, at_most=True
    )
    row.heard, row.peers = waits, "0,24–0,45 s / 0,05–0,09 s"
    return row


def _close(opdracht: int, version: int, head: dict[str, str]) -> bytes:
    body = {"uitkomst": "opgelost", "zin": "Het is gemaakt."}
    heads = {**head, "If-Match": f'"{version}"', "Idempotency-Key": f"afhandelen-{opdracht}"}
    return request_bytes("POST", f"{API}/opdrachten/{opdracht}/afhandelingen", body, heads)


def _awake(ground: Ground) -> None:
    """Until every part is up: a melding has been routed."""
    ground.fire(posts(ground, 1, count=1, mail=False), seconds=10, connections=1, most=1).only(201)
    ground.wait("de werkers", lambda: ground.left() == 0, 60)


def _drained(ground: Ground) -> tuple[Cost, float]:
    """Lets the workers empty the outbox: what it cost, and seconds from the first to the last row that was done."""
    began = ground.one("SELECT clock_timestamp()")
    with ground.workers(), metered(ground) as cost:
        ground.wait("de outbox leeg", lambda: ground.left() == 0, 600)
    with ground.database() as link:
        spent = link.execute(
            "SELECT extract(epoch FROM max(done_at) - min(done_at))::float8 FROM outbox WHERE done_at > %s", (began,)
        ).fetchone()
    return cost, max(0.001, spent[0] if spent and spent[0] else 0.001)

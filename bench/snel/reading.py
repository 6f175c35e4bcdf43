"""The rows about looking: a melding, its volgpagina, the list of a team, and the categories that an app has already."""

from __future__ import annotations

import json

from bench.load import Heard, request_bytes

from . import baselines
from .gauges import counted, metered
from .ground import API, Ground
from .intake import posts
from .table import Plan, Row, Sticks

FOLLOWED = 100
"""So many meldingen are looked at in turn, each with its opdracht and its bericht."""
LISTED = 300
"""So many are made and routed first, so that each team has a page of work."""


def melding(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """GET melding by its melder."""
    made = followed(ground, plan.seed + 2)
    asked = [request_bytes("GET", f"{API}/meldingen/{m['nummer']}", None, {"Volg-Token": m["volgToken"]}) for m in made]
    return [_looked(ground, plan, sticks, "GET melding", asked, target=1000)]


def volgpagina(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """The page where a melder follows, with the cookie that the link in his bericht gave."""
    asked = []
    for one in followed(ground, plan.seed + 3, 20):
        cookie = ground.cookie_of(f"/v/{one['volgToken']}")
        asked.append(request_bytes("GET", f"/volgen/{one['nummer']}", None, {"Cookie": cookie}))
    return [_looked(ground, plan, sticks, "GET volgpagina", asked, target=500)]


def team_list(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """The first fifty on the list of the busiest team, as a tablet of that team asks it."""
    made = ground.fire(posts(ground, plan.seed + 9), seconds=120, connections=plan.connections, most=LISTED)
    made.only(201)
    ground.settle()
    with ground.database() as link:
        link.execute("ANALYZE")  # as autovacuum does within a minute: until then PostgreSQL knows of no work at all
    head = ground.sign_in("team")
    asked = [
        request_bytes("GET", f"{API}/opdrachten?pageSize=50{more}", None, head)
        for more in ("", "&volgorde=prioriteit", "&gevaar=false")
    ]
    return [_looked(ground, plan, sticks, "lijst van een team, 50", asked, target=400)]


def categories(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """The categories, asked with the ETag of what the app has: 304."""
    etag = ground.header_of(f"{API}/categorieen", "ETag")
    asked = [request_bytes("GET", f"{API}/categorieen", None, {"If-None-Match": etag})]
    return [_looked(ground, plan, sticks, "GET categorieën (304)", asked, target=5000, status=304)]


def followed(ground: Ground, seed: int, count: int = FOLLOWED) -> list[dict[str, str]]:
    """Meldingen that were made, routed and told about, as the door answered them."""
    heard = ground.fire(posts(ground, seed, count), seconds=60, connections=4, most=count, keep=True)
    heard.only(201)
    ground.settle()
    return [json.loads(body) for body in heard.bodies]


def _looked(
    ground: Ground, plan: Plan, sticks: Sticks, name: str, asked: list[bytes], *, target: float, status: int = 200
) -> Row:
    ground.fire(asked, seconds=1, connections=plan.connections).only(status)
    with counted(ground) as statements:
        few = ground.fire(asked, seconds=30, connections=2, most=50)
    with metered(ground) as cost:
        heard: Heard = ground.fire(asked, seconds=plan.seconds, connections=plan.connections)
    row = Row(name, heard.per_s, "/s", target, yardstick=sticks.get(baselines.hello), heard=heard, cost=cost)
    row.queries = sum(statements.values()) / len(few.took_ms)
    row.wrong = [f"antwoord {other}" for other in set(heard.statuses) - {status}]
    return row

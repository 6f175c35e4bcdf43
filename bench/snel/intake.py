"""The rows about reporting: text, with workers stopped and running."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from bench.load import MARK, request_bytes

from . import baselines
from .gauges import counted, metered
from .ground import API, Ground
from .table import Plan, Row, Sticks

PEERS = "10–12,5/s (6–8/s met hun mail) / 12/s"
CATEGORIES = ("losse-tegel", "straatverlichting-kapot", "verkeersbord-kapot", "afval-naast-container")
WARM_S = 2.0


def bodies(
    seed: int, places: Sequence[tuple[float, float]], slugs: Sequence[str], *, mail: bool = True
) -> list[dict[str, Any]]:
    """Meldingen as an app sends them, one at each place."""
    dice = random.Random(seed)
    return [
        {
            "locatie": {"type": "Point", "coordinates": list(place)},
            "locatieToelichting": "Voor de deur.",
            "adres": "Kerkstraat 12, Bergen",
            "omschrijving": f"Het ligt los bij nummer {dice.randrange(200)}, mijn moeder struikelde er bijna over.",
            "categorie": dice.choice(slugs),
            **({"contact": {"naam": "J. de Vries", "email": f"melder{n}@voorbeeld.nl"}} if mail else {}),
        }
        for n, place in enumerate(places)
    ]


def posts(ground: Ground, seed: int, count: int = 200, *, mail: bool = True) -> list[bytes]:
    """POST melding, each with a key of its own. mail: with an e-mail address."""
    places, slugs = places_in_town(ground, seed, count), quiet_categories(ground)
    key = {"Idempotency-Key": MARK.decode()}
    return [request_bytes("POST", f"{API}/meldingen", body, key) for body in bodies(seed, places, slugs, mail=mail)]


def places_in_town(ground: Ground, seed: int, count: int) -> list[tuple[float, float]]:
    """Points in the wijken of the served gemeente."""
    with ground.database() as link:
        found = link.execute(
            "SELECT ST_X(one.geom), ST_Y(one.geom) FROM (SELECT ST_Union(a.shape) AS shape FROM area a "
            "JOIN gemeente g ON g.id = a.gemeente_id AND g.served WHERE a.kind = 'wijk' AND a.active) town, "
            "ST_Dump(ST_GeneratePoints(town.shape, %s, %s)) one",
            (count, seed),
        )
        return [(round(lon, 6), round(lat, 6)) for lon, lat in found]


def quiet_categories(ground: Ground) -> list[str]:
    """Sub categories without spoed, questions or anything to read before."""
    with ground.database() as link:
        found = link.execute(
            "SELECT c.slug FROM category c JOIN gemeente g ON g.id = c.gemeente_id AND g.served "
            "WHERE c.active AND c.parent_id IS NOT NULL AND c.urgency <> 'spoed' AND c.questions = '[]' "
            "AND c.beforehand = '{}' AND c.join_radius_m IS NULL ORDER BY c.id LIMIT 8"
        )
        return [row[0] for row in found]


def text(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """POST melding with the workers stopped."""
    stick = sticks.get(baselines.pgbench)
    requests = posts(ground, plan.seed)
    ground.fire(requests, seconds=WARM_S, connections=plan.connections).only(201)
    with counted(ground) as statements:
        few = ground.fire(requests, seconds=30, connections=2, most=100)
    before = ground.stored()
    with metered(ground) as cost:
        heard = ground.fire(requests, seconds=plan.seconds, connections=plan.connections)
    row = Row("POST melding, werkers gestopt", heard.per_s, "/s", 1000, yardstick=stick, ratio_target=0.14)
    row.heard, row.cost, row.p99_target, row.peers = heard, cost, 50, "24,6/s / –"
    row.queries = sum(statements.values()) / len(few.took_ms)
    row.wrong = ledger(ground, heard.statuses[201], before, set(heard.statuses))
    ground.clear_outbox()
    return [row]


def text_with_workers(ground: Ground, plan: Plan, sticks: Sticks) -> list[Row]:
    """POST melding while relay, clock and workers do what follows."""
    requests = posts(ground, plan.seed + 1)
    with ground.workers():
        ground.fire(requests, seconds=WARM_S, connections=plan.connections).only(201)
        before = ground.stored()
        with metered(ground) as cost:
            heard = ground.fire(requests, seconds=plan.seconds, connections=plan.connections)
        row = Row("POST melding, werkers aan", heard.per_s, "/s", 400, heard=heard, cost=cost, peers=PEERS)
        row.yardstick, row.p99_target = sticks.get(baselines.pgbench), 50
        row.wrong = ledger(ground, heard.statuses[201], before, set(heard.statuses))
    ground.clear_outbox()
    return [row]


def ledger(ground: Ground, answered: int, before: int, statuses: set[int]) -> list[str]:
    """What is wrong: another answer than 201, or another number of rows than of answers."""
    wrong = [f"antwoord {status}" for status in statuses - {201}]
    stored = ground.stored() - before
    return wrong + ([f"{answered} keer 201, {stored} bewaard"] if stored != answered else [])

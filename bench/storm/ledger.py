"""What became of every melding of the storm: the answers people got, the rows we keep and what the providers saw.

Counts accepted, stored, routed, heard, doubled and lost; and how long spoed, the rest and the other gemeenten waited
at each stage. Doubled, lost and never healed make the run fail; slowness never does.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from .plan import STORM
from .senders import Sent

MELDINGEN = """
    SELECT m.number, substring(m.description from 'melder ([0-9]+)')::int AS melder, g.slug, m.received_at,
        (SELECT count(*) FROM melding_opdracht l WHERE l.melding_id = m.id) AS links
    FROM melding m JOIN gemeente g ON g.id = m.gemeente_id WHERE m.description LIKE 'Door de storm%'
"""
STAGES = """
    SELECT o.topic, m.number, '' AS kind, extract(epoch FROM o.done_at - o.created_at)::float AS took
    FROM outbox o JOIN melding m ON m.id = (o.payload->>'melding_id')::bigint
    WHERE o.topic = 'toewijzen' AND o.done_at IS NOT NULL
    UNION ALL
    SELECT o.topic, m.number, n.kind, extract(epoch FROM o.done_at - o.created_at)::float
    FROM outbox o JOIN notice n ON n.id = (o.payload->>'notice_id')::bigint JOIN melding m ON m.id = n.melding_id
    WHERE o.topic = 'bericht' AND o.done_at IS NOT NULL AND n.kind = 'ontvangst'
"""
ALARMS = """
    SELECT extract(epoch FROM o.done_at - o.created_at)::float
    FROM outbox o JOIN notice n ON n.id = (o.payload->>'notice_id')::bigint
    WHERE o.topic = 'bericht' AND n.kind = 'alarm' AND o.done_at IS NOT NULL
"""
LEFT = """
    SELECT topic, reason, parked_at IS NOT NULL FROM outbox
    WHERE done_at IS NULL AND (parked_at IS NOT NULL
        OR due_at <= (SELECT now() + (offset_s - %s) * interval '1 s' FROM klok))
"""
LATE_S = 10.0
"""What becomes due in the very moment of judging, such as an alarm that nobody took, is not left behind."""
RECEIPTS = """
    SELECT d.reference, m.number
    FROM delivery d JOIN notice n ON n.id = d.notice_id JOIN melding m ON m.id = n.melding_id
    WHERE n.kind = 'ontvangst'
"""
SPOED, REST, OTHER = "spoed", "rest", "andere gemeenten"
STAGE_NAMES = {("toewijzen", ""): "toewijzen", ("bericht", "ontvangst"): "ontvangst afgehandeld"}
AT_PROVIDER = "ontvangst bij de mailserver"


@dataclass
class Outcome:
    """counts: the ledger. waits: seconds per stage and group. wrong: what may not be, named. took: answers, in s."""

    counts: Counter[str] = field(default_factory=Counter)
    waits: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    took: list[float] = field(default_factory=list)


def due(url: str) -> int:
    """How much should have been done by now, and was not given up."""
    with psycopg.connect(url, autocommit=True) as connection:
        return sum(not parked for _, _, parked in connection.execute(LEFT, (0.0,)))


def judge(url: str, sent: Sequence[Sent], photos: Sequence[int], log: Path) -> Outcome:
    """Reads rows and log after everything came to rest. url: of the database, as libpq takes it."""
    with psycopg.connect(url, autocommit=True) as connection:
        rows = connection.execute(MELDINGEN).fetchall()
        stages = connection.execute(STAGES).fetchall()
        alarms = [took for (took,) in connection.execute(ALARMS)]
        receipts = dict(connection.execute(RECEIPTS).fetchall())
        told = {ref for (ref,) in connection.execute("SELECT reference FROM delivery WHERE maybe_double")}
        left = connection.execute(LEFT, (LATE_S,)).fetchall()
        ready = connection.execute("SELECT count(*) FROM photo WHERE status = 'klaar'").fetchone()
    yes = [line for line in read_log(log) if line["what"] == "ja"]
    outcome = Outcome(took=[one.took_s for one in sent if one.number])
    group = {one.number: group_of(one) for one in sent if one.number}
    outcome.counts["mogelijk dubbel, door ons geteld"] = len(told)
    outcome.counts["meer dan eens gevraagd"] = sum(one.tries > 1 for one in sent)
    _count(outcome, sent, rows, _once(yes, told), receipts)
    _count_photos(outcome, photos, ready[0] if ready else 0)
    for topic, number, kind, took in stages:
        if number in group:
            _wait(outcome, STAGE_NAMES[topic, kind], group[number], took)
    outcome.waits["alarm naar het piket"] = {SPOED: alarms}
    answered = {one.number: one.at for one in sent}
    for line in yes:
        number = receipts.get(line["ref"], "")
        if number in group:
            _wait(outcome, AT_PROVIDER, group[number], max(0.0, line["at"] - answered[number]))
    outcome.wrong += [f"{'opgegeven' if parked else 'niet af'}: {topic} {reason}" for topic, reason, parked in left]
    return outcome


def _once(yes: Sequence[dict[str, Any]], told: set[str]) -> list[dict[str, Any]]:
    """Without the second of what we know ourselves to be possibly double: a mail server that fell silent after DATA."""
    seen: set[str] = set()
    first = []
    for line in yes:
        if line["ref"] not in seen or line["ref"] not in told:
            first.append(line)
        seen.add(line["ref"])
    return first


def read_log(log: Path) -> list[dict[str, Any]]:
    """What the providers saw."""
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def group_of(one: Sent) -> str:
    """Whose waiting it counts for: another gemeente's, spoed, or the rest."""
    if one.arrival.gemeente != STORM:
        return OTHER
    return SPOED if one.arrival.spoed else REST


def _wait(outcome: Outcome, stage: str, group: str, took: float) -> None:
    outcome.waits.setdefault(stage, {}).setdefault(group, []).append(took)


def _count(
    outcome: Outcome,
    sent: Sequence[Sent],
    rows: Sequence[tuple[str, int, str, Any, int]],
    yes: Sequence[dict[str, Any]],
    receipts: dict[str, str],
) -> None:
    counts, wrong = outcome.counts, outcome.wrong
    stored = {number: (melder, slug, links) for number, melder, slug, _, links in rows}
    heard = Counter(_person(line["to"]) for line in yes if _person(line["to"]))
    receipt_of = Counter(receipts[line["ref"]] for line in yes if line["ref"] in receipts)
    counts["verstuurd"] = len(sent)
    for one in sent:
        if not one.number:
            counts["geweigerd"] += 1
            wrong.append(f"melder {one.arrival.number}: geen 201 maar {one.status} na {one.tries} keer")
            continue
        counts["aangenomen"] += 1
        melder, slug, links = stored.get(one.number, (None, "", 0))
        counts["bewaard"] += melder == one.arrival.number
        counts["toegewezen"] += links > 0
        counts["moet het horen"] += bool(one.arrival.contact)
        counts["gehoord"] += bool(one.arrival.contact) and heard[one.arrival.number] > 0
        if melder != one.arrival.number or slug != one.arrival.gemeente:
            wrong.append(f"KWIJT: {one.number} van melder {one.arrival.number} is niet bewaard zoals gestuurd")
        elif links == 0:
            wrong.append(f"KWIJT: {one.number} heeft geen team")
        elif one.arrival.contact and not heard[one.arrival.number]:
            wrong.append(f"KWIJT: de melder van {one.number} hoorde niets")
        if links > 1 or receipt_of[one.number] > 1:
            wrong.append(f"DUBBEL: {one.number} {links} keer toegewezen, {receipt_of[one.number]} keer ontvangst")
    for melder, times in Counter(melder for _, melder, *_ in rows).items():
        if times > 1:
            wrong.append(f"DUBBEL: melder {melder} staat er {times} keer in")
    for ref, times in Counter(line["ref"] for line in yes).items():
        if times > 1:
            wrong.append(f"DUBBEL: bericht {ref} kwam {times} keer aan")
    counts["verloren"] = sum(line.startswith("KWIJT") for line in wrong)
    counts["dubbel"] = sum(line.startswith("DUBBEL") for line in wrong)


def _count_photos(outcome: Outcome, photos: Sequence[int], ready: int) -> None:
    outcome.counts["foto's aangenomen"], outcome.counts["foto's klaar"] = photos.count(201), ready
    if photos.count(201) != ready or len(photos) != photos.count(201):
        outcome.wrong.append(f"KWIJT: {len(photos)} foto's gestuurd, {photos.count(201)} aangenomen, {ready} klaar")


def _person(address: str) -> int:
    """The number of the melder that an address carries; 0 for a team's."""
    found = re.fullmatch(r"m(\d+)@bewoner\.example|\+3161(\d{7})", address)
    return int(found[1] or found[2]) if found else 0


def percentile(values: Iterable[float], share: float) -> float:
    """The value that this share of them does not exceed; nan when there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else float("nan")

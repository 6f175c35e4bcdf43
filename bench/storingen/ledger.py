"""What came of the meldingen of one fault: accepted by their melders, stored, routed, heard, doubled, lost.

Accepted is what the melders were answered; stored and routed is what the database holds; heard is what the providers
wrote down. A message that came twice is explained only when we counted it ourselves as possibly double.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from .melders import Report


@dataclass(frozen=True)
class Kept:
    """What the database holds of the meldingen: how many rows and how many opdrachten carry each mark."""

    stored: Counter[str]
    routed: Counter[str]
    maybe_double: frozenset[str]


@dataclass
class Ledger:
    """The counts of one fault. missing: what is not there (yet), in words. doubles: what came twice, in words."""

    accepted: int = 0
    stored: int = 0
    routed: int = 0
    heard: int = 0
    counted_double: int = 0
    doubles: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)


KEPT = """
select m.location_note, count(distinct m.id), count(distinct l.opdracht_id)
  from melding m left join melding_opdracht l on l.melding_id = m.id and l.gemeente_id = m.gemeente_id
 where m.location_note like 'Plek %' and m.id > {after} group by 1
"""


def parse_kept(rows: Iterable[str], maybe_double: Iterable[str]) -> Kept:
    """rows: lines `mark|stored|routed` as psql prints KEPT. maybe_double: the references we counted ourselves."""
    stored: Counter[str] = Counter()
    routed: Counter[str] = Counter()
    for row in rows:
        mark, kept, teams = row.rsplit("|", 2)
        stored[mark], routed[mark] = int(kept), int(teams)
    return Kept(stored, routed, frozenset(maybe_double))


def read_yes(log: Path, offset: int) -> list[dict[str, str]]:
    """The messages that providers took, from a place in their log on."""
    with log.open("rb") as lines:
        lines.seek(offset)
        seen = [json.loads(line) for line in lines if line.endswith(b"\n")]
    return [line for line in seen if line["what"] == "ja"]


def judge(reports: Sequence[Report], kept: Kept, taken: Iterable[dict[str, str]]) -> Ledger:
    """Counts one fault. A melding that was refused for good is not counted; one without any answer is missing."""
    made = Ledger()
    messages: dict[str, Counter[tuple[str, str]]] = defaultdict(Counter)
    for line in taken:
        messages[_address(line["to"])][line["ref"], line["text"]] += 1
    for report in reports:
        count = kept.stored[report.mark]
        if count > 1:
            made.doubles.append(f"melding {report.number} staat er {count} keer")
        if kept.routed[report.mark] > 1:
            made.doubles.append(f"melding {report.number} heeft {kept.routed[report.mark]} opdrachten")
        if not report.melding:
            if not any(status.startswith("4") for status in report.answers):
                made.missing.append(f"melding {report.number} kreeg nooit antwoord: {dict(report.answers)}")
            continue
        made.accepted += 1
        made.stored += count > 0
        made.routed += kept.routed[report.mark] > 0
        heard = messages[_address(next(iter(report.contact.values())))]
        made.heard += bool(heard)
        words = Counter(text for _, text in heard.elements())
        for text, times in words.items():
            counted = times > 1 and any(ref in kept.maybe_double for ref, said in heard if said == text)
            made.counted_double += counted
            if times > 1 and not counted:
                made.doubles.append(f"melder {report.number} hoorde {times} keer: {text.splitlines()[0]}")
        for what, there in (
            ("bewaard", count),
            ("toegewezen", kept.routed[report.mark]),
            ("gehoord", heard),
        ):
            if not there:
                made.missing.append(f"melding {report.number} ({report.melding}) is niet {what}")
    return made


def _address(written: str) -> str:
    """One way of writing for what a melder gave and a provider got: a mobile by its last nine digits."""
    return written if "@" in written else written[-9:]

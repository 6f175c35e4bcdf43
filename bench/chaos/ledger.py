"""The ledger: what the outside world wrote down against the closings the people saw answered. Our tables have no say.

Per closing and melder: told once, on somebody's list with a reason, anonymous, or a discrepancy that is named. A second
message must be explained by a disaster between the provider's yes and our record, one disaster for one message.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import plan
from .disasters import Hit
from .ground import TEXT_WORKERS
from .lists import Lists
from .people import Book, Closing, Made

KILLED_WITHIN_S = 4.0
"""A worker killed so long after the provider's yes may have died before our record of it, on a busy machine."""
DATABASE_AWAY_S = 20.0
"""So long after a stop of the database a record may still fail."""
GRACE_S = 20.0
"""A message that was on its way when its melder withdrew."""
SILENT = ("zwijgt", "breekt_af", "slikt")
"""Moods of one answer in which the yes was written down and never said."""
KILLS = {"werker gedood": 1, "alle werkers gedood": TEXT_WORKERS}
CRASHES = {"database hard gestopt": TEXT_WORKERS, "databaseproces gedood": TEXT_WORKERS}
"""How many messages one disaster can leave between yes and record: one per text worker it hits."""
KINDS = (
    ("gereed", r"Werkbon W\d+"),
    ("niet opgelost", r"[Nn]iet opgelost(\.|:)"),
    ("einde zonder afhandeling", r"^Opgelost:|Dat is nu opgelost|[Nn]iet opgelost\?"),
    ("alarm", r"SPOED"),
    ("ingetrokken", r"ingetrokken"),
    ("heropend", r"weer open|opnieuw naar uw melding"),
    ("vertraagd", r"later klaar"),
    ("ontvangst", r"ontvangen"),
)
ENDS = ("gereed", "niet opgelost")
WRITTEN = ("email", "sms", "push")


@dataclass(frozen=True)
class Yes:
    """One message a provider took. tells: pairs of melding and closing; meldingen: by the follow links in it.

    can_tell: it came through Notify, which can be asked.
    """

    at: float
    channel: str
    ref: str
    to: str
    mood: str
    kind: str
    meldingen: tuple[str, ...]
    tells: tuple[tuple[str, int], ...]
    can_tell: bool


@dataclass
class Outcome:
    """counts: how each pair of closing and melder ended. wrong: every discrepancy, with the melding named."""

    counts: Counter[str] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    doubles: list[str] = field(default_factory=list)
    double_refs: set[str] = field(default_factory=set)
    waits_s: list[float] = field(default_factory=list)


def judge(lines: Sequence[Mapping[str, Any]], book: Book, hits: Sequence[Hit], lists: Lists) -> Outcome:
    """The whole ledger. lines: the providers' log."""
    outcome = Outcome()
    taken = _read(lines, book, outcome)
    refused = {line["to"] for line in lines if line["what"] in ("nee", "terug")}
    returned = {line["ref"] for line in lines if line["what"] == "terug"}
    excuses = _Excuses(hits)
    _same_message_again(taken, excuses, outcome)
    by_pair: dict[tuple[str, int], list[Yes]] = defaultdict(list)
    reopenings: dict[str, list[float]] = defaultdict(list)
    for yes in taken:
        for number in yes.meldingen if yes.kind == "heropend" or yes.tells else ():
            reopenings[number].append(yes.at)
        if yes.ref in returned:  # the provider had it, the melder never did
            outcome.kinds[f"{yes.channel} kwam terug"] += 1
            continue
        for pair in yes.tells:
            by_pair[pair].append(yes)
    calls = Counter(lists.calls)
    for number, closed in lists.calls:  # who reopened it himself is phoned about the end that came after
        reopenings[number] += [book.closings[closed].asked_at] if closed in book.closings else []
    for closing in book.closings.values():
        for number in closing.meldingen:
            made, pair = book.meldingen.get(number), (number, closing.opdracht)
            if made is None:
                outcome.wrong.append(f"{number}: afgehandeld met W{closing.opdracht}, maar niemand meldde dit")
                continue
            found = sorted(by_pair.pop(pair, []), key=lambda yes: yes.at)
            called = calls.pop(pair, 0)
            listed, later = closing.opdracht in lists.unreachable or number in lists.tasks, reopenings[number]
            _judge_pair(made, closing, found, called, listed, refused, excuses, later, outcome)
    outcome.wrong += [f"{n}: bericht over W{w}, dat niemand zo afhandelde" for n, w in by_pair]
    outcome.wrong += [f"{n}: terugbelnotitie over W{w}, dat niemand zo afhandelde" for n, w in calls]
    _withdrawn(taken, book, refused, outcome)
    return outcome


def _read(lines: Iterable[Mapping[str, Any]], book: Book, outcome: Outcome) -> list[Yes]:
    """The messages taken, oldest first; each must be about a melding of the one it went to."""
    by_token = {made.token: number for number, made in book.meldingen.items()}
    unsolved, found = _unsolved(book), []
    for line in lines:
        if line["what"] != "ja":
            continue
        text, kind = line["text"], _kind_of(line["text"])
        tokens = dict.fromkeys(re.findall(r"/v/([\w-]+)", text))
        about = tuple(by_token[token] for token in tokens if token in by_token)
        if line["channel"] == "push" and (owner := book.by_plan.get(int(line["to"].removeprefix("apparaat")))):
            about = (owner.number,)
        tells = {
            (number, closing)
            for closing in plan.closings_in(text)
            for number in about
            if closing not in book.closings or number in book.closings[closing].meldingen
        }
        if kind == "niet opgelost":  # the short form of an SMS leaves the sentence of the team to the page
            ends = [(n, c.opdracht) for n in about for c in unsolved[n] if c.asked_at <= line["at"]]
            tells = set(ends[-1:])
        outcome.kinds[f"{line['channel']} {kind}"] += 1
        if kind == "einde zonder afhandeling" or (kind in ENDS and not tells):
            outcome.wrong.append(f"{line['ref']}: een einde dat bij geen afhandeling hoort: {text[:80]!r}")
        for number in about:
            who = book.meldingen[number].who
            if not plan.belongs_to(line["to"], who):
                outcome.wrong.append(f"{number}: bericht ging naar {line['to']}, en dat is niet melder {who.number}")
        asked, mood = line.get("by") == "notify", line.get("mood", "")
        found.append(Yes(line["at"], line["channel"], line["ref"], line["to"], mood, kind, about, tuple(tells), asked))
    return sorted(found, key=lambda yes: yes.at)


def _unsolved(book: Book) -> dict[str, list[Closing]]:
    """Per melding its closings that say it is not solved, oldest first."""
    found: dict[str, list[Closing]] = defaultdict(list)
    for closing in sorted(book.closings.values(), key=lambda closing: closing.asked_at):
        for number in () if closing.solved else closing.meldingen:
            found[number].append(closing)
    return found


def _kind_of(text: str) -> str:
    return next((kind for kind, words in KINDS if re.search(words, text, re.MULTILINE)), "anders")


class _Excuses:
    """Which disaster explains that we could not know of a yes; each disaster explains only as many as it can."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._hits = [hit for hit in hits if hit.pids and (hit.kind in KILLS or hit.kind in CRASHES)]
        self._left = {id(hit): {**KILLS, **CRASHES}[hit.kind] for hit in self._hits}
        self._known: dict[tuple[str, float], str] = {}

    def of(self, yes: Yes) -> str:
        """The name of the disaster, or empty: then nothing explains it. The same yes is explained once."""
        if yes.mood in SILENT:
            return f"de dienst {yes.mood.replace('_', ' ')}"
        key = (yes.ref, yes.at)
        if key not in self._known:
            self._known[key] = self._find(yes.at)
        return self._known[key]

    def _find(self, at: float) -> str:
        for hit in self._hits:
            late = hit.at - at
            fits = 0 <= late <= KILLED_WITHIN_S if hit.kind in KILLS else -DATABASE_AWAY_S <= late <= KILLED_WITHIN_S
            if fits and self._left[id(hit)]:
                self._left[id(hit)] -= 1
                return f"{hit.kind} (proces {', '.join(map(str, hit.pids))}, {late:+.2f} s)"
        return ""


def _same_message_again(taken: Sequence[Yes], excuses: _Excuses, outcome: Outcome) -> None:
    """The same reference twice at a provider: never where it can tell, and explained where it cannot."""
    by_ref: dict[str, list[Yes]] = defaultdict(list)
    for yes in taken:
        by_ref[yes.ref].append(yes)
    for ref, again in by_ref.items():
        if len(again) == 1:
            continue
        outcome.double_refs.add(ref)
        about = ", ".join(again[0].meldingen) or again[0].to
        if again[0].can_tell:
            outcome.wrong.append(f"{about}: {ref} kwam {len(again)} keer aan, en de dienst kan het zeggen")
        for yes in again[:-1]:
            why = excuses.of(yes)
            if why:
                outcome.doubles.append(f"{ref} ({about}, {yes.kind}): {why}")
            else:
                outcome.wrong.append(f"{about}: {yes.channel} {ref} kwam dubbel aan en niets verklaart het")


def _judge_pair(
    made: Made,
    closing: Closing,
    found: Sequence[Yes],
    called: int,
    listed: bool,
    refused: set[str],
    excuses: _Excuses,
    later: Sequence[float],
    outcome: Outcome,
) -> None:
    """How one melder heard of one closing. later: when he got messages that his reopening, or a later
    end, is in, and when the ends came that he will be phoned about."""
    who, where = made.who, f"{made.number} (melder {made.who.number}, {made.who.kind}, W{closing.opdracht})"
    wrong, counts = outcome.wrong, outcome.counts
    for yes in found:
        if yes.at < closing.asked_at:
            wrong.append(f"{where}: hoorde het {closing.asked_at - yes.at:.1f} s voor de afhandeling")
    if called > 1:
        wrong.append(f"{where}: {called} terugbelnotities")
    refs = list(dict.fromkeys(yes.ref for yes in found))
    if made.withdrawn_at:
        counts["ingetrokken"] += 1
        wrong.extend(f"{where}: ingetrokken, en toch een gereedmelding" for _ in found[:1])
        return
    if not who.contact and not who.device:
        counts["anoniem: volgt het zelf"] += 1
        wrong.extend(f"{where}: anoniem, en toch bericht" for _ in range(min(1, len(found) + called)))
        return
    if not found:
        if made.reopened and not called and not listed and any(c > closing.asked_at for c in later):
            counts["in één met zijn heropening"] += 1
            return
        _judge_unheard(who, where, called, listed, refused, outcome)
        return
    last = [yes for yes in found if yes.ref == refs[-1]]
    unsure = [yes for yes in found if yes.ref != refs[-1]] + (last if called else [])
    if found[0].channel == "email":  # no quiet hours: what is left are the disasters
        outcome.waits_s.append(max(0.0, found[0].at - closing.answered_at))
    if not unsure:
        counts[f"gehoord per {last[-1].channel}"] += 1
        return
    blank = [yes for yes in unsure if not excuses.of(yes)]
    if blank:
        wrong.append(f"{where}: hoorde het over {len(refs) + called} wegen ({', '.join(refs)}), en niets verklaart het")
    else:
        counts["gehoord, en na twijfel nog over een andere weg"] += 1
        outcome.double_refs |= {yes.ref for yes in unsure}
        outcome.doubles.append(f"{unsure[0].ref} ({where}): andere weg na {excuses.of(unsure[-1])}")


def _judge_unheard(
    who: plan.Melder, where: str, called: int, listed: bool, refused: set[str], outcome: Outcome
) -> None:
    """Nobody wrote to him: he stands on a list, and there is a reason for that."""
    if not called and not listed:
        outcome.wrong.append(f"{where}: VERLOREN: geen bericht en op geen lijst")
        return
    outcome.counts["wordt gebeld (terugbelnotitie)" if called else "op de lijst 'niet bereikbaar'"] += 1
    first_choice = who.reach[0] if who.reach else "lijst"
    if first_choice in WRITTEN and not any(plan.belongs_to(address, who) for address in refused):
        outcome.wrong.append(f"{where}: op een lijst, maar geen dienst weigerde iets")


def _withdrawn(taken: Sequence[Yes], book: Book, refused: set[str], outcome: Outcome) -> None:
    """After a withdrawal comes its confirmation, unless a provider refused it, and nothing more."""
    confirmed: Counter[str] = Counter()
    for yes in taken:
        for number in yes.meldingen:
            made = book.meldingen[number]
            if made.withdrawn_at and yes.kind == "ingetrokken":
                confirmed[number] += 1
            elif made.withdrawn_at and yes.at > made.withdrawn_at + GRACE_S:
                outcome.wrong.append(f"{number}: ingetrokken, en daarna nog een bericht ({yes.kind})")
    for number, made in book.meldingen.items():
        reachable = made.who.reach[:1] and made.who.reach[0] in WRITTEN
        if not made.withdrawn_at or not reachable or confirmed[number]:
            continue
        if not any(plan.belongs_to(address, made.who) for address in refused):
            outcome.wrong.append(f"{number}: ingetrokken, en daar kwam geen bevestiging van")

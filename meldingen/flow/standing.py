"""How a melding stands now, as its melder may know it: its parts, its status in words, who has it, what we asked.

Pure where it counts: `Part.words`, `status_words` and `handlers` turn facts into words. Teams and parties are named,
colleagues never. What happened before: timeline.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ..domain.notices import date_words
from ..domain.sentence import say, say_together
from ..domain.workflow import (
    AFGEHANDELD,
    BIJ_PARTIJ,
    DOORGEZET,
    DOORVERWEZEN,
    GEREED,
    HEROPEND,
    IN_BEHANDELING,
    INGEPLAND,
    INGETROKKEN,
    NIET_OPGELOST,
    NIEUW,
    ONTVANGEN,
    OPEN,
    OPGELOST,
    OPGEPAKT,
    OVERGEDRAGEN,
    VERVALLEN,
    WACHT_OP_MELDER,
)
from ..store.dossier import ClosingRow, Dossier
from .library import reason_sentence

OUTCOME_WORDS = {OPGELOST: say("Opgelost"), NIET_OPGELOST: say("Niet opgelost"), OVERGEDRAGEN: say("Overgedragen")}
PART_WORDS = {
    NIEUW: say("Ligt klaar bij het team"),
    OPGEPAKT: say("Wij zijn ermee bezig"),
    INGEPLAND: say("Ingepland"),
    WACHT_OP_MELDER: say("Wij wachten op een antwoord"),
    BIJ_PARTIJ: say("Doorgezet"),
    VERVALLEN: say("Vervallen"),
}
STATUS_WORDS = {
    ONTVANGEN: say("Ontvangen"),
    IN_BEHANDELING: say("Wij zijn ermee bezig"),
    INGEPLAND: say("Ingepland"),
    WACHT_OP_MELDER: say("Wij wachten op uw antwoord"),
    HEROPEND: say("Wij kijken er opnieuw naar"),
    INGETROKKEN: say("Ingetrokken"),
}


PUBLIC_WORDS = {
    NIEUW: say("Gemeld"),
    OPGEPAKT: say("Wij zijn ermee bezig"),
    INGEPLAND: say("Ingepland"),
    WACHT_OP_MELDER: say("Wij zijn ermee bezig"),
    BIJ_PARTIJ: say("Een andere organisatie doet dit"),
    OPGELOST: say("Opgelost"),
    NIET_OPGELOST: say("Niet opgelost"),
    OVERGEDRAGEN: say("Aan een andere organisatie gegeven"),
}
"""How an opdracht stands, by its outcome or else its status, for who has nothing to do with it."""


@dataclass(frozen=True)
class Part:
    """One opdracht of a melding, as its melder may know it. sentence: of the latest closing. redone: its closing did
    not hold, and another took its place. safe: it was spoed, the danger is gone and the repair is still to come."""

    opdracht_id: int
    status: str
    category_name: str
    team_name: str
    partner: bool = False
    planned_on: date | None = None
    expected_on: date | None = None
    outcome: str | None = None
    sentence: str = ""
    redone: bool = False
    safe: bool = False

    def words(self, today: date) -> str:
        """How this part stands, in a few words: "Opgelost: Het bord is vervangen."."""
        if self.status == GEREED and self.outcome:
            return with_sentence(OUTCOME_WORDS[self.outcome], self.sentence)
        if self.status == INGEPLAND and self.planned_on:
            return say("Ingepland voor %(dag)s", dag=date_words(self.planned_on, today))
        if self.status == BIJ_PARTIJ and self.expected_on:
            day = date_words(self.expected_on, today)
            return say("Doorgezet naar %(naam)s, die denkt klaar te zijn op %(dag)s", naam=self.team_name, dag=day)
        if self.status == BIJ_PARTIJ:
            return say("Doorgezet naar %(naam)s", naam=self.team_name)
        return PART_WORDS[self.status]


@dataclass(frozen=True)
class Asked:
    """What a team wants to know of this melder now."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Handler:
    """Who has a part of a melding: a team of ours, or a party outside. done: that part is ready."""

    name: str
    partner: bool
    done: bool


def status_words(status: str, parts: Sequence[Part], *, referred_to: str, today: date) -> str:
    """How a melding stands, as its melder reads it: the outcome, not the code (KLANTREIS "Status of a melding")."""
    live = [part for part in parts if part.status != VERVALLEN and not part.redone]
    done = [part for part in live if part.status == GEREED]
    if status == DOORVERWEZEN:
        return say("Doorverwezen naar %(naam)s", naam=referred_to)
    if status == AFGEHANDELD and done:
        outcomes = {part.outcome for part in done}
        if len(outcomes) == 1:
            return done[-1].words(today) if len(done) == 1 else OUTCOME_WORDS[str(done[0].outcome)]
        return say("Klaar, maar niet alles is opgelost")
    if done and any(part.status in OPEN for part in live) and status not in (HEROPEND, INGETROKKEN):
        return say("Deels klaar")
    if status == DOORGEZET:
        with_them = [part for part in live if part.status == BIJ_PARTIJ]
        if len(with_them) == 1:
            return with_them[0].words(today)
        names = sorted({part.team_name for part in live if part.status == BIJ_PARTIJ})
        return say("Doorgezet naar %(naam)s", naam=" en ".join(names)) if names else say("Doorgezet")
    if status == INGEPLAND:
        days = [part.planned_on for part in live if part.planned_on]
        return say("Ingepland voor %(dag)s", dag=date_words(max(days), today)) if days else say("Ingepland")
    return STATUS_WORDS.get(status, say("Afgehandeld"))


def parts_of(dossier: Dossier) -> list[Part]:
    """The opdrachten of a melding as its melder may know them, oldest first."""
    latest = {closing.opdracht_id: closing for closing in dossier.closings}
    redone = {row.reopened_from_id for row in dossier.work if row.status != VERVALLEN}
    parts = []
    for row in dossier.work:
        holder = dossier.teams.get(row.team_id)
        chosen = dossier.kinds.get(row.category_id)
        closing = latest.get(row.id)
        parts.append(
            Part(
                opdracht_id=row.id,
                status=row.status,
                category_name=chosen.name if chosen else "",
                team_name=holder.name if holder else "",
                partner=bool(holder and holder.is_partner),
                planned_on=row.planned_on,
                expected_on=row.party_expected_on,
                outcome=row.outcome,
                sentence=closing_sentence(closing) if closing else "",
                redone=row.id in redone,
                safe=row.safe_at is not None and not row.danger and row.status in OPEN,
            )
        )
    return parts


def handlers(parts: Sequence[Part]) -> list[Handler]:
    """Who has or did it, each once, in the order of the parts; parts that lapsed or did not hold have nobody."""
    found: dict[str, Handler] = {}
    for part in parts:
        if part.team_name and part.status != VERVALLEN and not part.redone:
            done = part.status == GEREED and (part.team_name not in found or found[part.team_name].done)
            found[part.team_name] = Handler(part.team_name, part.partner, done)
    return list(found.values())


def open_question(dossier: Dossier) -> Asked | None:
    """The newest question that a waiting opdracht asked of this melding; None when none waits for him."""
    waiting = {row.id for row in dossier.work if row.status == WACHT_OP_MELDER}
    mine = [
        event
        for event in dossier.events
        if event.kind == "vraag_gesteld"
        and event.opdracht_id in waiting
        and event.facts.get("melding_id") == dossier.melding.id
    ]
    if not mine:
        return None
    text = next((note.text for note in dossier.notes if note.id == mine[-1].facts.get("note_id")), "")
    return Asked(mine[-1].at, text) if text else None


def closing_sentence(closing: ClosingRow) -> str:
    """What the melder reads of a closing: the reason in words, the team's own sentence, and who has it now."""
    reason = reason_sentence(closing.reason)
    partner = say("Neem contact op met: %(naam)s", naam=closing.partner) if closing.partner else ""
    said = closing.sentence if closing.sentence != reason else ""
    return say_together(reason, said, partner)


def with_sentence(words: str, sentence: str) -> str:
    """Words with what somebody wrote after them: "Opgelost: Het bord is vervangen."."""
    return say("%(woorden)s: %(zin)s", woorden=words, zin=sentence) if sentence else say("%(woorden)s.", woorden=words)

"""What happened to a melding, told to its melder in plain Dutch: one timeline for the API and the volgpagina.

Pure where it counts: `tell` and `status_words` turn facts into sentences. Never names a colleague or another melder,
and says nothing of notes between colleagues. Messages have their own words (defaults/texts).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ..domain.deadlines import local_day
from ..domain.notices import date_words
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
from ..store import category, history, journal, opdracht
from ..store.melding import Melding
from .library import delay_sentence, reason_sentence

LINKING = ("toegewezen", "samengevoegd", "gesplitst", "heropend", "losgemaakt")
OUTCOME_WORDS = {OPGELOST: "Opgelost", NIET_OPGELOST: "Niet opgelost", OVERGEDRAGEN: "Overgedragen"}
PART_WORDS = {
    NIEUW: "Ligt klaar bij het team",
    OPGEPAKT: "Wij zijn ermee bezig",
    INGEPLAND: "Ingepland",
    WACHT_OP_MELDER: "Wij wachten op een antwoord",
    BIJ_PARTIJ: "Doorgezet",
    VERVALLEN: "Vervallen",
}
STATUS_WORDS = {
    ONTVANGEN: "Ontvangen",
    IN_BEHANDELING: "Wij zijn ermee bezig",
    INGEPLAND: "Ingepland",
    WACHT_OP_MELDER: "Wij wachten op uw antwoord",
    HEROPEND: "Wij kijken er opnieuw naar",
    INGETROKKEN: "Ingetrokken",
}


@dataclass(frozen=True)
class Line:
    """One line of the timeline: when (UTC), and what, in a sentence."""

    at: datetime
    text: str


@dataclass(frozen=True)
class Part:
    """One opdracht of a melding, as its melder may know it. sentence: of the latest closing. redone: its closing did
    not hold, and another took its place."""

    opdracht_id: int
    status: str
    category_name: str
    team_name: str
    partner: bool = False
    planned_on: date | None = None
    outcome: str | None = None
    sentence: str = ""
    redone: bool = False

    def words(self, today: date) -> str:
        """How this part stands, in a few words: "Opgelost: Het bord is vervangen."."""
        if self.status == GEREED and self.outcome:
            return _with_sentence(OUTCOME_WORDS[self.outcome], self.sentence)
        if self.status == INGEPLAND and self.planned_on:
            return f"Ingepland voor {date_words(self.planned_on, today)}"
        if self.status == BIJ_PARTIJ:
            return f"Doorgezet naar {self.team_name}"
        return PART_WORDS[self.status]


@dataclass(frozen=True)
class Happening:
    """One event of the journal, with the words it refers to looked up. own: about this melding itself."""

    at: datetime
    kind: str
    opdracht_id: int | None
    facts: Mapping[str, Any]
    own: bool
    team_name: str = ""
    partner: bool = False
    text: str = ""


def tell(happenings: Iterable[Happening], *, melding_id: int, referred_to: str, today: date) -> list[Line]:
    """The timeline, oldest first. Photos that came together are one line; what melders need not know has none."""
    lines: list[Line] = []
    photos: list[Happening] = []
    for happening in happenings:
        if happening.kind == "foto_ontvangen":
            if not happening.own:
                continue
            if photos and happening.at == photos[-1].at:
                lines.pop()
            else:
                photos = []
            photos.append(happening)
            count = "een foto" if len(photos) == 1 else f"{len(photos)} foto's"
            lines.append(Line(happening.at, f"U stuurde {count}."))
            continue
        text = _sentence(happening, melding_id, referred_to, today)
        if text:
            lines.append(Line(happening.at, text))
    return lines


def _sentence(event: Happening, melding_id: int, referred_to: str, today: date) -> str:
    """What one event means to the melder; empty when it is none of his concern."""
    team_named = event.team_name or "een team"
    match event.kind:
        case "ontvangen":
            return "Wij hebben uw melding ontvangen."
        case "doorverwezen":
            return f"Deze plek hoort bij {referred_to}. Wij hebben uw melding vastgelegd en verwijzen u naar hen."
        case "toegewezen" | "overgedragen" | "teruggegeven":
            if event.kind == "overgedragen" and event.facts.get("from_team_id") == event.facts.get("team_id"):
                return ""
            return _at_team(event)
        case "samengevoegd":
            return (
                "Anderen hebben dit ook gemeld. Wij lossen uw melding samen met die meldingen op." if event.own else ""
            )
        case "gesplitst":
            return f"Er is nog een team nodig. {_at_team(event)}"
        case "heropend":
            return "U liet weten dat het niet goed is. Wij kijken er opnieuw naar."
        case "losgemaakt":
            return f"Uw melding krijgt een eigen behandeling. {_at_team(event)}"
        case "opgepakt":
            return f"{_capital(team_named)} is ermee bezig."
        case "ingepland":
            planned = event.facts.get("planned_on")
            return f"Het werk is gepland voor {date_words(date.fromisoformat(planned), today)}." if planned else ""
        case "nieuwe_datum":
            promised = date_words(date.fromisoformat(event.facts["promised_on"]), today)
            reason = " ".join(part for part in (delay_sentence(event.facts.get("reason", "")), event.text) if part)
            words = f"Wij denken dat het klaar is op {promised.removeprefix('op ')}."
            return f"{words} {reason}".rstrip() if event.own else ""
        case "vraag_gesteld":
            if event.facts.get("melding_id") != melding_id:
                return "Wij wachten op meer informatie."
            return _with_sentence("Wij stelden u een vraag", event.text)
        case "afgehandeld":
            return _with_sentence(OUTCOME_WORDS[event.facts["outcome"]], event.text)
        case "aanvulling":
            return _with_sentence("U voegde iets toe", event.text)
        case "blijft_gesloten":
            return _with_sentence("Wij keken opnieuw. De melding blijft gesloten", event.text)
        case "veiliggesteld":
            return "Het is nu veilig. Wij maken het later helemaal in orde."
        case "intrekking_gevraagd":
            return "U vroeg ons om de melding in te trekken. Het team beslist daarover."
        case "intrekking_afgewezen":
            return "Het team maakt het werk toch af. U hoort van ons als het klaar is."
        case "gebeld":
            return "Wij hebben u gebeld." if event.facts.get("outcome") == "gesproken" else ""
        case "brief_gepost":
            return "Wij hebben u een brief gestuurd."
        case "ingetrokken":
            return "De melding is ingetrokken."
        case _:
            return ""


def status_words(status: str, parts: Sequence[Part], *, referred_to: str, today: date) -> str:
    """How a melding stands, as its melder reads it: the outcome, not the code (KLANTREIS "Status of a melding")."""
    live = [part for part in parts if part.status != VERVALLEN and not part.redone]
    done = [part for part in live if part.status == GEREED]
    if status == DOORVERWEZEN:
        return f"Doorverwezen naar {referred_to}"
    if status == AFGEHANDELD and done:
        outcomes = {part.outcome for part in done}
        if len(outcomes) == 1:
            return done[-1].words(today) if len(done) == 1 else OUTCOME_WORDS[str(done[0].outcome)]
        return "Klaar, maar niet alles is opgelost"
    if done and any(part.status in OPEN for part in live) and status not in (HEROPEND, INGETROKKEN):
        return "Deels klaar"
    if status == DOORGEZET:
        names = sorted({part.team_name for part in live if part.status == BIJ_PARTIJ})
        return f"Doorgezet naar {' en '.join(names)}" if names else "Doorgezet"
    if status == INGEPLAND:
        days = [part.planned_on for part in live if part.planned_on]
        return f"Ingepland voor {date_words(max(days), today)}" if days else "Ingepland"
    return STATUS_WORDS.get(status, "Afgehandeld")


def parts_of(session: Session, melding: Melding) -> list[Part]:
    """The opdrachten of a melding as its melder may know them, oldest first."""
    scope = [melding.gemeente_id]
    linked = opdracht.opdrachten_of(session, [melding.id], scope=scope)[melding.id]
    closings = opdracht.closures_of(session, [row.id for row in linked], scope=scope)
    teams = history.teams_ever(session, scope=scope)
    redone = {row.reopened_from_id for row in linked if row.status != VERVALLEN}
    parts = []
    for row in linked:
        holder = teams.get(row.team_id)
        chosen = category.category_by_id(session, row.category_id, scope=scope)
        closing = closings.get(row.id)
        parts.append(
            Part(
                opdracht_id=row.id,
                status=row.status,
                category_name=chosen.name if chosen else "",
                team_name=holder.name if holder else "",
                partner=bool(holder and holder.is_partner),
                planned_on=row.planned_on,
                outcome=row.outcome,
                sentence=_closing_sentence(closing) if closing else "",
                redone=row.id in redone,
            )
        )
    return parts


def timeline_of(session: Session, melding: Melding, *, now: datetime) -> list[Line]:
    """The timeline of a melding: its own events, and those of its opdrachten while it was linked to them."""
    scope = [melding.gemeente_id]
    links = history.links_of(session, melding.id, scope=scope)
    ids = {link.opdracht_id for link in links}
    events = journal.history_of(session, melding_ids=[melding.id], opdracht_ids=ids, scope=scope)
    mine = [event for event in events if _concerns(event, melding.id, links)]
    teams = history.teams_ever(session, scope=scope)
    notes = {
        row.id: row.text for row in journal.notes_of(session, melding_ids=[melding.id], opdracht_ids=ids, scope=scope)
    }
    closings = {row.id: row for row in history.closings_of(session, ids, scope=scope)}
    held: dict[int, int] = {}
    happenings = []
    for event in mine:
        if event.opdracht_id and "team_id" in event.facts:
            held[event.opdracht_id] = event.facts["team_id"]
        holder = teams.get(held.get(event.opdracht_id or 0, 0))
        closing = closings.get(event.facts.get("closure_id", 0))
        happenings.append(
            Happening(
                at=event.at,
                kind=event.kind,
                opdracht_id=event.opdracht_id,
                facts=event.facts,
                own=event.melding_id == melding.id,
                team_name=holder.name if holder else "",
                partner=bool(holder and holder.is_partner),
                text=_closing_sentence(closing) if closing else notes.get(event.facts.get("note_id", 0), ""),
            )
        )
    return tell(happenings, melding_id=melding.id, referred_to=melding.referred_to, today=local_day(now))


def _concerns(event: journal.Event, melding_id: int, links: Sequence[opdracht.Link]) -> bool:
    """Its own event, or one of an opdracht that nobody else's melding is the subject of, while the link held."""
    if event.melding_id is not None:
        return event.melding_id == melding_id
    return any(
        link.opdracht_id == event.opdracht_id and (event.kind in LINKING or event.at >= link.from_at)
        and (link.until_at is None or event.at < link.until_at)
        for link in links
    )  # fmt: skip


def _closing_sentence(closing: opdracht.Closure) -> str:
    """What the melder reads of a closing: the reason in words, the team's own sentence, and who has it now."""
    reason = reason_sentence(closing.reason)
    partner = f"Neem contact op met: {closing.partner}" if closing.partner else ""
    said = closing.sentence if closing.sentence != reason else ""
    return " ".join(text for text in (reason, said, partner) if text)


def _at_team(event: Happening) -> str:
    if event.partner:
        return f"Uw melding is doorgezet naar {event.team_name}. Wij houden u op de hoogte."
    return f"Uw melding ligt bij {event.team_name}." if event.team_name else ""


def _with_sentence(words: str, sentence: str) -> str:
    return f"{words}: {sentence}" if sentence else f"{words}."


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]

"""What happened to a melding, told to its melder in plain Dutch: one timeline for the API and the volgpagina.

Pure where it counts: `tell` turns facts into sentences. Never names a colleague or another melder, and says nothing of
notes between colleagues. How it stands now: standing.py. Messages have their own words (defaults/texts).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ..domain.deadlines import local_day
from ..domain.notices import date_words
from ..domain.sentence import say, say_together
from ..store.dossier import Dossier, EventRow, LinkRow
from .library import delay_sentence
from .standing import OUTCOME_WORDS, closing_sentence, with_sentence

LINKING = ("toegewezen", "samengevoegd", "gesplitst", "heropend", "losgemaakt")


@dataclass(frozen=True)
class Line:
    """One line of the timeline: when (UTC), and what, in a sentence."""

    at: datetime
    text: str


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
            several = say("U stuurde %(n)s foto's.", n=len(photos))
            lines.append(Line(happening.at, say("U stuurde een foto.") if len(photos) == 1 else several))
            continue
        text = _sentence(happening, melding_id, referred_to, today)
        if text:
            lines.append(Line(happening.at, text))
    return lines


def _sentence(event: Happening, melding_id: int, referred_to: str, today: date) -> str:
    """What one event means to the melder; empty when it is none of his concern."""
    match event.kind:
        case "ontvangen":
            return say("Wij hebben uw melding ontvangen.")
        case "doorverwezen":
            return say(
                "Deze plek hoort bij %(naam)s. Wij hebben uw melding vastgelegd en verwijzen u naar hen.",
                naam=referred_to,
            )
        case "toegewezen" | "overgedragen" | "teruggegeven":
            if event.kind == "overgedragen" and event.facts.get("from_team_id") == event.facts.get("team_id"):
                return ""
            return _at_team(event)
        case "samengevoegd":
            return (
                say("Anderen hebben dit ook gemeld. Wij lossen uw melding samen met die meldingen op.")
                if event.own
                else ""
            )
        case "gesplitst":
            return say_together(say("Er is nog een team nodig."), _at_team(event))
        case "heropend":
            return say("U liet weten dat het niet goed is. Wij kijken er opnieuw naar.")
        case "losgemaakt":
            return say_together(say("Uw melding krijgt een eigen behandeling."), _at_team(event))
        case "opgepakt":
            return (
                say("%(team)s is ermee bezig.", team=_capital(event.team_name))
                if event.team_name
                else say("Een team is ermee bezig.")
            )
        case "ingepland":
            planned = event.facts.get("planned_on")
            return (
                say("Het werk is gepland voor %(dag)s.", dag=date_words(date.fromisoformat(planned), today))
                if planned
                else ""
            )
        case "partij_verwacht":
            day = date_words(date.fromisoformat(event.facts["expected_on"]), today)
            return say("%(naam)s denkt klaar te zijn op %(dag)s.", naam=_capital(event.team_name), dag=day)
        case "nieuwe_datum":
            promised = date_words(date.fromisoformat(event.facts["promised_on"]), today)
            reason = delay_sentence(event.facts.get("reason", ""))
            words = say("Wij denken dat het klaar is op %(dag)s.", dag=promised)
            return say_together(words, reason, event.text) if event.own else ""
        case "vraag_gesteld":
            if event.facts.get("melding_id") != melding_id:
                return say("Wij wachten op meer informatie.")
            return with_sentence(say("Wij stelden u een vraag"), event.text)
        case "afgehandeld":
            return with_sentence(OUTCOME_WORDS[event.facts["outcome"]], event.text)
        case "aanvulling":
            return with_sentence(say("U voegde iets toe"), event.text)
        case "oordeel":
            return _said(event.facts)
        case "blijft_gesloten":
            return with_sentence(say("Wij keken opnieuw. De melding blijft gesloten"), event.text)
        case "ander_loket":
            return say("Uw bericht is ook iets voor een ander loket van de gemeente. Wij gaven het door.")
        case "geen_ander_loket":
            return say("Uw bericht is toch niet voor een ander loket. Het blijft bij ons.")
        case "veiliggesteld":
            return say("Het is nu veilig. Wij maken het later helemaal in orde.")
        case "intrekking_gevraagd":
            return say("U vroeg ons om de melding in te trekken. Het team beslist daarover.")
        case "intrekking_afgewezen":
            return say("Het team maakt het werk toch af. U hoort van ons als het klaar is.")
        case "gebeld":
            return say("Wij hebben u gebeld.") if event.facts.get("outcome") == "gesproken" else ""
        case "brief_gepost":
            return say("Wij hebben u een brief gestuurd.")
        case "ingetrokken":
            return say("De melding is ingetrokken.")
        case _:
            return ""


def timeline_of(dossier: Dossier, *, now: datetime, hide_words: bool = False) -> list[Line]:
    """The timeline of a melding: its own events, and those of its opdrachten while it was linked to them.

    hide_words: without what the melder added, for others when it is abuse.
    """
    melding, links = dossier.melding, dossier.links
    undone = {event.facts["event_id"] for event in dossier.events if event.kind == "teruggedraaid"}
    mine = [event for event in dossier.events if event.id not in undone and _concerns(event, melding.id, links)]
    notes = {row.id: row.text for row in dossier.notes if not (hide_words and row.kind == "aanvulling")}
    closings = {row.id: row for row in dossier.closings}
    held: dict[int, int] = {}
    happenings = []
    for event in mine:
        if event.opdracht_id and "team_id" in event.facts:
            held[event.opdracht_id] = event.facts["team_id"]
        holder = dossier.teams.get(held.get(event.opdracht_id or 0, 0))
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
                text=closing_sentence(closing) if closing else notes.get(event.facts.get("note_id", 0), ""),
            )
        )
    return tell(happenings, melding_id=melding.id, referred_to=melding.referred_to, today=local_day(now))


def _concerns(event: EventRow, melding_id: int, links: Sequence[LinkRow]) -> bool:
    """Its own event, or one of an opdracht that nobody else's melding is the subject of, while the link held."""
    if event.melding_id is not None:
        return event.melding_id == melding_id
    return any(
        link.opdracht_id == event.opdracht_id and (event.kind in LINKING or event.at >= link.from_at)
        and (link.until_at is None or event.at < link.until_at)
        for link in links
    )  # fmt: skip


def _said(facts: Mapping[str, Any]) -> str:
    """What he answered about the end. "Not solved" opened the melding again, which is a line of its own."""
    if facts.get("asked") == "opgelost":
        return say("U liet weten dat het is opgelost.") if facts.get("answer") else ""
    return (
        say("U liet weten dat onze uitleg duidelijk is.")
        if facts.get("answer")
        else say("U liet weten dat onze uitleg niet duidelijk is.")
    )


def _at_team(event: Happening) -> str:
    if event.partner:
        return say("Uw melding is doorgezet naar %(naam)s. Wij houden u op de hoogte.", naam=event.team_name)
    return say("Uw melding ligt bij %(naam)s.", naam=event.team_name) if event.team_name else ""


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]

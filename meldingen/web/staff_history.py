"""The history of a melding or opdracht in words for staff: who did what, when. The melder's own: flow/timeline.py.

Sentences are made from codes and ids of the journal; the words people wrote are looked up beside them.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from ..domain.abuse import words_shown
from ..domain.loketten import WORDS as LOKETTEN
from ..domain.notice_words import BY_WORDS, KIND_WORDS
from ..domain.workflow import move_named
from ..flow.library import delay_reasons
from ..store import account, category, journal, opdracht, team
from ..store.journal import Event
from ..store.melding import abuse_of
from .taal import date_words

OUTCOMES = {"opgelost": "opgelost", "niet_opgelost": "niet opgelost", "overgedragen": "overgedragen"}
CHANNELS = {
    "app": "de app",
    "e_formulier": "het formulier",
    "telefoon": "de telefoon",
    "balie": "de balie",
    "e_mail": "e-mail",
    "post": "de post",
    "social_media": "social media",
    "eigen_waarneming": "eigen waarneming",
    "partner": "een andere app",
}
MAILED = {
    "e_mail": "De melder vulde iets aan, per e-mail.",
    "e_mail_ander_adres": "Aanvulling per e-mail, van een ander adres dan dat van de melder.",
}
JOINED = {
    "dit_heb_ik_ook": "De melder zei: dit heb ik ook.",
    "vanzelf": "Vanzelf: dezelfde soort, vlakbij.",
    "beller": "Het KCC sloot de beller aan.",
    "medewerker": "",
}

NOBODY: Mapping[int, str] = {}


@dataclass(frozen=True)
class Told:
    """One line: when, what, by whom, and the words that were written (as stored; the page masks where it must)."""

    at: datetime
    what: str
    who: str
    words: str = ""
    version: int | None = None
    opdracht_id: int | None = None


@dataclass(frozen=True)
class _Names:
    teams: Mapping[int, str]
    categories: Mapping[int, str]
    accounts: Mapping[int, str]


def tell_history(
    session: Session,
    *,
    melding_ids: Collection[int] = (),
    opdracht_ids: Collection[int] = (),
    name_people: bool = True,
    opened: int | None = None,
    scope: Collection[int],
) -> list[Told]:
    """The history, oldest first, in seven queries. opened: the melding whose hidden words may be
    shown. name_people False (an external party): roles instead of names."""
    events = journal.history_of(session, melding_ids=melding_ids, opdracht_ids=opdracht_ids, scope=scope)
    written = journal.notes_of(session, melding_ids=melding_ids, opdracht_ids=opdracht_ids, scope=scope)
    abuse = abuse_of(session, {n.melding_id for n in written if n.melding_id and n.kind == "aanvulling"}, scope=scope)
    notes = {
        n.id: words_shown(
            n.text, abuse.get(n.melding_id or 0, ""), opened=n.kind != "aanvulling" or n.melding_id == opened
        )
        for n in written
    }
    closures = {c.id: c for c in opdracht.closures_of(session, opdracht_ids, scope=scope).values()}
    names = _Names(
        {t.id: t.name for t in team.every_team(session, scope=scope)},
        {c.id: c.name for c in category.all_categories_of(session, scope=scope)},
        {a.id: a.name for a in account.accounts_of(session, scope=scope)} if name_people else {},
    )
    told = []
    for event in events:
        what = _sentence(event, names)
        if not what:
            continue
        closing = closures.get(event.facts.get("closure_id", 0))
        words = closing.sentence if closing else notes.get(event.facts.get("note_id", 0), "")
        author = who(event.actor, names.accounts, names.teams)
        told.append(Told(event.at, what, author, words, event.facts.get("version"), event.opdracht_id))
    return told


def who(label: str, accounts: Mapping[int, str], teams: Mapping[int, str] = NOBODY) -> str:
    """The author of an event in words, from its label such as `medewerker:12`; `partij:3` is a team."""
    kind, _, number = label.partition(":")
    if kind == "partij":
        return teams.get(int(number or 0), "een externe partij")
    if kind == "medewerker":
        return accounts.get(int(number or 0), "een medewerker")
    return {"melder": "de melder", "anoniem": "de melder", "machine": "een andere app"}.get(kind, "het systeem")


def changes_since(told: Sequence[Told], version: int) -> list[Told]:
    """What moved after the version somebody had before him, for "intussen gewijzigd"."""
    return [line for line in told if line.version is not None and line.version > version]


def _sentence(event: Event, names: _Names) -> str:
    facts: Mapping[str, Any] = event.facts
    to_team = names.teams.get(facts.get("team_id", 0), "een team")
    match event.kind:
        case "ontvangen":
            by_words = " Spoed door woorden in de tekst." if facts.get("gevaar_uit_woorden") else ""
            suspected = " De tekst klinkt gevaarlijk." if facts.get("gevaar_vermoed") else ""
            return f"Ontvangen via {CHANNELS.get(facts.get('channel', ''), 'een ander kanaal')}.{by_words}{suspected}"
        case "doorverwezen":
            return "Vastgelegd en doorverwezen naar een andere gemeente."
        case "gevaar_bevestigd":
            moved = facts.get("from_team_id") != facts.get("team_id")
            return f"Het is gevaarlijk: nu spoed.{f' Nu bij {to_team}.' if moved else ''}"
        case "toegewezen":
            return f"Toegewezen aan {to_team}."
        case "losgemaakt":
            return f"Eigen opdracht gekregen, voor {to_team}."
        case "heropend":
            return f"Heropend: het is niet opgelost. Eerst naar {to_team}."
        case "gesplitst":
            return f"Afgesplitst als aparte opdracht, voor {to_team}."
        case "overgedragen":
            return _handed_over(facts, names, to_team)
        case "teruggegeven":
            return f"Teruggegeven. Nu bij {to_team}."
        case "samengevoegd":
            return f"Melding aangesloten bij deze opdracht. {JOINED.get(facts.get('reason', ''), '')}".strip()
        case "ingepland":
            planned = facts.get("planned_on")
            return f"Ingepland voor {date_words(date.fromisoformat(planned))}." if planned else "Ingepland."
        case "partij_verwacht" | "partij_te_laat":
            day = date_words(date.fromisoformat(facts["expected_on"]))
            if event.kind == "partij_te_laat":
                return f"{to_team} zou klaar zijn op {day}. De coördinator weet dat dit niet is gelukt."
            return f"{to_team} denkt klaar te zijn op {day}."
        case "partij_gezien":
            return f"{to_team} opende de opdracht voor het eerst."
        case "uitgesteld" | "automatisch_uitgesteld":
            who = "Het systeem noemde zelf" if event.kind == "automatisch_uitgesteld" else "Nieuwe datum:"
            label = delay_label(facts.get("reason", ""))
            return f"{who} {date_words(date.fromisoformat(facts['promised_on']))}. {label}".rstrip()
        case "termijn_in_gevaar" | "op_tijd":
            asked = event.kind == "termijn_in_gevaar"
            due = date_words(date.fromisoformat(facts["due_on"]))
            return (
                f"Het team is om een nieuwe datum gevraagd. De termijn loopt tot {due}."
                if asked
                else (f"Het team haalt de termijn van {due}.")
            )
        case "afgehandeld":
            return f"Afgehandeld: {OUTCOMES.get(facts.get('outcome', ''), '')}."
        case "grof_gemarkeerd":
            return {
                "grof": "De tekst is verborgen: grof.",
                "bedreiging": "De tekst is verborgen: een bedreiging.",
            }.get(facts.get("abuse", ""), "De tekst is weer te lezen.")
        case "ander_loket" | "loket_gemaild" | "geen_ander_loket":
            what = LOKETTEN.get(facts.get("desk", ""), "")
            return {
                "ander_loket": f"Naar een ander loket: {what.lower()}.",
                "loket_gemaild": f"De feiten zijn gemaild naar het loket: {what.lower()}.",
            }.get(event.kind, f"Toch geen {what.lower()}.")
        case "bericht_opnieuw":
            name, way = KIND_WORDS.get(facts.get("kind", ""), ""), BY_WORDS.get(facts.get("channel", ""), "")
            return f"Op verzoek nog een keer gestuurd {way}: “{name}”."
        case "brief_gepost":
            return "Brief op de post gedaan."
        case "gebeld":
            return "Gebeld: gesproken." if facts.get("outcome") == "gesproken" else "Gebeld: niet bereikt."
        case "aanvulling" if facts.get("came_by"):
            return MAILED[facts["came_by"]]
        case "oordeel":
            about = "Is het opgelost?" if facts.get("asked") == "opgelost" else "Is onze uitleg duidelijk?"
            return f"{about} De melder zei: {'ja' if facts.get('answer') else 'nee'}."
        case "oordeel_aangevuld":
            said = [] if facts.get("enough") is None else [f"hoorde {'' if facts['enough'] else 'niet '}genoeg van ons"]
            said += [f"cijfer {facts['mark']}"] if facts.get("mark") else []
            return f"De melder over ons: {', '.join(said)}." if said else ""
        case "veiliggesteld":
            moved = facts.get("from_team_id") != facts.get("team_id")
            return f"Veiliggesteld. Het gevaar is weg.{f' Nu bij {to_team}.' if moved else ''}"
        case "dienst_gewisseld":
            return f"Niet opgepakt toen de dienst wisselde. Nu bij {to_team}, met alarm."
        case "niet_geaccepteerd":
            return f"Na {facts.get('number') or 15} minuten niet opgepakt. De melder leest: bel ons nu."
        case "geweigerd":
            return f"Niet uitgevoerd: {move_named(facts['action']).words.lower()}."
        case _:
            return _PLAIN.get(event.kind, "")


_PLAIN = {
    "link_gestuurd": "De link om te volgen is naar de melder gestuurd.",
    "einde_opnieuw_verteld": "Het einde gaat opnieuw naar de melder, op zijn nieuwe adres of nummer.",
    "opgepakt": "Opgepakt.",
    "teruggedraaid": "Afhandelen ongedaan gemaakt. De melder kreeg er geen bericht van.",
    "geen_gevaar": "Bekeken: niet gevaarlijk.",
    "gevaar_vermoed": "De melder schreef iets dat gevaarlijk klinkt.",
    "gevaar_uit_woorden": "De melder schreef over gevaar: nu spoed.",
    "vraag_gesteld": "Vraag gesteld aan de melder. De termijn staat stil.",
    "gesplitst_van": "Er is een tweede opdracht van gemaakt.",
    "samengevoegd_met": "Samengevoegd met een andere opdracht. Deze vervalt.",
    "samenvoeging": "Een andere opdracht is hierbij gevoegd.",
    "melder_weg": "Een melder trok zijn melding in.",
    "herinnerd": "De vraag is nog een keer gesteld.",
    "niet_beantwoord": "Er kwam geen antwoord. De termijn loopt weer.",
    "beantwoord": "De opdracht wacht niet meer op de melder.",
    "losgemaakt_van": "Een melding is losgemaakt van deze opdracht.",
    "aanvulling": "De melder vulde iets aan.",
    "notitie": "Notitie.",
    "ingetrokken": "Ingetrokken.",
    "intrekking_gevraagd": "De melder vroeg om intrekken. Het team beslist.",
    "intrekking_afgewezen": "Intrekken niet goedgevonden. Het werk gaat door.",
    "foto_ontvangen": "Foto ontvangen.",
    "foto_onleesbaar": "Een foto was niet leesbaar.",
    "foto_openbaar": "Iedereen mag een foto zien.",
    "foto_niet_openbaar": "Een foto is niet meer openbaar.",
    "terugbelnotitie_genomen": "Een medewerker zei: ik bel.",
    "terugbelnotitie_teruggegeven": "De terugbelnotitie is teruggegeven.",
    "terugbellen_gestopt": "Niemand nam op. Wij bellen niet meer.",
    "terugbelnotitie_gemaakt": "Terugbelnotitie gemaakt.",
    "blijft_gesloten": "Opnieuw bekeken: blijft gesloten.",
    "partij_vraagt": "Vraag van de externe partij.",
    "partij_antwoord": "Antwoord aan de externe partij.",
    "alarm_herhaald": "Nog niet opgepakt. Er ging opnieuw alarm.",
    "antwoord_ontvangen": "Het team kreeg bericht van een antwoord.",
    "taak_klaar": "Taak klaar.",
    "antwoord_gelezen": "Antwoord gelezen.",
    "contact_gewijzigd": "Gegevens van de melder aangepast.",
    "apparaat_aangemeld": "De melder zette berichten op een apparaat aan.",
    "apparaat_afgemeld": "De melder zette berichten op het apparaat uit.",
    "bevroren": "Alles wordt bewaard zolang de zaak loopt.",
    "ontdooid": "De gewone bewaartermijnen gelden weer.",
    "gebruik_beperkt": "Het gebruik van de gegevens is beperkt.",
    "gebruik_hersteld": "De gegevens worden weer gewoon gebruikt.",
    "gewist": "De gegevens van de melder zijn gewist.",
}


def delay_label(slug: str) -> str:
    """A reason for a new date as staff read it; empty without one."""
    known = delay_reasons().get(slug)
    return f"{known.label}." if known else ""


def _handed_over(facts: Mapping[str, Any], names: _Names, to_team: str) -> str:
    chosen = names.categories.get(facts.get("category_id", 0), "")
    if facts.get("from_team_id") == facts.get("team_id"):
        return f"Andere categorie: {chosen}."
    return f"Overgedragen aan {to_team}, categorie {chosen}." if chosen else f"Overgedragen aan {to_team}."

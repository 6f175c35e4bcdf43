"""What a bericht tells: facts of the event that caused it and of rows that never change, seen when it is first sent.

Never the current status: a quick close-and-reopen must not send the wrong words (KLANTREIS rule 2). How the facts are
worded is for texts.py and the templates.
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy.orm import Session

from ..domain import tokens
from ..domain.abuse import words_shown
from ..domain.deadlines import AMSTERDAM, last_day_of, local_day
from ..domain.loketten import sentence_of
from ..domain.notices import TEAM_KINDS, Channel, NoticeKind, date_words, when_words
from ..domain.numbers import show_number
from ..domain.text import mask_personal
from ..domain.workflow import NIET_OPGELOST, OPGELOST, OVERGEDRAGEN
from ..settings import Settings
from ..store import category, gemeente, journal, opdracht, photo, team
from ..store.category import OTHER, Category
from ..store.gemeente import Gemeente
from ..store.journal import Event
from ..store.melding import Melding
from ..store.notice import Notice
from ..store.opdracht import Closure, Opdracht
from ..store.team import Team
from . import party_links
from .library import delay_sentence, reason_sentence
from .texts import Facts

_WEEKDAYS = ("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag")
_LATE: Final = (Channel.TELEFOON, Channel.BRIEF)
"""These reach a melder days after they were written: they name a date, never "vanmorgen"."""
HAS_PHOTO: Final = "Op uw eigen pagina staat een foto van hoe het nu is."
_TELLS_OF = {
    NoticeKind.GEREED: OPGELOST,
    NoticeKind.NIET_OPGELOST: NIET_OPGELOST,
    NoticeKind.OVERGEDRAGEN: OVERGEDRAGEN,
}


def facts_for_melder(
    session: Session,
    settings: Settings,
    notice: Notice,
    event: Event,
    melding: Melding,
    channel: str,
    *,
    home: Gemeente | None = None,
    chosen: Category | None = None,
    now: datetime,
) -> Facts:
    """What this bericht tells one melder, at the moment `now` of the first sending. home, chosen: its gemeente and the
    melder's own category, when they are in hand."""
    scope = [notice.gemeente_id]
    home = home or gemeente.gemeente_by_id(session, notice.gemeente_id)
    closure = _closure(session, notice, event, melding)
    chosen = chosen or _category(session, melding.category_id or event.facts.get("category_id"), scope[0])
    when = _when(melding.received_at, channel, now)
    link = follow_link(settings, melding)
    values = {
        "wat": _what(chosen),
        "wanneer": when,
        "dag": when.split(" om ")[0],
        "plaats": melding.address or melding.location_note,
        "nummer": show_number(melding.number),
        "zin": _sentence(session, home, notice, event, melding, closure, now),
        "reden": reason_sentence(closure.reason) if closure else "",
        "datum": _promise(notice, event, melding, now),
        "foto": HAS_PHOTO if closure is not None and _has_photo(session, closure) else "",
        "storm": storm_text(home, now),
        "klacht": str(home.policy.get("klacht", "")) or home.phone,
        "code": _spaced(tokens.spoken_code(settings.secret_keys, melding.id, melding.token_generation)),
        "gemeente": home.name,
        "telefoon": home.phone,
        "link": link,
        "link_ja": f"{link}?antwoord=ja",
        "link_nee": f"{link}?antwoord=nee",
    }
    return Facts(home, values, _own_texts_of(chosen))


def facts_for_team(
    session: Session, settings: Settings, notice: Notice, event: Event, to: Team | None, *, now: datetime
) -> Facts:
    """What a bericht tells a team, or a medewerker (`to` None). An external party reads what the melder wrote masked,
    and its link is its way in.

    zin: what the melder said, of the place in an alarm and of anything in an answer; a question of a party, our answer.
    """
    scope = [notice.gemeente_id]
    if notice.kind == NoticeKind.OPDRACHTEN_PARTIJ and to is not None:
        return _facts_of_open_work(session, settings, event, to, now=now)
    work = _work(session, event, to)
    melders = opdracht.meldingen_of(session, work.id, scope=scope)
    said = ""
    if notice.kind == NoticeKind.ALARM:
        said = work.location_note or next((m.location_note for m in melders if m.location_note), "")
    elif notice.kind in (NoticeKind.ANTWOORD_ONTVANGEN, NoticeKind.PARTIJ_VRAAGT, NoticeKind.PARTIJ_ANTWOORD):
        said = _note(session, event)
    told_by = next((m for m in melders if m.id == event.melding_id), None)
    if notice.kind == NoticeKind.ANTWOORD_ONTVANGEN and told_by is not None:
        said = words_shown(said, told_by.abuse)
    home = gemeente.gemeente_by_id(session, notice.gemeente_id)
    chosen = _category(session, work.category_id, scope[0])
    when = when_words(work.received_at, now)
    values = {
        "wat": _what(chosen),
        "wanneer": when,
        "dag": when.split(" om ")[0],
        "plaats": mask_personal(work.address) if to is not None and to.is_partner else work.address,
        "nummer": show_number(melders[0].number) if melders else "",
        "zin": mask_personal(said) if to is not None and to.is_partner else said,
        "datum": date_words(last_day_of(work.due_at), local_day(now)),
        "gemeente": home.name,
        "telefoon": home.phone,
        "link": staff_link(session, settings, notice),
    }
    return Facts(home, values, _own_texts_of(chosen))


def staff_link(session: Session, settings: Settings, notice: Notice) -> str:
    """Where a bericht to a team or a medewerker leads: the opdracht it is about; a party has a way in of its own."""
    event = journal.event_by_id(session, notice.event_id, scope=[notice.gemeente_id])
    assert event is not None, "a foreign key holds the event"
    to = team.team_by_id(session, notice.team_id, scope=[notice.gemeente_id]) if notice.team_id else None
    if to is not None and notice.kind == NoticeKind.OPDRACHTEN_PARTIJ:
        return party_links.link_for(settings, to, None)
    work = _work(session, event, to)
    if to is not None and to.is_partner:
        return party_links.link_for(settings, to, work.id)
    return f"{settings.public_url}/team/{work.id}"


def accepted_since(session: Session, alarm: Notice) -> bool:
    """Whether somebody took up the opdracht after this alarm about it."""
    event = journal.event_by_id(session, alarm.event_id, scope=[alarm.gemeente_id])
    if event is None or event.opdracht_id is None:
        return False
    work = opdracht.opdracht_by_id(session, event.opdracht_id, scope=[alarm.gemeente_id])
    return work is not None and work.taken_up_at is not None and work.taken_up_at >= event.at


def _facts_of_open_work(session: Session, settings: Settings, event: Event, to: Team, *, now: datetime) -> Facts:
    """What a party reads of all that is open for it; of no single opdracht, so of no number and no kind."""
    home = gemeente.gemeente_by_id(session, event.gemeente_id)
    values = {
        "wat": "",
        "nummer": "",
        "opdrachten": party_links.list_of_work(session, event, to, now=now),
        "gemeente": home.name,
        "telefoon": home.phone,
        "link": party_links.link_for(settings, to, None),
    }
    return Facts(home, values)


SAMPLE_SENTENCES: Final[Mapping[str, str]] = {
    NoticeKind.VRAAG: "Aan welke kant van de weg is het?",
    NoticeKind.INGEPLAND: "Wij doen het op donderdag 16 april.",
    NoticeKind.DOORGEZET: "Dat is het waterschap.",
    NoticeKind.DOORVERWEZEN: "Doe uw melding bij de gemeente hiernaast. Die gemeente gaat over deze plek.",
    NoticeKind.OVERGEDRAGEN: "Het is nu bij de provincie, 0800 0200 600.",
    NoticeKind.VERTRAAGD: "Wij wachten nog op een onderdeel.",
    NoticeKind.BLIJFT_GESLOTEN: "Wij hebben gedaan wat hier kan.",
    NoticeKind.ANDER_LOKET: "Dit is een klacht. De klachtencoördinator behandelt dat. Vragen daarover: 072 888 00 00.",
    NoticeKind.STORM: "Er zijn veel bomen omgewaaid. Wij helpen eerst op de weg.",
    NoticeKind.ALARM: "Het is bij de bushalte.",
    NoticeKind.ANTWOORD_ONTVANGEN: "Het is aan de kant van het water.",
    NoticeKind.VERWACHT: "Het waterschap denkt op donderdag 16 april klaar te zijn.",
    NoticeKind.PARTIJ_VRAAGT: "Mag de weg een uur dicht?",
    NoticeKind.PARTIJ_ANTWOORD: "Ja, na 9 uur.",
}


def facts_to_preview(
    session: Session, settings: Settings, kind: str, channel: str, melding: Melding, *, now: datetime
) -> Facts:
    """What a bericht of this kind could tell of a real melding, to look at a text with.

    Nothing personal: the link, the code and what people say are made up, and the place is an address or nothing.
    """
    home = gemeente.gemeente_by_id(session, melding.gemeente_id)
    chosen = _category(session, melding.category_id, melding.gemeente_id)
    when = _when(melding.received_at, channel, now)
    to_team = kind in TEAM_KINDS
    link = f"{settings.public_url}/team/1234" if to_team else f"{settings.public_url}/v/{'voorbeeld' * 3}"[:-1]
    values = {
        "wat": _what(chosen),
        "wanneer": when,
        "dag": when.split(" om ")[0],
        "plaats": melding.address,
        "nummer": show_number(melding.number),
        "zin": SAMPLE_SENTENCES.get(kind, "Het is gemaakt."),
        "reden": "De plek is niet van de gemeente." if kind in (_TELLS_OF.keys() - {NoticeKind.GEREED}) else "",
        "datum": date_words(melding.promised_on, local_day(now)),
        "foto": HAS_PHOTO,
        "storm": storm_text(home, now),
        "opdrachten": "- Losse tegel, Dorpsstraat 1. Uiterlijk 16 april",
        "klacht": str(home.policy.get("klacht", "")) or home.phone,
        "code": "4711 0815",
        "gemeente": home.name,
        "telefoon": home.phone,
        "link": link,
        "link_ja": f"{link}?antwoord=ja",
        "link_nee": f"{link}?antwoord=nee",
    }
    return Facts(home, values, _own_texts_of(chosen))


def _work(session: Session, event: Event, to: Team | None) -> Opdracht:
    """The opdracht of the event; of an event about a melding the newest one of this team."""
    scope = [event.gemeente_id]
    if event.opdracht_id is not None:
        found = opdracht.opdracht_by_id(session, event.opdracht_id, scope=scope)
    else:
        assert event.melding_id is not None, "a bericht to a team is about work"
        mine = opdracht.opdrachten_of(session, [event.melding_id], scope=scope)[event.melding_id]
        found = max((o for o in mine if to is not None and o.team_id == to.id), key=lambda o: o.id, default=mine[-1])
    assert found is not None, "an opdracht is never deleted"
    return found


def _note(session: Session, event: Event) -> str:
    """What was said at this event; empty when nothing was, or when it was erased."""
    note_id = event.facts.get("note_id")
    note = journal.note_by_id(session, note_id, scope=[event.gemeente_id]) if note_id else None
    return note.text if note else ""


def storm_text(home: Gemeente, now: datetime) -> str:
    """What the gemeente tells every melder while it storms: policy `storm` {"text", "until"}; empty in calm weather.

    until: the moment it ends, ISO 8601 with its offset.
    """
    storm = home.policy.get("storm") or {}
    until = storm.get("until")
    return str(storm.get("text", "")) if until and now < datetime.fromisoformat(until) else ""


def follow_link(settings: Settings, melding: Melding) -> str:
    """The address of the volgpagina with its token, as it stands in every message."""
    return f"{settings.public_url}/v/{tokens.make_token(settings.secret_keys, melding.id, melding.token_generation)}"


def _when(received_at: datetime, channel: str, now: datetime) -> str:
    """In words that fit the moment of sending; a date for what is heard or read later than it was written."""
    if channel not in _LATE:
        return when_words(received_at, now)
    received = received_at.astimezone(AMSTERDAM)
    return f"op {date_words(received.date(), local_day(now))} om {received:%H.%M}"


def _category(session: Session, category_id: int | None, gemeente_id: int) -> Category | None:
    """The melder's own category, else the one at the event, else "Ander probleem"."""
    scope = [gemeente_id]
    chosen = category.category_by_id(session, category_id, scope=scope) if category_id else None
    return chosen or category.category_by_slug(session, OTHER, scope=scope)


def _what(chosen: Category | None) -> str:
    return (chosen.phrase if chosen else "") or "een probleem"


def _own_texts_of(chosen: Category | None) -> tuple[int, ...]:
    """Whose own texts go first: those of the category, then those of its main category."""
    return tuple(known for known in ((chosen.id, chosen.parent_id) if chosen else ()) if known is not None)


def _closure(session: Session, notice: Notice, event: Event, melding: Melding) -> Closure | None:
    """The closing this bericht tells of: that of the event, or with the same outcome as the bericht.

    A melding with two parts, one of which was not solved, ends as "niet opgelost" whichever part came last.
    """
    scope = [notice.gemeente_id]
    closure_id = event.facts.get("closure_id")
    last = opdracht.closure_by_id(session, closure_id, scope=scope) if closure_id else None
    outcome = _TELLS_OF.get(NoticeKind(notice.kind))
    if last is None or outcome is None or last.outcome == outcome:
        return last
    parts = opdracht.opdracht_ids_of(session, [melding.id], scope=scope)
    earlier = opdracht.closures_of(session, parts, scope=scope).values()
    same = [c for c in earlier if c.outcome == outcome and c.closed_at <= last.closed_at]
    return max(same, key=lambda c: c.id, default=last)


def _sentence(
    session: Session,
    home: Gemeente,
    notice: Notice,
    event: Event,
    melding: Melding,
    closure: Closure | None,
    now: datetime,
) -> str:
    """The sentence that only this event can tell; empty when there is none."""
    facts: Mapping[str, Any] = event.facts
    scope = [notice.gemeente_id]
    match notice.kind:
        case NoticeKind.VRAAG | NoticeKind.BLIJFT_GESLOTEN:
            return _note(session, event)
        case NoticeKind.VERTRAAGD:
            return " ".join(part for part in (delay_sentence(facts.get("reason", "")), _note(session, event)) if part)
        case NoticeKind.STORM:
            return _note(session, event) or storm_text(home, now)
        case NoticeKind.ANDER_LOKET if "desk" in facts:
            return sentence_of(home.policy, facts["desk"], phone=home.phone)
        case NoticeKind.INGEPLAND if "planned_on" in facts:
            day = date.fromisoformat(facts["planned_on"])
            return f"Wij doen het op {_WEEKDAYS[day.weekday()]} {date_words(day, local_day(now))}."
        case NoticeKind.VERWACHT:
            day = date.fromisoformat(facts["expected_on"])
            partner = team.team_by_id(session, facts["team_id"], scope=scope)
            name = partner.name if partner else "De partij die dit voor ons doet"
            return f"{name} denkt op {_WEEKDAYS[day.weekday()]} {date_words(day, local_day(now))} klaar te zijn."
        case NoticeKind.DOORGEZET if "team_id" in facts:
            partner = team.team_by_id(session, facts["team_id"], scope=scope)
            return f"Dat is {partner.name}." if partner else ""
        case NoticeKind.DOORVERWEZEN:
            words = str(home.policy.get("referral", "")) or "Deze plek hoort bij de gemeente {naam}."
            return words.replace("{naam}", melding.referred_to)
        case NoticeKind.OVERGEDRAGEN if closure is not None:
            return " ".join(
                part for part in (f"Het is nu bij {closure.partner.rstrip('.')}.", closure.sentence) if part
            )
        case _:
            return closure.sentence if closure else ""


def _promise(notice: Notice, event: Event, melding: Melding, now: datetime) -> str:
    """The promise this event made; others tell it as it stands, and none tells one that has passed."""
    promised = melding.first_promised_on if notice.kind == NoticeKind.ONTVANGST else melding.promised_on
    if "promised_on" in event.facts:
        promised = date.fromisoformat(event.facts["promised_on"])
    today = local_day(now)
    return date_words(promised, today) if promised >= today else ""


def _has_photo(session: Session, closure: Closure) -> bool:
    photos = photo.photos_of(session, opdracht_ids=[closure.opdracht_id], scope=[closure.gemeente_id])
    return any(row.kind == "team" and row.status == photo.KLAAR for row in photos)


def _spaced(code: str) -> str:
    return f"{code[:4]} {code[4:]}"

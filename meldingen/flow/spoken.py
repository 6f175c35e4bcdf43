"""How a melding stands, as a medewerker reads it aloud to who calls: what, who, until when, and what we last told him.

Short sentences in the u-form, in Dutch only: it is said, not sent. What the melder reads himself: standing.py.
"""

from collections.abc import Sequence
from datetime import datetime

from ..domain.deadlines import local_day
from ..domain.delivery import BEZORGD, NIET_BEZORGD, VERZONDEN
from ..domain.loketten import IN_A_SENTENCE
from ..domain.notice_words import BY_WORDS, KIND_WORDS
from ..domain.notices import Channel, date_words, when_words
from ..domain.workflow import (
    AFGEHANDELD,
    BIJ_PARTIJ,
    HEROPEND,
    INGEPLAND,
    INGETROKKEN,
    NIEUW,
    OPEN,
    WACHT_OP_MELDER,
)
from ..store.melding import Melding
from .standing import Part, status_words
from .trail import Trail


def say_how_it_stands(
    melding: Melding, parts: Sequence[Part], trails: Sequence[Trail], *, category_name: str, now: datetime
) -> str:
    """A few short sentences about one melding, to read aloud."""
    told = [
        _what(melding, category_name, now),
        _who(melding, parts, now),
        _until(melding, parts, now),
        _last(trails, now),
    ]
    return " ".join(sentence for sentence in told if sentence)


def _what(melding: Melding, category_name: str, now: datetime) -> str:
    about = category_name[:1].lower() + category_name[1:] if category_name else ""
    place = melding.address or melding.location_note
    named = ", ".join(part for part in (about, place) if part)
    received = f"U meldde dit {when_words(melding.received_at, now)}"
    return f"{received}: {named}." if named else f"{received}."


def _who(melding: Melding, parts: Sequence[Part], now: datetime) -> str:
    today = local_day(now)
    if melding.status == INGETROKKEN:
        return "De melding is ingetrokken."
    if melding.referred_to:
        return f"Deze plek hoort bij {melding.referred_to}. Daar lossen ze het op."
    if melding.status == AFGEHANDELD:
        words = status_words(melding.status, parts, referred_to="", today=today).rstrip(".")
        since = f" sinds {date_words(local_day(melding.closed_at), today)}" if melding.closed_at else ""
        return f"De melding is gesloten{since}. {words}."
    live = [part for part in parts if part.status in OPEN]
    said = list(dict.fromkeys(_of_part(part, now) for part in live))
    if melding.status == HEROPEND:
        said.insert(0, "Wij kijken er opnieuw naar.")
    if melding.desk:
        said.insert(0, f"U stuurde ons {IN_A_SENTENCE[melding.desk]}. Dat gaat apart van het werk op straat.")
    return " ".join(said) or "Wij zoeken er nu een team bij."


def _of_part(part: Part, now: datetime) -> str:
    if part.status == INGEPLAND and part.planned_on:
        return f"{part.team_name} komt {date_words(part.planned_on, local_day(now))}."
    if part.status == WACHT_OP_MELDER:
        return f"{part.team_name} wacht op uw antwoord op een vraag."
    if part.status == BIJ_PARTIJ or part.partner:
        return f"{part.team_name} lost het voor ons op."
    return f"Het ligt klaar bij {part.team_name}." if part.status == NIEUW else f"{part.team_name} is ermee bezig."


def _until(melding: Melding, parts: Sequence[Part], now: datetime) -> str:
    busy = melding.status not in (AFGEHANDELD, INGETROKKEN) and not melding.referred_to
    if not busy or (parts and not any(part.status in OPEN for part in parts)):
        return ""
    today = local_day(now)
    day = date_words(melding.promised_on, today)
    if melding.promised_on < today:
        return f"Wij beloofden het voor {day}. Dat is niet gelukt. Het spijt ons."
    return f"Uiterlijk {day} is het opgelost, of hoort u hoe het verder gaat."


def _last(trails: Sequence[Trail], now: datetime) -> str:
    """The newest bericht that went some way, and whether it arrived."""
    last = next((trail for trail in reversed(trails) if trail.ways), None)
    if last is None:
        return "Wij stuurden u nog geen bericht."
    delivery = last.ways[-1].delivery
    name, by = f"“{KIND_WORDS[last.notice.kind]}”", BY_WORDS[delivery.channel]
    if delivery.status == NIET_BEZORGD:
        return f"Ons laatste bericht, {name}, kwam niet aan {by}."
    if delivery.status in (VERZONDEN, BEZORGD):
        moment = when_words(delivery.sent_at or delivery.created_at, now)
        arrived = "Dat is aangekomen." if delivery.status == BEZORGD else "Of het aankwam weten wij niet zeker."
        if delivery.channel == Channel.TELEFOON:
            return f"Wij belden u {moment} over {name}."
        return f"Ons laatste bericht, {name}, ging {moment} {by} naar u. {arrived}"
    if delivery.channel == Channel.TELEFOON:
        return f"Wij bellen u nog over {name}."
    return f"Ons laatste bericht, {name}, gaat zo {by} naar u toe."

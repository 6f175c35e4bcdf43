"""What became of the berichten about a melding: per bericht its ways, and of each way every step.

For staff with try, provider's id and reason; for the melder in plain words with his address masked. Reading only. The
words of the steps: domain/notice_words.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..domain.delivery import BEZORGD, GEPLAND, KLAAR, NIET_BEZORGD, VERZONDEN
from ..domain.notice_words import BY_WORDS, BY_WORDS_FIRST, KIND_WORDS, mask_address
from ..domain.sentence import say, say_together
from ..store.dossier import DeliveryRow, Dossier, NoticeRow
from ..store.notice import Delivery, DeliveryStep, Notice, deliveries_of, notices_of, steps_of
from .reach import GEEN_KANAAL


@dataclass(frozen=True)
class Way:
    """One delivery and its steps, oldest first. carrier_kind: of the bericht in whose message it travelled, or ""."""

    delivery: Delivery
    steps: Sequence[DeliveryStep]
    carrier_kind: str = ""


@dataclass(frozen=True)
class Trail:
    """One bericht and the ways it went, in the order they were tried."""

    notice: Notice
    ways: Sequence[Way]


@dataclass(frozen=True)
class ToldWay:
    """One way as its melder reads it. at: when that was, None when it is still to come."""

    channel: str
    status: str
    to: str
    text: str
    at: datetime | None


@dataclass(frozen=True)
class Told:
    """One bericht as its melder reads it. end: what to know when nothing more comes, else ""."""

    kind: str
    name: str
    at: datetime
    ways: Sequence[ToldWay]
    end: str = ""


def trails_of(session: Session, melding_ids: Collection[int], *, scope: Collection[int]) -> dict[int, list[Trail]]:
    """The berichten about each of these meldingen, oldest first, in three queries."""
    notices = notices_of(session, melding_ids, scope=scope)
    made = deliveries_of(session, [notice.id for notice in notices], scope=scope)
    steps: dict[int, list[DeliveryStep]] = {delivery.id: [] for delivery in made}
    for step in steps_of(session, list(steps), scope=scope):
        steps[step.delivery_id].append(step)
    kinds = {notice.id: notice.kind for notice in notices}
    carriers = {delivery.id: kinds[delivery.notice_id] for delivery in made}
    trails: dict[int, list[Trail]] = {number: [] for number in melding_ids}
    for notice in notices:
        ways = [
            Way(one, steps[one.id], carriers.get(one.carrier_id or 0, "")) for one in made if one.notice_id == notice.id
        ]
        assert notice.melding_id is not None, "asked by melding"
        trails[notice.melding_id].append(Trail(notice, ways))
    return trails


def told_to_melder(dossier: Dossier) -> list[Told]:
    """The berichten about one melding for its melder, the newest first."""
    told = []
    for notice in reversed(dossier.notices):
        ways = [_told(one) for one in dossier.deliveries if one.notice_id == notice.id]
        told.append(Told(notice.kind, KIND_WORDS[notice.kind], notice.at, ways, _end(notice, ways)))
    return told


def _told(delivery: DeliveryRow) -> ToldWay:
    to = mask_address(delivery.channel, delivery.address)
    by, way = BY_WORDS[delivery.channel], BY_WORDS_FIRST[delivery.channel]
    if to:
        by, way = (say("%(weg)s naar %(adres)s", weg=words, adres=to) for words in (by, way))
    text: str
    match (delivery.channel, delivery.status):
        case ("telefoon", "gepland"):
            text = say("Wij bellen u hierover.")
        case ("telefoon", "bezorgd"):
            text = say("Wij hebben u gebeld.")
        case ("brief", "gepland"):
            text = say("Wij sturen u een brief.")
        case (_, "gepland" | "klaar"):
            text = say("Wij sturen dit bericht %(weg)s.", weg=by)
        case (_, "verzonden"):
            text = say("%(weg)s: verstuurd.", weg=way)
        case (_, "bezorgd"):
            text = say("%(weg)s: aangekomen.", weg=way)
        case _:
            text = say("%(weg)s: niet aangekomen.", weg=way)
    if delivery.maybe_double and delivery.status in (VERZONDEN, BEZORGD):
        text = say_together(text, say("Misschien kreeg u dit bericht twee keer."))
    done_at = {GEPLAND: None, KLAAR: None, VERZONDEN: delivery.sent_at}.get(delivery.status, delivery.finished_at)
    return ToldWay(delivery.channel, delivery.status, to, text, done_at)


def _end(notice: NoticeRow, ways: Sequence[ToldWay]) -> str:
    """What the melder must know when nothing more comes of a bericht, or nothing yet."""
    if notice.ended == GEEN_KANAAL:
        return say("Wij konden u niet bereiken. Bel ons als uw e-mailadres of telefoonnummer is veranderd.")
    if notice.ended:
        return say("Dit bericht sturen wij niet meer.")
    if not ways:
        return say("Dit bericht gaat zo weg.")
    return "" if any(way.status != NIET_BEZORGD for way in ways) else say("Dit bericht kwam niet aan.")

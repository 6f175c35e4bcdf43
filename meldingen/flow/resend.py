"""Sending a bericht once more because a person asked for it: the same words to where the melder can be reached now.

A resend is a delivery of its own on the same bericht, with its own event in the journal; what the event owed is never
owed twice. Asked twice in a row it goes once. What was revoked stays so.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Final

from ..domain.actor import SEES_CONTACT, Actor
from ..domain.delivery import UNFINISHED
from ..domain.errors import Conflict, NotFound
from ..domain.notices import BY_PEOPLE, Channel, ContactFacts, NoticeKind, carries, is_reachable
from ..domain.privacy import LIMITED, check_not_erased
from ..store import journal
from ..store.melding import Melding, lock_meldingen
from ..store.notice import Delivery, Notice, deliveries_of, notice_by_id, notices_of
from . import chain, messages, reach
from .desk import Desk
from .trail import Trail

RESTS: Final = timedelta(minutes=10)
"""How long a bericht that was sent again is not sent yet again: a second press of the button, an impatient caller."""
MOST_AGAIN: Final = 5
WAYS: Final = (Channel.EMAIL, Channel.SMS, Channel.PUSH, Channel.BRIEF)
"""Not by phone: that is a terugbelnotitie, which may be made by hand at any time."""


def ways_again(desk: Desk, melding: Melding, trails: Sequence[Trail]) -> dict[int, list[Channel]]:
    """Per bericht the channels by which it can be sent again now; berichten that cannot are left out. Two queries."""
    facts = _facts(desk, melding)
    found = {}
    for trail in trails:
        made = [way.delivery for way in trail.ways]
        ways = [one for one in WAYS if carries(one, trail.notice.kind) and is_reachable(facts, one)]
        if ways and made and not _refusal(melding, trail.notice, made, now=desk.now):
            found[trail.notice.id] = ways
    return found


def can_send_link(desk: Desk, melding: Melding) -> list[Channel]:
    """The channels by which the link to follow a melding can be sent now."""
    if melding.withdrawn_at or melding.erased_at or LIMITED in melding.flags or melding.referred_to:
        return []
    facts = _facts(desk, melding)
    return [one for one in (Channel.SMS, Channel.EMAIL) if is_reachable(facts, one)]


def send_again(desk: Desk, melding: Melding, notice_id: int, channel: str, *, actor: Actor) -> Delivery:
    """Plans one bericht once more, to the address of now. channel: `email`, `sms`, `push` or `brief`.

    Raises Forbidden, NotFound for what is no bericht of this melding, Gone when its person was erased, Conflict with a
    reason when it was revoked, is under way, was sent again just now, or cannot go that way.
    """
    actor.require_role(melding.gemeente_id, *SEES_CONTACT)
    melding = lock_meldingen(desk.session, [melding.id], scope=[melding.gemeente_id])[0]
    check_not_erased(melding.erased_at)
    notice = notice_by_id(desk.session, notice_id, scope=[melding.gemeente_id])
    if notice is None or notice.melding_id != melding.id:
        raise NotFound("bericht_onbekend", "Dit bericht kunnen wij niet vinden.")
    made = deliveries_of(desk.session, [notice.id], scope=[melding.gemeente_id])
    refusal = _refusal(melding, notice, made, now=desk.now)
    if refusal:
        raise Conflict(*refusal)
    return _plan(desk, melding, notice, channel, made, actor=actor)


def send_link(desk: Desk, melding: Melding, channel: str, *, actor: Actor) -> Delivery:
    """Sends the link to follow the melding: its ontvangst once more, or for the first time. Raises as `send_again`."""
    scope = [melding.gemeente_id]
    receipts = [one for one in notices_of(desk.session, [melding.id], scope=scope) if one.kind == NoticeKind.ONTVANGST]
    if receipts:
        return send_again(desk, melding, receipts[-1].id, channel, actor=actor)
    actor.require_role(melding.gemeente_id, *SEES_CONTACT)
    melding = lock_meldingen(desk.session, [melding.id], scope=scope)[0]
    check_not_erased(melding.erased_at)
    event = journal.record(
        desk.session,
        "link_gestuurd",
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=desk.now,
        melding_id=melding.id,
        facts={"promised_on": melding.promised_on.isoformat()},
    )
    notice = Notice(
        gemeente_id=melding.gemeente_id,
        event_id=event.id,
        melding_id=melding.id,
        kind=NoticeKind.ONTVANGST,
        at=desk.now,
    )
    notice.ended = ""
    desk.session.add(notice)
    desk.session.flush()
    refusal = _refusal(melding, notice, [], now=desk.now)
    if refusal:
        raise Conflict(*refusal)
    return _plan(desk, melding, notice, channel, [], actor=actor)


def _plan(
    desk: Desk, melding: Melding, notice: Notice, channel: str, made: Collection[Delivery], *, actor: Actor
) -> Delivery:
    way = next((one for one in WAYS if one == channel), None)
    address = reach.address_now(desk, melding, way) if way is not None and carries(way, notice.kind) else ""
    if way is None or not address:
        raise Conflict("geen_adres", "Zo kan dit bericht niet naar de melder. Kies een andere manier.")
    again = 1 + max((one.again for one in made), default=-1)
    event = journal.record(
        desk.session,
        "bericht_opnieuw",
        gemeente_id=melding.gemeente_id,
        actor=actor,
        now=desk.now,
        melding_id=melding.id,
        facts={"notice_id": notice.id, "kind": notice.kind, "channel": str(way), "again": again},
    )
    notice.ended = ""
    delivery = chain.plan(desk.session, notice, way, address, prefix=melding.number, now=desk.now, again=again)
    if way in BY_PEOPLE:
        messages.write_words(desk, notice, melding, delivery)
    else:
        chain.owe_turn(desk.session, notice, now=desk.now, key=f"bericht:{notice.id}:opnieuw:{event.id}")
    return delivery


def _facts(desk: Desk, melding: Melding) -> ContactFacts:
    known = reach.facts_of(desk.session, [melding.id], scope=[melding.gemeente_id], adapters=desk.adapters)
    return known[melding.id]


def _refusal(melding: Melding, notice: Notice, made: Sequence[Delivery], *, now: datetime) -> tuple[str, str] | None:
    """Why a bericht cannot be sent again now, as a code and a sentence; None: it can."""
    if notice.ended not in ("", reach.GEEN_KANAAL) or (
        melding.withdrawn_at is not None and notice.kind != NoticeKind.INGETROKKEN
    ):
        return "bericht_vervallen", "Dit bericht geldt niet meer. Wij sturen het niet opnieuw."
    if LIMITED in melding.flags:
        return "beperkt", "De melder wil dat wij zijn gegevens niet gebruiken. Wij sturen niets."
    if any(one.status in UNFINISHED for one in made):
        return "nog_onderweg", "Dit bericht is nog onderweg. Wacht tot u ziet of het aankwam."
    repeats = [one for one in made if one.again]
    if any(one.created_at + RESTS > now for one in repeats):
        return "net_gestuurd", "Dit bericht is net opnieuw verstuurd. Wacht 10 minuten."
    if len(repeats) >= MOST_AGAIN:
        return "te_vaak", "Dit bericht is al vaak verstuurd. Bel de melder, of vraag een ander adres."
    return None

"""The attempts of a bericht: when the next try may begin, what it sends, and what each outcome changes.

A delivery that is `klaar` without a reason may have been sent: its worker died, or the other side fell silent. With a
reason it certainly was not. Called by notices.py, which holds the lock that makes one worker at a time work on a
bericht; the melding's own lock comes before those of its deliveries. Which way is next: reach.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..adapters import Adapters
from ..adapters.failures import AddressRefused, PermanentFailure, TemporaryFailure
from ..adapters.receipt import CanTell, Receipt
from ..domain.deadlines import terugbel_due_at
from ..domain.delivery import KLAAR, NIET_BEZORGD, UNFINISHED, VERZONDEN, may_step
from ..domain.notices import BY_PEOPLE, Channel, NoticeKind, callback_reason, next_channel, quiet_until
from ..domain.privacy import LIMITED
from ..store import callback, gemeente, melding, outbox, pace, sending
from ..store.melding import Melding
from ..store.notice import (
    Delivery,
    Notice,
    deliveries_of,
    delivery_by_id,
    delivery_by_reference,
    lock_delivery,
    notice_by_id,
)
from ..store.outbox import Topic, Urgency
from . import chain, messages, reach, texts
from .desk import Desk as Desk
from .envelope import Envelope, envelope_of
from .notice_facts import accepted_since, facts_for_melder, follow_link, staff_link

UNCERTAIN = "twee keer geprobeerd; of het aankwam weet niemand"
ADDRESS_GONE = "dit adres is er niet meer"
SLOT_KEPT = timedelta(minutes=1)
"""A turn at the provider that was not used in time is lost."""


@dataclass(frozen=True)
class Attempt:
    """One call to make: the delivery as it stood when its try began. number: which try this is, from 1.

    for_team: a failure nobody takes over must be seen by people. link: the melder's own page.
    """

    delivery_id: int
    channel: str
    address: str
    reference: str
    subject: str
    text: str
    html: str
    number: int
    at: datetime
    sender_name: str
    envelope: Envelope
    link: str
    urgent: bool
    for_team: bool


def begin(desk: Desk, notice_id: int) -> Attempt | datetime | PermanentFailure | None:
    """Starts the next try: the call to make, the moment before which to wait, the failure that people must see, or None
    when nothing is left to do.

    The first time it chooses the channel and copies the address. The words are written for the moment of sending, and
    stay the same as soon as somebody may have read them.
    """
    fresh = begin_mail(desk, notice_id)
    if fresh is not None:
        return fresh
    about = _lock_melding(desk, notice_id)  # first, so that an erasure comes wholly before this try or wholly after it
    notice = notice_by_id(desk.session, notice_id, scope=desk.scope)
    if notice is None:
        return None
    if desk.now < notice.at:
        return notice.at
    made = deliveries_of(desk.session, [notice.id], scope=desk.scope)
    current = next((one for one in made if one.status in UNFINISHED), None)
    if _ended(desk, notice, about):
        return None
    if current is None and not made:
        current = _plan_next(desk, notice, about, made)
        if current is None:
            reach.give_up(desk, notice, about, None)
            return PermanentFailure(reach.NO_ADDRESS) if notice.team_id is not None else None
    if current is None or messages.is_carried(desk, current) or _has_moved(desk, about, current):
        return None
    if current.channel in BY_PEOPLE:
        return None
    urgent = notice.kind == NoticeKind.ALARM or (about is not None and about.danger)
    wait = _wait(desk, notice, about, current, urgent=urgent)
    if wait is not None:
        return wait
    if _in_doubt(desk.adapters, current):
        if current.maybe_double:
            fail(desk, current.id, PermanentFailure(UNCERTAIN))
            return None
        for one in [current, *messages.parts_of(desk, current)]:
            one.maybe_double = True
    _prepare(desk, notice, about, current)
    home = gemeente.gemeente_by_id(desk.session, notice.gemeente_id)
    return Attempt(
        delivery_id=current.id,
        channel=current.channel,
        address=current.address,
        reference=current.reference,
        subject=current.subject,
        text=current.text,
        html=current.html,
        number=current.attempts,
        at=desk.now,
        sender_name=f"Gemeente {home.name}",
        envelope=envelope_of(desk.settings, notice, about, home, current.reference),
        link=follow_link(desk.settings, about)
        if about is not None
        else staff_link(desk.session, desk.settings, notice),
        urgent=urgent,
        for_team=notice.team_id is not None,
    )


def begin_mail(desk: Desk, notice_id: int) -> Attempt | datetime | None:
    """`begin` for nearly every bericht: one e-mail of its own, for which nothing was tried yet. The call to make, or
    the moment of its turn at the provider. None, and nothing changed, for any other. Waits for nobody's melding."""
    found = sending.lock_fresh(desk.session, notice_id, scope=desk.scope)
    if found is None or desk.now < found.notice.at or LIMITED in found.about.flags:
        return None
    notice, about = found.notice, found.about
    reached = reach.contact_facts(found.contact, adapters=desk.adapters)
    if next_channel(reached, notice.kind, ()) != Channel.EMAIL:
        return None
    address = found.contact.email
    reference = found.planned.reference if found.planned is not None else chain.new_reference(about.number)
    kept = found.planned.slot_at if found.planned is not None else None
    slot = _turn(desk, Channel.EMAIL, kept, home=notice.gemeente_id, urgent=about.danger)
    if slot is not None:
        sending.wait_for_turn(desk.session, found, address=address, reference=reference, slot=slot, now=desk.now)
        return slot
    known: dict[str, Any] = {"home": found.home, "chosen": found.chosen, "now": desk.now}
    told = facts_for_melder(desk.session, desk.settings, notice, found.event, about, Channel.EMAIL, **known)
    wording = texts.text_for(desk.session, notice.kind, Channel.EMAIL, told, has_own=found.own_texts)
    words = texts.compose(notice.kind, Channel.EMAIL, wording, told)
    sent = {"reference": reference, "subject": words.subject, "text": words.text, "html": words.html}
    return Attempt(
        delivery_id=sending.begin_mail(desk.session, found, address=address, now=desk.now, **sent),
        channel=Channel.EMAIL,
        address=address,
        number=1,
        at=desk.now,
        sender_name=f"Gemeente {found.home.name}",
        envelope=envelope_of(desk.settings, notice, about, found.home, reference),
        link=told.values["link"],
        urgent=about.danger,
        for_team=False,
        **sent,
    )


def sender_of(adapters: Adapters, channel: str) -> object | None:
    """Who sends on this channel, or None when this installation has no such channel."""
    return {Channel.EMAIL: adapters.mail, Channel.SMS: adapters.sms, Channel.PUSH: adapters.push}.get(Channel(channel))


def record_taken(desk: Desk, attempt: Attempt, provider_id: str) -> None:
    """The provider took what this attempt called with."""
    if not sending.record_sent(
        desk.session, attempt.delivery_id, provider_id=provider_id, now=desk.now, scope=desk.scope
    ):
        record_receipt(desk, attempt.reference, Receipt(provider_id, VERZONDEN))


def note_failure(desk: Desk, delivery_id: int, failure: TemporaryFailure) -> None:
    """Writes down why this try certainly sent nothing, so that the next one is not a double.

    When the provider asks us to stay away, all that goes there waits.
    """
    delivery = lock_delivery(desk.session, delivery_id, scope=desk.scope)
    if delivery is None or delivery.status != KLAAR:
        return
    for one in [delivery, *messages.parts_of(desk, delivery)]:
        if one.status == KLAAR:
            chain.advance(desk.session, one, KLAAR, now=desk.now, reason=str(failure))
    if failure.retry_after_s is not None and desk.settings.limits.get(delivery.channel):
        pace.rest_until(desk.session, delivery.channel, desk.now + timedelta(seconds=failure.retry_after_s))


def record_receipt(desk: Desk, reference: str, receipt: Receipt) -> None:
    """What the provider says of a delivery: forward only, and also when it comes after the fallback.

    A failure gives the next channel its turn. A melder who is reached again comes off "niet bereikbaar", but not by
    word of an earlier bericht than the one he never got.
    """
    known = delivery_by_reference(desk.session, reference, scope=desk.scope)
    if known is None:
        return
    if receipt.status == NIET_BEZORGD:
        failure = AddressRefused if receipt.address_refused else PermanentFailure
        fail(desk, known.id, failure(receipt.reason), provider_id=receipt.provider_id)
        return
    about = _lock_melding(desk, known.notice_id)
    delivery = lock_delivery(desk.session, known.id, scope=desk.scope)
    if delivery is None or (about is not None and about.erased_at is not None):
        return  # of an erased melder nothing is written down any more
    for one in [delivery, *messages.parts_of(desk, delivery)]:
        if not may_step(one.status, receipt.status):
            continue
        chain.advance(desk.session, one, receipt.status, now=desk.now, provider_id=receipt.provider_id)
        notice = notice_by_id(desk.session, one.notice_id, scope=desk.scope)
        if notice is not None:
            notice.ended = ""  # it was told after all
        if about is not None and notice is not None and not reach.untold_since(desk, about, notice):
            reach.mark_reached(desk.session, about, now=desk.now)


def fail(desk: Desk, delivery_id: int, failure: Exception, *, provider_id: str = "") -> bool:
    """A delivery that failed for good: the melding is "niet bereikbaar" at once, and the next channel gets its turn.

    A message with several berichten falls apart. A refused address is not used again until it changes. False: nobody
    takes over, or nothing changed.
    """
    known = delivery_by_id(desk.session, delivery_id, scope=desk.scope)
    about = _lock_melding(desk, known.notice_id) if known else None
    delivery = lock_delivery(desk.session, delivery_id, scope=desk.scope)
    if delivery is None or not may_step(delivery.status, NIET_BEZORGD):
        return False
    if about is not None and about.erased_at is not None:
        return False
    failed = [delivery, *(one for one in messages.parts_of(desk, delivery) if may_step(one.status, NIET_BEZORGD))]
    for one in failed:
        chain.advance(desk.session, one, NIET_BEZORGD, now=desk.now, reason=str(failure), provider_id=provider_id)
    if isinstance(failure, AddressRefused):
        of = notice_by_id(desk.session, delivery.notice_id, scope=desk.scope)
        assert of is not None, "a foreign key holds the notice"
        reach.forget_address(desk, of, about, delivery)
    taken_over = [_fall_back(desk, about, one) for one in failed]
    return taken_over[0]


def _fall_back(desk: Desk, about: Melding | None, failed: Delivery) -> bool:
    """Gives the next channel its turn, or people when there is none; whether somebody takes over."""
    notice = notice_by_id(desk.session, failed.notice_id, scope=desk.scope)
    assert notice is not None, "a foreign key holds the notice"
    if _stopped(desk, notice, about) or (about is not None and not reach.is_known(desk, about)):
        return False
    if about is not None:
        reach.mark_unreachable(desk, about, notice, failed.channel)
    made = deliveries_of(desk.session, [notice.id], scope=desk.scope)
    following = _plan_next(desk, notice, about, made)
    if following is None:
        reach.give_up(desk, notice, about, failed)
        return False
    if following.channel not in BY_PEOPLE:
        outbox.put(
            desk.session,
            Topic.NOTICE,
            {"notice_id": notice.id, "gemeente_id": notice.gemeente_id},
            gemeente_id=notice.gemeente_id,
            now=desk.now,
            urgency=Urgency.SPOED if notice.kind == NoticeKind.ALARM else Urgency.NORMAL,
            key=f"bericht:{notice.id}:{following.channel}",
            order_key=f"melding:{notice.melding_id}" if notice.melding_id is not None else None,
        )
    return True


def _has_moved(desk: Desk, about: Melding | None, delivery: Delivery) -> bool:
    """Follows the melder to the address he has now, while nobody can have read this; True: he has none on this channel
    any more, and the next one got its turn. A promise to phone is left to who phones: he sees the number of now."""
    if about is None or delivery.channel == Channel.TELEFOON or not chain.sent_nothing(desk.session, delivery):
        return False
    if not reach.is_known(desk, about):
        return False
    address = reach.address_now(desk, about, delivery.channel)
    if not address:
        fail(desk, delivery.id, PermanentFailure(ADDRESS_GONE))
        return True
    for one in [delivery, *messages.parts_of(desk, delivery)]:
        one.address = address
    return False


def _prepare(desk: Desk, notice: Notice, about: Melding | None, delivery: Delivery) -> None:
    """Writes the words when nobody can have read them yet, and begins the try; what travels along does the same."""
    first = delivery.attempts == 0
    parts = messages.gather(desk, notice, about, delivery) if first else messages.parts_of(desk, delivery)
    if chain.sent_nothing(desk.session, delivery):
        messages.write_words(desk, notice, about, delivery, parts)
    delivery.slot_at = None
    for one in [delivery, *parts]:
        chain.begin_try(desk.session, one, now=desk.now)


def _in_doubt(adapters: Adapters, delivery: Delivery) -> bool:
    """Whether the last try may have been sent, on a channel where nobody can tell."""
    unknown = delivery.status == KLAAR and not delivery.reason
    return unknown and not isinstance(sender_of(adapters, delivery.channel), CanTell)


def _wait(desk: Desk, notice: Notice, about: Melding | None, delivery: Delivery, *, urgent: bool) -> datetime | None:
    """Until when this one waits: for the morning, or for its turn at the provider; None: go."""
    night_too = about is not None and reach.facts_of(desk.session, [about.id], scope=desk.scope)[about.id].night_too
    quiet = quiet_until(desk.now, notice.kind, delivery.channel, danger=urgent, night_too=night_too)
    if quiet is not None:
        delivery.due_at, delivery.slot_at = quiet, None
        return quiet
    slot = _turn(desk, delivery.channel, delivery.slot_at, home=notice.gemeente_id, urgent=urgent)
    if slot is not None:
        delivery.due_at = delivery.slot_at = slot
    return slot


def _turn(desk: Desk, channel: str, slot: datetime | None, *, home: int, urgent: bool) -> datetime | None:
    """The moment of its turn at the provider; None: it goes now, and was counted. slot: the turn that it has."""
    per_minute = desk.settings.limits.get(channel, 0)
    if not per_minute:
        return None
    if urgent:
        pace.pass_gate(desk.session, channel, per_minute=per_minute, now=desk.now, urgent=True)
        return None

    line: dict[str, Any] = {"home": home, "per_minute": per_minute, "now": desk.now}
    if slot is None or slot + SLOT_KEPT < desk.now:
        slot, passed = pace.take_turn(desk.session, channel, **line)
        if passed:
            return None
    if slot > desk.now:
        return slot
    room_at = pace.pass_gate(desk.session, channel, per_minute=per_minute, now=desk.now)
    return max(room_at, pace.take_slot(desk.session, channel, **line)) if room_at is not None else None


def _ended(desk: Desk, notice: Notice, about: Melding | None) -> bool:
    """Whether nothing goes any more about this event; then what was under way has ended too."""
    why = _stopped(desk, notice, about)
    if why:
        chain.end_notice(desk.session, notice, why, now=desk.now)
    return bool(why)


def _stopped(desk: Desk, notice: Notice, about: Melding | None) -> str:
    """Why nothing goes (any more), as a code; empty: it may go. After a withdrawal only its confirmation goes, and
    nobody is called out of bed for what a colleague accepted since."""
    if notice.ended:
        return notice.ended
    if notice.kind == NoticeKind.ALARM and accepted_since(desk.session, notice):
        return "aangenomen"
    if about is not None and about.erased_at is not None:
        return "gewist"
    if about is not None and LIMITED in about.flags:
        return LIMITED
    withdrawn = about is not None and about.withdrawn_at is not None and notice.kind != NoticeKind.INGETROKKEN
    return "ingetrokken" if withdrawn else ""


def _lock_melding(desk: Desk, notice_id: int) -> Melding | None:
    """The melding of a notice, locked before its deliveries: the order of every lock on both."""
    notice = notice_by_id(desk.session, notice_id, scope=desk.scope)
    if notice is None or notice.melding_id is None:
        return None
    return next(iter(melding.lock_meldingen(desk.session, [notice.melding_id], scope=desk.scope)), None)


def _plan_next(desk: Desk, notice: Notice, about: Melding | None, made: Sequence[Delivery]) -> Delivery | None:
    """Plans the delivery by the next channel. What a person will say or post has its words at once."""
    delivery = reach.next_delivery(desk, notice, about, made)
    if delivery is None or about is None or delivery.channel not in BY_PEOPLE:
        return delivery
    messages.write_words(desk, notice, about, delivery)
    if delivery.channel == Channel.TELEFOON:
        facts = reach.facts_of(desk.session, [about.id], scope=desk.scope, adapters=desk.adapters)[about.id]
        closing = gemeente.closing_days(desk.session, scope=[notice.gemeente_id])
        desk.session.add(
            callback.Callback(
                gemeente_id=notice.gemeente_id,
                melding_id=about.id,
                notice_id=notice.id,
                kind=notice.kind,
                reason=callback_reason(facts, [one.channel for one in made]),
                words=delivery.text,
                created_at=desk.now,
                due_at=terugbel_due_at(desk.now, closing),
            )
        )
    return delivery

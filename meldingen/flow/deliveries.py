"""The attempts of a bericht: which channel, with which words, and what each attempt changes.

States move forward only: the table of domain/delivery.py. A delivery that is `klaar` without a
reason may have been sent: its worker died, or the other side fell silent. With a reason it certainly was not.
Called by notices.py, which holds the lock that makes one worker at a time work on a bericht.
"""

import contextlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..adapters.failures import AddressRefused, PermanentFailure
from ..adapters.receipt import Receipt
from ..domain.actor import SYSTEM
from ..domain.deadlines import terugbel_due_at
from ..domain.delivery import BEZORGD, GEPLAND, KLAAR, NIET_BEZORGD, UNFINISHED, VERZONDEN
from ..domain.errors import InvalidInput
from ..domain.notices import (
    Channel,
    ContactFacts,
    NoticeKind,
    callback_reason,
    channels_for,
    next_channel,
    quiet_until,
)
from ..domain.phone import Phone, parse_phone
from ..settings import Settings
from ..store import callback, contact, gemeente, journal, melding, outbox, team
from ..store.contact import Contact
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
from .envelope import Envelope, envelope_of
from .notice_facts import facts_for_melder, facts_for_team
from .texts import write

NIET_BEREIKBAAR = "niet_bereikbaar"
UNCERTAIN = "twee keer geprobeerd; of het aankwam weet niemand"


@dataclass(frozen=True)
class Desk:
    """What every step here works with: the transaction, the outside, and the moment."""

    session: Session
    adapters: Adapters
    settings: Settings
    scope: frozenset[int]
    now: datetime


@dataclass(frozen=True)
class Attempt:
    """One call to make: the delivery as it stood when its try began. number: which try this is, from 1.

    alarm: for a team, so that a failure nobody takes over must be seen by people.
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
    alarm: bool


def begin(desk: Desk, notice_id: int) -> Attempt | datetime | None:
    """Starts the next try: the call to make, the moment before which to wait, or None when nothing is left to do.

    The first time it chooses the channel and copies the address; at the first try it writes the words, so that every
    resend is the same message. Nothing goes out after a withdrawal, except its confirmation.
    """
    notice = notice_by_id(desk.session, notice_id, scope=desk.scope)
    if notice is None:
        return None
    about = _lock_melding(desk, notice.id)  # first, so that an erasure comes wholly before this try or wholly after it
    made = deliveries_of(desk.session, [notice.id], scope=desk.scope)
    current = next((d for d in made if d.status in UNFINISHED), None)
    if about is not None and about.erased_at is not None:
        return None
    if about is not None and about.withdrawn_at is not None and notice.kind != NoticeKind.INGETROKKEN:
        if current is not None:
            _end(current, NIET_BEZORGD, "ingetrokken", desk.now)
        return None
    if current is None and not made:
        current = _next(desk, notice, about, made)
    if current is None and about is None and not made:
        raise PermanentFailure("het team heeft geen adres voor een alarm")
    if current is None or current.channel == Channel.TELEFOON:
        return None
    quiet = quiet_until(desk.now, notice.kind, current.channel, danger=about is not None and about.danger)
    if quiet is not None:
        current.due_at = quiet
        return quiet
    if current.channel == Channel.EMAIL and current.status == KLAAR and not current.reason:
        if current.maybe_double:
            fail(desk, current.id, PermanentFailure(UNCERTAIN))
            return None
        current.maybe_double = True
    if not current.text:
        _write(desk, notice, about, current)
    current.status, current.reason, current.attempts = KLAAR, "", current.attempts + 1
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
        alarm=about is None,
    )


def note_failure(desk: Desk, delivery_id: int, reason: str) -> None:
    """Writes down why this try certainly sent nothing, so that the next one is not a double."""
    delivery = lock_delivery(desk.session, delivery_id, scope=desk.scope)
    if delivery is not None and delivery.status == KLAAR:
        delivery.reason = reason


def record_receipt(desk: Desk, reference: str, receipt: Receipt) -> None:
    """What the provider says of a delivery: forward only, and also when it comes after the fallback.

    A failure gives the next channel its turn. A melder who is reached again comes off "niet bereikbaar".
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
    if delivery is None or delivery.status == BEZORGD or (about is not None and about.erased_at is not None):
        return  # of an erased melder nothing is written down any more
    delivery.provider_id = receipt.provider_id or delivery.provider_id
    if receipt.status == BEZORGD:
        delivery.sent_at = delivery.sent_at or desk.now
        _end(delivery, BEZORGD, "", desk.now)
    elif delivery.status in UNFINISHED:
        delivery.status, delivery.sent_at, delivery.reason = VERZONDEN, desk.now, ""
    if about is not None and delivery.status in (VERZONDEN, BEZORGD):
        mark_reached(about)


def fail(desk: Desk, delivery_id: int, failure: Exception, *, provider_id: str = "") -> bool:
    """A delivery that failed for good: the melding is "niet bereikbaar" at once, and the next channel gets its turn.

    A refused address is not used again until it changes. False: there is no next channel, or nothing changed.
    """
    known = delivery_by_id(desk.session, delivery_id, scope=desk.scope)
    about = _lock_melding(desk, known.notice_id) if known else None
    delivery = lock_delivery(desk.session, delivery_id, scope=desk.scope)
    if delivery is None or delivery.status in (NIET_BEZORGD, BEZORGD):
        return False
    if about is not None and about.erased_at is not None:
        return False
    notice = notice_by_id(desk.session, delivery.notice_id, scope=desk.scope)
    assert notice is not None, "a foreign key holds the notice"
    delivery.provider_id = provider_id or delivery.provider_id
    _end(delivery, NIET_BEZORGD, str(failure), desk.now)
    desk.session.flush()
    if about is not None:
        _mark_unreachable(desk, about, notice, delivery.channel)
        if isinstance(failure, AddressRefused):
            _forget_address(desk, about, delivery)
    made = deliveries_of(desk.session, [notice.id], scope=desk.scope)
    following = _next(desk, notice, about, made)
    if following is not None and following.channel != Channel.TELEFOON:
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
    return following is not None


def contact_facts(known: Contact, adapters: Adapters | None = None) -> ContactFacts:
    """How this melder can be reached, by the channels this installation has (by any, when `adapters` is not given)."""
    return ContactFacts(
        email=known.email,
        email_usable=known.email_refused_at is None and (adapters is None or adapters.mail is not None),
        phone=Phone(known.phone, known.mobile) if known.phone else None,
        preference=known.preference,
        only_when_done=known.only_when_done,
        sms_usable=adapters is None or adapters.sms is not None,
    )


def mark_reached(about: Melding) -> None:
    """Takes a locked melding off the list of those whose melder cannot be reached."""
    if NIET_BEREIKBAAR in about.flags:
        about.flags = [flag for flag in about.flags if flag != NIET_BEREIKBAAR]


def _lock_melding(desk: Desk, notice_id: int) -> Melding | None:
    """The melding of a notice, locked before its delivery: the order of every lock on both."""
    notice = notice_by_id(desk.session, notice_id, scope=desk.scope)
    if notice is None or notice.melding_id is None:
        return None
    return next(iter(melding.lock_meldingen(desk.session, [notice.melding_id], scope=desk.scope)), None)


def _next(desk: Desk, notice: Notice, about: Melding | None, made: Sequence[Delivery]) -> Delivery | None:
    """Makes the delivery by the next channel, at last a terugbelnotitie; None when there is none left."""
    tried = [d.channel for d in made]
    if about is None:
        free = [pair for pair in _team_addresses(desk, notice) if pair[0] not in tried]
        return _add(desk, notice, *free[0], "alarm") if free else None
    known = contact.contact_of(desk.session, about.id, scope=desk.scope)
    if known is None:
        return None
    facts = contact_facts(known, desk.adapters)
    channel = next_channel(facts, notice.kind, tried)
    if channel is None:
        if not channels_for(facts, NoticeKind.GEREED):
            _mark_unreachable(desk, about, notice, "")
        return None
    address = known.email if channel == Channel.EMAIL else known.phone
    delivery = _add(desk, notice, channel, address, about.number)
    if channel == Channel.TELEFOON:
        _write(desk, notice, about, delivery)
        closing = gemeente.closing_days(desk.session, scope=[notice.gemeente_id])
        desk.session.add(
            callback.Callback(
                gemeente_id=notice.gemeente_id,
                melding_id=about.id,
                notice_id=notice.id,
                kind=notice.kind,
                reason=callback_reason(facts, tried),
                words=delivery.text,
                created_at=desk.now,
                due_at=terugbel_due_at(desk.now, closing),
            )
        )
    return delivery


def _team_addresses(desk: Desk, notice: Notice) -> list[tuple[Channel, str]]:
    """How to alarm a team: by SMS when it has a mobile number, since that is heard; else by e-mail."""
    assert notice.team_id is not None, "a notice is for a melding or for a team"
    to = team.team_by_id(desk.session, notice.team_id, scope=desk.scope)
    found: list[tuple[Channel, str]] = []
    if to is None:
        return found
    with contextlib.suppress(InvalidInput):
        phone = parse_phone(to.phone, field="telefoon")
        if phone.is_mobile and desk.adapters.sms is not None:
            found.append((Channel.SMS, phone.e164))
    if to.email and desk.adapters.mail is not None:
        found.append((Channel.EMAIL, to.email))
    return found


def _add(desk: Desk, notice: Notice, channel: Channel, address: str, prefix: str) -> Delivery:
    """A planned delivery. Its reference cannot be that of another installation at the same provider."""
    delivery = Delivery(
        gemeente_id=notice.gemeente_id,
        notice_id=notice.id,
        channel=channel,
        status=GEPLAND,
        address=address,
        reference=f"{prefix}-{secrets.token_hex(8)}",
        subject="",
        text="",
        html="",
        provider_id="",
        reason="",
        attempts=0,
        maybe_double=False,
        due_at=desk.now,
        created_at=desk.now,
    )
    desk.session.add(delivery)
    desk.session.flush()
    return delivery


def _write(desk: Desk, notice: Notice, about: Melding | None, delivery: Delivery) -> None:
    event = journal.event_by_id(desk.session, notice.event_id, scope=desk.scope)
    assert event is not None, "a foreign key holds the event"
    if about is not None:
        facts = facts_for_melder(desk.session, desk.settings, notice, event, about, delivery.channel, now=desk.now)
    else:
        assert notice.team_id is not None, "a notice is for a melding or for a team"
        to = team.team_by_id(desk.session, notice.team_id, scope=desk.scope)
        assert to is not None, "a foreign key holds the team"
        facts = facts_for_team(desk.session, desk.settings, notice, event, to, now=desk.now)
    words = write(desk.session, notice.kind, delivery.channel, facts)
    delivery.subject, delivery.text, delivery.html = words.subject, words.text, words.html


def _end(delivery: Delivery, status: str, reason: str, now: datetime) -> None:
    delivery.status, delivery.reason, delivery.finished_at = status, reason, now


def _mark_unreachable(desk: Desk, about: Melding, notice: Notice, channel: str) -> None:
    """Puts a melding on "niet bereikbaar", once, and says so in the journal. Locked: others set flags too."""
    melding.lock_meldingen(desk.session, [about.id], scope=desk.scope)
    gone = contact.contact_of(desk.session, about.id, scope=desk.scope) is None  # a late bounce, after his data went
    if NIET_BEREIKBAAR in about.flags or gone:
        return
    about.flags = [*about.flags, NIET_BEREIKBAAR]
    journal.record(
        desk.session,
        NIET_BEREIKBAAR,
        gemeente_id=about.gemeente_id,
        actor=SYSTEM,
        now=desk.now,
        melding_id=about.id,
        facts={"notice_id": notice.id, "kind": notice.kind, "channel": channel},
    )


def _forget_address(desk: Desk, about: Melding, delivery: Delivery) -> None:
    """The address this delivery went to is not used again; a newer one of the melder is left alone."""
    known = contact.contact_of(desk.session, about.id, scope=desk.scope)
    if known is None:
        return
    if delivery.channel == Channel.EMAIL and known.email == delivery.address:
        known.email_refused_at = desk.now
    elif delivery.channel == Channel.SMS and known.phone == delivery.address:
        known.mobile = False

"""By which way a melder or a team can be reached, the delivery by the next one, and what is done when none is left.

Who cannot be reached is on somebody's list: a flag on the melding, a work item of the KCC, for a team of the
coordinator. Not the sending (notices.py), nor what an attempt changes (deliveries.py).
"""

import contextlib
from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..domain.actor import SYSTEM
from ..domain.deadlines import terugbel_due_at
from ..domain.errors import InvalidInput
from ..domain.notice_words import CHANNEL_WORDS, KIND_WORDS, reason_words
from ..domain.notices import SMS_KINDS, Channel, ContactFacts, NoticeKind, channels_for, next_channel
from ..domain.phone import Phone, parse_phone
from ..store import contact, gemeente, journal, push, staff_push, task, team
from ..store.account import Account
from ..store.contact import Contact
from ..store.melding import Melding
from ..store.notice import Delivery, Notice, notices_of
from ..store.push import PushSubscription
from . import chain
from .desk import Desk

NIET_BEREIKBAAR = "niet_bereikbaar"
TEAM_NIET_BEREIKBAAR = "team_niet_bereikbaar"
GEEN_KANAAL = "geen_kanaal"
NO_ADDRESS = "het team heeft geen adres voor dit bericht"


def contact_facts(
    known: Contact | None, device: PushSubscription | None = None, adapters: Adapters | None = None
) -> ContactFacts:
    """How this melder can be reached, by the channels this installation has (by any, when `adapters` is not given)."""
    push_usable = device is not None and device.refused_at is None and (adapters is None or adapters.push is not None)
    if known is None:
        return ContactFacts(push=push_usable)
    return ContactFacts(
        email=known.email,
        email_usable=known.email_refused_at is None and (adapters is None or adapters.mail is not None),
        phone=Phone(known.phone, known.mobile) if known.phone else None,
        preference=known.preference,
        only_when_done=known.only_when_done,
        sms_usable=adapters is None or adapters.sms is not None,
        push=push_usable,
        postal=bool(known.postal_address),
        night_too=known.night_too,
    )


def facts_of(
    session: Session, melding_ids: Collection[int], *, scope: Collection[int], adapters: Adapters | None = None
) -> dict[int, ContactFacts]:
    """How the melder of each of these meldingen can be reached; an anonymous one by nothing, or by his device."""
    known = contact.contacts_of(session, melding_ids, scope=scope)
    devices = push.subscriptions_of(session, melding_ids, scope=scope)
    return {number: contact_facts(known.get(number), devices.get(number), adapters) for number in melding_ids}


def is_known(desk: Desk, about: Melding) -> bool:
    """Whether we still know any way to the melder: not after his data went, or his term has passed."""
    known = contact.contact_of(desk.session, about.id, scope=desk.scope)
    return known is not None or push.subscription_of(desk.session, about.id, scope=desk.scope) is not None


def next_delivery(desk: Desk, notice: Notice, about: Melding | None, made: Sequence[Delivery]) -> Delivery | None:
    """Plans the delivery by the next channel, at last one by a person; None when there is none left."""
    tried = [delivery.channel for delivery in made]
    if about is None:
        ways = _team_addresses(desk, notice) if notice.team_id is not None else _ways_to_person(desk, notice)
        free = [pair for pair in ways if pair[0] not in tried]
        return chain.plan(desk.session, notice, *free[0], prefix="team", now=desk.now) if free else None
    facts = facts_of(desk.session, [about.id], scope=desk.scope, adapters=desk.adapters)[about.id]
    channel = next_channel(facts, notice.kind, tried)
    if channel is None:
        return None
    address = _address(desk, about, channel)
    return chain.plan(desk.session, notice, channel, address, prefix=about.number, now=desk.now)


def untold_since(desk: Desk, about: Melding, told: Notice) -> bool:
    """Whether a bericht about something later than `told` found no channel, so that people still must tell it."""
    if NIET_BEREIKBAAR not in about.flags:
        return False
    every = notices_of(desk.session, [about.id], scope=desk.scope)
    return any(other.ended == GEEN_KANAAL and other.event_id > told.event_id for other in every)


def mark_reached(session: Session, about: Melding, *, now: datetime) -> None:
    """Takes a locked melding off the lists of those whose melder cannot be reached."""
    if NIET_BEREIKBAAR in about.flags:
        about.flags = [flag for flag in about.flags if flag != NIET_BEREIKBAAR]
        task.drop_open(session, [about.id], kind=NIET_BEREIKBAAR, now=now, scope=[about.gemeente_id])


def mark_unreachable(desk: Desk, about: Melding, notice: Notice, channel: str) -> None:
    """Puts a locked melding on "niet bereikbaar", once, and says so in the journal."""
    if NIET_BEREIKBAAR in about.flags:
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


def give_up(desk: Desk, notice: Notice, about: Melding | None, failed: Delivery | None) -> None:
    """No channel is left for this bericht: people must know. failed: the last delivery, None when there was none.

    The melder may never have had a channel for this kind, while others reach him: then nothing is to be done.
    """
    if about is None:
        _tell_coordinator(desk, notice, failed)
        return
    chain.end_notice(desk.session, notice, GEEN_KANAAL, now=desk.now)
    facts = facts_of(desk.session, [about.id], scope=desk.scope, adapters=desk.adapters)[about.id]
    if failed is None and channels_for(facts, NoticeKind.GEREED):
        return
    mark_unreachable(desk, about, notice, failed.channel if failed else "")
    if task.has_open(desk.session, about.id, NIET_BEREIKBAAR, scope=desk.scope):
        return
    task.put(
        desk.session,
        NIET_BEREIKBAAR,
        gemeente_id=notice.gemeente_id,
        role="kcc",
        words=f"Het bericht '{KIND_WORDS[notice.kind]}' kwam niet bij de melder. {_why(failed)}",
        now=desk.now,
        due_at=_due_at(desk, notice),
        key=f"{NIET_BEREIKBAAR}:{about.id}:{notice.id}",
        melding_id=about.id,
    )


def forget_address(desk: Desk, notice: Notice, about: Melding | None, delivery: Delivery) -> None:
    """The address this delivery went to is not used again; a newer one of its owner is left alone. A medewerker keeps
    his phone number: only his device goes, which its push service says is gone."""
    if about is None:
        if notice.device_id is not None:
            staff_push.delete_device_by_id(desk.session, notice.device_id, delivery.address)
        return
    if delivery.channel == Channel.PUSH:
        device = push.subscription_of(desk.session, about.id, scope=desk.scope)
        if device is not None and device.address == delivery.address:
            device.refused_at = desk.now
        return
    known = contact.contact_of(desk.session, about.id, scope=desk.scope)
    if known is None:
        return
    if delivery.channel == Channel.EMAIL and known.email == delivery.address:
        known.email_refused_at = desk.now
    elif delivery.channel == Channel.SMS and known.phone == delivery.address:
        known.mobile = False


def address_now(desk: Desk, about: Melding, channel: str) -> str:
    """Where this channel reaches the melder now; empty when it no longer does. It may have changed since a delivery was
    planned: nobody is written at an address he took back, or one that was refused meanwhile."""
    facts = facts_of(desk.session, [about.id], scope=desk.scope, adapters=desk.adapters)[about.id]
    open_ways = {
        Channel.EMAIL: facts.email_usable,
        Channel.SMS: facts.sms_usable and facts.phone is not None and facts.phone.is_mobile,
        Channel.PUSH: facts.push,
    }
    return _address(desk, about, Channel(channel)) if open_ways.get(Channel(channel), True) else ""


def _address(desk: Desk, about: Melding, channel: Channel) -> str:
    """Where this channel reaches the melder now."""
    if channel == Channel.PUSH:
        device = push.subscription_of(desk.session, about.id, scope=desk.scope)
        return device.address if device else ""
    known = contact.contact_of(desk.session, about.id, scope=desk.scope)
    if known is None:
        return ""
    return {Channel.EMAIL: known.email, Channel.BRIEF: known.postal_address}.get(channel, known.phone)


def _team_addresses(desk: Desk, notice: Notice) -> list[tuple[Channel, str]]:
    """How to tell a team: an alarm first by SMS to a mobile number, since that is heard; the rest first by e-mail."""
    assert notice.team_id is not None, "a notice is for a melding or for a team"
    to = team.team_by_id(desk.session, notice.team_id, scope=desk.scope)
    found: list[tuple[Channel, str]] = []
    if to is None:
        return found
    with contextlib.suppress(InvalidInput):
        phone = parse_phone(to.phone, field="telefoon")
        if phone.is_mobile and desk.adapters.sms is not None and notice.kind in SMS_KINDS:
            found.append((Channel.SMS, phone.e164))
    if to.email and desk.adapters.mail is not None:
        found.append((Channel.EMAIL, to.email))
    return found if notice.kind == NoticeKind.ALARM else found[::-1]


def _ways_to_person(desk: Desk, notice: Notice) -> list[tuple[Channel, str]]:
    """How to tell a medewerker: on the device that this bericht is for, or by SMS to his mobile, at last by e-mail."""
    if notice.device_id is not None:
        device = staff_push.device_by_id(desk.session, notice.device_id)
        return [(Channel.PUSH, device.address)] if device is not None and desk.adapters.push is not None else []
    to = desk.session.get_one(Account, notice.account_id)
    found: list[tuple[Channel, str]] = []
    with contextlib.suppress(InvalidInput):
        phone = parse_phone(to.phone, field="telefoon")
        if phone.is_mobile and desk.adapters.sms is not None:
            found.append((Channel.SMS, phone.e164))
    if to.email and desk.adapters.mail is not None:
        found.append((Channel.EMAIL, to.email))
    return found


def _tell_coordinator(desk: Desk, notice: Notice, failed: Delivery | None) -> None:
    """A team, or a medewerker on his phone, could not be told. A device that is gone is no news: it has gone, and
    whoever held it is called on his phone too."""
    if notice.device_id is not None:
        return
    if notice.team_id is not None:
        to = team.team_by_id(desk.session, notice.team_id, scope=desk.scope)
        name = to.name if to else "een team"
    else:
        name = desk.session.get_one(Account, notice.account_id).name
    event = journal.event_by_id(desk.session, notice.event_id, scope=desk.scope)
    task.put(
        desk.session,
        TEAM_NIET_BEREIKBAAR,
        gemeente_id=notice.gemeente_id,
        role="coordinator",
        words=f"Het bericht '{KIND_WORDS[notice.kind]}' kwam niet bij {name}. {_why(failed)}",
        now=desk.now,
        due_at=_due_at(desk, notice),
        key=f"{TEAM_NIET_BEREIKBAAR}:{notice.id}",
        melding_id=event.melding_id if event else None,
        opdracht_id=event.opdracht_id if event else None,
    )


def _why(failed: Delivery | None) -> str:
    if failed is None:
        return "Er is geen adres of nummer dat werkt."
    return f"{CHANNEL_WORDS[failed.channel]}: {reason_words(failed.reason).rstrip('.')}. Er is geen andere weg."


def _due_at(desk: Desk, notice: Notice) -> datetime:
    """Two werkdagen, as for a terugbelnotitie; at once for an alarm that nobody heard."""
    if notice.kind == NoticeKind.ALARM:
        return desk.now
    return terugbel_due_at(desk.now, gemeente.closing_days(desk.session, scope=[notice.gemeente_id]))

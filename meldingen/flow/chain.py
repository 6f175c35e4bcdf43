"""One step of a delivery: the only place that sets its status, and so the only one that writes its steps. (But for the
first two and the sending of an ordinary e-mail, which store/sending.py writes at once.)

Which steps there are is the table of domain/delivery.py. What a step means for the melding, and which channel is next,
is for deliveries.py and reach.py. A step that is not in the table is a bug: ValueError.
"""

from collections.abc import Collection
from datetime import datetime
from secrets import token_hex

from sqlalchemy.orm import Session

from ..domain.delivery import BEZORGD, GEPLAND, KLAAR, NIET_BEZORGD, UNFINISHED, VERZONDEN, may_step
from ..domain.notices import BY_PEOPLE, Channel
from ..store import callback, outbox
from ..store.melding import Melding
from ..store.notice import (
    Delivery,
    DeliveryStep,
    Notice,
    count_certain_failures,
    deliveries_carried,
    deliveries_of,
    notice_by_id,
    notices_of,
)


def plan(
    session: Session, notice: Notice, channel: str, address: str, *, prefix: str, now: datetime, again: int = 0
) -> Delivery:
    """A delivery that is to be made. Its reference cannot be that of another installation at the same provider.

    again: 0 for what the event owes; else the how-manieth time that a person asked for it (resend.py).
    """
    delivery = Delivery(
        gemeente_id=notice.gemeente_id,
        notice_id=notice.id,
        channel=channel,
        status=GEPLAND,
        address=address,
        reference=new_reference(prefix),
        subject="",
        text="",
        html="",
        provider_id="",
        reason="",
        attempts=0,
        maybe_double=False,
        again=again,
        due_at=now,
        created_at=now,
    )
    session.add(delivery)
    session.flush()
    _write_down(session, delivery, now)
    return delivery


def new_reference(prefix: str) -> str:
    """Our own name for one delivery at a provider. prefix: the number of the melding, or what else it is about."""
    return f"{prefix}-{token_hex(8)}"


def begin_try(session: Session, delivery: Delivery, *, now: datetime) -> None:
    """A try begins: from here on it may have left, until its failure is written down."""
    delivery.attempts += 1
    advance(session, delivery, KLAAR, now=now)


def advance(
    session: Session, delivery: Delivery, status: str, *, now: datetime, reason: str = "", provider_id: str = ""
) -> None:
    """The next state, with the step that tells when, at which try, by which id of the provider and why."""
    if not may_step(delivery.status, status):
        raise ValueError(f"a delivery never goes from {delivery.status} to {status}")
    delivery.status, delivery.reason = status, reason
    delivery.provider_id = provider_id or delivery.provider_id
    if status in (VERZONDEN, BEZORGD):
        delivery.sent_at = delivery.sent_at or now
    if status in (BEZORGD, NIET_BEZORGD):
        delivery.finished_at = now
    _write_down(session, delivery, now)


def remark(session: Session, delivery: Delivery, reason: str, *, now: datetime) -> None:
    """A line in the chain without a step: the other side told something and nothing has changed yet.

    None while a try is under way: a reason would say there that it certainly failed.
    """
    if delivery.status != KLAAR:
        _write_down(session, delivery, now, reason=reason)


def sent_nothing(session: Session, delivery: Delivery) -> bool:
    """Whether every try so far certainly failed, so that nobody can have read the words yet."""
    if delivery.status == GEPLAND:
        return True
    failed = count_certain_failures(session, delivery.id, scope=[delivery.gemeente_id])
    return delivery.status == KLAAR and failed == delivery.attempts


def end_notice(session: Session, notice: Notice, why: str, *, now: datetime) -> bool:
    """Nothing goes any more about this event: a code, such as `ingetrokken`. False: it was told already, or ended.

    Berichten that travelled in its message go on by themselves.
    """
    made = deliveries_of(session, [notice.id], scope=[notice.gemeente_id])
    if notice.ended or any(delivery.status in (VERZONDEN, BEZORGD) for delivery in made):
        return False
    notice.ended = why
    for delivery in made:
        if delivery.status in UNFINISHED:
            advance(session, delivery, NIET_BEZORGD, now=now, reason=why)
            _let_go(session, delivery, now=now)
    return True


def end_notices(session: Session, melding_id: int, why: str, *, gemeente_id: int, now: datetime) -> int:
    """The same for every bericht about a locked melding; how many ended."""
    owed = notices_of(session, [melding_id], scope=[gemeente_id])
    return sum(end_notice(session, notice, why, now=now) for notice in owed)


def end_by_people(
    session: Session, melding: Melding, why: str, *, kinds: Collection[str] | None = None, now: datetime
) -> None:
    """No letter and no call goes any more about a locked melding. What is sent by machine asks at its own moment.

    kinds: only of these; None: of all, and what was promised by hand too.
    """
    scope = [melding.gemeente_id]
    for notice in notices_of(session, [melding.id], scope=scope):
        made = deliveries_of(session, [notice.id], scope=scope)
        wanted = kinds is None or notice.kind in kinds
        if wanted and any(one.status == GEPLAND and one.channel in BY_PEOPLE for one in made):
            end_notice(session, notice, why, now=now)
    callback.drop_open(session, [melding.id], kinds=kinds, now=now, scope=scope)


def look_again_at_letters(session: Session, melding: Melding, *, now: datetime) -> None:
    """The postal address of a locked melding changed: what waits to be posted follows it, or takes another way."""
    scope = [melding.gemeente_id]
    for notice in notices_of(session, [melding.id], scope=scope):
        made = deliveries_of(session, [notice.id], scope=scope)
        if any(one.status == GEPLAND and one.channel == Channel.BRIEF for one in made):
            owe_turn(session, notice, now=now)


def owe_turn(session: Session, notice: Notice, *, now: datetime, key: str | None = None) -> None:
    """The worker takes this bericht one step further. key: so that the same reason gives one turn."""
    outbox.put(
        session,
        outbox.Topic.NOTICE,
        {"notice_id": notice.id, "gemeente_id": notice.gemeente_id},
        gemeente_id=notice.gemeente_id,
        now=now,
        key=key,
        order_key=f"melding:{notice.melding_id}",
    )


def _let_go(session: Session, carrier: Delivery, *, now: datetime) -> None:
    """What travelled in the message of an ended bericht has a turn of its own."""
    for part in deliveries_carried(session, carrier.id, scope=[carrier.gemeente_id]):
        notice = notice_by_id(session, part.notice_id, scope=[carrier.gemeente_id])
        if part.status not in UNFINISHED or notice is None:
            continue
        part.carrier_id = notice.bundled_into = None
        owe_turn(session, notice, now=now, key=f"bericht:{notice.id}:los:{carrier.id}")


def _write_down(session: Session, delivery: Delivery, now: datetime, *, reason: str | None = None) -> None:
    session.add(
        DeliveryStep(
            gemeente_id=delivery.gemeente_id,
            delivery_id=delivery.id,
            status=delivery.status,
            at=now,
            attempt=delivery.attempts,
            provider_id=delivery.provider_id,
            reason=delivery.reason if reason is None else reason,
        )
    )
    session.flush()

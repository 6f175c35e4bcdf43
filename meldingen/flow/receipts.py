"""What became of a message after the provider took it: asked by our reference, or told by the provider itself.

A provider tells at its own door (api/ontvangst.py); asking is the net below that, with growing waits. What a receipt
changes is in deliveries.py. SMTP, push and letters cannot be asked: a bounce comes in as mail (flow/replies.py).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
import structlog

from ..adapters import Adapters
from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..adapters.notifynl import receipt_of
from ..adapters.receipt import CanTell
from ..db import business_now, transaction
from ..domain.delivery import VERZONDEN
from ..domain.notices import Channel
from ..settings import Settings
from ..store import outbox
from ..store.notice import Delivery, delivery_by_id, delivery_by_reference
from ..store.outbox import Topic, Urgency
from .deliveries import Desk, record_receipt

log = structlog.get_logger()

FIRST_ASKED: Final = timedelta(minutes=15)
LAST_ASKED: Final = timedelta(days=3)
"""Notify itself tries for 72 hours; after that the bericht stays as it stands."""


def ask_later(desk: Desk, channel: str, reference: str) -> None:
    """Promises to ask what became of a message that is under way, when its channel can tell; twice changes nothing."""
    if _teller(desk.adapters, channel) is None:
        return
    delivery = delivery_by_reference(desk.session, reference, scope=desk.scope)
    if delivery is None or delivery.status != VERZONDEN:
        return
    outbox.put(
        desk.session,
        Topic.RECEIPT,
        {"delivery_id": delivery.id, "gemeente_id": delivery.gemeente_id},
        gemeente_id=delivery.gemeente_id,
        now=desk.now,
        due_at=desk.now + FIRST_ASKED,
        urgency=Urgency.LATER,
        key=f"ontvangst:{delivery.id}",
    )


def ask_provider(
    engine: sa.Engine, adapters: Adapters, settings: Settings, payload: Mapping[str, Any]
) -> datetime | None:
    """Asks once, for the worker, with no transaction open during the call.

    payload: delivery_id and gemeente_id. Returns when to ask again (after as long as the message is under way, so at
    15 and 30 minutes, 1, 2, 4 hours …), or None when it is known, or no longer worth asking. A provider that is down
    is asked again; it never makes a dead letter.
    """
    scope = frozenset({int(payload["gemeente_id"])})
    with transaction(engine) as session:
        now = business_now(session)
        delivery = delivery_by_id(session, int(payload["delivery_id"]), scope=scope)
        teller = _teller(adapters, delivery.channel) if delivery is not None else None
    if delivery is None or teller is None or delivery.status != VERZONDEN or delivery.sent_at is None:
        return None
    if now >= delivery.sent_at + LAST_ASKED:
        log.info("receipt_never_came", delivery=delivery.id, channel=delivery.channel)
        return None
    try:
        receipt = teller.find(delivery.reference)
    except TemporaryFailure as failure:
        return now + max(FIRST_ASKED, timedelta(seconds=failure.retry_after_s or 0))
    except PermanentFailure:
        return None
    if receipt is None or receipt.status == VERZONDEN:
        return _next_moment(delivery, now)
    with transaction(engine) as session:
        record_receipt(Desk(session, adapters, settings, scope, business_now(session)), delivery.reference, receipt)
    return None


def take_receipt(desk: Desk, *, provider_id: str, reference: str, word: str) -> None:
    """What Notify brought itself. Unknown references change nothing; it may be faster than our own record."""
    record_receipt(desk, reference, receipt_of(provider_id, word))


def _teller(adapters: Adapters, channel: str) -> CanTell | None:
    """The sender of this channel, when it can be asked."""
    sender = {Channel.EMAIL: adapters.mail, Channel.SMS: adapters.sms}.get(Channel(channel))
    return sender if isinstance(sender, CanTell) else None


def _next_moment(delivery: Delivery, now: datetime) -> datetime:
    assert delivery.sent_at is not None, "only what was sent is asked for"
    return min(now + max(FIRST_ASKED, now - delivery.sent_at), delivery.sent_at + LAST_ASKED)

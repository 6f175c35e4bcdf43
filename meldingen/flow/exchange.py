"""What goes to the systems of others: partners that hear of events by webhook. Berichten to people: notices.py.

The journal is the source. The clock looks for news (`collect_news`), a worker tells it in order (`tell_partner`), and
what was told can be told again from a moment on (`replay`); the id of an event never changes, so nothing is doubled.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
import structlog
from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..adapters.failures import PermanentFailure, TemporaryFailure, UncertainFailure
from ..db import business_now, machine_now, transaction
from ..domain.actor import BEHEER, SYSTEM, Actor
from ..domain.cloudevents import TYPES, cloud_event
from ..domain.errors import Conflict, InvalidInput, NotFound
from ..domain.text import clean_text
from ..settings import Settings
from ..store import gemeente, journal, outbox, webhook
from ..store.gemeente import Gemeente
from ..store.outbox import Topic, Urgency
from ..store.webhook import SETTLED, Webhook

log = structlog.get_logger()

LOT = 20
"""So many events in one go; then the row waits its turn again."""
KEPT = timedelta(days=90)
"""How far back a partner can be told again."""


def add_webhook(
    session: Session,
    home: Gemeente,
    name: str,
    url: str,
    *,
    kinds: Sequence[str],
    own_only: bool,
    actor: Actor,
    now: datetime,
) -> Webhook:
    """A partner that hears of events from now on. name: that of its app's key, as it stands at its meldingen.

    kinds: values of domain.cloudevents.TYPES, none for all. A partner that is there already gets the new address, kinds
    and secret. Raises Forbidden without the role beheer, InvalidInput, Conflict while another address works.
    """
    actor.require_role(home.id, BEHEER)
    name = clean_text(name, field="naam", max_length=60)
    if not name:
        raise InvalidInput.of("naam", "leeg", "Geef de partner een naam.")
    if urlsplit(url).scheme not in ("https", "http") or not urlsplit(url).hostname:
        raise InvalidInput.of("adres", "onjuist", "Begin het adres met https://.")
    if unknown := sorted(set(kinds) - set(TYPES.values())):
        raise InvalidInput.of("soort", "onbekend", f"Wij kennen niet: {', '.join(unknown)}.")
    newest = webhook.newest_event_id(session, scope=[home.id])
    hook = webhook.webhook_named(session, name, scope=[home.id])
    if hook is not None and hook.active:
        raise Conflict("naam_bezet", f"'{name}' heeft al een webhook. Zet die eerst uit.")
    if hook is None:
        hook = Webhook(gemeente_id=home.id, name=name, created_at=now, seen_at=machine_now())
        session.add(hook)
    hook.url, hook.kinds, hook.own_only, hook.active = url, list(kinds), own_only, True
    hook.secret = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    hook.safe_id = hook.seen_id = newest
    hook.seen_at = machine_now()
    session.flush()
    journal.record(session, "webhook_gemaakt", gemeente_id=home.id, actor=actor, now=now, facts={"naam": name})
    return hook


def stop_webhook(session: Session, home: Gemeente, name: str, *, actor: Actor, now: datetime) -> None:
    """Tells this partner nothing more. Raises Forbidden without the role beheer, NotFound."""
    actor.require_role(home.id, BEHEER)
    _working(session, home, name).active = False
    journal.record(session, "webhook_gestopt", gemeente_id=home.id, actor=actor, now=now, facts={"naam": name})


def replay(session: Session, home: Gemeente, name: str, since: datetime, *, actor: Actor, now: datetime) -> int:
    """Tells again what happened since this moment, with the same ids; how many events. Raises Forbidden, NotFound."""
    actor.require_role(home.id, BEHEER)
    hook = _working(session, home, name)
    again = webhook.forget_calls(session, hook.id, since, scope=[home.id])
    facts = {"naam": name, "aantal": again}
    journal.record(session, "webhook_herhaald", gemeente_id=home.id, actor=actor, now=now, facts=facts)
    _put(session, hook, now=now)
    return again


def collect_news(engine: sa.Engine, *, now: datetime) -> None:
    """Looks in the journal for what partners asked to hear, and owes it to them. Safe to do twice, late, or by two."""
    with transaction(engine) as session:
        scope = gemeente.served_ids(session)
        wanted = [hook.id for hook in webhook.webhooks_of(session, scope=scope) if hook.active]
    for hook_id in wanted:
        with transaction(engine) as session:
            hook = webhook.lock_webhook(session, hook_id, scope=scope)
            if hook is None or not hook.active:
                continue
            newest = webhook.newest_event_id(session, scope=[hook.gemeente_id])
            if newest == hook.safe_id:
                continue
            found = webhook.add_news(session, hook, TYPES, now=now, scope=[hook.gemeente_id])
            webhook.delete_told(session, hook.id, now - KEPT, scope=[hook.gemeente_id])
            if machine_now() - hook.seen_at >= SETTLED:
                hook.safe_id, hook.seen_id, hook.seen_at = hook.seen_id, newest, machine_now()
            if found:
                _put(session, hook, now=now)


@dataclass(frozen=True)
class _News:
    call_id: int
    url: str
    secret: str
    event: Mapping[str, Any]


def tell_partner(
    engine: sa.Engine, adapters: Adapters, settings: Settings, payload: Mapping[str, Any]
) -> datetime | None:
    """Tells one partner its news, oldest first, for the worker. Returns None when all was told, or now: there is more.

    Raises TemporaryFailure to be tried again. A partner that is gone for good hears nothing more (`webhook_gestopt`).
    """
    hook_id, scope = int(payload["webhook_id"]), [int(payload["gemeente_id"])]
    for _ in range(LOT):
        with transaction(engine) as session:
            news = _next(session, settings, hook_id, scope)
        if news is None:
            return None
        try:
            adapters.hooks.send(news.url, news.secret, news.event, at=machine_now())
        except (TemporaryFailure, PermanentFailure) as failure:
            with transaction(engine) as session:
                _note_failure(session, news.call_id, hook_id, failure, scope)
            if isinstance(failure, PermanentFailure):
                return None
            raise
        with transaction(engine) as session:
            told = webhook.call_by_id(session, news.call_id, scope=scope)
            if told is not None:
                told.sent_at, told.in_doubt, told.reason = business_now(session), False, ""
    with transaction(engine) as session:
        return business_now(session)


def _next(session: Session, settings: Settings, hook_id: int, scope: Sequence[int]) -> _News | None:
    """The next event to tell, with this try counted. Whoever died over it may have told it: then it may be a double."""
    hook = webhook.lock_webhook(session, hook_id, scope=scope)
    call = webhook.next_call(session, hook_id, scope=scope) if hook is not None and hook.active else None
    if hook is None or call is None:
        return None
    call.maybe_double = call.maybe_double or call.in_doubt
    call.attempts, call.in_doubt = call.attempts + 1, True
    home = gemeente.gemeente_by_id(session, hook.gemeente_id)
    oin = str(home.policy.get("oin", ""))
    event = cloud_event(
        event_id=call.event_id,
        number=call.number,
        name=call.type,
        at=call.at,
        gemeente_slug=home.slug,
        source=f"urn:nld:oin:{oin}:systeem:meldingen" if oin else settings.public_url,
        public_url=settings.public_url,
    )
    return _News(call.id, hook.url, hook.secret, event)


def _note_failure(session: Session, call_id: int, hook_id: int, failure: Exception, scope: Sequence[int]) -> None:
    call = webhook.call_by_id(session, call_id, scope=scope)
    if call is not None:
        call.reason, call.in_doubt = str(failure), isinstance(failure, UncertainFailure)
    hook = webhook.lock_webhook(session, hook_id, scope=scope)
    if isinstance(failure, PermanentFailure) and hook is not None and hook.active:
        hook.active = False
        facts = {"naam": hook.name, "reden": str(failure)}
        now = business_now(session)
        journal.record(session, "webhook_gestopt", gemeente_id=hook.gemeente_id, actor=SYSTEM, now=now, facts=facts)
        log.error("webhook_stopped", webhook=hook.id, reason=str(failure))


def _put(session: Session, hook: Webhook, *, now: datetime) -> None:
    """One row per lot of news; of one partner only the oldest is worked on, so that the order holds."""
    ids = {"webhook_id": hook.id, "gemeente_id": hook.gemeente_id}
    outbox.put(
        session,
        Topic.WEBHOOK,
        ids,
        gemeente_id=hook.gemeente_id,
        now=now,
        urgency=Urgency.LATER,
        order_key=f"webhook:{hook.id}",
    )


def _working(session: Session, home: Gemeente, name: str) -> Webhook:
    hook = webhook.webhook_named(session, name, scope=[home.id])
    if hook is None or not hook.active:
        raise NotFound("webhook_onbekend", f"Er is geen webhook voor '{name}'.")
    return hook

"""Berichten, from owing one to delivering it: one Notice per event and melding, its attempts as deliveries.

`announce` and `tell_team` only write that a bericht is owed, in the transaction of the event itself. `deliver_notice`
is the worker's: it reads, calls with no transaction open, and records. What an attempt changes is in deliveries.py.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ..adapters import Adapters
from ..adapters.failures import PermanentFailure, TemporaryFailure, UncertainFailure
from ..adapters.mail import Mail
from ..adapters.push import Push
from ..adapters.receipt import CanTell, Receipt
from ..adapters.sms import Sms
from ..db import LOCK_TIMED_OUT, business_now, retry_deadlock, transaction
from ..domain.actor import SYSTEM
from ..domain.delivery import VERZONDEN
from ..domain.notices import TEAM_KINDS, Channel, ContactFacts, NoticeKind, choose_channel
from ..domain.privacy import LIMITED
from ..settings import Settings
from ..store import outbox, task
from ..store.journal import Event, record
from ..store.melding import Melding
from ..store.notice import Notice
from ..store.outbox import Topic, Urgency
from . import chain, deliveries, reach, receipts, texts
from .deliveries import Attempt, Desk

DOUBT_RESTS_S = 240.0
"""Shorter than a quiet row holds the next of its melding (HELD_AT_MOST), so that the order stays."""
NOT_REACHED = "de werker stopte voordat dit bericht aan de beurt was"
_LOCK_CLASS = 4021
"""The first half of our advisory locks on notices, apart from those of others."""


def announce(
    session: Session,
    kind: str,
    event: Event,
    meldingen: Sequence[Melding],
    *,
    now: datetime,
    urgency: int = Urgency.NORMAL,
    not_before: datetime | None = None,
) -> None:
    """Owes each of these melders one bericht about this event; a second call changes nothing.

    Nothing is owed to a melder who cannot be reached or does not want this kind: the volgpagina tells it (KLANTREIS
    Berichten). The channel is chosen when it is delivered. not_before: it waits until then, while what caused it can
    still be undone. A withdrawal ends every earlier promise to phone or post. Raises ValueError for a kind
    without words.
    """
    if kind not in texts.kinds() - TEAM_KINDS:
        raise ValueError(f"no words for a bericht of kind {kind!r}")
    if not meldingen:
        return
    if kind == NoticeKind.INGETROKKEN:
        ids, scope = [m.id for m in meldingen], {m.gemeente_id for m in meldingen}
        for melding in meldingen:
            chain.end_by_people(session, melding, str(kind), now=now)
        task.drop_open(session, ids, kind=reach.NIET_BEREIKBAAR, now=now, scope=scope)
    for melding in who_can_hear(session, kind, meldingen):
        _owe(session, kind, event, now=now, urgency=urgency, melding_id=melding.id, not_before=not_before)


def announce_new_dates(
    session: Session,
    meldingen: Sequence[Melding],
    opdracht_id: int | None,
    *,
    silent: Sequence[Melding] = (),
    why: Mapping[str, Any] | None = None,
    now: datetime,
) -> None:
    """Owes each melder whose promise moved the new date; `silent`: those who hear of it in another bericht, or read it.

    why: facts of the event, such as `reason` (a code of library.delay_reasons) and `note_id` (a sentence of the team).

    An event of its own per melding: each has its own promise, and a bericht tells what its event says.
    """
    told = {m.id for m in silent}
    for melding in meldingen:
        promise = record(
            session,
            "nieuwe_datum",
            gemeente_id=melding.gemeente_id,
            actor=SYSTEM,
            now=now,
            melding_id=melding.id,
            opdracht_id=opdracht_id,
            facts={**(why or {}), "promised_on": melding.promised_on.isoformat()},
        )
        if melding.id not in told:
            announce(session, NoticeKind.VERTRAAGD, promise, [melding], now=now)


def who_can_hear(session: Session, kind: str, meldingen: Sequence[Melding]) -> list[Melding]:
    """Those of these meldingen whose melder has some channel that carries this kind of bericht."""
    facts = reach.facts_of(session, [m.id for m in meldingen], scope={m.gemeente_id for m in meldingen})
    return can_hear(facts, kind, meldingen)


def can_hear(facts: Mapping[int, ContactFacts], kind: str, meldingen: Iterable[Melding]) -> list[Melding]:
    """The same, of melders of whom is known how they can be reached. facts: by melding id."""
    return [
        melding
        for melding in meldingen
        if choose_channel(facts[melding.id], kind) is not None and LIMITED not in melding.flags
    ]


def tell_team(
    session: Session,
    kind: str,
    event: Event,
    team_ids: Iterable[int],
    *,
    now: datetime,
    urgency: int | None = None,
) -> None:
    """Owes each of these teams one bericht about this event; a second call changes nothing.

    urgency: default that of the kind: an alarm goes before anything else. Raises ValueError for a kind that is not
    for teams.
    """
    if kind not in TEAM_KINDS:
        raise ValueError(f"no bericht for a team is of kind {kind!r}")
    if urgency is None:
        urgency = Urgency.SPOED if kind == NoticeKind.ALARM else Urgency.NORMAL
    for team_id in team_ids:
        _owe(session, kind, event, now=now, urgency=urgency, team_id=team_id)


def tell_people(
    session: Session, kind: str, event: Event, ways: Iterable[tuple[int, int | None]], *, now: datetime
) -> None:
    """Owes medewerkers one bericht about this event per way: account id and the id of a device, or None for his phone.

    A second call changes nothing. Raises ValueError for a kind that is not for a team.
    """
    if kind not in TEAM_KINDS:
        raise ValueError(f"no bericht for a medewerker is of kind {kind!r}")
    for account_id, device_id in ways:
        _owe(session, kind, event, now=now, urgency=Urgency.SPOED, account_id=account_id, device_id=device_id)


@dataclass
class Line:
    """Berichten that one worker has alone and delivers in this order. begun: by notice id the one that began and was
    not sent yet, or when its turn is. goes_on: whether the worker has time for another; what began, it sends."""

    payloads: Sequence[Mapping[str, Any]] = ()
    goes_on: Callable[[], bool] = lambda: True
    begun: dict[int, Attempt | datetime] = field(default_factory=dict)

    def after(self, notice_id: int) -> Mapping[str, Any] | None:
        """The one that comes next, if there is time for it."""
        if not self.goes_on():
            return None
        ids = [int(payload["notice_id"]) for payload in self.payloads]
        following = self.payloads[ids.index(notice_id) + 1 :] if notice_id in ids else ()
        return following[0] if following else None


def deliver_notice(
    engine: sa.Engine,
    adapters: Adapters,
    settings: Settings,
    payload: Mapping[str, Any],
    *,
    last_try: bool = False,
    line: Line | None = None,
    finish: Callable[[Session, datetime], object] = lambda _session, _now: None,
) -> datetime | None:
    """Takes one bericht one step further, for the worker.

    payload: notice_id and gemeente_id. last_try: the outbox will not try again, so a failure now is final and the next
    channel's turn. line: who calls has it `in_line`; then the next of the line begins in the transaction that records
    this one, so that each takes a commit of its own and no more. finish: finishes the row of the outbox, called in the
    transaction that records what the provider took; in every other case that is left to who calls. Returns None when
    this row is done, or the moment before which it must wait (quiet hours). Raises TemporaryFailure to be tried again,
    PermanentFailure when people must look.
    """
    notice_id = int(payload["notice_id"])
    step = partial(_desk, engine, adapters, settings, payload)

    with nullcontext([notice_id]) if line is not None else held_alone(engine, [notice_id]) as mine:
        if not mine:
            raise TemporaryFailure("een andere werker is met dit bericht bezig")
        attempt: Attempt | datetime | PermanentFailure | None = line.begun.pop(notice_id, None) if line else None
        if attempt is None:
            with step() as desk:
                attempt = deliveries.begin(desk, notice_id)
        if isinstance(attempt, PermanentFailure):
            raise attempt
        if not isinstance(attempt, Attempt):
            return attempt
        try:
            receipt = _call(adapters, attempt)
        except (TemporaryFailure, PermanentFailure) as failure:
            final = last_try or isinstance(failure, PermanentFailure)
            with step() as desk:
                if final:
                    handled = deliveries.fail(desk, attempt.delivery_id, failure)
                elif isinstance(failure, TemporaryFailure) and not isinstance(failure, UncertainFailure):
                    deliveries.note_failure(desk, attempt.delivery_id, failure)
            if isinstance(failure, UncertainFailure) and not attempt.for_team:
                _let_the_doubt_rest(adapters, attempt.channel, failure)
            if not final or (attempt.for_team and not handled):
                raise
            return None

        def record_it(following: Mapping[str, Any] | None) -> Attempt | datetime | None:
            with step() as desk:
                if receipt.status == VERZONDEN:
                    deliveries.record_taken(desk, attempt, receipt.provider_id)
                else:
                    deliveries.record_receipt(desk, attempt.reference, receipt)
                receipts.ask_later(desk, attempt.channel, attempt.reference)
                finish(desk.session, desk.now)
                return _begin_following(desk, following) if following is not None else None

        # It has gone: neither a clash nor a long wait for the melding's lock must make it a double, nor may whatever is
        # the matter with the next one.
        record = partial(retry_deadlock, tries=3, also=[LOCK_TIMED_OUT])
        following = line.after(notice_id) if line is not None else None
        try:
            begun = record(lambda: record_it(following))
        except Exception:
            if following is None:
                raise
            begun = record(lambda: record_it(None))
        if begun is not None and line is not None and following is not None:
            line.begun[int(following["notice_id"])] = begun
    return None


@contextmanager
def _desk(engine: sa.Engine, adapters: Adapters, settings: Settings, payload: Mapping[str, Any]) -> Iterator[Desk]:
    """One step of the bericht of this payload, in a transaction of its own."""
    with transaction(engine) as session:
        yield Desk(session, adapters, settings, frozenset({int(payload["gemeente_id"])}), business_now(session))


def _begin_following(desk: Desk, payload: Mapping[str, Any]) -> Attempt | datetime | None:
    """Begins the next of a line when it is an ordinary e-mail; any other begins in its turn."""
    there = replace(desk, scope=frozenset({int(payload["gemeente_id"])}))
    return deliveries.begin_mail(there, int(payload["notice_id"]))


@contextmanager
def in_line(
    engine: sa.Engine,
    adapters: Adapters,
    settings: Settings,
    payloads: Sequence[Mapping[str, Any]],
    *,
    goes_on: Callable[[], bool] = lambda: True,
) -> Iterator[Line]:
    """A line of those of these berichten that nobody else has. What began and is not sent when it ends, since the
    worker fails, is written down as certainly not sent. goes_on: whether another may begin."""
    with held_alone(engine, [int(payload["notice_id"]) for payload in payloads]) as mine:
        line = Line([payload for payload in payloads if payload["notice_id"] in mine], goes_on)
        try:
            yield line
        finally:
            for payload in line.payloads:
                attempt = line.begun.pop(int(payload["notice_id"]), None)
                if isinstance(attempt, Attempt):
                    with _desk(engine, adapters, settings, payload) as desk:
                        deliveries.note_failure(desk, attempt.delivery_id, TemporaryFailure(NOT_REACHED))


def _let_the_doubt_rest(adapters: Adapters, channel: str, failure: UncertainFailure) -> None:
    """Where nobody can tell there is one more try, so it waits until a short outage is over."""
    if not isinstance(deliveries.sender_of(adapters, channel), CanTell):
        failure.retry_after_s = max(failure.retry_after_s or 0.0, DOUBT_RESTS_S)


def _call(adapters: Adapters, step: Attempt) -> Receipt:
    """The one call outside. A provider that can tell is asked before anything is sent again (KLANTREIS rule 2)."""
    sender = deliveries.sender_of(adapters, step.channel)
    if step.number > 1 and isinstance(sender, CanTell):
        earlier = sender.find(step.reference)
        if earlier is not None:
            return earlier
    if step.channel == Channel.EMAIL and adapters.mail is not None:
        return Receipt(adapters.mail.send(_mail(step)), VERZONDEN)
    if step.channel == Channel.SMS and adapters.sms is not None:
        return Receipt(adapters.sms.send(Sms(step.address, step.text, step.reference)), VERZONDEN)
    if step.channel == Channel.PUSH and adapters.push is not None:
        path = urlsplit(step.link).path
        message = Push(step.address, step.subject, step.text, path, step.reference, urgent=step.urgent)
        return Receipt(adapters.push.send(message), VERZONDEN)
    raise PermanentFailure("dit kanaal is er niet meer")


def _mail(step: Attempt) -> Mail:
    return Mail(
        to=step.address,
        subject=step.subject,
        text=step.text,
        html=step.html,
        reference=step.reference,
        at=step.at,
        sender_name=step.sender_name,
        reply_to=step.envelope.reply_to,
        envelope_from=step.envelope.envelope_from,
        unsubscribe_url=step.envelope.unsubscribe_url,
    )


@contextmanager
def held_alone(engine: sa.Engine, notice_ids: Collection[int]) -> Iterator[Collection[int]]:
    """One worker at a time per bericht, without a transaction: the locks end with their connection, so also when the
    worker is killed. Gives the berichten that nobody else has."""
    asked = {"class": _LOCK_CLASS, "ids": list(notice_ids)}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        mine = connection.scalars(_LOCK, asked).all()
        try:
            yield mine
        finally:
            try:
                connection.execute(_UNLOCK, {**asked, "ids": mine})
            except BaseException:
                connection.invalidate()  # whatever state it is in, the locks go with it
                raise


_LOCK, _UNLOCK = (
    sa.text(f"SELECT id FROM unnest(CAST(:ids AS bigint[])) AS id WHERE {what}(:class, (id % 2147483648)::int)")  # noqa: S608
    for what in ("pg_try_advisory_lock", "pg_advisory_unlock")
)


def _owe(
    session: Session,
    kind: str,
    event: Event,
    *,
    now: datetime,
    urgency: int,
    melding_id: int | None = None,
    team_id: int | None = None,
    account_id: int | None = None,
    device_id: int | None = None,
    not_before: datetime | None = None,
) -> None:
    receiver = "melding_id" if melding_id is not None else "team_id" if team_id is not None else "account_id"
    once = ["event_id", receiver, *(["device_id"] if account_id is not None else [])]
    made = session.execute(
        insert(Notice)
        .values(
            gemeente_id=event.gemeente_id,
            event_id=event.id,
            melding_id=melding_id,
            team_id=team_id,
            account_id=account_id,
            device_id=device_id,
            kind=kind,
            at=event.at,
        )
        .on_conflict_do_nothing(index_elements=once, index_where=sa.text(f"{receiver} IS NOT NULL"))
        .returning(Notice.id)
    ).scalar_one_or_none()
    if made is None:
        return
    outbox.put(
        session,
        Topic.NOTICE,
        {"notice_id": made, "gemeente_id": event.gemeente_id},
        gemeente_id=event.gemeente_id,
        now=now,
        due_at=not_before,
        urgency=urgency,
        order_key=f"melding:{melding_id}" if melding_id is not None else None,
    )

"""The ordinary e-mail about a bericht, which nearly all berichten are: read, begun and recorded by a statement each.

The rows are those that flow/deliveries.py and flow/chain.py read and write step by step for every other bericht; a test
holds the two to each other. Whether a bericht goes by e-mail, and with which words, is decided there.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from ..db import by_driver, settled
from ..domain.delivery import GEPLAND, KLAAR, UNFINISHED, VERZONDEN
from .category import Category
from .contact import Contact
from .gemeente import Gemeente
from .journal import Event
from .melding import Melding
from .notice import Delivery, Notice
from .notice_text import NoticeText
from .push import PushSubscription
from .table import as_read, written_elsewhere


@dataclass(frozen=True)
class Fresh:
    """A bericht that nobody began, of which nothing else about its melding waits, with all that its words need.

    chosen: the melder's own category. own_texts: whether the gemeente has words of its own for this kind of e-mail.
    planned: its delivery, when it waits for its turn at the provider; without it there is none.
    """

    own_texts: bool
    notice: Notice
    about: Melding
    contact: Contact
    event: Event
    home: Gemeente
    chosen: Category | None
    planned: Delivery | None


_planned = aliased(Delivery)
_PLANNED = sa.and_(
    _planned.notice_id == Notice.id,
    _planned.channel == "email",
    _planned.status == GEPLAND,
    _planned.attempts == 0,
    _planned.again == 0,
    _planned.carrier_id.is_(None),
)
_other, _sent = aliased(Notice), aliased(Delivery)
_WAITING = sa.and_(
    _other.melding_id == Melding.id,
    _other.id != Notice.id,
    _other.ended == "",
    sa.or_(_sent.id.is_(None), _sent.status.in_(UNFINISHED)),
)
_DEVICE = sa.and_(PushSubscription.melding_id == Melding.id, PushSubscription.gemeente_id == Melding.gemeente_id)


def _how_many(query: sa.Select[Any]) -> sa.ScalarSelect[int]:
    """Counted for the one row at hand: PostgreSQL would make a join of "not exists", and in a new installation, whose
    tables it does not know yet, read them whole for it."""
    return query.correlate(Notice, Melding).scalar_subquery()


_READ: Mapping[Any, tuple[str, ...]] = {
    Notice: ("id", "gemeente_id", "event_id", "melding_id", "kind", "at"),
    Melding: (
        "id", "gemeente_id", "number", "address", "location_note", "category_id", "danger", "flags", "received_at",
        "first_promised_on", "promised_on", "referred_to", "token_generation",
    ),
    Contact: (
        "id", "email", "phone", "mobile", "preference", "only_when_done", "night_too", "postal_address",
        "email_refused_at",
    ),
    Event: ("id", "gemeente_id", "melding_id", "opdracht_id", "facts"),
    Gemeente: ("id", "name", "phone", "hours", "email", "website", "policy"),
    Category: ("id", "gemeente_id", "parent_id", "phrase"),
    _planned: ("id", "gemeente_id", "reference", "slot_at"),
}  # fmt: skip
"""What the words of an ordinary e-mail need, in the order of `Fresh`; one that was not read raises."""
_FRESH, _FIXED = settled(
    sa.select(
        sa.exists().where(
            NoticeText.gemeente_id == Notice.gemeente_id,
            NoticeText.kind == Notice.kind,
            NoticeText.channel == "email",
            NoticeText.retired_at.is_(None),
        ),
        *(getattr(of, name) for of, names in _READ.items() for name in names),
    )
    .select_from(Notice)
    .join(Melding, sa.and_(Melding.id == Notice.melding_id, Melding.gemeente_id == Notice.gemeente_id))
    .join(Contact, sa.and_(Contact.melding_id == Melding.id, Contact.gemeente_id == Melding.gemeente_id))
    .join(Event, Event.id == Notice.event_id)
    .join(Gemeente, Gemeente.id == Notice.gemeente_id)
    .outerjoin(Category, sa.and_(Category.id == Melding.category_id, Category.gemeente_id == Melding.gemeente_id))
    .outerjoin(_planned, _PLANNED)
    .where(
        Notice.id == sa.bindparam("notice_id", 0, type_=sa.BigInteger),
        Notice.gemeente_id == sa.any_(sa.bindparam("scope", [], type_=sa.ARRAY(sa.BigInteger))),
        Notice.ended == "",
        Melding.withdrawn_at.is_(None),
        Melding.erased_at.is_(None),
        _how_many(sa.select(sa.func.count(Delivery.id)).where(Delivery.notice_id == Notice.id))
        == sa.case((_planned.id.is_(None), 0), else_=1),
        _how_many(sa.select(sa.func.count(PushSubscription.id)).where(_DEVICE)) == 0,
        _how_many(
            sa.select(sa.func.count(_other.id))
            .outerjoin_from(_other, _sent, _sent.notice_id == _other.id)
            .where(_WAITING)
        )
        == 0,
    )
    .with_for_update(of=[Melding, Contact], key_share=True, skip_locked=True)
)
_BEGIN = f"""
    WITH made AS (
        INSERT INTO delivery (gemeente_id, notice_id, channel, status, address, reference, subject, text, html,
                              attempts, due_at, created_at)
        VALUES (%(gemeente_id)s, %(notice_id)s, 'email', '{KLAAR}', %(address)s, %(reference)s, %(subject)s, %(text)s,
                %(html)s, 1, %(now)s, %(now)s)
        RETURNING id
    ), steps AS (
        INSERT INTO delivery_step (gemeente_id, delivery_id, status, at, attempt)
        SELECT %(gemeente_id)s, made.id, step.status, %(now)s, step.attempt
        FROM made, (VALUES ('{GEPLAND}', 0), ('{KLAAR}', 1)) AS step (status, attempt)
    )
    SELECT id FROM made
"""  # noqa: S608  our own words
_BEGIN_PLANNED = f"""
    WITH begun AS (
        UPDATE delivery
        SET status = '{KLAAR}', reason = '', address = %(address)s, subject = %(subject)s, text = %(text)s,
            html = %(html)s, attempts = 1, slot_at = NULL
        WHERE id = %(planned_id)s
        RETURNING id, gemeente_id, provider_id
    )
    INSERT INTO delivery_step (gemeente_id, delivery_id, status, at, attempt, provider_id)
    SELECT gemeente_id, id, '{KLAAR}', %(now)s, 1, provider_id FROM begun
    RETURNING delivery_id
"""  # noqa: S608  our own words
_PLAN = f"""
    WITH made AS (
        INSERT INTO delivery (gemeente_id, notice_id, channel, address, reference, due_at, slot_at, created_at)
        VALUES (%(gemeente_id)s, %(notice_id)s, 'email', %(address)s, %(reference)s, %(slot)s, %(slot)s, %(now)s)
        RETURNING id
    )
    INSERT INTO delivery_step (gemeente_id, delivery_id, status, at)
    SELECT %(gemeente_id)s, id, '{GEPLAND}', %(now)s FROM made
    RETURNING id
"""  # noqa: S608  our own words
_MOVE_TURN = "UPDATE delivery SET due_at = %(slot)s, slot_at = %(slot)s WHERE id = %(planned_id)s RETURNING id"
_SENT = f"""
    WITH about AS (
        SELECT d.id FROM delivery d
        JOIN notice n ON n.id = d.notice_id
        JOIN melding m ON m.id = n.melding_id
        WHERE d.id = %(delivery_id)s AND d.gemeente_id = ANY(CAST(%(scope)s AS bigint[]))
        AND n.ended = '' AND m.erased_at IS NULL AND NOT 'niet_bereikbaar' = ANY(m.flags)
        FOR NO KEY UPDATE OF m
    ), moved AS (
        UPDATE delivery d
        SET status = '{VERZONDEN}', reason = '', sent_at = coalesce(d.sent_at, %(now)s),
            provider_id = coalesce(nullif(%(provider_id)s, ''), d.provider_id)
        FROM about
        WHERE d.id = about.id AND d.status = '{KLAAR}'
        AND NOT EXISTS (SELECT 1 FROM delivery part WHERE part.carrier_id = d.id)
        RETURNING d.id, d.gemeente_id, d.status, d.attempts, d.provider_id
    )
    INSERT INTO delivery_step (gemeente_id, delivery_id, status, at, attempt, provider_id)
    SELECT gemeente_id, id, status, %(now)s, attempts, provider_id FROM moved
    RETURNING id
"""  # noqa: S608  our own words


def lock_fresh(session: Session, notice_id: int, *, scope: Collection[int]) -> Fresh | None:
    """Locks the melding and the contact of such a bericht; None when it is none, or somebody else is busy with them.

    The rows are not of the session: to look at only.
    """
    session.flush()
    found = by_driver(session, _FRESH, {**_FIXED, "notice_id": notice_id, "scope": sorted(scope)})
    if not found:
        return None
    own_texts, *values = found[0]
    rows: list[Any] = []
    for of, names in _READ.items():
        columns = dict(zip(names, values, strict=False))
        values = values[len(names) :]
        rows.append(as_read(Delivery if of is _planned else of, columns) if columns["id"] is not None else None)
    return Fresh(own_texts, *rows)


def wait_for_turn(
    session: Session, found: Fresh, *, address: str, reference: str, slot: datetime, now: datetime
) -> None:
    """Plans the delivery of a locked fresh bericht for its turn at the provider, or moves the turn of the planned."""
    if found.planned is not None:
        by_driver(session, _MOVE_TURN, {"planned_id": found.planned.id, "slot": slot})
        written_elsewhere(session, Delivery, [found.planned.id])
        return
    notice, facts = found.notice, {"address": address, "reference": reference, "slot": slot, "now": now}
    by_driver(session, _PLAN, {"gemeente_id": notice.gemeente_id, "notice_id": notice.id, **facts})


def begin_mail(
    session: Session, found: Fresh, *, address: str, reference: str, subject: str, text: str, html: str, now: datetime
) -> int:
    """The first try of a locked fresh bericht begins: its delivery with its steps. The id of the delivery."""
    facts = {"address": address, "reference": reference, "subject": subject, "text": text, "html": html, "now": now}
    if found.planned is not None:
        ((delivery_id,),) = by_driver(session, _BEGIN_PLANNED, {"planned_id": found.planned.id, **facts})
    else:
        asked = {"gemeente_id": found.notice.gemeente_id, "notice_id": found.notice.id, **facts}
        ((delivery_id,),) = by_driver(session, _BEGIN, asked)
    return int(delivery_id)


def record_sent(session: Session, delivery_id: int, *, provider_id: str, now: datetime, scope: Collection[int]) -> bool:
    """Writes down that the provider took a message that carried one bericht to a melder. False: nothing was written,
    since something happened meanwhile that asks for more than this."""
    asked = {"delivery_id": delivery_id, "scope": sorted(scope), "provider_id": provider_id, "now": now}
    return bool(by_driver(session, _SENT, asked))

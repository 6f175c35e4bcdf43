"""Announcing: one Notice per event and melding, and its outbox row, in the transaction of the event itself.

How a bericht reaches the melder is decided when it is delivered; here only that it is owed.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from ..store import contact, outbox
from ..store.journal import Event
from ..store.melding import Melding
from ..store.notice import Notice
from ..store.outbox import Topic, Urgency


def announce(
    session: Session,
    kind: str,
    event: Event,
    meldingen: Sequence[Melding],
    *,
    now: datetime,
    urgency: int = Urgency.NORMAL,
) -> None:
    """Owes each of these melders one bericht about this event; a second call changes nothing.

    A melder who left no contact at all is owed none: the volgpagina tells it (KLANTREIS Berichten).
    """
    if not meldingen:
        return
    known = contact.contacts_of(session, [m.id for m in meldingen], scope={m.gemeente_id for m in meldingen})
    for melding in meldingen:
        if melding.id in known:
            _owe(session, kind, event, now=now, urgency=urgency, melding_id=melding.id)


def alarm(session: Session, event: Event, team_ids: Iterable[int], *, now: datetime) -> None:
    """Owes each of these teams one alarm about this event, before anything else."""
    for team_id in team_ids:
        _owe(session, "alarm", event, now=now, urgency=Urgency.SPOED, team_id=team_id)


def _owe(
    session: Session,
    kind: str,
    event: Event,
    *,
    now: datetime,
    urgency: int,
    melding_id: int | None = None,
    team_id: int | None = None,
) -> None:
    receiver = "melding_id" if melding_id is not None else "team_id"
    made = session.execute(
        insert(Notice)
        .values(
            gemeente_id=event.gemeente_id,
            event_id=event.id,
            melding_id=melding_id,
            team_id=team_id,
            kind=kind,
            at=event.at,
        )
        .on_conflict_do_nothing(index_elements=["event_id", receiver], index_where=sa.text(f"{receiver} IS NOT NULL"))
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
        urgency=urgency,
        order_key=f"melding:{melding_id}" if melding_id is not None else None,
    )

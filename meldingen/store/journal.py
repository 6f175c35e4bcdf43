"""The append-only journal: every change with author, time and reason as ids, codes and times; words live elsewhere.

A trigger refuses UPDATE; DELETE works only for upkeep, which leaves a Tombstone. Notes hold the words.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from ..domain.actor import Actor
from .table import Id, Moment, OfGemeente, Ref, one_of, own, refers, row_by_id


class Event(OfGemeente, Base):
    """One thing that happened. facts: ids, codes and times only, never a name, address or text."""

    __tablename__ = "journal"

    at: Mapped[Moment]
    kind: Mapped[str] = mapped_column(sa.Text)
    melding_id: Mapped[Ref | None]
    opdracht_id: Mapped[Ref | None]
    actor: Mapped[str] = mapped_column(sa.Text)
    on_behalf_of: Mapped[Ref | None]
    facts: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=sa.text("'{}'::jsonb"))

    __table_args__ = own(
        sa.Index("ix_journal_melding_id", "melding_id", "id", postgresql_where=sa.text("melding_id IS NOT NULL")),
        sa.Index("ix_journal_opdracht_id", "opdracht_id", "id", postgresql_where=sa.text("opdracht_id IS NOT NULL")),
    )


class Tombstone(Base):
    """What is left of a melding that retention destroyed: enough to count it and destroy it after a restore.

    reason: the term that ended it, as a code. batch: the run that destroyed it.
    """

    __tablename__ = "tombstone"

    id: Mapped[Id]
    gemeente_id: Mapped[int] = mapped_column(sa.BigInteger, sa.ForeignKey("gemeente.id"))
    number: Mapped[str] = mapped_column(sa.Text, unique=True)
    melding_id: Mapped[int] = mapped_column(sa.BigInteger)
    category: Mapped[str] = mapped_column(sa.Text, server_default="")
    received_at: Mapped[Moment]
    closed_at: Mapped[Moment | None]
    destroyed_at: Mapped[Moment]
    reason: Mapped[str] = mapped_column(sa.Text)
    batch: Mapped[str] = mapped_column(sa.Text, server_default="")


class Note(OfGemeente, Base):
    """Words about a melding or an opdracht. kind: `notitie` (staff), `aanvulling` (melder), `vraag` (to the melder);
    `partij_vraag` and `partij_antwoord` between an external party and us.

    `weigering`: what a refused operation said, kept so that no words are lost (KLANTREIS rule 4).
    """

    __tablename__ = "note"

    melding_id: Mapped[Ref | None]
    opdracht_id: Mapped[Ref | None]
    kind: Mapped[str] = mapped_column(sa.Text)
    text: Mapped[str] = mapped_column(sa.Text)
    made_by: Mapped[str] = mapped_column(sa.Text)
    account_id: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))
    at: Mapped[Moment]

    __table_args__ = own(
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("opdracht_id", "opdracht", ondelete="CASCADE"),
        one_of("kind", ("notitie", "aanvulling", "vraag", "weigering", "partij_vraag", "partij_antwoord")),
        sa.Index("ix_note_melding_id", "melding_id"),
        sa.Index("ix_note_opdracht_id", "opdracht_id"),
    )


def record(
    session: Session,
    kind: str,
    *,
    gemeente_id: int,
    actor: Actor,
    now: datetime,
    melding_id: int | None = None,
    opdracht_id: int | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Event:
    """Writes one event and returns it with its id. The caller's transaction commits it."""
    event = Event(
        gemeente_id=gemeente_id,
        at=now,
        kind=kind,
        melding_id=melding_id,
        opdracht_id=opdracht_id,
        actor=actor.label,
        on_behalf_of=actor.on_behalf_of_melding,
        facts=dict(facts or {}),
    )
    session.add(event)
    session.flush()  # the id is needed at once: notices refer to the event
    return event


def event_by_id(session: Session, event_id: int, *, scope: Collection[int]) -> Event | None:
    """One event in scope."""
    return row_by_id(session, Event, event_id, scope=scope)


def history_of(
    session: Session,
    *,
    melding_ids: Collection[int] = (),
    opdracht_ids: Collection[int] = (),
    scope: Collection[int],
) -> Sequence[Event]:
    """The events of these meldingen and opdrachten, oldest first."""
    query = (
        sa.select(Event)
        .where(
            Event.gemeente_id.in_(scope),
            sa.or_(Event.melding_id.in_(melding_ids), Event.opdracht_id.in_(opdracht_ids)),
        )
        .order_by(Event.id)
    )
    return session.scalars(query).all()


def events_about(
    session: Session, kind: str, fact: str, value: int, *, scope: Collection[int], limit: int
) -> Sequence[Event]:
    """The events of this kind whose fact has this value, newest first: who changed one category, and when."""
    query = sa.select(Event).where(
        Event.gemeente_id.in_(scope), Event.kind == kind, Event.facts[fact].as_integer() == value
    )
    return session.scalars(query.order_by(Event.id.desc()).limit(limit)).all()


def notes_of(
    session: Session,
    *,
    melding_ids: Collection[int] = (),
    opdracht_ids: Collection[int] = (),
    scope: Collection[int],
) -> Sequence[Note]:
    """The notes of these meldingen and opdrachten, oldest first."""
    query = (
        sa.select(Note)
        .where(
            Note.gemeente_id.in_(scope),
            sa.or_(Note.melding_id.in_(melding_ids), Note.opdracht_id.in_(opdracht_ids)),
        )
        .order_by(Note.id)
    )
    return session.scalars(query).all()


def note_by_id(session: Session, note_id: int, *, scope: Collection[int]) -> Note | None:
    """One note in scope."""
    return session.scalar(sa.select(Note).where(Note.id == note_id, Note.gemeente_id.in_(scope)))


def tombstones(session: Session, *, scope: Collection[int]) -> Sequence[Tombstone]:
    """What was destroyed, oldest first."""
    return session.scalars(sa.select(Tombstone).where(Tombstone.gemeente_id.in_(scope)).order_by(Tombstone.id)).all()

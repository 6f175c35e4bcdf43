"""Work for a desk that is no opdracht and no phone call: an answer to read, a melder whom nobody can reach."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .melding import Melding
from .table import Moment, OfGemeente, Ref, one_of, own, refers

OPEN = "open"
KLAAR = "klaar"
VERVALLEN = "vervallen"

ANSWER_AFTER_END = "antwoord_na_sluiten"
UNCLEAR = "uitleg_onduidelijk"
AUTOMATIC_DELAY = "automatisch_uitgesteld"
CONTACT_GOES = "contact_verloopt"
MUST_WRITE = "zelf_schrijven"
NOT_ACCEPTED = "spoed_niet_opgepakt"
SAFE_LATE = "veilig_te_laat"
TABLET_CONFLICT = "tablet_conflict"
PARTY_ASKS = "partij_vraagt"
PARTY_LATE = "partij_te_laat"
THIRD_MOVE = "derde_verplaatsing"


class Task(OfGemeente, Base):
    """One work item of the KCC or the coordinator, with its deadline.

    kind: a code such as `niet_bereikbaar`, `antwoord_na_sluiten`, `mail_zonder_melding`, `uitleg_onduidelijk`,
    `automatisch_uitgesteld`, `zelf_schrijven`. key: unique when given, so that the same thing is one item.
    words: what a person must know; result: what was done.
    """

    __tablename__ = "task"

    role: Mapped[str] = mapped_column(sa.Text)
    kind: Mapped[str] = mapped_column(sa.Text)
    melding_id: Mapped[Ref | None]
    opdracht_id: Mapped[Ref | None]
    mail_id: Mapped[Ref | None]
    key: Mapped[str | None] = mapped_column(sa.Text)
    words: Mapped[str] = mapped_column(sa.Text, server_default="")
    status: Mapped[str] = mapped_column(sa.Text, server_default=OPEN)
    version: Mapped[int] = mapped_column(server_default="1")
    result: Mapped[str] = mapped_column(sa.Text, server_default="")
    created_at: Mapped[Moment]
    due_at: Mapped[Moment]
    finished_at: Mapped[Moment | None]
    finished_by: Mapped[int | None] = mapped_column(sa.BigInteger, sa.ForeignKey("account.id"))

    __table_args__ = own(
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("opdracht_id", "opdracht", ondelete="CASCADE"),
        refers("mail_id", "incoming_mail", ondelete="CASCADE"),
        one_of("role", ("kcc", "coordinator")),
        one_of("status", (OPEN, KLAAR, VERVALLEN)),
        sa.UniqueConstraint("gemeente_id", "key"),
        sa.Index("ix_task_open", "gemeente_id", "role", "due_at", postgresql_where=sa.text("status = 'open'")),
        sa.Index("ix_task_melding_id", "melding_id"),
    )


def put(
    session: Session,
    kind: str,
    *,
    gemeente_id: int,
    role: str,
    words: str,
    now: datetime,
    due_at: datetime,
    key: str | None = None,
    melding_id: int | None = None,
    opdracht_id: int | None = None,
    mail_id: int | None = None,
) -> None:
    """Adds one work item to the caller's transaction. A `key` that this gemeente has already changes nothing."""
    values = {
        "gemeente_id": gemeente_id,
        "role": role,
        "kind": kind,
        "melding_id": melding_id,
        "opdracht_id": opdracht_id,
        "mail_id": mail_id,
        "key": key,
        "words": words,
        "created_at": now,
        "due_at": due_at,
    }
    session.execute(insert(Task).values(**values).on_conflict_do_nothing(index_elements=["gemeente_id", "key"]))


def finish_of_mail(
    session: Session, mail_id: int, *, result: str, by: int | None, now: datetime, scope: Collection[int]
) -> None:
    """The mail these items were about has found its place."""
    session.execute(
        sa.update(Task)
        .where(Task.mail_id == mail_id, Task.gemeente_id.in_(scope), Task.status == OPEN)
        .values(status=KLAAR, result=result, finished_by=by, finished_at=now, version=Task.version + 1)
    )


def has_open(session: Session, melding_id: int, kind: str, *, scope: Collection[int]) -> bool:
    """Whether somebody has work of this kind about a melding."""
    query = sa.select(Task.id).where(Task.melding_id == melding_id, Task.kind == kind, Task.status == OPEN)
    return session.scalar(query.where(Task.gemeente_id.in_(scope)).limit(1)) is not None


def drop_open(
    session: Session,
    melding_ids: Collection[int],
    *,
    now: datetime,
    scope: Collection[int],
    kind: str | None = None,
) -> None:
    """Nobody needs to do this any more for these meldingen. kind: of that kind only, default everything."""
    dropped = sa.update(Task).where(Task.melding_id.in_(melding_ids), Task.gemeente_id.in_(scope), Task.status == OPEN)
    if kind is not None:
        dropped = dropped.where(Task.kind == kind)
    session.execute(dropped.values(status=VERVALLEN, finished_at=now, version=Task.version + 1))


def drop_of_opdracht(
    session: Session,
    opdracht_id: int,
    *,
    now: datetime,
    scope: Collection[int],
    kinds: Collection[str] | None = None,
) -> None:
    """Nobody needs to mind this opdracht any more: it is closed. kinds: of these kinds only, default everything."""
    dropped = sa.update(Task).where(Task.opdracht_id == opdracht_id, Task.gemeente_id.in_(scope), Task.status == OPEN)
    if kinds is not None:
        dropped = dropped.where(Task.kind.in_(kinds))
    session.execute(dropped.values(status=VERVALLEN, finished_at=now, version=Task.version + 1))


def reopen_of_opdracht(session: Session, opdracht_id: int, *, dropped_at: datetime, scope: Collection[int]) -> None:
    """What was dropped at this moment, with the closing of this opdracht, is to be done again: it was undone."""
    session.execute(
        sa.update(Task)
        .where(Task.opdracht_id == opdracht_id, Task.gemeente_id.in_(scope))
        .where(Task.status == VERVALLEN, Task.finished_at == dropped_at)
        .values(status=OPEN, finished_at=None, version=Task.version + 1)
    )


def finish_of_opdracht(
    session: Session,
    opdracht_id: int,
    kinds: Collection[str],
    *,
    result: str,
    account_id: int | None,
    now: datetime,
    scope: Collection[int],
) -> None:
    """These work items about an opdracht are done, by what a person did with the opdracht itself."""
    mine = sa.and_(Task.opdracht_id == opdracht_id, Task.gemeente_id.in_(scope), Task.kind.in_(kinds))
    done = {"status": KLAAR, "finished_at": now, "finished_by": account_id, "result": result}
    session.execute(sa.update(Task).where(mine, Task.status == OPEN).values(**done, version=Task.version + 1))


def finish_keyed(
    session: Session, key: str, *, result: str, account_id: int | None, now: datetime, scope: Collection[int]
) -> None:
    """The open item of this key is done, by what a person decided elsewhere."""
    done = {"status": KLAAR, "finished_at": now, "finished_by": account_id, "result": result}
    mine = sa.and_(Task.key == key, Task.gemeente_id.in_(scope), Task.status == OPEN)
    session.execute(sa.update(Task).where(mine).values(**done, version=Task.version + 1))


class TaskRow(NamedTuple):
    """One line of the list: a work item, and the melding it is about, if it is about one."""

    task: Task
    melding: Melding | None


@dataclass(frozen=True)
class Whose:
    """Whose items: per role the gemeenten in which somebody holds it."""

    by_role: Mapping[str, Collection[int]]

    @property
    def mine(self) -> sa.ColumnElement[bool]:
        """As a condition on Task."""
        return sa.or_(
            sa.false(),
            *(sa.and_(Task.role == role, Task.gemeente_id.in_(where)) for role, where in self.by_role.items()),
        )


def open_tasks(session: Session, whose: Whose, *, scope: Collection[int], kind: str = "") -> Sequence[TaskRow]:
    """The open items of these roles, late ones first. kind: of this kind only."""
    query = (
        sa.select(Task, Melding)
        .outerjoin(Melding, sa.and_(Melding.id == Task.melding_id, Melding.gemeente_id == Task.gemeente_id))
        .where(Task.status == OPEN, Task.gemeente_id.in_(scope), whose.mine)
        .order_by(Task.due_at, Task.id)
    )
    if kind:
        query = query.where(Task.kind == kind)
    return [TaskRow(row[0], row[1]) for row in session.execute(query)]


def count_open(session: Session, whose: Whose, *, scope: Collection[int]) -> Mapping[str, int]:
    """How many open items there are per kind."""
    query = sa.select(Task.kind, sa.func.count()).where(Task.status == OPEN, Task.gemeente_id.in_(scope), whose.mine)
    return {row[0]: row[1] for row in session.execute(query.group_by(Task.kind))}


def task_by_id(session: Session, task_id: int, *, scope: Collection[int]) -> Task | None:
    """One item in scope, also when it is done."""
    return session.scalar(sa.select(Task).where(Task.id == task_id, Task.gemeente_id.in_(scope)))


def lock_task(session: Session, task_id: int, *, scope: Collection[int]) -> Task | None:
    """Locks one item and reads it afresh."""
    query = sa.select(Task).where(Task.id == task_id, Task.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))

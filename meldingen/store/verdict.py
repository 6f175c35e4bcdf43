"""The oordeel: what a melder said of the end, once per end."""

from collections.abc import Collection, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..db import Base
from .melding import Melding
from .table import Moment, OfGemeente, Ref, one_of, refers

VIA = ("volgpagina", "api", "telefoon", "e_mail")


class Verdict(OfGemeente, Base):
    """One answer. event_id: the closing it is about. asked: `opgelost` ("is het opgelost?") or `uitleg` ("is onze
    uitleg duidelijk?"). answer: yes or no. note_id: what was said with it, a row that upkeep can empty.
    enough: whether he heard enough of us; mark: 1 to 10; both only when he liked to say."""

    __tablename__ = "verdict"

    melding_id: Mapped[Ref]
    event_id: Mapped[Ref]
    asked: Mapped[str] = mapped_column(sa.Text)
    answer: Mapped[bool]
    via: Mapped[str] = mapped_column(sa.Text)
    note_id: Mapped[Ref | None]
    enough: Mapped[bool | None]
    mark: Mapped[int | None] = mapped_column(sa.SmallInteger)
    at: Mapped[Moment]

    __table_args__ = (
        refers("melding_id", "melding", ondelete="CASCADE"),
        refers("note_id", "note"),
        one_of("asked", ("opgelost", "uitleg")),
        one_of("via", VIA),
        sa.CheckConstraint("mark BETWEEN 1 AND 10", name="mark"),
        sa.UniqueConstraint("gemeente_id", "melding_id", "event_id"),
    )


def verdict_on(session: Session, melding_id: int, event_id: int, *, scope: Collection[int]) -> Verdict | None:
    """What the melder said of this end."""
    mine = sa.and_(Verdict.melding_id == melding_id, Verdict.event_id == event_id, Verdict.gemeente_id.in_(scope))
    return session.scalar(sa.select(Verdict).where(mine))


def verdicts_of(session: Session, melding_id: int, *, scope: Collection[int]) -> Sequence[Verdict]:
    """Everything the melder said of the ends of his melding, oldest first."""
    mine = sa.and_(Verdict.melding_id == melding_id, Verdict.gemeente_id.in_(scope))
    return session.scalars(sa.select(Verdict).where(mine).order_by(Verdict.id)).all()


def put(
    session: Session,
    melding: Melding,
    event_id: int,
    *,
    asked: str,
    answer: bool,
    via: str,
    note_id: int | None,
    at: datetime,
) -> None:
    """Keeps one answer per melding and end; a later one takes its place."""
    said = {"asked": asked, "answer": answer, "via": via, "note_id": note_id, "at": at}
    row = insert(Verdict).values(gemeente_id=melding.gemeente_id, melding_id=melding.id, event_id=event_id, **said)
    session.execute(row.on_conflict_do_update(index_elements=["gemeente_id", "melding_id", "event_id"], set_=said))


def put_more(
    session: Session, melding_id: int, event_id: int, *, enough: bool | None, mark: int | None, scope: Collection[int]
) -> None:
    """Keeps what was said beside the answer about this end; its moment stays that of the answer."""
    mine = sa.and_(Verdict.melding_id == melding_id, Verdict.event_id == event_id, Verdict.gemeente_id.in_(scope))
    session.execute(sa.update(Verdict).where(mine).values(enough=enough, mark=mark))

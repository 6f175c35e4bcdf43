"""Everything that its melder's page tells of one melding, in one statement: its work, its history, its berichten.

Read only, and of each table no more than is told. What is changed is read by its own module, locked; what staff see
beside it too. Who may read it is asked before (auth.py, api/reading.py).
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..db import by_driver, for_driver
from .category import Category
from .ending import Ending
from .gemeente import Gemeente
from .journal import Event, Note
from .listed import listed, readers_of
from .melding import Melding
from .notice import Delivery, Notice
from .opdracht import Closure, Link, Opdracht
from .photo import Photo
from .team import PARTY, Team
from .verdict import Verdict


class MeldingRow(NamedTuple):
    """The melding itself, where it is only read."""

    id: int
    gemeente_id: int
    number: str
    status: str
    description: str
    address: str
    location_note: str
    category_id: int | None
    danger: bool
    flags: list[str]
    object_kind: str
    object_code: str
    received_at: datetime
    promised_on: date
    closed_at: datetime | None
    referred_to: str
    photos_expected: int
    abuse: str
    token_generation: int
    erased_at: datetime | None
    lon: float
    lat: float

    @property
    def location(self) -> tuple[float, float]:
        """Where it is, longitude first."""
        return self.lon, self.lat


class HomeRow(NamedTuple):
    """A gemeente, and how to phone it."""

    id: int
    slug: str
    name: str
    phone: str
    hours: str


class KindRow(NamedTuple):
    """A category."""

    id: int
    slug: str
    name: str


class TeamRow(NamedTuple):
    """A team."""

    id: int
    name: str
    kind: str

    @property
    def is_partner(self) -> bool:
        """An external party."""
        return self.kind == PARTY


class WorkRow(NamedTuple):
    """An opdracht."""

    id: int
    status: str
    category_id: int
    team_id: int
    planned_on: date | None
    party_expected_on: date | None
    outcome: str | None
    danger: bool
    safe_at: datetime | None
    reopened_from_id: int | None


class LinkRow(NamedTuple):
    """From when until when a melding was answered by an opdracht."""

    opdracht_id: int
    from_at: datetime
    until_at: datetime | None


class ClosingRow(NamedTuple):
    """How one closing of an opdracht ended, in words."""

    id: int
    opdracht_id: int
    reason: str
    sentence: str
    partner: str


class EventRow(NamedTuple):
    """An event of the journal."""

    id: int
    at: datetime
    kind: str
    melding_id: int | None
    opdracht_id: int | None
    facts: dict[str, Any]


class NoteRow(NamedTuple):
    """Words that events refer to."""

    id: int
    kind: str
    text: str


class PhotoRow(NamedTuple):
    """A photo, of the melder when it has a melding_id, else of a team."""

    public_id: str
    melding_id: int | None
    kind: str
    status: str
    reason: str
    public: bool
    received_at: datetime


class NoticeRow(NamedTuple):
    """A bericht to the melder."""

    id: int
    kind: str
    at: datetime
    ended: str


class DeliveryRow(NamedTuple):
    """A way that a bericht went."""

    notice_id: int
    channel: str
    status: str
    address: str
    maybe_double: bool
    sent_at: datetime | None
    finished_at: datetime | None


class EndRow(NamedTuple):
    """An end of the melding, whether it held or not."""

    event_id: int
    kind: str
    at: datetime


class VerdictRow(NamedTuple):
    """What the melder said of an end."""

    event_id: int
    answer: bool
    enough: bool | None
    mark: int | None


@dataclass(frozen=True)
class Dossier:
    """One melding and what is told of it; every list oldest first.

    homes: its gemeente. kinds: its category and those of its work. teams: all that the gemeente ever had, since history
    names them. work: the opdrachten it is linked to now. closings, events, notes: also of those it was linked to
    before. photos: its own and those of its work.
    """

    melding: Melding | MeldingRow
    homes: dict[int, HomeRow]
    kinds: dict[int, KindRow]
    teams: dict[int, TeamRow]
    work: list[WorkRow]
    links: list[LinkRow]
    closings: list[ClosingRow]
    events: list[EventRow]
    notes: list[NoteRow]
    photos: list[PhotoRow]
    notices: list[NoticeRow]
    deliveries: list[DeliveryRow]
    ends: list[EndRow]
    verdicts: list[VerdictRow]

    @property
    def home(self) -> HomeRow:
        """The gemeente it is for."""
        return self.homes[self.melding.gemeente_id]

    @property
    def category(self) -> KindRow | None:
        """What the melder chose."""
        return self.kinds.get(self.melding.category_id or 0)


def followed_row(session: Session, melding_id: int) -> MeldingRow | None:
    """As `followed_melding`, for who only reads."""
    session.flush()
    rows = by_driver(session, _FOLLOWED, {"id": melding_id})
    return MeldingRow._make(rows[0]) if rows else None


def dossier_of(session: Session, melding: Melding | MeldingRow) -> Dossier:
    """The dossier of one melding, in its own gemeente and no further."""
    session.flush()  # what this request changed is told too
    asked = {"melding_id": melding.id, "category_id": melding.category_id, "gemeente_id": melding.gemeente_id}
    (row,) = by_driver(session, _TEXT, asked)
    homes, kinds, teams, *lists = (read(given) for read, given in zip(_READERS, row, strict=True))
    by_id = ({one.id: one for one in rows} for rows in (homes, kinds, teams))
    return Dossier(melding, *by_id, *lists)  # type: ignore[arg-type]  # _lists() and Dossier have one order


def _lists() -> tuple[sa.ScalarSelect[Any], ...]:
    """In the order of the fields of Dossier. What hangs on its work or berichten is of its gemeente by its keys."""
    mine, chosen, here = (
        sa.bindparam(f"{name}_id", type_=sa.BigInteger) for name in ("melding", "category", "gemeente")
    )
    linked = sa.and_(Link.melding_id == mine, Link.gemeente_id == here)
    told = sa.and_(Notice.melding_id == mine, Notice.gemeente_id == here)
    held = _held(linked)
    ever, now, kinds = sa.any_(held.c.ever), sa.any_(held.c.now), sa.any_(held.c.kinds)
    return (
        listed(HomeRow, Gemeente, Gemeente.id == here),
        listed(KindRow, Category, sa.or_(Category.id == chosen, Category.id == kinds), Category.gemeente_id == here),
        listed(TeamRow, Team, Team.gemeente_id == here),
        listed(WorkRow, Opdracht, Opdracht.id == now),
        listed(LinkRow, Link, linked),
        listed(ClosingRow, Closure, Closure.opdracht_id == ever),
        listed(EventRow, Event, sa.or_(Event.melding_id == mine, Event.opdracht_id == ever), Event.gemeente_id == here),
        listed(NoteRow, Note, sa.or_(Note.melding_id == mine, Note.opdracht_id == ever), Note.gemeente_id == here),
        listed(PhotoRow, Photo, sa.or_(Photo.melding_id == mine, Photo.opdracht_id == now), Photo.gemeente_id == here),
        listed(NoticeRow, Notice, told),
        listed(DeliveryRow, Delivery, Delivery.notice_id.in_(sa.select(Notice.id).where(told))),
        listed(EndRow, Ending, Ending.melding_id == mine, Ending.gemeente_id == here),
        listed(VerdictRow, Verdict, Verdict.melding_id == mine, Verdict.gemeente_id == here),
    )


def _held(linked: sa.ColumnElement[bool]) -> sa.CTE:
    """The ids of its work, ever and now, and of their categories: one row, with an array for each, since an index is
    searched by an array beside an OR too, where it is not by a subquery."""
    ids = sa.func.array_agg(Link.opdracht_id)
    now, kinds = ids.filter(Link.until_at.is_(None)), sa.func.array_agg(Opdracht.category_id)
    found = sa.select(ids.label("ever"), now.label("now"), kinds.label("kinds")).where(linked)
    return found.join_from(Link, Opdracht, Opdracht.id == Link.opdracht_id).cte("held")


def _followed() -> sa.Select[Any]:
    """The columns of a MeldingRow, in its order."""
    told = [getattr(Melding, name) for name in MeldingRow._fields[: MeldingRow._fields.index("lon")]]
    place = sa.func.ST_X(Melding.location), sa.func.ST_Y(Melding.location)
    return sa.select(*told, *place).join(Gemeente).where(Melding.id == sa.bindparam("id"), Gemeente.served)


_FOLLOWED = for_driver(_followed())
ALL = sa.select(*_lists())
"""The one statement, made once."""
_TEXT, _READERS = for_driver(ALL), readers_of(ALL)

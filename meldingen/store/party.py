"""What there is to know of external parties: what is open for them, whom to write each morning, which dates passed."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..domain.privacy import LIMITED
from ..domain.workflow import OPEN
from .category import Category
from .journal import Event, Note
from .melding import Melding
from .opdracht import Link, Opdracht
from .photo import Photo
from .team import PARTY, PER_DAY, Team

PARTNER = Team.kind == PARTY


class PartyWork(NamedTuple):
    """One open opdracht of a party, with its category and its longitude and latitude."""

    opdracht: Opdracht
    category: Category
    lon: float
    lat: float


def open_work(
    session: Session,
    team_id: int,
    *,
    since: datetime | None = None,
    only: int | None = None,
    category_ids: Collection[int] | None = None,
    limit: int = 500,
    scope: Collection[int],
) -> Sequence[PartyWork]:
    """What is open for this party, soonest due first. since: only what came to it after that moment. only: this one."""
    query = (
        sa.select(Opdracht, Category, sa.func.ST_X(Opdracht.location), sa.func.ST_Y(Opdracht.location))
        .join(Category, sa.and_(Category.id == Opdracht.category_id, Category.gemeente_id == Opdracht.gemeente_id))
        .where(Opdracht.gemeente_id.in_(scope), Opdracht.team_id == team_id, Opdracht.status.in_(OPEN))
        .order_by(Opdracht.due_at, Opdracht.id)
        .limit(limit)
    )
    if since is not None:
        query = query.where(Opdracht.party_since_at > since)
    if only is not None:
        query = query.where(Opdracht.id == only)
    if category_ids is not None:
        query = query.where(Opdracht.category_id.in_(category_ids))
    return [PartyWork(*row) for row in session.execute(query)]


def parties_at(session: Session, address: str, *, scope: Collection[int]) -> Sequence[Team]:
    """The active parties with this e-mail address, whatever its case."""
    mine = sa.and_(PARTNER, Team.active, Team.email != "", sa.func.lower(Team.email) == address.strip().lower())
    return session.scalars(sa.select(Team).where(mine, Team.gemeente_id.in_(scope)).order_by(Team.id)).all()


def daily_parties(session: Session, *, scope: Collection[int]) -> Sequence[Team]:
    """The active parties that hear of new opdrachten once a day."""
    daily = sa.and_(PARTNER, Team.active, Team.news == PER_DAY)
    return session.scalars(sa.select(Team).where(daily, Team.gemeente_id.in_(scope)).order_by(Team.id)).all()


def lock_party(session: Session, team_id: int, *, scope: Collection[int]) -> Team | None:
    """Locks one party, so that two clocks write it one mail."""
    query = sa.select(Team).where(Team.id == team_id, PARTNER, Team.gemeente_id.in_(scope)).with_for_update()
    return session.scalar(query.execution_options(populate_existing=True))


def last_told(session: Session, team_id: int, kind: str, *, scope: Collection[int]) -> Event | None:
    """The newest event of this kind about a party."""
    query = sa.select(Event).where(
        Event.gemeente_id.in_(scope), Event.kind == kind, Event.facts["team_id"].as_integer() == team_id
    )
    return session.scalar(query.order_by(Event.id.desc()).limit(1))


def dates_missed(session: Session, today: date, *, scope: Collection[int]) -> Sequence[Opdracht]:
    """The open opdrachten of which the day that a party named is over and nobody was told of it yet."""
    query = sa.select(Opdracht).where(
        Opdracht.gemeente_id.in_(scope),
        Opdracht.party_since_at.is_not(None),
        Opdracht.party_expected_on < today,
        Opdracht.party_told_at.is_(None),
    )
    return session.scalars(query.order_by(Opdracht.id)).all()


def seen_at(session: Session, opdracht_id: int, team_id: int, *, scope: Collection[int]) -> datetime | None:
    """When this party first looked at an opdracht; None: not yet."""
    query = sa.select(sa.func.min(Event.at)).where(
        Event.opdracht_id == opdracht_id,
        Event.gemeente_id.in_(scope),
        Event.kind == "partij_gezien",
        Event.facts["team_id"].as_integer() == team_id,
    )
    return session.scalar(query)


def ever_had(session: Session, opdracht: Opdracht, team_id: int, *, scope: Collection[int]) -> bool:
    """Whether this party has this opdracht, or had it before."""
    past = sa.select(Event.id).where(
        Event.opdracht_id == opdracht.id,
        Event.gemeente_id.in_(scope),
        Event.facts["team_id"].as_integer() == team_id,
    )
    return opdracht.team_id == team_id or session.scalar(past.limit(1)) is not None


def handed_over_by(session: Session, opdracht_id: int, team_id: int, *, scope: Collection[int]) -> int | None:
    """The team that gave this party the opdracht; None when the rules did."""
    query = (
        sa.select(Event.facts["from_team_id"].as_integer())
        .where(
            Event.opdracht_id == opdracht_id,
            Event.gemeente_id.in_(scope),
            Event.facts["team_id"].as_integer() == team_id,
            Event.facts["from_team_id"].as_integer() != team_id,
        )
        .order_by(Event.id.desc())
        .limit(1)
    )
    return session.scalar(query)


def conversation(session: Session, opdracht_id: int, *, scope: Collection[int]) -> Sequence[Note]:
    """What parties asked about an opdracht and what we answered, oldest first."""
    query = sa.select(Note).where(
        Note.opdracht_id == opdracht_id,
        Note.gemeente_id.in_(scope),
        Note.kind.in_(("partij_vraag", "partij_antwoord")),
    )
    return session.scalars(query.order_by(Note.id)).all()


def party_sees_photo(
    session: Session,
    photo: Photo,
    team_id: int,
    *,
    category_ids: Collection[int] | None = None,
    scope: Collection[int],
) -> bool:
    """Whether this party has open work that the photo is about: its own, or of a melding that may be read."""
    mine = sa.select(Opdracht.id).where(
        Opdracht.gemeente_id.in_(scope),
        Opdracht.gemeente_id == photo.gemeente_id,
        Opdracht.team_id == team_id,
        Opdracht.status.in_(OPEN),
    )
    if category_ids is not None:
        mine = mine.where(Opdracht.category_id.in_(category_ids))
    if photo.opdracht_id is not None:
        return session.scalar(mine.where(Opdracht.id == photo.opdracht_id)) is not None
    linked = (
        sa.select(Link.opdracht_id)
        .join(Melding, sa.and_(Melding.id == Link.melding_id, Melding.gemeente_id == Link.gemeente_id))
        .where(
            Link.melding_id == photo.melding_id,
            Link.until_at.is_(None),
            ~(sa.literal(LIMITED) == sa.any_(Melding.flags)),
        )
    )
    return session.scalar(mine.where(Opdracht.id.in_(linked)).limit(1)) is not None

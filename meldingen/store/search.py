"""Finding a melding for somebody at the phone desk: by number, phone, e-mail, name, address or words.

Typing mistakes in names and streets are forgiven (trigrams); words are found in any Dutch form. Contact data lead to
a melding here but are never in the answer: who opens it looks, and that look is logged.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm import Session

from ..domain.errors import InvalidInput
from ..domain.numbers import parse_number
from ..domain.phone import parse_phone
from .category import Category
from .contact import Contact
from .melding import Melding
from .opdracht import Link, Opdracht
from .team import Team

LONGEST = 200
SHORTEST_PART = 4
"""Digits of a number that somebody half remembers."""
DUTCH: sa.ColumnElement[Any] = sa.literal_column("'dutch'::regconfig")
_WORD = re.compile(r"\w+")


@dataclass(frozen=True)
class Asked:
    """What a text may mean, all at once: ten digits can be a number and a phone. Empty parts mean nothing."""

    number: str = ""
    part: str = ""
    phone: str = ""
    email: str = ""
    words: str = ""


class Hit(NamedTuple):
    """One melding found, and by what: `nummer`, `telefoon`, `email`, `naam`, `adres` or `woorden`.

    team_names: who has its open work now.
    """

    melding: Melding
    category_name: str
    found_by: str
    team_names: tuple[str, ...]


def read_query(text: str) -> Asked:
    """What was typed in the search box, read in every way it can be."""
    text = " ".join(text.replace("\x00", " ").split())[:LONGEST]
    if not text:
        return Asked()
    if "@" in text and " " not in text:
        return Asked(email=text.lower())
    number = phone = part = ""
    try:
        number = parse_number(text)
    except InvalidInput:
        digits = re.sub(r"[\s.\-]", "", text)
        part = digits if digits.isascii() and digits.isdigit() and SHORTEST_PART <= len(digits) <= 10 else ""
    try:
        phone = parse_phone(text, field="zoek").e164
    except InvalidInput:
        phone = ""
    words = "" if number or phone else text
    return Asked(number, part, phone, words=words if re.search(r"[^\W\d]", words) else "")


def find_meldingen(session: Session, text: str, *, scope: Collection[int], limit: int = 30) -> Sequence[Hit]:
    """The meldingen that fit, the surest first and then the newest; empty for a text without meaning. Two queries."""
    arms = _arms(read_query(text), scope)
    if not arms:
        return []
    limited = [arm.limit(limit).subquery() for arm in arms]
    found = sa.union_all(*(sa.select(arm) for arm in limited)).subquery()
    best = (
        sa.select(found.c.id, found.c.found_by, found.c.rank)
        .ext(distinct_on(found.c.id))
        .order_by(found.c.id, found.c.rank.desc())
        .subquery()
    )
    query = (
        sa.select(Melding, sa.func.coalesce(Category.name, ""), best.c.found_by)
        .join(best, best.c.id == Melding.id)
        .outerjoin(Category, sa.and_(Category.id == Melding.category_id, Category.gemeente_id == Melding.gemeente_id))
        .where(Melding.gemeente_id.in_(scope))
        .order_by(best.c.rank.desc(), Melding.received_at.desc(), Melding.id.desc())
        .limit(limit)
    )
    return _with_teams(session, session.execute(query).all(), scope)


def meldingen_of_caller(
    session: Session, *, phone: str = "", email: str = "", scope: Collection[int], limit: int = 10
) -> Sequence[Hit]:
    """The earlier meldingen of this phone (E.164) or e-mail address, newest first. Two queries."""
    known = []
    if phone:
        known.append(sa.and_(Contact.phone == phone, Contact.phone != ""))
    if email:
        known.append(sa.and_(sa.func.lower(Contact.email) == email.lower(), Contact.email != ""))
    if not known:
        return []
    query = (
        sa.select(Melding, sa.func.coalesce(Category.name, ""), sa.literal("telefoon" if phone else "email"))
        .join(Contact, sa.and_(Contact.melding_id == Melding.id, Contact.gemeente_id == Melding.gemeente_id))
        .outerjoin(Category, sa.and_(Category.id == Melding.category_id, Category.gemeente_id == Melding.gemeente_id))
        .where(Melding.gemeente_id.in_(scope), sa.or_(*known))
        .order_by(Melding.received_at.desc(), Melding.id.desc())
        .limit(limit)
    )
    return _with_teams(session, session.execute(query).all(), scope)


def meldingen_known_by(session: Session, asked: Asked, *, scope: Collection[int]) -> Sequence[Melding]:
    """Every melding with exactly this number, e-mail address or phone, newest first; for requests about privacy."""
    same = []
    if asked.number:
        same.append(Melding.number == asked.number)
    elif asked.email:
        same.append(sa.and_(sa.func.lower(Contact.email) == asked.email, Contact.email != ""))
    elif asked.phone:
        same.append(sa.and_(Contact.phone == asked.phone, Contact.phone != ""))
    query = (
        sa.select(Melding)
        .outerjoin(Contact, sa.and_(Contact.melding_id == Melding.id, Contact.gemeente_id == Melding.gemeente_id))
        .where(Melding.gemeente_id.in_(scope), Melding.erased_at.is_(None), sa.or_(sa.false(), *same))
    )
    return session.scalars(query.order_by(Melding.received_at.desc(), Melding.id.desc())).all()


def contacts_between(
    session: Session, since: datetime, until: datetime, *, scope: Collection[int]
) -> Sequence[tuple[Melding, Contact]]:
    """Every melding received in this time whose melder is known, oldest first; for a data breach (AVG art. 34)."""
    query = (
        sa.select(Melding, Contact)
        .join(Contact, sa.and_(Contact.melding_id == Melding.id, Contact.gemeente_id == Melding.gemeente_id))
        .where(Melding.gemeente_id.in_(scope), Melding.received_at >= since, Melding.received_at <= until)
        .order_by(Melding.received_at, Melding.id)
    )
    return [(row[0], row[1]) for row in session.execute(query)]


def _arms(asked: Asked, scope: Collection[int]) -> list[sa.Select[Any]]:
    """One query per meaning, each with the ids, the meaning and how sure it is (3 exact, 2 and up a good guess)."""
    arms = []
    if asked.number:
        arms.append(_of_melding("nummer", sa.literal(3.0), scope).where(Melding.number == asked.number))
    if asked.part:
        arms.append(_of_melding("nummer", sa.literal(1.0), scope).where(Melding.number.contains(asked.part)))
    if asked.phone:
        arms.append(
            _of_contact("telefoon", sa.literal(3.0), scope).where(Contact.phone == asked.phone, Contact.phone != "")
        )
    if asked.email:
        same = sa.func.lower(Contact.email) == asked.email
        arms.append(_of_contact("email", sa.literal(3.0), scope).where(same, Contact.email != ""))
    if asked.words:
        alike = sa.func.word_similarity(asked.words, Contact.name) + 1
        arms.append(_of_contact("naam", alike, scope).where(Contact.name != "", Contact.name.op("%>")(asked.words)))
        alike = sa.func.word_similarity(asked.words, Melding.address) + 1
        arms.append(
            _of_melding("adres", alike, scope).where(Melding.address != "", Melding.address.op("%>")(asked.words))
        )
        spoken = [word for word in _WORD.findall(asked.words.lower()) if len(word.strip("_")) > 1]
        words = " & ".join(f"{word}:*" for word in spoken[:10])
        if words:
            told = sa.func.to_tsvector(
                DUTCH, Melding.description.concat(" ").concat(Melding.address).concat(" ").concat(Melding.location_note)
            )
            wanted = sa.func.to_tsquery(DUTCH, words)
            arms.append(_of_melding("woorden", sa.literal(1.5), scope).where(told.op("@@")(wanted)))
    return arms


def _of_melding(found_by: str, rank: sa.ColumnElement[Any], scope: Collection[int]) -> sa.Select[Any]:
    return (
        sa.select(Melding.id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where(Melding.gemeente_id.in_(scope))
        .order_by(sa.desc("rank"), Melding.received_at.desc())
    )


def _of_contact(found_by: str, rank: sa.ColumnElement[Any], scope: Collection[int]) -> sa.Select[Any]:
    return (
        sa.select(Contact.melding_id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where(Contact.gemeente_id.in_(scope))
        .order_by(sa.desc("rank"), Contact.melding_id.desc())
    )


def _with_teams(session: Session, rows: Sequence[Any], scope: Collection[int]) -> Sequence[Hit]:
    ids = [row[0].id for row in rows]
    query = (
        sa.select(Link.melding_id, Team.name)
        .join(Opdracht, sa.and_(Opdracht.id == Link.opdracht_id, Opdracht.gemeente_id == Link.gemeente_id))
        .join(Team, sa.and_(Team.id == Opdracht.team_id, Team.gemeente_id == Opdracht.gemeente_id))
        .where(
            Link.melding_id.in_(ids), Link.until_at.is_(None), Link.gemeente_id.in_(scope), Opdracht.closed_at.is_(None)
        )
        .order_by(Opdracht.id)
    )
    teams: dict[int, list[str]] = {melding_id: [] for melding_id in ids}
    for melding_id, name in session.execute(query) if ids else ():
        if name not in teams[melding_id]:
            teams[melding_id].append(name)
    return [Hit(row[0], row[1], row[2], tuple(teams[row[0].id])) for row in rows]

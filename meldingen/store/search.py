"""Finding a melding for somebody at the phone desk: by number, phone, e-mail, name, address or words.

Typing mistakes in names and streets are forgiven (trigrams); words are found in any Dutch form. When nothing fits, a
second and wider look takes each word by itself and forgives more, and says so. Contact data lead to a melding here but
are never in the answer: who opens it looks, and that look is logged. How each way is kept quick: search_ways.py.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by
from sqlalchemy.orm import Session

from ..domain.errors import InvalidInput
from ..domain.numbers import near_numbers, parse_number
from ..domain.phone import parse_phone
from . import search_ways
from .category import Category
from .contact import Contact
from .melding import Melding
from .opdracht import Link, Opdracht
from .search_ways import Asked, Kind
from .team import Team

LONGEST = 200
SHORTEST_PART = 4
"""Digits of a number that somebody half remembers."""
SHORTEST_PHONE = 6
"""Digits of a phone number that somebody half remembers."""
_CALLED = re.compile(r"^(?:melding(?:snummer|nummer)?|nummer|nr\.?)[\s:]+(?=[\d\s.\-]+$)", re.IGNORECASE)
"""What people say before a number."""


class Hit(NamedTuple):
    """One melding found, and by what: `nummer`, `bijna_nummer`, `telefoon`, `deel_telefoon`, `email`, `naam`, `adres`,
    `woorden` or `lijkt_op` (the wider look).

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
    text = _CALLED.sub("", text)
    number = phone = part = phone_part = ""
    near: tuple[str, ...] = ()
    try:
        number = parse_number(text)
    except InvalidInput:
        near = near_numbers(text)
        digits = re.sub(r"[\s.\-]", "", text)
        part = digits if digits.isascii() and digits.isdigit() and SHORTEST_PART <= len(digits) <= 10 else ""
    try:
        phone = parse_phone(text, field="zoek").e164
    except InvalidInput:
        phone_part = "" if number else _part_of_phone(text)
    words = "" if number or phone else text
    return Asked(number, near, part, phone, phone_part, words=words if re.search(r"[^\W\d]", words) else "")


def _part_of_phone(text: str) -> str:
    """The digits of half a phone number as E.164 holds them: without +, 00, 31 or the 0 in front."""
    digits = re.sub(r"[\s().+\-/]", "", text)
    if not (digits.isascii() and digits.isdigit()):
        return ""
    local = re.sub(r"^(?:(?:00)?31(?=[1-9])|0(?=[1-9]))", "", digits)
    return local if len(digits) >= SHORTEST_PHONE and SHORTEST_PART < len(local) <= 12 else ""


def find_meldingen(session: Session, text: str, *, scope: Collection[int], limit: int = 30) -> Sequence[Hit]:
    """The meldingen that fit, the surest first and then the newest; empty for a text without meaning. Two queries, and
    three more for the wider look, when nothing fits but there are words to go by."""
    asked = read_query(text)
    kinds = search_ways.kinds(asked) if scope else ()
    if not kinds:
        return []
    hits = _found(session, kinds, search_ways.facts(asked, scope, limit), scope)
    wider = () if hits else search_ways.wider_kinds(asked)
    if not wider:
        return hits
    session.execute(sa.text(f"SET LOCAL pg_trgm.word_similarity_threshold = {search_ways.WIDER}"))
    hits = _found(session, wider, search_ways.wider_facts(asked, scope, limit), scope)
    session.execute(sa.text("SET LOCAL pg_trgm.word_similarity_threshold = DEFAULT"))
    return [hit._replace(found_by="lijkt_op") for hit in hits]


def _found(session: Session, kinds: tuple[Kind, ...], facts: dict[str, Any], scope: Collection[int]) -> Sequence[Hit]:
    rows = session.execute(_statement(kinds, len(scope)), facts).all()
    return _with_teams(session, rows, scope)


@lru_cache(maxsize=100)
def _statement(kinds: tuple[Kind, ...], gemeenten: int) -> sa.Select[Any]:
    """What these ways find together. A melding that fits several ways comes before one that fits one."""
    scope = search_ways.scope_of(gemeenten)
    streets = search_ways.streets_of(scope)
    looks = [look for kind in kinds for look in search_ways.looks(kind, scope, streets)]
    found = sa.union_all(*(sa.select(look) for look in looks)).subquery()
    surest = sa.func.array_agg(
        aggregate_order_by(found.c.found_by, found.c.rank.desc(), found.c.found_by), type_=ARRAY(sa.Text)
    )
    best = (
        sa.select(
            found.c.id,
            sa.func.sum(found.c.rank).label("rank"),
            surest[1].label("found_by"),
        )
        .group_by(found.c.id)
        .subquery()
    )
    return (
        sa.select(Melding, sa.func.coalesce(Category.name, ""), best.c.found_by)
        .join(best, best.c.id == Melding.id)
        .outerjoin(Category, sa.and_(Category.id == Melding.category_id, Category.gemeente_id == Melding.gemeente_id))
        .where(Melding.gemeente_id.in_(scope))
        .order_by(best.c.rank.desc(), Melding.received_at.desc(), Melding.id.desc())
        .limit(search_ways.LIMIT)
    )


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


_TEAMS = (
    sa.select(Link.melding_id, Team.name)
    .join(Opdracht, sa.and_(Opdracht.id == Link.opdracht_id, Opdracht.gemeente_id == Link.gemeente_id))
    .join(Team, sa.and_(Team.id == Opdracht.team_id, Team.gemeente_id == Opdracht.gemeente_id))
    .where(
        Link.melding_id == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.BigInteger))),
        Link.gemeente_id == sa.any_(sa.bindparam("scope", type_=ARRAY(sa.BigInteger))),
        Link.until_at.is_(None),
        Opdracht.closed_at.is_(None),
    )
    .order_by(Opdracht.id)
)


def _with_teams(session: Session, rows: Sequence[Any], scope: Collection[int]) -> Sequence[Hit]:
    ids = [row[0].id for row in rows]
    teams: dict[int, list[str]] = {melding_id: [] for melding_id in ids}
    for melding_id, name in session.execute(_TEAMS, {"ids": ids, "scope": list(scope)}) if ids else ():
        if name not in teams[melding_id]:
            teams[melding_id].append(name)
    return [Hit(row[0], row[1], row[2], tuple(teams[row[0].id])) for row in rows]

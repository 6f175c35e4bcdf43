"""The ways in which a text may lead to a melding, each a bounded look that costs the same however much there is.

Whole words are sought in the newest month of a gemeente first; only when that gives too few, in some months before,
and then in all there ever was: the seldomer a word is, the farther back it is cheap to look. One statement does it:
PostgreSQL does not begin a look that is not needed. What an index answers only by reading all that begins so (half a
word, a mistyped one) is sought among the newest meldingen, and when there is nothing else. Mistyped addresses are
sought in the same month and months; spelled right they are words. Contacts go soon after the end.
search.py reads the text and puts together what is found.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from .contact import Contact
from .melding import WEEK_SQL, Melding

SHORTEST_WORD = 3
LONG_WORD = 5
MOST_WORDS = 6
WIDER = 0.4
"""How alike a word must be in the wider look; PostgreSQL's own threshold is 0.6."""
NEAR, FAR = 4, 17
"""Weeks before that of the newest melding that are looked through first, and next."""
NEWEST, NEWEST_MISTYPED = 4000, 1000
"""In how many of the newest meldingen of a gemeente half a word is sought, and a mistyped one in the text itself."""
DUTCH: sa.ColumnElement[Any] = sa.literal_column("'dutch'::regconfig")
WEEKS = 100_000
"""The part of a gemeente in WEEK_SQL."""
_WORD = re.compile(r"\w+")
_WEEK: sa.ColumnElement[int] = sa.literal_column(
    WEEK_SQL.replace("gemeente_id", "melding.gemeente_id").replace("received_at", "melding.received_at"), sa.BigInteger
)


@dataclass(frozen=True)
class Asked:
    """What a text may mean, all at once: ten digits can be a number and a phone. Empty parts mean nothing.

    near: numbers that are one slip away from a wrong one. phone_part: digits as they stand in E.164.
    """

    number: str = ""
    near: tuple[str, ...] = ()
    part: str = ""
    phone: str = ""
    phone_part: str = ""
    email: str = ""
    words: str = ""


def looks(asked: Asked, scope: Collection[int], limit: int) -> list[sa.Subquery]:
    """One look per meaning, each with the id, the meaning and how sure it is (3 exact, 2 and up a good guess)."""
    arms = []
    if asked.number:
        arms.append(_of_melding("nummer", sa.literal(3.0), scope).where(Melding.number == asked.number))
    if asked.near:
        arms.append(_of_melding("bijna_nummer", sa.literal(2.0), scope).where(Melding.number.in_(asked.near)))
    if asked.part:
        backwards = sa.func.reverse(Melding.number).like(asked.part[::-1] + "%")
        arms.append(_of_melding("nummer", sa.literal(1.0), scope).where(backwards))
    if asked.phone_part:
        like = Contact.phone.contains(asked.phone_part)
        arms.append(_of_contact("deel_telefoon", sa.literal(1.0), scope).where(like, Contact.phone != ""))
    if asked.phone:
        arms.append(
            _of_contact("telefoon", sa.literal(3.0), scope).where(Contact.phone == asked.phone, Contact.phone != "")
        )
    if asked.email:
        same = sa.func.lower(Contact.email) == asked.email
        arms.append(_of_contact("email", sa.literal(3.0), scope).where(same, Contact.email != ""))
    likely = _words(asked.words, scope, limit) if asked.words else []
    return [*_limited(arms, limit), *likely]


def wider_looks(asked: Asked, scope: Collection[int], limit: int) -> list[sa.Subquery]:
    """The same word by word, so that a word that fits nowhere spoils nothing and words may be about different things.
    The longest also as they are mistyped in the text itself."""
    spoken = [word for word in _WORD.findall(asked.words.lower()) if len(word.strip("_")) >= SHORTEST_WORD]
    found = [look for word in spoken[:MOST_WORDS] for look in _words(word, scope, limit)]
    arms = []
    recent = _newest(scope, NEWEST_MISTYPED)
    for word in sorted((w for w in spoken if len(w) >= LONG_WORD), key=len, reverse=True)[:2]:
        alike = sa.func.word_similarity(word, recent.c.told)
        told = sa.select(recent.c.id.label("id"), sa.literal("woorden").label("found_by"), alike.label("rank"))
        arms.append(told.where(alike >= WIDER).order_by(sa.desc("rank"), recent.c.received_at.desc()))
    return [*_limited(arms, limit), *found]


def _limited(arms: Sequence[sa.Select[Any]], limit: int) -> list[sa.Subquery]:
    return [arm.limit(limit).subquery() for arm in arms]


def _words(words: str, scope: Collection[int], limit: int) -> list[sa.Subquery]:
    """These words as a name, as an address, and as what was told."""
    of_name = sa.func.word_similarity(words, Contact.name) + 1
    named = _of_contact("naam", of_name, scope).where(Contact.name != "", Contact.name.op("%>")(words))
    of_place = sa.func.word_similarity(words, Melding.address) + 1
    placed = _by_week("adres", of_place, scope).where(Melding.address != "", Melding.address.op("%>")(words))
    month = placed.where(_in_weeks(scope, 0, NEAR)).limit(limit).cte()
    year = placed.where(_in_weeks(scope, NEAR + 1, FAR), _count(month) == 0).limit(limit).subquery()
    looks = [*_limited([named], limit), sa.select(month).subquery(), year]
    spoken = [word for word in _WORD.findall(words.lower()) if len(word.strip("_")) > 1]
    return looks + (_told(spoken[:10], scope, limit) if spoken else [])


def _told(words: Sequence[str], scope: Collection[int], limit: int) -> list[sa.Subquery]:
    """All these words in what melders wrote, in any Dutch form: in the newest month; where that gives fewer than
    `limit` in the months before, and then in all. When there is nothing: as beginnings of words, among the newest."""
    arm = _as_words(words, scope)
    month = arm.where(_in_weeks(scope, 0, NEAR)).limit(limit).cte()
    year = arm.where(_in_weeks(scope, NEAR + 1, FAR), _count(month) < limit).limit(limit).cte()
    before = _newest_week(scope) - FAR > _WEEK % WEEKS
    ever = arm.where(before, _count(month) + _count(year) < limit).limit(limit).cte()
    recent = _newest(scope, NEWEST)
    parts = sa.select(recent.c.id.label("id"), sa.literal("woorden").label("found_by"), sa.literal(1.5).label("rank"))
    parts = parts.where(
        _count(month) + _count(year) + _count(ever) == 0,
        *(recent.c.told.regexp_match(rf"\m{word}", flags="i") for word in words),
    ).order_by(recent.c.received_at.desc())
    return [*(sa.select(found).subquery() for found in (month, year, ever)), parts.limit(limit).subquery()]


def _newest(scope: Collection[int], count: int) -> sa.Subquery:
    """The newest meldingen of each gemeente, with what was told."""
    told = Melding.description.concat(" ").concat(Melding.address).concat(" ").concat(Melding.location_note)
    mine = sa.select(Melding.id, told.label("told"), Melding.received_at)
    newest = (
        mine.where(Melding.gemeente_id == one).order_by(Melding.received_at.desc(), Melding.id.desc()).limit(count)
        for one in scope
    )
    return sa.union_all(*(sa.select(some.subquery()) for some in newest)).subquery()


def _count(found: sa.CTE) -> sa.ScalarSelect[int]:
    return sa.select(sa.func.count()).select_from(found).scalar_subquery()


def _newest_week(scope: Collection[int]) -> sa.ScalarSelect[int]:
    """The week of the newest melding of these gemeenten, as WEEK_SQL counts weeks."""
    newest = [
        sa.select(Melding.received_at)
        .where(Melding.gemeente_id == gemeente_id)
        .order_by(Melding.received_at.desc(), Melding.id.desc())
        .limit(1)
        .scalar_subquery()
        for gemeente_id in scope
    ]
    day = sa.cast(sa.func.timezone("UTC", sa.func.greatest(*newest)), sa.Date) - sa.literal_column("date '2000-01-01'")
    return sa.select(sa.cast(day, sa.BigInteger) // 7).scalar_subquery()


def _in_weeks(scope: Collection[int], first: int, last: int) -> sa.ColumnElement[bool]:
    """Of these gemeenten, `first` to `last` weeks before the newest melding.

    Each week by itself: for a range a GIN index gathers all there is from its beginning on.
    """
    newest, week = _newest_week(scope), _WEEK
    weeks = (
        sa.select(sa.func.generate_series(one * WEEKS + newest - last, one * WEEKS + newest - first)) for one in scope
    )
    return sa.or_(*(week == sa.any_(sa.func.array(some.scalar_subquery())) for some in weeks))


def _as_words(words: Sequence[str], scope: Collection[int]) -> sa.Select[Any]:
    """What has all these words, by the full-text index."""
    wanted = " & ".join(words)
    told = sa.func.to_tsvector(
        DUTCH, Melding.description.concat(" ").concat(Melding.address).concat(" ").concat(Melding.location_note)
    )
    return _by_week("woorden", sa.literal(1.5), scope).where(told.op("@@")(sa.func.to_tsquery(DUTCH, wanted)))


def _by_week(found_by: str, rank: sa.ColumnElement[Any], scope: Collection[int]) -> sa.Select[Any]:
    """As _of_melding, for a look by _WEEK: "+ 0" keeps PostgreSQL from reading all of a gemeente beside it."""
    return (
        sa.select(Melding.id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where((Melding.gemeente_id + 0).in_(scope))
        .order_by(sa.desc("rank"), Melding.received_at.desc())
    )


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

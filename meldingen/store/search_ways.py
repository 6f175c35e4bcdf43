"""The ways in which a text may lead to a melding, each a bounded look that costs the same however much there is.

Whole words are sought in the newest month of a gemeente first; only when that gives too few, in some months before,
and then in all there ever was: the seldomer a word is, the farther back it is cheap to look. One statement does it:
PostgreSQL does not begin a look that is not needed. What an index answers only by reading all that begins so (half a
word, a mistyped one) is sought among the newest meldingen, and when there is nothing else. Mistyped addresses are
sought in the same month and months; spelled right they are words. Contacts go soon after the end.

Putting such a statement together takes longer than running it, so a look holds no words: what was asked comes in as
facts, and a look is made once for each kind of question. search.py reads the text and puts together what is found.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

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


class Kind(NamedTuple):
    """A way to look, of which there may be several: one for each word. The facts of it bear its name and number."""

    name: str
    number: int = 0

    def fact(self, name: str = "", type_: Any = sa.Text) -> sa.BindParameter[Any]:
        """What is asked of it; name: when that is not its own."""
        return sa.bindparam(f"{name or self.name}_{self.number}", type_=type_)


Scope = tuple[sa.BindParameter[int], ...]
"""The gemeenten of who asks, as facts."""
LIMIT: sa.BindParameter[int] = sa.bindparam("limit", type_=sa.Integer)


def kinds(asked: Asked) -> tuple[Kind, ...]:
    """The ways to look for what was asked."""
    exact = ("number", "near", "part", "phone_part", "phone", "email")
    found = [Kind(name) for name in exact if getattr(asked, name)]
    return (*found, *_kinds_of_words(0, asked.words)) if asked.words else tuple(found)


def wider_kinds(asked: Asked) -> tuple[Kind, ...]:
    """The same word by word, so that a word that fits nowhere spoils nothing and words may be about different things.
    The longest also as they are mistyped in the text itself."""
    found = [kind for number, word in enumerate(_wide_words(asked)) for kind in _kinds_of_words(number, word)]
    return (*(Kind("mistyped", number) for number in range(len(_long_words(asked)))), *found)


def _kinds_of_words(number: int, words: str) -> tuple[Kind, ...]:
    return (Kind("words", number), Kind("told", number)) if _spoken(words) else (Kind("words", number),)


def facts(asked: Asked, scope: Collection[int], limit: int) -> dict[str, Any]:
    """What was asked, for the looks of `kinds`."""
    own = {
        "number_0": asked.number,
        "near_0": list(asked.near),
        "part_0": asked.part[::-1] + "%",
        "phone_part_0": f"%{asked.phone_part}%",
        "phone_0": asked.phone,
        "email_0": asked.email,
    }
    return own | _facts_of_words(0, asked.words) | _facts_of_who_asks(scope, limit)


def wider_facts(asked: Asked, scope: Collection[int], limit: int) -> dict[str, Any]:
    """What was asked, for the looks of `wider_kinds`."""
    own: dict[str, Any] = {f"mistyped_{number}": word for number, word in enumerate(_long_words(asked))}
    for number, word in enumerate(_wide_words(asked)):
        own |= _facts_of_words(number, word)
    return own | _facts_of_who_asks(scope, limit)


def _facts_of_words(number: int, words: str) -> dict[str, Any]:
    spoken = _spoken(words)
    begins = [rf"\m{word}" for word in spoken]
    return {f"words_{number}": words, f"told_{number}": " & ".join(spoken), f"begins_{number}": begins}


def _facts_of_who_asks(scope: Collection[int], limit: int) -> dict[str, Any]:
    return {"limit": limit, **{f"gemeente_{number}": one for number, one in enumerate(scope)}}


def scope_of(count: int) -> Scope:
    """So many gemeenten."""
    return tuple(sa.bindparam(f"gemeente_{number}", type_=sa.BigInteger) for number in range(count))


def _spoken(words: str) -> list[str]:
    return [word for word in _WORD.findall(words.lower()) if len(word.strip("_")) > 1][:10]


def _wide_words(asked: Asked) -> list[str]:
    return [word for word in _WORD.findall(asked.words.lower()) if len(word.strip("_")) >= SHORTEST_WORD][:MOST_WORDS]


def _long_words(asked: Asked) -> list[str]:
    spoken = [word for word in _WORD.findall(asked.words.lower()) if len(word.strip("_")) >= SHORTEST_WORD]
    return sorted((word for word in spoken if len(word) >= LONG_WORD), key=len, reverse=True)[:2]


def looks(kind: Kind, scope: Scope) -> list[sa.Subquery]:
    """The looks of this kind, each with the id, the meaning and how sure it is (3 exact, 2 and up a good guess)."""
    if kind.name == "words":
        return _words(kind, scope)
    if kind.name == "told":
        return _told(kind, scope)
    if kind.name == "mistyped":
        return [_mistyped(kind, scope).limit(LIMIT).subquery()]
    return [_exact(kind, scope).limit(LIMIT).subquery()]


def _exact(kind: Kind, scope: Scope) -> sa.Select[Any]:
    asked = kind.fact()
    if kind.name == "number":
        return _of_melding("nummer", sa.literal(3.0), scope).where(Melding.number == asked)
    if kind.name == "near":
        return _of_melding("bijna_nummer", sa.literal(2.0), scope).where(
            Melding.number == sa.any_(kind.fact(type_=ARRAY(sa.Text)))
        )
    if kind.name == "part":
        return _of_melding("nummer", sa.literal(1.0), scope).where(sa.func.reverse(Melding.number).like(asked))
    if kind.name == "phone_part":
        arm = _of_contact("deel_telefoon", sa.literal(1.0), scope)
        return arm.where(Contact.phone.like(asked), Contact.phone != "")
    if kind.name == "phone":
        return _of_contact("telefoon", sa.literal(3.0), scope).where(Contact.phone == asked, Contact.phone != "")
    return _of_contact("email", sa.literal(3.0), scope).where(
        sa.func.lower(Contact.email) == asked, Contact.email != ""
    )


def _mistyped(kind: Kind, scope: Scope) -> sa.Select[Any]:
    """What has a word much like this one, among the newest."""
    recent = _newest(scope, NEWEST_MISTYPED)
    alike = sa.func.word_similarity(kind.fact(), recent.c.told)
    told = sa.select(recent.c.id.label("id"), sa.literal("woorden").label("found_by"), alike.label("rank"))
    return told.where(alike >= WIDER).order_by(sa.desc("rank"), recent.c.received_at.desc())


def _words(kind: Kind, scope: Scope) -> list[sa.Subquery]:
    """These words as a name, and as an address."""
    words = kind.fact()
    of_name = sa.func.word_similarity(words, Contact.name) + 1
    named = _of_contact("naam", of_name, scope).where(Contact.name != "", Contact.name.op("%>")(words))
    month = _placed(words, _weeks(scope, 0, NEAR), scope).limit(LIMIT).cte()
    before = _weeks(scope, NEAR + 1, FAR).where(_count(month) == 0)
    year = _placed(words, before, scope).limit(LIMIT).subquery()
    return [named.limit(LIMIT).subquery(), sa.select(month).subquery(), year]


def _placed(words: sa.BindParameter[Any], weeks: sa.Select[tuple[int]], scope: Scope) -> sa.Select[Any]:
    """What has an address much like these words, week by week (OFFSET 0 keeps it that way): for several weeks at once
    PostgreSQL gathers such addresses of all weeks and all gemeenten first."""
    week = weeks.subquery()
    alike = sa.select(Melding.id, sa.func.word_similarity(words, Melding.address).label("alike"), Melding.received_at)
    mine = alike.where((Melding.gemeente_id + 0).in_(scope), week.c.week == _WEEK)
    mine = mine.where(Melding.address != "", Melding.address.op("%>")(words))
    found = mine.correlate(week).offset(sa.literal_column("0")).lateral()
    rank = (found.c.alike + 1).label("rank")
    query = sa.select(found.c.id, sa.literal("adres").label("found_by"), rank).join_from(week, found, sa.true())
    return query.order_by(sa.desc("rank"), found.c.received_at.desc())


def _told(kind: Kind, scope: Scope) -> list[sa.Subquery]:
    """All these words in what melders wrote, in any Dutch form: in the newest month; where that gives fewer than
    the limit in the months before, and then in all. When there is nothing: as beginnings of words, among the newest."""
    arm = _as_words(kind, scope)
    month = arm.where(_in_weeks(scope, 0, NEAR)).limit(LIMIT).cte()
    year = arm.where(_in_weeks(scope, NEAR + 1, FAR), _count(month) < LIMIT).limit(LIMIT).cte()
    before = _newest_week(scope) - FAR > _WEEK % WEEKS
    ever = arm.where(before, _count(month) + _count(year) < LIMIT).limit(LIMIT).cte()
    recent = _newest(scope, NEWEST)
    parts = sa.select(recent.c.id.label("id"), sa.literal("woorden").label("found_by"), sa.literal(1.5).label("rank"))
    parts = parts.where(
        _count(month) + _count(year) + _count(ever) == 0,
        recent.c.told.op("~*")(sa.all_(kind.fact("begins", ARRAY(sa.Text)))),
    ).order_by(recent.c.received_at.desc())
    return [*(sa.select(found).subquery() for found in (month, year, ever)), parts.limit(LIMIT).subquery()]


def _newest(scope: Scope, count: int) -> sa.Subquery:
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


def _newest_week(scope: Scope) -> sa.ScalarSelect[int]:
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


def _weeks(scope: Scope, first: int, last: int) -> sa.Select[tuple[int]]:
    """The weeks of these gemeenten, `first` to `last` before that of the newest melding.

    Each week by itself: for a range a GIN index gathers all there is from its beginning on.
    """
    newest = _newest_week(scope)
    weeks = (
        sa.select(sa.func.generate_series(one * WEEKS + newest - last, one * WEEKS + newest - first).label("week"))
        for one in scope
    )
    return sa.select(sa.union_all(*weeks).subquery().c.week)


def _in_weeks(scope: Scope, first: int, last: int) -> sa.ColumnElement[bool]:
    """Of these gemeenten, in those weeks."""
    return sa.or_(*(sa.any_(sa.func.array(_weeks((one,), first, last).scalar_subquery())) == _WEEK for one in scope))


def _as_words(kind: Kind, scope: Scope) -> sa.Select[Any]:
    """What has all these words, by the full-text index."""
    told = sa.func.to_tsvector(
        DUTCH, Melding.description.concat(" ").concat(Melding.address).concat(" ").concat(Melding.location_note)
    )
    return _by_week("woorden", sa.literal(1.5), scope).where(told.op("@@")(sa.func.to_tsquery(DUTCH, kind.fact())))


def _by_week(found_by: str, rank: sa.ColumnElement[Any], scope: Scope) -> sa.Select[Any]:
    """As _of_melding, for a look by _WEEK: "+ 0" keeps PostgreSQL from reading all of a gemeente beside it."""
    return (
        sa.select(Melding.id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where((Melding.gemeente_id + 0).in_(scope))
        .order_by(sa.desc("rank"), Melding.received_at.desc())
    )


def _of_melding(found_by: str, rank: sa.ColumnElement[Any], scope: Scope) -> sa.Select[Any]:
    return (
        sa.select(Melding.id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where(Melding.gemeente_id.in_(scope))
        .order_by(sa.desc("rank"), Melding.received_at.desc())
    )


def _of_contact(found_by: str, rank: sa.ColumnElement[Any], scope: Scope) -> sa.Select[Any]:
    return (
        sa.select(Contact.melding_id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where(Contact.gemeente_id.in_(scope))
        .order_by(sa.desc("rank"), Contact.melding_id.desc())
    )

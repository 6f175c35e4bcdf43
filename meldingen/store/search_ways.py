"""The ways in which a text may lead to a melding, each a bounded look that costs the same however much there is.

Whole words are sought week by week, the newest first, until there are enough: a common word is soon found, and a rare
one costs little per week. A street is sought among the streets of a gemeente, which are few however many meldingen
there are: those that look most like the text are meant, so that slips are forgiven, and of them the newest meldingen
are read. What an index answers only by reading all that begins so (half a word, a mistyped one) is sought among the
newest meldingen, and when there is nothing else. Contacts go soon after the end.

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
from .melding import STREET_SQL, WEEK_SQL, Melding

SHORTEST_WORD = 3
LONG_WORD = 5
MOST_WORDS = 6
WIDER = 0.4
"""How alike a word must be in the wider look; PostgreSQL's own threshold is 0.6."""
LATELY = 17
"""How many weeks before that of the newest melding are looked through first for words."""
RARE = 1000
"""So many times words may be in all gemeenten together to be looked at wherever they are."""
STREETS = 12
"""How many streets that look most like the text are looked through."""
NEWEST, NEWEST_MISTYPED = 4000, 1000
"""In how many of the newest meldingen of a gemeente half a word is sought, and a mistyped one in the text itself."""
DUTCH: sa.ColumnElement[Any] = sa.literal_column("'dutch'::regconfig")
TOLD = 1.9
"""How sure it is that has all the words: surer than an address or a name that is only much like them."""
_WORD = re.compile(r"\w+")
_WEEK: sa.ColumnElement[int] = sa.literal_column(
    WEEK_SQL.replace("gemeente_id", "melding.gemeente_id").replace("received_at", "melding.received_at"), sa.BigInteger
)
_STREET: sa.ColumnElement[str] = sa.literal_column(STREET_SQL.replace("address", "melding.address"), sa.Text)


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
    if len(_spoken(asked.words)) == 1:  # that word by itself is what the first look asked for
        found = [kind for kind in found if kind.name != "told"]
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


def looks(kind: Kind, scope: Scope, streets: sa.CTE) -> list[sa.Subquery]:
    """The looks of this kind, each with the id, the meaning and how sure it is (3 exact, 2 and up a good guess).
    streets: of `streets_of`, asked once for all looks."""
    if kind.name == "words":
        return [_named(kind, scope), _placed(kind, streets)]
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
    # "+ 0": else PostgreSQL may read all contacts of a gemeente beside the few of this phone or address.
    whole = _of_contact(
        "telefoon" if kind.name == "phone" else "email", sa.literal(3.0), scope, Contact.gemeente_id + 0
    )
    if kind.name == "phone":
        return whole.where(Contact.phone == asked, Contact.phone != "")
    return whole.where(sa.func.lower(Contact.email) == asked, Contact.email != "")


def _mistyped(kind: Kind, scope: Scope) -> sa.Select[Any]:
    """What has a word much like this one, among the newest."""
    recent = _newest(scope, NEWEST_MISTYPED)
    alike = sa.func.word_similarity(kind.fact(), recent.c.told)
    told = sa.select(recent.c.id.label("id"), sa.literal("woorden").label("found_by"), alike.label("rank"))
    return told.where(alike >= WIDER).order_by(sa.desc("rank"), recent.c.received_at.desc())


def _named(kind: Kind, scope: Scope) -> sa.Subquery:
    """These words as a name."""
    words = kind.fact()
    named = _of_contact("naam", sa.func.word_similarity(words, Contact.name) + 1, scope)
    return named.where(Contact.name != "", Contact.name.op("%>")(words)).limit(LIMIT).subquery()


def streets_of(scope: Scope) -> sa.CTE:
    """Every street of these gemeenten where something was ever reported, by jumping through the index from each to the
    next: as quick with ten million meldingen as with few, and never behind."""
    before_all = sa.literal_column("'' COLLATE \"C\"", sa.Text).label("street")
    begin = sa.union_all(*(sa.select(one.label("gemeente_id"), before_all) for one in scope)).subquery()
    streets = sa.select(begin).cte("streets", recursive=True)
    after = (
        sa.select(_STREET.label("street"))
        .where(Melding.gemeente_id == streets.c.gemeente_id, Melding.address != "", streets.c.street < _STREET)
        .order_by(_STREET)
        .limit(1)
        .correlate(streets)
        .lateral()
    )
    return streets.union_all(sa.select(streets.c.gemeente_id, after.c.street).join_from(streets, after, sa.true()))


def _placed(kind: Kind, streets: sa.CTE) -> sa.Subquery:
    """These words as an address: the newest on the streets that look most like them."""
    words, street = kind.fact(), streets.c.street
    alike = sa.func.greatest(sa.func.word_similarity(words, street), sa.func.word_similarity(street, words))
    meant = sa.select(streets, alike.label("alike")).where(street != "").order_by(sa.desc("alike")).limit(STREETS)
    likely = meant.subquery()
    likely = sa.select(likely).where(likely.c.alike >= WIDER).offset(sa.literal_column("0")).subquery()
    newest = (
        sa.select(Melding.id, Melding.address, Melding.received_at)
        .where(Melding.gemeente_id == likely.c.gemeente_id, Melding.address != "", likely.c.street == _STREET)
        .order_by(Melding.received_at.desc())
        .limit(LIMIT)
        .lateral()
    )
    rank = (sa.func.word_similarity(words, newest.c.address) + 1).label("rank")
    found = sa.select(newest.c.id, sa.literal("adres").label("found_by"), rank).join_from(likely, newest, sa.true())
    found = found.where(newest.c.address.op("%>")(words))
    return found.order_by(sa.desc("rank"), newest.c.received_at.desc()).limit(LIMIT).subquery()


def _told(kind: Kind, scope: Scope) -> list[sa.Subquery]:
    """All these words in what melders wrote, in any Dutch form: in the weeks just past; where those give too few, in
    all there ever was. When there is nothing: as beginnings of words, among the newest."""
    of_words = _has_words(kind)
    lately = _by_week(of_words, scope, 0, LATELY).cte()
    too_few = _count(lately) < LIMIT
    # Where these words are rare in all gemeenten, all of them are soon looked at; else the weeks before, one by one.
    anywhere = sa.select(Melding.id, Melding.gemeente_id).where(of_words).cte().prefix_with("MATERIALIZED")
    rare = sa.select(anywhere).where(too_few).limit(RARE).cte()
    mine = sa.select(rare.c.id).where(rare.c.gemeente_id.in_(scope), _count(rare) < RARE)
    before = _by_week(of_words, scope, LATELY + 1, None).subquery()
    earlier = sa.select(before.c.id).where(too_few, _count(rare) == RARE)
    ids = sa.union(sa.select(lately.c.id), mine, earlier).cte()
    recent = _newest(scope, NEWEST)
    parts = sa.select(recent.c.id).where(
        _count(ids) == 0, recent.c.told.op("~*")(sa.all_(kind.fact("begins", ARRAY(sa.Text))))
    )
    parts = parts.order_by(recent.c.received_at.desc()).limit(LIMIT)
    found_by = sa.literal("woorden").label("found_by")
    whole = sa.select(ids.c.id, found_by, sa.literal(TOLD).label("rank")).subquery()
    half = parts.subquery()
    return [whole, sa.select(half.c.id, found_by, sa.literal(1.5).label("rank")).subquery()]


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


def _has_words(kind: Kind) -> sa.ColumnElement[bool]:
    """By the full-text index."""
    told = Melding.description.concat(" ").concat(Melding.address).concat(" ").concat(Melding.location_note)
    return sa.func.to_tsvector(DUTCH, told).op("@@")(sa.func.to_tsquery(DUTCH, kind.fact()))


def _by_week(fits: sa.ColumnElement[bool], scope: Scope, first: int, last: int | None) -> sa.Select[Any]:
    """What fits, of each gemeente the newest: week by week until there are enough, `first` to `last` weeks before that
    of its newest melding; None: to its oldest.

    Each week by itself: for a range a GIN index gathers all there is from its beginning on. And by the week only
    ("+ 0"): else PostgreSQL reads all of a gemeente beside it.
    """
    arms = []
    for one in scope:
        newest = _week_of(one, Melding.received_at.desc(), Melding.id.desc())
        until = _week_of(one, Melding.received_at, Melding.id) if last is None else newest - last
        week = sa.func.generate_series(newest - first, until, sa.literal_column("-1")).label("week")
        weeks = sa.select(week).subquery()
        found = (
            sa.select(Melding.id)
            .where(Melding.gemeente_id + 0 == one, weeks.c.week == _WEEK, fits)
            .order_by(Melding.received_at.desc())
            .limit(LIMIT)
            .lateral()
        )
        arms.append(sa.select(found.c.id).join_from(weeks, found, sa.true()).limit(LIMIT).subquery())
    return sa.select(sa.union_all(*(sa.select(arm.c.id) for arm in arms)).subquery())


def _week_of(gemeente_id: sa.BindParameter[int], *order: Any) -> sa.ScalarSelect[int]:
    """The week of the first melding of a gemeente in this order, as WEEK_SQL has it."""
    return sa.select(_WEEK).where(Melding.gemeente_id == gemeente_id).order_by(*order).limit(1).scalar_subquery()


def _of_melding(found_by: str, rank: sa.ColumnElement[Any], scope: Scope) -> sa.Select[Any]:
    return (
        sa.select(Melding.id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where(Melding.gemeente_id.in_(scope))
        .order_by(sa.desc("rank"), Melding.received_at.desc())
    )


def _of_contact(
    found_by: str, rank: sa.ColumnElement[Any], scope: Scope, gemeente_id: Any = Contact.gemeente_id
) -> sa.Select[Any]:
    return (
        sa.select(Contact.melding_id.label("id"), sa.literal(found_by).label("found_by"), rank.label("rank"))
        .where(gemeente_id.in_(scope))
        .order_by(sa.desc("rank"), Contact.melding_id.desc())
    )

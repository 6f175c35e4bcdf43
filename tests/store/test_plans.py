"""What PostgreSQL does for each read that people and the clock wait for: by an index, and no more rows than are asked.

On twenty thousand meldingen of five years, two per cent open, skewed over two gemeenten, made by the generator of the
benches. Reading such tables whole would be quick, so that is switched off: a plan that does it all the same has no
index to go by, and one that goes by an index but touches most of a table is caught by its rows. The bounds are what a
page or a team's work asks, with room; `python -m bench.groot` says what it costs at ten million.
"""

from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.groot.plannen import explain
from bench.groot.vragen import QUESTIONS, Question, Town, find_town
from bench.vullen import laden, toets
from bench.vullen.__main__ import fill

MELDINGEN = 20_000
COUNTED = ("cijfers", "terugkoppeling", "klok: lopende termijnen", "bewaartermijn")
"""These read all they count or mind: a year, the open work, what is old enough."""
RARE = {"tombstone", "terugbelnotitie"}
"""Read whole by the figures: what was destroyed, and who was phoned."""
USUAL = 2_000
"""Rows that a question may touch, when it is none of these."""
MOST_ROWS = {"zoek": 16_000, "openbaar, per buurt": 8_000, "aantallen": 4_000}
"""By how a question begins. Search reads some thousands of the newest, however many there are; the counts read what is
open, and what was closed this month."""


@pytest.fixture(scope="module")
def full(clone: Callable[[], sa.URL], now: datetime) -> Iterator[sa.Engine]:
    """A database of MELDINGEN."""
    engine = sa.create_engine(clone(), pool_size=laden.SIDE_BY_SIDE)
    fill(engine, meldingen=MELDINGEN, gemeenten=2, seed=7, now=now)
    yield engine
    engine.dispose()


@pytest.fixture
def asked(full: sa.Engine, now: datetime) -> Iterator[tuple[Session, Town]]:
    """A session in which reading a whole table is the last resort, and what is asked about."""
    with Session(full) as session:
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        yield session, find_town(session, now)


def test_the_generator_makes_what_the_application_could_have_made(full: sa.Engine) -> None:
    with full.connect() as connection:
        assert toets.mistakes(connection) == []
        told = toets.counts(connection)
    assert told["meldingen"] == MELDINGEN
    assert 0.01 < told["open_meldingen"] / MELDINGEN < 0.03
    assert told["opdrachten"] < MELDINGEN * 0.95, "some have several melders"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda one: one.name)
def test_goes_by_an_index_and_touches_no_more_than_asked(asked: tuple[Session, Town], question: Question) -> None:
    session, town = asked
    plans = explain(session, lambda: question.ask(session, town))
    told = "\n\n".join(f"{plan.statement[:300]}\n{plan.tree}" for plan in plans)
    assert {table for plan in plans for table in plan.scanned} <= RARE, told
    if not question.name.startswith(COUNTED):
        most = next((rows for begin, rows in MOST_ROWS.items() if question.name.startswith(begin)), USUAL)
        assert sum(plan.rows for plan in plans) <= most, told


@pytest.mark.parametrize(
    ("name", "indexes"),
    [
        ("cijfers, een maand", {"ix_delivery_sent", "ix_ending_reopened"}),
        ("groepen op het scherm", {"ix_opdracht_open_received"}),
        ("aantallen van de coördinator", {"ix_melding_flagged"}),
    ],
)
def test_what_was_slow_at_ten_million_goes_by_its_own_index(
    asked: tuple[Session, Town], name: str, indexes: set[str]
) -> None:
    session, town = asked
    question = next(one for one in QUESTIONS if one.name == name)
    plans = explain(session, lambda: question.ask(session, town))
    assert indexes <= {index for plan in plans for index in plan.indexes}


def test_contacts_that_have_served_are_sought_among_contacts(asked: tuple[Session, Town]) -> None:
    session, town = asked
    question = next(one for one in QUESTIONS if one.name == "bewaartermijn: contact")
    known = session.execute(sa.text("SELECT count(*) FROM contact WHERE gemeente_id = :id"), {"id": town.gemeente_id})
    plan = explain(session, lambda: question.ask(session, town))[-1]
    assert plan.rows <= 2 * known.scalar_one(), plan.tree

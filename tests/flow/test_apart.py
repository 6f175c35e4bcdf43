"""Periodic work on many rows: a row that fails, whatever it is, never holds up the others."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from meldingen.db import transaction
from meldingen.flow.apart import each_apart
from tests.flow.berichten import House


class Clash(Exception):
    """What the driver says of two transactions that wait for each other."""

    sqlstate = "40P01"


def test_a_row_that_fails_is_passed_over_and_what_it_did_is_undone(house: House) -> None:
    def work(session: Session, number: int) -> None:
        row = sa.text("INSERT INTO pace (channel, home, free_at) VALUES (:name, 0, now())")
        session.execute(row, {"name": f"proef-{number}"})
        if number == 2:
            raise ValueError("deze rij is stuk")

    each_apart(house.engine, "proef", [1, 2, 3], work)
    with transaction(house.engine) as session:
        kept = session.scalars(sa.text("DELETE FROM pace WHERE channel LIKE 'proef-%' RETURNING channel"))
        assert sorted(kept) == ["proef-1", "proef-3"]


def test_after_a_deadlock_it_is_done_again(house: House) -> None:
    tried: list[int] = []

    def work(_session: Session, number: int) -> None:
        tried.append(number)
        if tried == [1]:
            raise OperationalError("", {}, Clash())

    each_apart(house.engine, "proef", [1, 2], work)
    assert tried == [1, 1, 2]


def test_a_database_that_is_away_stops_the_work(house: House) -> None:
    def work(_session: Session, _number: int) -> None:
        raise OperationalError("", {}, Exception())

    with pytest.raises(OperationalError):
        each_apart(house.engine, "proef", [1], work)

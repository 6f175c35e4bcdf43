"""A statement given to the driver itself fails as any other: the same errors, no data in them, a fresh connection."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DataError, OperationalError

from meldingen.db import by_driver, retry_deadlock, transaction


def test_it_is_part_of_the_transaction(engine: sa.Engine) -> None:
    with transaction(engine) as session:
        session.execute(sa.text("CREATE TEMPORARY TABLE kladje (woord text) ON COMMIT DROP"))
        assert by_driver(session, "INSERT INTO kladje VALUES (%(a)s) RETURNING woord", {"a": "tegel"}) == [("tegel",)]
        assert session.scalar(sa.text("SELECT woord FROM kladje")) == "tegel"


def test_what_is_wrong_is_told_without_the_data(engine: sa.Engine) -> None:
    with pytest.raises(DataError) as raised, transaction(engine) as session:
        by_driver(session, "SELECT %(whose)s::text, 1 / %(none)s::int", {"whose": "J. de Vries", "none": 0})
    assert getattr(raised.value.orig, "sqlstate", "") == "22012"
    assert "Vries" not in str(raised.value)


def test_the_victim_of_a_deadlock_is_done_again(engine: sa.Engine) -> None:
    tries = []

    def work() -> int:
        tries.append(1)
        with transaction(engine) as session:
            if len(tries) == 1:
                by_driver(session, "DO $$ BEGIN RAISE EXCEPTION 'mij' USING ERRCODE = '40P01'; END $$", {})
            ((one,),) = by_driver(session, "SELECT 1", {})
        return int(one)

    assert retry_deadlock(work) == 1
    assert len(tries) == 2


def test_a_connection_that_was_ended_is_let_go(engine: sa.Engine) -> None:
    with pytest.raises(OperationalError) as raised, transaction(engine) as session:
        by_driver(session, "SELECT pg_terminate_backend(pg_backend_pid())", {})
    assert raised.value.connection_invalidated
    with transaction(engine) as session:
        assert by_driver(session, "SELECT 1", {}) == [(1,)]

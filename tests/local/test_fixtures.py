"""The shared fixtures keep their word: what one test writes, the next does not see."""

import socket
from datetime import UTC, datetime

import pytest
import redis
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db


@pytest.mark.parametrize("turn", [1, 2])
def test_session_forgets_even_what_was_committed(session: Session, turn: int) -> None:
    assert session.execute(sa.text("select to_regclass('proef')")).scalar() is None
    session.execute(sa.text("create table proef (n int)"))
    session.commit()
    assert session.execute(sa.text("select count(*) from proef")).scalar() == 0


@pytest.mark.parametrize("turn", [1, 2])
def test_committed_engine_is_a_fresh_database_each_time(committed_engine: sa.Engine, turn: int) -> None:
    with db.transaction(committed_engine) as session:
        session.execute(sa.text("create table proef (n int)"))
    with committed_engine.connect() as other:
        assert other.execute(sa.text("select count(*) from proef")).scalar() == 0


def test_every_clone_has_postgis_and_the_tables(session: Session) -> None:
    assert session.execute(sa.text("select st_astext(st_point(4.66, 52.67))")).scalar() == "POINT(4.66 52.67)"
    assert session.execute(sa.text("select count(*) from alembic_version")).scalar() == 1


@pytest.mark.parametrize("turn", [1, 2])
def test_queue_starts_empty(redis_url: str, turn: int) -> None:
    with redis.Redis.from_url(redis_url) as server:
        assert server.dbsize() == 0
        server.set("a", 1)


def test_now_is_aware_and_fixed(now: datetime) -> None:
    assert now == datetime(2026, 4, 14, 6, 47, tzinfo=UTC)


@pytest.mark.parametrize("host", ["192.0.2.1", "example.nl"])
def test_other_machines_are_out_of_reach(host: str) -> None:
    with pytest.raises(OSError, match="geen verbinding"):
        socket.create_connection((host, 80), timeout=1)

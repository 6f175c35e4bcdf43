"""What keeps an installation small: processes that share what they can, and connections that come to rest."""

import gc
import os

import psycopg.errors
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from meldingen import db, forking


def test_what_is_there_before_a_fork_is_left_alone_by_the_collector() -> None:
    before = gc.get_freeze_count()
    try:
        forking.share()
        assert gc.get_freeze_count() > before
    finally:
        gc.unfreeze()


def test_the_website_makes_its_application_once_and_before_the_first_fork() -> None:
    try:
        loading = forking.made_once("builtins:object", factory=True)
        assert loading["target_loader"]() is loading["target_loader"]()
        assert not loading["wrap_loader"]
    finally:
        gc.unfreeze()


def test_connections_that_nobody_needs_come_to_rest(committed_engine: sa.Engine) -> None:
    engine = db.make_engine(committed_engine.url.render_as_string(hide_password=False), pool_size=2)
    with engine.connect() as one, engine.connect() as other:
        assert one.scalar(sa.text("SHOW idle_session_timeout")) == "1min"
        assert other.connection.dbapi_connection is not one.connection.dbapi_connection
        last = one.connection.dbapi_connection
        other.close()
    for _ in range(3):
        with engine.connect() as again:
            assert again.connection.dbapi_connection is last
    engine.dispose()


def test_a_connection_that_ends_in_the_moment_it_is_taken_costs_a_second_try_and_no_answer() -> None:
    told = [OperationalError("SELECT 1", {}, psycopg.errors.IdleSessionTimeout())]

    def work() -> int:
        if told:
            raise told.pop()
        return os.getpid()

    assert db.retry_deadlock(work) == os.getpid()

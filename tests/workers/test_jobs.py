"""What a job makes of what went wrong, without any process."""

import psycopg
from rq.timeouts import JobTimeoutException

from workers.stopping import timed_out


def test_a_time_out_is_seen_behind_the_drivers_complaint() -> None:
    """The alarm may strike inside the driver; the rollback after it then fails with an error of its own."""
    try:
        try:
            raise JobTimeoutException
        finally:
            raise psycopg.ProgrammingError("another command is already in progress")
    except psycopg.ProgrammingError as error:
        assert timed_out(error)


def test_an_ordinary_error_is_no_time_out() -> None:
    assert not timed_out(psycopg.ProgrammingError("iets anders"))

"""A transaction that is done again: after a long wait for a lock only where the caller asks for it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from meldingen import db

HOLD = "SELECT offset_s FROM klok FOR UPDATE"


@pytest.mark.parametrize("also", [(), (db.LOCK_TIMED_OUT,)])
def test_a_lock_that_took_too_long_is_waited_for_again_when_asked(
    committed_engine: sa.Engine, also: tuple[str, ...]
) -> None:
    tried = []
    with committed_engine.connect() as other:
        other.execute(sa.text(HOLD))

        def work() -> int:
            if tried:
                other.rollback()
            tried.append(1)
            with db.transaction(committed_engine) as session:
                session.execute(sa.text("SET LOCAL lock_timeout = '20ms'"))
                return int(session.scalar(sa.text(HOLD)) or 0)

        if not also:
            with pytest.raises(OperationalError):
                db.retry_deadlock(work)
            assert len(tried) == 1
        else:
            assert db.retry_deadlock(work, also=also) == 0
            assert len(tried) == 2

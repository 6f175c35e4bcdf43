"""A real worker gets SIGKILL before, during and after the call and while it writes down the outcome: per channel once.

What the stand-in received is counted against what our tables claim (KLANTREIS rule 2). Thousands of times: bench/.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
import sqlalchemy as sa

from meldingen import db
from tests import factories
from tests.standins.tap import AFTER

from .kills import POINTS, RECORDING, Place, notify_place, push_place, smtp_place, stage

PLACES: dict[str, Callable[[], AbstractContextManager[Place]]] = {
    "smtp": smtp_place,
    "notify-sms": lambda: notify_place("sms"),
    "notify-email": lambda: notify_place("email"),
    "push": push_place,
}


@pytest.mark.parametrize("channel", PLACES)
def test_one_message_whenever_the_worker_dies(
    channel: str, committed_engine: sa.Engine, redis_url: str, tmp_path: Path
) -> None:
    with db.transaction(committed_engine) as session:
        factories.gemeente(session)
    settings = {
        "DATABASE_URL": committed_engine.url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "SECRET_KEYS": "een-geheim-van-de-tests-dat-lang-genoeg-is",
        "LOKALE_MODUS": "1",
        "FOTO_MAP": str(tmp_path / "fotos"),
    }
    with PLACES[channel]() as place, stage(committed_engine, settings, place, tmp_path) as scene:
        outcomes = {point: scene.kill_at(point) for point in POINTS}
    for point, seen in outcomes.items():
        twice = not place.can_tell and point in (AFTER, RECORDING)
        assert len(seen.messages) == (2 if twice else 1), (point, seen)
        assert seen.same, "a resend is the very same message"
        assert (seen.status, seen.attempts) == ("verzonden", 2), (point, seen)
        assert seen.maybe_double is (not place.can_tell), "in doubt it says so; whoever was asked knows"

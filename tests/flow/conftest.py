"""The house of the berichten: one committed database per test file that asks for it, and twins that forget."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from meldingen.adapters.mail import MemoryMail
from meldingen.adapters.sms import MemorySms
from meldingen.db import make_engine, transaction
from meldingen.store.outbox import OutboxEntry
from tests import factories
from tests.flow.berichten import SETTINGS, House


@pytest.fixture(scope="module")
def built(clone: Any, now: datetime) -> Iterator[House]:
    """One committed database for all tests here; each makes its own meldingen."""
    engine = make_engine(clone().render_as_string(hide_password=False), pool_size=8)
    with transaction(engine) as session:
        home = factories.gemeente(session)
    yield House(engine, home)
    engine.dispose()


@pytest.fixture
def house(built: House, now: datetime) -> House:
    built.mail, built.sms, built.push, built.settings = MemoryMail(), MemorySms(), None, SETTINGS
    built.set_clock(now + timedelta(hours=1, seconds=10))
    with transaction(built.engine) as session:
        session.execute(sa.delete(OutboxEntry))
    return built

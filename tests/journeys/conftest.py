"""Each journey is told twice: on an ordinary day, and with Redis wiped and the workers killed in the middle."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from meldingen.settings import Settings

from .town import Town


@pytest.fixture(params=[False, True], ids=["gewone-dag", "alles-valt-om"])
def town(request: pytest.FixtureRequest, committed_engine: sa.Engine, redis_url: str, tmp_path: Path) -> Iterator[Town]:
    """Duinstede on Tuesday 14 April 2026 at 08.47."""
    settings = Settings.from_env(
        {
            "DATABASE_URL": committed_engine.url.render_as_string(hide_password=False),
            "REDIS_URL": redis_url,
            "SECRET_KEYS": "geheim-voor-de-verhalen-van-deze-tests",
            "LOKALE_MODUS": "1",
            "PUBLIC_URL": "http://127.0.0.1:8000",
            "FOTO_MAP": str(tmp_path / "fotos"),
            "POSTVAK_MAP": str(tmp_path / "postvak"),
            "LIMIET_PUBLIEK": "10000 per minute",
            "LIMIET_MELDER": "10000 per minute",
            "LIMIET_INLOGGEN": "10000 per minute",
        }
    )
    logs = tmp_path / "logs"
    logs.mkdir()
    town = Town(committed_engine, settings, logs, disaster=request.param)
    town.clock("2026-04-14 08:47")
    yield town
    town.close()

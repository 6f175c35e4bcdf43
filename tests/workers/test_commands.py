"""`meldingen worker`, `meldingen outbox` and `meldingen klok`, as typed."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result

from meldingen import db
from meldingen.cli import main, start_clock
from meldingen.settings import Settings
from meldingen.store import leases
from meldingen.store.outbox import OutboxEntry, Topic, put
from workers.main import Part, parts_of

from .conftest import settings_for
from .shop import until

ROOT = Path(__file__).resolve().parents[2]
Typed = Callable[..., Result]


@pytest.fixture
def environ(committed_engine: sa.Engine, redis_url: str, tmp_path: Path) -> dict[str, str]:
    """The environment in which somebody types."""
    settings = settings_for(committed_engine, redis_url, tmp_path)
    return {
        "DATABASE_URL": settings.database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEYS": settings.secret_keys[0],
        "LOKALE_MODUS": "1",
        "PUBLIC_URL": "https://meldingen.example.nl",
        "SMTP_URL": "smtp://127.0.0.1:1",
        "FOTO_MAP": str(tmp_path / "fotos"),
        "POSTVAK_MAP": str(tmp_path / "postvak"),
    }


@pytest.fixture
def typed(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Typed:
    """Runs `meldingen …` and gives what it said."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(main, words)


def park_one(engine: sa.Engine) -> int:
    """A row that was given up; its id."""
    with db.transaction(engine) as session:
        now = db.business_now(session)
        put(session, Topic.NOTICE, {"id": 1}, gemeente_id=None, now=now)
        lot = leases.lease(session, [(Topic.NOTICE, False)], terms={Topic.NOTICE: leases.Terms(1, 60, 2)}, now=now)
        assert lot is not None
        held = leases.renew(session, lot.ids, lot.lease, terms=leases.Terms(1, 60, 2))
        leases.park(session, held[0], now=now, reason="het adres bestaat niet")
        return held[0].id


def test_what_was_given_up_is_listed_and_tried_again(typed: Typed, committed_engine: sa.Engine) -> None:
    entry = park_one(committed_engine)
    listed = typed("outbox", "lijst")
    assert listed.exit_code == 0
    assert "bericht    wacht 0 · nu te doen 0 (oudste 0 s) · opgegeven 1" in listed.output
    assert f"{entry:>8}" in listed.output
    assert "het adres bestaat niet" in listed.output

    assert typed("outbox", "opnieuw").exit_code == 2
    assert typed("outbox", "opnieuw", str(entry)).output == "1 opnieuw.\n"
    twice = typed("outbox", "opnieuw", str(entry))
    assert twice.exit_code == 1
    assert "niets veranderd" in twice.output
    assert typed("outbox", "opnieuw", "--alle").output == "0 opnieuw.\n"
    with db.transaction(committed_engine) as session:
        assert session.get_one(OutboxEntry, entry).parked_at is None


def test_the_clock_is_shown_set_and_put_right(typed: Typed, committed_engine: sa.Engine) -> None:
    assert typed("klok", "2026-04-14T08:47").output.startswith("2026-04-14 08:47")
    assert typed("klok", "+3h").output.startswith("2026-04-14 11:47")
    assert typed("klok", "-2d").output.startswith("2026-04-12 11:47")
    assert typed("klok").output.startswith("2026-04-12 11:47")
    wrong = typed("klok", "straks")
    assert wrong.exit_code == 1
    assert "schrijf bijvoorbeeld +3h" in wrong.output
    assert typed("klok", "echt").exit_code == 0
    with db.transaction(committed_engine) as session:
        assert db.clock_offset_s(session) == 0


def test_a_shift_in_klok_counts_once_however_many_processes_start(typed: Typed, committed_engine: sa.Engine) -> None:
    chosen = replace(Settings.from_env(), clock="+3h")
    for _ in range(3):
        start_clock(chosen)
    with db.transaction(committed_engine) as session:
        assert db.clock_offset_s(session) == 3 * 3600


def test_the_clock_stands_still_outside_local_mode(typed: Typed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOKALE_MODUS", "0")
    refused = typed("klok", "+3h")
    assert refused.exit_code == 1
    assert "lokale modus" in refused.output
    assert typed("klok").exit_code == 0
    monkeypatch.setenv("KLOK", "+3h")
    assert "KLOK kan alleen in lokale modus" in typed("klok").output


def test_klok_at_the_start_and_an_end_within_seconds(environ: dict[str, str], committed_engine: sa.Engine) -> None:
    """The real command: it sets the clock, does its periodic work, and Ctrl-C ends all of it."""
    env = {**{k: os.environ[k] for k in ("PATH", "HOME") if k in os.environ}, **environ, "KLOK": "2026-04-14T08:47"}
    worker = subprocess.Popen([sys.executable, "-m", "meldingen", "worker"], cwd=ROOT, env=env, stdout=subprocess.PIPE)
    try:
        until(lambda: done_upkeep(committed_engine) >= 1)
        with db.transaction(committed_engine) as session:
            ahead = db.business_now(session) - db.machine_now()
        assert abs(ahead) > timedelta(days=1)
    finally:
        worker.send_signal(signal.SIGINT)
        said, _ = worker.communicate(timeout=15)
    assert worker.returncode == 0
    assert b'"part": "relay"' in said


def done_upkeep(engine: sa.Engine) -> int:
    with db.transaction(engine) as session:
        query = sa.select(sa.func.count()).where(OutboxEntry.topic == Topic.UPKEEP, OutboxEntry.done_at.is_not(None))
        return session.scalar(query) or 0


@pytest.mark.parametrize(
    ("only", "names"),
    [
        ("", ["relay", "klok", "werker-1", "werker-2", "fotowerker-1"]),
        ("relay", ["relay"]),
        ("klok", ["klok"]),
        ("werker", ["werker-1", "werker-2", "fotowerker-1"]),
    ],
)
def test_one_part_or_all_of_them(
    only: str, names: list[str], committed_engine: sa.Engine, redis_url: str, tmp_path: Path
) -> None:
    settings = settings_for(committed_engine, redis_url, tmp_path)
    parts = parts_of(settings, only=only, text_workers=2, heavy_workers=1)
    assert [part.name for part in parts] == names


def test_a_part_that_keeps_dying_is_started_ever_later() -> None:
    part = Part("relay", lambda: None)
    pauses = []
    for moment in range(0, 70, 10):
        part.started_at = moment
        part.died(moment + 1)
        pauses.append(part.start_at - (moment + 1))
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10]
    part.died(part.started_at + 61)
    assert part.start_at - part.started_at == pytest.approx(61.5)

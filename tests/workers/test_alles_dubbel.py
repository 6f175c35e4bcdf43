"""Two API processes, two relays, two clocks and four text workers at once, started as an operator does, in a storm.

Nothing is lost, nothing comes twice and nothing stays behind; what a clock puts is put once. The storm, its people and
its ledger are those of `python -m bench.storm`, seconds instead of minutes; what it prints about waiting is not judged.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from bench.storm.run import Scene, blow
from bench.terrein import PASSWORD, found_gemeenten, outside_settings
from meldingen import cli
from meldingen.local.cluster import any_free_port
from meldingen.local.commands import healthy

from .shop import until

SEED, MELDINGEN, SECONDS, PATIENCE_S = 7, 40, 3.0, 240.0
NOTHING_TO_LEARN = "UPDATE category SET synonyms = '{}', examples = '{}'"
"""Category proposals are learned at the first tick: many seconds of processor time that prove nothing here."""
TICKS = "SELECT key, count(*) FROM outbox WHERE topic = 'onderhoud' AND key IS NOT NULL GROUP BY key"


@contextmanager
def running(env: dict[str, str], logs: Path, *commands: list[str]) -> Iterator[None]:
    """These programs, each with a log of its own; ended kindly, and cut off when that takes long."""
    started = []
    try:
        for number, words in enumerate(commands):
            with (logs / f"{number}-{words[0]}.log").open("wb") as log:
                argv = [sys.executable, "-m", *words]
                started.append(subprocess.Popen(argv, env=env, stdout=log, stderr=log, start_new_session=True))
        yield
    finally:
        for process in started:
            process.send_signal(signal.SIGTERM)
        for process in started:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_storm_with_everything_double(clone: Callable[[], sa.URL], redis_url: str, tmp_path: Path) -> None:
    url, port = clone(), any_free_port()
    env = {
        **os.environ,
        "DATABASE_URL": url.render_as_string(hide_password=False),
        "REDIS_URL": redis_url,
        "SECRET_KEYS": "een-geheim-van-de-tests-dat-lang-genoeg-is",
        "LOKALE_MODUS": "1",
        "FOTO_MAP": str(tmp_path / "fotos"),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
    }
    with running(env, tmp_path, ["bench.chaos.providers", str(tmp_path), str(port)]):
        found_gemeenten(lambda words: meldingen(words, env), neighbours=True)
        until((tmp_path / "poorten.json").exists)
        env |= outside_settings(json.loads((tmp_path / "poorten.json").read_text()))
        libpq = url.set(drivername="postgresql").render_as_string(hide_password=False)
        with psycopg.connect(libpq) as connection:
            connection.execute(NOTHING_TO_LEARN)
        crew = ["meldingen", "worker", "--werkers", "2"]
        with running(env, tmp_path, ["meldingen", "serve", "--workers", "2", "--port", str(port)], crew, crew):
            until(lambda: healthy(port))
            scene = Scene(libpq, [port], tmp_path / "buitenwereld.jsonl", PASSWORD)
            seen = blow(scene, count=MELDINGEN, seconds=SECONDS, seed=SEED, closes_per_s=5, settle_s=PATIENCE_S)
            with psycopg.connect(libpq) as connection:
                ticks = connection.execute(TICKS).fetchall()
    assert seen.outcome.wrong == []
    counts = seen.outcome.counts
    assert counts["aangenomen"] == counts["toegewezen"] > MELDINGEN
    assert counts["gehoord"] == counts["moet het horen"] > 0 and counts["foto's klaar"] > 0
    assert ticks and all(times == 1 for _, times in ticks)


def meldingen(words: object, env: dict[str, str]) -> str:
    """One command of an operator, in this process; what it printed."""
    done = CliRunner().invoke(cli.main, list(words), env=env, input=PASSWORD + "\n")  # type: ignore[call-overload]
    assert done.exit_code == 0, done.output
    return str(done.output)

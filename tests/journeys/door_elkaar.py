"""Four people at once: two tablets that run the real queue, the KCC and a melder, each a process of its own over HTTP,
with a worker that keeps the promises meanwhile. Afterwards the books must balance.

Used by test_door_elkaar.py (some dozens of steps) and bench/door_elkaar.py (thousands). What a tablet does is in
standins/tablet.mjs, what people do in standins/mensen.py.
"""

import json
import secrets
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import playwright
import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.adapters import build
from meldingen.app import create_app
from meldingen.auth import STAFF_PREFIX, hash_secret
from meldingen.domain.actor import KCC, TEAM, Actor
from meldingen.settings import Settings
from meldingen.store import leases
from meldingen.store.account import StaffSession
from meldingen.store.outbox import Topic
from tests import factories
from tests.web.browsing import served
from workers.context import Context
from workers.jobs import HANDLERS, Workplace, work_lot
from workers.policy import POLICIES

ROOT = Path(__file__).parents[2]
QUEUE = ROOT / "meldingen/web/static/js/onderweg/rij.js"
STANDINS = ROOT / "tests/standins"
NODE = Path(playwright.__file__).parent / "driver/node"
TERMS = {topic: policy.terms for topic, policy in POLICIES.items()}
LINES = [(topic, urgent) for topic in Topic if topic != Topic.PHOTO for urgent in (True, False)]
"""Pictures are for other tests: here only whether each photo arrived, once."""
UNDO_S = 2
HOURS_OFF = 2 * 3600 * 1000
PATIENCE_S = 1800


@dataclass
class Played:
    """What came of it. ledger: every step of the tablets, with whose label it went. wrong: what nobody may see."""

    engine: sa.Engine
    ledger: list[tuple[Actor, dict[str, Any]]] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    made: int = 0


@dataclass
class _Worker:
    """Keeps the promises in a thread, as the workers do, until it is told to stop."""

    context: Context
    stopped: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopped.is_set():
            if not self.drain():
                self.stopped.wait(0.02)

    def drain(self) -> int:
        """Does all that is due now; how many lots that were."""
        place = Workplace(self.context, HANDLERS, POLICIES, lambda: False)
        done = 0
        while lot := self._lease():
            work_lot(place, lot.topic, lot.lease, lot.ids)
            done += 1
        return done

    def _lease(self) -> leases.Lot | None:
        with db.transaction(self.context.engine) as session:
            return leases.lease(session, LINES, terms=TERMS, now=db.business_now(session))


def play(url: sa.URL, folder: Path, *, seed: int, steps: int) -> Played:
    """Lets the four do so many things each, at random by `seed`, and then everybody come to rest."""
    settings = _settings(url, folder)
    adapters = replace(build(settings), wake=lambda: None)
    app = create_app(settings, adapters)
    played = Played(db.make_engine(settings.database_url, pool_size=6))
    people = _people(played.engine)
    worker = _Worker(Context(settings, played.engine, adapters))
    thread = threading.Thread(target=worker.run)
    with served(app) as address:
        thread.start()
        try:
            told = _live(address, people, seed, steps)
        finally:
            worker.stopped.set()
            thread.join()
    with db.transaction(played.engine) as session:
        db.set_clock_offset(session, 3600)  # what waited because it could be undone may go now
    worker.drain()
    for (actor, _), one in zip(people, told, strict=True):
        played.wrong += one["wrong"]
        played.made += len(one.get("made", []))
        played.ledger += [(actor, step) for step in one.get("ledger", [])]
    app.extensions["meldingen"].engine.dispose()
    return played


def _live(address: str, people: list[tuple[Actor, str]], seed: int, steps: int) -> list[dict[str, Any]]:
    """Starts the four processes and waits for what each tells."""
    asked: list[list[str]] = []
    for number, skew in ((0, HOURS_OFF), (1, -HOURS_OFF)):
        mind = {"base": address, "bearer": people[number][1], "seed": seed * 4 + number, "steps": steps}
        facts = {**mind, "rij": str(QUEUE), "name": f"t{number}", "skew": skew}
        asked.append([str(NODE), "--no-warnings", str(STANDINS / "tablet.mjs"), json.dumps(facts)])
    for number, who in ((2, "kcc"), (3, "melder")):
        mind = {"base": address, "bearer": people[number][1], "seed": seed * 4 + number, "steps": steps}
        asked.append([sys.executable, str(STANDINS / "mensen.py"), json.dumps({**mind, "who": who})])
    running = [subprocess.Popen(command, stdout=subprocess.PIPE) for command in asked]
    try:
        return [json.loads(process.communicate(timeout=PATIENCE_S)[0]) for process in running]
    finally:
        for process in running:
            process.kill()
            process.wait()


def _settings(url: sa.URL, folder: Path) -> Settings:
    return Settings.from_env(
        {
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEYS": "geheim-voor-wie-door-elkaar-werken-0123456789",
            "LOKALE_MODUS": "1",
            "PUBLIC_URL": "http://duinstede.example",
            "FOTO_MAP": str(folder / "fotos"),
            "POSTVAK_MAP": str(folder / "postvak"),
            "LIMIET_PUBLIEK": "100000 per minute",
            "LIMIET_MELDER": "100000 per minute",
            "LIMIET_MEDEWERKER": "100000 per minute",
            "LOG_NIVEAU": "ERROR",
        }
    )


def _people(engine: sa.Engine) -> list[tuple[Actor, str]]:
    """Two of the serviceteam, one who is of the KCC, and a melder without an account; each with a session's secret."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        home = factories.gemeente(session)
        home.policy = {"undo_s": UNDO_S}
        now = db.business_now(session)
        people = [
            factories.medewerker(session, home, TEAM, team_slug="serviceteam", username="tablet-1"),
            factories.medewerker(session, home, TEAM, team_slug="serviceteam", username="tablet-2"),
            factories.medewerker(session, home, KCC, username="kcc"),
        ]
        found = []
        for actor in people:
            secret = STAFF_PREFIX + secrets.token_urlsafe(16)
            ends = now + timedelta(days=1)
            session.add(
                StaffSession(
                    account_id=actor.account_id, secret_hash=hash_secret(secret), created_at=now, expires_at=ends
                )
            )
            found.append((actor, secret))
        for _ in range(6):
            factories.melding(session, now=now, contact={"email": "buur@example.nl"})
        return [*found, (Actor(kind="anoniem"), "")]

"""One seeded installation per test process: two gemeenten, staff in every role, and an app with memory adapters.

What these tests do is committed, in a database of their own; each makes the meldingen it looks at.
"""

import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.test import TestResponse, encode_multipart

from meldingen import db
from meldingen.adapters import Adapters
from meldingen.adapters.storage import MemoryStore
from meldingen.app import App, create_app
from meldingen.flow import routing
from meldingen.flow.sign_in import hash_secret
from meldingen.settings import Settings
from meldingen.store import account as accounts
from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht, opdrachten_of
from tests import factories, photos

BASE = "/api/v1"
ROLES = ("team", "piket", "kcc", "coordinator", "beheer", "antwoorddienst")


@dataclass
class World:
    """An installation with two gemeenten, Duinstede and Elders, and a bearer for every kind of visitor."""

    app: App
    engine: sa.Engine
    store: MemoryStore
    bearers: dict[str, str] = field(default_factory=dict)
    """`duinstede:team` and so on, and `duinstede:machine`."""

    def client(self) -> FlaskClient:
        """A visitor without cookies."""
        return self.app.test_client()

    def now(self) -> Any:
        """Business time of this installation."""
        with db.transaction(self.engine) as session:
            return db.business_now(session)

    def headers(self, who: str = "", **more: str) -> dict[str, str]:
        """The headers of a visitor; names are written with underscores."""
        found = {"Authorization": f"Bearer {self.bearers[who]}"} if who else {}
        return found | {name.replace("_", "-"): value for name, value in more.items()}

    def post_melding(self, who: str = "", headers: dict[str, str] | None = None, **fields: Any) -> TestResponse:
        """A melding at the public door; None takes a field away."""
        body: dict[str, Any] = {
            "locatie": {"type": "Point", "coordinates": list(factories.HOME)},
            "omschrijving": "Er ligt een tegel los.",
            "categorie": "losse-tegel",
            **({"kanaal": "telefoon"} if who.rpartition(":")[2] in (*ROLES[:4], "antwoorddienst") else {}),
        } | fields
        body = {name: value for name, value in body.items() if value is not None}
        return self.client().post(f"{BASE}/meldingen", json=body, headers={**self.headers(who), **(headers or {})})

    def routed(self, **fields: Any) -> tuple[dict[str, Any], int]:
        """A melding made through the door and routed as the worker does: its answer and the id of its opdracht."""
        made = self.post_melding(**fields)
        assert made.status_code == 201, made.text
        with db.transaction(self.engine) as session:
            row = session.scalars(sa.select(Melding).where(Melding.number == made.json["nummer"])).one()
            routing.route_melding(session, row.id, gemeente_id=row.gemeente_id, now=db.business_now(session))
            opdracht: Opdracht = opdrachten_of(session, [row.id], scope=[row.gemeente_id])[row.id][-1]
            return made.json, opdracht.id

    def count(self) -> dict[str, int]:
        """How many rows there are of what a door can store."""
        tables = ("melding", "contact", "photo", "note", "journal", "outbox", "idempotency", "opdracht", "closure")
        with self.engine.connect() as connection:
            return {name: connection.scalar(sa.text(f"SELECT count(*) FROM {name}")) or 0 for name in tables}


def sent(fields: dict[str, Any]) -> dict[str, Any]:
    """A form as bytes: the test client keeps a big one in a file that nobody closes."""
    whole: MultiDict[str, Any] = MultiDict()
    for name, value in fields.items():
        for one in value if isinstance(value, list) else [value]:
            whole.add(name, FileStorage(one[0], filename=one[1]) if isinstance(one, tuple) else one)
    kind, data = encode_multipart(whole)
    return {"data": data, "content_type": f'multipart/form-data; boundary="{kind}"'}


def form(part: dict[str, Any], *files: bytes, name: str = "melding") -> dict[str, Any]:
    """A multipart body: one JSON part and photos."""
    return {
        name: (io.BytesIO(json.dumps(part).encode()), None, "application/json"),
        "foto": [(io.BytesIO(data), f"{i}.jpg", "image/jpeg") for i, data in enumerate(files)],
    }


@pytest.fixture(scope="session")
def world(clone: Callable[[], sa.URL], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """The installation of this test process."""
    url = clone().render_as_string(hide_password=False)
    engine = db.make_engine(url, pool_size=2)
    app, store = make_app(url, tmp_path_factory.mktemp("fotos"))
    made = World(app, engine, store)
    with db.transaction(engine) as session:
        home = factories.gemeente(session)
        away = factories.gemeente(session, name="Elders", code="GM9002", west=4.80)
        factories.category(session, home, "drugs", public=False)
        for of in (home, away):
            _seed_people(session, of, made)
    yield made
    engine.dispose()
    app.extensions["meldingen"].engine.dispose()


def make_app(url: str, folder: Path, **settings: Any) -> tuple[App, MemoryStore]:
    """An app on this database with memory adapters and room for many requests."""
    plain = Settings.from_env(
        {
            "LOKALE_MODUS": "1",
            "DATABASE_URL": url,
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEYS": "0123456789abcdef0123456789abcdef",
            "FOTO_MAP": str(folder),
            "CORS_ORIGINS": "https://app.voorbeeld.nl",
            "LOG_NIVEAU": "ERROR",
        }
    )
    many = {"rate_public": "100000 per minute", "rate_staff": "100000 per minute", "rate_login": "100000 per minute"}
    many["rate_melder"] = "100000 per minute"
    store = MemoryStore()
    held = Adapters(
        photos=store, mail=None, sms=None, postvak=None, wake=_NoWake(), queue_is_up=lambda: True
    )  # fmt: skip
    app = create_app(replace(plain, **{**many, **settings}), held)
    app.jinja_env.bytecode_cache = factories.Compiled()
    return app, store


class _NoWake:
    """Nobody listens."""

    def __call__(self) -> None:
        """Nothing."""


def _seed_people(session: Session, of: Gemeente, world: World) -> None:
    now = db.business_now(session)
    for role in ROLES:
        team_slug = {"team": "serviceteam", "piket": "piket"}.get(role, "")
        actor = factories.medewerker(session, of, role, team_slug=team_slug, username=f"{of.slug}-{role}")
        secret = f"ms_{of.slug}-{role}"
        session.add(
            accounts.StaffSession(
                account_id=actor.account_id,
                secret_hash=hash_secret(secret),
                created_at=now,
                expires_at=now.replace(year=now.year + 1),
            )
        )
        world.bearers[f"{of.slug}:{role}"] = secret
    key = accounts.ApiKey(
        gemeente_id=of.id,
        name=f"Buurtapp {of.name}",
        secret_hash=hash_secret(f"mk_{of.slug}"),
        active=True,
        created_at=now,
    )
    session.add(key)
    world.bearers[f"{of.slug}:machine"] = f"mk_{of.slug}"
    session.execute(sa.update(accounts.Account).values(password_hash=factories.password_hash()))


@pytest.fixture
def jpeg() -> bytes:
    """A small good photo."""
    return photos.photo()

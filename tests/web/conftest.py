"""The whole application on a database of its own, with one gemeente, and a browser of a test's own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from meldingen import db
from meldingen.adapters import build
from meldingen.app import create_app
from meldingen.settings import Settings
from meldingen.store.account import Account
from tests import factories


@dataclass
class World:
    """What a web test stands on: the app, its engine, and the gemeente in it."""

    app: Flask
    engine: sa.Engine
    gemeente_id: int

    def session(self) -> Session:
        """A session that commits when used with `with world.session() as s, s.begin():`."""
        return Session(self.engine, expire_on_commit=False)


def settings_for(url: sa.URL, folder: Path) -> Settings:
    """Settings of local mode on this database."""
    return Settings.from_env(
        {
            "DATABASE_URL": url.render_as_string(hide_password=False),
            "REDIS_URL": "redis://127.0.0.1:1",
            "SECRET_KEYS": "geheim-voor-de-tests-van-paginas-0123456789",
            "LOKALE_MODUS": "1",
            "FOTO_MAP": str(folder / "fotos"),
            "POSTVAK_MAP": str(folder / "postvak"),
            "LIMIET_INLOGGEN": "10000 per minute",
            "LIMIET_PUBLIEK": "10000 per minute",
            "LIMIET_MELDER": "10000 per minute",
            "LOG_NIVEAU": "ERROR",
        }
    )


@pytest.fixture(scope="module")
def world(clone: Callable[[], sa.URL], tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One app for the tests of a file: commits are real, so each test makes what it looks at."""
    with world_on(clone(), tmp_path_factory.mktemp("web")) as made:
        yield made


@contextmanager
def world_on(url: sa.URL, folder: Path) -> Iterator[World]:
    """The app on this migrated database, with one gemeente and a medewerker of each role; for bench too."""
    settings = settings_for(url, folder)
    app = create_app(settings, replace(build(settings), wake=lambda: None))
    app.jinja_env.bytecode_cache = factories.Compiled()
    engine = db.make_engine(settings.database_url, pool_size=4)
    with Session(engine) as session, session.begin():
        gemeente = factories.gemeente(session)
        gemeente.email = "gemeente@example.nl"
        for role in ("team", "kcc", "coordinator", "beheer"):
            team_slug = "serviceteam" if role == "team" else ""
            factories.medewerker(session, gemeente, role, team_slug=team_slug, username=role)
        session.execute(sa.update(Account).values(password_hash=factories.password_hash()))
        gemeente_id = gemeente.id
    yield World(app, engine, gemeente_id)
    engine.dispose()
    app.extensions["meldingen"].engine.dispose()


@pytest.fixture
def client(world: World) -> FlaskClient:
    """A browser without cookies."""
    return world.app.test_client()


@pytest.fixture
def signed_in(world: World) -> Callable[[str], FlaskClient]:
    """Gives the browser of a medewerker with this role."""

    def sign_in(role: str) -> FlaskClient:
        browser = world.app.test_client()
        page = browser.get("/inloggen").text
        answer = browser.post(
            "/inloggen", data={"csrf_token": token_in(page), "gebruikersnaam": role, "wachtwoord": factories.PASSWORD}
        )
        assert answer.status_code == 303, answer.text
        return browser

    return sign_in


def token_in(page: str) -> str:
    """The form token that a page carries."""
    return page.split('name="csrf_token" value="')[1].split('"')[0]

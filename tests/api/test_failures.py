"""When we fail: a general sentence, the number of the request for the helpdesk, and nothing of the inside (SEC-05)."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import structlog

from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.geocoder import Address
from meldingen.app import App
from tests.api.conftest import BASE, World, make_app


class Geocoder:
    """A geocoder in the mood that a test gives it."""

    def __init__(self, mood: Exception | None) -> None:
        self.mood = mood

    def address_at(self, lon: float, lat: float) -> Address | None:
        """An address, or the mood."""
        if self.mood is not None:
            raise self.mood
        return Address("Dorpsstraat 12, Duinstede", 3.0)


def with_geocoder(world: World, mood: Exception | None) -> None:
    """Gives the running app another geocoder."""
    held = world.app.extensions["meldingen"]
    held.adapters = replace(held.adapters, geocoder=Geocoder(mood))


@pytest.fixture
def geocoder(world: World) -> Iterator[World]:
    """The world, with its own geocoder back afterwards."""
    held = world.app.extensions["meldingen"]
    before = held.adapters
    yield world
    held.adapters = before


def test_an_address_is_a_kindness(geocoder: World) -> None:
    """LOC-01: a geocoder that is away costs only the address."""
    path = f"{BASE}/locaties?lon=4.7&lat=52.66"
    with_geocoder(geocoder, None)
    assert geocoder.client().get(path).json["adres"] == "Dorpsstraat 12, Duinstede"
    with_geocoder(geocoder, TemporaryFailure("geocoder: ReadTimeout"))
    away = geocoder.client().get(path)
    assert away.status_code == 200 and "adres" not in away.json and away.json["vanOns"] is True


def test_what_we_did_not_foresee(geocoder: World) -> None:
    with_geocoder(geocoder, RuntimeError("wachtwoord van de database: geheim"))
    with structlog.testing.capture_logs() as logged:
        answer = geocoder.client().get(f"{BASE}/locaties?lon=4.7&lat=52.66")
    assert answer.status_code == 500 and answer.content_type == "application/problem+json"
    assert answer.json["code"] == "storing" and "geheim" not in answer.text
    assert answer.json["instance"].endswith(answer.headers["X-Request-Id"])
    assert answer.headers["API-Version"] and answer.headers["X-Content-Type-Options"] == "nosniff"
    assert [line["event"] for line in logged if line["log_level"] == "error"] == ["api_failed"]


@pytest.fixture
def without_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose database is not there."""
    app, _ = make_app("postgresql+psycopg://nergens@127.0.0.1:9/niets", tmp_path_factory.mktemp("fotos"))
    yield app
    app.extensions["meldingen"].engine.dispose()


def test_the_database_is_away(without_database: App) -> None:
    """503 with Retry-After: the caller comes back; what needs no database goes on."""
    client = without_database.test_client()
    for answer in (
        client.get(f"{BASE}/categorieen"),
        client.post(f"{BASE}/sessies", json={"gebruikersnaam": "a", "wachtwoord": "b"}),
    ):
        assert answer.status_code == 503 and answer.json["code"] == "tijdelijk_dicht"
        assert int(answer.headers["Retry-After"]) > 0 and "nergens" not in answer.text
    assert client.get(f"{BASE}/openapi.json").status_code == 200
    assert client.get(f"{BASE}/crss").status_code == 200
    assert client.get(f"{BASE}/onbekend").status_code == 404

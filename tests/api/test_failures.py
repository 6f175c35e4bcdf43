"""When we fail: a general sentence, the number of the request for the helpdesk, and nothing of the inside (SEC-05)."""

import errno
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
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


def test_a_replica_is_left_for_the_server_that_writes(world: World, tmp_path_factory: pytest.TempPathFactory) -> None:
    """After a failover: 503 and "storing" while the database only reads, and no connection is kept that does."""
    url = world.engine.url.render_as_string(hide_password=False)
    app, _ = make_app(url, tmp_path_factory.mktemp("fotos"))
    engine = app.extensions["meldingen"].engine

    def fail_over() -> None:
        with engine.connect() as old:
            old.execute(sa.text("SET default_transaction_read_only = on"))
            old.commit()

    client = app.test_client()
    fail_over()
    ready = client.get("/gezond/klaar")
    assert ready.status_code == 503 and ready.json["onderdelen"]["database"] == "storing"
    assert client.get("/gezond/klaar").status_code == 200
    fail_over()
    body = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}, "omschrijving": "Er ligt een tegel los."}
    refused = client.post(f"{BASE}/meldingen", json=body)
    assert refused.status_code == 503 and int(refused.headers["Retry-After"]) > 0
    assert client.post(f"{BASE}/meldingen", json=body).status_code == 201
    engine.dispose()


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_no_room_where_uploads_wait(geocoder: World, code: int) -> None:
    """A full disk under the spool of a large upload: words that help, and when to come back."""
    with_geocoder(geocoder, OSError(code, "vol"))
    answer = geocoder.client().get(f"{BASE}/locaties?lon=4.7&lat=52.66")
    assert answer.status_code == 503 and answer.json["code"] == "geen_ruimte"
    assert "zonder foto" in answer.json["detail"] and int(answer.headers["Retry-After"]) > 0


def test_the_victim_of_a_deadlock_is_done_once_more(world: World) -> None:
    """Somebody holds the melding and then wants the opdracht, while a closing holds the opdracht and wants the melding:
    PostgreSQL ends one of the two, and the team never hears of it."""
    made, opdracht = world.routed()
    holding = threading.Event()

    def cross() -> None:
        with world.engine.connect() as other:
            other.execute(sa.text("SET LOCAL deadlock_timeout = '20s'"))  # so the closing is the one that finds it
            asked = sa.text("SELECT 1 FROM melding WHERE number = :number FOR UPDATE")
            other.execute(asked, {"number": made["nummer"]})
            holding.set()
            waits = sa.text(
                "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
            )
            until = time.monotonic() + 10
            while not other.scalar(waits) and time.monotonic() < until:
                time.sleep(0.02)
            other.execute(sa.text("SELECT 1 FROM opdracht WHERE id = :id FOR UPDATE"), {"id": opdracht})
            other.rollback()

    crossing = threading.Thread(target=cross)
    crossing.start()
    assert holding.wait(10)
    head = world.headers("duinstede:coordinator", If_Match='"1"', Idempotency_Key="kruis-1")
    body = {"uitkomst": "opgelost", "zin": "De tegel ligt weer recht."}
    answer = world.client().post(f"{BASE}/opdrachten/{opdracht}/afhandelingen", json=body, headers=head)
    crossing.join()
    assert answer.status_code == 201, answer.text
    with world.engine.connect() as seen:
        asked = sa.text("SELECT count(*) FROM closure WHERE opdracht_id = :id")
        assert seen.scalar(asked, {"id": opdracht}) == 1

"""What one visitor may ask for: how often, how much, and what happens to the rest of a refused upload."""

import io
from collections.abc import Iterator
from typing import Any

import pytest

from meldingen.app import App
from tests.api.conftest import BASE, World, make_app
from tests.factories import PASSWORD


@pytest.fixture
def strict(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The same installation with small limits and counters of its own."""
    url = world.engine.url.render_as_string(hide_password=False)
    app, _ = make_app(
        url,
        tmp_path_factory.mktemp("fotos"),
        rate_public="3 per minute",
        rate_staff="5 per minute",
        rate_login="2 per minute",
        rate_melder="2 per hour",
    )
    yield app
    app.extensions["meldingen"].engine.dispose()


def post(app: App, path: str = "/meldingen", address: str = "203.0.113.1", **more: Any) -> Any:
    """A writing request from an address; its body is refused, so nothing is stored."""
    return app.test_client().post(f"{BASE}{path}", json={}, environ_base={"REMOTE_ADDR": address}, **more)


def test_strangers_are_counted_per_address(strict: App) -> None:
    """SEC-08: 429 with Retry-After; another address goes on, reading goes on."""
    assert [post(strict).status_code for _ in range(4)] == [400, 400, 400, 429]
    refused = post(strict)
    assert 0 < int(refused.headers["Retry-After"]) <= 60 and refused.json["code"] == "te_veel_verzoeken"
    assert refused.headers["API-Version"] and refused.content_type == "application/problem+json"
    assert post(strict, address="203.0.113.2").status_code == 400
    reading = strict.test_client().get(f"{BASE}/crss", environ_base={"REMOTE_ADDR": "203.0.113.1"})
    assert reading.status_code == 200


def test_one_house_of_ipv6_is_one_visitor(strict: App) -> None:
    answers = [post(strict, address=f"2001:db8:1:2::{n}").status_code for n in range(1, 5)]
    assert answers == [400, 400, 400, 429]
    assert post(strict, address="2001:db8:1:3::1").status_code == 400


def test_the_kcc_is_not_in_its_residents_way(strict: App, world: World) -> None:
    """Staff are counted per account, apart from the strangers behind the same address."""
    assert [post(strict).status_code for _ in range(4)][-1] == 429
    kcc = world.headers("duinstede:kcc")
    assert [post(strict, headers=kcc).status_code for _ in range(6)] == [400] * 5 + [429]
    assert post(strict, headers=world.headers("duinstede:coordinator")).status_code == 400


def test_a_forged_bearer_buys_no_room(strict: App) -> None:
    forged = [post(strict, headers={"Authorization": f"Bearer ms_{n}"}).status_code for n in range(5)]
    assert forged == [401, 401, 401, 429, 429]


def test_one_melder_is_counted_from_wherever_he_reports(strict: App, world: World) -> None:
    """So nobody's mailbox is filled from many addresses; the KCC enters as many callers as it hears."""
    number = iter(range(1, 200))

    def report(contact: dict[str, str], headers: dict[str, str] | None = None, **more: str) -> Any:
        body = {"locatie": {"type": "Point", "coordinates": [4.7, 52.66]}, "omschrijving": "tegel", "contact": contact}
        return strict.test_client().post(
            f"{BASE}/meldingen",
            json=body | more,
            headers=headers,
            environ_base={"REMOTE_ADDR": f"198.51.100.{next(number)}"},
        )

    jo, number_of_jo = {"email": "Jo.Vol@example.nl"}, {"telefoon": "06 12345699"}
    assert [report(jo).status_code for _ in range(3)] == [201, 201, 429]
    refused = report(jo | number_of_jo)
    assert 60 < int(refused.headers["Retry-After"]) <= 3600 and "minuten" in refused.json["detail"]
    assert [report(number_of_jo).status_code for _ in range(3)] == [201, 201, 429]
    assert report({"email": "ander@example.nl"}).status_code == 201 and report({}).status_code == 201
    kcc = world.headers("duinstede:kcc")
    assert [report(jo, kcc, kanaal="telefoon").status_code for _ in range(4)] == [201] * 4


def test_guessing_passwords_is_slow(strict: App) -> None:
    def sign_in(address: str, password: str) -> int:
        body = {"gebruikersnaam": "duinstede-kcc", "wachtwoord": password}
        client = strict.test_client()
        return client.post(f"{BASE}/sessies", json=body, environ_base={"REMOTE_ADDR": address}).status_code

    assert [sign_in("203.0.113.7", "fout"), sign_in("203.0.113.8", "fout")] == [401, 401]
    assert sign_in("203.0.113.9", PASSWORD) == 429  # per account, from wherever


def test_pages_and_api_are_one_visitor(strict: App) -> None:
    """SEC-08: one house has one count, whichever door it takes, also for the try at a password."""
    house = {"REMOTE_ADDR": "2001:db8:7:7::1"}
    assert [post(strict, address=f"2001:db8:7:7::{n}").status_code for n in range(2, 5)] == [400, 400, 400]
    page = strict.test_client().post("/melden/versturen", environ_base=house)
    assert page.status_code == 429 and 0 < int(page.headers["Retry-After"]) <= 60
    assert strict.test_client().get("/melden/waar", environ_base=house).status_code == 200


class Counting(io.RawIOBase):
    """A body of zeros that remembers how much of it was read."""

    def __init__(self, size: int) -> None:
        self.size, self.read_so_far = size, 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Zeros, up to the size."""
        count = min(len(buffer), self.size - self.read_so_far)
        buffer[:count] = bytes(count)
        self.read_so_far += count
        return count


@pytest.mark.parametrize(
    ("path", "kind", "size", "status"),
    [
        ("/meldingen", "application/json", 2 * 2**20, 413),
        ("/meldingen", "multipart/form-data; boundary=x", 120 * 2**20, 413),
        ("/meldingen", "application/xml", 8 * 2**20, 415),
        ("/onbekend", "application/octet-stream", 8 * 2**20, 404),
        ("/opdrachten/1/afhandelingen", "multipart/form-data; boundary=x", 8 * 2**20, 401),
    ],
)
def test_the_rest_of_a_refused_body_is_read(world: World, path: str, kind: str, size: int, status: int) -> None:
    """Else a server that hangs up early resets the connection, and the phone never sees why."""
    body = Counting(size)
    answer = world.client().post(
        f"{BASE}{path}",
        content_type=kind,
        environ_overrides={"wsgi.input": io.BufferedReader(body), "CONTENT_LENGTH": str(size)},
    )
    assert answer.status_code == status and body.read_so_far == size
    assert answer.json["detail"]


def test_a_body_without_end_is_not_read_for_ever(world: World) -> None:
    body = Counting(400 * 2**20)
    answer = world.client().post(
        f"{BASE}/meldingen",
        content_type="application/json",
        environ_overrides={"wsgi.input": io.BufferedReader(body), "CONTENT_LENGTH": str(400 * 2**20)},
    )
    assert answer.status_code == 413 and body.read_so_far <= 130 * 2**20

"""Several gemeenten in one installation: people choose, the host name chooses, and the place decides in the end."""

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from meldingen.store.gemeente import Gemeente
from meldingen.store.melding import Melding
from tests import factories

from .conftest import World
from .forms import press, words
from .melder import PLACE, walk


@pytest.fixture(scope="module", autouse=True)
def second(world: World) -> int:
    """A second gemeente, east of the first, with a host name of its own."""
    with world.session() as session, session.begin():
        other = factories.gemeente(session, name="Veldhuizen", code="GM9002", west=4.80)
        other.host = "meldingen.veldhuizen.example"
        other.phone = "0229 11 22 33"
        return other.id


@pytest.mark.parametrize("path", ["/melden", "/"])
def test_people_choose_first(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert 'href="/melden?gemeente=duinstede"' in page and 'href="/melden?gemeente=veldhuizen"' in page
    assert "072 000 00 00" in page and "0229 11 22 33" in page, "whom to call stands there for both"


def test_what_a_link_fills_in_goes_along_with_the_choice(client: FlaskClient) -> None:
    page = client.get("/melden?categorie=losse-tegel&object=lichtmast:1&_external=1").text
    assert 'href="/melden?categorie=losse-tegel&amp;object=lichtmast%3A1&amp;gemeente=duinstede"' in page


def test_nothing_is_taken_without_a_choice(client: FlaskClient) -> None:
    page = client.get("/melden/waar?gemeente=duinstede").text
    assert press(client, page, "/melden/waar", gemeente="elders", **PLACE).status_code == 400
    sent = client.post("/melden/versturen", data={"omschrijving": "x", **PLACE}, headers={"Accept": "application/json"})
    assert (sent.status_code, sent.json["stap"]) == (400, "waar")


def test_the_host_name_chooses(client: FlaskClient) -> None:
    page = client.get("/melden/waar", base_url="http://meldingen.veldhuizen.example").text
    assert "Gemeente Veldhuizen" in page and "072 000 00 00" not in page


def test_the_place_decides_whose_it_is(world: World, client: FlaskClient, second: int) -> None:
    page = client.get("/melden/waar?gemeente=duinstede").text
    review = walk(client, page, lon="4.9", lat="52.66", omschrijving="Over de grens").text
    assert "Klopt het zo?" in words(review) and "Gemeente Veldhuizen" in review, "the form moves along with the place"
    answer = press(client, review, "/melden/versturen")
    with world.session() as session:
        made = session.scalars(sa.select(Melding).where(Melding.number == answer.location.split("/")[2])).one()
    assert made.gemeente_id == second
    receipt = client.get(answer.location).text
    assert "Gemeente Veldhuizen" in receipt and "0229 11 22 33" in receipt


def test_a_neighbour_we_do_not_serve_is_named(world: World, client: FlaskClient) -> None:
    with world.session() as session, session.begin():
        border = factories.square(5.10, 52.60, 5.20, 52.70)
        session.add(Gemeente(code="GM9003", slug="verweg", name="Verweg", served=False, border=border))
    where = {"lon": "5.15", "lat": "52.65", "gemeente": "veldhuizen"}
    assert "Verweg" in client.get("/melden/plek", query_string=where).json["fout"]
    page = client.get("/melden/waar?gemeente=veldhuizen").text
    review = walk(client, page, omschrijving="Ver weg", lon="5.15", lat="52.65").text
    assert "Deze plek ligt in Verweg" in words(review)
    receipt = client.get(press(client, review, "/melden/versturen").location).text
    assert "Verweg" in words(receipt) and "Uiterlijk" not in words(receipt)

"""The place of a melding: doors for the map and the search field, and the step `waar` without JavaScript (A11Y-02)."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient

from meldingen import db
from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.geocoder import FixedGeocoder, NoGeocoder
from meldingen.domain.actor import SYSTEM
from meldingen.flow.objects import import_objects
from meldingen.store.gemeente import gemeente_by_id
from tests import factories
from tests.photos import photo

from .conftest import World
from .forms import errors_in, press, upload, words
from .melder import sent, told, walk

BREELAAN = "Breelaan 12, 1861GE Duinstede"
KNOWN = {(4.7, 52.66): BREELAAN, (4.701, 52.66): "Breelaan 14, 1861GE Duinstede"}
OBJECTS = (
    b"soort,code,naam,categorie,lon,lat\nlichtmast,P-100,,losse-tegel,4.7001,52.66\ncontainer,P-1,Glas,,4.7,52.6601\n"
)


@pytest.fixture(scope="module")
def placed(world: World) -> World:
    """The gemeente with two things and one open melding."""
    with world.session() as session, session.begin():
        home, now = gemeente_by_id(session, world.gemeente_id), db.business_now(session)
        import_objects(session, home, OBJECTS, actor=SYSTEM, now=now)
        factories.melding(session, now=now, at=(4.7003, 52.66))
    return world


@pytest.fixture
def geocoder(placed: World) -> Iterator[Callable[[Any], None]]:
    """Gives the running app another geocoder; afterwards it has none."""
    held = placed.app.extensions["meldingen"]
    before = held.adapters

    def use(other: Any) -> None:
        held.adapters = replace(before, geocoder=other)

    use(FixedGeocoder(KNOWN))
    yield use
    held.adapters = before


class Away(NoGeocoder):
    """A geocoder that is down."""

    searches = True

    def address_at(self, lon: float, lat: float) -> None:
        raise TemporaryFailure("geocoder: ReadTimeout")

    def suggest(self, words: str, *, codes: Any) -> Any:
        raise TemporaryFailure("geocoder: ReadTimeout")

    find = suggest


def test_what_somebody_means_who_types(geocoder: object, client: FlaskClient) -> None:
    """Addresses, and things by their number, with or without the word before it."""

    def texts(typed: str) -> list[str]:
        return [one["tekst"] for one in client.get("/melden/adressen", query_string={"zoek": typed}).json["gevonden"]]

    assert texts("bree 12") == [BREELAAN]
    assert texts("1861 ge") == list(KNOWN.values())
    assert texts("p-1") == ["Container P-1 (Glas)", "Lichtmast P-100"]
    assert texts("Lantaarnpaal nr. P-10") == ["Lichtmast P-100"]
    assert texts("p-") == texts("xyz") == texts("") == texts("\x00%_") == []
    thing = client.get("/melden/adressen?zoek=p-100").json["gevonden"][0]
    assert (thing["bron"], thing["object"], thing["lon"]) == ("object", "lichtmast:P-100", 4.7001)


def test_nobody_to_ask(geocoder: Callable[[Any], None], client: FlaskClient) -> None:
    """LOC-01: a service that is down is told, what we know ourselves is still found, and no page fails."""
    geocoder(Away())
    assert client.get("/melden/adressen?zoek=breelaan").json == {"gevonden": [], "weg": True}
    assert len(client.get("/melden/adressen?zoek=p-100").json["gevonden"]) == 1
    assert client.get("/melden/plek?lon=4.7&lat=52.66").json["woorden"] == "Noord, gemeente Duinstede"
    page = press(client, client.get("/melden/waar").text, "/melden/waar", "zoek_adres", zoek="Breelaan 12")
    assert "Zoeken lukt nu niet" in words(client.get(page.location).text)


def test_a_place_outside_is_told_at_once(placed: World, client: FlaskClient) -> None:
    """LOC-03."""
    told = client.get("/melden/plek?lon=5.1&lat=52.1").json["fout"]
    assert told.startswith("Deze plaats ligt niet in Duinstede. Meld het bij de gemeente waar het is")
    assert client.get("/melden/objecten?lon=5.1&lat=52.1").text == ""


def test_what_is_around(placed: World, client: FlaskClient) -> None:
    """Things as a question and open problems as a list; without anybody's words (A11Y-04)."""
    things = client.get("/melden/objecten?lon=4.7&lat=52.66").text
    assert 'value="lichtmast:P-100"' in things and "Container P-1 (Glas)" in things and "Nee, om iets anders" in things
    fitting = client.get("/melden/objecten?lon=4.7&lat=52.66&categorie=gat-in-de-weg").text
    assert "Lichtmast" in fitting and "Container" not in fitting
    chosen = client.get("/melden/objecten?lon=4.7&lat=52.66&object=lichtmast:P-100").text
    assert chosen.index("P-100") < chosen.index("checked") < chosen.index("Container")
    known = client.get("/melden/nabij?lon=4.7&lat=52.66").text
    assert "Hier in de buurt is al 1 ding gemeld" in known and "op 20 meter" in known and "tegel los" not in known
    for path in ("/melden/objecten", "/melden/nabij"):
        assert client.get(f"{path}?lon=4.79&lat=52.69").text == client.get(f"{path}?lon=x&lat=y").text == ""


def test_an_address_without_a_script(geocoder: object, placed: World, client: FlaskClient) -> None:
    """Search, choose from the list, go on: the point, the address and the source are kept (LOC-04)."""
    page = client.get("/melden/waar").text
    answer = press(client, page, "/melden/waar", "zoek_adres", zoek="1861ge")
    assert answer.status_code == 303 and "1861" not in answer.location, "what people look for stands in no address"
    found = client.get(answer.location).text
    assert "Welke plek bedoelt u?" in found and found.count('name="gevonden"') == 2
    assert client.get("/melden/waar").text.count('name="gevonden"') == 0
    value = found.split('name="gevonden" value="')[1].split('"')[0]
    answer = press(client, found, "/melden/waar", gevonden=value)
    assert answer.location == "/melden/wat"
    again = client.get("/melden/waar").text
    assert f"Gekozen plek: bij {BREELAAN}" in words(again)
    review = walk(client, client.get("/melden/wat").text, omschrijving="Er ligt een tegel los.")
    assert "Het adres dat u koos, Noord" in words(review.text) and "midden van de buurt" not in words(review.text)
    melding = sent(placed, press(client, review.text, "/melden/versturen"))
    assert (melding.location_source, melding.address, melding.wijk_code) == ("adres", BREELAAN, "WK900101")


def test_words_in_the_search_field_are_a_search(geocoder: object, client: FlaskClient) -> None:
    """Who presses "Verder" after typing an address sees what was found, not a mistake; the second time it is one."""
    for fields in ({"zoek": "breelaan"}, {"adres": "Breelaan"}):
        browser = client.application.test_client()
        answer = press(browser, browser.get("/melden/waar").text, "/melden/waar", **fields)
        assert "gezocht=ja" in answer.location
        found = browser.get(answer.location).text
        refused = press(browser, found, "/melden/waar")
        assert "plaats" in errors_in(told(browser, refused))


def test_a_number_is_a_place(placed: World, client: FlaskClient) -> None:
    """A lamp post by its number, without geocoder, map or script; another place can be chosen after all."""
    page = client.get("/melden/waar").text
    found = client.get(press(client, page, "/melden/waar", "zoek_adres", zoek="lantaarnpaal p-100").location).text
    value = found.split('name="gevonden" value="')[1].split('"')[0]
    press(client, found, "/melden/waar", gevonden=value)
    chosen = client.get("/melden/waar").text
    assert "Gekozen plek: lichtmast P-100, Noord" in words(chosen)
    off = press(client, chosen, "/melden/waar", "plek_weg")
    assert "Gekozen plek" not in words(client.get(off.location).text)


def test_one_of_the_things_around(placed: World, client: FlaskClient) -> None:
    """Chosen from the list, and taken back."""
    press(client, client.get("/melden/waar").text, "/melden/waar", lon="4.7", lat="52.66")
    page = client.get("/melden/waar").text
    press(client, page, "/melden/waar", ding="lichtmast:P-100")
    review = walk(client, client.get("/melden/wat").text, omschrijving="Hij staat scheef.")
    melding = sent(placed, press(client, review.text, "/melden/versturen"))
    assert (melding.object_kind, melding.object_code, melding.location_source) == ("lichtmast", "P-100", "object")
    press(client, client.get("/melden/waar").text, "/melden/waar", lon="4.7", lat="52.66", object="lichtmast:P-100")
    press(client, client.get("/melden/waar").text, "/melden/waar", ding="")
    assert 'name="object" value=""' in client.get("/melden/waar").text


def test_a_photo_only_proposes_its_place(placed: World, client: FlaskClient) -> None:
    """Never chosen in silence; "ja" chooses it, and then it is not asked again."""
    picture = upload(photo(gps=(4.7005, 52.66)))
    press(client, client.get("/melden/foto").text, "/melden/foto", foto=picture)
    page = client.get("/melden/waar").text
    assert "Uw foto is gemaakt in Noord, gemeente Duinstede. Is dat de plek?" in words(page)
    refused = press(client, page, "/melden/waar")
    assert "plaats" in errors_in(told(client, refused))
    press(client, page, "/melden/waar", "foto_plek")
    chosen = client.get("/melden/waar").text
    assert 'name="bron" value="foto"' in chosen and "Is dat de plek?" not in chosen


def test_how_sure_a_device_was_is_kept(placed: World, client: FlaskClient) -> None:
    """LOC-04: only of a location of the device itself."""
    place = {"lon": "4.7", "lat": "52.66", "nauwkeurigheid": "37"}
    page = client.get("/melden/waar").text
    press(client, page, "/melden/waar", **place, bron="gps")
    review = walk(client, client.get("/melden/wat").text, omschrijving="Een gat.")
    assert sent(placed, press(client, review.text, "/melden/versturen")).accuracy_m == 37
    press(client, client.get("/melden/waar").text, "/melden/waar", **place, bron="pin")
    review = walk(client, client.get("/melden/wat").text, omschrijving="Nog een gat.")
    assert sent(placed, press(client, review.text, "/melden/versturen")).accuracy_m is None


@pytest.mark.parametrize("value", ["", "x", "1;2", "nan;nan;adres;;x", "5.1;52.1;adres;;Elders", "4.7;52.66;\x00;;"])
def test_a_choice_that_is_none_of_ours(placed: World, client: FlaskClient, value: str) -> None:
    answer = press(client, client.get("/melden/waar").text, "/melden/waar", gevonden=value)
    assert answer.status_code in (303, 400)
    assert client.get("/melden/waar").status_code == 200

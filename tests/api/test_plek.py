"""Addresses and things with a number, for who builds an app: the doors, and `object` from melding to opdracht."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from meldingen import db
from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.geocoder import FixedGeocoder, NoGeocoder
from meldingen.domain.actor import SYSTEM
from meldingen.flow.objects import import_objects
from meldingen.store.gemeente import gemeente_by_slug
from tests.api.conftest import BASE, World

OBJECTS = (
    b"soort,code,naam,categorie,lon,lat\nlichtmast,P-1,,gat-in-de-weg,4.7,52.66\nlichtmast,P-2,,,4.7010,52.66\n"
    b"container,P-1,Glas,gras-te-hoog,4.7,52.6601\n"
)


@pytest.fixture(scope="module")
def placed(world: World) -> Iterator[World]:
    """Duinstede with three things; the geocoder is as it was afterwards."""
    with db.transaction(world.engine) as session:
        home = gemeente_by_slug(session, "duinstede")
        assert home is not None
        import_objects(session, home, OBJECTS, actor=SYSTEM, now=db.business_now(session))
    held = world.app.extensions["meldingen"]
    before = held.adapters
    yield world
    held.adapters = before


def ask(world: World, path: str) -> Any:
    answer = world.client().get(BASE + path)
    assert answer.status_code == 200, answer.text
    return answer.json


def codes(found: Any) -> list[str]:
    return [f"{one['soort']} {one['code']}" for one in found["objecten"]]


def test_things_in_three_ways(placed: World) -> None:
    near = ask(placed, "/objecten?lon=4.7&lat=52.66&straal=50")
    assert codes(near) == ["lichtmast P-1", "container P-1"]
    assert near["objecten"][1]["afstandMeter"] == 11 and near["objecten"][1]["gemeente"] == "duinstede"
    assert codes(ask(placed, "/objecten?lon=4.7&lat=52.66&categorie=losse-tegel")) == ["lichtmast P-1"]
    assert codes(ask(placed, "/objecten?bbox=4.6,52.6,4.8,52.7&soort=lichtmast")) == ["lichtmast P-1", "lichtmast P-2"]
    assert codes(ask(placed, "/objecten?code=p-1")) == ["container P-1", "lichtmast P-1"]
    assert "afstandMeter" not in ask(placed, "/objecten?code=p-2")["objecten"][0]
    assert codes(ask(placed, "/objecten?code=p-2&gemeente=elders")) == []


def test_a_page_of_things(placed: World) -> None:
    answer = placed.client().get(f"{BASE}/objecten?bbox=4.6,52.6,4.8,52.7&pageSize=2")
    assert len(answer.json["objecten"]) == 2 and 'rel="next"' in answer.headers["Link"]


def test_in_rd(placed: World) -> None:
    rd = "http://www.opengis.net/def/crs/EPSG/0/28992"
    found = ask(placed, f"/objecten?code=p-2&crs={rd}")["objecten"][0]["locatie"]["coordinates"]
    assert 107_000 < found[0] < 110_000 and 518_000 < found[1] < 522_000


def test_an_object_from_melding_to_opdracht(placed: World) -> None:
    """The number is place enough; melder and team read which thing it is (LOC-04)."""
    about = {"soort": "lichtmast", "code": "P-1"}
    made, opdracht_id = placed.routed(locatie=None, object={"soort": "lichtmast", "code": "p-1"})
    assert made["begrepen"]["object"] == about and made["begrepen"]["locatieBron"] == "object"
    assert made["begrepen"]["locatie"]["coordinates"] == [4.7, 52.66]
    followed = placed.client().get(f"{BASE}/meldingen/{made['nummer']}", headers={"Volg-Token": made["volgToken"]})
    assert followed.json["object"] == about
    work = placed.client().get(f"{BASE}/opdrachten/{opdracht_id}", headers=placed.headers("duinstede:team"))
    assert work.json["meldingen"][0]["object"] == about


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"code": "bestaat-niet"}, "object"),
        ({"code": "P-1"}, "object"),
        ({"soort": "lichtmast"}, "object.code"),
        ({"code": "a:b"}, "object.code"),
        ({"code": "P-2", "kleur": "rood"}, "object.kleur"),
        ("P-2", "object"),
    ],
)
def test_a_thing_that_we_do_not_know(placed: World, given: Any, field: str) -> None:
    answer = placed.post_melding(object=given)
    assert answer.status_code == 400 and [one["field"] for one in answer.json["errors"]] == [field]


def test_how_sure_a_place_is(placed: World) -> None:
    assert placed.post_melding(locatieBron="gps", nauwkeurigheidMeter=12).status_code == 201
    assert placed.post_melding(nauwkeurigheidMeter=-1).status_code == 400


class Away(NoGeocoder):
    """A geocoder that is down."""

    searches = True

    def suggest(self, words: str, *, codes: Any) -> Any:
        raise TemporaryFailure("geocoder: ReadTimeout")


def test_addresses(placed: World) -> None:
    """Found, not found, and nobody to ask: never a reason to fail (LOC-01)."""
    held = placed.app.extensions["meldingen"]
    held.adapters = replace(held.adapters, geocoder=FixedGeocoder({(4.7, 52.66): "Breelaan 12, Duinstede"}))
    assert ask(placed, "/adressen?zoek=bree%2012") == {
        "beschikbaar": True,
        "adressen": [
            {
                "tekst": "Breelaan 12, Duinstede",
                "locatie": {"type": "Point", "coordinates": [4.7, 52.66]},
                "heleStraat": False,
            }
        ],
    }
    assert ask(placed, "/adressen?zoek=kerkstraat&gemeente=elders") == {"beschikbaar": True, "adressen": []}
    assert ask(placed, "/adressen?zoek=..")["adressen"] == []
    for nobody in (NoGeocoder(), Away()):
        held.adapters = replace(held.adapters, geocoder=nobody)
        assert ask(placed, "/adressen?zoek=breelaan") == {"beschikbaar": False, "adressen": []}


def test_who_copies_a_register_is_slowed_down(placed: World) -> None:
    held = placed.app.extensions["rates"]
    before = held.search
    held.search = before.__class__(1, 1)
    try:
        answers = [placed.client().get(f"{BASE}/adressen?zoek=breelaan").status_code for _ in range(2)]
    finally:
        held.search = before
    assert answers == [200, 429]

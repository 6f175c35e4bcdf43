"""The geocoder against a stand-in that speaks PDOK Locatieserver 3.1: answers, silence, and answers that are none."""

import time
from collections.abc import Iterator

import circuitbreaker
import pytest

from meldingen.adapters.careful_geocoder import CarefulGeocoder
from meldingen.adapters.failures import TemporaryFailure
from meldingen.adapters.geocoder import Address, FixedGeocoder, FoundAddress, NoGeocoder
from meldingen.adapters.locatieserver import PdokGeocoder, point_of
from tests.standins.locatieserver import Locatieserver, locatieserver, place

OURS = ("GM9001",)


@pytest.fixture
def server() -> Iterator[Locatieserver]:
    with locatieserver() as running:
        yield running


def geocoder(server: Locatieserver) -> PdokGeocoder:
    return PdokGeocoder(server.url + "/", timeout_s=0.3)


def test_the_nearest_address(server: Locatieserver) -> None:
    assert geocoder(server).address_at(4.7012345, 52.66) == Address("Breelaan 12, 1861GE Duinstede", 2.3)
    path, asked = server.asked[0]
    assert path == "reverse"
    assert (asked["lon"], asked["lat"]) == (["4.7012345"], ["52.6600000"]), "never the other way round (LOC-02)"


def test_no_address_near(server: Locatieserver) -> None:
    assert geocoder(server).address_at(4.75, 52.69) is None


@pytest.mark.parametrize("ask", ["suggest", "find"])
def test_addresses_of_our_own_gemeente(server: Locatieserver, ask: str) -> None:
    """Streets and addresses, with the point of each; those of another gemeente are not asked for."""
    found = getattr(geocoder(server), ask)("breelaan", codes=("GM9001", "GM9002"))
    assert found == [
        FoundAddress("Breelaan, Duinstede", 4.7, 52.66, whole_street=True),
        FoundAddress("Breelaan 12, 1861GE Duinstede", 4.7012, 52.66),
        FoundAddress("Breelaan 14, 1861GE Duinstede", 4.7016, 52.66),
    ]
    path, asked = server.asked[0]
    assert path == {"suggest": "suggest", "find": "free"}[ask]
    assert asked["fq"] == ["type:(adres OR weg)", "gemeentecode:(9001 OR 9002)"]


def test_postcode_and_number(server: Locatieserver) -> None:
    found = geocoder(server).find("1861GE 14", codes=OURS)
    assert [one.text for one in found] == ["Breelaan 14, 1861GE Duinstede"]


def test_a_suggestion_without_its_point_is_looked_up(server: Locatieserver) -> None:
    server.fate = "zonder_punt"
    assert geocoder(server).suggest("breelaan 14", codes=OURS) == [
        FoundAddress("Breelaan 14, 1861GE Duinstede", 4.7016, 52.66)
    ]
    assert [path for path, _ in server.asked] == ["suggest", "lookup"]


def test_a_server_that_passes_over_our_question(server: Locatieserver) -> None:
    """What lies elsewhere, or nowhere, is no answer of ours."""
    server.fate = "doof"
    server.places += [{**place("Breelaan 99", 4.7, 52.6), "centroide_ll": wkt} for wkt in ("POINT(52.66 4.7)", "", 5)]
    found = geocoder(server).suggest("breelaan", codes=OURS)
    assert [one.text for one in found][-1] == "Breelaan 14, 1861GE Duinstede" and len(found) == 3


def test_a_question_that_is_refused_has_no_answers(server: Locatieserver) -> None:
    """It says nothing about the server, and must not make it rest for everybody."""
    assert geocoder(server).suggest("", codes=OURS) == []


@pytest.mark.parametrize("fate", ["vreemd", "html", "reus", "fout", "elders", "stil", "druppelt"])
def test_every_trouble_is_a_temporary_failure(server: Locatieserver, fate: str) -> None:
    server.fate = fate
    asking = geocoder(server)
    with pytest.raises(TemporaryFailure):
        asking.address_at(4.7, 52.66)


def test_nobody_listening() -> None:
    with pytest.raises(TemporaryFailure):
        PdokGeocoder("http://127.0.0.1:1/").suggest("breelaan", codes=OURS)


def test_an_answer_is_kept_a_day_and_a_failure_is_not(server: Locatieserver) -> None:
    clock = [0.0]
    careful = CarefulGeocoder(geocoder(server), timer=lambda: clock[0])
    server.fate = "fout"
    with pytest.raises(TemporaryFailure):
        careful.suggest("Breelaan", codes=OURS)
    server.fate = "goed"
    first = careful.suggest("Breelaan", codes=OURS)
    assert careful.suggest("breelaan", codes=OURS) == first and len(server.asked) == 2
    assert careful.address_at(4.7012001, 52.66) == careful.address_at(4.7012, 52.6600002) and len(server.asked) == 3
    assert careful.suggest("breelaan", codes=("GM0363",)) != first, "another gemeente has other streets"
    clock[0] = 24 * 3600 + 1
    careful.suggest("Breelaan", codes=OURS)
    assert len(server.asked) == 5


def test_what_is_kept_is_bounded(server: Locatieserver) -> None:
    careful = CarefulGeocoder(geocoder(server), most_kept=2)
    for words in ("breelaan", "breelaan 1", "breelaan 12", "breelaan"):
        careful.suggest(words, codes=OURS)
    assert len(server.asked) == 4


def test_a_server_that_is_down_is_left_alone(server: Locatieserver, monkeypatch: pytest.MonkeyPatch) -> None:
    """After five failures nobody waits for it, for half a minute; then one is enough to know."""
    clock = [time.monotonic()]
    monkeypatch.setattr(circuitbreaker, "monotonic", lambda: clock[0])
    careful = CarefulGeocoder(geocoder(server))
    known = careful.suggest("dorpsstraat", codes=OURS)
    server.fate = "fout"
    for lon in range(7):
        with pytest.raises(TemporaryFailure):
            careful.address_at(4.7 + lon / 100, 52.66)
    assert len(server.asked) == 1 + 5
    assert careful.suggest("dorpsstraat", codes=OURS) == known, "what is known needs nobody"
    server.fate = "goed"
    clock[0] += 31
    assert careful.address_at(4.7012, 52.66) is not None


@pytest.mark.parametrize(
    ("written", "point"),
    [
        ("POINT(4.7012 52.66)", (4.7012, 52.66)),
        ("POINT (4.7012 52.66)", (4.7012, 52.66)),
        ("POINT(52.66 4.7012)", None),
        ("POINT(0 0)", None),
        ("POINT(121000 487000)", None),
        ("POINT(. .)", None),
        ("LINESTRING(4 52, 5 53)", None),
        (None, None),
    ],
)
def test_longitude_first(written: object, point: object) -> None:
    """LOC-02."""
    assert point_of(written) == point


def test_the_twins_keep_the_same_promise() -> None:
    nobody = NoGeocoder()
    assert nobody.address_at(4.7, 52.66) is None and not nobody.searches
    assert not nobody.suggest("breelaan", codes=OURS) and not nobody.find("breelaan", codes=OURS)
    known = FixedGeocoder({(4.7, 52.66): "Breelaan 12, 1861GE Bergen", (4.8, 52.66): "Dorpsstraat 3, Bergen"})
    assert known.address_at(4.7, 52.66) == Address("Breelaan 12, 1861GE Bergen", 0.0)
    assert known.address_at(4.8, 52.67) is None
    assert known.suggest("bree 12", codes=OURS) == [FoundAddress("Breelaan 12, 1861GE Bergen", 4.7, 52.66)]
    assert known.find("1861ge", codes=OURS) and not known.find("", codes=OURS) and known.searches

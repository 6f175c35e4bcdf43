"""The addresses of the demo: found as those of PDOK are, inside the demo gemeente, and only in local mode."""

import json
import tomllib
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from meldingen.adapters import build
from meldingen.adapters.geocoder import NEAR_M
from meldingen.adapters.street_list import DEMO, DEMO_CODE, StreetList
from meldingen.domain.address import search_words
from meldingen.settings import Settings, SettingsError

OURS = (DEMO_CODE,)


@pytest.fixture(scope="module")
def streets() -> StreetList:
    return StreetList()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("bree", "Breelaan, Bergen"),
        ("Breelaan 12", "Breelaan 12, 1861XC Bergen"),
        ("1861 xc 12", "Breelaan 12, 1861XC Bergen"),
        ("12 bree", "Breelaan 12, 1861XC Bergen"),
        ("heereweg 390", "Heereweg 390, 1871XD Camperduin"),
        ("Abdijlaan, Egmond-Binnen", "Abdijlaan, Egmond-Binnen"),
        ("breelaan 3", "Breelaan 3, 1861XC Bergen"),
        ("breelaan 99", ""),
        ("xyzzy", ""),
    ],
)
def test_what_people_type(streets: StreetList, typed: str, found: str) -> None:
    for ask in (streets.suggest, streets.find):
        answers = ask(search_words(typed), codes=OURS)
        assert (answers[0].text if answers else "") == found
        assert not ask(search_words(typed), codes=("GM0361",)), "another gemeente has other streets"


def test_a_street_lies_in_its_middle_and_comes_alone(streets: StreetList) -> None:
    first, *others = streets.suggest("heereweg", codes=OURS)
    assert first.whole_street and [one.text for one in others] == ["Heereweg, Camperduin"]


def test_the_nearest_house(streets: StreetList) -> None:
    here = streets.find("slotweg 30", codes=OURS)[0]
    near = streets.address_at(here.lon + 0.00002, here.lat)
    assert near and near.text == here.text and 0 < near.distance_m < 2
    assert streets.address_at(4.656, 52.678) is None, "in the dunes"


def test_every_house_lies_in_the_demo_gemeente(streets: StreetList) -> None:
    areas = json.loads((DEMO / "gebieden.geojson").read_text(encoding="utf-8"))["features"]
    border = next(one["geometry"]["coordinates"][0] for one in areas if one["properties"]["soort"] == "gemeente")
    houses = [one.address for one in streets._places]
    assert len(houses) > 1000 and [one for one in houses if not _inside(border, one.lon, one.lat)] == []


def _inside(border: Sequence[tuple[float, float]], lon: float, lat: float) -> bool:
    """Whether a line to the east crosses the border an odd number of times."""
    edges = pairwise(border)
    return sum((y > lat) != (v > lat) and lon < x + (u - x) * (lat - y) / (v - y) for (x, y), (u, v) in edges) % 2 == 1


def test_the_meldingen_of_the_demo_lie_in_the_street_they_name(streets: StreetList) -> None:
    with (DEMO / "meldingen.toml").open("rb") as file:
        told = [one for one in tomllib.load(file)["melding"] if "address" in one and "Alkmaar" not in one["address"]]
    assert len(told) > 30
    for one in told:
        near = streets.address_at(*one["place"])
        assert near and near.distance_m < NEAR_M and near.text.split(",")[0].rstrip("0123456789 ") in one["address"]


def test_only_in_local_mode_and_only_when_asked(tmp_path: Path) -> None:
    asked = {
        "DATABASE_URL": "postgresql://nergens/meldingen",
        "REDIS_URL": "redis://127.0.0.1:1",
        "SECRET_KEYS": "alleen-voor-tests-en-nergens-anders-gebruikt",
        "PUBLIC_URL": "https://meldingen.duinstede.nl",
        "FOTO_MAP": str(tmp_path),
        "SMTP_URL": "smtp://127.0.0.1:25",
    }
    local = {**asked, "LOKALE_MODUS": "1", "POSTVAK_MAP": str(tmp_path)}
    assert not build(Settings.from_env(local)).geocoder.searches
    assert isinstance(build(Settings.from_env({**local, "GEOCODER_URL": "demo"})).geocoder, StreetList)
    with pytest.raises(SettingsError, match="GEOCODER_URL=demo kan alleen in lokale modus"):
        Settings.from_env({**asked, "GEOCODER_URL": "demo"})
    with pytest.raises(SettingsError, match="GEOCODER_URL klopt niet"):
        Settings.from_env({**local, "GEOCODER_URL": "demos"})

"""The demo gemeente of defaults/demo: polygons that fit together, and meldingen that can be played."""

import json
import tomllib
from datetime import time
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from shapely.geometry import Point, shape
from shapely.ops import unary_union

import meldingen

DEFAULTS = Path(meldingen.__file__).parent / "defaults"


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((DEFAULTS / name).read_text(encoding="utf-8"))


def features(name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((DEFAULTS / "demo" / name).read_text(encoding="utf-8"))["features"]
    return found


SUBS = [sub for main in read("categories.toml")["main"] for sub in main["sub"]]
REASONS = read("reasons.toml")
DEMO = read("demo/gemeente.toml")
MELDINGEN = read("demo/meldingen.toml")["melding"]
WIJKEN = {"Bergen", "Bergen aan Zee", "Egmond aan Zee", "Egmond aan den Hoef", "Egmond-Binnen", "Schoorl"}


class TestDemoAreas:
    own = features("gebieden.geojson")
    neighbours = features("buurgemeenten.geojson")

    def of(self, soort: str) -> dict[str, Any]:
        return {f["properties"]["code"]: shape(f["geometry"]) for f in self.own if f["properties"]["soort"] == soort}

    def test_every_polygon_is_valid_and_simple(self) -> None:
        codes = [f["properties"]["code"] for f in [*self.own, *self.neighbours]]
        assert len(codes) == len(set(codes))
        for feature in [*self.own, *self.neighbours]:
            geometry = shape(feature["geometry"])
            assert geometry.is_valid, feature["properties"]
            west, south, east, north = geometry.bounds
            assert 4.59 <= west < east <= 4.82
            assert 52.51 <= south < north <= 52.76

    def test_the_villages_are_there(self) -> None:
        names = {f["properties"]["naam"] for f in self.own if f["properties"]["soort"] == "wijk"}
        assert names == WIJKEN | {"Groet en Camperduin"}

    @pytest.mark.parametrize("soort", ["wijk", "buurt", "teamgebied"])
    def test_no_overlap_and_all_inside_the_gemeente(self, soort: str) -> None:
        (gemeente,) = self.of("gemeente").values()
        for geometry in self.of(soort).values():
            assert geometry.difference(gemeente).area < 1e-12
        for one, other in combinations(self.of(soort).values(), 2):
            assert one.intersection(other).area < 1e-12

    def test_buurten_fill_their_wijk(self) -> None:
        wijken = self.of("wijk")
        for code, wijk in wijken.items():
            own = [
                shape(f["geometry"])
                for f in self.own
                if f["properties"]["soort"] == "buurt" and f["properties"]["wijk"] == code
            ]
            assert len(own) >= 2
            assert unary_union(own).symmetric_difference(wijk).area < 1e-12

    def test_neighbours_share_vertices(self) -> None:
        """Where two wijken touch along a line, every corner on that line belongs to both: no slivers."""
        for one, other in combinations(self.of("wijk").values(), 2):
            border = one.boundary.intersection(other.boundary)
            if border.length == 0:
                continue
            corners = {point for point in one.exterior.coords if border.distance(Point(point)) == 0}
            assert corners <= set(other.exterior.coords)

    def test_dunes_are_in_no_wijk_and_sea_in_no_team(self) -> None:
        (gemeente,) = self.of("gemeente").values()
        water = self.of("water").values()
        land = gemeente.difference(unary_union(list(water)))
        assert land.difference(unary_union(list(self.of("wijk").values()))).area > 0.001
        sea = max(water, key=lambda geometry: geometry.area)
        for geometry in [*self.of("wijk").values(), *self.of("teamgebied").values()]:
            assert geometry.intersection(sea).area == 0

    def test_neighbours_touch_and_do_not_overlap(self) -> None:
        (gemeente,) = self.of("gemeente").values()
        for feature in self.neighbours:
            assert feature["properties"]["code"] in {"GM0361", "GM0383"}
            assert gemeente.intersection(shape(feature["geometry"])).area == 0
            assert gemeente.intersection(shape(feature["geometry"])).length > 0

    def test_team_areas_are_of_teams(self) -> None:
        areas = {team["area"]: team["slug"] for team in DEMO["team"] if "area" in team}
        found = {
            f["properties"]["code"]: f["properties"]["team"]
            for f in self.own
            if f["properties"]["soort"] == "teamgebied"
        }
        assert areas == found


class TestDemoMeldingen:
    def test_every_state_is_there(self) -> None:
        assert {melding["state"] for melding in MELDINGEN} == {
            "ontvangen", "in_behandeling", "ingepland", "wacht_op_melder", "doorgezet", "heropend", "afgehandeld",
            "ingetrokken", "doorverwezen", "deels_klaar",
        }  # fmt: skip
        assert {melding.get("outcome", "opgelost") for melding in MELDINGEN} == {
            "opgelost", "niet_opgelost", "overgedragen",
        }  # fmt: skip
        assert len(MELDINGEN) >= 30

    @pytest.mark.parametrize("melding", MELDINGEN, ids=lambda m: f"{m['category']}-{m['at'][0]}d")
    def test_each_melding_can_be_played(self, melding: dict[str, Any]) -> None:
        categories = {category["slug"]: category for category in SUBS}
        category = categories[melding["category"]]
        assert melding.get("split_category", "ratten") in categories
        assert set(melding.get("answers", {})) <= {question["id"] for question in category["questions"]}
        for question in category["questions"]:
            answer = melding.get("answers", {}).get(question["id"])
            if question["type"] == "keuze" and answer is not None:
                assert answer in question["options"]
        days, clock = melding["at"]
        assert 0 <= days <= 30
        time.fromisoformat(clock)
        email = melding.get("contact", {}).get("email", "")
        assert not email or email.endswith("@example.nl")
        assert melding.get("reason", "anders") in {reason["slug"] for reason in REASONS["reason"]}
        partners = {team["slug"] for team in DEMO["team"] if team["kind"] == "partij"}
        if melding["state"] == "doorgezet":
            assert melding["partner"] in partners

    def test_the_places_are_here_or_next_door(self) -> None:
        here = [shape(f["geometry"]) for f in features("gebieden.geojson") if f["properties"]["soort"] == "gemeente"]
        next_door = [shape(f["geometry"]) for f in features("buurgemeenten.geojson")]
        for melding in MELDINGEN:
            where = next_door if melding["state"] == "doorverwezen" else here
            assert any(geometry.covers(Point(melding["place"])) for geometry in where), melding["text"]

    def test_accounts_cover_the_roles(self) -> None:
        roles = {role["role"] for account in DEMO["account"] for role in account["roles"]}
        assert roles == {"team", "piket", "kcc", "coordinator", "beheer"}
        for account in DEMO["account"]:
            assert account["password"] == f"demo-{account['username']}"

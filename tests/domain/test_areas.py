"""Reading files of areas: every spelling, both coordinate systems, and what is wrong refused by name."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely.geometry import shape

from meldingen.domain.areas import gemeente_of, normal_code, polygons_of, read_areas
from meldingen.domain.errors import InvalidInput

SQUARE = [[4.70, 52.66], [4.71, 52.66], [4.71, 52.67], [4.70, 52.67], [4.70, 52.66]]
SQUARE_RD = [
    [108500.0, 519000.0],
    [109200.0, 519000.0],
    [109200.0, 520100.0],
    [108500.0, 520100.0],
    [108500.0, 519000.0],
]
BOW_TIE = [[4.70, 52.66], [4.71, 52.67], [4.71, 52.66], [4.70, 52.67], [4.70, 52.66]]
OWN = {"code": "A1", "naam": "Eén", "soort": "teamgebied"}


def feature(properties: Any, ring: Any = None, **geometry: Any) -> dict[str, Any]:
    drawn = {"type": "Polygon", "coordinates": [SQUARE if ring is None else ring], **geometry}
    return {"type": "Feature", "properties": properties, "geometry": drawn}


def collection(*features: Any, **members: Any) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features), **members}


def the_reason(one: Any) -> str:
    reading = read_areas(collection(one))
    assert reading.areas == ()
    (refused,) = reading.refused
    return refused.reason


SPELLINGS = [
    ({"buurtcode": "BU03730100", "buurtnaam": "Groet", "wijkcode": "WK037301", "gemeentecode": "GM0373",
      "gemeentenaam": "Bergen", "water": "NEE", "jaarcode": 2025}, ("buurt", "BU03730100", "Groet", "GM0373", 2025)),
    ({"wijkcode": "WK037301", "wijknaam": "Groet", "gemeentecode": "GM0373", "water": "NEE"},
     ("wijk", "WK037301", "Groet", "GM0373", None)),
    ({"gemeentecode": "GM0373", "gemeentenaam": "Bergen (NH.)", "water": "NEE", "aantalInwoners": -99997},
     ("gemeente", "GM0373", "Bergen (NH.)", "GM0373", None)),
    ({"BU_CODE": "BU03730100", "BU_NAAM": "Groet", "WK_CODE": "WK037301", "GM_CODE": "GM0373", "H2O": "NEE"},
     ("buurt", "BU03730100", "Groet", "GM0373", None)),
    ({"BU_CODE": "03730100", "BU_NAAM": "Groet", "GM_CODE": "0373"}, ("buurt", "BU03730100", "Groet", "GM0373", None)),
    ({"GM_CODE": 373, "GM_NAAM": "Bergen"}, ("gemeente", "GM0373", "Bergen", "GM0373", None)),
    ({"statcode": "WK037301", "statnaam": "Groet", "rubriek": "wijken", "jrstatcode": "2025WK037301"},
     ("wijk", "WK037301", "Groet", "GM0373", 2025)),
    ({"statcode": "GM0373", "statnaam": "Bergen (NH.)", "rubriek": "gemeenten"},
     ("gemeente", "GM0373", "Bergen (NH.)", "GM0373", None)),
    ({"name": "Groet", "cbs_gm": "GM0373", "cbs_wk": "WK037301", "cbs_bu": None, "cbs_water": "NEE", "level": "wijk"},
     ("wijk", "WK037301", "Groet", "GM0373", None)),
    ({"buurt_code": "BU03730100", "buurt_naam": "Groet", "gemeente_code": "GM0373", "jaar": 2024},
     ("buurt", "BU03730100", "Groet", "GM0373", 2024)),
    ({"code": "TG-N", "naam": "Noord", "team": "serviceteam-noord"}, ("teamgebied", "TG-N", "Noord", "", None)),
    ({"code": "TG-N", "naam": "Noord", "soort": "teamgebied", "gemeente": "0373"},
     ("teamgebied", "TG-N", "Noord", "GM0373", None)),
    ({"code": "GM0373", "naam": "Bergen", "soort": "gemeente"}, ("gemeente", "GM0373", "Bergen", "GM0373", None)),
    ({"code": "WK037301", "naam": "Groet"}, ("wijk", "WK037301", "Groet", "GM0373", None)),
    ({"code": "WA1", "naam": "Zee", "soort": "water"}, ("water", "WA1", "Zee", "", None)),
    ({"buurtcode": "BU03730997", "buurtnaam": "Water", "gemeentecode": "GM0373", "water": "JA"},
     ("water", "BU03730997", "Water", "GM0373", None)),
]  # fmt: skip


class TestSpellings:
    @pytest.mark.parametrize(("properties", "expected"), SPELLINGS)
    def test_every_spelling_is_read(self, properties: dict[str, Any], expected: tuple[Any, ...]) -> None:
        reading = read_areas(collection(feature(properties)))
        assert reading.refused == ()
        (area,) = reading.areas
        assert (area.kind, area.code, area.name, area.gemeente_code, area.year) == expected

    @pytest.mark.parametrize("value", ["0363", "GM0363", "gm0363", "363", 363, " 0363 "])
    def test_one_code_for_one_gemeente(self, value: object) -> None:
        assert normal_code("gemeente", value) == "GM0363"

    @pytest.mark.parametrize("value", [None, "", "GM", "PV27", "03631", True, 3.63, "GM٠٣٦٣", [363]])
    def test_what_is_no_code(self, value: object) -> None:
        assert normal_code("gemeente", value) == ""

    def test_the_gemeente_of_a_code(self) -> None:
        assert gemeente_of("BU03630001") == gemeente_of("WK036300") == gemeente_of("GM0363") == "GM0363"
        assert gemeente_of("TG-NOORD") == ""


class TestCoordinates:
    def test_rd_becomes_degrees_by_its_values(self) -> None:
        """The tower of the Onze Lieve Vrouwe in Amersfoort is the origin of RD: 155000, 463000."""
        ring = [[155000, 463000], [155100, 463000], [155100, 463100], [155000, 463000]]
        (area,) = read_areas(collection(feature(OWN, ring))).areas
        west, south, _, _ = area.shape.bounds
        assert west == pytest.approx(5.3872037, abs=2e-7)
        assert south == pytest.approx(52.1551729, abs=2e-7)

    def test_shared_corners_in_rd_stay_shared(self) -> None:
        right = [[x + 700.0, y] for x, y in SQUARE_RD]
        left, other = read_areas(collection(feature(OWN, SQUARE_RD), feature(OWN | {"code": "A2"}, right))).areas
        assert left.shape.intersection(other.shape).area == 0
        assert len(set(left.shape.geoms[0].exterior.coords) & set(other.shape.geoms[0].exterior.coords)) == 2

    @pytest.mark.parametrize(
        "name", ["urn:ogc:def:crs:OGC:1.3:CRS84", "urn:ogc:def:crs:EPSG::28992", "EPSG:28992", "EPSG:4326"]
    )
    def test_known_systems(self, name: str) -> None:
        crs = {"type": "name", "properties": {"name": name}}
        ring = SQUARE_RD if "28992" in name else SQUARE
        (area,) = read_areas(collection(feature(OWN, ring), crs=crs)).areas
        assert 4.69 < area.shape.bounds[0] < 4.72

    @pytest.mark.parametrize(
        "crs", [{"type": "name", "properties": {"name": "EPSG:3857"}}, "RD", {"properties": None}, 7]
    )
    def test_an_unknown_system_refuses_the_file(self, crs: object) -> None:
        with pytest.raises(InvalidInput) as refusal:
            read_areas(collection(feature(OWN), crs=crs))
        assert refusal.value.code == "crs_onbekend"

    def test_swapped_axes_are_named(self) -> None:
        assert "verwisseld" in the_reason(feature(OWN, [[y, x] for x, y in SQUARE]))

    def test_elsewhere_is_refused(self) -> None:
        assert "niet in Nederland" in the_reason(feature(OWN, [[11.8, 43.4], [11.9, 43.4], [11.9, 43.5], [11.8, 43.4]]))

    @pytest.mark.parametrize("number", [float("nan"), float("inf")])
    def test_no_numbers(self, number: float) -> None:
        assert the_reason(feature(OWN, [[number, 52.66], *SQUARE[1:-1], [number, 52.66]]))

    def test_height_is_dropped(self) -> None:
        (area,) = read_areas(collection(feature(OWN, [[*point, 3.5] for point in SQUARE]))).areas
        assert not area.shape.has_z


class TestPolygons:
    def test_a_bow_tie_is_repaired_and_said_so(self) -> None:
        (area,) = read_areas(collection(feature(OWN, BOW_TIE))).areas
        assert area.repaired
        assert area.shape.is_valid
        assert len(area.shape.geoms) == 2

    def test_a_good_one_is_untouched(self) -> None:
        (area,) = read_areas(collection(feature(OWN))).areas
        assert not area.repaired
        assert list(area.shape.geoms[0].exterior.coords) == [tuple(point) for point in SQUARE]

    def test_a_spike_loses_its_line(self) -> None:
        ring = [*SQUARE[:3], [4.72, 52.68], [4.71, 52.67], *SQUARE[3:]]
        (area,) = read_areas(collection(feature(OWN, ring))).areas
        assert area.repaired
        assert area.shape.bounds[2] == 4.71

    def test_a_line_as_polygon_has_no_area(self) -> None:
        assert "niet te herstellen" in the_reason(
            feature(OWN, [[4.70, 52.66], [4.71, 52.66], [4.70, 52.66], [4.70, 52.66]])
        )

    def test_empty(self) -> None:
        assert "leeg" in the_reason(feature(OWN, coordinates=[]))
        assert "leeg" in the_reason(feature(OWN, type="MultiPolygon", coordinates=[]))

    @pytest.mark.parametrize("kind", ["Point", "LineString", "GeometryCollection", None, 3, []])
    def test_wrong_type(self, kind: object) -> None:
        assert "geen vlak" in the_reason(feature(OWN, type=kind))

    @pytest.mark.parametrize(
        "coordinates", [None, "x", 7, [[7]], [[["a", "b"], ["c", "d"], ["e", "f"]]], [[[4.7]]], {}]
    )
    def test_unreadable_coordinates(self, coordinates: object) -> None:
        assert the_reason(feature(OWN, coordinates=coordinates))

    def test_no_geometry(self) -> None:
        assert "geen grens" in the_reason({"type": "Feature", "properties": OWN, "geometry": None})

    def test_a_code_twice_counts_once(self) -> None:
        reading = read_areas(collection(feature(OWN), feature(OWN | {"naam": "Twee"})))
        assert [area.name for area in reading.areas] == ["Eén"]
        assert [refused.name for refused in reading.refused] == ["Twee A1"]

    def test_polygons_of_a_collection(self) -> None:
        square = {"type": "Polygon", "coordinates": [SQUARE]}
        nested = {"type": "MultiPolygon", "coordinates": [[[[x + 1, y] for x, y in SQUARE]]]}
        line = {"type": "LineString", "coordinates": SQUARE[:2]}
        mixed = shape({"type": "GeometryCollection", "geometries": [square, nested, line]})
        assert len(polygons_of(mixed).geoms) == 2


class TestWhatIsWrong:
    @pytest.mark.parametrize("document", [None, [], "x", 3, {}, {"type": "Feature"}, {"type": "FeatureCollection"}])
    def test_not_a_collection(self, document: object) -> None:
        with pytest.raises(InvalidInput):
            read_areas(document)

    @pytest.mark.parametrize("one", [None, 3, {}, {"properties": None}, {"properties": []}])
    def test_no_properties(self, one: object) -> None:
        assert "geen eigenschappen" in the_reason(one)

    def test_no_kind(self) -> None:
        assert "wat dit is" in the_reason(feature({"code": "A1", "naam": "Eén"}))

    def test_unknown_kind(self) -> None:
        assert "'provincie'" in the_reason(feature({"code": "A1", "soort": "provincie"}))

    def test_no_code(self) -> None:
        assert "geen code" in the_reason(feature({"naam": "Eén", "team": "noord"}))

    def test_a_nul_in_a_name(self) -> None:
        assert the_reason(feature({"code": "A1", "naam": "E\x00n", "soort": "wijk"}))

    def test_refused_by_name_and_the_rest_is_read(self) -> None:
        reading = read_areas(collection(feature(OWN, BOW_TIE[:2]), 7, feature(OWN | {"code": "A2"})))
        assert [refused.name for refused in reading.refused] == ["Eén A1", "gebied 2"]
        assert [area.code for area in reading.areas] == ["A2"]

    @given(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8) | st.sampled_from(["Polygon", "GM0373"]),
            lambda inner: (
                st.lists(inner, max_size=4)
                | st.dictionaries(
                    st.sampled_from(["type", "coordinates", "code", "soort", "properties"]), inner, max_size=4
                )
            ),
            max_leaves=12,
        )
    )
    def test_any_feature_is_read_or_refused(self, one: object) -> None:
        reading = read_areas(collection(one, {"type": "Feature", "properties": OWN, "geometry": one}))
        assert len(reading.areas) + len(reading.refused) == 2
        json.dumps([refused.reason for refused in reading.refused])

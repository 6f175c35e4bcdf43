"""Areas of a file in the database: a first load, a reload, a new year, water. Own polygons; real ones on top."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from geoalchemy2.shape import to_shape
from sqlalchemy.orm import Session

import meldingen
from meldingen.domain.actor import ANONYMOUS, SYSTEM, Actor
from meldingen.domain.errors import Forbidden, InvalidInput
from meldingen.flow.areas import ImportReport, import_areas
from meldingen.store.area import Area, areas_at, areas_of, every_area
from meldingen.store.gemeente import Gemeente, gemeente_by_code, gemeenten_at
from meldingen.store.journal import Event
from meldingen.store.team import RoutingRule, Team

DEMO = Path(meldingen.__file__).parent / "defaults" / "demo"
REAL = sorted((Path(__file__).resolve().parents[3] / "shared" / "data" / "polygons").glob("*.geojson"))


def box(west: float, south: float, east: float, north: float) -> list[Any]:
    return [[[west, south], [east, south], [east, north], [west, north], [west, south]]]


def feature(code: str, soort: str, coordinates: list[Any], **properties: Any) -> dict[str, Any]:
    named = {"code": code, "naam": properties.pop("naam", code.title()), "soort": soort, **properties}
    return {
        "type": "Feature",
        "properties": named,
        "geometry": {"type": "Polygon", "coordinates": coordinates},
    }


def collection(*features: dict[str, Any]) -> dict[str, Any]:
    return {"type": "FeatureCollection", "features": list(features)}


OURS = feature("GM9001", "gemeente", box(4.0, 52.0, 4.4, 52.4), naam="Onze gemeente")
WEST = feature("WK900101", "wijk", box(4.0, 52.0, 4.2, 52.4), naam="West")
EAST = feature("WK900102", "wijk", box(4.2, 52.0, 4.4, 52.4), naam="Oost")
NEIGHBOUR = feature("GM9002", "gemeente", box(4.4, 52.0, 4.8, 52.4), naam="De buren")
POND = feature("WA1", "water", box(4.10, 52.10, 4.12, 52.12), naam="Vijver")


def load(session: Session, now: datetime, *features: dict[str, Any], **options: Any) -> ImportReport:
    return import_areas(session, collection(*features), actor=SYSTEM, now=now, **options)


@pytest.fixture
def ours(session: Session, now: datetime) -> Gemeente:
    """A served gemeente with two wijken."""
    load(session, now, OURS, WEST, EAST, serve=True)
    gemeente = gemeente_by_code(session, "GM9001")
    assert gemeente is not None
    return gemeente


def codes_at(session: Session, gemeente: Gemeente, lon: float, lat: float) -> list[str]:
    return [area.code for area in areas_at(session, lon, lat, scope={gemeente.id})]


class TestFirstLoad:
    def test_a_served_gemeente_and_its_wijken(self, session: Session, ours: Gemeente) -> None:
        assert (ours.served, ours.slug, ours.name) == (True, "onze-gemeente", "Onze gemeente")
        assert [area.name for area in areas_of(session, kind="wijk", scope={ours.id})] == ["West", "Oost"]
        assert codes_at(session, ours, 4.1, 52.2) == ["WK900101"]

    def test_a_point_on_the_border_of_two_wijken_is_always_the_same(
        self, session: Session, now: datetime, ours: Gemeente
    ) -> None:
        before = codes_at(session, ours, 4.2, 52.2)
        session.execute(sa.delete(Area))
        load(session, now, EAST, WEST)
        assert codes_at(session, ours, 4.2, 52.2) == before == ["WK900101", "WK900102"]

    def test_a_neighbour_is_known_by_its_border_only(self, session: Session, now: datetime, ours: Gemeente) -> None:
        wijk = feature("WK900201", "wijk", box(4.4, 52.0, 4.6, 52.4))
        report = load(session, now, NEIGHBOUR, wijk)
        (there,) = gemeenten_at(session, 4.5, 52.2)
        assert (there.name, there.served) == ("De buren", False)
        assert report.skipped == ["wijk WK900201 Wk900201"]
        assert session.scalars(sa.select(Area).where(Area.gemeente_id == there.id)).all() == []

    def test_an_area_without_a_known_gemeente_is_refused(self, session: Session, now: datetime, ours: Gemeente) -> None:
        report = load(session, now, feature("WK950001", "wijk", box(4.0, 52.0, 4.1, 52.1)))
        (refused,) = report.refused
        assert refused.name == "wijk WK950001 Wk950001"
        assert "niet bekend" in refused.reason

    def test_own_areas_belong_to_the_gemeente_that_is_named(
        self, session: Session, now: datetime, ours: Gemeente
    ) -> None:
        load(session, now, feature("GM9003", "gemeente", box(5.0, 52.0, 5.2, 52.2), naam="Derde"), serve=True)
        own = feature("TG-1", "teamgebied", box(4.0, 52.0, 4.2, 52.2))
        assert load(session, now, own).refused
        load(session, now, own, gemeente="onze-gemeente")
        assert codes_at(session, ours, 4.1, 52.1) == ["TG-1", "WK900101"]

    def test_a_gemeente_we_do_not_serve_cannot_be_named(self, session: Session, now: datetime) -> None:
        with pytest.raises(InvalidInput):
            load(session, now, WEST, gemeente="onbekend")

    def test_only_the_system_loads_areas(self, session: Session, now: datetime, ours: Gemeente) -> None:
        beheer = Actor(kind="medewerker", account_id=1, roles={ours.id: frozenset({"beheer"})})
        for actor in (ANONYMOUS, beheer):
            with pytest.raises(Forbidden):
                import_areas(session, collection(WEST), actor=actor, now=now)

    def test_a_bow_tie_is_repaired_and_reported(self, session: Session, now: datetime, ours: Gemeente) -> None:
        tie = [[[4.0, 52.0], [4.1, 52.1], [4.1, 52.0], [4.0, 52.1], [4.0, 52.0]]]
        report = load(session, now, feature("TG-2", "teamgebied", tie, naam="Strik"))
        assert report.repaired == ["teamgebied TG-2 Strik"]
        assert session.scalar(sa.select(sa.func.bool_and(sa.func.ST_IsValid(Area.shape))))


class TestReload:
    def test_the_same_file_changes_nothing(self, session: Session, now: datetime, ours: Gemeente) -> None:
        load(session, now, POND)
        session.expire_all()
        report = load(session, now, OURS, WEST, EAST, POND)
        assert (report.added, report.changed, report.deactivated, report.refused) == ([], [], [], [])
        assert len(report.unchanged) == 4

    def test_no_change_writes_no_event(self, session: Session, now: datetime, ours: Gemeente) -> None:
        events = sa.select(sa.func.count(Event.id)).where(Event.kind == "gebieden_geladen")
        assert session.scalar(events) == 1
        load(session, now, OURS, WEST, EAST)
        assert session.scalar(events) == 1

    def test_a_moved_border_and_a_new_name_are_changes(self, session: Session, now: datetime, ours: Gemeente) -> None:
        moved = feature("WK900101", "wijk", box(4.0, 52.0, 4.19, 52.4), naam="West")
        renamed = feature("WK900102", "wijk", box(4.2, 52.0, 4.4, 52.4), naam="Oostwijk")
        assert load(session, now, moved, renamed).changed == ["wijk WK900101 West", "wijk WK900102 Oostwijk"]
        assert codes_at(session, ours, 4.195, 52.2) == []

    def test_the_name_of_a_known_gemeente_is_of_beheer(self, session: Session, now: datetime, ours: Gemeente) -> None:
        ours.name = "Gemeente Onze"
        load(session, now, OURS)
        assert ours.name == "Gemeente Onze"

    def test_a_new_year_keeps_old_codes_and_retires_them(self, session: Session, now: datetime, ours: Gemeente) -> None:
        load(session, now, WEST, EAST, year=2024)
        one = feature("WK900103", "wijk", box(4.0, 52.0, 4.4, 52.4), naam="Heel", jaar=2025)
        report = load(session, now, one)
        assert report.added == ["wijk WK900103 Heel"]
        assert report.deactivated == ["wijk WK900101 West (2024)", "wijk WK900102 Oost (2024)"]
        assert codes_at(session, ours, 4.1, 52.2) == ["WK900103"]
        kept = {(row.code, row.year, row.active) for row in every_area(session, scope={ours.id})}
        assert kept >= {("WK900101", None, False), ("WK900101", 2024, False), ("WK900103", 2025, True)}

    def test_a_new_year_leaves_other_kinds_alone(self, session: Session, now: datetime, ours: Gemeente) -> None:
        load(session, now, feature("TG-1", "teamgebied", box(4.0, 52.0, 4.2, 52.2)))
        load(session, now, WEST, EAST, year=2025)
        assert codes_at(session, ours, 4.1, 52.1) == ["TG-1", "WK900101"]

    def test_an_older_file_is_refused(self, session: Session, now: datetime, ours: Gemeente) -> None:
        load(session, now, WEST, EAST, year=2025)
        with pytest.raises(InvalidInput) as refusal:
            load(session, now, WEST, year=2023)
        assert refusal.value.code == "gebieden_te_oud"

    def test_what_the_new_file_has_wrong_stays_as_it_was(self, session: Session, now: datetime, ours: Gemeente) -> None:
        broken = feature("WK900101", "wijk", [], naam="West")
        report = load(session, now, broken, EAST, year=2025)
        assert [refused.name for refused in report.refused] == ["West WK900101"]
        assert codes_at(session, ours, 4.1, 52.2) == ["WK900101"]


class TestWater:
    def test_water_is_of_the_gemeente_and_of_no_wijk_or_team(
        self, session: Session, now: datetime, ours: Gemeente
    ) -> None:
        team = feature("TG-1", "teamgebied", box(4.0, 52.0, 4.2, 52.2))
        load(session, now, POND, team)
        assert codes_at(session, ours, 4.11, 52.11) == ["WA1"]
        assert [gemeente.id for gemeente in gemeenten_at(session, 4.11, 52.11)] == [ours.id]
        assert codes_at(session, ours, 4.15, 52.15) == ["TG-1", "WK900101"]

    def test_water_that_comes_later_is_cut_out_and_reported(
        self, session: Session, now: datetime, ours: Gemeente
    ) -> None:
        report = load(session, now, POND)
        assert (report.added, report.changed) == (["water WA1 Vijver"], ["wijk WK900101 West"])
        assert codes_at(session, ours, 4.11, 52.11) == ["WA1"]

    def test_a_buurt_that_is_all_water_is_refused(self, session: Session, now: datetime, ours: Gemeente) -> None:
        drowned = feature("BU90010100", "buurt", box(4.105, 52.105, 4.115, 52.115), naam="Onder")
        report = load(session, now, POND, drowned)
        assert [refused.reason for refused in report.refused] == ["Dit gebied ligt helemaal in het water."]

    def test_water_outside_the_border_is_added_to_the_gemeente(
        self, session: Session, now: datetime, ours: Gemeente
    ) -> None:
        sea = feature("GM9001", "water", box(3.9, 52.0, 4.0, 52.4), naam="Zee")
        load(session, now, sea, gemeente="onze-gemeente")
        assert [gemeente.id for gemeente in gemeenten_at(session, 3.95, 52.2)] == [ours.id]
        report = load(session, now, OURS, sea)
        assert (report.added, report.changed) == ([], [])


class TestTeams:
    def test_the_team_that_is_named_gets_what_no_category_takes(
        self, session: Session, now: datetime, ours: Gemeente
    ) -> None:
        team = Team(gemeente_id=ours.id, slug="noord", name="Team Noord", kind="serviceteam")
        session.add(team)
        session.flush()
        area = feature("TG-N", "teamgebied", box(4.0, 52.2, 4.4, 52.4), team="Team Noord")
        for _ in range(2):
            assert load(session, now, area).notes == []
        (rule,) = session.scalars(sa.select(RoutingRule).where(RoutingRule.gemeente_id == ours.id))
        assert (rule.team_id, rule.area_code, rule.category_id) == (team.id, "TG-N", None)

    def test_an_unknown_team_is_said(self, session: Session, now: datetime, ours: Gemeente) -> None:
        report = load(session, now, feature("TG-N", "teamgebied", box(4.0, 52.2, 4.4, 52.4), team="noord"))
        (note,) = report.notes
        assert "'noord'" in note
        assert codes_at(session, ours, 4.1, 52.3) == ["TG-N", "WK900101"]


class TestReport:
    def test_lines_are_for_people(self, session: Session, now: datetime) -> None:
        report = load(session, now, OURS, WEST, feature("WK900102", "wijk", [], naam="Oost"), serve=True)
        assert report.lines() == ["nieuw: 2", "geweigerd: Oost WK900102. De grens is leeg."]


class TestDemoFiles:
    def test_the_demo_loads_whole_and_twice_the_same(self, session: Session, now: datetime) -> None:
        own = json.loads((DEMO / "gebieden.geojson").read_text(encoding="utf-8"))
        near = json.loads((DEMO / "buurgemeenten.geojson").read_text(encoding="utf-8"))
        first = import_areas(session, own, serve=True, actor=SYSTEM, now=now)
        import_areas(session, near, actor=SYSTEM, now=now)
        assert (len(first.added), first.refused, first.repaired) == (28, [], [])
        again = import_areas(session, own, actor=SYSTEM, now=now)
        assert (again.added, again.changed) == ([], [])
        assert [gemeente.name for gemeente in gemeenten_at(session, 4.745, 52.64)] == ["Alkmaar"]


if REAL:  # on top, where the folder with real polygons lies beside the repository

    @pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
    def test_real_polygons_load_whole_and_twice_the_same(session: Session, now: datetime, path: Path) -> None:
        document = json.loads(path.read_text(encoding="utf-8"))
        first = import_areas(session, document, serve=True, actor=SYSTEM, now=now)
        assert first.refused == []
        assert len(first.added) == len(document["features"])
        session.expire_all()
        again = import_areas(session, document, actor=SYSTEM, now=now)
        assert (again.added, again.changed, again.deactivated) == ([], [], [])
        assert len(again.unchanged) == len(document["features"])
        for area in session.scalars(sa.select(Area).where(Area.kind == "buurt")):
            inside = to_shape(area.shape).representative_point()
            assert area.code in {
                found.code for found in areas_at(session, inside.x, inside.y, scope={area.gemeente_id})
            }

"""Which PostgreSQL is taken, and what is said when there is none."""

from pathlib import Path

import pytest

from meldingen.local import apt, postgis
from meldingen.local.places import Places
from meldingen.local.problem import SetupProblem


@pytest.fixture
def places(tmp_path: Path) -> Places:
    (tmp_path / "logs").mkdir()
    return Places(tmp_path, tmp_path, tmp_path, None)


@pytest.mark.parametrize(
    ("found", "wanted", "major"),
    [
        ([("/a", 14), ("/b", 17), ("/c", 15)], None, 17),
        ([("/a", 14), ("/b", 17)], 14, 14),
        ([("/a", 12)], None, None),
        ([("/a", 16)], 15, None),
        ([], None, None),
    ],
)
def test_the_newest_is_taken_unless_there_is_data_of_another_version(
    found: list[tuple[str, int]], wanted: int | None, major: int | None
) -> None:
    chosen = postgis.choose([(Path(folder), number) for folder, number in found], wanted)
    assert (chosen.major if chosen else None) == major


def fake_postgres(folder: Path, major: int, *, with_postgis: bool) -> Path:
    """A folder that looks like an installed PostgreSQL."""
    programs = folder / "bin"
    programs.mkdir(parents=True)
    for name in ("postgres", "initdb"):
        (programs / name).write_text(f'#!/bin/sh\necho "postgres (PostgreSQL) {major}.4"\n')
        (programs / name).chmod(0o755)
    if with_postgis:
        (folder / "share" / "extension").mkdir(parents=True)
        (folder / "share" / "extension" / "postgis.control").touch()
    return programs


def test_a_server_without_postgis_does_not_count(tmp_path: Path) -> None:
    without = fake_postgres(tmp_path / "zonder", 17, with_postgis=False)
    with_it = fake_postgres(tmp_path / "met", 16, with_postgis=True)
    assert postgis.major_of(without) == 17
    assert not postgis.has_postgis(without, 17)
    assert postgis.has_postgis(with_it, 16)
    found = postgis.bin_folders([f"{tmp_path}/*/bin"])
    assert {without.resolve(), with_it.resolve()} <= set(found)


def test_the_machines_postgis_comes_before_any_download(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = postgis.Binaries(Path("/opt/pg/bin"), 16)
    monkeypatch.setattr(postgis, "installed", lambda wanted: mine)
    monkeypatch.setattr(apt, "unpack", lambda *_: pytest.fail("niets ophalen"))
    assert postgis.obtain(places) is mine


def test_without_apt_one_sentence_names_the_package_and_database_url(
    places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgis, "installed", lambda wanted: None)
    monkeypatch.setattr(apt, "available", lambda: False)
    with pytest.raises(SetupProblem, match=r"versie 15 .*postgis.*DATABASE_URL"):
        postgis.obtain(places, wanted_major=15)


def test_an_unpacked_server_knows_its_libraries_and_gets_debians_missing_link(places: Places) -> None:
    target = places.home / "apt" / "postgis"
    (target / "usr" / "lib" / "x86_64-linux-gnu").mkdir(parents=True)
    extension = target / "usr" / "share" / "postgresql" / "15" / "extension"
    extension.mkdir(parents=True)
    (extension / "postgis-3.control").write_text("ja")
    (target / "usr" / "lib" / "postgresql" / "15" / "bin").mkdir(parents=True)
    assert postgis.unpacked(target, None) is None, "een half uitgepakte map telt niet"
    (target / apt.COMPLETE).touch()
    found = postgis.unpacked(target, None)
    assert found is not None
    assert found.major == 15
    assert dict(found.env)["LD_LIBRARY_PATH"].endswith("x86_64-linux-gnu")
    assert (extension / "postgis.control").read_text() == "ja"
    assert postgis.unpacked(target, 14) is None


def test_the_package_names_follow_what_the_distribution_offers() -> None:
    listing = "postgresql-16-postgis-3 - x\npostgresql-14-postgis-3 - y\n"
    assert postgis.packages(lambda pattern: listing) == [
        "postgresql-16",
        "postgresql-16-postgis-3",
        "postgresql-16-postgis-3-scripts",
    ]
    assert postgis.packages(lambda pattern: "") == []

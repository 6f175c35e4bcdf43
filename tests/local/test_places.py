"""Folders, secrets and sockets: who may read them, and what is said when a folder cannot be written."""

import os
import stat
from pathlib import Path

import pytest

from meldingen.local import places
from meldingen.local.problem import SetupProblem


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    first = places.keep_secret(tmp_path / "geheim", 48)
    assert len(first) >= 48
    assert places.keep_secret(tmp_path / "geheim", 48) == first
    assert mode(tmp_path / "geheim") == 0o600


def test_a_half_written_secret_of_an_earlier_start_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "geheim.half").write_text("half")
    (tmp_path / "geheim.half").chmod(0o644)
    made = places.keep_secret(tmp_path / "geheim")
    assert (tmp_path / "geheim").read_text() == made
    assert mode(tmp_path / "geheim") == 0o600


def test_the_local_folder_is_closed_to_others(tmp_path: Path) -> None:
    found = places.open_places(tmp_path, tmp_path / "var")
    assert mode(found.local) == 0o700


def test_a_path_in_the_way_is_one_sentence_with_the_mend(tmp_path: Path) -> None:
    (tmp_path / ".lokaal").write_text("een bestand")
    with pytest.raises(SetupProblem, match=r"kan ik niet schrijven.*chown"):
        places.open_places(tmp_path, tmp_path / "var")


@pytest.mark.parametrize(("length", "fits"), [(20, True), (86, True), (87, False), (300, False)])
def test_a_socket_path_that_the_kernel_refuses_is_seen_before(length: int, fits: bool) -> None:
    folder = Path("/" + "x" * (length - 1))
    assert places.fits_socket(folder) is fits


def test_a_socket_path_counts_bytes_not_characters() -> None:
    assert not places.fits_socket(Path("/" + "é" * 50))


def test_root_gets_a_closed_home_of_its_own_per_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gid = os.getgid()
    monkeypatch.setattr(places, "choose_unprivileged", lambda: places.Unprivileged("nobody", 65534, gid))
    monkeypatch.setattr(os, "chown", lambda *_: None)
    one = places.open_places(tmp_path / "een", tmp_path / "var")
    two = places.open_places(tmp_path / "twee", tmp_path / "var")
    assert one.home != two.home
    assert mode(one.home) == 0o710
    assert (one.local / "gegevens").resolve() == one.home.resolve()
    assert places.open_places(tmp_path / "een", tmp_path / "var").home == one.home


def test_a_new_clone_on_an_old_path_does_not_inherit_the_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gid = os.getgid()
    monkeypatch.setattr(places, "choose_unprivileged", lambda: places.Unprivileged("nobody", 65534, gid))
    monkeypatch.setattr(os, "chown", lambda *_: None)
    first = places.open_places(tmp_path / "kopie", tmp_path / "var")
    (first.home / "oud").touch()
    (first.local / "plek").unlink()
    second = places.open_places(tmp_path / "kopie", tmp_path / "var")
    assert second.home == first.home
    assert not (second.home / "oud").exists()
    assert [folder for folder in (tmp_path / "var").iterdir() if "-oud-" in folder.name and (folder / "oud").exists()]


def test_stamps_tell_texts_apart_that_only_differ_in_where_they_end() -> None:
    assert places.stamp_of("ab", "c") != places.stamp_of("a", "bc")

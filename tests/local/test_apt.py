"""Reading apt: which packages are taken, which are left out, and how a spoilt state is mended."""

import os
from pathlib import Path

import pytest

from meldingen.local import apt
from meldingen.local.problem import SetupProblem

SIMULATION = """\
NOTE: This is only a simulation!
Inst gcc-12-base (12.2.0-14 Debian:12.15/oldstable [amd64])
Inst libc6 (2.36-9 Debian:12.15/oldstable [amd64]) []
Inst libgdal32 (3.6.2 Debian:12.15/oldstable [amd64])
Inst libaec0 (1.0.6 Debian:12.15/oldstable [amd64])
Inst libproj25 (9.1.1 Debian:12.15/oldstable [amd64])
Inst postgresql-15 [15.18] (15.20 Debian-Security:12/oldstable-security [amd64]) [other:amd64 ]
Inst postgresql-15-postgis-3 (3.3.2 Debian:12.15/oldstable [amd64])
Conf libc6 (2.36-9 Debian:12.15/oldstable [amd64])
"""
DEPENDS = """\
postgresql-15-postgis-3
  Depends: postgresql-15
  Depends: libgdal32
 |Depends: libproj25
  Depends: libproj-other
libgdal32
  Depends: libaec0
  Depends: libc6
postgresql-15
  Depends: <virtual>
    libc6:any
libproj25
"""


def test_inst_lines_give_names_in_order_and_nothing_else() -> None:
    assert apt.installs(SIMULATION) == [
        "gcc-12-base",
        "libc6",
        "libgdal32",
        "libaec0",
        "libproj25",
        "postgresql-15",
        "postgresql-15-postgis-3",
    ]


def test_a_pruned_package_takes_what_only_it_needs_along() -> None:
    graph = apt.dependencies(DEPENDS)
    names = apt.needed(["postgresql-15-postgis-3"], graph, apt.installs(SIMULATION), (*apt.NEVER, "libgdal*"))
    assert names == ["libproj25", "postgresql-15", "postgresql-15-postgis-3"]


def test_libc_is_left_out_even_of_the_whole_set() -> None:
    names = apt.needed(["postgresql-15-postgis-3"], apt.dependencies(DEPENDS), apt.installs(SIMULATION), apt.NEVER)
    assert "libc6" not in names
    assert {"libgdal32", "libaec0"} <= set(names)


def test_what_is_asked_for_itself_is_never_pruned() -> None:
    names = apt.needed(["postgresql-15"], apt.dependencies(DEPENDS), apt.installs(SIMULATION), ("*",))
    assert names == ["postgresql-15"]


def test_the_highest_version_wins_by_number_not_by_text() -> None:
    listing = "postgresql-9-postgis-3 - old\npostgresql-17-postgis-3 - new\npostgresql-15-postgis-3 - middle\n"
    assert apt.newest_match(listing, r"^postgresql-(\d+)-postgis-3(?= )") == "postgresql-17-postgis-3"
    assert apt.newest_match("", r"^(\d+)") is None


FAKE_APT_GET = """\
#!/bin/sh
echo "apt-get $*" >> "{calls}"
case "$*" in
  *update*) mkdir -p "{folder}/state/lists"; : > "{folder}/state/lists/x_Packages";;
  *own.conf*download*) : > proefpakket.deb;;
  *system.conf*download*) echo "E: 404 Not Found" >&2; exit 100;;
  *install*) echo "Inst proefpakket (1.0 Debian:12 [amd64])";;
esac
"""
FAKE_APT_CACHE = """\
#!/bin/sh
case "$*" in *depends*) echo proefpakket;; *search*) echo "proefpakket - een proef";; esac
"""
FAKE_DPKG_DEB = """\
#!/bin/sh
mkdir -p "$3/usr" && echo goed > "$3/usr/proef"
"""


@pytest.fixture
def fake_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> apt.PrivateApt:
    """An apt that cannot download by the system's package lists, as after a point release, but can by fresh ones."""
    programs, lists = tmp_path / "bin", tmp_path / "lists"
    programs.mkdir()
    lists.mkdir()
    (lists / "old_Packages").touch()
    texts = {"apt-get": FAKE_APT_GET, "apt-cache": FAKE_APT_CACHE, "dpkg-deb": FAKE_DPKG_DEB}
    for name, text in texts.items():
        (programs / name).write_text(text.format(calls=tmp_path / "calls", folder=tmp_path / "apt"))
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    return apt.PrivateApt(tmp_path / "apt", tmp_path / "log", lists)


def unpack(private: apt.PrivateApt, target: Path) -> int:
    return apt.unpack(private, target, lambda search: search("proefpakket").split()[:1], (), ("usr/proef",))


def test_stale_system_lists_are_followed_by_an_update_of_our_own(fake_apt: apt.PrivateApt, tmp_path: Path) -> None:
    unpack(fake_apt, tmp_path / "root")
    assert (tmp_path / "root" / "usr" / "proef").read_text() == "goed\n"
    assert "update" in (tmp_path / "calls").read_text()
    (tmp_path / "calls").write_text("")
    assert unpack(fake_apt, tmp_path / "root") == 0
    assert (tmp_path / "calls").read_text() == ""


def test_a_half_unpacked_folder_and_spoilt_state_are_done_again(fake_apt: apt.PrivateApt, tmp_path: Path) -> None:
    for part in ("root/usr", "root.half/usr", "apt/debs", "apt/state/lists"):
        (tmp_path / part).mkdir(parents=True)
        (tmp_path / part / "rommel").write_text("half")
    unpack(fake_apt, tmp_path / "root")
    assert sorted(file.name for file in (tmp_path / "root" / "usr").iterdir()) == ["proef"]
    assert not (tmp_path / "root.half").exists()


def test_a_package_that_is_not_there_is_one_sentence(fake_apt: apt.PrivateApt, tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match="geen pakketten"):
        apt.unpack(fake_apt, tmp_path / "root", lambda search: [], (), ())


def test_a_missing_library_is_seen(tmp_path: Path) -> None:
    assert apt.missing_libraries(tmp_path, ["bin/afwezig"]) == ["bin/afwezig"]

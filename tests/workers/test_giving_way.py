"""What workers are as a whole weighs less than a melder at the door, and a terminal is left alone."""

import subprocess
import sys

from workers import giving_way

ASK = "from workers.giving_way import OURS, together; together(); print(OURS.exists() and OURS.read_text())"


def told(*, own_session: bool) -> str:
    """How nice the session of a new process is: one of its own, as under a supervisor, or ours."""
    asked = subprocess.run(
        [sys.executable, "-c", ASK], start_new_session=own_session, capture_output=True, text=True, check=True
    )
    return asked.stdout.split()[-1]


def test_a_session_of_workers_gives_way_and_another_does_not() -> None:
    known = giving_way.OURS.exists()  # not every kernel has it
    ours = giving_way.OURS.read_text().split()[-1] if known else "False"
    assert told(own_session=False) == ours
    assert told(own_session=True) == (f"{giving_way.ALL_OF_US}" if known else "False")

"""What workers are as a whole weighs less than a melder at the door, and a terminal is left alone."""

import os
import subprocess
import sys

from workers import giving_way

ASK = "from workers.giving_way import OURS; print(OURS.read_text() if OURS.exists() else '')"
GIVE_WAY_AND_ASK = f"from workers.giving_way import together; together(); {ASK}"


def told(script: str, *, own_session: bool) -> str:
    """How nice the session of a new process is: one of its own, as under a supervisor, or ours. Empty where Linux
    shares nothing among sessions: a kernel without it, or with it turned off, or a session from before it."""
    asked = subprocess.run(
        [sys.executable, "-c", script], start_new_session=own_session, capture_output=True, text=True, check=True
    )
    return "".join(asked.stdout.split()[-1:])


def test_a_session_of_workers_gives_way_and_another_does_not() -> None:
    assert told(GIVE_WAY_AND_ASK, own_session=False) == told(ASK, own_session=False)
    shared = told(ASK, own_session=True) if os.access(giving_way.OURS, os.W_OK) else ""
    assert told(GIVE_WAY_AND_ASK, own_session=True) == (
        f"{giving_way.ALL_OF_US}" if shared else told(ASK, own_session=True)
    )

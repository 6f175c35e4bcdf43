"""How workers let a melder at the door go first, on a machine that has too much to do.

Linux shares a machine among sessions (sched(7), "autogroup") before it looks at how nice a process is: workers that
were started by themselves counted for as much as the whole website, however nice they were. Containers and services
have weights of their own instead (docker/compose.yaml, docs/opzetten.md).
"""

import os
from contextlib import suppress
from pathlib import Path

OURS = Path("/proc/self/autogroup")
ALL_OF_US, TEXT, HEAVY = 5, 5, 10
"""How nice (as `nice` counts): everything that workers are, beside others; and among us text, then photos and upkeep.
The relay and the clock do little, and all wait for them. At 5 a third of the weight of the website or the database."""


def together() -> None:
    """Gives all of this session less weight, if it was begun for us: not that of somebody at a terminal."""
    if os.getsid(0) == os.getpid():
        with suppress(OSError):  # a kernel without it, or a folder that may only be read
            OURS.write_text(f"{ALL_OF_US}")

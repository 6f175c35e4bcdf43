"""How workers let a melder at the door go first, on a machine that has too much to do.

Linux shares a machine among sessions (sched(7), "autogroup") before it looks at how nice a process is: workers that
were started by themselves counted for as much as the whole website, however nice they were. Containers and services
have weights of their own instead (docker/compose.yaml, docs/opzetten.md).
"""

import os
import time
from pathlib import Path

OURS = Path("/proc/self/autogroup")
ALL_OF_US, TEXT, HEAVY = 5, 5, 10
"""How nice (as `nice` counts): everything that workers are, beside others; and among us text, then photos and upkeep.
The relay and the clock do little, and all wait for them. At 5 a third of the weight of the website or the database."""


def together() -> None:
    """Gives all of this session less weight, if it was begun for us: not that of somebody at a terminal."""
    if os.getsid(0) != os.getpid():
        return
    for _ in range(20):
        try:
            OURS.write_text(f"{ALL_OF_US}")
        except BlockingIOError:  # who does not administer the machine is heard once in 0.1 s, all sessions together
            time.sleep(0.1)
        except OSError:  # a kernel without it, or a folder that may only be read
            return
        else:
            return

"""What the person sees while it works: one line when a step starts, one when it is done. Safe to call from several
threads."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()


def say(line: str = "") -> None:
    """Write one line at once, also when the output is a pipe; a closed terminal is no reason to stop."""
    with _lock:
        try:
            print(line, flush=True)
        except (BrokenPipeError, OSError):
            sys.stdout = None
        except UnicodeEncodeError:
            print(line.encode("ascii", "replace").decode("ascii"), flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Tell that `what` starts, and how long it took once it is done. A failure is told by whoever catches it."""
    say(f"  … {what}")
    began = time.monotonic()
    yield
    say(f"  ✓ {what} ({seconds(time.monotonic() - began)})")


def seconds(duration_s: float) -> str:
    """A duration as people here write it."""
    return f"{duration_s:.1f} s".replace(".", ",")

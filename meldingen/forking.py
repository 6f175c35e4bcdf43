"""What a process does before it forks others, so that they go on sharing its memory instead of each having their own.

Pages are shared until somebody writes on them. Python's collector writes on every object it looks at; what is frozen
it never looks at again. Not for what is forked: server.py and workers/main.py.
"""

import ctypes
import gc
import multiprocessing
import pkgutil
import sys
from typing import Any

_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8
"""Names of glibc's malloc.h."""
ARENAS = 2
"""Heaps of one process. glibc makes eight per core, and with forty threads each of them keeps what it once held."""
LARGE_BYTES = 256 * 1024
"""From here on memory goes back to the machine when it is freed. glibc moves this bound up to 32 MB by itself, at the
first photo, and then keeps what photos took."""


def share() -> None:
    """Call it when everything is imported and made, before the first fork. What is there now is never collected."""
    if sys.platform == "linux":
        settle_malloc()
    gc.collect()
    gc.freeze()


def settle_malloc() -> None:
    """Bounds on what glibc keeps; another C library has no such knobs, and needs none."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, ARENAS)
        mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES)


def made_once(target: str, *, factory: bool) -> dict[str, Any]:
    """The application `target` (module:name), made here, as granian wants to hear of it: then it forks each process
    from this one instead of letting each make its own. Linux."""
    multiprocessing.set_start_method("fork", force=True)  # the default until Python 3.14
    named = pkgutil.resolve_name(target)
    app = named() if factory else named
    share()
    return {"target_loader": lambda: app, "wrap_loader": False}

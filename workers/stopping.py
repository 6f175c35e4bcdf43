"""How work learns that it should end: a signal that wakes every wait, the end of its parent, or time that is up."""

import ctypes
import os
import select
import signal
import sys
from types import FrameType

from rq.timeouts import JobTimeoutException


class Stop:
    """Asked by SIGTERM and Ctrl-C. Made of a pipe, since a signal handler may not touch a lock."""

    def __init__(self) -> None:
        self._reader, self._writer = os.pipe()
        os.set_blocking(self._writer, False)
        self.asked = False

    def listen(self) -> "Stop":
        """Takes the signals of this process from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)
        return self

    @staticmethod
    def leave() -> None:
        """Gives the signals back: from now on they simply end this process."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)

    def ask(self) -> None:
        """Asks to end; every wait returns."""
        if not self.asked:
            self.asked = True
            os.write(self._writer, b".")

    def wait(self, seconds: float) -> None:
        """Returns when asked, or after `seconds`."""
        select.select([self._reader], [], [], seconds)

    def fileno(self) -> int:
        """Readable once asked, for waits on several things."""
        return self._reader

    def _handle(self, _signum: int, _frame: FrameType | None) -> None:
        self.ask()


def die_with_parent(parent: int) -> None:
    """Linux: this process gets SIGTERM when process `parent` ends, however that ends. Elsewhere: nothing."""
    if sys.platform != "linux":
        return
    parent_death_signal = 1
    ctypes.CDLL(None).prctl(parent_death_signal, signal.SIGTERM)
    if os.getppid() != parent:  # it ended before we asked
        os.kill(os.getpid(), signal.SIGTERM)


def timed_out(error: BaseException | None) -> bool:
    """Whether RQ's time-out lies behind this error: it strikes anywhere, also inside the driver, whose own complaint
    about the broken-off conversation then stands in front of it."""
    while error is not None and not isinstance(error, JobTimeoutException):
        error = error.__cause__ or error.__context__
    return error is not None

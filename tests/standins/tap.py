"""A tap in front of a stand-in: a conversation can be held at a known point, so that who speaks can be killed there.

It knows of the protocols only where a message begins: after a mail server's 354, or in an HTTP POST. For tests and
benches, free of pytest. Bytes go through unchanged.
"""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

BEFORE: Final = "voor"
DURING: Final = "tijdens"
AFTER: Final = "na"
CHUNK: Final = 65536


@dataclass
class Tap:
    """One running tap. hold: where the next conversation with a message is held, empty for nowhere.

    BEFORE: the connection is made and the other side never hears of it. DURING: half of the message has gone. AFTER:
    the other side has said its yes and nobody was told. held: set when that point is reached. `let_go` goes on from
    there, `cut_off` ends it there.
    """

    port: int
    upstream: int
    hold: str = ""
    held: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    cut: bool = False

    def hold_at(self, point: str) -> None:
        """The next conversation stops at this point."""
        self.held.clear()
        self.go_on.clear()
        self.hold, self.cut = point, False

    def let_go(self) -> None:
        """What is held goes on, and nothing is held any more."""
        self.hold = ""
        self.go_on.set()

    def cut_off(self) -> None:
        """What is held ends here: the caller is dead, and not a byte more of his arrives."""
        self.cut = True
        self.let_go()

    def stop_here(self) -> None:
        """In a conversation: this is the point. Raises ConnectionAbortedError when it ends here."""
        self.held.set()
        self.go_on.wait(60)
        if self.cut:
            raise ConnectionAbortedError


class _Conversation:
    """Two pumps between one caller and the stand-in."""

    def __init__(self, tap: Tap, caller: socket.socket) -> None:
        self._tap, self._caller = tap, caller
        self._hold = tap.hold
        self._message = False  # the caller is saying, or has said, a message
        self._data = False  # the mail server asked for it

    def run(self) -> None:
        """Until either side is done."""
        with contextlib.suppress(OSError), self._caller:
            if self._hold == BEFORE:
                self._tap.stop_here()
            with socket.create_connection(("127.0.0.1", self._tap.upstream)) as server:
                back = threading.Thread(target=self._back, args=(server,), daemon=True)
                back.start()
                self._forth(server)
                back.join()

    def _forth(self, server: socket.socket) -> None:
        with _ending(server):
            while chunk := self._caller.recv(CHUNK):
                begins = not self._message and (self._data or chunk.startswith(b"POST "))
                if begins and self._hold == DURING:
                    server.sendall(chunk[: len(chunk) // 2])
                    self._tap.stop_here()
                    chunk = chunk[len(chunk) // 2 :]
                self._message = self._message or begins
                server.sendall(chunk)

    def _back(self, server: socket.socket) -> None:
        with _ending(self._caller):
            while chunk := server.recv(CHUNK):
                if self._message and self._hold == AFTER:
                    self._tap.stop_here()
                    self._hold = ""
                self._data = self._data or chunk.startswith(b"354")
                self._caller.sendall(chunk)


@contextmanager
def _ending(other: socket.socket) -> Iterator[None]:
    """When one side has no more to say, or is cut off, the other is told so."""
    with contextlib.suppress(OSError):
        yield
    with contextlib.suppress(OSError):
        other.shutdown(socket.SHUT_WR)


@contextmanager
def tap(upstream: int) -> Iterator[Tap]:
    """A tap in front of the stand-in at this port of the loopback, for the length of the block."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        made = Tap(listening.getsockname()[1], upstream)

        def listen() -> None:
            with contextlib.suppress(OSError):
                while True:
                    caller, _ = listening.accept()
                    threading.Thread(target=_Conversation(made, caller).run, daemon=True).start()

        threading.Thread(target=listen, name="tap", daemon=True).start()
        try:
            yield made
        finally:
            made.let_go()
            with contextlib.suppress(OSError):
                listening.shutdown(socket.SHUT_RDWR)

"""A line between browser and server that a test can cut: before the server heard anything, or before its answer leaves.

A browser's own "offline" does not reach its service workers, and says nothing of a line that is there and does nothing.
"""

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any

Start = Callable[..., Any]
App = Callable[[dict[str, Any], Start], Iterable[bytes]]


class Line:
    """Stands before an app. `cut`: nothing comes through. `lose`: how many more answers on a path are cut off after
    the server did its work; `lost`: whether one was. `halve`: how many more requests to a path are cut off when half
    of their body came. asked: each method and path that came through, in their order."""

    def __init__(self, app: App) -> None:
        self._app = app
        self.cut = False
        self.lose: dict[str, int] = {}
        self.lost = threading.Event()
        self.halve: dict[str, int] = {}
        self.asked: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if self.cut:
            return self._hang_up(environ)
        self.asked.append(f"{environ['REQUEST_METHOD']} {path}")
        if self.halve.get(path):
            self.halve[path] -= 1
            environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]) // 2)
            return self._hang_up(environ)
        if self.lose.get(path):
            self.lose[path] -= 1
            answer = self._app(environ, lambda *_: lambda _data: None)
            for _ in answer:
                pass
            if close := getattr(answer, "close", None):
                close()
            self.lost.set()
            return self._hang_up(environ)
        return self._app(environ, start)

    @staticmethod
    def _hang_up(environ: dict[str, Any]) -> Iterable[bytes]:
        environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
        raise ConnectionError("the line is cut")

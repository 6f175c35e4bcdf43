"""Bodies have places of their own: whoever fills them, what needs no body always gets its turn."""

import io
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from werkzeug.test import EnvironBuilder

from meldingen import bodies
from meldingen.bodies import PER_VISITOR, READERS, SMALL_BYTES, Gate

Asked = tuple[str, dict[str, str]]


class Hanging(io.RawIOBase):
    """A body that never comes, until the test lets go."""

    def __init__(self, let_go: threading.Event, began: threading.Semaphore) -> None:
        self._let_go, self._began = let_go, began

    def read(self, size: int = -1) -> bytes:
        """Waits."""
        self._began.release()
        assert self._let_go.wait(20)
        return b""


def echo(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
    """An application that reads all of the body."""
    data = environ["wsgi.input"].read()
    start_response("200 OK", [])
    return [data]


def ask(gate: Gate, address: str, body: Any = b"", size: int | None = None, path: str = "/api/v1/x") -> Asked:
    """The status and headers of one request."""
    environ = EnvironBuilder(path=path, environ_base={"REMOTE_ADDR": address}).get_environ()
    environ["wsgi.input"] = io.BytesIO(body) if isinstance(body, bytes) else body
    if body:
        environ["CONTENT_LENGTH"] = str(len(body) if size is None else size)
    heard: list[Asked] = []
    list(gate(environ, lambda status, headers, *_: heard.append((status, dict(headers)))))  # type: ignore[arg-type,func-returns-value]
    return heard[0]


@pytest.fixture
def slow() -> Iterator[Any]:
    """Starts requests whose body hangs; ends them after the test."""
    let_go, began = threading.Event(), threading.Semaphore(0)
    threads: list[threading.Thread] = []

    def start(gate: Gate, address: str, count: int, size: int = 100) -> None:
        for _ in range(count):
            thread = threading.Thread(target=ask, args=(gate, address, Hanging(let_go, began), size))
            thread.start()
            threads.append(thread)
        for _ in range(count):
            assert began.acquire(timeout=20)

    yield start
    let_go.set()
    for thread in threads:
        thread.join(20)


@pytest.mark.parametrize("size", [100, SMALL_BYTES + 1])
def test_slow_bodies_leave_room_for_the_rest(slow: Any, size: int) -> None:
    gate = Gate(echo, workers=2)
    slow(gate, "203.0.113.1", PER_VISITOR, size)
    status, headers = ask(gate, "203.0.113.1", b"{}")
    assert status.startswith("503") and headers["Retry-After"] == str(bodies.RETRY_AFTER_S)
    assert ask(gate, "203.0.113.2", b"{}")[0] == "200 OK", "one visitor never takes every place"
    slow(gate, "203.0.113.2", READERS - PER_VISITOR, size)
    assert ask(gate, "203.0.113.3", b"{}", path="/melden")[1]["Content-Type"].startswith("text/html")
    assert ask(gate, "203.0.113.1")[0] == "200 OK", "what has no body goes on"


def test_places_are_given_back(slow: Any) -> None:
    gate = Gate(echo, workers=1)
    for _ in range(READERS + 5):
        assert ask(gate, "2001:db8::1", b"{}")[0] == "200 OK"

    def broken(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        raise ZeroDivisionError

    failing = Gate(broken, workers=1)
    for _ in range(READERS + 5):
        with pytest.raises(ZeroDivisionError):
            ask(failing, "2001:db8::1", b"{}")
    assert not gate._reading and not failing._reading

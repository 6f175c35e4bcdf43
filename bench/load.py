"""Load on one port of this machine, from one process of its own and as light as Python can: for every bench here.

Closed: each connection sends its next request when its answer is in. Open (`per_s`): requests leave at their moment,
or as soon as a connection is free, and their time counts from that moment, so that a queue shows. Knows HTTP/1.1 with
Content-Length over keep-alive connections and nothing else. `Firing` starts it; `python -m bench.load` is that process.
"""

import json
import pickle
import random
import selectors
import socket
import statistics
import subprocess
import sys
import time
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

MARK = b"<sleutel>"
"""Replaced in each request by a key of its own, 16 digits."""
GIVE_UP_S = 60.0


@dataclass(frozen=True)
class Order:
    """What to send. requests: whole requests, taken in turn. most: stop after so many, 0: only by time.

    keep: hand back the bodies too. seed: the keys of one order differ from those of another.
    """

    port: int
    requests: Sequence[bytes]
    seconds: float
    connections: int = 16
    per_s: float = 0.0
    most: int = 0
    keep: bool = False
    seed: int = field(default_factory=lambda: random.SystemRandom().randrange(10**8))


@dataclass
class Heard:
    """What came back. took_ms: in order of arrival. ended_at: when each answer came, seconds of the epoch."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    took_ms: list[float] = field(default_factory=list)
    ended_at: list[float] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Answers per second."""
        return len(self.took_ms) / self.seconds if self.seconds else 0.0

    def percentile(self, which: int) -> float:
        """Milliseconds within which so many percent of the answers came."""
        if len(self.took_ms) < 2:
            return self.took_ms[0] if self.took_ms else 0.0
        return statistics.quantiles(self.took_ms, n=100, method="inclusive")[which - 1]

    def only(self, status: int) -> None:
        """Raises SystemExit unless every answer had this status."""
        if set(self.statuses) != {status}:
            raise SystemExit(f"verwacht {status}, gekregen {dict(self.statuses)}")


class Firing:
    """An order being carried out in a process of its own; `heard` waits for its end."""

    def __init__(self, order: Order) -> None:
        argv = [sys.executable, "-m", "bench.load"]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self._process.stdin is not None
        self._process.stdin.write(pickle.dumps(order))
        self._process.stdin.close()

    def heard(self) -> Heard:
        """What came back. Raises SystemExit when the generator itself failed."""
        assert self._process.stdout is not None
        answer = self._process.stdout.read()
        if self._process.wait():
            raise SystemExit("de belasting zelf ging stuk")
        result: Heard = pickle.loads(answer)
        return result


def fire(order: Order) -> Heard:
    """Carries out an order and waits for it."""
    return Firing(order).heard()


def request_bytes(method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> bytes:
    """One request as it goes over the line. body: bytes as they are, anything else as JSON."""
    head = {"Host": "127.0.0.1", "Accept": "*/*", **(headers or {})}
    data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    if body is not None:
        head = {"Content-Type": "application/json", **head, "Content-Length": str(len(data))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + data


class _Line:
    """One connection: what it still has to send, what it heard so far, and since when its request waits."""

    def __init__(self, port: int) -> None:
        self.port, self.since = port, 0.0
        self.unsent, self.got = memoryview(b""), bytearray()
        self.open()

    def open(self) -> None:
        self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=GIVE_UP_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)


def carry_out(order: Order) -> Heard:
    """Sends until the time or the number is up, then waits for the answers that are still to come."""
    heard, lines = Heard(), [_Line(order.port) for _ in range(order.connections)]
    parts = [request.split(MARK) for request in order.requests]
    picker = selectors.DefaultSelector()
    free: deque[_Line] = deque(lines)
    for line in lines:
        picker.register(line.socket, selectors.EVENT_READ, line)
    sent, busy = 0, 0
    cpu, began = time.process_time(), time.perf_counter()
    until, gap = began + order.seconds, 1.0 / order.per_s if order.per_s else 0.0
    while True:
        now = time.perf_counter()
        going = now < until and not (order.most and sent >= order.most)
        while going and free and (not gap or began + sent * gap <= now):
            line = free.popleft()
            line.since = began + sent * gap if gap else time.perf_counter()
            key = b"%08d%08d" % (order.seed, sent)
            _send(picker, line, key.join(parts[sent % len(parts)]))
            sent, busy = sent + 1, busy + 1
            going = not (order.most and sent >= order.most)
        if not busy and not going:
            break
        patience = max(0.0, began + sent * gap - now) if gap and going and free else GIVE_UP_S
        events = picker.select(patience)
        if not events and patience == GIVE_UP_S:
            raise SystemExit(f"{busy} antwoorden bleven uit")
        for picked, mask in events:
            line = picked.data
            if mask & selectors.EVENT_WRITE:
                _send(picker, line, line.unsent)
            if mask & selectors.EVENT_READ and _hear(picker, line, heard, keep=order.keep, idle=line in free):
                busy -= 1
                free.append(line)
    heard.seconds, heard.cpu_s = time.perf_counter() - began, time.process_time() - cpu
    for line in lines:
        line.socket.close()
    return heard


def _send(picker: selectors.BaseSelector, line: _Line, data: bytes | memoryview) -> None:
    waiting = len(line.unsent) > 0
    try:
        done = line.socket.send(data)
    except BlockingIOError:
        done = 0
    except OSError:
        done = len(data)  # the server hung up: reading says so
    line.unsent = memoryview(data)[done:]
    if (len(line.unsent) > 0) != waiting:
        both = selectors.EVENT_READ | (selectors.EVENT_WRITE if len(line.unsent) else 0)
        picker.modify(line.socket, both, line)


def _hear(picker: selectors.BaseSelector, line: _Line, heard: Heard, *, keep: bool, idle: bool) -> bool:
    """Reads what there is; whether the answer is whole now (one lost while it waited: status 0)."""
    try:
        piece = line.socket.recv(262144)
    except BlockingIOError:
        return False
    except OSError:
        piece = b""
    line.got += piece
    if piece:
        end = line.got.find(b"\r\n\r\n")
        if end < 0:
            return False
        status = int(line.got[9:12])
        size = 0 if status in (204, 304) else _length(bytes(line.got[:end]))
        if len(line.got) < end + 4 + size:
            return False
        if keep:
            heard.bodies.append(bytes(line.got[end + 4 :]))
    else:
        picker.unregister(line.socket)
        line.socket.close()
        line.open()
        picker.register(line.socket, selectors.EVENT_READ, line)
        line.unsent, status = memoryview(b""), 0
        if idle:
            return False
    heard.statuses[status] += 1
    heard.took_ms.append((time.perf_counter() - line.since) * 1000)
    heard.ended_at.append(time.time())
    line.got.clear()
    return True


def _length(head: bytes) -> int:
    at = head.lower().find(b"\r\ncontent-length:")
    if at < 0:
        raise SystemExit("een antwoord zonder Content-Length")
    return int(head[at + 17 :].split(b"\r\n", 1)[0])


if __name__ == "__main__":
    from bench import load  # by its own name: what is handed back is known under it

    order = pickle.load(sys.stdin.buffer)
    sys.stdout.buffer.write(pickle.dumps(load.carry_out(order)))

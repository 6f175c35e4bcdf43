"""A partner's system for tests: takes webhooks over HTTP on the loopback and checks them with the public library.

answers: what it says, one after the other, then 204. A receiver drops an id it has: `events` holds each once.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError


@dataclass
class Partner:
    """One running system. calls: the ids as they came, doubles too. refused: messages with a wrong signature."""

    url: str = ""
    secret: str = ""
    answers: list[int] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    events: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: int = 0


@contextmanager
def partner_system() -> Iterator[Partner]:
    """Run a system for the length of the block."""
    state = Partner()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                event = Webhook(state.secret).verify(body, dict(self.headers))
            except WebhookVerificationError:
                state.refused += 1
                self._say(401)
                return
            answer = state.answers.pop(0) if state.answers else 204
            state.calls.append(event["id"])
            if answer < 300:
                state.events.setdefault(event["id"], event)
            self._say(answer)

        def _say(self, status: int) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            if status in (301, 302):
                self.send_header("Location", state.url)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keeps the output of tests clean."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}/mor"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

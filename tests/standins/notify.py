"""A Notify API for tests: the documented protocol of GOV.UK Notify and NotifyNL over HTTP on the loopback, in memory.

It checks the JWT (issuer, 30 seconds, signature), takes POST /v2/notifications/sms, and answers GET by id and by
reference. Errors have the documented shape. It does not know letters, templates or received texts.
"""

import json
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt

SERVICE = "26785a09-ab16-4eb0-8407-a37497a57506"
SECRET = "3d844edf-8d35-48ac-975b-e847b4f122b0"
API_KEY = f"proef-{SERVICE}-{SECRET}"
TEMPLATE = "f33517ff-2a88-4f6e-b855-c550268ce08a"


@dataclass
class NotifyServer:
    """One running server. kept: every notification it made, oldest first, as the API shows it.

    fail_with: (status, error, message) instead of an answer, `fail_after` keeps the message first.
    status: what new notifications get. wait_s: silence before the answer. garbage: answer something that is no JSON.
    """

    url: str = ""
    kept: list[dict[str, Any]] = field(default_factory=list)
    fail_with: tuple[int, str, str] | None = None
    fail_after: bool = False
    status: str = "created"
    wait_s: float = 0.0
    garbage: bool = False
    requests: list[str] = field(default_factory=list)

    def texts(self, reference: str) -> list[str]:
        """The texts sent under this reference."""
        return [item["body"] for item in self.kept if item["reference"] == reference]


@contextmanager
def notify_server() -> Iterator[NotifyServer]:
    """Run a server for the length of the block."""
    state = NotifyServer()

    class Handler(_Handler):
        server_state = state

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: NotifyServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self._allowed() or self._refused(unless=self.server_state.fail_after):
            return
        data = json.loads(body)
        refusal = self._refusal(data)
        if refusal is not None:
            self._error(*refusal)
            return
        made = {
            "id": str(uuid.uuid4()),
            "reference": data.get("reference"),
            "phone_number": data["phone_number"],
            "type": "sms",
            "status": self.server_state.status,
            "template": {"id": TEMPLATE, "version": 1, "uri": f"{self.server_state.url}/v2/template/{TEMPLATE}"},
            "body": data["personalisation"]["tekst"],
            "created_at": datetime.now(UTC).isoformat(),
        }
        self.server_state.kept.append(made)
        if self._refused():
            return
        time.sleep(self.server_state.wait_s)
        self._answer(
            201,
            {
                "id": made["id"],
                "reference": made["reference"],
                "content": {"body": made["body"], "from_number": "GEMEENTE"},
                "uri": f"{self.server_state.url}/v2/notifications/{made['id']}",
                "template": made["template"],
                "scheduled_for": None,
            },
        )

    def _refusal(self, data: dict[str, Any]) -> tuple[int, str, str] | None:
        if urlsplit(self.path).path != "/v2/notifications/sms":
            return 404, "NoResultFound", "No result found"
        for name in ("phone_number", "template_id"):
            if name not in data:
                return 400, "ValidationError", f"{name} is a required property"
        if not str(data["phone_number"]).startswith("+316") or len(data["phone_number"]) != 12:
            return 400, "ValidationError", "phone_number Not a valid phone number"
        if data["template_id"] != TEMPLATE:
            return 400, "BadRequestError", "Template not found"
        if "tekst" not in data.get("personalisation", {}):
            return 400, "BadRequestError", "Missing personalisation: tekst"
        return None

    def do_GET(self) -> None:
        if not self._allowed() or self._refused(unless=self.server_state.fail_after):
            return
        parts = urlsplit(self.path)
        newest_first = list(reversed(self.server_state.kept))
        if parts.path == "/v2/notifications":
            wanted = parse_qs(parts.query).get("reference")
            found = [item for item in newest_first if wanted is None or item["reference"] == wanted[0]]
            self._answer(200, {"notifications": found, "links": {"current": self.server_state.url + self.path}})
            return
        wanted_id = parts.path.rpartition("/")[2]
        item = next((item for item in newest_first if item["id"] == wanted_id), None)
        if item is None:
            self._error(404, "NoResultFound", "No result found")
        else:
            self._answer(200, item)

    def _allowed(self) -> bool:
        """The JWT: ours, signed with the secret of the key, and made less than 30 seconds ago."""
        self.server_state.requests.append(f"{self.command} {urlsplit(self.path).path}")
        _, _, token = self.headers.get("Authorization", "").partition(" ")
        try:
            claims = jwt.decode(token, SECRET, algorithms=["HS256"], options={"verify_iat": False})
        except jwt.InvalidTokenError:
            self._error(403, "AuthError", "Invalid token: signature, api token not found")
            return False
        if claims.get("iss") != SERVICE or abs(time.time() - claims.get("iat", 0)) > 30:
            self._error(403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds")
            return False
        return True

    def _refused(self, *, unless: bool = False) -> bool:
        if self.server_state.fail_with is None or unless:
            return False
        self._error(*self.server_state.fail_with)
        return True

    def _error(self, status: int, error: str, message: str) -> None:
        self._answer(status, {"status_code": status, "errors": [{"error": error, "message": message}]})

    def _answer(self, status: int, content: Any) -> None:
        body = b"<html>onderhoud</html>" if self.server_state.garbage else json.dumps(content).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keeps the output of tests clean."""

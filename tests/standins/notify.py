"""A Notify API for tests and benches: the documented protocol of GOV.UK Notify and NotifyNL over HTTP, in memory.

It checks the JWT (issuer, 30 seconds, signature), takes POST /v2/notifications/sms and /email, answers GET by id and
by reference, and brings delivery receipts to a callback address when told. Errors have the documented shape and words.
It does not know letters, other templates or received texts. Free of pytest, and quick with thousands of messages.
"""

import json
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
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
EMAIL_TEMPLATE = "9d751e0e-f929-4891-82a1-a3e1c3c18ee3"
CALLBACK_TOKEN = "een-bearer-token-van-ten-minste-32-tekens"

Refusal = tuple[int, str, str]
"""Status, error and message."""

STATUSES = (
    "created",
    "sending",
    "pending",
    "sent",
    "delivered",
    "permanent-failure",
    "temporary-failure",
    "technical-failure",
)
RATE_LIMIT: Refusal = (429, "RateLimitError", "Exceeded rate limit for key type LIVE of 3000 requests per 60 seconds")
DAY_LIMIT: Refusal = (429, "TooManyRequestsError", "Exceeded send limits (250000) for today")
REFUSALS: dict[str, Refusal] = {
    "team only": (400, "BadRequestError", "Can't send to this recipient using a team-only API key"),
    "trial mode": (400, "BadRequestError", "Can't send to this recipient when service is in trial mode"),
    "no number": (400, "ValidationError", "phone_number Not enough digits"),
    "no address": (400, "ValidationError", "email_address Not a valid email address"),
    "no template": (400, "BadRequestError", "Template not found"),
    "template id": (400, "ValidationError", "template_id is not a valid UUID"),
    "personalisation": (400, "BadRequestError", "Missing personalisation: tekst"),
    "clock": (403, "AuthError", "Error: Your system clock must be accurate to within 30 seconds"),
    "key": (403, "AuthError", "Invalid token: API key not found"),
    "unknown": (404, "NoResultFound", "No result found"),
    "rate": RATE_LIMIT,
    "day": DAY_LIMIT,
    "server": (500, "Exception", "Internal server error"),
    "away": (503, "Exception", "Service unavailable"),
}
"""Each error the documentation names, by a word of ours."""


@dataclass
class NotifyServer:
    """One running server. kept: every notification it made, oldest first, as the API shows it.

    fail_with: a refusal instead of an answer; `fail_after` keeps the message first. fail_when: the same, decided per
    message. status: what new notifications get. wait_s: silence before the answer. garbage: answer what is no JSON.
    callback_url: where `settle` brings its receipts; brought: what the other side answered to each.
    """

    url: str = ""
    kept: list[dict[str, Any]] = field(default_factory=list)
    fail_with: Refusal | None = None
    fail_after: bool = False
    fail_when: Callable[[dict[str, Any]], Refusal | None] | None = None
    status: str = "created"
    wait_s: float = 0.0
    garbage: bool = False
    callback_url: str = ""
    callback_token: str = CALLBACK_TOKEN
    brought: list[int] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _by_reference: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    _by_id: dict[str, dict[str, Any]] = field(default_factory=dict)

    def forget(self) -> None:
        """Empty and well-behaved again."""
        for kept in (self.kept, self.brought, self.requests, self._by_reference, self._by_id):
            kept.clear()
        self.fail_with, self.fail_after, self.fail_when = None, False, None
        self.status, self.wait_s, self.garbage, self.callback_url = "created", 0.0, False, ""

    def sent(self, reference: str) -> list[dict[str, Any]]:
        """The notifications under this reference, oldest first; more than one is a double."""
        return self._by_reference.get(reference, [])

    def texts(self, reference: str) -> list[str]:
        """The texts sent under this reference."""
        return [item["body"] for item in self.sent(reference)]

    def settle(self, reference: str, status: str) -> None:
        """What became of a message, and, with a `callback_url`, the receipt for it."""
        for item in self.sent(reference):
            item["status"] = status
            item["completed_at"] = _now()
            if self.callback_url:
                self.brought.append(self.bring(receipt(item)))

    def bring(self, content: dict[str, Any], *, token: str | None = None) -> int:
        """POSTs one receipt as Notify does, within its five seconds; the status of the answer, 0 for none."""
        asked = urllib.request.Request(
            self.callback_url,
            data=json.dumps(content).encode(),
            headers={
                "Content-Type": "application/json",
                "Authorization": f"Bearer {self.callback_token if token is None else token}",
            },
        )
        try:
            with urllib.request.urlopen(asked, timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code
        except OSError:
            return 0

    def keep(self, made: dict[str, Any]) -> None:
        """One more message."""
        self.kept.append(made)
        self._by_id[made["id"]] = made
        self._by_reference.setdefault(made["reference"], []).append(made)

    def find(self, reference: str | None, kind: str | None) -> list[dict[str, Any]]:
        """What a listing shows: newest first."""
        found = self.kept if reference is None else self.sent(reference)
        return [item for item in reversed(found) if kind in (None, item["type"])]

    def by_id(self, wanted: str) -> dict[str, Any] | None:
        """One message."""
        return self._by_id.get(wanted)


def receipt(item: dict[str, Any]) -> dict[str, Any]:
    """A delivery receipt as the documentation shows it."""
    return {
        "id": item["id"],
        "reference": item["reference"],
        "to": item.get("phone_number") or item.get("email_address"),
        "status": item["status"],
        "created_at": item["created_at"],
        "completed_at": item.get("completed_at"),
        "sent_at": item["created_at"],
        "notification_type": item["type"],
        "template_id": item["template"]["id"],
        "template_version": 1,
    }


@contextmanager
def notify_server() -> Iterator[NotifyServer]:
    """Run a server for the length of the block."""
    state = NotifyServer()

    class Handler(_Handler):
        server_state = state

    server = _Server(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_state: NotifyServer
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        state = self.server_state
        if not self._allowed() or self._refused(unless=state.fail_after):
            return
        try:
            data = json.loads(body)
        except ValueError:  # the caller died halfway its own sending
            self._error(400, "BadRequestError", "Invalid JSON")
            return
        refusal = self._refusal(data) or (state.fail_when(data) if state.fail_when else None)
        if refusal is not None:
            self._error(*refusal)
            return
        kind = self.path.rpartition("/")[2]
        told = data["personalisation"]
        made = {
            "id": str(uuid.uuid4()),
            "reference": data.get("reference"),
            **({"phone_number": data["phone_number"]} if kind == "sms" else {"email_address": data["email_address"]}),
            "type": kind,
            "status": state.status,
            "template": {"id": data["template_id"], "version": 1, "uri": f"{state.url}/v2/template/{TEMPLATE}"},
            "body": told["tekst"],
            "subject": told.get("onderwerp"),
            "one_click_unsubscribe": data.get("one_click_unsubscribe_url"),
            "created_at": _now(),
        }
        state.keep(made)
        if self._refused():
            return
        time.sleep(state.wait_s)
        self._answer(
            201,
            {
                "id": made["id"],
                "reference": made["reference"],
                "content": {"body": made["body"], "subject": made["subject"], "from_number": "GEMEENTE"},
                "uri": f"{state.url}/v2/notifications/{made['id']}",
                "template": made["template"],
                "scheduled_for": None,
            },
        )

    def _refusal(self, data: dict[str, Any]) -> Refusal | None:
        path = urlsplit(self.path).path
        if path not in ("/v2/notifications/sms", "/v2/notifications/email"):
            return REFUSALS["unknown"]
        sms = path.endswith("sms")
        address = "phone_number" if sms else "email_address"
        for name in (address, "template_id"):
            if name not in data:
                return 400, "ValidationError", f"{name} is a required property"
        to = str(data[address])
        if sms and (not to.startswith("+316") or len(to) != 12):
            return 400, "ValidationError", "phone_number Not a valid phone number"
        if not sms and to.count("@") != 1:
            return REFUSALS["no address"]
        if not str(data.get("one_click_unsubscribe_url", "https:")).startswith("https:"):
            return 400, "ValidationError", "one_click_unsubscribe_url is not a valid https url"
        if data["template_id"] != (TEMPLATE if sms else EMAIL_TEMPLATE):
            return REFUSALS["no template"]
        missing = [
            name for name in (["tekst"] if sms else ["onderwerp", "tekst"]) if not data["personalisation"].get(name)
        ]
        return (400, "BadRequestError", f"Missing personalisation: {', '.join(missing)}") if missing else None

    def do_GET(self) -> None:
        if not self._allowed() or self._refused(unless=self.server_state.fail_after):
            return
        parts = urlsplit(self.path)
        if parts.path == "/v2/notifications":
            asked = parse_qs(parts.query)
            found = self.server_state.find(*(asked.get(name, [None])[0] for name in ("reference", "template_type")))
            current = {"current": self.server_state.url + self.path}
            self._answer(200, {"notifications": found[:250], "links": current})
            return
        item = self.server_state.by_id(parts.path.rpartition("/")[2])
        if item is None:
            self._error(*REFUSALS["unknown"])
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
            self._error(*REFUSALS["clock"])
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


def _now() -> str:
    return datetime.now(UTC).isoformat()

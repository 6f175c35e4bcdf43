"""A push service for tests and benches: RFC 8030 over HTTP on the loopback, with devices that really decrypt.

It checks the VAPID signature (RFC 8292), Content-Encoding, TTL, Urgency and Topic; a later message with the same Topic
replaces one that was not fetched. Its devices undo the encryption by themselves, step by step as RFC 8291 has it, with
no code of ours. Free of pytest.
"""

import hashlib
import hmac
import json
import os
import threading
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

P256 = ec.SECP256R1()


@dataclass
class Device:
    """One browser. messages: what it could read, oldest first; waiting: by Topic, what it has not fetched."""

    endpoint: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(P256))
    secret: bytes = field(default_factory=lambda: os.urandom(16))
    messages: list[dict[str, Any]] = field(default_factory=list)
    waiting: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def p256dh(self) -> str:
        """Its public key."""
        return encode(self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint))

    @property
    def auth(self) -> str:
        """Its secret."""
        return encode(self.secret)

    @property
    def address(self) -> str:
        """In one line, as we keep it."""
        return f"{self.endpoint} {self.p256dh} {self.auth}"

    def read(self, body: bytes) -> bytes:
        """Undoes RFC 8188 and 8291. Raises for what is not for this device."""
        salt, size, length = body[:16], int.from_bytes(body[16:20], "big"), body[20]
        theirs, sealed = body[21 : 21 + length], body[21 + length :]
        assert len(body) <= size == 4096, "one record"
        shared = self.key.exchange(ec.ECDH(), ec.EllipticCurvePublicKey.from_encoded_point(P256, theirs))
        first = _hmac(self.secret, shared)
        material = _hmac(first, b"WebPush: info\0" + decode(self.p256dh) + theirs + b"\1")
        second = _hmac(salt, material)
        key = _hmac(second, b"Content-Encoding: aes128gcm\0\1")[:16]
        nonce = _hmac(second, b"Content-Encoding: nonce\0\1")[:12]
        plain, _, padding = AESGCM(key).decrypt(nonce, sealed, None).rpartition(b"\2")
        assert not padding.strip(b"\0"), "after the delimiter there is padding only"
        return plain


@dataclass
class PushServer:
    """One running push service. calls: each request's headers, oldest first.

    fail_with: a status instead of 201, with `retry_after`; fail_after: take the message first. wait_s: silence.
    """

    url: str = ""
    devices: dict[str, Device] = field(default_factory=dict)
    calls: list[dict[str, str]] = field(default_factory=list)
    fail_with: int = 0
    fail_after: bool = False
    retry_after: str = ""
    wait_s: float = 0.0
    location: str = ""

    def forget(self) -> None:
        """Empty and well-behaved again."""
        self.devices.clear()
        self.calls.clear()
        self.fail_with, self.fail_after, self.retry_after, self.wait_s, self.location = 0, False, "", 0.0, ""

    def device(self) -> Device:
        """A browser that subscribes."""
        path = f"/push/{encode(os.urandom(12))}"
        made = self.devices[path] = Device(f"{self.url}{path}")
        return made

    def unsubscribe(self, device: Device) -> None:
        """From now on its address is gone (410)."""
        self.devices[device.endpoint.removeprefix(self.url)] = None  # type: ignore[assignment]


@contextmanager
def push_server() -> Iterator[PushServer]:
    """Run a service for the length of the block."""
    state = PushServer()

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
    server_state: PushServer
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        state = self.server_state
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        state.calls.append({name.lower(): value for name, value in self.headers.items()})
        if state.fail_with and not state.fail_after:
            self._answer(state.fail_with)
            return
        device = state.devices.get(self.path)
        status = self._verdict(body) or (201 if device else 410 if self.path in state.devices else 404)
        if device is not None and status == 201:
            message = json.loads(device.read(body))
            topic = self.headers["Topic"]
            device.messages.append(message)
            device.waiting[topic] = message
        time.sleep(state.wait_s)
        self._answer(state.fail_with or status)

    def _verdict(self, body: bytes) -> int:
        """0 when this may be taken; else why not."""
        if len(body) > 4096:
            return 413
        ttl, topic = self.headers.get("TTL", ""), self.headers.get("Topic", "")
        if not ttl.isdigit() or self.headers.get("Content-Encoding") != "aes128gcm":
            return 400
        if len(topic) > 32 or not topic.replace("-", "").replace("_", "").isalnum():
            return 400
        if self.headers.get("Urgency") not in ("very-low", "low", "normal", "high"):
            return 400
        return 0 if self._signed() else 401

    def _signed(self) -> bool:
        scheme, _, rest = self.headers.get("Authorization", "").partition(" ")
        parts = dict(part.strip().split("=", 1) for part in rest.split(",") if "=" in part)
        if scheme.lower() != "vapid" or not {"t", "k"} <= parts.keys():
            return False
        key = ec.EllipticCurvePublicKey.from_encoded_point(P256, decode(parts["k"]))
        try:
            claims = jwt.decode(parts["t"], key, algorithms=["ES256"], audience=self.server_state.url)
        except jwt.InvalidTokenError:
            return False
        return claims["exp"] <= time.time() + 24 * 3600 and str(claims.get("sub", "")).startswith(("mailto:", "https:"))

    def _answer(self, status: int) -> None:
        try:
            self.send_response(status)
            if self.server_state.retry_after:
                self.send_header("Retry-After", self.server_state.retry_after)
            if self.server_state.location and status == 201:
                self.send_header("Location", self.server_state.location)
            self.send_header("Content-Length", "0")
            self.end_headers()
        except OSError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Keeps the output of tests clean."""


def encode(raw: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The same, back."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _hmac(key: bytes, content: bytes) -> bytes:
    return hmac.new(key, content, hashlib.sha256).digest()

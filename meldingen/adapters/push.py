"""Web Push: a short message to a melder's own device, through the push service of his browser (RFC 8030).

It cannot be asked what became of a message, so a resend is a possible double; the same `reference` replaces the earlier
one, at the push service and on the device. Where subscriptions are kept: store/push.py. Bytes: push_wire.py.
"""

import hashlib
import json
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies
from urllib3.exceptions import NewConnectionError

from .failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from .outside import is_allowed, refuse_private
from .push_wire import encrypt, public_point, read_device, read_key, sign, to_base64

TIMEOUT_S = 7
"""To connect and for the answer, each."""
KEPT_S: Final = 7 * 24 * 3600
"""How long a push service keeps a message for a device that is off."""
_MOST_ENDPOINT: Final = 1000


@dataclass(frozen=True)
class Push:
    """One push message. to: the device, as `store.push.PushSubscription.address` writes it. reference: ours.

    title, text: what the device shows; no personal data. path: where a tap leads, on our own website.
    urgent: shown at once, also when the device saves its battery.
    """

    to: str
    title: str
    text: str
    path: str
    reference: str
    urgent: bool = False


class PushSender(Protocol):
    """Sends push messages. Raises only TemporaryFailure (UncertainFailure) or PermanentFailure (AddressRefused)."""

    @property
    def public_key(self) -> str:
        """What a browser needs to subscribe with us, in base64url."""

    def accepts(self, endpoint: str) -> bool:
        """Whether this is the address of a push service that we call."""

    def send(self, push: Push) -> str:
        """Hands over one message and returns the id it has there, "" when it has none."""


class WebPush:
    """The push services of the browsers themselves, signed with our own key."""

    def __init__(self, *, key: str, contact: str, services: Sequence[str]) -> None:
        """`key`: ours (push_wire.read_key). `contact`: mailto: or https:, for whoever runs a push service.

        services: the hosts that are ever called, `*.` for any below; or a whole origin (http://127.0.0.1:4321) for a
        stand-in on this machine.
        """
        self._key, self._contact, self._services = read_key(key), contact, tuple(services)
        self.public_key = to_base64(public_point(self._key))

    def accepts(self, endpoint: str) -> bool:
        """An https address on a host of the list, or an address below an origin of it."""
        if len(endpoint) > _MOST_ENDPOINT or not endpoint.isascii() or any(c.isspace() for c in endpoint):
            return False
        try:
            parts = urlsplit(endpoint)
            standard = parts.port in (None, 443)
        except ValueError:
            return False
        if f"{parts.scheme}://{parts.netloc}" in self._services:
            return True
        host = parts.hostname or ""
        plain = parts.scheme == "https" and standard and "@" not in parts.netloc and not parts.fragment
        return plain and is_allowed(host, self._services)

    def send(self, push: Push) -> str:
        """POSTs it, encrypted. 404 and 410: the device has unsubscribed. Returns its id there, or ""."""
        endpoint, body = self._write(push)
        headers = {
            "Authorization": sign(endpoint, self._key, self._contact, now_s=time.time()),
            "Content-Encoding": "aes128gcm",
            "Content-Type": "application/octet-stream",
            "TTL": str(KEPT_S),
            "Urgency": "high" if push.urgent else "normal",
            "Topic": topic_of(push.reference),
        }
        try:
            with requests.post(
                endpoint, data=body, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, stream=True
            ) as answer:
                _expect(answer)
                return str(answer.headers.get("Location", ""))[:200]
        except requests.RequestException as error:
            raise _silence(error) from error

    def _write(self, push: Push) -> tuple[str, bytes]:
        """Where it goes and what goes. A device that is not one of ours to call is refused before anything leaves."""
        try:
            endpoint, p256dh, auth = push.to.split(" ")
            device = read_device(endpoint, p256dh, auth)
        except ValueError as error:
            raise AddressRefused("push: dit is geen apparaat") from error
        if not self.accepts(endpoint):
            raise AddressRefused("push: deze pushdienst staat niet op de lijst")
        if urlsplit(endpoint).scheme == "https" and not get_environ_proxies(endpoint):
            refuse_private(endpoint)
        try:
            return endpoint, encrypt(payload(push), device)
        except ValueError as error:
            raise PermanentFailure("push: het bericht is te lang") from error


def payload(push: Push) -> bytes:
    """What the service worker reads (static/js/sw.js)."""
    told: dict[str, str | bool] = {
        "titel": push.title, "tekst": push.text, "pad": push.path, "kenmerk": push.reference
    }  # fmt: skip
    if push.urgent:
        told["dringend"] = True  # stays until it is tapped, and shakes the phone
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def topic_of(reference: str) -> str:
    """Our reference as a Topic: at most 32 characters of base64url (RFC 8030, 5.4)."""
    if len(reference) <= 32 and reference.replace("-", "").replace("_", "").isalnum() and reference.isascii():
        return reference
    return to_base64(hashlib.sha256(reference.encode()).digest())[:32]


def _expect(answer: requests.Response) -> None:
    status, told = answer.status_code, f"push: {answer.status_code}"
    if 200 <= status < 300:
        return
    if status in (404, 410):
        raise AddressRefused(told)
    asked = str(answer.headers.get("Retry-After", ""))
    wait_s = float(asked) if asked.isdigit() else None
    if status in (401, 429, 503):  # our signature, which people mend; too fast; or away for now: nothing was taken
        raise TemporaryFailure(told, retry_after_s=wait_s)
    if status >= 500:
        raise UncertainFailure(told, retry_after_s=wait_s)
    raise PermanentFailure(told)


def _silence(error: requests.RequestException) -> TemporaryFailure:
    """Nobody there means that nothing was sent; later silence leaves us in doubt."""
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(error, requests.ConnectTimeout) or isinstance(cause, NewConnectionError):
        return TemporaryFailure("push: geen verbinding")
    return UncertainFailure("push: geen antwoord")


class MemoryPush:
    """Keeps what was sent, by reference, for tests and trials. `fail_with`: what the next calls raise."""

    public_key = "geheugen"

    def __init__(self) -> None:
        """Start empty and up."""
        self.sent: dict[str, Push] = {}
        self.calls: list[str] = []
        self.fail_with: Exception | None = None
        self._lock = threading.Lock()

    def accepts(self, endpoint: str) -> bool:
        """Any https address."""
        return endpoint.startswith("https://")

    def send(self, push: Push) -> str:
        """Keeps the message."""
        with self._lock:
            self.calls.append(push.reference)
            if self.fail_with is not None:
                raise self.fail_with
            self.sent[push.reference] = push
        return f"geheugen-{push.reference}"

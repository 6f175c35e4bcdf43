"""Web Push: a short message to a melder's own device, through the push service of his browser (RFC 8030, 8291, 8292).

It cannot be asked what became of a message, so a resend is a possible double; the same `reference` replaces the earlier
one on the device. Where the subscriptions are kept: store/push.py.
"""

import threading
from dataclasses import dataclass
from typing import Protocol


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

    def send(self, push: Push) -> str:
        """Hands over one message and returns the id it has there, "" when it has none."""


class MemoryPush:
    """Keeps what was sent, by reference, for tests and trials. `fail_with`: what the next calls raise."""

    def __init__(self) -> None:
        """Start empty and up."""
        self.sent: dict[str, Push] = {}
        self.calls: list[str] = []
        self.fail_with: Exception | None = None
        self._lock = threading.Lock()

    def send(self, push: Push) -> str:
        """Keeps the message."""
        with self._lock:
            self.calls.append(push.reference)
            if self.fail_with is not None:
                raise self.fail_with
            self.sent[push.reference] = push
        return f"geheugen-{push.reference}"

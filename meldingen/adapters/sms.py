"""SMS: one message and who can send it, with a twin that keeps it in memory for tests. The real one: notifynl.py.

A provider that can be asked by our reference is asked before any resend (KLANTREIS rule 2). The length of a text
and quiet hours are for `domain/notices.py`.
"""

import threading
from dataclasses import dataclass
from typing import Protocol

from ..domain.delivery import VERZONDEN
from .receipt import Receipt


@dataclass(frozen=True)
class Sms:
    """One SMS. to: a mobile number in E.164. reference: our own name for it, the same at each resend."""

    to: str
    text: str
    reference: str


class SmsSender(Protocol):
    """Sends SMS, and can tell. Raises only TemporaryFailure (UncertainFailure) or PermanentFailure (AddressRefused)."""

    def send(self, sms: Sms) -> str:
        """Hands over one message and returns the provider's id."""

    def find(self, reference: str) -> Receipt | None:
        """What became of the message with our reference; None when the provider never had it."""


class MemorySms:
    """Keeps what was sent, by reference, for tests and trials.

    fail_with: what the next calls raise. swallow: keep the message and then raise, as a time-out after sending does.
    statuses: what `find` tells of a reference, in our words.
    """

    def __init__(self) -> None:
        """Start empty and up."""
        self.sent: dict[str, Sms] = {}
        self.calls: list[str] = []
        self.statuses: dict[str, str] = {}
        self.fail_with: Exception | None = None
        self.swallow = False
        self._lock = threading.Lock()

    def send(self, sms: Sms) -> str:
        """Keeps the message."""
        with self._lock:
            self.calls.append(sms.reference)
            if self.fail_with is not None and not self.swallow:
                raise self.fail_with
            self.sent[sms.reference] = sms
            if self.fail_with is not None:
                raise self.fail_with
        return f"geheugen-{sms.reference}"

    def find(self, reference: str) -> Receipt | None:
        """What is kept under the reference; `statuses` may say what became of it."""
        with self._lock:
            if reference not in self.sent:
                return None
            return Receipt(f"geheugen-{reference}", self.statuses.get(reference, VERZONDEN))

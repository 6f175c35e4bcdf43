"""SMS out of the house through NotifyNL (the GOV.UK Notify protocol), or kept in memory for tests.

A provider that can be asked by our reference is asked before any resend (KLANTREIS rule 2). The length of a text
and quiet hours are for `domain/notices.py`.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from notifications_python_client.errors import APIError, HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

from ..domain.delivery import BEZORGD, NIET_BEZORGD, VERZONDEN
from .failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure

TIMEOUT_S = 7
"""To connect and for the answer, each; asking and sending together stay below the time-out of a job."""

_STATUSES = {
    "created": VERZONDEN,
    "sending": VERZONDEN,
    "pending": VERZONDEN,
    "sent": VERZONDEN,
    "delivered": BEZORGD,
    "permanent-failure": NIET_BEZORGD,
    "temporary-failure": NIET_BEZORGD,
    "technical-failure": NIET_BEZORGD,
}
"""Notify's statuses in ours. Its `temporary-failure` is final too: it has stopped trying."""


@dataclass(frozen=True)
class Sms:
    """One SMS. to: a mobile number in E.164. reference: our own name for it, the same at each resend."""

    to: str
    text: str
    reference: str


@dataclass(frozen=True)
class Receipt:
    """What the provider says of a message: its own id, our status (domain/delivery.py) and its word for it."""

    provider_id: str
    status: str
    reason: str = ""


class SmsSender(Protocol):
    """Sends SMS. Both calls raise only TemporaryFailure (UncertainFailure) or PermanentFailure (AddressRefused)."""

    def send(self, sms: Sms) -> str:
        """Hands over one message and returns the provider's id."""

    def find(self, reference: str) -> Receipt | None:
        """What became of the message with our reference; None when the provider never had it."""


class NotifySender:
    """NotifyNL with one template that holds one field: ((tekst))."""

    def __init__(self, *, api_key: str, url: str, template: str) -> None:
        """`api_key`: as Notify hands it out, its name and two uuids. `template`: the id of the template."""
        self._key, self._url, self._template = api_key, url, template

    def send(self, sms: Sms) -> str:
        """POST /v2/notifications/sms. A server error or silence leaves us in doubt: ask `find`."""
        answer = self._call(
            lambda client: client.send_sms_notification(
                phone_number=sms.to,
                template_id=self._template,
                personalisation={"tekst": sms.text},
                reference=sms.reference,
            ),
            doubt=True,
        )
        return self._text(answer, "id")

    def find(self, reference: str) -> Receipt | None:
        """GET /v2/notifications?reference=…; the newest when there are more."""
        answer = self._call(lambda client: client.get_all_notifications(reference=reference))
        known = answer.get("notifications") if isinstance(answer, dict) else None
        if not isinstance(known, list):
            raise TemporaryFailure("NotifyNL: onverwacht antwoord")
        mine = [item for item in known if isinstance(item, dict) and item.get("reference") == reference]
        if not mine:
            return None
        word = self._text(mine[0], "status")
        return Receipt(self._text(mine[0], "id"), _STATUSES.get(word, VERZONDEN), word)

    def _call(self, ask: Callable[[Any], Any], *, doubt: bool = False) -> Any:
        client = NotificationsAPIClient(self._key, base_url=self._url, timeout=TIMEOUT_S)  # type: ignore[no-untyped-call]
        try:
            return ask(client)
        except APIError as error:
            raise _failure(error, doubt=doubt) from error
        finally:
            client.request_session.close()

    @staticmethod
    def _text(answer: Any, field: str) -> str:
        value = answer.get(field) if isinstance(answer, dict) else None
        if not isinstance(value, str) or not value:
            raise UncertainFailure("NotifyNL: onverwacht antwoord")
        return value


def _failure(error: APIError, *, doubt: bool) -> TemporaryFailure | PermanentFailure:
    """Notify's refusal in our words. Keys, templates and limits are mended by people, so they are temporary."""
    if not isinstance(error, HTTPError) or error.response is None or error.status_code >= 500:
        told = f"NotifyNL: {error.status_code if error.response is not None else 'geen antwoord'}"
        return UncertainFailure(told) if doubt else TemporaryFailure(told)
    words = str(error.message).lower()
    told = f"NotifyNL: {error.status_code}"
    if error.status_code != 400 or "template_id" in words or "personalisation" in words or "template not" in words:
        return TemporaryFailure(told)
    if "phone_number" in words or "phone number" in words:
        return AddressRefused(told)
    return PermanentFailure(told)


class MemorySms:
    """Keeps what was sent, by reference, for tests and trials.

    fail_with: what the next calls raise. swallow: keep the message and then raise, as a time-out after sending does.
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

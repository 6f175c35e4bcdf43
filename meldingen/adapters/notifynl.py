"""SMS and e-mail through NotifyNL (the GOV.UK Notify protocol; its own client makes the JWT).

Both can tell: a message is found by our reference. Receipts that Notify brings itself come in at api/ontvangst.py;
the figures and words of its statuses stand here once. Not the words of a bericht: they travel in one template.
"""

from collections.abc import Callable
from typing import Any, Final

from notifications_python_client.errors import APIError, HTTPError
from notifications_python_client.notifications import NotificationsAPIClient

from ..domain.delivery import BEZORGD, NIET_BEZORGD, VERZONDEN
from .failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from .mail import Mail
from .receipt import Receipt
from .sms import Sms

TIMEOUT_S = 7
"""To connect and for the answer, each; asking and sending together stay below the time-out of a job."""
MINUTE_S: Final = 60.0
"""Its rate limit is per minute."""
HOUR_S: Final = 3600.0
"""Its daily limit ends at a midnight that it does not name: we look once an hour."""

STATUSES: Final = {
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
GONE: Final = "permanent-failure"
"""The number or mailbox does not exist, or refuses us: do not use it again."""


def receipt_of(provider_id: str, word: str) -> Receipt:
    """Notify's status as a receipt; a word it did not have when this was written means that it has the message."""
    return Receipt(provider_id, STATUSES.get(word, VERZONDEN), word, address_refused=word == GONE)


class _Notify:
    """One service at Notify and one template of it."""

    kind = ""

    def __init__(self, *, api_key: str, url: str, template: str) -> None:
        """`api_key`: as Notify hands it out, its name and two uuids. `template`: the id of the template."""
        self._key, self._url, self._template = api_key, url, template

    def find(self, reference: str) -> Receipt | None:
        """GET /v2/notifications?reference=…; the newest when there are more."""
        answer = self._call(lambda client: client.get_all_notifications(reference=reference, template_type=self.kind))
        known = answer.get("notifications") if isinstance(answer, dict) else None
        if not isinstance(known, list):
            raise TemporaryFailure("NotifyNL: onverwacht antwoord")
        mine = [item for item in known if isinstance(item, dict) and item.get("reference") == reference]
        if not mine:
            return None
        return receipt_of(_text(mine[0], "id"), _text(mine[0], "status"))

    def _call(self, ask: Callable[[Any], Any], *, doubt: bool = False) -> Any:
        client = NotificationsAPIClient(self._key, base_url=self._url, timeout=TIMEOUT_S)  # type: ignore[no-untyped-call]
        try:
            return ask(client)
        except APIError as error:
            raise _failure(error, doubt=doubt) from error
        finally:
            client.request_session.close()


class NotifySms(_Notify):
    """SMS by one template that holds one field: ((tekst))."""

    kind = "sms"

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
        return _text(answer, "id")


class NotifyMail(_Notify):
    """E-mail by one template: its subject is ((onderwerp)), its text ((tekst)). Notify makes the HTML."""

    kind = "email"

    def send(self, mail: Mail) -> str:
        """POST /v2/notifications/email. A server error or silence leaves us in doubt: ask `find`."""
        answer = self._call(
            lambda client: client.send_email_notification(
                email_address=mail.to,
                template_id=self._template,
                personalisation={"onderwerp": " ".join(mail.subject.split()), "tekst": mail.text},
                reference=mail.reference,
                one_click_unsubscribe_url=mail.unsubscribe_url if mail.unsubscribe_url.startswith("https://") else None,
            ),
            doubt=True,
        )
        return _text(answer, "id")


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
    if error.status_code == 429:
        return TemporaryFailure(told, retry_after_s=_wait_s(error, words))
    if error.status_code != 400 or "template_id" in words or "personalisation" in words or "template not" in words:
        return TemporaryFailure(told)
    if any(name in words for name in ("phone_number", "phone number", "email_address", "email address")):
        return AddressRefused(told)
    return PermanentFailure(told)


def _wait_s(error: HTTPError, words: str) -> float:
    """How long to stay away: what it asks for, else until its next minute, or an hour when the day is full."""
    asked = str(error.response.headers.get("Retry-After", "")) if error.response is not None else ""
    if asked.isdigit():
        return float(asked)
    return HOUR_S if "send limits" in words or "today" in words or "daily" in words else MINUTE_S

"""Telling a partner at his own address: one signed POST per event, in the form of Standard Webhooks.

A receiver cannot be asked what he has, so after silence the same id is sent again and he drops the double. What an
event says is domain/cloudevents.py.
"""

import json
import threading
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
from standardwebhooks.webhooks import Webhook

from .failures import PermanentFailure, TemporaryFailure, UncertainFailure
from .outside import is_allowed, refuse_private

TIMEOUT_S = 10


class HookSender(Protocol):
    """Tells one event. Raises only TemporaryFailure (UncertainFailure) or PermanentFailure: this address is gone."""

    def send(self, url: str, secret: str, event: Mapping[str, Any], *, at: datetime) -> None:
        """Hands over one CloudEvent; `at`: the moment of sending, by the clock of the world."""


class HttpHooks:
    """The real one: POST application/cloudevents+json with webhook-id, webhook-timestamp and webhook-signature."""

    def __init__(self, allowed: Collection[str], *, private: bool = False) -> None:
        """`allowed`: hosts we may call. `private`: the own machine too, in local mode."""
        self._allowed, self._private = tuple(allowed), private

    def send(self, url: str, secret: str, event: Mapping[str, Any], *, at: datetime) -> None:
        """2xx is yes, 410 is never again, everything else is later. No redirect is followed."""
        self._check(url)
        body = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        headers = {
            "Content-Type": "application/cloudevents+json; charset=utf-8",
            "webhook-id": str(event["id"]),
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(secret).sign(str(event["id"]), at, body),
        }
        try:
            answer = requests.post(url, data=body.encode(), headers=headers, timeout=TIMEOUT_S, allow_redirects=False)
        except requests.ConnectTimeout as error:
            raise TemporaryFailure("de partner is niet bereikbaar") from error
        except requests.RequestException as error:
            raise UncertainFailure("de partner zweeg") from error
        if answer.status_code == 410:
            raise PermanentFailure("de partner wil niets meer horen: 410")
        if not answer.ok or answer.is_redirect:
            raise TemporaryFailure(f"de partner weigert: {answer.status_code}")

    def _check(self, url: str) -> None:
        parts = urlsplit(url)
        if not is_allowed((parts.hostname or "").lower(), self._allowed):
            raise TemporaryFailure("dit adres staat niet in WEBHOOK_HOSTS")  # a setting, which people mend
        if self._private:
            return
        if parts.scheme != "https":
            raise PermanentFailure("dit adres begint niet met https")
        refuse_private(url)


class MemoryHooks:
    """Keeps what was told, for tests. `fail_with`: what the next calls raise."""

    def __init__(self) -> None:
        """Start empty and up."""
        self.told: list[tuple[str, Mapping[str, Any]]] = []
        self.fail_with: Exception | None = None
        self._lock = threading.Lock()

    def send(self, url: str, secret: str, event: Mapping[str, Any], *, at: datetime) -> None:
        """Keeps the event; an UncertainFailure comes after keeping it, as silence does."""
        Webhook(secret).sign(str(event["id"]), at, json.dumps(event))
        with self._lock:
            if self.fail_with is None or isinstance(self.fail_with, UncertainFailure):
                self.told.append((url, event))
            if self.fail_with is not None:
                raise self.fail_with

"""What lies outside the town: a mail server, Notify, and what they and the melders send back, as stand-ins.

They keep what they received; that, not our tables, is what the stories look at.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Final

from tests.standins.notify import API_KEY, CALLBACK_TOKEN, TEMPLATE, NotifyServer, notify_server, receipt
from tests.standins.smtp import MailServer, mail_server

from .town import Town

INCOMING_TOKEN: Final = "een-token-van-de-mailserver-van-duinstede"


@dataclass
class Providers:
    """Both providers, for the length of the block."""

    mail: MailServer = field(default_factory=MailServer)
    notify: NotifyServer = field(default_factory=NotifyServer)
    _running: ExitStack = field(default_factory=ExitStack)
    _mail_running: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> "Providers":
        self._mail_running.enter_context(mail_server(again=self.mail))
        self.notify = self._running.enter_context(notify_server())
        return self

    def __exit__(self, *_: object) -> None:
        self._mail_running.close()
        self._running.close()

    @property
    def settings(self) -> dict[str, str]:
        """What makes an installation use them instead of the postvak."""
        return {
            "SMTP_URL": self.mail.url,
            "MAIL_FROM": "Meldingen <meldingen@duinstede.nl>",
            "MAIL_BOUNCE": "retour@duinstede.nl",
            "MAIL_ANTWOORD": "antwoord@duinstede.nl",
            "MAIL_INKOMEND_TOKEN": INCOMING_TOKEN,
            "NOTIFYNL_API_KEY": API_KEY,
            "NOTIFYNL_URL": self.notify.url,
            "NOTIFYNL_SMS_TEMPLATE": TEMPLATE,
            "NOTIFYNL_CALLBACK_TOKEN": CALLBACK_TOKEN,
        }

    @contextmanager
    def without_mail(self) -> Iterator[None]:
        """Nobody listens at the port of the mail server; afterwards it is there again, with the mail it had."""
        self._mail_running.close()
        try:
            yield
        finally:
            self._mail_running.enter_context(mail_server(again=self.mail))

    def mails(self, to: str) -> list[EmailMessage]:
        """What the mail server took for this address, oldest first."""
        return [message for message, receivers in self.mail.accepted if to in receivers]

    def texts(self, to: str) -> list[str]:
        """The SMS that Notify took for this number, oldest first."""
        return [str(item["body"]) for item in self.notify.kept if item.get("phone_number") == to]

    def mail_comes_in(self, town: Town, raw: bytes, to: str) -> str:
        """The mail server brings us a mail; what became of it."""
        head = {"Authorization": f"Bearer {INCOMING_TOKEN}", "Content-Type": "message/rfc822", "Envelope-To": to}
        answer = town.app.test_client().post("/ontvangst/mail", data=raw, headers=head)
        assert answer.status_code == 200, answer.text
        return str(answer.json["soort"])

    def notify_calls_back(self, town: Town, to: str, status: str) -> None:
        """What became of the last SMS to this number."""
        item: dict[str, Any] = [item for item in self.notify.kept if item.get("phone_number") == to][-1]
        item["status"] = status
        head = {"Authorization": f"Bearer {CALLBACK_TOKEN}"}
        answer = town.app.test_client().post("/ontvangst/notifynl", json=receipt(item), headers=head)
        assert answer.status_code == 204, answer.text


def plain(message: EmailMessage) -> str:
    """The words of a mail."""
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content())

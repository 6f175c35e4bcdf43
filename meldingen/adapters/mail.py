"""E-mail out of the house: one message to one receiver, by SMTP, or kept in memory for tests.

What a message says and when it goes is for `flow/`; what comes back as mail is fetched by `mailbox.py`.
"""

import contextlib
import re
import select
import smtplib
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email.errors import MessageError
from email.headerregistry import Address, BaseHeader, HeaderRegistry, UnstructuredHeader
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8, Policy
from email.utils import format_datetime, parseaddr
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import dkim
from email_validator import EmailNotValidError, validate_email

from .failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure

TIMEOUT_S = 10
"""For each step of the conversation."""
TOTAL_S = 25
"""For all of it together: below the time-out of a job, however slowly the other side talks."""


class _Whole(UnstructuredHeader, BaseHeader):
    """A header that is written as it is: the standard library would encode a long address, and then it is none; and it
    would take each word of ours apart to put it together again."""

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """There is nothing to find in it."""
        kwds["parse_tree"], kwds["decoded"] = None, value

    def fold(self, *, policy: Policy) -> str:
        """The line whole."""
        return f"{self.name}: {self}{policy.linesep}"


class _Registry(HeaderRegistry):
    """The standard one makes a new class for each header of each message; ten names need ten classes."""

    def __init__(self) -> None:
        super().__init__()
        self._made: dict[str, type[BaseHeader]] = {}

    def __getitem__(self, name: str) -> type[BaseHeader]:
        known = self._made.get(name.lower())
        if known is None:
            known = self._made[name.lower()] = super().__getitem__(name)
        return known


_HEADERS = _Registry()
for _name in (
    "list-unsubscribe", "list-unsubscribe-post", "message-id", "date", "auto-submitted", "x-auto-response-suppress",
    "content-language",
):  # fmt: skip
    _HEADERS.map_to_type(_name, _Whole)
WIRE, WIRE_UTF8 = SMTP.clone(header_factory=_HEADERS), SMTPUTF8.clone(header_factory=_HEADERS)

_GONE = re.compile(rb"\b5\.(1\.\d+|2\.1)\b")
_ENHANCED = re.compile(rb"\b5\.\d+\.\d+\b")


@dataclass(frozen=True)
class Mail:
    """One e-mail. reference: our own name for it, the same at each resend. at: when it is said to be written.

    to: one address without a name. sender_name: shown before our own address. reply_to: may be empty.
    envelope_from: where a bounce goes; empty: our own address. unsubscribe_url: one click for less mail (RFC 8058).
    """

    to: str
    subject: str
    text: str
    html: str
    reference: str
    at: datetime
    sender_name: str = ""
    reply_to: str = ""
    envelope_from: str = ""
    unsubscribe_url: str = ""


@dataclass(frozen=True)
class Dkim:
    """With what we sign. selector: the name in DNS, `<selector>._domainkey.<domain>`. key: an RSA key in PEM."""

    selector: str
    domain: str
    key: bytes

    def sign(self, body: bytes) -> bytes:
        """The message with its signature before it. Every header of ours is signed, also what offers less mail, which
        RFC 8058 asks. Raises dkim.DKIMException for a key that is none."""
        present = {line.partition(b":")[0].lower() for line in body.partition(b"\r\n\r\n")[0].split(b"\r\n")}
        signature: bytes = dkim.sign(
            body,
            self.selector.encode(),
            self.domain.encode("idna"),
            self.key,
            canonicalize=(b"relaxed", b"relaxed"),
            include_headers=[name for name in _SIGNED if name in present] + [b"from"],
        )
        return signature + body


_SIGNED = (
    b"from", b"to", b"reply-to", b"subject", b"date", b"message-id", b"mime-version", b"content-type",
    b"content-transfer-encoding", b"content-language", b"auto-submitted", b"list-unsubscribe",
    b"list-unsubscribe-post",
)  # fmt: skip
"""`from` is named once more after these, so that nobody can put a second sender above ours."""


class MailSender(Protocol):
    """Sends e-mail. Raises only TemporaryFailure (UncertainFailure) or PermanentFailure (AddressRefused).

    One that can tell what became of a message (NotifyNL) is a `receipt.CanTell` too.
    """

    def send(self, mail: Mail) -> str:
        """Hands over one message and returns the id it has there. The same reference is the same message."""


class _Conversation(smtplib.SMTP):
    """SMTP whose every answer is waited for at most TIMEOUT_S, and all of them together at most TOTAL_S."""

    ends_at = 0.0

    def getreply(self) -> tuple[int, bytes]:
        """One answer. Raises TimeoutError."""
        self.ends_at = self.ends_at or time.monotonic() + TOTAL_S
        if self.sock is not None:
            self.sock.settimeout(max(0.001, min(TIMEOUT_S, self.ends_at - time.monotonic())))
        return super().getreply()


class _SecureConversation(_Conversation, smtplib.SMTP_SSL):
    """The same over TLS from the first byte."""


class _Kept(threading.local):
    """Of one thread: whether messages share a connection now, and that connection."""

    open = False
    server: _Conversation | None = None


class SmtpSender:
    """A mail server at `smtp://[user:password@]host[:port][?starttls=1]` or `smtps://…`; a connection per message, or
    one for all that is sent `together`."""

    def __init__(
        self, url: str, mail_from: str, *, tls: ssl.SSLContext | None = None, signing: Dkim | None = None
    ) -> None:
        """`mail_from`: our address, with or without a name. `tls`: default checks the server's certificate."""
        parts = urlsplit(url)
        self._tls = tls
        self._secure = parts.scheme == "smtps"
        self._starttls = parse_qs(parts.query).get("starttls") == ["1"]
        self._host = parts.hostname or ""
        self._port = parts.port or (465 if self._secure else 587 if self._starttls else 25)
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._from = mail_from
        self.signing = signing
        self._kept = _Kept()

    def send(self, mail: Mail) -> str:
        """Returns the Message-ID. After the last byte of a message silence means UncertainFailure."""
        message = write_message(mail, self._from)
        to = message["To"].addresses[0].addr_spec
        body = message.as_bytes(policy=WIRE if to.isascii() else WIRE_UTF8)
        if self.signing is not None:
            body = self.signing.sign(body)
        with _failures(), self._connected() as server:
            options = () if to.isascii() else ("SMTPUTF8",)
            if options and not server.has_extn("smtputf8"):
                raise PermanentFailure("mailserver kent dit soort adres niet")
            _expect(server.mail(mail.envelope_from or parseaddr(self._from)[1], options), "afzender", ours=True)
            _expect(server.rcpt(to), "ontvanger")
            _hand_over(server, body)
        return str(message["Message-ID"])

    @contextlib.contextmanager
    def together(self) -> Iterator[None]:
        """What this thread sends meanwhile goes over one connection; a new one after anything that went wrong."""
        self._kept.open = True
        try:
            yield
        finally:
            self._kept.open = False
            self._leave(self._kept.server)
            self._kept.server = None

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A conversation that may begin a message; kept for the next one, said goodbye to, or broken off."""
        server = self._kept_server() or self._connect()
        self._kept.server = None
        try:
            yield server
        except BaseException:
            server.close()
            raise
        if self._kept.open:
            self._kept.server = server
        else:
            self._leave(server)

    def _kept_server(self) -> "_Conversation | None":
        """The connection of the message before, when the server did not take its leave there: who does says so."""
        server = self._kept.server
        if server is None or server.sock is None:
            return None
        line = select.poll()
        line.register(server.sock, select.POLLIN)
        if line.poll(0):
            server.close()
            return None
        server.ends_at = 0.0
        return server

    @staticmethod
    def _leave(server: "_Conversation | None") -> None:
        if server is not None:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                server.quit()
            server.close()

    def _connect(self) -> "_Conversation":
        """Greeted, secured and signed in."""
        us = parseaddr(self._from)[1].rpartition("@")[2]
        if self._secure:
            server: _Conversation = _SecureConversation(
                self._host, self._port, us, timeout=TIMEOUT_S, context=self._tls or ssl.create_default_context()
            )
        else:
            server = _Conversation(self._host, self._port, us, timeout=TIMEOUT_S)
        try:
            server.ehlo_or_helo_if_needed()
            if self._starttls:
                server.starttls(context=self._tls or ssl.create_default_context())
                server.ehlo()
            if self._user:
                if not (self._secure or self._starttls):
                    raise TemporaryFailure("mailserver: een wachtwoord gaat alleen over TLS (?starttls=1)")
                server.login(self._user, self._password)
        except BaseException:
            server.close()
            raise
        return server


def write_message(mail: Mail, mail_from: str) -> EmailMessage:
    """The message as it goes over the wire. Raises PermanentFailure for what cannot be a header or an address."""
    domain = parseaddr(mail_from)[1].rpartition("@")[2]
    message = EmailMessage(policy=WIRE)
    try:
        message["From"] = Address(mail.sender_name, addr_spec=parseaddr(mail_from)[1])
        message["To"] = _receiver(mail.to)
        if mail.reply_to:
            message["Reply-To"] = _receiver(mail.reply_to)
        message["Subject"] = " ".join(mail.subject.split())
        message["Date"] = format_datetime(mail.at)
        message["Message-ID"] = f"<{mail.reference}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["X-Auto-Response-Suppress"] = "All"
        message["Content-Language"] = "nl"
        if mail.unsubscribe_url:
            message["List-Unsubscribe"] = f"<{mail.unsubscribe_url}>"
            message["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        message.set_content(mail.text)
        message.add_alternative(mail.html, subtype="html")
    except (ValueError, MessageError) as error:
        raise PermanentFailure("dit kan geen e-mail zijn") from error
    return message


def _receiver(address: str) -> Address:
    """One bare address; a domain in letters beyond ASCII is written as DNS knows it."""
    try:
        checked = validate_email(address, check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise AddressRefused("geen geldig e-mailadres") from error
    return Address(username=checked.local_part, domain=checked.ascii_domain or checked.domain)


def _hand_over(server: smtplib.SMTP, body: bytes) -> None:
    """DATA. Once it has begun, a connection that breaks leaves us in doubt."""
    try:
        reply = server.data(body)
    except smtplib.SMTPDataError as error:
        reply = error.smtp_code, error.smtp_error if isinstance(error.smtp_error, bytes) else b""
    except (OSError, smtplib.SMTPServerDisconnected) as error:
        raise UncertainFailure("mailserver zweeg na het bericht") from error
    _expect(reply, "bericht", about_address=False)


def _expect(reply: tuple[int, bytes], what: str, *, ours: bool = False, about_address: bool = True) -> None:
    """Turns a refusal into our words. Only the code is told on: the text of a server may quote the address.

    ours: what was refused is a setting of ours, which people mend, so that it is never the melder's loss.
    """
    code, words = reply
    if 200 <= code < 300:
        return
    told = f"mailserver weigert {what}: {code}"
    if code < 500 or ours or code == 530:
        raise TemporaryFailure(told)
    enhanced = _ENHANCED.search(words)
    if about_address and (_GONE.search(words) if enhanced else code in (550, 551, 553)):
        raise AddressRefused(told)
    raise PermanentFailure(told)


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """What breaks before the message is handed over is temporary: nothing was sent."""
    try:
        yield
    except smtplib.SMTPResponseException as error:
        raise TemporaryFailure(f"mailserver: {error.smtp_code}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise TemporaryFailure(f"mailserver: {type(error).__name__}") from error


class MemoryMail:
    """Keeps what was sent, by reference, for tests and trials. `fail_with`: what the next calls raise."""

    def __init__(self) -> None:
        """Start empty and up."""
        self.sent: dict[str, Mail] = {}
        self.calls: list[str] = []
        self.fail_with: Exception | None = None
        self._lock = threading.Lock()

    def send(self, mail: Mail) -> str:
        """Writes the message as the real one would, and keeps it."""
        identity = str(write_message(mail, "meldingen@example.nl")["Message-ID"])
        with self._lock:
            self.calls.append(mail.reference)
            if self.fail_with is not None:
                raise self.fail_with
            self.sent[mail.reference] = mail
        return identity

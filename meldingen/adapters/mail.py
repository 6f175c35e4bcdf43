"""E-mail out of the house: one message to one receiver, by SMTP, or kept in memory for tests.

What a message says and when it goes is for `flow/`; what comes back as mail is fetched by `mailbox.py`.
"""

import base64
import binascii
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
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import Any, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import dkim
from email_validator import EmailNotValidError, validate_email

from .failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure

TIMEOUT_S = 10
"""For each step of the conversation."""
TOTAL_S = 25
"""For all of it together: below the time-out of a job, however slowly the other side talks."""


_PLAIN = re.compile(r"(?!.*=\?)[!-~](?:[ -~]{0,60}[!-~])?")
"""What a header may say as it is: short, of ASCII, and nothing that would be read as an encoded word."""
_ADDRESS = re.compile(r"[\w.+=/-]{1,40}@[\w.-]{1,36}", re.ASCII)
"""The same for an address."""
_WHOLE = re.compile(r"[ -~]{0,900}")
"""What may stand on one line however long: the standard library would encode a long address, and then it is none."""

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
        body = self.signing.sign(message.body) if self.signing is not None else message.body
        with _failures(), self._connected() as server:
            options = ("SMTPUTF8",) if message.beyond_ascii else ()
            if options and not server.has_extn("smtputf8"):
                raise PermanentFailure("mailserver kent dit soort adres niet")
            _expect(server.mail(mail.envelope_from or parseaddr(self._from)[1], options), "afzender", ours=True)
            _expect(server.rcpt(message.to), "ontvanger")
            _hand_over(server, body)
        return message.identity

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


@dataclass(frozen=True)
class Written:
    """A message as it goes over the wire. beyond_ascii: its headers hold letters that a mail server must know."""

    identity: str
    to: str
    subject: str
    body: bytes
    beyond_ascii: bool


_BOUNDARY = "=_deel"
"""Between the parts. "=_" stands in nothing that is quoted-printable or base64 (RFC 2045 6.7)."""


def write_message(mail: Mail, mail_from: str) -> Written:
    """The message as it goes over the wire; the same mail is the same bytes. Raises PermanentFailure for what cannot be
    a header or an address.

    A header is left to the standard library when it is more than plain words: that takes everything apart to put it
    together again, which was a quarter of the work of sending.
    """
    ours = parseaddr(mail_from)[1]
    to, subject = _receiver(mail.to).addr_spec, " ".join(mail.subject.split())
    policy = SMTP if to.isascii() else SMTPUTF8
    identity = f"<{mail.reference}@{ours.rpartition('@')[2]}>"
    whole = {
        "Date": format_datetime(mail.at),
        "Message-ID": identity,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "Content-Language": "nl",
    }
    if mail.unsubscribe_url:
        whole |= {
            "List-Unsubscribe": f"<{mail.unsubscribe_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    whole |= {"MIME-Version": "1.0", "Content-Type": f'multipart/alternative; boundary="{_BOUNDARY}"'}
    try:
        headers = [
            _from_header(mail.sender_name, ours, policy),
            _header("To", to, policy, _ADDRESS),
            _header("Reply-To", _receiver(mail.reply_to).addr_spec, policy, _ADDRESS) if mail.reply_to else "",
            _header("Subject", subject, policy, _PLAIN),
            *(_header(name, value, None, _WHOLE) for name, value in whole.items()),
        ]
        body = "".join(headers).encode() + _part("plain", mail.text) + _part("html", mail.html)
    except (ValueError, MessageError) as error:
        raise PermanentFailure("dit kan geen e-mail zijn") from error
    return Written(identity, to, subject, body + f"\r\n--{_BOUNDARY}--\r\n".encode(), not to.isascii())


def _header(name: str, value: str, policy: "EmailPolicy[Any] | None", plain: re.Pattern[str]) -> str:
    """One header with the end of its line. policy: writes what is not `plain`; None: that cannot be. Raises
    ValueError."""
    if plain.fullmatch(value):
        return f"{name}: {value}\r\n"
    if policy is None:
        raise ValueError(name)
    folded: str = policy.fold(*policy.header_store_parse(name, value))
    return folded


@cache
def _from_header(sender_name: str, ours: str, policy: "EmailPolicy[Any]") -> str:
    """Who sends: one per gemeente."""
    folded: str = policy.fold(*policy.header_store_parse("From", str(Address(sender_name, addr_spec=ours))))
    return folded


def _part(subtype: str, text: str) -> bytes:
    """The text as one of the parts, in lines that every mail server passes on: as words where most are of ASCII."""
    lines = b"".join(line + b"\r\n" for line in text.encode().splitlines())
    encoding, inside = "quoted-printable", binascii.b2a_qp(lines)
    if len(inside) > 2 * len(lines):
        encoding, inside = "base64", base64.encodebytes(lines).replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return f"\r\n--{_BOUNDARY}\r\n{head}".encode() + inside


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
        identity = write_message(mail, "meldingen@example.nl").identity
        with self._lock:
            self.calls.append(mail.reference)
            if self.fail_with is not None:
                raise self.fail_with
            self.sent[mail.reference] = mail
        return identity

"""E-mail out of the house: one message to one receiver, by SMTP, or kept in memory for tests.

What a message says and when it goes is for `flow/`, its bytes are for `mime.py`; what comes back as mail is fetched by
`mailbox.py`.
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
from email.utils import parseaddr
from typing import Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import dkim

from .failures import AddressRefused, PermanentFailure, TemporaryFailure, UncertainFailure
from .mime import Written, write_message

TIMEOUT_S = 10
"""For each step of the conversation."""
TOTAL_S = 25
"""For all of it together: below the time-out of a job, however slowly the other side talks."""


GO_AHEAD = 354
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)
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
            if message.beyond_ascii and not server.has_extn("smtputf8"):
                raise PermanentFailure("mailserver kent dit soort adres niet")
            _hand_over(server, mail.envelope_from or parseaddr(self._from)[1], message, body)
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


def _hand_over(server: smtplib.SMTP, sender: str, message: Written, body: bytes) -> None:
    """One message, in two round trips where the server takes several steps at once (PIPELINING, RFC 2920), else in
    four. Once its text has left, a connection that breaks leaves us in doubt; before that nothing was sent."""
    utf8 = " SMTPUTF8" if message.beyond_ascii else ""
    steps = [f"MAIL FROM:{smtplib.quoteaddr(sender)}{utf8}", f"RCPT TO:{smtplib.quoteaddr(message.to)}", "DATA"]
    together = server.has_extn("pipelining")
    if together:
        server.send("".join(f"{step}\r\n" for step in steps).encode())

    def reply_to(step: str) -> tuple[int, bytes]:
        if not together:
            server.send(f"{step}\r\n".encode())
        return server.getreply()

    _expect(reply_to(steps[0]), "afzender", ours=True)
    _expect(reply_to(steps[1]), "ontvanger")
    code, words = reply_to(steps[2])
    if code != GO_AHEAD:
        _expect((max(code, 400), words), "bericht", about_address=False)
    try:
        server.send(_LEADING_DOT.sub(b"..", body) + b".\r\n")
        reply = server.getreply()
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

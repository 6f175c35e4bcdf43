"""A mail server for tests: aiosmtpd on the loopback, which keeps what it accepts and can be told to misbehave.

It knows STARTTLS and AUTH, refuses receivers, greylists, falls silent or breaks off after DATA, and sends mail back
later as a delivery report (RFC 3464).
"""

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from functools import cache
from typing import Any

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

USER, PASSWORD = "meldingen", "ge:heim@"


@dataclass
class MailServer:
    """One running server. accepted: every message it took, with the addresses of its envelope; peers: by which
    connection.

    refuse: reply per step (`MAIL`, `RCPT`, `DATA`). greylist: the first try of each receiver gets 451.
    break_off: keep the message and hang up without a word. wait_s: silence after DATA.
    slow_s: before each answer to MAIL and RCPT. pipelining: says that it takes several steps at once.
    """

    port: int = 0
    accepted: list[tuple[EmailMessage, list[str]]] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    peers: list[object] = field(default_factory=list)
    fates: dict[str, str] = field(default_factory=dict)
    returned: list[bytes] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)
    greylist: bool = False
    break_off: bool = False
    wait_s: float = 0.0
    slow_s: float = 0.0
    pipelining: bool = False
    tried: set[str] = field(default_factory=set)
    signed_in: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """What SMTP_URL would say."""
        return f"smtp://127.0.0.1:{self.port}"

    def messages(self, reference: str) -> list[EmailMessage]:
        """What was accepted under this reference, oldest first."""
        return [message for message, _ in self.accepted if message["Message-ID"].startswith(f"<{reference}@")]

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [*responses[:-1], *(["250-PIPELINING"] if self.pipelining else []), *responses[-1:]]

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        await asyncio.sleep(self.slow_s)
        if "MAIL" in self.refuse:
            return self.refuse["MAIL"]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        await asyncio.sleep(self.slow_s)
        if "RCPT" in self.refuse:
            return self.refuse["RCPT"]
        fate = self.fates.get(address, "")
        if fate[:1].isdigit():
            return fate
        if self.greylist and address not in self.tried:
            self.tried.add(address)
            return "451 4.7.1 probeer het later opnieuw"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if "DATA" in self.refuse:
            return self.refuse["DATA"]
        assert isinstance(envelope.original_content, bytes)
        message = message_from_bytes(envelope.original_content, policy=default)
        self.accepted.append((message, list(envelope.rcpt_tos)))
        self.raw.append(envelope.original_content)
        self.senders.append(envelope.mail_from or "")
        self.peers.append(session.peer)
        for address in envelope.rcpt_tos:
            kind, _, status = self.fates.get(address, "").partition(" ")
            if kind in ("terug", "later"):
                report = delivery_report(
                    envelope.original_content, envelope.mail_from or "", address, status, delayed=kind == "later"
                )
                self.returned.append(report)
        if self.wait_s:
            await asyncio.sleep(self.wait_s)
        if self.break_off:
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Checks the one user we know."""
        good = isinstance(data, LoginPassword) and data == LoginPassword(USER.encode(), PASSWORD.encode())
        if good:
            self.signed_in.append(USER)
        return AuthResult(success=good, handled=False)


def delivery_report(raw: bytes, sender: str, receiver: str, status: str, *, delayed: bool = False) -> bytes:
    """What a mail server sends to the envelope's sender of a mail it took and cannot deliver, as Postfix writes it."""
    headers = raw.partition(b"\r\n\r\n")[0].decode("utf-8", "replace")
    action, code = ("delayed", "450") if delayed else ("failed", "550")
    lines = [
        "Return-Path: <>",
        "From: Mail Delivery System <MAILER-DAEMON@mx.example.nl>",
        f"To: {sender}",
        "Subject: Undelivered Mail Returned to Sender",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="grens"',
        "",
        "--grens",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        f"I'm sorry to have to inform you that your message could not be delivered to {receiver}.",
        "",
        "--grens",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mx.example.nl",
        "Arrival-Date: Tue, 14 Apr 2026 08:47:00 +0200",
        "",
        f"Final-Recipient: rfc822; {receiver}",
        f"Action: {action}",
        f"Status: {status}",
        f"Diagnostic-Code: smtp; {code} {status} <{receiver}>: not here",
        "",
        "--grens",
        "Content-Type: text/rfc822-headers",
        "",
        headers,
        "",
        "--grens--",
        "",
    ]
    return "\r\n".join(lines).encode()


def trusting() -> ssl.SSLContext:
    """A client context that trusts the certificate of the stand-in and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context


@cache
def authority() -> trustme.CA:
    """Signs for the loopback alone, made anew in each test process: no key lies about in the repository."""
    return trustme.CA()


@contextmanager
def mail_server(*, tls: str = "", auth: bool = False, again: MailServer | None = None) -> Iterator[MailServer]:
    """Run a server for the length of the block. tls: empty, `starttls` or `smtps`.

    again: the state of one that was down; it comes back at its own port, with what it had.
    """
    state = again or MailServer()
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority().issue_cert("127.0.0.1", "localhost").configure_cert(context)

    def conversation() -> SMTP:
        return SMTP(
            state,
            hostname="mail.example.nl",
            enable_SMTPUTF8=True,
            tls_context=context if tls == "starttls" else None,
            auth_required=auth,
            auth_require_tls=tls != "smtps",
            authenticator=state.authenticate if auth else None,
            loop=loop,
        )

    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(conversation, "127.0.0.1", state.port, ssl=context if tls == "smtps" else None)
    )
    state.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="mailserver", daemon=True)
    thread.start()
    try:
        yield state
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _close(server: asyncio.Server) -> None:
    server.close()
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)

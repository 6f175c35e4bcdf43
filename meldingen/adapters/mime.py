"""An e-mail as the bytes that go over the wire (RFC 5322, 2045): one receiver, a text and the same as a page.

Who sends it on, and how a mail server answers: mail.py. A header is left to the standard library when it is more than
plain words: that takes everything apart to put it together again, which was a quarter of the work of sending.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from email.errors import MessageError
from email.headerregistry import Address
from email.policy import SMTP, SMTPUTF8, EmailPolicy
from email.utils import format_datetime, parseaddr
from functools import cache
from typing import TYPE_CHECKING, Any

from email_validator import EmailNotValidError, validate_email

from .failures import AddressRefused, PermanentFailure

if TYPE_CHECKING:
    from .mail import Mail

_PLAIN = re.compile(r"(?!.*=\?)[!-~](?:[ -~]{0,60}[!-~])?")
"""What a header may say as it is: short, of ASCII, and nothing that would be read as an encoded word."""
_ADDRESS = re.compile(r"[\w.+=/-]{1,40}@[\w.-]{1,36}", re.ASCII)
"""The same for an address."""
_WHOLE = re.compile(r"[ -~]{0,900}")
"""What may stand on one line however long: the standard library would encode a long address, and then it is none."""


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


def write_message(mail: "Mail", mail_from: str) -> Written:
    """The message as it goes over the wire; the same mail is the same bytes. Raises PermanentFailure for what cannot be
    a header or an address."""
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

"""Reading one mail as it came in: who, about which of our messages, what was written, what was sent along. No I/O.

Whatever it looks like, it ends as an IncomingLetter or as Unreadable: broken headers, unknown charsets, NUL, endless
nesting. Nothing that is packed is unpacked. Whose melding it is about is for flow/replies.py.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.errors import HeaderParseError
from email.header import decode_header
from email.message import Message
from email.utils import getaddresses
from typing import Final

from .quoting import html_as_text
from .reports import Failure, read_report

MAX_BYTES: Final = 30 * 2**20
"""One photo of 20 MB, as mail writes it."""
MAX_PARTS: Final = 100
MAX_HTML: Final = 200_000
SUBJECT_LENGTH: Final = 300

Headers = dict[str, list[str]]

_BOUNDARY = re.compile(rb"boundary\s*=|message/(rfc822|global)", re.IGNORECASE)
_MESSAGE_ID = re.compile(r"<[^<>\s]{3,250}>")
_UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
_RECEIVERS = ("to", "cc", "delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "x-forwarded-to")
_SIGNATURES = ("application/pkcs7-signature", "application/x-pkcs7-signature", "application/pgp-signature",
               "application/pgp-keys", "text/x-vcard", "text/vcard")  # fmt: skip
_AUTOMATIC_SUBJECT = re.compile(
    r"\s*(automatisch(e)? (antwoord|reactie)|automatic reply|auto(-| )?(reply|response|matic response)|autoreply"
    r"|out of (the )?office|afwezigheids(bericht|assistent|melding)|(ik ben )?afwezig\s*(:|$)|niet aanwezig\s*(:|$)"
    r"|vakantiebericht|ontvangstbevestiging|abwesenheitsnotiz|r[ée]ponse automatique)",
    re.IGNORECASE,
)


class Unreadable(Exception):
    """This cannot be read as a mail. The message is a code, never anything from the mail."""


@dataclass(frozen=True)
class IncomingLetter:
    """What a mail says.

    sender, receivers: bare addresses in lower case. refers_to: Message-IDs of what it answers, the nearest first.
    text: all that was written, quotes included. files: what was sent along, pictures in the text included.
    automatic: a machine sent it. report: it tells how a mail fared; failures: per receiver of that mail;
    returned_id: its Message-ID, '' when it is not told.
    """

    sender: str
    receivers: tuple[str, ...]
    subject: str
    message_id: str
    refers_to: tuple[str, ...]
    text: str
    files: tuple[bytes, ...]
    automatic: bool
    report: bool
    failures: tuple[Failure, ...]
    returned_id: str


def read_letter(raw: bytes) -> IncomingLetter:
    """The mail in these bytes (RFC 5322). Raises Unreadable."""
    if len(raw) > MAX_BYTES:
        raise Unreadable("te_groot")
    # Counted before parsing: each level of nesting makes every line of the rest slower to read.
    if sum(1 for _ in _BOUNDARY.finditer(raw)) > MAX_PARTS:
        raise Unreadable("te_veel_delen")
    try:
        message = message_from_bytes(raw)
        return _read(message)
    except (RecursionError, ValueError, LookupError, AttributeError, TypeError, AssertionError) as error:
        # The standard library meets broken mail with any of these.
        raise Unreadable("onleesbaar") from error


def _read(message: Message) -> IncomingLetter:
    headers = _headers(message)
    if not headers.keys() & {"from", "to", "subject", "date", "message-id", "received", "return-path"}:
        raise Unreadable("geen_mail")
    report = read_report(message)
    texts, files = _contents(message)
    answers = headers.get("in-reply-to", []) + list(reversed(_MESSAGE_ID.findall(_joined(headers, "references"))))
    return IncomingLetter(
        sender=next(iter(_addresses(headers, "from")), ""),
        receivers=tuple(dict.fromkeys(a for name in _RECEIVERS for a in _addresses(headers, name)))[:50],
        subject=_words(_joined(headers, "subject"))[:SUBJECT_LENGTH],
        message_id=next(iter(_MESSAGE_ID.findall(_joined(headers, "message-id"))), ""),
        refers_to=tuple(dict.fromkeys(i for told in answers for i in _MESSAGE_ID.findall(told[:20_000])))[:50],
        text="" if report.found else clean_letter_text("\n\n".join(texts)),
        files=tuple(files),
        automatic=report.receipt or _is_automatic(headers),
        report=report.found,
        failures=report.failures,
        returned_id=next(iter(_MESSAGE_ID.findall(report.returned_id)), ""),
    )


def clean_letter_text(text: str) -> str:
    """Text of a mail without what nobody can see and our database refuses; line ends as LF."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


def _headers(message: Message) -> Headers:
    """Every header by its name in lower case, as text; 8-bit ones as UTF-8, else as Windows writes them."""
    found: Headers = {}
    for name, value in message.raw_items():
        raw = str(value).encode("utf-8", "surrogateescape")
        try:
            told = raw.decode()
        except UnicodeDecodeError:
            told = raw.decode("cp1252", "replace")
        found.setdefault(name.lower(), []).append(told)
    return found


def _joined(headers: Headers, name: str) -> str:
    return " ".join(headers.get(name, []))[:20_000]


def _words(value: str) -> str:
    """A header as people read it."""
    try:
        parts = decode_header(value)
    except (HeaderParseError, ValueError):
        parts = [(value, None)]
    told = "".join(_decoded(part, charset) if isinstance(part, bytes) else part for part, charset in parts)
    return " ".join(_UNSEEN.sub("", told).split())


def _addresses(headers: Headers, name: str) -> list[str]:
    pairs = getaddresses([value[:20_000] for value in headers.get(name, [])])
    return [_UNSEEN.sub("", address).strip().lower() for _, address in pairs if "@" in address]


def _is_automatic(headers: Headers) -> bool:
    """RFC 3834 and what others write instead."""
    told = _joined(headers, "auto-submitted").partition(";")[0].strip().lower()
    if told and told != "no":
        return True
    if headers.keys() & {"x-autoreply", "x-autorespond", "x-auto-reply", "x-auto-response-suppress", "list-id"}:
        return True
    if _joined(headers, "precedence").strip().lower() in ("bulk", "junk", "list", "auto_reply"):
        return True
    if any(value.strip() in ("<>", "") for value in headers.get("return-path", [])):
        return True
    return _AUTOMATIC_SUBJECT.match(_words(_joined(headers, "subject"))) is not None


def _contents(message: Message) -> tuple[list[str], list[bytes]]:
    """The texts in their order and the files; of alternatives the plain one, else the one in HTML."""
    if message.is_multipart() and message.get_content_maintype() == "multipart":
        parts = [(part, *_contents(part)) for part in _children(message)]
        files = [file for _, _, inner in parts for file in inner]
        if message.get_content_subtype() == "alternative":
            said = [(part.get_content_type() != "text/plain", texts) for part, texts, _ in parts if any(texts)]
            return (min(said, key=lambda one: one[0])[1] if said else []), files
        return [text for _, texts, _ in parts for text in texts], files
    if message.get_content_maintype() == "message":
        return [], []  # somebody else's mail, sent along or sent back
    if message.get_content_type() in _SIGNATURES:
        return [], []
    data = _bytes_of(message)
    kind = message.get_content_type()
    if kind == "text/html" and message.get_content_disposition() != "attachment":
        text = _decoded(data, message.get_content_charset())
        return ([html_as_text(text)], []) if len(text) <= MAX_HTML else ([], [data])
    is_text = kind == "text/plain" or message.get_content_maintype() == "multipart"  # that lost its parts
    if is_text and message.get_content_disposition() != "attachment":
        return [_decoded(data, message.get_content_charset()).strip()], []
    return [], [data] if data else []


def _children(message: Message) -> Iterator[Message]:
    inner = message.get_payload()
    return (part for part in inner if isinstance(part, Message)) if isinstance(inner, list) else iter(())


def _bytes_of(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _decoded(data: bytes, charset: str | None) -> str:
    """Text in the charset it claims, else UTF-8, else as Windows writes it: something is always read."""
    for name in (charset, "utf-8"):
        try:
            if name:
                return data.decode(name)
        except (LookupError, UnicodeError, ValueError):
            continue
    return data.decode("cp1252", "replace")

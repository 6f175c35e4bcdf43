"""Reading a report on how a mail of ours fared: delivery status (RFC 3464, RFC 6533) and read receipts (RFC 8098).

Also what older servers write in plain words. What it means for a bericht is for flow/bounces.py. No I/O.
"""

import re
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from typing import Final

_STATUS = re.compile(r"([245])\.(\d{1,3})\.(\d{1,3})")
_SMTP_CODE = re.compile(r"\b([245]\d\d)[ -]")
_GONE: Final = (550, 551, 553)
"""What a server that knows no finer codes says of an address, as adapters/mail.py reads it too."""


@dataclass(frozen=True)
class Failure:
    """What became of the mail for one receiver. status: such as `5.1.1`, '' when not told. code: of SMTP, or 0."""

    action: str
    status: str
    code: int = 0

    @property
    def final(self) -> bool:
        """The other side has given up; a delay is only told. A report that names no action is judged by its status."""
        return self.action == "failed" or (not self.action and self.status.startswith("5"))

    @property
    def address_gone(self) -> bool:
        """The address itself takes no mail, now or later: unknown, closed, or of a domain that is not there."""
        if self.status.startswith(("5.1.", "5.4.4")) or self.status == "5.2.1":
            return True
        return self.status in ("", "5.0.0") and self.code in _GONE


@dataclass(frozen=True)
class Report:
    """found: it is a report on delivery. receipt: it is a read receipt. returned_id: a Message-ID, as written."""

    found: bool = False
    receipt: bool = False
    failures: tuple[Failure, ...] = ()
    returned_id: str = ""


def read_report(message: Message) -> Report:
    """The report in a mail, or an empty one."""
    parts = list(message.walk())
    receipt = any(part.get_content_type().endswith("disposition-notification") for part in parts)
    told = [p for p in parts if p.get_content_type() in ("message/delivery-status", "message/global-delivery-status")]
    if not told:
        return Report(receipt=receipt)
    blocks = [block for part in told[:1] for block in _blocks(part)]
    failures = tuple(_failure(block) for block in blocks if "action" in block or "status" in block)
    return Report(found=True, failures=failures[:50], returned_id=_returned(parts))


def read_plain_bounce(text: str) -> Failure:
    """What a server that knows no reports wrote to our return address: a refusal for good when it names a code of
    one, else something that may pass."""
    status, code = _STATUS.search(text[:20_000]), _SMTP_CODE.search(text[:20_000])
    given_up = (status.group() if status else code.group(1) if code else "").startswith("5")
    return Failure(
        "failed" if given_up else "delayed", status.group() if status else "", int(code.group(1)) if code else 0
    )


def _blocks(part: Message) -> list[Message]:
    """The groups of fields: about the mail itself, then per receiver."""
    inner = part.get_payload()
    if isinstance(inner, list) and len(inner) > 1:
        return [one for one in inner if isinstance(one, Message)]
    text = str(inner[0]) if isinstance(inner, list) and inner else str(inner or "")
    return [HeaderParser().parsestr(block) for block in re.split(r"\n\s*\n", text[:100_000])]


def _failure(block: Message) -> Failure:
    action = str(block.get("Action", "")).strip().lower()
    status = _STATUS.search(str(block.get("Status", "")))
    code = _SMTP_CODE.search(str(block.get("Diagnostic-Code", ""))[:1000])
    return Failure(action, status.group() if status else "", int(code.group(1)) if code else 0)


def _returned(parts: list[Message]) -> str:
    """The Message-ID of the mail that is sent back, or of its headers alone."""
    for part in parts:
        kind, inner = part.get_content_type(), part.get_payload()
        if kind in ("message/rfc822", "message/global") and isinstance(inner, list) and inner:
            return str(inner[0].get("Message-ID", "")) if isinstance(inner[0], Message) else ""
        if kind in ("text/rfc822-headers", "message/global-headers"):
            text = str(inner[0]) if isinstance(inner, list) and inner else str(inner or "")
            return str(HeaderParser().parsestr(text[:100_000]).get("Message-ID", ""))
    return ""

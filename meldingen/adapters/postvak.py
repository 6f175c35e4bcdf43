"""The postvak of local mode: every outgoing message as one file in a folder, readable at /postvak.

It takes the place of the mail server and the SMS provider on one machine. Never used outside local mode.
"""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from ..domain.delivery import BEZORGD
from .failures import PermanentFailure, TemporaryFailure
from .mail import Mail, write_message
from .receipt import Receipt
from .sms import Sms

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")


@dataclass(frozen=True)
class Kept:
    """One message in the postvak. channel: `email` or `sms`. at: ISO time it says it was written, empty for SMS.

    times: how often it was handed over; a resend is the same file.
    """

    reference: str
    channel: str
    to: str
    subject: str
    text: str
    html: str
    at: str
    times: int = 1


class Postvak:
    """A folder with one JSON file per message, named by its reference. Only this user may read it."""

    def __init__(self, root: Path) -> None:
        """`root` is made when first needed."""
        self._root = root

    def keep(self, message: Kept) -> None:
        """Writes beside and renames, so that a reader or a crash sees a whole message or none."""
        target = self._path(message.reference)
        earlier = self.get(message.reference)
        content = asdict(message) | {"times": earlier.times + 1 if earlier else 1}
        unfinished = self._root / f".{secrets.token_hex(8)}"
        with _failures():
            self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
            try:
                with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    file.write(json.dumps(content, ensure_ascii=False, indent=1).encode("utf-8", "surrogatepass"))
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(target)
            finally:
                unfinished.unlink(missing_ok=True)

    def get(self, reference: str) -> Kept | None:
        """One message, or None when it is not there or is no message."""
        with _failures():
            return _read(self._path(reference))

    def list(self, limit: int = 200) -> list[Kept]:
        """The messages, the one kept last first; files that are no message are passed over."""
        with _failures():
            found = [(_written(path), path) for path in self._root.glob("*.json")]
            found.sort(key=lambda pair: (-pair[0], pair[1].name))
            return [kept for _, path in found[:limit] if (kept := _read(path)) is not None]

    def _path(self, reference: str) -> Path:
        if not _REFERENCE.fullmatch(reference):
            raise PermanentFailure("ongeldige naam van een bericht")
        return self._root / f"{reference}.json"


class PostvakMail:
    """A MailSender that puts e-mail in the postvak."""

    def __init__(self, postvak: Postvak, mail_from: str) -> None:
        """`mail_from`: as for the real one, so that what cannot be sent there is refused here too."""
        self._postvak, self._from = postvak, mail_from

    def send(self, mail: Mail) -> str:
        """Keeps the message; its id is the Message-ID it would have had."""
        message = write_message(mail, self._from)
        self._postvak.keep(
            Kept(mail.reference, "email", mail.to, str(message["Subject"]), mail.text, mail.html, mail.at.isoformat())
        )
        return str(message["Message-ID"])


class PostvakSms:
    """An SmsSender that puts SMS in the postvak."""

    def __init__(self, postvak: Postvak) -> None:
        """Shares the folder with the e-mail."""
        self._postvak = postvak

    def send(self, sms: Sms) -> str:
        """Keeps the message."""
        self._postvak.keep(Kept(sms.reference, "sms", sms.to, "", sms.text, "", ""))
        return f"postvak-{sms.reference}"

    def find(self, reference: str) -> Receipt | None:
        """What is in the postvak has been delivered."""
        return Receipt(f"postvak-{reference}", BEZORGD) if self._postvak.get(reference) else None


def _read(path: Path) -> Kept | None:
    try:
        return Kept(**json.loads(path.read_bytes().decode("utf-8", "surrogatepass")))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """A full or closed disk is mended by people."""
    try:
        yield
    except OSError as error:
        raise TemporaryFailure(f"postvak: {error.strerror or type(error).__name__}") from error

"""The postvak of local mode: every outgoing message as one file in a folder, readable at /postvak.

It takes the place of the mail server, the SMS provider and the push services on one machine. Some addresses play a fate
(fates.py); what became of a message is known here, so it can be asked. Never used outside local mode.
"""

import contextlib
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from ..db import machine_now
from ..domain.delivery import VERZONDEN
from .failures import PermanentFailure, TemporaryFailure, UncertainFailure
from .fates import PUSH_ORIGIN, fate_of
from .mail import Mail
from .mime import write_message
from .push import Push
from .queue import libpq_url
from .receipt import Receipt
from .sms import Sms

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,119}")


@dataclass(frozen=True)
class Kept:
    """One message in the postvak. channel: `email`, `sms` or `push`. at: ISO time it says it was written, for e-mail.

    times: how often it was handed over; a resend is the same file. known_at: ISO business time from which it is known
    what became of it; empty when it was at once.
    """

    reference: str
    channel: str
    to: str
    subject: str
    text: str
    html: str
    at: str
    times: int = 1
    known_at: str = ""


class Postvak:
    """A folder with one JSON file per message, named by its reference. Only this user may read it."""

    def __init__(self, root: Path, clock: Callable[[], datetime] = machine_now) -> None:
        """`root` is made when first needed. `clock`: business time, for what becomes of a message later."""
        self._root, self._clock = root, clock

    def hand_over(self, message: Kept) -> str:
        """Keeps a message as its fate has it, and returns its id. Raises what a real provider would."""
        fate = fate_of(message.to)
        if fate.at_once is not None and fate.at_once is not UncertainFailure:
            raise fate.at_once(fate.refusal)
        earlier = self.get(message.reference)
        known_at = earlier.known_at if earlier else (self._clock() + fate.after).isoformat() if fate.after else ""
        self.keep(Kept(**asdict(message) | {"known_at": known_at}))
        if fate.at_once is not None and earlier is None:
            raise fate.at_once(fate.refusal)
        return f"postvak-{message.reference}"

    def find(self, reference: str) -> Receipt | None:
        """What became of a message, as far as that is known by now."""
        kept = self.get(reference)
        if kept is None:
            return None
        fate, identity = fate_of(kept.to), f"postvak-{reference}"
        if kept.known_at and self._clock() < datetime.fromisoformat(kept.known_at):
            return Receipt(identity, VERZONDEN)
        return Receipt(identity, fate.outcome, fate.reason, address_refused=fate.address_refused)

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
        """Keeps the message."""
        subject = write_message(mail, self._from).subject
        kept = Kept(mail.reference, "email", mail.to, subject, mail.text, mail.html, mail.at.isoformat())
        return self._postvak.hand_over(kept)

    def find(self, reference: str) -> Receipt | None:
        """What became of it."""
        return self._postvak.find(reference)


class PostvakSms:
    """An SmsSender that puts SMS in the postvak."""

    def __init__(self, postvak: Postvak) -> None:
        """Shares the folder with the e-mail."""
        self._postvak = postvak

    def send(self, sms: Sms) -> str:
        """Keeps the message."""
        return self._postvak.hand_over(Kept(sms.reference, "sms", sms.to, "", sms.text, "", ""))

    def find(self, reference: str) -> Receipt | None:
        """What became of it."""
        return self._postvak.find(reference)


class PostvakPush:
    """A PushSender that puts push messages in the postvak, for devices at its own address; as elsewhere it cannot tell.

    It has no key: a real browser cannot subscribe here. Set PUSH_SLEUTEL to try that.
    """

    public_key = ""

    def __init__(self, postvak: Postvak) -> None:
        """Shares the folder with the e-mail."""
        self._postvak = postvak

    def accepts(self, endpoint: str) -> bool:
        """Only devices that exist nowhere."""
        return endpoint.startswith(f"{PUSH_ORIGIN}/")

    def send(self, push: Push) -> str:
        """Keeps the message."""
        to = push.to.split(" ", 1)[0]
        return self._postvak.hand_over(Kept(push.reference, "push", to, push.title, push.text, "", ""))


def business_clock(database_url: str) -> Callable[[], datetime]:
    """Business time as the database has it, for whoever holds no session. Raises TemporaryFailure."""

    def now() -> datetime:
        try:
            with psycopg.connect(libpq_url(database_url), connect_timeout=3) as connection:
                row = connection.execute("SELECT offset_s FROM klok").fetchone()
        except psycopg.Error as error:
            raise TemporaryFailure("postvak: de klok is niet te lezen") from error
        return machine_now() + timedelta(seconds=int(row[0]) if row else 0)

    return now


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

"""Mail that waits for us in a mailbox: IMAP over TLS, or a list in memory.

Fetches and puts away; what a message means is for flow/replies.py. A message is put away only after it was handled,
so whatever breaks in between brings it back.
"""

import contextlib
import imaplib
import ssl
from collections.abc import Callable, Iterator
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError

from ..domain.incoming import MAX_BYTES
from .failures import TemporaryFailure

DONE_FOLDER: Final = "Verwerkt"
TOO_LARGE_FOLDER: Final = "Te groot"
TIMEOUT: Final = SocketTimeout(connect=10, read=30)

Handle = Callable[[bytes, bool], None]
"""Takes the bytes of one message, and whether they are all of it; of one that is too large only the headers come."""


class Mailbox(Protocol):
    """Where mail waits. Raises only TemporaryFailure, and what `handle` raises."""

    def collect(self, handle: Handle, *, limit: int) -> int:
        """Hands over at most `limit` waiting messages, oldest first, each put away when `handle` returned; how many
        there were. What `handle` raises ends it and leaves that message where it is."""


class ImapMailbox:
    """A folder of an IMAP server at `imaps://user:password@host[:port][/FOLDER]`."""

    def __init__(self, url: str, *, tls: ssl.SSLContext | None = None) -> None:
        """`tls`: default checks the server's certificate."""
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port or 993
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._folder = unquote(parts.path.strip("/")) or "INBOX"
        self._tls = tls

    def collect(self, handle: Handle, *, limit: int) -> int:
        """By UID, so that other programs in the same mailbox do no harm."""
        taken = 0
        with _failures():
            server = IMAPClient(
                self._host, self._port, ssl=True, ssl_context=self._tls or ssl.create_default_context(), timeout=TIMEOUT
            )
        try:
            with _failures():
                server.login(self._user, self._password)
                server.select_folder(self._folder)
                waiting = sorted(server.search(["UNDELETED"]))[:limit]
                sizes = server.fetch(waiting, ["RFC822.SIZE"]) if waiting else {}
            for uid in waiting:
                if uid not in sizes:
                    continue  # somebody took it away meanwhile
                whole = int(sizes[uid][b"RFC822.SIZE"]) <= MAX_BYTES
                part = "BODY.PEEK[]" if whole else "BODY.PEEK[HEADER]"
                with _failures():
                    answer = server.fetch([uid], [part]).get(uid, {})
                raw = next((value for name, value in answer.items() if name.startswith(b"BODY[")), None)
                if raw is None:
                    continue
                handle(raw, whole)
                with _failures():
                    _put_away(server, uid, DONE_FOLDER if whole else TOO_LARGE_FOLDER)
                taken += 1
        finally:
            _leave(server)
        return taken


def _leave(server: IMAPClient) -> None:
    """Says goodbye, or hangs up when nobody listens any more."""
    try:
        server.logout()
    except (IMAPClientError, imaplib.IMAP4.error, OSError):
        with contextlib.suppress(IMAPClientError, imaplib.IMAP4.error, OSError):
            server.shutdown()


def _put_away(server: IMAPClient, uid: int, folder: str) -> None:
    if not server.folder_exists(folder):
        server.create_folder(folder)
    if server.has_capability("MOVE"):
        server.move([uid], folder)
        return
    server.copy([uid], folder)
    server.delete_messages([uid])
    server.expunge()


@contextlib.contextmanager
def _failures() -> Iterator[None]:
    """Nothing is lost by what breaks here: the message stays. The words of a server may quote it, so they stay too."""
    try:
        yield
    except (IMAPClientError, imaplib.IMAP4.error, OSError) as error:
        raise TemporaryFailure(f"mailbox: {type(error).__name__}") from error


class MemoryMailbox:
    """Messages in a list, for tests and trials. done: what was put away."""

    def __init__(self, *waiting: bytes) -> None:
        """Start with these."""
        self.waiting = list(waiting)
        self.done: list[bytes] = []
        self.fail_with: Exception | None = None

    def collect(self, handle: Handle, *, limit: int) -> int:
        """As the real one."""
        if self.fail_with is not None:
            raise self.fail_with
        taken = 0
        while self.waiting and taken < limit:
            raw = self.waiting[0]
            whole = len(raw) <= MAX_BYTES
            handle(raw if whole else raw.partition(b"\r\n\r\n")[0], whole)
            self.done.append(self.waiting.pop(0))
            taken += 1
        return taken

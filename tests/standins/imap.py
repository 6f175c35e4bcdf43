"""A mailbox for tests: a small IMAP server (RFC 3501, RFC 6851) over TLS on the loopback, as far as we ask.

One user, folders with messages by UID. It can be told to have no MOVE, and to hang up at a command.
"""

import asyncio
import re
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from tests.standins.smtp import authority

USER, PASSWORD = "postbus@duinstede.nl", "ge:heim"


@dataclass
class MailboxServer:
    """One running server. folders: messages by UID. can_move: it knows MOVE. break_at: hangs up at this command."""

    port: int = 0
    folders: dict[str, dict[int, bytes]] = field(default_factory=lambda: {"INBOX": {}})
    can_move: bool = True
    break_at: str = ""
    commands: list[str] = field(default_factory=list)
    next_uid: int = 1

    @property
    def url(self) -> str:
        """What MAILBOX_URL would say."""
        return f"imaps://postbus%40duinstede.nl:ge%3Aheim@127.0.0.1:{self.port}/INBOX"

    def receive(self, raw: bytes, folder: str = "INBOX") -> int:
        """A message arrives; its UID."""
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.folders.setdefault(folder, {})[uid] = raw
        return uid

    def waiting(self) -> list[bytes]:
        """What is in the inbox."""
        return list(self.folders["INBOX"].values())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client."""
        writer.write(b"* OK klaar\r\n")
        deleted: set[int] = set()
        while line := (await reader.readline()).decode().strip():
            tag, _, rest = line.partition(" ")
            while literal := re.search(r"\{(\d+)\}$", rest):
                writer.write(b"+ ga verder\r\n")
                data = (await reader.readexactly(int(literal.group(1)))).decode()
                rest = f'{rest[: literal.start()]}"{data}"{(await reader.readline()).decode().rstrip()}'
            name = " ".join(rest.upper().split()[: 2 if rest.upper().startswith("UID ") else 1])
            self.commands.append(name)
            if name == self.break_at:
                break
            for answer in self.answer(name, rest, deleted):
                writer.write(answer + b"\r\n")
            ok = name != "LOGIN" or rest.split(" ", 1)[1].replace('"', "") == f"{USER} {PASSWORD}"
            writer.write(f"{tag} {'OK' if ok else 'NO'} {name} klaar\r\n".encode())
            await writer.drain()
            if name == "LOGOUT":
                break
        writer.close()

    def answer(self, name: str, rest: str, deleted: set[int]) -> list[bytes]:
        """The untagged lines of one command."""
        words = [a or b for a, b in re.findall(r'"([^"]*)"|(\S+)', rest)]
        inbox = self.folders["INBOX"]
        uids = [int(uid) for uid in words[2].split(",")] if name.startswith("UID ") and name != "UID SEARCH" else []
        match name:
            case "CAPABILITY":
                return [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN" + (b" MOVE" if self.can_move else b"")]
            case "SELECT":
                return [f"* {len(inbox)} EXISTS".encode(), b"* 0 RECENT", b"* FLAGS (\\Deleted \\Seen)",
                        b"* OK [UIDVALIDITY 1] ja", b"* OK [UIDNEXT 99999] ja"]  # fmt: skip
            case "UID SEARCH":
                return [f"* SEARCH {' '.join(map(str, inbox))}".rstrip().encode()]
            case "UID FETCH":
                return [self._fetched(n, uid, rest) for n, uid in enumerate(inbox, start=1) if uid in uids]
            case "LIST":
                return [f'* LIST () "/" "{words[-1]}"'.encode()] if words[-1] in self.folders else []
            case "CREATE":
                self.folders[words[-1]] = {}
            case "UID MOVE" | "UID COPY":
                for uid in uids:
                    self.receive(inbox[uid], words[-1])
                    if name == "UID MOVE":
                        del inbox[uid]
            case "UID STORE":
                deleted |= set(uids)
            case "EXPUNGE":
                for uid in deleted:
                    inbox.pop(uid, None)
        return []

    def _fetched(self, number: int, uid: int, asked: str) -> bytes:
        raw = self.folders["INBOX"][uid]
        if "RFC822.SIZE" in asked.upper():
            return f"* {number} FETCH (UID {uid} RFC822.SIZE {len(raw)})".encode()
        what, body = ("HEADER", raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n") if "HEADER" in asked.upper() else ("", raw)
        return f"* {number} FETCH (UID {uid} BODY[{what}] {{{len(body)}}}\r\n".encode() + body + b")"


@contextmanager
def mailbox_server() -> Iterator[MailboxServer]:
    """Run a server for the length of the block."""
    state = MailboxServer()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1", "localhost").configure_cert(context)
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(_start(state, context))
    state.port = server.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, name="mailbox", daemon=True)
    thread.start()
    try:
        yield state
    finally:
        asyncio.run_coroutine_threadsafe(_close(server), loop).result(5)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(5)
        loop.close()


async def _start(state: MailboxServer, context: ssl.SSLContext) -> asyncio.Server:
    return await asyncio.start_server(state.serve, "127.0.0.1", 0, ssl=context)


async def _close(server: asyncio.Server) -> None:
    server.close()
    running = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)

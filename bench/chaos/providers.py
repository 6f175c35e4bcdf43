"""The outside world of a chaos run, in a process of its own: the stand-ins of tests/standins with fates and moods.

Each "yes" is written to an append-only log before it is said, with the words as they were received: the ledger counts
in that log. An address carries its own fate (plan.py), a mood comes from `stemming.json` (disasters.py), read at each
request. Started by ground.py as `python -m bench.chaos.providers FOLDER SITE`; writes its ports to `poorten.json`.
"""

import asyncio
import itertools
import json
import os
import queue
import sys
import threading
import time
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from meldingen.local.places import write_private
from tests.standins.notify import NotifyServer, _Handler, _Server, receipt
from tests.standins.smtp import MailServer

from . import plan

CALLBACK_TRIES, CALLBACK_WAIT_S = 3, 2.0
"""Notify brings a receipt again a few times; minutes apart, here seconds."""


class Log:
    """What the outside saw: one JSON line per event, written before it is answered."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def write(self, what: str, **facts: Any) -> None:
        """what: `ja` (taken), `nee` (refused), `terug` (taken, and never arrived)."""
        line = json.dumps({"at": time.time(), "what": what, **facts}, ensure_ascii=False) + "\n"
        os.write(self._file, line.encode())


class Moods:
    """How a provider behaves now: `mood` until told otherwise, and so many times a one-shot such as `zwijgt`."""

    def __init__(self, path: Path) -> None:
        self._path, self._seen, self._moods = path, -1, {}  # type: ignore[var-annotated]
        self._used: dict[str, int] = {}
        self._lock = threading.Lock()

    def of(self, provider: str) -> str:
        """The lasting mood; empty is a good one."""
        return str(self._read().get(provider, {}).get("mood", ""))

    def once(self, provider: str) -> str:
        """The one-shot that is this request's turn, or empty."""
        with self._lock:
            for shot in self._read().get(provider, {}).get("shots", []):
                if self._used.get(shot["id"], 0) < shot["times"]:
                    self._used[shot["id"]] = self._used.get(shot["id"], 0) + 1
                    return str(shot["kind"])
        return ""

    def _read(self) -> dict[str, Any]:
        try:
            changed = self._path.stat().st_mtime_ns
            if changed != self._seen:
                self._moods, self._seen = json.loads(self._path.read_text()), changed
        except FileNotFoundError:
            return {}
        return self._moods


class Post(MailServer):
    """A mail server where each address has a fate, and the server its moods."""

    def __init__(self, log: Log, moods: Moods) -> None:
        super().__init__()
        self._log, self._moods = log, moods

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        del session, options
        mood = self._moods.of("mail")
        if mood == "weg":
            assert server.transport is not None
            server.transport.abort()
        if mood:
            return "421 4.3.2 even niet" if mood in ("weg", "druk") else "451 4.3.0 storing"
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        del server, session, options
        fate = plan.fate_of_email(address)
        if fate == "weg":
            self._log.write("nee", channel="email", to=address, why="550")
            return "550 5.1.1 onbekend"
        if fate == "grijs" and address not in self.tried:
            self.tried.add(address)
            return "451 4.7.1 probeer het later opnieuw"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        del session
        assert isinstance(envelope.original_content, bytes)
        message = message_from_bytes(envelope.original_content, policy=default)
        assert isinstance(message, EmailMessage)
        reference = str(message["Message-ID"]).strip("<>").partition("@")[0]
        shot = self._moods.once("mail")
        facts = {"channel": "email", "ref": reference, "to": envelope.rcpt_tos[0], "mood": shot}
        if shot == "weigert":
            self._log.write("nee", why="554", **facts)
            return "554 5.6.0 dit bericht niet"
        body = message.get_body(("plain",))
        words = f"{message['Subject']}\n{body.get_content() if body else ''}"
        self._log.write("ja", text=words, **facts)
        if shot == "zwijgt":
            await asyncio.sleep(plan.SILENCE_S)
        if shot in ("breekt_af", "zwijgt"):
            assert server.transport is not None
            server.transport.abort()
        return "250 OK"


class Text(_Handler):
    """Notify with fates per number and moods. A yes is logged when the stand-in keeps the message."""

    log: Log
    moods: Moods
    shot = ""

    def do_POST(self) -> None:
        """A new message."""
        if not self._mood():
            self.shot = self.moods.once("sms")
            super().do_POST()

    def do_GET(self) -> None:
        """A question about one."""
        if not self._mood():
            super().do_GET()

    def _mood(self) -> bool:
        mood = self.moods.of("sms")
        if mood == "weg":
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.close_connection = True
        elif mood:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, error = {"druk": (429, "RateLimitError"), "storing": (503, "Service unavailable")}[mood]
            self._error(status, error, "Exceeded rate limit" if status == 429 else "storing")
        return bool(mood)

    def _refusal(self, data: dict[str, Any]) -> tuple[int, str, str] | None:
        refusal = super()._refusal(data)
        to = str(data.get("phone_number"))
        if refusal is None and plan.fate_of_mobile(to) == "ongeldig":
            refusal = 400, "ValidationError", "phone_number Not a valid phone number"
        if refusal is not None:
            self.log.write("nee", channel="sms", to=to, ref=data.get("reference"), why=str(refusal[0]))
        return refusal

    def _answer(self, status: int, content: Any) -> None:
        if status == 201 and self.shot == "slikt":  # kept, and then an error
            status, content = 500, {"status_code": 500, "errors": [{"error": "Exception", "message": "Internal"}]}
        elif status == 201 and self.shot == "zwijgt":
            time.sleep(plan.SILENCE_S)
        super()._answer(status, content)


class Notify(NotifyServer):
    """What the Notify stand-in keeps: each new message is a yes, and gets its fate a while later."""

    def __init__(self, log: Log, callback_url: str) -> None:
        super().__init__(callback_url=callback_url)
        self._log = log
        self._later: queue.PriorityQueue[tuple[float, int, str, int]] = queue.PriorityQueue()
        self._turn = itertools.count()
        threading.Thread(target=self._bring_fates, daemon=True).start()

    def keep(self, made: dict[str, Any]) -> None:
        """Writes it down first."""
        to = str(made["phone_number"])
        self._log.write("ja", channel="sms", ref=made["reference"], to=to, text=made["body"])
        super().keep(made)
        self._later.put((time.time() + plan.settles_after_s(to), next(self._turn), made["reference"], 0))

    def _bring_fates(self) -> None:
        """Half of the receipts are brought, again when nobody opens; the others must be asked for."""
        while True:
            at, _, reference, tries = self._later.get()
            time.sleep(max(0.0, at - time.time()))
            item = self.sent(reference)[-1]
            to, status = str(item["phone_number"]), plan.status_of_mobile(str(item["phone_number"]))
            if tries == 0:
                item["status"], item["completed_at"] = status, item["created_at"]
                if status != "delivered":
                    self._log.write("terug", channel="sms", ref=reference, to=to, why=status)
            if plan.is_told(to) and self.bring(receipt(item)) != 204 and tries < CALLBACK_TRIES:
                self._later.put((time.time() + CALLBACK_WAIT_S, next(self._turn), reference, tries + 1))


def main(folder: Path, site: int) -> None:
    """Serves until it is ended. site: the port where receipts are brought."""
    log, moods = Log(folder / "buitenwereld.jsonl"), Moods(folder / "stemming.json")
    text_state = Notify(log, f"http://127.0.0.1:{site}/ontvangst/notifynl")
    handler = type("Handler", (Text,), {"server_state": text_state, "log": log, "moods": moods})
    texts = _Server(("127.0.0.1", 0), handler)
    text_state.url = f"http://127.0.0.1:{texts.server_address[1]}"
    threading.Thread(target=texts.serve_forever, daemon=True).start()
    asyncio.run(_serve_mail(Post(log, moods), folder, texts.server_address[1]))


async def _serve_mail(state: Post, folder: Path, sms_port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(state, hostname="mail.example", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    ports = {"mail": server.sockets[0].getsockname()[1], "sms": sms_port}
    write_private(folder / "poorten.json", json.dumps(ports))
    await server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

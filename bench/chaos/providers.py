"""The outside world of a chaos run, in a process of its own: the stand-ins of tests/standins with fates and moods.

Each "yes" is written to an append-only log before it is said, with the words as they were received: the ledger counts
in that log. An address carries its own fate (plan.py), a mood comes from `stemming.json` (disasters.py), read at each
request. Started by ground.py as `python -m bench.chaos.providers FOLDER SITE`; writes its ports to `poorten.json`.
"""

import asyncio
import contextlib
import itertools
import json
import os
import queue
import sys
import threading
import time
import urllib.request
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, ClassVar

from aiosmtpd.smtp import SMTP, Envelope, Session

from meldingen.local.places import write_private
from tests.standins import push
from tests.standins.notify import NotifyServer, _Handler, _Server, receipt
from tests.standins.smtp import MailServer, delivery_report

from . import plan

CALLBACK_TRIES, AGAIN_S = 3, 2.0
"""Notify brings a receipt again a few times; minutes apart, here seconds."""
MAIL_TOKEN = "een-token-voor-de-mailserver-van-de-chaosproef"


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


class Later:
    """Things to do at their moment, in a thread of its own; what returns False is done again a while after."""

    def __init__(self) -> None:
        self._things: queue.PriorityQueue[tuple[float, int, int, Callable[[int], bool]]] = queue.PriorityQueue()
        self._turn = itertools.count()
        threading.Thread(target=self._run, daemon=True).start()

    def do(self, after_s: float, thing: Callable[[int], bool], tries: int = 0) -> None:
        """thing: takes how often it was tried before."""
        self._things.put((time.time() + after_s, next(self._turn), tries, thing))

    def _run(self) -> None:
        while True:
            at, _, tries, thing = self._things.get()
            time.sleep(max(0.0, at - time.time()))
            if not thing(tries):
                self.do(AGAIN_S, thing, tries + 1)


class Post(MailServer):
    """A mail server where each address has a fate, and the server its moods. site: where reports are brought."""

    def __init__(self, log: Log, moods: Moods, later: Later, site: str) -> None:
        super().__init__()
        self._log, self._moods, self._later, self._site = log, moods, later, site

    async def handle_MAIL(self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any) -> str:
        del session, options
        mood = self._moods.of("mail")
        if mood == "weg":
            _hang_up(server)
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
        status = plan.report_of_email(envelope.rcpt_tos[0])
        if status:
            self._return(envelope, reference, status)
        if shot == "zwijgt":
            await asyncio.sleep(plan.SILENCE_S)
        if shot in ("breekt_af", "zwijgt"):
            _hang_up(server)
        return "250 OK"

    def _return(self, envelope: Envelope, reference: str, status: str) -> None:
        """A report for what cannot be delivered after all; a mail server keeps trying until it is taken."""
        to, sender = envelope.rcpt_tos[0], envelope.mail_from or ""
        assert isinstance(envelope.original_content, bytes)
        report = delivery_report(envelope.original_content, sender, to, status)
        self._log.write("terug", channel="email", ref=reference, to=to, why=status)
        head = {"Authorization": f"Bearer {MAIL_TOKEN}", "Envelope-To": sender, "Content-Type": "message/rfc822"}

        def bring(_tries: int) -> bool:
            with contextlib.suppress(OSError):
                asked = urllib.request.Request(f"{self._site}/ontvangst/mail", report, head)
                with urllib.request.urlopen(asked, timeout=10) as answer:
                    return int(answer.status) == 200
            return False

        self._later.do(plan.returns_after_s(to), bring)


def _hang_up(server: SMTP) -> None:
    """Not another byte."""
    assert isinstance(server.transport, asyncio.Transport)
    server.transport.abort()


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
        to = str(data.get("phone_number") or data.get("email_address"))
        if refusal is None and plan.fate(to) in ("ongeldig", "weg"):
            refusal = 400, "ValidationError", "phone_number or email_address Not valid"
        if refusal is not None:
            self.log.write(
                "nee", channel=self.path.rpartition("/")[2], to=to, ref=data.get("reference"), why=str(refusal[0])
            )
        return refusal

    def _answer(self, status: int, content: Any) -> None:
        if status == 201 and self.shot == "slikt":  # kept, and then an error
            status, content = 500, {"status_code": 500, "errors": [{"error": "Exception", "message": "Internal"}]}
        elif status == 201 and self.shot == "zwijgt":
            time.sleep(plan.SILENCE_S)
        super()._answer(status, content)


class Notify(NotifyServer):
    """What the Notify stand-in keeps: each new message is a yes, and gets its fate a while later."""

    def __init__(self, log: Log, later: Later, site: str) -> None:
        super().__init__(callback_url=f"{site}/ontvangst/notifynl")
        self._log, self._later = log, later

    def keep(self, made: dict[str, Any]) -> None:
        """Writes it down first."""
        to, words = _receiver(made), "\n".join(part for part in (made["subject"], made["body"]) if part)
        self._log.write("ja", channel=made["type"], ref=made["reference"], to=to, text=words, by="notify")
        super().keep(made)
        self._later.do(plan.settles_after_s(to), lambda tries: self._settle(made, tries))

    def _settle(self, made: dict[str, Any], tries: int) -> bool:
        """Half of the receipts are brought, again when nobody opens; the others must be asked for."""
        to = _receiver(made)
        if tries == 0:
            made["status"], made["completed_at"] = plan.notify_status(to), made["created_at"]
            if made["status"] != "delivered":
                self._log.write("terug", channel=made["type"], ref=made["reference"], to=to, why=made["status"])
        return not plan.is_told(to) or self.bring(receipt(made)) == 204 or tries >= CALLBACK_TRIES


def _receiver(made: dict[str, Any]) -> str:
    return str(made.get("phone_number") or made["email_address"])


class Push(push._Handler):
    """A push service with moods, where a browser gets its device: POST /apparaat/NUMBER/FATE."""

    owners: ClassVar[dict[str, str]] = {}
    log: Log
    moods: Moods
    shot = ""

    def do_POST(self) -> None:
        """A message, or a new device."""
        if self.path.startswith("/apparaat/"):
            self._make_device(*self.path.split("/")[2:])
            return
        mood = self.moods.of("push")
        if mood:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self._answer({"weg": 503, "druk": 429}[mood])
            return
        self.shot = self.moods.once("push")
        device = self.server_state.devices.get(self.path)
        if device is not None and isinstance(device.messages, Shown):
            device.messages.mood = self.shot
        super().do_POST()

    def _make_device(self, number: str, fate: str) -> None:
        device = self.server_state.device()
        path = device.endpoint.removeprefix(self.server_state.url)
        device.messages = Shown(self.log, f"apparaat{number}")
        self.owners[path] = f"apparaat{number}"
        if fate == "weg":
            self.server_state.unsubscribe(device)
        body = json.dumps({"eindpunt": f"{self.server_state.url}{path}", "p256dh": device.p256dh, "auth": device.auth})
        self.send_response(201)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def _answer(self, status: int) -> None:
        if status in (404, 410):
            self.log.write("nee", channel="push", to=self.owners.get(self.path, ""), why=str(status))
        if status == 201 and self.shot == "slikt":  # taken, and then an error
            status = 500
        elif status == 201 and self.shot == "breekt_af":
            self.close_connection = True
            return
        super()._answer(status)


class Shown(list[dict[str, Any]]):
    """What a device could read; each message is a yes of its push service."""

    mood = ""

    def __init__(self, log: Log, owner: str) -> None:
        super().__init__()
        self._log, self._owner = log, owner

    def append(self, message: dict[str, Any]) -> None:
        """Writes it down first."""
        words = f"{message['titel']}\n{message['tekst']}\n{message['pad']}"
        self._log.write("ja", channel="push", ref=message["kenmerk"], to=self._owner, text=words, mood=self.mood)
        super().append(message)


def main(folder: Path, site: int) -> None:
    """Serves until it is ended. site: the port where receipts and reports are brought."""
    log, moods, later = Log(folder / "buitenwereld.jsonl"), Moods(folder / "stemming.json"), Later()
    home = f"http://127.0.0.1:{site}"
    ports = {
        "sms": _serve(Text, Notify(log, later, home), log, moods),
        "push": _serve(Push, push.PushServer(), log, moods),
    }
    asyncio.run(_serve_mail(Post(log, moods, later, home), folder, ports))


def _serve(handler: type[Text] | type[Push], state: Any, log: Log, moods: Moods) -> int:
    """One HTTP stand-in in a thread; its port."""
    made = type("Handler", (handler,), {"server_state": state, "log": log, "moods": moods})
    server = _Server(("127.0.0.1", 0), made)
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return int(server.server_address[1])


async def _serve_mail(state: Post, folder: Path, ports: dict[str, int]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(state, hostname="mail.example", enable_SMTPUTF8=True, loop=loop), "127.0.0.1", 0
    )
    ports["mail"] = server.sockets[0].getsockname()[1]
    write_private(folder / "poorten.json", json.dumps(ports))
    await server.serve_forever()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))

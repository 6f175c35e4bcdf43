"""A town for the journeys: the app, a real queue, real workers, a postvak, and people who use only the doors.

`settle` waits until every promise is kept. With `disaster` it first wipes Redis and kills the workers while there is
work in their hands; what the people see afterwards must be the same.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import redis
import sqlalchemy as sa
from flask.testing import FlaskClient
from sqlalchemy.orm import aliased

from meldingen import db
from meldingen.adapters.postvak import Kept
from meldingen.app import App, create_app
from meldingen.settings import Settings
from meldingen.store.account import Account, AccountRole
from meldingen.store.gemeente import Gemeente
from meldingen.store.outbox import OutboxEntry, Topic
from tests import factories
from workers.policy import Policy

from . import processes

API = "/api/v1"
PATIENCE_S = 90.0


@dataclass
class Town:
    """Duinstede, with its teams, its people and its machines."""

    engine: sa.Engine
    settings: Settings
    logs: Path
    disaster: bool = False
    policies: Mapping[Topic, Policy] = field(default_factory=lambda: processes.QUICK)
    running: dict[str, BaseProcess] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app: App = create_app(self.settings)
        with db.transaction(self.engine) as session:
            self.home: Gemeente = factories.gemeente(session)
            for role, team in [
                ("team", "serviceteam"),
                ("team", "groen"),
                ("piket", "piket"),
                ("kcc", ""),
                ("coordinator", ""),
            ]:
                self._employ(session, role, team)
        for part in ("relay", "text", "heavy"):
            self._start(part)

    def _employ(self, session: Any, role: str, team_slug: str) -> None:
        name = team_slug or role
        account = Account(
            username=name, name=name, password_hash=factories.password_hash(), active=True, created_at=db.machine_now()
        )
        session.add(account)
        session.flush()
        team = factories.team(session, self.home, team_slug).id if team_slug else None
        session.add(AccountRole(gemeente_id=self.home.id, account_id=account.id, role=role, team_id=team))

    def clock(self, moment: str) -> None:
        """Sets business time, in Amsterdam: `2026-04-14 08:47`."""
        wanted = datetime.fromisoformat(moment).replace(tzinfo=ZoneInfo("Europe/Amsterdam")).astimezone(UTC)
        with db.transaction(self.engine) as session:
            db.set_clock_offset(session, int((wanted - db.machine_now()) / timedelta(seconds=1)))

    def settle(self) -> None:
        """Until nothing due is left to do; in a disaster the machines fall over first."""
        if self.disaster:
            self._fall_over()
        self._until(lambda: not self._unfinished())

    def letters(self) -> list[Kept]:
        """Every message that left, oldest first."""
        return list(reversed(self.app.extensions["meldingen"].adapters.postvak.list()))

    def messages_to(self, address: str) -> list[str]:
        """The subjects of mails and the texts of SMS to one address, oldest first."""
        return [m.subject or m.text for m in self.letters() if m.to == address]

    def visitor(self) -> "Melder":
        """Somebody with a phone."""
        return Melder(self, self.app.test_client())

    def staff(self, name: str) -> "Medewerker":
        """Somebody who signs in: a team's slug, or `kcc` or `coordinator`."""
        client = self.app.test_client()
        answer = client.post(f"{API}/sessies", json={"gebruikersnaam": name, "wachtwoord": factories.PASSWORD})
        assert answer.status_code == 201, answer.text
        return Medewerker(self, client, {"Authorization": f"Bearer {answer.json['token']}"})

    def close(self) -> None:
        """Ends what this town started."""
        for process in self.running.values():
            process.kill()
        for process in self.running.values():
            process.join(10)
        self.app.extensions["meldingen"].engine.dispose()

    def _start(self, part: str) -> None:
        self.running[part] = processes.start(part, self.settings, self.logs / f"{part}.log", self.policies)

    def _fall_over(self) -> None:
        """Kills the workers with work in their hands, wipes the queue, and starts anew as their parent does."""
        self._until(lambda: not self._unfinished() or self._leased())
        for part in ("text", "heavy"):
            self.running[part].kill()
            self.running[part].join(10)
        with redis.Redis.from_url(self.settings.redis_url) as queue:
            queue.flushdb()
        for part in ("text", "heavy"):
            self._start(part)

    def _unfinished(self) -> int:
        return self._count(OutboxEntry.done_at.is_(None))

    def _leased(self) -> int:
        return self._count(OutboxEntry.done_at.is_(None) & OutboxEntry.lease.is_not(None))

    def _count(self, condition: sa.ColumnElement[bool]) -> int:
        """Of what is due, and does not wait for an earlier bericht of its melding that is not."""
        before = aliased(OutboxEntry)
        same = sa.and_(before.order_key == OutboxEntry.order_key, before.id < OutboxEntry.id)
        with db.transaction(self.engine) as session:
            now = db.business_now(session)
            held = sa.exists().where(same, before.done_at.is_(None), before.parked_at.is_(None), before.due_at > now)
            due = sa.and_(OutboxEntry.due_at <= now, ~held)
            query = sa.select(sa.func.count()).where(condition, OutboxEntry.parked_at.is_(None), due)
            return session.scalars(query).one()

    def _until(self, seen: Callable[[], Any]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not seen():
            if time.monotonic() > end:
                logs = "\n".join(file.read_text()[-3000:] for file in sorted(self.logs.glob("*.log")))
                pytest.fail(f"niet klaar binnen {PATIENCE_S} s\n{logs}")
            time.sleep(0.05)  # each look is a transaction, which the workers would rather have


@dataclass
class Melder:
    """A resident. Knows the number and the token that the answer gave, nothing else."""

    town: Town
    client: FlaskClient
    answer: dict[str, Any] = field(default_factory=dict)

    def reports(
        self, text: str = "Er ligt een tegel los.", *, photo: bytes | None = None, **fields: Any
    ) -> dict[str, Any]:
        """Makes a melding; fields as the API names them. `photo`: bytes that go along as a file."""
        import io
        import json

        body = {
            "locatie": {"type": "Point", "coordinates": list(factories.HOME)},
            "omschrijving": text,
            "categorie": "losse-tegel",
        } | fields
        if photo is None:
            answer = self.client.post(f"{API}/meldingen", json=body)
        else:
            data = {"melding": json.dumps(body), "foto": (io.BytesIO(photo), "IMG_1.jpg")}
            answer = self.client.post(f"{API}/meldingen", data=data)
        assert answer.status_code == 201, answer.text
        self.answer = answer.json
        return self.answer

    @property
    def token(self) -> dict[str, str]:
        """The header that opens the melding."""
        return {"Volg-Token": self.answer["volgToken"]}

    def looks(self) -> dict[str, Any]:
        """The melding as the melder sees it."""
        answer = self.client.get(f"{API}/meldingen/{self.answer['nummer']}", headers=self.token)
        assert answer.status_code == 200, answer.text
        return dict(answer.json)

    def story(self) -> list[str]:
        """The timeline, in words."""
        return [entry["tekst"] for entry in self.looks()["tijdlijn"]]

    def adds(self, text: str) -> None:
        """More to tell."""
        path = f"{API}/meldingen/{self.answer['nummer']}/aanvullingen"
        assert self.client.post(path, json={"tekst": text}, headers=self.token).status_code == 201

    def opens_page(self) -> str:
        """The volgpagina by the link in a message."""
        path = re.sub(r"^https?://[^/]+", "", self.answer["volgUrl"])
        page = self.client.get(path, follow_redirects=True)
        assert page.status_code == 200
        return page.text


@dataclass
class Medewerker:
    """A member of staff, who works over the API as the tablets do."""

    town: Town
    client: FlaskClient
    head: dict[str, str]

    def opdrachten(self, **query: Any) -> list[dict[str, Any]]:
        """The opdrachten this person may see."""
        answer = self.client.get(f"{API}/opdrachten", headers=self.head, query_string=query)
        assert answer.status_code == 200, answer.text
        return list(answer.json["opdrachten"])

    def does(self, move: str, opdracht: dict[str, Any], **body: Any) -> dict[str, Any]:
        """One move on an opdracht, on the version the list showed."""
        path = f"{API}/opdrachten/{opdracht['id']}/{move}"
        head = {**self.head, "If-Match": f'"{opdracht["versie"]}"'}
        answer = self.client.post(path, json=body, headers=head)
        assert answer.status_code == 201, answer.text
        return dict(answer.json)

    def reports_for(self, caller: Melder, **fields: Any) -> dict[str, Any]:
        """The phone desk enters a melding for a caller, who then has its number and token."""
        body = {
            "locatie": {"type": "Point", "coordinates": list(factories.HOME)},
            "omschrijving": "De beller struikelde over een tegel.",
            "categorie": "losse-tegel",
            "kanaal": "telefoon",
        } | fields
        answer = self.client.post(f"{API}/meldingen", json=body, headers=self.head)
        assert answer.status_code == 201, answer.text
        caller.answer = answer.json
        return caller.answer

    def callbacks(self) -> list[dict[str, Any]]:
        """Whom to phone."""
        answer = self.client.get(f"{API}/terugbelnotities", headers=self.head)
        assert answer.status_code == 200, answer.text
        return list(answer.json["terugbelnotities"])

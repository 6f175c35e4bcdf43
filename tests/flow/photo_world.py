"""What the tests of photos share: files as a form hands them over, and one committed melding with its store."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from meldingen.adapters.storage import MemoryStore
from meldingen.db import transaction
from meldingen.domain.actor import ANONYMOUS
from meldingen.flow.photos import PhotoResult, Upload, add_photos, check_uploads, process_photo, sweep_photos
from meldingen.store.category import Category
from meldingen.store.gemeente import Gemeente, point
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import Photo
from meldingen.store.team import Team
from tests.photos import BERGEN, photo


class FormFile:
    """A file as Werkzeug hands it over."""

    def __init__(self, data: bytes, filename: str | None = "foto.jpg") -> None:
        self._stream, self._filename = BytesIO(data), filename

    @property
    def filename(self) -> str | None:
        return self._filename

    @property
    def stream(self) -> IO[bytes]:
        return self._stream


def uploads(*files: bytes) -> list[Upload]:
    accepted, refused = check_uploads([FormFile(data) for data in files])
    assert not refused
    return accepted


def different(count: int) -> list[bytes]:
    """Photos that are all different."""
    return [photo(size=(100 + number, 80)) for number in range(count)]


def make_gemeente(session: Session, code: str = "GM0373") -> Gemeente:
    gemeente = Gemeente(code=code, slug=code.lower(), name=code, served=True)
    session.add(gemeente)
    session.flush()
    return gemeente


def make_melding(
    session: Session, now: datetime, gemeente: Gemeente, number: str = "2600000017", **more: Any
) -> Melding:
    values: dict[str, Any] = {
        "gemeente_id": gemeente.id,
        "number": number,
        "status": "ontvangen",
        "location": point(*BERGEN),
        "location_source": "pin",
        "intake_channel": "app",
        "received_at": now,
        "first_promised_on": now.date(),
        "promised_on": now.date(),
    }
    melding = Melding(**(values | more))
    session.add(melding)
    session.flush()
    return melding


def make_opdracht(session: Session, now: datetime, gemeente: Gemeente) -> Opdracht:
    team = Team(gemeente_id=gemeente.id, slug="groen", name="Groen", kind="groen")
    category = Category(
        gemeente_id=gemeente.id,
        slug="anders",
        name="Anders",
        term_days=5,
        team_kind="groen",
        urgency="normaal",
        public=True,
    )
    session.add_all([team, category])
    session.flush()
    opdracht = Opdracht(
        gemeente_id=gemeente.id,
        status="nieuw",
        category_id=category.id,
        team_id=team.id,
        urgency="normaal",
        location=point(*BERGEN),
        received_at=now,
        due_at=now,
        created_at=now,
    )
    session.add(opdracht)
    session.flush()
    return opdracht


class World:
    """One committed melding with what it takes to work on it as workers and doors do."""

    def __init__(self, engine: sa.Engine, now: datetime) -> None:
        self.engine, self.now, self.store = engine, now, MemoryStore()
        with transaction(engine) as session:
            gemeente = make_gemeente(session)
            self.gemeente_id, self.melding = gemeente.id, make_melding(session, now, gemeente, photos_expected=2)

    def send(self, *files: bytes, owner: Melding | Opdracht | None = None) -> list[PhotoResult]:
        with transaction(self.engine) as session:
            return add_photos(
                session,
                owner or self.melding,
                uploads(*files),
                actor=ANONYMOUS,
                now=self.now,
                store=self.store,
            )

    def work(self) -> None:
        """Do every photo entry once, finished or not."""
        with transaction(self.engine) as session:
            query = sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.PHOTO).order_by(OutboxEntry.id)
            payloads = [entry.payload for entry in session.scalars(query)]
        for payload in payloads:
            process_photo(self.engine, self.store, payload, now=self.now)

    def sweep(self, later: timedelta = timedelta()) -> int:
        return sweep_photos(self.engine, self.store, scope=(self.gemeente_id,), now=self.now + later)

    def photos(self) -> list[Photo]:
        with transaction(self.engine) as session:
            return list(session.scalars(sa.select(Photo).order_by(Photo.id)))

    def events(self) -> list[str]:
        with transaction(self.engine) as session:
            return list(session.scalars(sa.select(Event.kind).order_by(Event.id)))

    def keys(self) -> set[str]:
        return {file.key for file in self.store.listing()}

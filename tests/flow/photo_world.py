"""What the tests of photos share: files as a form hands them over, and one committed melding with its store."""

from datetime import datetime, timedelta
from io import BytesIO
from typing import IO

import sqlalchemy as sa

from meldingen.adapters.storage import MemoryStore
from meldingen.db import transaction
from meldingen.domain.actor import ANONYMOUS
from meldingen.flow.photos import PhotoResult, Upload, add_photos, check_uploads, process_photo, sweep_photos
from meldingen.store.journal import Event
from meldingen.store.melding import Melding
from meldingen.store.opdracht import Opdracht
from meldingen.store.outbox import OutboxEntry, Topic
from meldingen.store.photo import Photo
from tests import factories
from tests.photos import photo


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


class World:
    """One committed melding with what it takes to work on it as workers and doors do."""

    def __init__(self, engine: sa.Engine, now: datetime) -> None:
        self.engine, self.now, self.store = engine, now, MemoryStore()
        with transaction(engine) as session:
            self.gemeente_id = factories.gemeente(session).id
            self.melding = factories.melding(session, now=now, photos_expected=2)

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

    def work(self) -> list[datetime | None]:
        """Do every photo entry once, finished or not; when each wants to be tried again."""
        with transaction(self.engine) as session:
            query = sa.select(OutboxEntry).where(OutboxEntry.topic == Topic.PHOTO).order_by(OutboxEntry.id)
            payloads = [entry.payload for entry in session.scalars(query)]
        return [process_photo(self.engine, self.store, payload, now=self.now) for payload in payloads]

    def sweep(self, later: timedelta = timedelta()) -> int:
        return sweep_photos(self.engine, self.store, scope=(self.gemeente_id,), now=self.now + later)

    def photos(self) -> list[Photo]:
        with transaction(self.engine) as session:
            return list(session.scalars(sa.select(Photo).order_by(Photo.id)))

    def events(self) -> list[str]:
        with transaction(self.engine) as session:
            query = sa.select(Event.kind).where(Event.kind.startswith("foto_"))
            return list(session.scalars(query.order_by(Event.id)))

    def keys(self) -> set[str]:
        return {file.key for file in self.store.listing()}

"""Step 2, the photo: check at the door, keep the bytes, process in a worker, sweep what is left over.

Bytes go to storage first, then the row and its outbox entry: a file without a row is swept, a row without a file
never exists. Only what a worker processed is ever shown; an upload never is. What makes a picture showable is for
`adapters/images.py`; who may see it is for the doors.
"""

import hashlib
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from typing import IO, Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from ..adapters import images
from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..adapters.image_headers import read_header
from ..adapters.images import Render
from ..adapters.storage import PhotoStore
from ..db import transaction
from ..domain.actor import SYSTEM, Actor
from ..domain.intake import MAX_PHOTOS
from ..domain.privacy import check_not_erased
from ..domain.sentence import say
from ..store import journal, outbox
from ..store import photo as photo_store
from ..store.dossier import MeldingRow, PhotoRow
from ..store.melding import Melding, lock_meldingen
from ..store.opdracht import Opdracht
from ..store.photo import KLAAR, ONLEESBAAR, ONTVANGEN, MissingPhotos, Photo

FAR_AWAY_M = 500
KEEP_UNREADABLE = timedelta(days=14)
MISSING_AFTER = timedelta(hours=1)
SWEEP_AFTER_S = 86_400
"""A file without a row is left alone for a day, by the clock of the store: its request may still be under way."""
_SWEEP_LOT = 500
WAITS_FOR_STORAGE = timedelta(days=2)
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=10), timedelta(minutes=15)
"""A storage that is down for a weekend costs no photo; we look again after a quarter of its age, within these."""

REASONS = {
    **images.REASONS,
    "te_veel_fotos": say("U kunt hoogstens %(meest)s foto's sturen. Deze foto is niet bewaard.", meest=MAX_PHOTOS),
    "opnieuw_sturen": say("Het lukte ons niet om deze foto te bewaren. Stuur de foto later nog een keer."),
    "niet_verwerkt": say("Het lukte ons niet om deze foto klaar te zetten. Stuur een andere foto of een JPG."),
}
"""Every reason a photo is not shown, as a B1 sentence for a melder; the code is stored, the sentence is not."""


class File(Protocol):
    """A file as a web framework hands it over. Its name is only used to tell an empty field from an empty file."""

    @property
    def filename(self) -> str | None: ...

    @property
    def stream(self) -> IO[bytes]: ...


@dataclass(frozen=True)
class Upload:
    """A file that passed the door. position: 1 for the first of the request. gps: (longitude, latitude)."""

    position: int
    stream: IO[bytes]
    sha256: bytes
    size_bytes: int
    content_type: str
    gps: tuple[float, float] | None


@dataclass(frozen=True)
class PhotoResult:
    """How one photo of a request fared; `detail` is for the melder, and empty when all is well.

    outcome: `ontvangen`, `al_ontvangen` (sent before), `geweigerd` or `opnieuw_sturen` (storage is away).
    """

    position: int
    outcome: str
    public_id: str = ""
    code: str = ""
    detail: str = ""

    @property
    def kept(self) -> bool:
        """Whether we have this photo."""
        return self.outcome in ("ontvangen", "al_ontvangen")


def check_uploads(files: Iterable[File]) -> tuple[list[Upload], list[PhotoResult]]:
    """What can be accepted and what is refused, in the order of the request; nothing is stored yet.

    Reads at most one file at a time into memory. A form field left empty is no photo and is passed over.
    """
    accepted: list[Upload] = []
    refused: list[PhotoResult] = []
    filled = (file for file in files if file.filename or file.stream.read(1))
    for position, file in enumerate(filled, start=1):
        if position > MAX_PHOTOS:
            refused.append(_not_kept(position, "te_veel_fotos"))
            continue
        file.stream.seek(0)
        data = file.stream.read(images.MAX_BYTES + 1)
        try:
            seen = images.inspect(data)
        except images.PhotoRefused as refusal:
            refused.append(PhotoResult(position, "geweigerd", code=refusal.code, detail=refusal.detail))
            continue
        digest = hashlib.sha256(data).digest()
        accepted.append(Upload(position, file.stream, digest, len(data), seen.content_type, seen.gps))
    return accepted, refused


def place_of(uploads: Iterable[Upload]) -> tuple[float, float] | None:
    """(longitude, latitude) of the first photo that tells where it was taken, for a melding without a place."""
    return next((upload.gps for upload in uploads if upload.gps), None)


def add_photos(
    session: Session,
    owner: Melding | Opdracht,
    uploads: Sequence[Upload],
    *,
    actor: Actor,
    now: datetime,
    store: PhotoStore,
) -> list[PhotoResult]:
    """Keep the photos of a melder (on the melding) or of a team (on the opdracht), each once, in their order.

    Storage that is away costs one time-out, not one per photo: the rest of the request is `opnieuw_sturen` too.
    The files are written before any row is locked.
    """
    known = {photo.sha256: photo for photo in _photos_of(session, owner)}
    room = _room(owner, known.values())
    results: list[PhotoResult] = []
    stored: list[tuple[Upload, str]] = []
    away = False
    for upload in uploads:
        if upload.sha256 in known:
            results.append(_sent_before(upload, known[upload.sha256]))
            continue
        if len(stored) >= room:
            results.append(_not_kept(upload.position, "te_veel_fotos"))
            continue
        public_id = secrets.token_hex(16)
        try:
            if not away:
                upload.stream.seek(0)
                store.put(_key("upload", owner.gemeente_id, public_id), upload.stream.read())
                stored.append((upload, public_id))
        except (TemporaryFailure, PermanentFailure):
            away = True
        if away:
            results.append(_not_kept(upload.position, "opnieuw_sturen", outcome="opnieuw_sturen"))
    if stored:
        results += _add_rows(session, owner, stored, actor=actor, now=now)
    return sorted(results, key=lambda result: result.position)


def process_photo(
    engine: sa.Engine, store: PhotoStore, payload: Mapping[str, Any], *, now: datetime, render: Render | None = None
) -> datetime | None:
    """Make one upload showable, or say why not: read, work without a transaction, record. Safe to repeat.

    payload: `photo_id` and `gemeente_id`. render: in place of `images.render`, one that does it in another process.
    While storage is away it returns when to come back, which is no attempt; after WAITS_FOR_STORAGE TemporaryFailure.
    """
    photo_id, gemeente_id = int(payload["photo_id"]), int(payload["gemeente_id"])
    scope = (gemeente_id,)
    with transaction(engine) as session:
        photo = photo_store.photo_by_id(session, photo_id, scope=scope)
    if photo is None or photo.status == KLAAR or not photo.upload_key:
        return None
    try:
        _make_showable(engine, store, photo, render or images.render, scope=scope, now=now)
    except TemporaryFailure:
        if (age := now - photo.received_at) > WAITS_FOR_STORAGE:
            raise
        return now + min(max(age / 4, SHORTEST_WAIT), LONGEST_WAIT)
    return None


def _make_showable(
    engine: sa.Engine, store: PhotoStore, photo: Photo, render: Render, *, scope: tuple[int], now: datetime
) -> None:
    """The work itself; raises TemporaryFailure when storage is away."""
    photo_id, gemeente_id, upload_key = photo.id, photo.gemeente_id, photo.upload_key
    small_key, large_key = (f"{_key(size, gemeente_id, photo.public_id)}.jpg" for size in ("klein", "groot"))
    try:
        data = store.get(upload_key)
        pictures = render(data)
    except images.PhotoRefused as refusal:
        _record_unreadable(engine, photo_id, refusal.code, scope=scope, now=now)
        return
    except PermanentFailure:
        made = _made_before(store, small_key, large_key)
        if made is None:
            _record_unreadable(engine, photo_id, "niet_verwerkt", scope=scope, now=now)
            return
        pictures, data = made, made[images.LARGE]
    store.put(small_key, pictures[images.SMALL])
    store.put(large_key, pictures[images.LARGE])
    large = read_header(pictures[images.LARGE])
    gps = images.inspect(data).gps
    with transaction(engine) as session:
        row = photo_store.lock_photo(session, photo_id, scope=scope)
        if row is not None and row.status == KLAAR:
            return  # another worker was first
        if row is not None:
            row.status, row.reason, row.processed_at = KLAAR, "", now
            row.small_key, row.large_key, row.upload_key = small_key, large_key, ""
            row.width, row.height = (large.width, large.height) if large else (None, None)
            if gps and row.melding_id is not None:
                metres = photo_store.metres_from_pin(session, row.melding_id, *gps, scope=scope)
                row.far_away = metres is not None and metres > FAR_AWAY_M
    # Its melder was erased meanwhile: what this worker made goes at once, it does not wait for the sweep.
    for key in (upload_key,) if row is not None else (upload_key, small_key, large_key):
        store.delete(key)


def _made_before(store: PhotoStore, small_key: str, large_key: str) -> dict[int, bytes] | None:
    """Both sizes, when this upload was processed after the moment of the back-up that was put back since."""
    try:
        return {images.SMALL: store.get(small_key), images.LARGE: store.get(large_key)}
    except PermanentFailure:
        return None


def sweep_photos(engine: sa.Engine, store: PhotoStore, *, scope: Collection[int], now: datetime) -> int:
    """Tidy up for these gemeenten, and return how many files went.

    Gone after this: the uploads of photos unreadable for 14 days, files no row refers to, and half-written files
    of a crash. A photo whose work was given up is told to its melder as not processed.
    """
    with transaction(engine) as session:
        for photo in photo_store.given_up(session, scope=scope):
            _mark_unreadable(session, photo, "niet_verwerkt", now=now)
    expired = []
    with transaction(engine) as session:
        for photo in photo_store.unreadable_before(session, now - KEEP_UNREADABLE, scope=scope):
            expired.append(photo.upload_key)
            photo.upload_key = ""
    for key in expired:  # only now: a crash leaves files without a row, never a row without its file
        store.delete(key)
    gone = len(expired)
    for gemeente_id in sorted(scope):
        for folder in ("upload", "klein", "groot"):
            for keys in _old_keys(store, f"{folder}/{gemeente_id}"):
                with transaction(engine) as session:
                    unused = set(keys) - photo_store.keys_in_use(session, keys, scope=(gemeente_id,))
                for key in unused:
                    store.delete(key)
                gone += len(unused)
    for keys in _old_keys(store, "tmp"):
        for key in keys:
            store.delete(key)
        gone += len(keys)
    return gone


def missing_photos(session: Session, *, scope: Collection[int], now: datetime) -> Sequence[MissingPhotos]:
    """The meldingen that announced photos (`fotosVolgen`) more than an hour ago and did not get them all."""
    return photo_store.missing_before(session, now - MISSING_AFTER, scope=scope)


def missing_of(melding: Melding | MeldingRow, photos: Iterable[Photo | PhotoRow], *, now: datetime) -> int:
    """How many photos this melding announced and did not get, told after an hour. photos: any, its own are counted."""
    if now - melding.received_at < MISSING_AFTER:
        return 0
    came = sum(photo.melding_id == melding.id and photo.received_at > melding.received_at for photo in photos)
    return max(0, melding.photos_expected - came)


def _add_rows(
    session: Session,
    owner: Melding | Opdracht,
    stored: Sequence[tuple[Upload, str]],
    *,
    actor: Actor,
    now: datetime,
) -> list[PhotoResult]:
    """Rows, journal and outbox for files that are stored. What is not used of them is swept."""
    of_melding = isinstance(owner, Melding)
    scope = (owner.gemeente_id,)
    if of_melding:
        for locked in lock_meldingen(session, (owner.id,), scope=scope):
            check_not_erased(locked.erased_at)
    present = {photo.sha256: photo for photo in _photos_of(session, owner)}
    room = _room(owner, present.values())
    results = []
    for upload, public_id in stored:
        if upload.sha256 in present:
            results.append(_sent_before(upload, present[upload.sha256]))
            continue
        if room <= 0:
            results.append(_not_kept(upload.position, "te_veel_fotos"))
            continue
        photo = photo_store.add_photo(
            session,
            gemeente_id=owner.gemeente_id,
            public_id=public_id,
            melding_id=owner.id if of_melding else None,
            opdracht_id=None if of_melding else owner.id,
            kind="melder" if of_melding else "team",
            sha256=upload.sha256,
            size_bytes=upload.size_bytes,
            upload_key=_key("upload", owner.gemeente_id, public_id),
            now=now,
        )
        if photo is None:  # two of one team at the same moment: the first one's is there now
            present = {photo.sha256: photo for photo in _photos_of(session, owner)}
            results.append(_sent_before(upload, present[upload.sha256]))
            continue
        room -= 1
        present[upload.sha256] = photo
        journal.record(
            session,
            "foto_ontvangen",
            gemeente_id=owner.gemeente_id,
            actor=actor,
            now=now,
            melding_id=photo.melding_id,
            opdracht_id=photo.opdracht_id,
            facts={"photo_id": photo.id},
        )
        outbox.put(
            session,
            outbox.Topic.PHOTO,
            {"photo_id": photo.id, "gemeente_id": owner.gemeente_id},
            gemeente_id=owner.gemeente_id,
            now=now,
            urgency=outbox.Urgency.PHOTO,
        )
        results.append(PhotoResult(upload.position, "ontvangen", public_id))
    return results


def _room(owner: Melding | Opdracht, present: Iterable[Photo]) -> int:
    """How many more may come: a melder's readable photos are limited (KLANTREIS rule 9), a team's per request."""
    if isinstance(owner, Opdracht):
        return MAX_PHOTOS
    return MAX_PHOTOS - sum(photo.status != ONLEESBAAR for photo in present)


def _photos_of(session: Session, owner: Melding | Opdracht) -> Sequence[Photo]:
    ids = {"melding_ids": (owner.id,)} if isinstance(owner, Melding) else {"opdracht_ids": (owner.id,)}
    return photo_store.photos_of(session, **ids, scope=(owner.gemeente_id,))


def _sent_before(upload: Upload, photo: Photo) -> PhotoResult:
    """The answer to bytes we have or had: the same photo, or the same refusal."""
    if photo.status == ONLEESBAAR:
        return _not_kept(upload.position, photo.reason)
    return PhotoResult(upload.position, "al_ontvangen", photo.public_id)


def _not_kept(position: int, code: str, *, outcome: str = "geweigerd") -> PhotoResult:
    return PhotoResult(position, outcome, code=code, detail=REASONS[code])


def _key(folder: str, gemeente_id: int, public_id: str) -> str:
    """Per gemeente a folder, so that a sweep or an export for one never meets the files of another."""
    return f"{folder}/{gemeente_id}/{public_id}"


def _record_unreadable(engine: sa.Engine, photo_id: int, code: str, *, scope: Collection[int], now: datetime) -> None:
    with transaction(engine) as session:
        photo = photo_store.lock_photo(session, photo_id, scope=scope)
        if photo is not None and photo.status == ONTVANGEN:
            _mark_unreadable(session, photo, code, now=now)


def _mark_unreadable(session: Session, photo: Photo, code: str, *, now: datetime) -> None:
    photo.status, photo.reason, photo.processed_at = ONLEESBAAR, code, now
    journal.record(
        session,
        "foto_onleesbaar",
        gemeente_id=photo.gemeente_id,
        actor=SYSTEM,
        now=now,
        melding_id=photo.melding_id,
        opdracht_id=photo.opdracht_id,
        facts={"photo_id": photo.id, "reason": code},
    )


def _old_keys(store: PhotoStore, folder: str) -> Iterator[list[str]]:
    """The keys in a folder that are older than a day, some hundreds at a time."""
    old = (file.key for file in store.listing(folder) if file.age_s > SWEEP_AFTER_S)
    while lot := list(islice(old, _SWEEP_LOT)):
        yield lot

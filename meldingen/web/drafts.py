"""Photos between two steps of the form: a browser without JavaScript cannot carry files on, so we keep them.

The bytes lie in the photo store as a file without a row; what was not used is swept after a day, like every such file
(flow/photos.py). The form carries a signed reference: nobody can name a file of another.
"""

import hashlib
import io
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..adapters.storage import PhotoStore
from ..flow.photos import Upload

KEPT_S = 20 * 3600
LONGEST_NAME = 80


@dataclass(frozen=True)
class Draft:
    """One photo that waits. name: as the melder's device calls it, only to show. gps: longitude, latitude."""

    reference: str
    key: str
    sha256: bytes
    size_bytes: int
    name: str
    gps: tuple[float, float] | None


@dataclass(frozen=True)
class DraftFile:
    """A draft read back, as flow/photos.py takes a file."""

    filename: str
    stream: IO[bytes]


class Drafts:
    """The drawer of the form. A place in another gemeente than the form began in costs no photo."""

    def __init__(self, store: PhotoStore, keys: Sequence[str]) -> None:
        self._store = store
        self._signer = URLSafeTimedSerializer(list(reversed(keys)), salt="foto-in-formulier")

    def keep(self, upload: Upload, name: str, gemeente_id: int) -> Draft:
        """Puts an accepted upload away. Raises TemporaryFailure or PermanentFailure when the store is away."""
        key = f"upload/{gemeente_id}/{secrets.token_hex(16)}"
        upload.stream.seek(0)
        self._store.put(key, upload.stream.read())
        shown = "".join(c for c in name if c.isprintable())[-LONGEST_NAME:] or "foto"
        facts = [key, upload.sha256.hex(), upload.size_bytes, shown, upload.gps]
        return _draft(str(self._signer.dumps(facts)), facts)

    def read(self, references: Sequence[str]) -> list[Draft]:
        """The drafts behind signed references, each once; what is forged or too old is left out."""
        found: dict[bytes, Draft] = {}
        for reference in references:
            try:
                draft = _draft(reference, self._signer.loads(reference, max_age=KEPT_S))
            except BadSignature:
                continue
            found.setdefault(draft.sha256, draft)
        return list(found.values())

    def open(self, draft: Draft) -> DraftFile | None:
        """The bytes of a draft; None when the store does not give them now."""
        try:
            data = self._store.get(draft.key)
        except (TemporaryFailure, PermanentFailure):
            return None
        if hashlib.sha256(data).digest() != draft.sha256:
            return None
        return DraftFile(draft.name, io.BytesIO(data))


def _draft(reference: str, facts: Sequence[Any]) -> Draft:
    key, digest, size_bytes, name, gps = facts
    return Draft(reference, key, bytes.fromhex(digest), size_bytes, name, tuple(gps) if gps else None)

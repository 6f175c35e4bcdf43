"""An answer by mail at its melding: the words as aanvullingen, the pictures as photos, as if typed on the volgpagina.

Also when the KCC joins a mail to a melding by hand. Which melding it is: replies.py.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import IO, Final

from sqlalchemy.orm import Session

from ..adapters.image_headers import sniff
from ..adapters.storage import PhotoStore
from ..domain.actor import Actor
from ..domain.incoming import IncomingLetter
from ..domain.quoting import own_words, portions
from ..domain.text import MAX_LENGTH, clean_text
from ..store import contact
from ..store.melding import Melding
from . import feedback, photos
from .deliveries import Desk

MOST_PORTIONS: Final = 10
LONGEST_READ: Final = 100_000
SMALLEST_PHOTO_BYTES: Final = 6_000
"""A logo under a mail is smaller, a photo of a phone never is."""

BY_MAIL: Final = "e_mail"
OTHER_ADDRESS: Final = "e_mail_ander_adres"
ONLY_PHOTOS: Final = "Foto gestuurd per e-mail."
TOO_LONG: Final = "Dit antwoord is heel lang. Het begin staat bij de melding. Lees de rest hier."
MORE_FILES: Final = (
    "Bij dit antwoord zit iets dat geen foto is, of een foto die niet bewaard is. Bekijk de e-mail zelf."
)


@dataclass(frozen=True)
class _Attachment:
    """A file of a mail as the photo step takes it. Its name is nobody's business."""

    stream: IO[bytes]
    filename: str | None = "bijlage"


def can_take(about: Melding) -> bool:
    """Whether a melding is still there for its melder; after withdrawing or erasing nothing is added to it."""
    return about.withdrawn_at is None and about.erased_at is None and not about.referred_to


def is_of_melder(desk: Desk, about: Melding, sender: str) -> bool:
    """Whether this is the address the melder left."""
    known = contact.contact_of(desk.session, about.id, scope=[about.gemeente_id])
    return known is not None and bool(sender) and known.email.lower() == sender


def land(desk: Desk, about: Melding, letter: IncomingLetter) -> str:
    """Adds what the melder wrote and sent along; a mail from another address is named so. As `add_letter`."""
    actor = Actor(kind="melder", melding_id=about.id, roles={about.gemeente_id: frozenset()})
    came_by = BY_MAIL if is_of_melder(desk, about, letter.sender) else OTHER_ADDRESS
    text = letter.text if len(letter.text) > LONGEST_READ else own_words(letter.text)
    return add_letter(
        desk.session,
        about,
        text,
        letter.files,
        actor=actor,
        came_by=came_by,
        store=desk.adapters.photos,
        now=desk.now,
    )


def add_letter(
    session: Session,
    about: Melding,
    text: str,
    files: Sequence[bytes],
    *,
    actor: Actor,
    came_by: str,
    store: PhotoStore,
    now: datetime,
) -> str:
    """Words in as many aanvullingen as they need, up to MOST_PORTIONS; pictures as photos, judged by their content.

    Returns why people must look at the mail itself, or nothing when all of it landed.
    """
    pieces = [piece for piece in portions(text, max_length=MAX_LENGTH) if clean_text(piece, field="tekst")]
    pictures = [file for file in files if sniff(file)]
    small = [file for file in pictures if len(file) < SMALLEST_PHOTO_BYTES]
    uploads, results = photos.check_uploads(_attachments(file for file in pictures if file not in small))
    # Words first: they lock opdracht and melding, in that order, and photos the melding alone.
    for piece in pieces[:MOST_PORTIONS] or ([ONLY_PHOTOS] if uploads else []):
        feedback.add_supplement(session, about, piece, actor=actor, now=now, came_by=came_by)
    results += photos.add_photos(session, about, uploads, actor=actor, now=now, store=store)
    reasons = [TOO_LONG] if len(pieces) > MOST_PORTIONS else []
    if len(files) > len(pictures) or not all(result.kept for result in results):
        reasons.append(MORE_FILES)
    return " ".join(reasons)


def _attachments(files: Iterable[bytes]) -> list[_Attachment]:
    return [_Attachment(BytesIO(file)) for file in files]

"""An answer by mail at its melding: the words as aanvullingen, the pictures as photos, as if typed on the volgpagina.

Also when the KCC joins a mail to a melding by hand. Which melding it is: replies.py.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from io import BytesIO
from typing import IO, Final

from sqlalchemy.orm import Session

from ..adapters.failures import PermanentFailure
from ..adapters.image_headers import sniff
from ..adapters.storage import PhotoStore
from ..domain.actor import Actor
from ..domain.errors import Conflict, NotFound
from ..domain.incoming import IncomingLetter, Unreadable, read_letter
from ..domain.quoting import own_words, portions
from ..domain.text import MAX_LENGTH, clean_text
from ..store import contact, incoming_mail, task
from ..store.melding import Melding
from . import feedback, photos
from .desk import Desk

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
    return add_letter(
        desk.session,
        about,
        _words_of(letter),
        letter.files,
        actor=actor,
        came_by=came_by,
        store=desk.adapters.photos,
        now=desk.now,
    )


def link_mail(desk: Desk, mail_id: int, about: Melding, *, actor: Actor) -> None:
    """A person says at which melding a mail belongs: it lands there as if it had come there, and its tasks are done.

    Its words then stand at the melding alone; the mail itself stays only for what could not land. Raises NotFound,
    Conflict when it was linked already or nothing may be added, TemporaryFailure when the storage is away.
    """
    mail = incoming_mail.lock_mail(desk.session, mail_id, scope=desk.scope)
    if mail is None or mail.gemeente_id != about.gemeente_id:
        raise NotFound("mail_onbekend", "Deze e-mail kunnen wij niet vinden.")
    if mail.kind == "antwoord":
        raise Conflict("al_gekoppeld", "Deze e-mail hoort al bij een melding.")
    if not can_take(about):
        raise Conflict("niet_meer", "Aan deze melding kan niets meer worden toegevoegd. Kies een andere.")
    text: str = own_words(mail.text)
    files: tuple[bytes, ...] = ()
    with contextlib.suppress(Unreadable, PermanentFailure):
        letter = read_letter(desk.adapters.photos.get(mail.raw_key))
        text, files = _words_of(letter), letter.files
    left_over = add_letter(
        desk.session,
        about,
        text,
        files,
        actor=replace(actor, on_behalf_of_melding=about.id),
        came_by=BY_MAIL if is_of_melder(desk, about, mail.sender) else OTHER_ADDRESS,
        store=desk.adapters.photos,
        now=desk.now,
    )
    mail.kind, mail.melding_id = "antwoord", about.id
    if not left_over:
        mail.sender = mail.subject = mail.text = mail.raw_key = ""
    task.finish_of_mail(
        desk.session, mail.id, result="Gekoppeld aan een melding.", by=actor.account_id, now=desk.now, scope=desk.scope
    )


def _words_of(letter: IncomingLetter) -> str:
    """What the writer wrote himself; of an endless text everything, which the KCC then reads."""
    return letter.text if len(letter.text) > LONGEST_READ else own_words(letter.text)


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

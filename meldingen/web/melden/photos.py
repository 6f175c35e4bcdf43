"""The photos that wait with a form: kept when they are chosen, so that they survive every step (web/drafts.py).

They come along with a step, or one by one by the script of the page (photo_doors.py). A photo is known by its sha256.
"""

from collections.abc import Callable

from flask import request

from ...adapters.failures import PermanentFailure, TemporaryFailure
from ...domain.intake import MAX_PHOTOS
from ...flow.photos import REASONS, PhotoResult, check_uploads
from ..drafts import Draft
from ..taal import _, translate
from .form import Form


def collect_photos(form: Form) -> None:
    """Adds what came along, takes off what was said to go, and notes by name why a photo is not kept."""
    references = [photo.reference for photo in form.photos] + request.form.getlist("foto_bewaard")
    form.photos = form.drawer.read(references)
    take_off(form)
    files = [file for file in request.files.getlist("foto") if file.filename]
    accepted, results = check_uploads(files)
    form.refused += [f"{files[result.position - 1].filename}: {translate(result.detail)}" for result in results]
    known = {photo.sha256 for photo in form.photos}
    try:
        for upload in accepted:
            name = files[upload.position - 1].filename or ""
            if upload.sha256 in known:
                continue
            if len(form.photos) >= MAX_PHOTOS:
                form.refused.append(f"{name}: {translate(REASONS['te_veel_fotos'])}")
                continue
            known.add(upload.sha256)
            form.photos.append(form.drawer.keep(upload, name, form.sender.id))
    except (TemporaryFailure, PermanentFailure):
        form.refused.append(
            _("Wij kunnen nu geen foto's bewaren. U kunt uw foto later nasturen, op de pagina van uw melding.")
        )


def take_off(form: Form) -> None:
    """Takes off the photos that `foto_weg` names, by their reference or their sha256 in hex."""
    off = set(request.form.getlist("foto_weg"))
    form.photos = [one for one in form.photos if not off & {one.reference, one.sha256.hex()}]


def keep_one(form: Form, hold: Callable[[Form], None], save: Callable[[Form], None]) -> Draft | PhotoResult:
    """Keeps the one photo that was sent, once, or says why not. hold: locks the form; save: keeps it.

    The bytes go to the store before the form is locked: on a slow store nobody waits for a row. Raises
    TemporaryFailure or PermanentFailure when the store is away.
    """
    file = request.files.get("foto")
    accepted, results = check_uploads([file] if file else [])
    if not accepted:
        return results[0] if results else PhotoResult(1, "geweigerd", code="leeg", detail=REASONS["leeg"])
    upload = accepted[0]
    draft = _known(form, upload.sha256)
    if draft is None and len(form.photos) < MAX_PHOTOS:
        draft = form.drawer.keep(upload, file.filename or "" if file else "", form.sender.id)
    hold(form)
    if found := _known(form, upload.sha256):
        return found
    if draft is None or len(form.photos) >= MAX_PHOTOS:
        return PhotoResult(1, "geweigerd", code="te_veel_fotos", detail=REASONS["te_veel_fotos"])
    form.photos.append(draft)
    save(form)
    return draft


def _known(form: Form, sha256: bytes) -> Draft | None:
    return next((photo for photo in form.photos if photo.sha256 == sha256), None)

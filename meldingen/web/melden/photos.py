"""The photos that wait with a form: kept when they are chosen, so that they survive every step (web/drafts.py)."""

from flask import request

from ...adapters.failures import PermanentFailure, TemporaryFailure
from ...domain.intake import MAX_PHOTOS
from ...flow.photos import REASONS, check_uploads
from .form import Form

AWAY = "Wij kunnen nu geen foto's bewaren. U kunt uw foto later nasturen, op de pagina van uw melding."


def collect_photos(form: Form) -> None:
    """Adds what came along, takes off what was ticked, and notes by name why a photo is not kept."""
    taken_off = set(request.form.getlist("foto_weg"))
    references = [photo.reference for photo in form.photos] + request.form.getlist("foto_bewaard")
    form.photos = [one for one in form.drawer.read(references) if one.reference not in taken_off]
    files = [file for file in request.files.getlist("foto") if file.filename]
    accepted, results = check_uploads(files)
    form.refused += [f"{files[result.position - 1].filename}: {result.detail}" for result in results]
    known = {photo.sha256 for photo in form.photos}
    try:
        for upload in accepted:
            name = files[upload.position - 1].filename or ""
            if upload.sha256 in known:
                continue
            if len(form.photos) >= MAX_PHOTOS:
                form.refused.append(f"{name}: {REASONS['te_veel_fotos']}")
                continue
            known.add(upload.sha256)
            form.photos.append(form.drawer.keep(upload, name, form.sender.id))
    except (TemporaryFailure, PermanentFailure):
        form.refused.append(AWAY)

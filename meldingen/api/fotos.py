"""The door to pictures: only what a worker made showable, only to whom it concerns; never an upload (SEC-01).

Staff decide here whether others may see one, too.
"""

from typing import Any

import marshmallow as ma
from flask import Response

from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..auth import enter, visit
from ..domain.errors import NotFound, Unavailable
from ..flow.publicity import MAY_PUBLISH, set_photo_public
from ..store.photo import photo_by_public_id
from .door import Door, described
from .fields import Choice
from .headers import BASE
from .reading import may_see_photo, staff_sees_photo
from .schemas.melding import PublicityIn, PublicityOut

door = Door("Foto's", __name__, url_prefix=BASE, description="Foto's bekijken en openbaar maken.")


class PhotoQuery(ma.Schema):
    """Which size."""

    size = Choice(
        "klein", "groot", data_key="formaat", load_default="groot", metadata={"description": "320 of 1600 beeldpunten."}
    )


@door.get("/fotos/<foto:foto_id>")
@enter("iedereen", "melder", "medewerker")
@door.arguments(PhotoQuery(), location="query")
@door.response(200, {"type": "string", "format": "binary"}, content_type="image/jpeg")
@described(
    "Bekijk een foto",
    "320 of 1600 beeldpunten. Voor wie de foto stuurde, wie de melding volgt (foto's van het team), medewerkers die "
    "ermee werken, en iedereen als een medewerker de foto openbaar maakte. Anders bestaat de foto niet.",
    produces=("image/jpeg",),
)
def get_foto(query: dict[str, Any], foto_id: str) -> Response:
    """One picture."""
    here = visit()
    photo = photo_by_public_id(here.session, foto_id, scope=here.public_scope)
    if photo is None or not may_see_photo(here, photo):
        raise _no_photo()
    try:
        data = here.adapters.photos.get(photo.small_key if query["size"] == "klein" else photo.large_key)
    except TemporaryFailure as error:
        raise Unavailable("opslag_weg", "Wij kunnen de foto nu niet ophalen. Probeer het zo nog eens.") from error
    except PermanentFailure as error:
        raise _no_photo() from error
    response = Response(data, mimetype="image/jpeg")
    response.headers["Content-Disposition"] = f'inline; filename="foto-{query["size"]}.jpg"'
    response.headers["Cache-Control"] = "private, max-age=3600"
    return response


@door.put("/fotos/<foto:foto_id>/openbaarheid")
@enter("medewerker", roles=MAY_PUBLISH)
@door.arguments(PublicityIn())
@door.response(200, PublicityOut())
@described(
    "Maak een foto openbaar, of niet meer",
    "Daarna ziet iedereen de foto, of alleen nog wie ermee werkt. Voor KCC, coördinator en het team van de opdracht. "
    "Een foto bij een categorie die niet openbaar is, kan niet openbaar worden.",
    fails=(409,),
)
def put_openbaarheid(given: dict[str, Any], foto_id: str) -> dict[str, Any]:
    """ "Mag openbaar", ticked or not."""
    here = visit()
    photo = photo_by_public_id(here.session, foto_id, scope=here.actor.scope)
    if photo is None or not staff_sees_photo(here, photo):
        raise _no_photo()
    photo = set_photo_public(here.session, foto_id, given["public"], actor=here.actor, now=here.now)
    return {"public_id": photo.public_id, "public": photo.public}


def _no_photo() -> NotFound:
    return NotFound("foto_onbekend", "Deze foto kunnen wij niet vinden.")

"""/melden/<nummer>/ontvangen: the receipt on screen, made to be printed."""

from flask import Blueprint, render_template
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ...auth import enter, reader_at, visit
from ...domain import tokens
from ...flow.photos import REASONS, PhotoResult
from ...store.category import category_by_id
from ..layout import show_as

pages = Blueprint("ontvangen", __name__)


@pages.get("/melden/<nummer>/ontvangen")
@enter("melder", "medewerker")
def ontvangen(nummer: str) -> ResponseReturnValue:
    """Number, promise, how to follow it, what to do in danger, and how each photo fared."""
    here = visit()
    melding, _ = reader_at(here, nummer)
    show_as(melding.gemeente_id)
    fates = [
        (name, PhotoResult(position, outcome, code=code, detail=REASONS.get(code, "")))
        for position, (name, outcome, code) in enumerate(cookie.get("fotos", {}).get(nummer, []), start=1)
    ]
    keys = here.settings.secret_keys
    token = tokens.make_token(keys, melding.id, melding.token_generation)
    chosen = melding.category_id
    return render_template(
        "melden/ontvangen.html",
        melding=melding,
        category=category_by_id(here.session, chosen, scope=[melding.gemeente_id]) if chosen else None,
        fates=fates,
        follow_url=here.settings.public_url + "/v/" + token,
        code=tokens.spoken_code(keys, melding.id, melding.token_generation),
    )

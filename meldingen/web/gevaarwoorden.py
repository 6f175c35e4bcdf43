"""/beheer/gevaar: the words of danger of a gemeente, and a sentence to try them on before they are kept."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER
from ..domain.danger import DangerWords, Heard, hear
from ..domain.errors import DomainError
from ..flow import danger
from ..flow.library import danger_defaults
from ..store.gemeente import gemeente_by_id
from .layout import Sender
from .own_gemeente import own_gemeente, own_gemeenten

pages = Blueprint("gevaarwoorden", __name__)

DONE = {"bewaard": "De woorden zijn bewaard. Zij gelden meteen.", "onze": "Onze lijsten gelden weer."}
MAX_TRIED = 500


@pages.get("/beheer/gevaar")
@enter("medewerker", roles=(BEHEER,))
def woorden() -> ResponseReturnValue:
    """Both lists as they count now."""
    here = visit()
    home = own_gemeente(here, (BEHEER,))
    now = danger.words_of(gemeente_by_id(here.session, home.id).policy)
    return _page(here, home, _typed(now), danger.mark_of(now), done=DONE.get(request.args.get("gedaan", ""), ""))


@pages.post("/beheer/gevaar")
@enter("medewerker", roles=(BEHEER,))
def bewaar() -> ResponseReturnValue:
    """`probeer` hears a sentence with the lists as they are typed; `bewaar` keeps them; `onze` goes back to ours."""
    here, form = visit(), request.form
    home = own_gemeente(here, (BEHEER,))
    typed = {name: form.get(name, "") for name in ("vragen", "alarm", "zin")}
    seen, action = form.get("stand", ""), form.get("actie", "bewaar")
    who: dict[str, Any] = {"seen": seen, "actor": here.actor, "now": here.now}
    try:
        with here.session.begin_nested():
            new = None if action == "onze" else danger.read_words(typed["vragen"], typed["alarm"])
            if action == "probeer" and new is not None:
                return _page(here, home, typed, seen, heard=hear(typed["zin"][:MAX_TRIED], new))
            danger.set_words(here.session, home.id, new, **who)
    except DomainError as error:
        here.session.expire_all()
        return _page(here, home, typed, seen, error=error), error.status
    done = "onze" if action == "onze" else "bewaard"
    return redirect(url_for("gevaarwoorden.woorden", gedaan=done, gemeente=form.get("gemeente") or None), 303)


def _typed(words: DangerWords) -> dict[str, str]:
    return {"vragen": "\n".join(words.asking), "alarm": "\n".join(words.alarming), "zin": ""}


def _page(
    here: Visit,
    home: Sender,
    values: dict[str, str],
    stand: str,
    *,
    heard: Heard | None = None,
    error: DomainError | None = None,
    done: str = "",
) -> str:
    now = danger.words_of(gemeente_by_id(here.session, home.id).policy)
    return render_template(
        "werk/gevaarwoorden.html",
        mine=own_gemeenten(here, (BEHEER,)),
        values=values,
        stand=stand,
        own=now != danger_defaults(),
        heard=heard,
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        done=done,
    )

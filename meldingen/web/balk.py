"""/beheer/balk: what stands on every page for a while, such as an outage. On and off, with an end."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.deadlines import AMSTERDAM
from ..domain.errors import DomainError
from ..flow import banner
from ..flow.banner import MAY_SET
from ..store.gemeente import gemeente_by_id
from .layout import Sender
from .own_gemeente import own_gemeente, own_gemeenten, read_moment
from .zinhulp import hints_of

pages = Blueprint("balk", __name__)

DONE = {"aan": "De tekst staat nu op elke pagina.", "uit": "De tekst is van de pagina's af."}


@pages.get("/beheer/balk")
@enter("medewerker", roles=MAY_SET)
def balk() -> ResponseReturnValue:
    """The text there is now."""
    here = visit()
    home = own_gemeente(here, MAY_SET)
    return _page(here, home, done=DONE.get(request.args.get("gedaan", ""), ""))


@pages.post("/beheer/balk")
@enter("medewerker", roles=MAY_SET)
def zet() -> ResponseReturnValue:
    """`aan` puts the text on every page, `uit` takes it off."""
    here, form = visit(), request.form
    home = own_gemeente(here, MAY_SET)
    who: dict[str, Any] = {"actor": here.actor, "now": here.now}
    off = form.get("actie") == "uit"
    try:
        with here.session.begin_nested():
            if off:
                banner.end_banner(here.session, home.id, **who)
            else:
                until = read_moment(form.get("dag", ""), form.get("uur", ""))
                banner.set_banner(here.session, home.id, form.get("tekst", ""), until, **who)
    except DomainError as error:
        here.session.expire_all()
        return _page(here, home, error=error), error.status
    done = "uit" if off else "aan"
    return redirect(url_for("balk.balk", gedaan=done, gemeente=form.get("gemeente") or None), 303)


def _page(here: Visit, home: Sender, *, error: DomainError | None = None, done: str = "") -> str:
    now = banner.current_banner(gemeente_by_id(here.session, home.id), here.now)
    ends = now.until.astimezone(AMSTERDAM) if now else None
    text = request.form.get("tekst", now.text if now else "")
    return render_template(
        "werk/balk.html",
        mine=own_gemeenten(here, MAY_SET),
        now=now,
        values={
            "tekst": text,
            "dag": request.form.get("dag", ends.date().isoformat() if ends else ""),
            "uur": request.form.get("uur", f"{ends:%H:%M}" if ends else "18:00"),
        },
        hints=hints_of(text),
        errors={"dag" if one.field == "tot" else one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        done=done,
    )

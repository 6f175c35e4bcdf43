"""/kcc/brieven: letters to print and post, for melders who have nothing digital and no phone."""

from collections.abc import Sequence

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..flow import letters
from ..flow.letters import DESK, Letter
from .kcc import desk_scope

pages = Blueprint("brieven", __name__)

KINDS = {
    "gereed": "Opgelost",
    "niet_opgelost": "Niet opgelost",
    "overgedragen": "Overgedragen",
    "blijft_gesloten": "Blijft gesloten",
    "ander_loket": "Ander loket",
    "vraag": "Vraag van het team",
    "vertraagd": "Later dan beloofd",
}


@pages.get("/kcc/brieven")
@enter("medewerker", roles=DESK)
def brieven() -> ResponseReturnValue:
    """The letters that nobody has posted yet, oldest first. `?gepost=` says what was just done."""
    here = visit()
    return render_template(
        "werk/brieven.html", rows=_mine(here), kinds=KINDS, now=here.now, posted=request.args.get("gepost", "")
    )


@pages.get("/kcc/brieven.pdf")
@enter("medewerker", roles=DESK)
def afdrukken() -> ResponseReturnValue:
    """The chosen letters (`brief`, may come more than once; none: all) as one PDF. Each look is logged."""
    here = visit()
    wanted = _chosen(request.args.getlist("brief")) or [row.delivery.id for row in _mine(here)]
    pdf = letters.print_letters(here.session, wanted, actor=here.actor, now=here.now)
    answer = Response(pdf, mimetype="application/pdf")
    answer.headers["Content-Disposition"] = "attachment; filename=brieven.pdf"
    return answer


@pages.post("/kcc/brieven")
@enter("medewerker", roles=DESK)
def gepost() -> ResponseReturnValue:
    """The chosen letters are on the post."""
    here = visit()
    wanted = set(_chosen(request.form.getlist("brief"))) & {row.delivery.id for row in _mine(here)}
    count = letters.post_letters(here.session, wanted, actor=here.actor, now=here.now)
    return redirect(url_for("brieven.brieven", gepost=count), 303)


def _mine(here: Visit) -> Sequence[Letter]:
    return letters.open_letters(here.session, scope=desk_scope(here))


def _chosen(written: Sequence[str]) -> list[int]:
    return [int(one) for one in written if one.isascii() and one.isdigit() and len(one) < 19]

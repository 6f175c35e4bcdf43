"""/kcc/post: one mail that nobody could place, for the desk: reading it, saving it as it came, and its melding.

The list of them is among the tasks (/taken). Nothing of a mail is shown but text: no pictures, no HTML, no links.
"""

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..adapters.failures import PermanentFailure, TemporaryFailure
from ..auth import Visit, enter, visit
from ..domain.errors import DomainError, InvalidInput, NotFound, Unavailable
from ..domain.numbers import parse_number
from ..flow import answers
from ..flow.desk import Desk
from ..store.incoming_mail import IncomingMail, mail_by_id
from ..store.melding import melding_by_id, melding_by_number
from .kcc import DESK, desk_scope
from .kcc_melding import LONGEST_ID
from .layout import show_as

pages = Blueprint("kcc_post", __name__)

KINDS = {
    "onbekend": "Wij vonden er geen melding bij.",
    "antwoord": "Deze e-mail staat bij een melding.",
    "lus": "Er kwamen veel e-mails achter elkaar, of onze eigen e-mail kwam terug.",
}


@pages.get(f"/kcc/post/<int(max={LONGEST_ID}):mail_id>")
@enter("medewerker", roles=DESK)
def post(mail_id: int) -> ResponseReturnValue:
    """One mail."""
    return _page(visit(), _found(visit(), mail_id))


@pages.get(f"/kcc/post/<int(max={LONGEST_ID}):mail_id>/bericht.eml")
@enter("medewerker", roles=DESK)
def bericht(mail_id: int) -> ResponseReturnValue:
    """The mail itself, to save and open with a mail program; never shown in the page."""
    here = visit()
    found = _found(here, mail_id)
    try:
        data = here.adapters.photos.get(found.raw_key) if found.raw_key else b""
    except TemporaryFailure as error:
        raise Unavailable("opslag_weg", "Wij kunnen de e-mail nu niet ophalen. Probeer het zo nog eens.") from error
    except PermanentFailure:
        data = b""
    if not data:
        raise NotFound("mail_weg", "De e-mail zelf is er niet meer.")
    answer = Response(data, mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="e-mail-{found.id}.eml"'
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return answer


@pages.post(f"/kcc/post/<int(max={LONGEST_ID}):mail_id>")
@enter("medewerker", roles=DESK)
def koppel(mail_id: int) -> ResponseReturnValue:
    """Adds the mail to a melding, as an aanvulling with its photos."""
    here = visit()
    found = _found(here, mail_id)
    try:
        with here.session.begin_nested():
            about = melding_by_number(
                here.session, parse_number(request.form.get("nummer", "")), scope=[found.gemeente_id]
            )
            if about is None:
                raise InvalidInput.of("nummer", "melding_onbekend", "Een melding met dit nummer kennen wij niet.")
            desk = Desk(here.session, here.adapters, here.settings, desk_scope(here), here.now)
            answers.link_mail(desk, found.id, about, actor=here.actor)
    except TemporaryFailure as error:
        raise Unavailable("opslag_weg", "Wij kunnen de e-mail nu niet ophalen. Probeer het zo nog eens.") from error
    except DomainError as error:
        here.session.expire_all()
        return _page(here, _found(here, mail_id), error=error), error.status
    return redirect(url_for("kcc_melding.melding", nummer=about.number, gedaan="aanvullingen"), 303)


def _found(here: Visit, mail_id: int) -> IncomingMail:
    """The mail, for whose desk this is, when there is something of it to read. Raises NotFound."""
    found = mail_by_id(here.session, mail_id, scope=desk_scope(here))
    if found is None or found.kind not in KINDS:
        raise NotFound("mail_onbekend", "Deze e-mail kunnen wij niet vinden.")
    show_as(found.gemeente_id)
    return found


def _page(here: Visit, found: IncomingMail, *, error: DomainError | None = None) -> str:
    about = melding_by_id(here.session, found.melding_id, scope=[found.gemeente_id]) if found.melding_id else None
    return render_template(
        "werk/post.html",
        mail=found,
        melding=about,
        kinds=KINDS,
        number=request.form.get("nummer", "")[:30],
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
    )

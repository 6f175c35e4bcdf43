"""/melden, step by step: each has its own address, and a POST that keeps what was typed and goes on to the next.

Who reports here is a melder, staff too: nothing on these pages asks who somebody is. Sending: sending.py.
"""

from urllib.parse import urlencode

from flask import Blueprint, Response, jsonify, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ...auth import enter, visit
from ...domain.actor import ANONYMOUS
from ...domain.danger import hear
from ...domain.objects import MAX_CODE, ObjectRef
from ...flow.concept import find_concept
from ...flow.danger import words_of
from ...limits import count_step
from ...store.category import category_by_slug
from ...store.gemeente import gemeente_by_id, served_gemeenten
from ...store.melding import Melding, melding_of_key
from ..categories import asked_category
from ..layout import page_sender, senders
from ..taal import CHOICE, translate
from ..volgen import remember
from . import bekend
from .checks import CHECKS, MAX_HEARD, check_melding, first_wrong, known_object, must_ask_danger, must_be_shown
from .form import PREFILLED, Form, cookie_key, field_key, keep_cookie, look, take
from .guard import find_refusal
from .pages import show, show_without_person
from .photos import collect_photos
from .place import act_on_place
from .soorten import proposals_for
from .steps import LAST, STEPS, Step

pages = Blueprint("melden", __name__)
pages.after_request(keep_cookie)

REFUSED = "geweigerde_fotos"
NEXT = {"waar": "wat", "wat": "foto", "bekend": "foto", "foto": "contact", "contact": "controleren"}


@pages.get("/melden")
@enter("iedereen")
def start() -> ResponseReturnValue:
    """The way in: on to the first step with what the link fills in; first a choice when a form was begun already."""
    here = visit()
    kept = find_concept(here.session, cookie_key(), scope=here.public_scope, now=here.now)
    if kept is not None and (kept.filled.get("values") or kept.photos):
        form = look(here)
        assert form is not None, "a form that was kept says for which gemeente"
        on_to = LAST.name if check_melding(form) else first_wrong(form)
        return render_template("melden/verder.html", form=form, on_to=on_to, again=_with_link("/melden/opnieuw"))
    if page_sender() is None:
        return choose_gemeente()
    return redirect(_with_link("/melden/waar"), 303)


@pages.post("/melden/opnieuw")
@enter("iedereen")
def opnieuw() -> ResponseReturnValue:
    """Throws away what was begun and starts with an empty form."""
    form = take(visit())
    if form is not None and not find_refusal(form):
        form.end()
    return redirect(_with_link("/melden"), 303)


@pages.get("/melden/<any(waar, wat, bekend, foto, contact, controleren):naam>")
@enter("iedereen")
def stap(naam: str) -> ResponseReturnValue:
    """One step as it stands. `?controle` shows what is wrong in it."""
    form = look(visit())
    if form is None:
        return choose_gemeente()
    step = STEPS[naam]
    if naam == "waar":
        _follow_link(form)
    if naam == "controleren" and form.is_shell:
        return show_without_person(form)
    if naam == "controleren" and check_melding(form) is None:
        return redirect(url_for("melden.stap", naam=first_wrong(form), controle="ja"), 303)
    if naam == "bekend" and not bekend.near_form(form):
        return redirect(url_for("melden.stap", naam="foto"), 303)
    if "controle" in request.args:
        form.refused += cookie.pop(REFUSED, [])
        CHECKS[naam](form)
    elif form.kept is None and naam != "waar" and not form.is_shell:
        form.remarks.append("niets_bewaard")
    return show(step, form)


@pages.post("/melden/<any(waar, wat, bekend, foto, contact):naam>")
@enter("iedereen")
def bewaar(naam: str) -> ResponseReturnValue:
    """Keeps what was filled in, right or wrong; with a mistake back to the same step, else on to the next one.

    Always by a redirect, so that the back button of a browser never asks to send a form again. Another photo or another
    language stays at this step and asks nothing yet.
    """
    here, step = visit(), STEPS[naam]
    if sent := sent_before():
        return tell_sent(sent)
    form = take(here)
    refused = find_refusal(form)
    if form is None:
        return choose_gemeente(400)
    if refused:
        form.overlay(step)
        return show(step, form, refused)
    form.hold()
    form.overlay(step)
    collect_photos(form)
    language = request.form.get(CHOICE) or None
    more = bool(language) or _stays()
    stay = act_on_place(form) if naam == "waar" and not more else None
    if not more and stay is None:
        CHECKS[naam](form)
    form.save()
    if form.errors or form.refused:
        return back_to(step, form)
    spot = "veld-plaats" if stay is not None else None
    again = url_for(
        "melden.stap", naam=naam, terug=form.back or None, taal=language, gezocht=stay or None, _anchor=spot
    )
    return redirect(again if more or stay is not None else _next(step, form), 303)


@pages.post("/melden/delen")
@enter("iedereen")
def delen() -> ResponseReturnValue:
    """A photo that another app on the phone shares with this one: it lands in the form that is under way, or in a new
    one. Mostly the service worker does this in the device (js/melden/gedeeld.js); this is for when it is not there.
    """
    form = take(visit())
    if form is None:
        return choose_gemeente(400)
    if refused := find_refusal(form):
        return show(STEPS["foto"], form, refused)
    form.hold()
    shared = request.form.get("tekst", "") or request.form.get("titel", "")
    form.values["omschrijving"] = form.values["omschrijving"] or shared
    collect_photos(form)
    form.save()
    return redirect(url_for("melden.stap", naam="foto"), 303)


@pages.get("/melden/vragen")
@enter("iedereen")
def vragen() -> ResponseReturnValue:
    """What a category says and asks when it is chosen; empty when it has nothing to say or ask."""
    count_step()
    chosen = asked_category(visit(), page_sender())
    return render_template("melden/gekozen.html", chosen=chosen, answers={}, errors={}) if chosen else ""


@pages.post("/melden/gevaar")
@enter("iedereen")
def gevaar() -> Response:
    """While somebody types: whether `tekst` makes us ask "Is het nu gevaarlijk?". A POST, for privacy."""
    count_step()
    here, sender = visit(), page_sender()
    homes = [gemeente_by_id(here.session, sender.id)] if sender else served_gemeenten(here.session)
    text = request.form.get("tekst", "")[:MAX_HEARD]
    return jsonify(vragen=any(hear(text, words_of(home.policy)).suspected for home in homes))


def back_to(step: Step, form: Form) -> ResponseReturnValue:
    """To a step in which something is wrong: its page finds the mistakes again in what was kept. Why a photo was not
    kept is told once, since the photo itself is gone. What cannot be kept as it was typed is told on the spot."""
    if not form.is_kept:
        return show(step, form, 400)
    if form.refused:
        cookie[REFUSED] = [translate(one) for one in form.refused]
    return redirect(url_for("melden.stap", naam=step.name, terug=form.back or None, controle="ja"), 303)


def sent_before() -> Melding | None:
    """The melding that this form became already."""
    here, key = visit(), field_key()
    route = f"meldingen:{ANONYMOUS.label}"
    return melding_of_key(here.session, route, key, scope=here.public_scope) if key else None


def tell_sent(melding: Melding) -> ResponseReturnValue:
    """A form that was sent is not sent again: where it is now, and how to add something or begin another."""
    remember(visit(), melding)
    written = request.form.get("omschrijving", "").strip()
    written = "" if written == melding.description else written
    return render_template("melden/verstuurd.html", melding=melding, written=written), 409


def _next(step: Step, form: Form) -> str:
    """Where to go from here: what must be seen first, else on, or back to the last step after a change."""
    back = form.back or None
    if step.name == "wat" and must_be_shown(form):
        return url_for("melden.stap", naam="wat", terug=back, _anchor="soort")
    proposes = "ja" if step.name == "wat" and proposals_for(form) else None
    if step.name == "wat" and must_ask_danger(form):
        return url_for("melden.stap", naam="wat", terug=back, voorstel=proposes, _anchor="gevaar")
    if proposes:
        return url_for("melden.stap", naam="wat", terug=back, voorstel=proposes, _anchor="soort")
    if step.name in ("waar", "wat") and bekend.must_ask(form) and (step.name == "wat" or back):
        return url_for("melden.stap", naam="bekend", terug=back)
    return url_for("melden.stap", naam=back or NEXT[step.name])


def _stays() -> bool:
    """Whether the button that was pressed adds a photo or takes one off: the step is not done yet."""
    pressed = request.form.get("actie", "")
    return pressed == "toevoegen" or (not pressed and "foto_weg" in request.form)


def choose_gemeente(status: int = 200) -> ResponseReturnValue:
    """One of several gemeenten must be chosen first; what a link filled in goes along."""
    choices = [(one.name, _with_link("/melden", gemeente=one.slug)) for one in senders()]
    return render_template("melden/kies_gemeente.html", choices=choices), status


def _with_link(path: str, **more: str) -> str:
    """An address with what the link filled in."""
    query = {name: request.args[name] for name in ("gemeente", *PREFILLED) if request.args.get(name)} | more
    return f"{path}?{urlencode(query)}" if query else path


def _follow_link(form: Form) -> None:
    """Fills in what a link names; what we do not know is told, and the form goes on without it."""
    values, scope, session = form.values, [form.sender.id], form.here.session
    if named := (values["object"] if "object" in form.given else ""):
        thing = known_object(form)
        if thing is None:
            form.remarks.append("object_onbekend")
            values["object"] = ""
            values["toelichting"] = values["toelichting"] or "".join(c for c in named if c.isprintable())[:MAX_CODE]
        else:
            values.update(lon=str(thing.lon), lat=str(thing.lat), bron="object")
            values["object"] = str(ObjectRef(thing.object.kind, thing.object.code))
            if thing.object.category_slug and "categorie" not in form.given:
                values["categorie"] = thing.object.category_slug
                form.given += ("categorie",)
    slug = values["categorie"] if "categorie" in form.given else ""
    if slug and ("\x00" in slug or category_by_slug(session, slug, scope=scope) is None):
        form.remarks.append("categorie_onbekend")
        values["categorie"] = ""

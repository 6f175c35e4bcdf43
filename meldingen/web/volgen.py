"""/volgen: how a melding stands, told to its melder; adding to it, withdrawing it, and "it is not solved".

The follow link carries the token once in its path and leaves it in the cookie; number and spoken code open it too.
Nothing changes by following a link: mail scanners follow links (SEC-06).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask import session as cookie
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, melder_at, melder_by_token, visit
from ..domain import tokens, workflow
from ..domain.actor import Actor
from ..domain.deadlines import local_day
from ..domain.errors import DomainError, InvalidInput
from ..domain.numbers import parse_number, show_number
from ..flow import feedback, standing, timeline, trail, verdict
from ..flow.photos import REASONS, add_photos, check_uploads, missing_of
from ..limits import count_guess
from ..store.category import category_by_id
from ..store.gemeente import gemeente_by_id
from ..store.melding import Melding, melding_by_number
from ..store.photo import KLAAR, ONLEESBAAR, Photo, photos_of
from .apparaat import device_facts
from .layout import show_as
from .taal import date_words

pages = Blueprint("volgen", __name__)

MOST_FOLLOWED = 20
"""Follow tokens a browser keeps; the oldest goes, its link in the bericht stays."""
DONE = (workflow.AFGEHANDELD, workflow.INGETROKKEN, workflow.DOORVERWEZEN)
NO_MATCH = "Dit nummer en deze code horen niet bij elkaar. Kijk nog eens in ons bericht, of bel ons."
NOTHING = "Schrijf op wat u wilt toevoegen, of kies een foto."


@dataclass
class Typed:
    """What was written in one of the small forms, shown again after a mistake."""

    text: str = ""
    errors: dict[str, str] = field(default_factory=dict)


@pages.get("/v/<token>")
@enter("iedereen")
def open_link(token: str) -> ResponseReturnValue:
    """The link of a bericht: keeps the token in the cookie and goes on to the page, whose address tells nothing.

    With `?antwoord=`, a yes or no in a bericht, it goes on to the question; the answer itself is a form there.
    """
    melding, _ = melder_by_token(visit(), token)
    remember(visit(), melding)
    question = "oordeel" if request.args.get("antwoord") else None
    return redirect(url_for("volgen.volg", nummer=melding.number, _anchor=question), 303)


@pages.get("/volgen")
@enter("iedereen")
def zoek() -> ResponseReturnValue:
    """For who has no link at hand: number and code, and what this browser follows already."""
    return _search(request.args.get("nummer", "")[:30], {}, 200)


@pages.post("/volgen")
@enter("iedereen")
def open_by_code() -> ResponseReturnValue:
    """Opens a melding by its number and the spoken code; tries are counted."""
    here = visit()
    number, code = request.form.get("nummer", "")[:30], request.form.get("code", "")[:30]
    try:
        found = parse_number(number, field="nummer")
    except InvalidInput as error:
        return _search(number, {"nummer": error.detail}, 400)
    if not code.strip():
        return _search(number, {"code": "Vul de code van 8 cijfers in."}, 400)
    count_guess("volgcode", found)
    melding = melding_by_number(here.session, found, scope=here.public_scope)
    keys = here.settings.secret_keys
    if melding is None or not tokens.verify_spoken_code(keys, code, melding.id, melding.token_generation):
        return _search(number, {"code": NO_MATCH}, 400)
    remember(here, melding)
    return redirect(url_for("volgen.volg", nummer=melding.number), 303)


@pages.get("/volgen/<nummer>")
@enter("melder", "medewerker")
def volg(nummer: str) -> ResponseReturnValue:
    """The page of one melding; without its token, the form that asks for the code."""
    if nummer not in cookie.get("volgen", {}):
        return _search(nummer[:30], {}, 404)
    melding, _ = melder_at(visit(), nummer)
    return _page(melding, Typed())


@pages.post("/volgen/<nummer>/aanvullen")
@enter("melder", "medewerker")
def aanvullen(nummer: str) -> ResponseReturnValue:
    """More from the melder: words, photos, or both."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed = Typed(text=request.form.get("tekst", ""))
    files = [file for file in request.files.getlist("foto") if file.filename]
    if not typed.text.strip() and not files:
        typed.errors["tekst"] = NOTHING
        return _page(melding, typed, 400)
    uploads, refused = check_uploads(files)
    try:
        with here.session.begin_nested():
            if typed.text.strip():
                feedback.add_supplement(here.session, melding, typed.text, actor=actor, now=here.now)
    except DomainError as error:
        typed.errors["tekst"] = error.detail
        return _page(melding, typed, error.status)
    store = here.adapters.photos
    results = [*refused, *add_photos(here.session, melding, uploads, actor=actor, now=here.now, store=store)]
    kept = sum(result.kept for result in results)
    told = ["Uw tekst is toegevoegd."] if typed.text.strip() else []
    told += [f"{_photos(kept)} toegevoegd."] if kept else []
    if told and melding.status == workflow.AFGEHANDELD:
        told.append("Uw melding is al klaar. Een medewerker leest binnen 2 werkdagen wat u stuurde.")
    if told:
        flash(" ".join(told), "ok")
    for result in results:
        if not result.kept:
            flash(f"{files[result.position - 1].filename}: {result.detail}", "warning")
    return _back(melding)


@pages.get("/volgen/<nummer>/intrekken")
@enter("melder", "medewerker")
def vraag_intrekken(nummer: str) -> ResponseReturnValue:
    """Asks whether the melder is sure."""
    melding, _ = melder_at(visit(), nummer)
    return _confirm(melding, "intrekken", Typed())


@pages.post("/volgen/<nummer>/intrekken")
@enter("melder", "medewerker")
def intrekken(nummer: str) -> ResponseReturnValue:
    """Withdraws, or asks the team when it has started."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed = Typed(text=request.form.get("tekst", ""))
    if refused := _attempt(typed, lambda: _withdraw(here, melding, typed.text, actor)):
        return _confirm(melding, "intrekken", typed, refused)
    return _back(melding)


@pages.get("/volgen/<nummer>/niet-opgelost")
@enter("melder", "medewerker")
def vraag_heropenen(nummer: str) -> ResponseReturnValue:
    """Asks what is still wrong."""
    melding, _ = melder_at(visit(), nummer)
    return _confirm(melding, "niet-opgelost", Typed())


@pages.post("/volgen/<nummer>/niet-opgelost")
@enter("melder", "medewerker")
def heropenen(nummer: str) -> ResponseReturnValue:
    """It is not solved: other people look at it again (KLANTREIS Reopening)."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed = Typed(text=request.form.get("tekst", ""))
    if refused := _attempt(typed, lambda: _reopen(here, melding, typed.text, actor)):
        return _confirm(melding, "niet-opgelost", typed, refused)
    return _back(melding)


@pages.post("/volgen/<nummer>/oordeel")
@enter("melder", "medewerker")
def oordeel(nummer: str) -> ResponseReturnValue:
    """What the melder says of the end: yes or no, and why if he likes. Never by following a link."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed = Typed()
    answer, words = request.form.get("antwoord", "") == "ja", request.form.get("waarom", "")

    def judge() -> None:
        feedback.judge(here.session, melding, answer=answer, words=words, via="volgpagina", actor=actor, now=here.now)

    if refused := _attempt(typed, judge):
        return _page(melding, typed, refused)
    if melding.status == workflow.AFGEHANDELD:
        sorry = "" if answer else " Wij leggen het u binnen 2 werkdagen beter uit."
        flash(f"Dank u wel voor uw antwoord.{sorry}", "ok")
    return _back(melding)


def remember(here: Visit, melding: Melding) -> None:
    """Keeps the follow token in this browser, so that the page of the melding opens."""
    followed = dict(cookie.get("volgen", {}))
    followed.pop(melding.number, None)
    followed[melding.number] = tokens.make_token(here.settings.secret_keys, melding.id, melding.token_generation)
    cookie["volgen"] = dict(list(followed.items())[-MOST_FOLLOWED:])


def _withdraw(here: Visit, melding: Melding, words: str, actor: Actor) -> None:
    result = feedback.withdraw_melding(here.session, melding, reason=words, actor=actor, now=here.now)
    if result == feedback.WITHDRAWN:
        flash("Uw melding is ingetrokken.", "ok")
    else:
        flash("Het team is al begonnen. Wij hebben gevraagd om te stoppen. U ziet hier wat het wordt.", "info")


def _reopen(here: Visit, melding: Melding, words: str, actor: Actor) -> None:
    if not words.strip():
        raise InvalidInput.of("tekst", "leeg", "Schrijf op wat er nog niet goed is.")
    feedback.reopen_melding(here.session, melding, words=words, actor=actor, now=here.now)
    flash("Dank u wel. Iemand anders kijkt er opnieuw naar.", "ok")


def _attempt(typed: Typed, change: Callable[[], None]) -> int:
    """Makes a change in a savepoint; 0 when it worked, else the status of the refusal, noted at the text."""
    try:
        with visit().session.begin_nested():
            change()
    except DomainError as error:
        typed.errors["tekst"] = error.detail
        return error.status
    return 0


def _back(melding: Melding) -> ResponseReturnValue:
    return redirect(url_for("volgen.volg", nummer=melding.number), 303)


def _search(number: str, errors: dict[str, str], status: int) -> ResponseReturnValue:
    followed = [known for known in reversed(cookie.get("volgen", {})) if len(known) == 10 and known.isdigit()]
    return render_template("volgen_zoek.html", number=number, errors=errors, followed=followed), status


def _confirm(melding: Melding, what: str, typed: Typed, status: int = 200) -> ResponseReturnValue:
    show_as(melding.gemeente_id)
    return render_template("volgen_bevestig.html", melding=melding, what=what, typed=typed), status


def _page(melding: Melding, typed: Typed, status: int = 200) -> ResponseReturnValue:
    here, scope = visit(), [melding.gemeente_id]
    show_as(melding.gemeente_id)
    parts = standing.parts_of(here.session, melding)
    ids = [part.opdracht_id for part in parts]
    photos = photos_of(here.session, melding_ids=[melding.id], opdracht_ids=ids, scope=scope)
    own = [photo for photo in photos if photo.melding_id == melding.id]
    today = local_day(here.now)
    kept_closed = melding.closed_at is not None and feedback.was_kept_closed(here.session, melding)
    home = gemeente_by_id(here.session, melding.gemeente_id)
    closed_for = here.now - melding.closed_at if melding.closed_at else None
    page = render_template(
        "volgen.html",
        melding=melding,
        typed=typed,
        status_words=standing.status_words(melding.status, parts, referred_to=melding.referred_to, today=today),
        parts=[(part.category_name, part.words(today)) for part in parts if part.status != workflow.VERVALLEN],
        notices=trail.told_to_melder(here.session, melding),
        lines=list(reversed(timeline.timeline_of(here.session, melding, now=here.now))),
        category=category_by_id(here.session, melding.category_id, scope=scope) if melding.category_id else None,
        own=_pictures(own, f"Uw foto bij melding {show_number(melding.number)}"),
        team=_pictures(
            [p for p in photos if p not in own], f"Foto van het team bij melding {show_number(melding.number)}"
        ),
        waiting=sum(photo.status not in (KLAAR, ONLEESBAAR) for photo in own),
        unreadable=[REASONS.get(photo.reason, "") for photo in own if photo.status == ONLEESBAAR],
        missing=missing_of(melding, own, now=here.now),
        is_open=melding.status not in DONE,
        device=device_facts(melding),
        may_add=melding.status not in (workflow.INGETROKKEN, workflow.DOORVERWEZEN),
        asked=verdict.question_for(here.session, melding, now=here.now),
        may_reopen=closed_for is not None and closed_for <= timedelta(days=feedback.REOPEN_DAYS) and not kept_closed,
        complain=f"{feedback.COMPLAIN} {feedback.complaint_at(home)}." if kept_closed else "",
        promise_passed=melding.promised_on < today,
    )
    return page, status


def _pictures(photos: list[Photo], words: str) -> list[tuple[str, str, str]]:
    """Small and large address of each photo that may be shown, and what a screen reader says."""
    shown = [photo for photo in photos if photo.status == KLAAR]
    return [
        (
            f"/api/v1/fotos/{photo.public_id}?formaat=klein",
            f"/api/v1/fotos/{photo.public_id}?formaat=groot",
            f"{words} van {date_words(photo.received_at)}, {n} van {len(shown)}",
        )
        for n, photo in enumerate(shown, start=1)
    ]


def _photos(count: int) -> str:
    return "1 foto is" if count == 1 else f"{count} foto's zijn"

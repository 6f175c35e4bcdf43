"""What a melder does on the page of his melding: adding to it, withdrawing it, and what he says of the end.

Every change is a form of ours, never a link (SEC-06). The page itself: volgpagina.py.
"""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import FileStorage

from ..auth import Visit, enter, melder_at, reader_at, visit
from ..domain import workflow
from ..domain.actor import Actor
from ..domain.errors import DomainError, InvalidInput
from ..domain.intake import MAX_PHOTOS
from ..domain.sentence import say
from ..domain.text import whole_number
from ..flow import feedback, standing, verdict
from ..flow.photos import REASONS, PhotoResult, Upload, add_photos, check_uploads
from ..store.dossier import dossier_of
from ..store.melding import Melding
from .problem import problem
from .taal import _, translate
from .volgpagina import Typed, confirm_page, follow_page

pages = Blueprint("melderswoord", __name__)

NOTHING = say("Schrijf op wat u wilt toevoegen, of kies een foto.")
STILL_WRONG = say("Schrijf op wat er nog niet goed is, of kies een foto.")
SEE_PHOTO = "Zie de foto."


@pages.post("/volgen/<nummer>/aanvullen")
@enter("melder", "medewerker")
def aanvullen(nummer: str) -> ResponseReturnValue:
    """More from the melder: words, photos, or both."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed, files = Typed(text=request.form.get("tekst", "")), _files()
    brought = _brought()
    if not typed.text.strip() and not files and not brought:
        typed.errors["tekst"] = NOTHING
        return follow_page(melding, typed, 400)
    checked = check_uploads(files)

    words = typed.text if typed.text.strip() else _words_of_photo(here, melding) if checked[0] or brought else ""

    def add() -> None:
        if words:
            feedback.add_supplement(here.session, melding, words, actor=actor, now=here.now)

    if refused := _attempt(typed, add):
        return follow_page(melding, typed, refused)
    kept, not_kept = _add_photos(here, melding, files, checked, actor)
    told = [_("Uw tekst is toegevoegd.")] if typed.text.strip() else []
    told += [_photos_added(kept + brought)] if kept + brought else []
    if told and melding.status == workflow.AFGEHANDELD:
        told.append(_("Uw melding is al klaar. Een medewerker leest binnen 2 werkdagen wat u stuurde."))
    if told:
        flash(" ".join(told), "ok")
    _flash_not_kept(not_kept)
    return _back(melding)


@pages.post("/volgen/<nummer>/foto")
@enter("melder", "medewerker")
def foto(nummer: str) -> ResponseReturnValue:
    """One more photo, brought by the script of the page (melden/foto.js). The words around it: `aanvullen`."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    accepted, results = check_uploads(_files()[:1])
    store = here.adapters.photos
    results += add_photos(here.session, melding, accepted, actor=actor, now=here.now, store=store)
    if not results:
        return problem(422, "leeg", REASONS["leeg"])
    fate = results[0]
    if fate.kept:
        return {"uitkomst": fate.outcome}
    if fate.outcome == "geweigerd":
        return problem(422, fate.code, fate.detail)
    return problem(503, fate.code, fate.detail, retry_after_s=30)


@pages.get("/volgen/<nummer>/intrekken")
@enter("melder", "medewerker")
def vraag_intrekken(nummer: str) -> ResponseReturnValue:
    """Asks whether the melder is sure."""
    melding = reader_at(visit(), nummer)[0]
    return confirm_page(melding, "intrekken", Typed())


@pages.post("/volgen/<nummer>/intrekken")
@enter("melder", "medewerker")
def intrekken(nummer: str) -> ResponseReturnValue:
    """Withdraws, or asks the team when it has started."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed = Typed(text=request.form.get("tekst", ""))
    if refused := _attempt(typed, lambda: _withdraw(here, melding, typed.text, actor)):
        return confirm_page(melding, "intrekken", typed, refused)
    return _back(melding)


@pages.get("/volgen/<nummer>/niet-opgelost")
@enter("melder", "medewerker")
def vraag_heropenen(nummer: str) -> ResponseReturnValue:
    """Asks what is still wrong."""
    melding = reader_at(visit(), nummer)[0]
    return confirm_page(melding, "niet-opgelost", Typed())


@pages.post("/volgen/<nummer>/niet-opgelost")
@enter("melder", "medewerker")
def heropenen(nummer: str) -> ResponseReturnValue:
    """It is not solved: other people look at it again (KLANTREIS Reopening). With words, photos, or both."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed, files = Typed(text=request.form.get("tekst", "")), _files()
    checked = check_uploads(files)

    def reopen() -> None:
        if not typed.text.strip() and not checked[0]:
            raise InvalidInput.of("tekst", "leeg", STILL_WRONG)
        feedback.reopen_melding(here.session, melding, words=typed.text, actor=actor, now=here.now)

    if refused := _attempt(typed, reopen):
        return confirm_page(melding, "niet-opgelost", typed, refused)
    not_kept = _add_photos(here, melding, files, checked, actor)[1]
    flash(_("Dank u wel. Iemand anders kijkt er opnieuw naar."), "ok")
    _flash_not_kept(not_kept)
    return _back(melding)


@pages.post("/volgen/<nummer>/oordeel")
@enter("melder", "medewerker")
def oordeel(nummer: str) -> ResponseReturnValue:
    """What the melder says of the end: yes or no, and why if he likes. Never by following a link."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed, answer = Typed(why=request.form.get("waarom", "")), request.form.get("antwoord", "") == "ja"

    def judge() -> None:
        session, now = here.session, here.now
        feedback.judge(session, melding, answer=answer, words=typed.why, via="volgpagina", actor=actor, now=now)

    if refused := _attempt(typed, judge, field="waarom"):
        return follow_page(melding, typed, refused)
    if melding.status == workflow.AFGEHANDELD:
        thanks = _("Dank u wel voor uw antwoord.")
        flash(thanks if answer else f"{thanks} {_('Wij leggen het u binnen 2 werkdagen beter uit.')}", "ok")
    return _back(melding, "meer")


@pages.post("/volgen/<nummer>/oordeel/meer")
@enter("melder", "medewerker")
def oordeel_meer(nummer: str) -> ResponseReturnValue:
    """Whether he heard enough of us, and a mark. Both may be left out; what is sent is what stands."""
    here = visit()
    melding, actor = melder_at(here, nummer)
    typed = Typed()
    enough = {"ja": True, "nee": False}.get(request.form.get("genoeg", ""))
    written = request.form.get("cijfer", "")
    mark = whole_number(written, 999)

    def say() -> None:
        verdict.say_more(here.session, melding, enough=enough, mark=mark, actor=actor, now=here.now)

    if refused := _attempt(typed, say, field="cijfer"):
        return follow_page(melding, typed, refused)
    flash(_("Dank u wel voor uw antwoord."), "ok")
    return _back(melding)


def _words_of_photo(here: Visit, melding: Melding) -> str:
    """A photo alone is an answer too when somebody waits for one, or must still look; else it needs no words."""
    waits = standing.open_question(dossier_of(here.session, melding)) is not None
    return SEE_PHOTO if waits or melding.status == workflow.AFGEHANDELD else ""


def _withdraw(here: Visit, melding: Melding, words: str, actor: Actor) -> None:
    result = feedback.withdraw_melding(here.session, melding, reason=words, actor=actor, now=here.now)
    if result == feedback.WITHDRAWN:
        flash(_("Uw melding is ingetrokken."), "ok")
    else:
        flash(_("Het team is al begonnen. Wij hebben gevraagd om te stoppen. U ziet hier wat het wordt."), "info")


def _attempt(typed: Typed, change: Callable[[], None], field: str = "tekst") -> int:
    """Makes a change in a savepoint; 0 when it worked, else the status of the refusal, noted at the field."""
    try:
        with visit().session.begin_nested():
            change()
    except DomainError as error:
        typed.errors[field] = error.detail
        return error.status
    return 0


def _brought() -> int:
    """How many photos the script of the page brought before these words; only to tell it."""
    written = request.form.get("fotos_gebracht", "")
    return min(whole_number(written, 99) or 0, MAX_PHOTOS)


def _files() -> list[FileStorage]:
    return [file for file in request.files.getlist("foto") if file.filename]


def _add_photos(
    here: Visit,
    melding: Melding,
    files: list[FileStorage],
    checked: tuple[list[Upload], list[PhotoResult]],
    actor: Actor,
) -> tuple[int, list[str]]:
    """Keeps what can be kept; how many that were, and a sentence for each that was not."""
    uploads, refused = checked
    store = here.adapters.photos
    results = [*refused, *add_photos(here.session, melding, uploads, actor=actor, now=here.now, store=store)]
    kept = sum(result.kept for result in results)
    return kept, [f"{files[one.position - 1].filename}: {translate(one.detail)}" for one in results if not one.kept]


def _flash_not_kept(sentences: list[str]) -> None:
    for sentence in sentences:
        flash(sentence, "warning")


def _back(melding: Melding, anchor: str | None = None) -> ResponseReturnValue:
    return redirect(url_for("volgen.volg", nummer=melding.number, _anchor=anchor), 303)


def _photos_added(count: int) -> str:
    return _("1 foto is toegevoegd.") if count == 1 else _("%(n)s foto's zijn toegevoegd.", n=count)

"""/beheer/bewaartermijnen: what would go tonight, how long everything is kept, and the word of the archivaris on it.

A dry run: nothing is destroyed from this page. Terms differ per category; `meldingen privacy termijn` sets one too.
"""

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER
from ..domain.errors import DomainError, InvalidInput, NotFound
from ..domain.retention import RULES, Term
from ..flow import retention, terms
from ..store.destruction import latest_confirmation
from .layout import senders

pages = Blueprint("bewaartermijnen", __name__)

SHOWN = (Term.CONTACT, *terms.ARCHIVE_TERMS)
NAMES = {term: rule.words[0].upper() + rule.words[1:] for term, rule in RULES.items()}


@pages.get("/beheer/bewaartermijnen")
@enter("medewerker", roles=(BEHEER,))
def bewaartermijnen() -> ResponseReturnValue:
    """The terms of every gemeente this person manages, and what is due now."""
    return _page(visit(), done=request.args.get("gedaan", ""))


@pages.post("/beheer/bewaartermijnen/<gemeente>/bevestiging")
@enter("medewerker", roles=(BEHEER,))
def bevestig(gemeente: str) -> ResponseReturnValue:
    """The archivaris agreed with the terms as they were shown."""
    here, form = visit(), request.form
    home = _home(here, gemeente)
    try:
        with here.session.begin_nested():
            terms.confirm_terms(
                here.session, home, name=form.get("naam", ""), role=form.get("functie", ""), seen=form.get("stand", ""),
                actor=here.actor, now=here.now,
            )  # fmt: skip
    except DomainError as error:
        return _page(here, error=error, failed=gemeente), error.status
    return redirect(url_for("bewaartermijnen.bewaartermijnen", gedaan="bevestigd"), 303)


@pages.post("/beheer/bewaartermijnen/<gemeente>/termijn")
@enter("medewerker", roles=(BEHEER,))
def zet(gemeente: str) -> ResponseReturnValue:
    """One term of one category, or ours again when the days are left empty."""
    here, form = visit(), request.form
    home = _home(here, gemeente)
    days = form.get("dagen", "").strip()
    try:
        with here.session.begin_nested():
            if days and not (days.isascii() and days.isdigit() and len(days) < 6):
                raise InvalidInput.of("dagen", "geen_getal", "Vul een getal in.")
            terms.set_term(
                here.session, home, form.get("categorie", "").replace("\x00", ""), form.get("termijn", ""),
                int(days) if days else None, actor=here.actor, now=here.now,
            )  # fmt: skip
    except DomainError as error:
        return _page(here, error=error, failed=gemeente), error.status
    return redirect(url_for("bewaartermijnen.bewaartermijnen", gedaan="gewijzigd"), 303)


def _home(here: Visit, slug: str) -> int:
    scope = here.actor.gemeenten_with(BEHEER)
    found = next((one.id for one in senders() if one.slug == slug and one.id in scope), None)
    if found is None:
        raise NotFound("gemeente_onbekend", "Deze gemeente kunnen wij niet vinden.")
    return found


def _page(here: Visit, *, done: str = "", error: DomainError | None = None, failed: str = "") -> str:
    scope = here.actor.gemeenten_with(BEHEER)
    homes = [one for one in senders() if one.id in scope]
    due = retention.preview(here.session, scope=scope, now=here.now)
    return render_template(
        "werk/bewaartermijnen.html",
        homes=homes,
        due={home.id: [one for one in due if one.gemeente_id == home.id] for home in homes},
        terms={home.id: terms.terms_of_gemeente(here.session, home.id) for home in homes},
        marks={home.id: terms.mark(here.session, home.id) for home in homes},
        confirmed={home.id: terms.confirmation(here.session, home.id) for home in homes},
        last={home.id: latest_confirmation(here.session, scope=[home.id]) for home in homes},
        rules=RULES,
        shown=SHOWN,
        names=NAMES,
        done=done,
        failed=failed,
        values=request.form,
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
    )

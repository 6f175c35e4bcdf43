"""/beheer/soorten: the categories of a gemeente: what is said first, words to find them by, public, in use.

Their term, team and questions are not changed here. The doors read the form and call flow/categories.py.
"""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from ..auth import Visit, enter, visit
from ..domain.actor import BEHEER
from ..domain.errors import DomainError
from ..flow import categories
from ..flow.categories import CategoryWords
from ..store.account import accounts_of
from ..store.category import Category, all_categories_of
from ..store.journal import events_about
from .layout import Sender
from .own_gemeente import own_gemeente, own_gemeenten
from .staff_history import who

pages = Blueprint("soorten", __name__)

FIELD_WORDS = {
    "hint": "raad",
    "synonyms": "gewone woorden",
    "examples": "voorbeelden",
    "beforehand": "eerst dit",
    "public": "openbaar",
    "active": "in gebruik",
}
SHOWN_CHANGES = 10


@pages.get("/beheer/soorten")
@enter("medewerker", roles=(BEHEER,))
def lijst() -> ResponseReturnValue:
    """Every category of a gemeente, also those not in use."""
    here = visit()
    home = own_gemeente(here, (BEHEER,))
    rows = sorted(all_categories_of(here.session, scope=[home.id]), key=lambda row: (row.position, row.id))
    mains = [row for row in rows if row.parent_id is None]
    return render_template(
        "werk/soorten.html",
        mine=own_gemeenten(here, (BEHEER,)),
        groups=[(main, [main, *(row for row in rows if row.parent_id == main.id)]) for main in mains],
        public={row.id for row in rows if row.public and categories.may_be_public(here.session, row)},
    )


@pages.get("/beheer/soorten/<gemeente>/<slug>")
@enter("medewerker", roles=(BEHEER,))
def soort(gemeente: str, slug: str) -> ResponseReturnValue:
    """One category as it is, or `?onze` with the words we ship filled in, not kept yet."""
    here, home, row = _found(gemeente, slug)
    now = categories.words_of(row)
    ours = categories.our_words(row, now)
    shown = ours if "onze" in request.args and ours is not None else now
    done = "Bewaard. Dit geldt meteen." if "gedaan" in request.args else ""
    return _page(here, home, row, _typed(shown), done=done, filled_in="onze" in request.args and ours is not None)


@pages.post("/beheer/soorten/<gemeente>/<slug>")
@enter("medewerker", roles=(BEHEER,))
def bewaar(gemeente: str, slug: str) -> ResponseReturnValue:
    """Keeps what was written."""
    here, home, row = _found(gemeente, slug)
    form = request.form
    try:
        with here.session.begin_nested():
            words = categories.read_words(form)
            who_when: dict[str, Any] = {"actor": here.actor, "now": here.now}
            categories.change_category(here.session, home.id, row.slug, words, seen=form.get("stand", ""), **who_when)
    except DomainError as error:
        here.session.expire_all()
        typed = {name: form.get(name, "") for name in _typed(CategoryWords())}
        return _page(here, home, row, typed, error=error, stand=form.get("stand", "")), error.status
    return redirect(url_for("soorten.soort", gemeente=gemeente, slug=slug, gedaan="ja"), 303)


def _found(gemeente: str, slug: str) -> tuple[Visit, Sender, Category]:
    here = visit()
    home = own_gemeente(here, (BEHEER,), gemeente)
    return here, home, categories.find_category(here.session, home.id, slug.replace("\x00", ""))


def _typed(words: CategoryWords) -> dict[str, str]:
    """A category as the fields of the form."""
    first = words.beforehand
    return {
        "tekst": first.text,
        "link": first.link,
        "link_tekst": first.link_words,
        "telefoon": first.phone,
        "stopt": "ja" if first.stops else "",
        "raad": words.hint,
        "woorden": "\n".join(words.synonyms),
        "voorbeelden": "\n".join(words.examples),
        "openbaar": "ja" if words.public else "",
        "in_gebruik": "ja" if words.active else "",
    }


def _page(
    here: Visit,
    home: Sender,
    row: Category,
    values: dict[str, str],
    *,
    error: DomainError | None = None,
    stand: str = "",
    done: str = "",
    filled_in: bool = False,
) -> str:
    now = categories.words_of(row)
    names = {f"medewerker:{one.id}": one.name for one in accounts_of(here.session, scope=[home.id])}
    past = events_about(here.session, categories.CHANGED, "category_id", row.id, scope=[home.id], limit=SHOWN_CHANGES)
    return render_template(
        "werk/soort.html",
        home=home,
        row=row,
        values=values,
        stand=stand or categories.mark_of(now),
        may_be_public=categories.may_be_public(here.session, row),
        has_ours=categories.our_words(row, now) is not None,
        filled_in=filled_in,
        changes=[
            (e.at, names.get(e.actor, who(e.actor, {})), ", ".join(FIELD_WORDS.get(f, f) for f in e.facts["fields"]))
            for e in past
        ],
        errors={one.field: one.detail for one in error.fields} if error else {},
        refused=error.detail if error and not error.fields else "",
        done=done,
    )

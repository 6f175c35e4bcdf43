"""The front page, and the short pages about accessibility, privacy and cookies."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ..auth import enter, visit
from ..domain.retention import Term
from ..flow.terms import told_terms
from .layout import page_sender, senders
from .taal import span_words

pages = Blueprint("start", __name__)


@pages.get("/")
@enter("iedereen")
def start() -> ResponseReturnValue:
    """What you can do here; with several gemeenten and none chosen, which one it is about."""
    return render_template("start.html")


@pages.get("/toegankelijkheid")
@enter("iedereen")
def toegankelijkheid() -> ResponseReturnValue:
    """How accessible these pages are and where to complain (A11Y-18)."""
    return render_template("toegankelijkheid.html")


@pages.get("/privacy")
@enter("iedereen")
def privacy() -> ResponseReturnValue:
    """What we ask, why, how long this gemeente keeps it, and what a melder may ask of us."""
    homes = [sender] if (sender := page_sender()) else senders()
    terms = told_terms(visit().session, [home.id for home in homes])
    return render_template("privacy.html", terms=terms, Term=Term, span_words=span_words)


@pages.get("/cookies")
@enter("iedereen")
def cookies() -> ResponseReturnValue:
    """Which cookies there are, all of them needed, and why nobody is asked about them."""
    return render_template("cookies.html")

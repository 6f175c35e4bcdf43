"""The front page, and the short pages about accessibility and privacy."""

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from ..auth import enter

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
    """What we ask, why, and how long we keep it."""
    return render_template("privacy.html")

"""Hints for what a medewerker writes to a melder: as they type (fetched), or when they ask for it without JavaScript.

A hint never refuses: the team decides (MSG-17). What is looked at is neither kept nor logged.
"""

from collections.abc import Sequence

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from ..auth import enter
from ..domain.actor import ROLES
from ..domain.readability import Hint, hints_for
from ..domain.text import MAX_LENGTH
from ..flow import library
from .layout import senders

pages = Blueprint("zinhulp", __name__)

LONGEST = 8 * MAX_LENGTH


@pages.post("/team/zinhulp")
@enter("medewerker", roles=ROLES)
def zinhulp() -> ResponseReturnValue:
    """The hints for the words in `tekst`, as a piece of a page."""
    return render_template("werk/zinhulp.html", hints=hints_of(request.form.get("tekst", "")))


def hints_of(text: str) -> Sequence[Hint]:
    """The hints for a text; numbers and addresses of the gemeenten here may stand in it."""
    own = [known for sender in senders() for known in (sender.phone, sender.email, sender.website)]
    return hints_for(text[:LONGEST], hard_words=library.hard_words(), own=own)

"""Who may see a melder's data on the pages of the phone desk, when, and in which context: each look is logged.

With the caller on the line, or a terugbelnotitie in hand, the data are there at once; elsewhere they are one tap on a
ready reason away (KLANTREIS rule 11). Lists and search never show them.
"""

from flask import request

from ..auth import Visit
from ..flow import looks
from ..flow.looks import REASONS
from ..store.contact import Contact
from ..store.melding import Melding


def context_of_page() -> str:
    """The reason that the address names, for a page that somebody opened with a caller or after a tap; else empty."""
    given = request.args.get("via", "")
    return given if given in REASONS else ""


def look(here: Visit, about: Melding, context: str, words: str = "") -> Contact | None:
    """The melder's data, and the log of this look; None when he left none."""
    return looks.look(here.session, about, context, words, actor=here.actor, now=here.now)

"""Who may see a melder's data on the pages of the phone desk, when, and in which context: each look is logged.

With the caller on the line, or a terugbelnotitie in hand, the data are there at once; elsewhere they are one tap on a
ready reason away (KLANTREIS rule 11). Lists and search never show them.
"""

from flask import request

from ..auth import Visit
from ..domain.errors import InvalidInput
from ..domain.text import clean_text
from ..store import contact
from ..store.contact import Contact
from ..store.melding import Melding

REASONS = {
    "beller": "Beller aan de lijn",
    "terugbelnotitie": "Terugbellen",
    "team": "Vraag van team",
    "privacy": "Privacyverzoek",
}
"""The ready reasons, by the code that the log keeps."""
OTHERWISE = "anders"
LONGEST_REASON = 100


def context_of_page() -> str:
    """The reason that the address names, for a page that somebody opened with a caller or after a tap; else empty."""
    given = request.args.get("via", "")
    return given if given in REASONS else ""


def look(here: Visit, about: Melding, context: str, words: str = "") -> Contact | None:
    """The melder's data, and the log of this look; None when he left none."""
    known = contact.contact_of(here.session, about.id, scope=[about.gemeente_id])
    if known is not None and here.actor.account_id is not None:
        contact.log_view(
            here.session,
            gemeente_id=about.gemeente_id,
            melding_id=about.id,
            account_id=here.actor.account_id,
            context=context,
            words=words,
            now=here.now,
        )
    return known


def own_reason() -> str:
    """The reason in somebody's own words. Raises InvalidInput without any."""
    words = clean_text(request.form.get("waarom", ""), field="waarom", max_length=LONGEST_REASON)
    if not words:
        raise InvalidInput.of("waarom", "leeg", "Schrijf op waarom u de gegevens wilt zien.")
    return words

"""How long what is kept, per category: our terms, what a gemeente may change, and the mark that an archivaris confirms.

The selectielijst gives 5 years for what was carried out and 1 year for what was broken off, counted from the end. Which
columns a term reaches: privacy.py. Who does it: flow/retention.py. No I/O.
"""

import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from .errors import FieldError, InvalidInput


class Term(StrEnum):
    """The name of a term, as category.retention spells it."""

    CONTACT = "contact"
    CONTACT_MAX = "contact_hoogstens"
    PHOTO = "foto"
    MESSAGE = "bericht"
    CALLBACK = "terugbelnotitie"
    TASK = "taak"
    MAIL = "mail"
    MELDING = "melding"
    WITHDRAWN = "ingetrokken"


class Rule(NamedTuple):
    """One term: what it is about, since when it counts, how many days, and whether the archivaris must confirm it."""

    words: str
    since: str
    days: int
    archive: bool = False


RULES: Final[Mapping[Term, Rule]] = MappingProxyType(
    {
        Term.CONTACT: Rule("naam, adressen, telefoonnummer, toestel", "het einde van de melding", 90),
        Term.CONTACT_MAX: Rule("dezelfde gegevens, hoogstens", "de ontvangst van de melding", 365),
        Term.MESSAGE: Rule("inhoud en adres van berichten", "het laatste dat met het bericht gebeurde", 365),
        Term.CALLBACK: Rule("terugbelnotities", "het bellen", 365),
        Term.TASK: Rule("taken van KCC en coördinator", "het afronden", 365),
        Term.MAIL: Rule("ontvangen e-mail", "de ontvangst van de mail", 365),
        Term.PHOTO: Rule("foto's van melder en team", "het einde", 365, archive=True),
        Term.MELDING: Rule("de melding met alles erbij", "het einde van de melding", 5 * 365 + 1, archive=True),
        Term.WITHDRAWN: Rule("een ingetrokken melding met alles erbij", "het intrekken", 365, archive=True),
    }
)
PERSON_PHOTO_DAYS: Final = 30
"""Photos in categories about persons, drugs and homes: they may well show people (PRIV-06)."""
LONGEST_DAYS: Final = 20 * 366
UPLOAD_DAYS: Final = 14
"""An upload that could not be read; one that could goes as soon as it is worked on."""
CONFIRMED_ONLY: Final = frozenset(term for term, rule in RULES.items() if rule.archive)
"""Destroying these is a decision on archived records: first the archivaris confirms. The others are what the AVG asks
of us whatever the archive says, and the record (the melding, and that a bericht went) stays."""

Terms = Mapping[Term, int]


def terms_for(own: Mapping[str, object], *, about_persons: bool) -> dict[Term, int]:
    """The days of every term for one category: our defaults, then what the gemeente set on it.

    own: category.retention. about_persons: it is never public. A setting that is no term or no number is passed over,
    and nothing outlives its melding or the year that contact data have at most.
    """
    days = {term: rule.days for term, rule in RULES.items()}
    if about_persons:
        days[Term.PHOTO] = PERSON_PHOTO_DAYS
    for term in Term:
        set_to = own.get(term.value)
        if isinstance(set_to, int) and not isinstance(set_to, bool) and 1 <= set_to <= LONGEST_DAYS:
            days[term] = set_to
    days[Term.CONTACT_MAX] = min(days[Term.CONTACT_MAX], RULES[Term.CONTACT_MAX].days)
    days[Term.CONTACT] = min(days[Term.CONTACT], days[Term.CONTACT_MAX])
    days[Term.PHOTO] = min(days[Term.PHOTO], days[Term.MELDING])
    return days


def check_days(term: str, days: int) -> Term:
    """The term that a gemeente wants to set. Raises InvalidInput for another word, or days that cannot be."""
    if term not in {one.value for one in Term}:
        raise InvalidInput.of("termijn", "onbekend", f"Kies een termijn: {', '.join(Term)}.")
    found = Term(term)
    most = RULES[found].days if found in (Term.CONTACT, Term.CONTACT_MAX) else LONGEST_DAYS
    if found == Term.CONTACT:
        most = RULES[Term.CONTACT_MAX].days
    if not 1 <= days <= most:
        raise InvalidInput.gather([FieldError("dagen", "buiten_grenzen", f"Kies 1 tot en met {most} dagen.")])
    return found


def mark_of(terms: Mapping[str, Terms]) -> str:
    """The sha256 of the terms an archivaris confirms, by category slug. Another term is another mark.

    Only terms that need confirming count: changing how long a bericht stays asks nothing of the archivaris again.
    """
    told = {
        slug: {term.value: days for term, days in mine.items() if term in CONFIRMED_ONLY}
        for slug, mine in terms.items()
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def terms_table() -> str:
    """The terms as a Markdown table, for docs/privacy.md."""
    lines = ["| naam | wat | dagen | geteld vanaf | pas na bevestiging |", "|---|---|---:|---|---|"]
    lines += [
        f"| `{term}` | {rule.words} | {rule.days} | {rule.since} | {'ja' if rule.archive else 'nee'} |"
        for term, rule in RULES.items()
    ]
    return "\n".join(lines) + "\n"

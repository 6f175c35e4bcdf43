"""How a closing is read from a form: one choice of outcome with a ready sentence or a reason, and words of one's own.

For the page of a team (team_moves.py) and that of an external party (partij_werk.py) alike.
"""

from collections.abc import Sequence

from ..domain.errors import InvalidInput
from ..domain.text import whole_number
from ..domain.workflow import NIET_OPGELOST, OPGELOST, OVERGEDRAGEN
from ..flow import library
from ..flow.closure import NewClosure

OTHER = "Opgelost, anders dan hierboven"


def read_closure(choice: str, sentence: str, partner: str, ready: Sequence[str]) -> NewClosure:
    """choice: `opgelost:2` (the third ready sentence), `opgelost:`, `niet_opgelost:<reason>` or `overgedragen:`.

    Raises InvalidInput when nothing was chosen, or a reason that needs own words has none.
    """
    outcome, _, chosen = choice.partition(":")
    if not outcome:
        raise InvalidInput.of("keuze", "leeg", "Kies hoe het is afgelopen.")
    sentence, reason = sentence.strip(), ""
    if outcome == OPGELOST and not sentence and chosen:
        number = whole_number(chosen)
        sentence = dict(enumerate(ready)).get(-1 if number is None else number, "")
    if outcome == NIET_OPGELOST:
        known = library.reasons().get(chosen)
        reason = known.slug if known else ""
        if known and known.own_sentence and not sentence:
            raise InvalidInput.of("zin", "leeg", "Schrijf zelf op waarom het niet is opgelost.")
    return NewClosure(outcome, sentence, reason, partner if outcome == OVERGEDRAGEN else "")


def solved_choices(ready: Sequence[str]) -> list[tuple[str, str]]:
    """The ways to say "opgelost", for a form."""
    return [*((f"{OPGELOST}:{n}", sentence) for n, sentence in enumerate(ready)), (f"{OPGELOST}:", OTHER)]


def unsolved_choices() -> list[tuple[str, str, str]]:
    """The reasons for "niet opgelost", each with what the melder reads."""
    return [(f"{NIET_OPGELOST}:{r.slug}", r.label, r.sentence) for r in library.reasons().values()]

"""Abuse in what a melder wrote: hidden by default, opened by a logged look, and never a reason to leave a hole in the
road. A threat is for the coordinator alone. The melder is not blocked.

The one place that decides what others read of such a text (WM-10). Nothing is marked by itself: `sounds_like` only
suggests. No I/O.
"""

import re
from collections.abc import Mapping
from typing import Final

from .text import has_abuse

GROF: Final = "grof"
BEDREIGING: Final = "bedreiging"
WORDS: Final[Mapping[str, str]] = {GROF: "Grof", BEDREIGING: "Bedreiging"}
HIDDEN: Final[Mapping[str, str]] = {
    GROF: "Deze tekst is verborgen omdat hij grof is.",
    BEDREIGING: "Deze tekst is verborgen. De coördinator weet ervan.",
}
_THREAT = re.compile(
    r"\bik (?:maak|steek|sla|schiet|trap|rijd) (?:je|jou|jullie|hem|haar|hen|ze|u)\b.{0,20}\b(?:af|neer|dood|kapot)\b"
    r"|\bweet (?:waar|je|jullie|u).{0,12}\bwo(?:ont|nen)\b|\b(?:ver)?moord(?:en)?\b.{0,15}\b(?:je|jullie|u)\b"
    r"|\bbrand (?:steken|in)\b.{0,30}\b(?:gemeentehuis|kantoor|stadhuis)\b",
    re.IGNORECASE | re.DOTALL,
)


def words_shown(words: str, abuse: str, *, opened: bool = False) -> str:
    """What somebody else than the melder reads. abuse: of the melding. opened: after a look that was logged."""
    return HIDDEN[abuse] if abuse and words and not opened else words


def may_open(abuse: str, *, coordinates: bool, partner: bool) -> bool:
    """Whether somebody may look at the hidden words: abuse every medewerker, a threat the coordinator alone, and an
    external party nothing."""
    return not partner and (abuse == GROF or (abuse == BEDREIGING and coordinates))


def sounds_like(words: str) -> str:
    """What a text sounds like, as a suggestion to people: `bedreiging`, `grof` or empty."""
    if _THREAT.search(words):
        return BEDREIGING
    return GROF if has_abuse(words) else ""
